"""The customer that a record of another object belongs to."""

from dataclasses import dataclass

from sync.domain.plan import Seen


@dataclass(frozen=True, slots=True)
class Parent:
    """A customer in ChartMogul: its uuid, and how many (data source, external id) pairs it stands for.

    `proven`: ChartMogul has shown it in this run; one that is only remembered may have been merged away.
    `external_id`: its id in ChartMogul, as the state holds keys, where it is called otherwise by now.
    `to_come`: in a dry run, a customer that the run before it would create; the uuid is made up.
    """

    uuid: str
    pairs: int
    proven: bool = False
    to_come: bool = False
    external_id: str | None = None

    @classmethod
    def shown(cls, seen: Seen) -> "Parent":
        """A customer that ChartMogul has shown in this run."""
        return cls(seen.uuid, len(seen.pairs), proven=True)
