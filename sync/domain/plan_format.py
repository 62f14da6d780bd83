"""The form of a plan's file: its head, and the sums by which a plan that was cut off or edited is known.

A plan is JSON Lines: a head, then the lines of changes.jsonl, each with the hash of its record under the plan's salt.
"""

from collections import abc
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

import simplejson

from sync.domain.record import AttributeType

#: The version of the form.
VERSION = 1
#: The head has no more sums than that, each of a block of lines: so the place of an edit is told.
_BLOCKS = 256
_SIZE = 4
_CHECK = "check"


@dataclass(frozen=True, slots=True)
class PlannedMapping:
    """What the head of a plan says of a mapping: what it was, and was for, when the plan was made.

    `whole`: every row of its query counted. `rows`: how many the query had. `left_out`: of how many of them a field is
    left out, since nobody knew whose value it holds.
    """

    name: str
    file: str
    digest: str
    account: str
    data_source: str
    types: abc.Mapping[str, AttributeType]
    rows: int
    whole: bool = True
    left_out: abc.Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def read(cls, told: abc.Mapping[str, Any]) -> "PlannedMapping":
        """What a head says; KeyError, ValueError or TypeError where it is none."""
        types = {key: AttributeType(kind) for key, kind in told["types"].items()}
        name, file, digest = told["mapping"], told["file"], told["digest"]
        place = told["account"], told["data_source"]
        counts = told["rows"], told["whole"], told["left_out"]
        return cls(name, file, digest, *place, types, *counts)

    def written(self) -> dict[str, Any]:
        """As the head says it."""
        return {
            "mapping": self.name,
            "file": self.file,
            "digest": self.digest,
            "account": self.account,
            "data_source": self.data_source,
            "types": {key: kind.value for key, kind in sorted(self.types.items())},
            "rows": self.rows,
            "whole": self.whole,
            "left_out": dict(sorted(self.left_out.items())),
        }


def sealed(head: abc.Mapping[str, Any]) -> dict[str, Any]:
    """A head with its own sum."""
    return {**head, _CHECK: _sum_of_head(head)}


def is_sealed(head: abc.Mapping[str, Any]) -> bool:
    """Whether a head is as it was written."""
    return head.get(_CHECK) == _sum_of_head(head)


def _sum_of_head(head: abc.Mapping[str, Any]) -> str:
    said = {name: value for name, value in head.items() if name != _CHECK}
    text = simplejson.dumps(said, sort_keys=True)
    return blake2b(text.encode(), digest_size=_SIZE).hexdigest()


def block(lines: int) -> int:
    """How many of so many lines have a sum in common."""
    return -(-lines // _BLOCKS) or 1


def sum_of(lines: abc.Iterable[bytes]) -> str:
    """The sum of a block of lines; their ends count."""
    digest = blake2b(digest_size=_SIZE)
    for line in lines:
        digest.update(line)
    return digest.hexdigest()
