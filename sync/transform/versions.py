"""What a record depends on besides its row and its mapping: clocks of the world, countries, this program."""

import hashlib
import zoneinfo
from collections import abc
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from pathlib import Path

from sync import __version__
from sync.domain.fingerprint import RULES
from sync.mapping.model import Mapping


def versions(mapping: Mapping) -> str:
    """Text that changes when the same row might become another record."""
    specs = [*mapping.fields.values(), *mapping.attributes.values()]
    zones = {spec.timezone for spec in specs if spec.timezone}
    return repr([__version__, RULES, _packages(), sorted(_files(zones))])


@cache
def _packages() -> list[tuple[str, str]]:
    return [(name, version(name)) for name in ("pycountry", "tzdata")]


def _files(zones: abc.Iterable[str]) -> abc.Iterator[tuple[str, str]]:
    """The system's files of these zones, which count more than the package `tzdata`."""
    for zone in zones:
        for folder in zoneinfo.TZPATH:
            with suppress(OSError):
                content = (Path(folder) / zone).read_bytes()
                yield zone, hashlib.sha256(content).hexdigest()
                break
