"""The account of a key, and its data sources: what is asked, and how an answer is read."""

from dataclasses import dataclass
from typing import Any

from sync.chartmogul import wire
from sync.chartmogul.wire import Call


@dataclass(frozen=True, slots=True)
class Account:
    """The account of the key. `id` is missing in older answers."""

    id: str | None
    name: str
    currency: str


@dataclass(frozen=True, slots=True)
class DataSource:
    """A data source; `system` names its kind: `Custom` or `Import API` where it was made by API."""

    uuid: str
    name: str
    system: str | None


#: What ChartMogul calls data sources that are filled by API.
CUSTOM = ("Custom", "Import API")


def get() -> Call:
    """Ask whose key this is."""
    return Call("GET", "/account", names_record=False)


def get_data_source(uuid: str) -> Call:
    """Ask for one data source."""
    return Call("GET", wire.path("data_sources", uuid))


def get_data_sources() -> Call:
    """Ask for all data sources; the answer is not paged."""
    return Call("GET", "/data_sources", names_record=False)


def create_data_source(name: str) -> Call:
    """Make a custom data source; its name is unique in the account."""
    return Call("POST", "/data_sources", {"name": name}, repeatable=False, names_record=False)


def read(data: Any) -> Account:
    """Read an account; by its id it is known as well as by its name."""
    shown = wire.object_of(data)
    number, currency = wire.text(shown.get("id")), wire.text(shown.get("currency")) or ""
    name = wire.text(shown.get("name")) or number
    return Account(number, name or wire.required(shown, "name"), currency)


def read_data_source(data: Any) -> DataSource:
    """Read a data source."""
    shown = wire.object_of(data)
    uuid, name = wire.required(shown, "uuid"), wire.text(shown.get("name")) or ""
    return DataSource(uuid, name, wire.text(shown.get("system")))


def read_data_source_of(asked: str, data: Any) -> DataSource:
    """Read the data source of this uuid; that another one is shown is no answer."""
    found = read_data_source(data)
    if wire.stem(found.uuid) != wire.stem(asked):
        raise wire.Misread("the answer is another data source")
    return found


def read_data_sources(data: Any) -> list[DataSource]:
    """Read a list of data sources."""
    there = wire.object_of(data).get("data_sources")
    if not isinstance(there, list):
        raise wire.Misread("the answer has no data sources")
    return [read_data_source(one) for one in there]
