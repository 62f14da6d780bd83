"""`validate`: mapping files alone, without a network and without secrets."""

from collections import abc
from pathlib import Path

from sync.domain import objects
from sync.mapping.loader import load
from sync.settings import environment


def validate(paths: abc.Sequence[Path]) -> int:
    """Check every file and say what each feeds; 0, or ConfigError with all problems of all files."""
    for loaded in load(paths, environment(Path.cwd()), needs=frozenset()):
        mapping = loaded.mapping
        plural = objects.of(mapping.destination.object).plural
        fields, attributes = len(mapping.fields), len(mapping.attributes)
        print(
            f"{loaded.file}: ok — {mapping.name} → {plural},"
            f" {mapping.mode.value}, {fields} fields, {attributes} declared attributes"
        )
    return 0
