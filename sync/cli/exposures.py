"""`exposures`: what the mappings are to a dbt project, as YAML for its own files."""

import re
from collections import abc
from dataclasses import dataclass
from pathlib import Path

from sync.cli.environ import tell, variables, warnings
from sync.cli.say import say
from sync.domain import objects
from sync.mapping.interpolation import Open
from sync.mapping.loader import LoadedMapping, load
from sync.report.plain import dumps


@dataclass(frozen=True, slots=True)
class Owner:
    """Who answers for the exposures; dbt wants one of the two."""

    name: str | None = None
    email: str | None = None

    def lines(self) -> abc.Iterator[str]:
        """The owner as YAML."""
        yield "    owner:"
        if self.name or not self.email:
            yield f"      name: {dumps(self.name or 'chartmogul-sync')}"
        if self.email:
            yield f"      email: {dumps(self.email)}"


def exposures(paths: abc.Sequence[Path], owner: Owner) -> int:
    """Print an exposure for each mapping that reads a model; those that read none are named in a comment; 0.

    Raises:
        ConfigError: a file is not sound.
    """
    found = variables()
    try:
        loaded = load(paths, Open(found), frozenset())
    finally:
        tell(warnings(found, paths), found)
    with_model = [one for one in loaded if one.mapping.source.dbt_model is not None]
    for one in loaded:
        if one not in with_model:
            say(f"# {one.mapping.name} ({one.file}) names no dbt_model, and is no exposure")
    lines = ["version: 2", "", f"exposures:{'' if with_model else ' []'}"]
    for one in with_model:
        lines += ["", *_exposure(one, owner)]
    say("\n".join(lines))
    return 0


def _exposure(one: LoadedMapping, owner: Owner) -> abc.Iterator[str]:
    """JSON strings are YAML, whatever a name holds."""
    mapping = one.mapping
    plural = objects.of(mapping.destination.object).plural
    name = re.sub(r"\W+", "_", mapping.name, flags=re.ASCII).strip("_").lower() or "mapping"
    yield f"  - name: chartmogul_{name}"
    yield f"    label: {dumps(f'ChartMogul: {mapping.name}')}"
    yield "    type: application"
    told = f"chartmogul-sync keeps {plural} in ChartMogul true to this model, by {one.file}."
    yield f"    description: {dumps(told)}"
    yield "    depends_on:"
    yield f"      - ref({_quoted(mapping.source.dbt_model or '')})"
    yield from owner.lines()


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
