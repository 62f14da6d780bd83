"""Which mapping files a command is about, of those that it was given: by the mappings' names and labels."""

from collections import abc
from dataclasses import dataclass
from pathlib import Path

from sync.errors import ConfigError, ConfigProblem
from sync.mapping.interpolation import Environment, fill, names_within
from sync.mapping.loader import find_files, read_document
from sync.mapping.rules import nearest

LABEL = "label:"
#: So many names are listed where none is near.
_SHOWN = 20


@dataclass(frozen=True, slots=True)
class _Known:
    """A file and what it may be called by. `labels` are None where the file is too broken to say.

    `spelled` tells that the file spells all of it out: what a variable holds is not shown.
    """

    file: Path
    name: str
    labels: frozenset[str] | None
    spelled: bool = True

    def answers(self, to: str, *, unsure: bool) -> bool:
        """Whether it goes by this name or `label:NAME`; `unsure` where nobody can tell."""
        if not to.startswith(LABEL):
            return to == self.name
        return unsure if self.labels is None else to.removeprefix(LABEL) in self.labels


@dataclass(frozen=True, slots=True)
class Choice:
    """What --select and --exclude say: names of mappings, or `label:NAME`; nothing selected is everything."""

    select: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

    def files(self, paths: abc.Sequence[Path], environment: Environment) -> list[Path]:
        """The files of these files and folders that are chosen; all paths as they are where nothing is said.

        A file that is too broken to tell its labels is chosen with every label, so that it is told of.

        Raises:
            ConfigError: a name matches no mapping, or nothing is left.
        """
        if not self.select and not self.exclude:
            return list(paths)
        problems: list[ConfigProblem] = []
        known = [_known(file, environment) for file in find_files(paths, problems)]
        problems += _unmatched("--select", self.select, known)
        problems += _unmatched("--exclude", self.exclude, known)
        if problems:
            raise ConfigError(*problems)
        chosen = [one.file for one in known if self._takes(one)]
        if not chosen:
            hint = "nothing would be done; take one of them out"
            raise ConfigError(ConfigProblem("--select and --exclude leave no mapping", hint))
        return chosen

    def _takes(self, one: _Known) -> bool:
        selected = any(one.answers(name, unsure=True) for name in self.select)
        excluded = any(one.answers(name, unsure=False) for name in self.exclude)
        return (selected or not self.select) and not excluded


def _known(file: Path, environment: Environment) -> _Known:
    try:
        data = read_document(file).data
    except ConfigError:
        return _Known(file, file.stem, None)
    raw = [data.get("name"), data.get("labels")]
    name, labels = fill(raw, environment)
    texts = (
        [label for label in labels if isinstance(label, str)] if isinstance(labels, list) else []
    )
    called = name if isinstance(name, str) and name else file.stem
    return _Known(file, called, frozenset(texts), not names_within(raw))


def _unmatched(
    option: str, wanted: abc.Iterable[str], known: abc.Sequence[_Known]
) -> abc.Iterator[ConfigProblem]:
    for name in wanted:
        if not any(one.answers(name, unsure=False) for one in known):
            yield _problem(option, name, known)


def _problem(option: str, name: str, known: abc.Sequence[_Known]) -> ConfigProblem:
    shown = [one for one in known if one.spelled]
    names = sorted({one.name for one in shown})
    labels = sorted({LABEL + label for one in shown for label in one.labels or ()})
    if name.startswith(LABEL):
        message, there = f"{option}: no mapping has the label {name.removeprefix(LABEL)!r}", labels
    else:
        message, there = f"{option}: there is no mapping {name!r}", names
    near = _near(name, names, labels)
    listed = f"there are: {', '.join(there[:_SHOWN])}" if there else "no mapping has a label"
    return ConfigProblem(message, f"did you mean {near}?" if near else listed)


def _near(name: str, names: abc.Sequence[str], labels: abc.Sequence[str]) -> str | None:
    """What is meant: a name by its file, a label without its mark, or the nearest of its kind."""
    if LABEL + name in labels:
        return LABEL + name
    if name.endswith((".yml", ".yaml")) and (stem := Path(name).stem) in names:
        return stem
    if name.startswith(LABEL):
        bare = nearest(name.removeprefix(LABEL), [one.removeprefix(LABEL) for one in labels])
        return bare and LABEL + bare
    return nearest(name, names)
