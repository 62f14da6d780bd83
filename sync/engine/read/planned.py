"""The state, as reading asks for it while a plan is applied: what the plan lists is never known to be unchanged."""

from collections import abc
from dataclasses import dataclass, replace

from sync.engine.plan_file import MappingPlan
from sync.engine.read.retrials import Named
from sync.state.mapping_own import MappingOwn
from sync.state.mapping_state import MappingState
from sync.state.memory import Item, Memory


@dataclass(frozen=True, slots=True)
class PlannedMemories:
    """What the state remembers; records that the plan lists are looked up, whatever their fingerprints say.

    The plan may have been made without this state, and what it lists may be no change of the row. What is held back
    stays so.
    """

    state: MappingState
    plan: MappingPlan

    @property
    def dry_run(self) -> bool:
        """Whether nothing may be written down."""
        return self.state.dry_run

    def recall(self, keys: abc.Sequence[str]) -> abc.Mapping[str, Memory]:
        """What is known of these keys, which the query has."""
        listed = self.plan.meet(keys)
        return {
            key: replace(memory, fingerprint=None) if key in listed else memory
            for key, memory in self.state.recall(keys).items()
        }

    @property
    def own(self) -> MappingOwn:
        """Tells whose the values and tags of records are."""
        return self.state.own

    def note(self, items: list[Item]) -> None:
        """Write down what became of rows before anything was sent."""
        self.state.note(items)

    def stored(self, key: str) -> str:
        """A key as the state holds it."""
        return self.state.stored(key)

    def adopt(self, former: abc.Mapping[str, str]) -> None:
        """Let these records, by the keys that they had, be known by those that they have."""
        self.state.adopt(former)

    def name_drops(self, told: Named) -> None:
        """Note the fields of drops that an older version noted without them."""
        self.state.name_drops(told)
