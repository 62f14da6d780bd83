"""New files and folders of ours: for their owner alone, or for the folder's group where that may write there.

A container platform may run the next run as another user of the same group, on the same volume: whoever may write in
the folder may then go on with what is in it. Nobody else is let in, whatever the umask.
"""

import os
import stat
from contextlib import suppress
from pathlib import Path

_GROUP = 0o060


def create(path: Path, flags: int) -> int:
    """Make a file, which must not exist, with mode 0600, or 0660 where the folder's group may write; its descriptor.

    Raises:
        FileExistsError: it is there already.
        OSError: it cannot be made.
    """
    descriptor = os.open(path, flags | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    _let_group(descriptor, path.parent, 0o600 | _GROUP)
    return descriptor


def open_or_create(path: Path, flags: int) -> int:
    """Open a file, as it is; one that does not exist is made as `create` does.

    Raises:
        OSError: it can neither be opened nor made.
    """
    with suppress(FileExistsError):
        return create(path, flags)
    return os.open(path, flags | os.O_CREAT | os.O_CLOEXEC, 0o600)


def replace(path: Path, text: str) -> None:
    """Give a file this text, in one step; a new one is as private as `create` makes it.

    Raises:
        OSError: it cannot be written.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    partial.unlink(missing_ok=True)
    with open(create(partial, os.O_WRONLY), "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(partial, path)


def make_folder(path: Path) -> None:
    """Make a folder, which must not exist, with mode 0700, or 0770 where the folder above lets its group write.

    Raises:
        OSError: it cannot be made.
    """
    path.mkdir(mode=0o700)
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        _let_group(descriptor, path.parent, 0o700 | 0o070)
    finally:
        os.close(descriptor)


def _let_group(descriptor: int, folder: Path, mode: int) -> None:
    """Give what was just made to the group of its folder, if that group may write there, and if we are of it."""
    above = folder.stat()
    if not above.st_mode & stat.S_IWGRP:
        return
    # Who is not of that group, or whose file system knows none, keeps what he makes to himself.
    with suppress(OSError):
        if os.fstat(descriptor).st_gid != above.st_gid:
            os.fchown(descriptor, -1, above.st_gid)
        os.fchmod(descriptor, mode)
