"""Files as text, and their names as people see them."""

from pathlib import Path

from sync.errors import ConfigError, ConfigProblem

_LARGEST = 256 * 1024
#: For who has no mapping yet.
START = "`chartmogul-sync demo` shows a whole example; the README has a first mapping"


def shown(path: Path) -> str:
    """The path as it was given, shorter where it lies below the working directory."""
    here = Path.cwd()
    return str(path.relative_to(here) if path != here and path.is_relative_to(here) else path)


def read_text(file: Path, shown: str) -> str:
    """The text of a mapping or a query."""

    def fail(message: str, hint: str = "", line: int = 0) -> ConfigError:
        return ConfigError(ConfigProblem(message, hint, shown, line, 1 if line else 0))

    try:
        if not file.exists():
            raise fail("there is no such file or folder", START)
        if not file.is_file():
            raise fail("this is not a file")
        if file.stat().st_size > _LARGEST:
            raise fail("the file is larger than 256 KiB")
        content = file.read_bytes()
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise fail("the file is not UTF-8", "save it as UTF-8", line) from None
    except OSError as error:
        raise fail(f"the file cannot be read: {error.strerror}") from None
