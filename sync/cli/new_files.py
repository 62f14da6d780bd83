"""Files that are written for a user who begins: what is there already is never changed, only added to."""

import re
from collections import abc
from pathlib import Path

from sync.errors import ConfigError, ConfigProblem

#: What every run needs from the environment; commented out, since an empty variable is a wrong value.
_VARIABLES = {
    "WAREHOUSE_URL": "postgresql://reader:password@host/database",
    "CHARTMOGUL_API_KEY": "",
    "CHARTMOGUL_DATA_SOURCE": "ds_",
}
#: A line that gives a variable, or shows how to.
_NAMED = re.compile(r"\s*(?:#\s*)?(?:export\s+)?(\w+)\s*=")
#: What holds secrets, the state, and values of rows.
_PRIVATE = (".env", ".sync/", "reports/")


def write_new(texts: abc.Mapping[Path, str]) -> None:
    """Write files that are not there yet, all or none.

    Raises:
        ConfigError: one is there, or cannot be written.
    """
    for file in texts:
        if file.exists() or file.is_symlink():
            message = f"{file} is there already, and is not overwritten"
            raise ConfigError(ConfigProblem(message, "name another with --output"))
    for file, text in texts.items():
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            with file.open("x", encoding="utf-8") as opened:
                opened.write(text)
        except OSError as error:
            raise _unwritable(file, error) from error


def complete_env(more: abc.Iterable[str] = ()) -> list[str]:
    """Add a line to `.env` for each variable that it lacks, `more` among them; what was added, in sentences."""
    file = Path(".env")
    there = {found[1] for line in _lines(file) if (found := _NAMED.match(line))}
    wanted = _VARIABLES | {name: "" for name in more if name not in _VARIABLES}
    return _append(file, [f"# {name}={like}" for name, like in wanted.items() if name not in there])


def complete_gitignore() -> list[str]:
    """Add to `.gitignore` what no repository should hold; what was added, in sentences."""
    file = Path(".gitignore")
    there = {_bare(line) for line in _lines(file)}
    return _append(file, [line for line in _PRIVATE if _bare(line) not in there])


def _bare(line: str) -> str:
    return line.strip().removeprefix("/").rstrip("*").rstrip("/")


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    except (OSError, UnicodeDecodeError) as error:
        raise _unwritable(file, error) from error


def _append(file: Path, lines: list[str]) -> list[str]:
    if not lines:
        return []
    before = _lines(file)
    try:
        if not file.exists():
            file.touch(mode=0o600 if file.name == ".env" else 0o644)
        ended = not before or file.read_bytes().endswith(b"\n")
        with file.open("a", encoding="utf-8") as opened:
            opened.write(("" if ended else "\n") + "".join(f"{line}\n" for line in lines))
    except OSError as error:
        raise _unwritable(file, error) from error
    return [f"{file} now has the line {line}" for line in lines]


def _unwritable(file: Path, error: Exception) -> ConfigError:
    words = getattr(error, "strerror", None) or "it is not UTF-8"
    return ConfigError(ConfigProblem(f"{file} cannot be written: {words}", "name another place"))
