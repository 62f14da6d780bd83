"""Why rows of a run were rejected, as its report says."""

import json
from collections import Counter
from pathlib import Path

from sync.publish.message import Reasons

#: So many are told.
COMMONEST = 3


def commonest(errors: Path, mapping: str) -> Reasons:
    """The commonest reasons for a mapping's rejected rows, from `errors.jsonl`: code, field, and how many problems.

    None where there is no such file.
    """
    found: Counter[tuple[str, str | None]] = Counter()
    try:
        with errors.open(encoding="utf-8") as lines:
            for line in lines:
                problem = json.loads(line)
                if problem["mapping"] == mapping:
                    found[problem["code"], problem["field"]] += 1
    except OSError:
        return []
    return [(*reason, rows) for reason, rows in found.most_common(COMMONEST)]
