"""`schema`: the mapping format for editors."""

from sync.cli.say import say_json
from sync.mapping.json_schema import json_schema


def schema() -> int:
    """Print the JSON Schema; 0."""
    say_json(json_schema())
    return 0
