"""What a warehouse says when it does not tell its tables."""

from collections import abc
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Connection

from sync.errors import SourceError
from sync.warehouse.catalog import Catalog
from sync.warehouse.dialects.sqlite import SQLite
from sync.warehouse.relation import Relation
from sync.warehouse.warehouse import Warehouse


@dataclass(frozen=True, slots=True)
class Talkative(SQLite):
    """A database that repeats what it was told."""

    def relations(self, connection: Connection) -> abc.Sequence[Relation]:
        """None."""
        raise RuntimeError("the phrase sw0rd-fish opens nothing")


def test_secrets_of_options(path: Path):
    """What a variable gave to an option of the driver is in no message."""
    engine = Warehouse.open(f"sqlite:///{path}").engine
    catalog = Catalog(Warehouse(engine, Talkative(), secrets=("sw0rd-fish",)))
    with pytest.raises(SourceError) as caught:
        catalog.relations()
    assert caught.value.message == (
        "the warehouse does not tell its tables: the phrase *** opens nothing"
    )
    assert caught.value.hint.endswith("what the driver needs besides the URL goes into --option")
