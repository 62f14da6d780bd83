"""`check --write-lock`: the types of checked mappings go into the lock files of their folders."""

import os
import shutil
from collections import abc
from pathlib import Path

from sync.cli.checked import Checked
from sync.domain.typed import Typed
from sync.engine import agreement
from sync.errors import ConfigError, ConfigProblem
from sync.mapping.lock_file import NAME
from sync.mapping.text import shown
from sync.transform.locking import lock_text


def write_locks(checked: abc.Iterable[Checked]) -> None:
    """Add the types of mappings without problems to the lock files beside them; what fails is a problem of theirs.

    A type that is there stays. Where two mappings of a folder differ about a type, it is written for neither.
    """
    folders: dict[Path, list[Checked]] = {}
    for one in checked:
        if one.descriptor.locks_types and not one.problems:
            folders.setdefault(Path(one.loaded.file).parent, []).append(one)
    for folder, members in folders.items():
        _agree(members)
        if sound := [one for one in members if not one.problems]:
            _write(folder / NAME, sound)


def _agree(members: abc.Sequence[Checked]) -> None:
    """Note what two of them have against each other, as a problem of both."""
    first: dict[str, tuple[Checked, str, Typed]] = {}
    for one in members:
        for key, typed in one.types.items():
            other, twin, before = first.setdefault(key.lower(), (one, key, typed))
            if other is one:
                continue
            try:
                agreement.compare(one.loaded, key, typed, {twin: before}, other.loaded.file)
            except ConfigError as error:
                one.problems.append(error)
                other.problems.append(error)


def _write(file: Path, members: abc.Sequence[Checked]) -> None:
    lock = members[0].loaded.lock
    there = dict(lock.types) if lock else {}
    types = {key: typed.type for one in members for key, typed in one.types.items()}
    new = types.keys() - there.keys()
    for one in members:
        one.lock_file = shown(file)
        one.lock_added = sorted(one.types.keys() & new)
    if lock is not None and not new:
        return
    try:
        _replace(Path(os.path.realpath(file)), lock_text({**types, **there}))
    except OSError as error:
        problem = ConfigProblem(
            f"the lock file cannot be written: {error.strerror}", "", shown(file)
        )
        for one in members:
            one.lock_added = []
            one.problems.append(ConfigError(problem))


def _replace(file: Path, text: str) -> None:
    """Put a file in its place whole: whoever reads it meanwhile reads the old one."""
    made = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        made.write_text(text, encoding="utf-8")
        if file.exists():
            shutil.copymode(file, made)
        made.replace(file)
    finally:
        made.unlink(missing_ok=True)
