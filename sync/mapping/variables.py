"""Variables of the environment, each of which may stand in a file that `NAME_FILE` names."""

import re
from collections import abc
from dataclasses import dataclass, field
from pathlib import Path

from sync.errors import ConfigError, ConfigProblem

FILE = "_FILE"
_LARGEST = 64 * 1024
#: What tells a value from one whose quotes or comment a shell would have taken away.
_DOCKER = (
    "Docker's --env-file, and a file that NAME_FILE names, keep quotes and take a # comment along, unlike .env:"
    " leave the value alone there"
)


def docker_hint(value: str) -> str:
    """What helps where a value has quotes or a comment that a `.env` file would not leave there; else empty."""
    return _DOCKER if value[:1] in ("'", '"') or re.search(r"\s#", value) else ""


@dataclass(frozen=True, slots=True)
class Held:
    """What a file holds, without its last line end; `odd` are sentences that go on after "…_FILE names a file that"."""

    text: str = field(repr=False)
    odd: tuple[str, ...] = ()


def read(name: str, file: str) -> Held:
    """What the file holds that `NAME_FILE` names.

    Raises:
        ConfigError: nothing that could be a value.
    """
    try:
        with Path(file).open("rb") as opened:
            content = opened.read(_LARGEST + 1)
        text = content.decode("utf-8")
    except (UnicodeDecodeError, ValueError):
        raise _problem(name, "holds no text") from None
    except OSError as error:
        raise _problem(name, f"cannot be read: {error.strerror}") from None
    if len(content) > _LARGEST:
        raise _problem(name, f"is larger than {_LARGEST // 1024} KiB")
    bare = re.sub(r"\r?\n\Z", "", text.removeprefix("\ufeff"))
    if not bare.strip():
        raise _problem(name, "is empty")
    if re.match(rf"\s*(?:export\s+)?{name}\s*=", bare):
        raise _problem(name, f"begins with {name}=: it has to hold the value alone")
    return Held(bare, tuple(_oddities(text, bare)))


def _oddities(text: str, bare: str) -> abc.Iterator[str]:
    if text.startswith("\ufeff"):
        yield "begins with a byte order mark, which is left out"
    if is_quoted(bare):
        yield "has its value in quotes, which are taken as a part of it: take them out"
    if "\n" in bare:
        yield "has more than one line, which are all taken"


def is_quoted(value: str) -> bool:
    """Whether a value as a whole stands in quotes."""
    return len(value) > 1 and value[0] == value[-1] and value[0] in "'\""


def _problem(name: str, what: str) -> ConfigError:
    return ConfigError(
        ConfigProblem(f"{name}{FILE} names a file that {what}", path=f"{name}{FILE}")
    )


@dataclass(frozen=True, slots=True, eq=False)
class Variables(abc.Mapping[str, str]):
    """What is set, and what is not but stands in a file; `odd` are warnings from reading it.

    `held` are the names in `own` whose values stood in files of their own.
    Looking up a name whose file cannot be used raises ConfigError.
    """

    own: abc.Mapping[str, str] = field(repr=False)
    odd: tuple[str, ...] = ()
    held: frozenset[str] = frozenset()
    _files: dict[str, Held] = field(default_factory=dict, init=False, compare=False, repr=False)

    def __getitem__(self, name: str) -> str:
        if value := self.own.get(name):
            return value
        file = None if name.endswith(FILE) else self.own.get(name + FILE)
        if not file:
            return self.own[name]
        if name not in self._files:
            self._files[name] = read(name, file)
        return self._files[name].text

    def __iter__(self) -> abc.Iterator[str]:
        return iter(self.own)

    def __len__(self) -> int:
        return len(self.own)

    def warnings(self) -> abc.Iterator[str]:
        """What is odd about the files that were read so far."""
        yield from self.odd
        for name, held in self._files.items():
            yield from (f"{name}{FILE} names a file that {what}" for what in held.odd)
