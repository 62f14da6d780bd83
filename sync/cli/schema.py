"""`schema`: the mapping format for editors."""

import json

from sync.mapping.json_schema import json_schema


def schema() -> int:
    """Print the JSON Schema; 0."""
    print(json.dumps(json_schema(), indent=2, ensure_ascii=False))
    return 0
