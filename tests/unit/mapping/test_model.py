"""What the models of a mapping accept, refuse, and mean."""

from decimal import Decimal

import pytest
from pydantic import SecretStr, ValidationError

from sync.domain.objects.contact import CONTACT as CONTACT_DESCRIPTOR
from sync.domain.objects.customer import CUSTOMER as CUSTOMER_DESCRIPTOR
from sync.domain.policy import ExtraColumns, LiveCheck, Mode, OnAbsent, OnDeleted, OnNull, TooLong
from sync.domain.record import AttributeType, Object
from sync.mapping.model import AttributeSpec, FieldSpec, Mapping, Share, TagColumn
from sync.mapping.rules import nearest

CUSTOMER_FIELDS = CUSTOMER_DESCRIPTOR.fields
#: All but the one that takes the place of other keys.
CONTACT_FIELDS = [name for name in CONTACT_DESCRIPTOR.fields if name != "uuid"]
LEAD_STATUSES = CUSTOMER_FIELDS["status"].values

CUSTOMER = {
    "version": 1,
    "name": "customers",
    "source": {"query": "select 1"},
    "destination": {"object": "customer", "data_source": "ds_1", "api_key": "k"},
    "fields": {"external_id": "id"},
}
CONTACT = CUSTOMER | {
    "destination": {"object": "contact", "data_source": "ds_1"},
    "fields": {"customer_external_id": "account", "email": "mail"},
}
ATTRIBUTE = {"column": "a", "type": "String"}


def customer(**changes):
    return CUSTOMER | changes


def with_fields(**fields):
    return customer(fields={"external_id": "id"} | fields)


def problems(raw):
    """(dotted path, message) of every error, in order."""
    with pytest.raises(ValidationError) as caught:
        Mapping.model_validate(raw)
    return [
        (
            ".".join(map(str, error["loc"])),
            error["ctx"]["message"] if error["type"] in ("flaw", "wrong") else error["type"],
        )
        for error in caught.value.errors()
    ]


def test_smallest():
    """What is left out has its documented default."""
    mapping = Mapping.model_validate(CUSTOMER)
    assert mapping.mode is Mode.UPSERT
    assert mapping.on_null is OnNull.KEEP
    assert mapping.extra_columns is ExtraColumns.ATTRIBUTES
    assert mapping.absent is OnAbsent.REJECT
    assert mapping.deleted is OnDeleted.CREATE
    assert mapping.live_check is LiveCheck.CHANGED
    assert mapping.tolerate_rejected == Share(rows=0)
    assert (mapping.tags, mapping.ignore_columns, mapping.attributes) == ((), (), {})
    assert mapping.limits.max_rejected is None
    assert mapping.limits.allow_empty is False
    assert mapping.destination.object is Object.CUSTOMER


def test_everything():
    """Every key of the format is taken, in its short and in its long form."""
    mapping = Mapping.model_validate(
        customer(
            source={"url": "sqlite://", "table": "accounts"},
            mode="update",
            fields={
                "external_id": "id",
                "country": {"column": "c", "on_null": "clear", "default": "DE"},
                "city": {"column": "t", "map": {"VIE": "Vienna", "1": True, "none": ""}},
                "lead_created_at": {"column": "t", "timezone": "Europe/Berlin"},
                "owner": {"constant": "a@example.com"},
                "status": {"constant": "Working Lead"},
            },
            attributes={
                "seats": {"column": "s", "type": "Integer", "default": 5},
                "note": {"column": "n", "type": "String", "too_long": "truncate"},
                "at": {"column": "t", "type": "Timestamp", "timezone": "UTC"},
                "rate": {"constant": Decimal("0.10"), "type": "Decimal"},
            },
            tags=["warehouse"],
            extra_columns="ignore",
            ignore_columns=["*_hash"],
            on_null="reject",
            absent="skip",
            deleted="leave",
            live_check="never",
            tolerate_rejected="5%",
            limits={
                "max_rejected": "2.5 %",
                "max_creates": 10,
                "max_updates": "20",
                "max_requests": "1000",
                "allow_empty": "true",
            },
        )
    )
    assert mapping.fields["external_id"] == FieldSpec(column="id")
    assert mapping.fields["country"] == FieldSpec(column="c", on_null=OnNull.CLEAR, default="DE")
    assert mapping.fields["city"].map == {"VIE": "Vienna", "1": True, "none": ""}
    assert mapping.attributes["seats"] == AttributeSpec(
        column="s", type=AttributeType.INTEGER, default=5
    )
    assert mapping.attributes["note"].too_long is TooLong.TRUNCATE
    assert mapping.attributes["rate"].constant == Decimal("0.10")
    assert mapping.tags == ("warehouse",)
    assert mapping.tolerate_rejected == Share(percent=Decimal(5))
    limits = mapping.limits
    assert limits.max_rejected == Share(percent=Decimal("2.5"))
    assert (limits.max_creates, limits.max_updates) == (Share(rows=10), Share(rows=20))
    assert (limits.max_requests, limits.allow_empty) == (1000, True)


def test_tags_by_row():
    """A text is a tag of every row, a column brings each row its own; both are told as the file says them."""
    items = ["warehouse", {"column": "plan"}, {"column": "segments", "separator": " "}]
    mapping = Mapping.model_validate(customer(tags=items))
    columns = (TagColumn(column="plan"), TagColumn(column="segments", separator=" "))
    assert (mapping.constant_tags, mapping.tag_columns) == (("warehouse",), columns)
    assert mapping.model_dump(include={"tags"}, exclude_defaults=True) == {"tags": tuple(items)}


def test_values_of_python():
    """Values that are made already are taken as they are."""
    mapping = Mapping.model_validate(
        customer(
            destination={"object": Object.CUSTOMER, "api_key": SecretStr("k")},
            tolerate_rejected=Share(rows=3),
            limits={"allow_empty": "false"},
        )
    )
    assert mapping.destination.api_key == SecretStr("k")
    assert mapping.tolerate_rejected == Share(rows=3)
    assert mapping.limits.allow_empty is False


def test_contact():
    """A contact is known by external_id, e-mail, or both."""
    assert Mapping.model_validate(CONTACT).destination.object is Object.CONTACT
    by_id = CONTACT | {"fields": {"customer_external_id": "a", "external_id": "i"}}
    assert list(Mapping.model_validate(by_id).fields) == ["customer_external_id", "external_id"]


@pytest.mark.parametrize(
    ("part", "field_names", "required"),
    [(CUSTOMER, CUSTOMER_FIELDS, ()), (CONTACT, CONTACT_FIELDS, ("customer_external_id",))],
    ids=["customer", "contact"],
)
def test_every_field_is_taken(part, field_names, required):
    """Every field that ChartMogul takes can be mapped."""
    mapping = Mapping.model_validate(part | {"fields": dict.fromkeys(field_names, "c")})
    assert list(mapping.fields) == list(field_names)


def test_frozen():
    """A mapping cannot be changed once it was checked."""
    with pytest.raises(ValidationError):
        Mapping.model_validate(CUSTOMER).mode = Mode.INSERT


def test_no_secret_in_repr():
    """Neither the API key nor the warehouse's URL shows in a repr."""
    raw = customer(source={"query": "q", "url": "db://u:plantedQ7xV2kZ92@h"})
    raw["destination"] = raw["destination"] | {"api_key": "plantedQ7xV2kZ93"}
    shown = repr(Mapping.model_validate(raw))
    assert "plantedQ7xV2kZ9" not in shown
    assert "**********" in shown


def test_extra_columns_written():
    """Whether the file says it, or the default does, can be told apart."""
    assert not Mapping.model_validate(CUSTOMER).extra_columns_written
    assert Mapping.model_validate(customer(extra_columns="attributes")).extra_columns_written


@pytest.mark.parametrize(
    ("share", "rows", "limit"),
    [
        (Share(rows=3), 1_000, 3),
        (Share(rows=0), 1_000, 0),
        (Share(percent=Decimal(5)), 1_000, 50),
        (Share(percent=Decimal(5)), 19, 0),
        (Share(percent=Decimal("33.3")), 1_000, 333),
        (Share(percent=Decimal("0.1")), 3_000_000, 3_000),
        (Share(percent=Decimal(100)), 7, 7),
        (Share(percent=Decimal(5)), 0, 0),
    ],
)
def test_share_limit(share, rows, limit):
    """A share allows its number of rows, or its part of all of them, rounded down."""
    assert share.limit(rows) == limit


def test_share_words():
    """A share knows its kind and reads as it is written."""
    rows, percent = Share(rows=3), Share(percent=Decimal("2.5"))
    assert (rows.absolute, percent.absolute) == (True, False)
    assert (str(rows), str(percent)) == ("3", "2.5%")


@pytest.mark.parametrize(
    "value", ["5 percent", "-1", -1, "101%", True, Decimal("1.5"), [], "", "٥"]
)
def test_share_refused(value):
    """Anything but a number of rows or a percentage up to 100 is refused."""
    message = "is not a number of rows or a percentage; write it as 50 or 5%"
    assert problems(customer(tolerate_rejected=value)) == [("tolerate_rejected", message)]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (
            {k: v for k, v in CUSTOMER.items() if k != "destination"},
            [("destination", "missing")],
        ),
        (
            customer(version=2),
            [("version", "is not a version of this format; write version: 1")],
        ),
        (
            customer(version=True),
            [("version", "is not a version of this format; write version: 1")],
        ),
        (customer(mode="upsrt"), [("mode", "enum")]),
        (customer(mode=None), [("mode", "has no value; give one, or take the key out")]),
        (customer(colour="x"), [("colour", "extra_forbidden")]),
        (customer(fields=["id"]), [("fields", "dict_type")]),
        (customer(source="x"), [("source", "model_type")]),
        (
            customer(source={}),
            [("source", "needs exactly one of: query, query_file, table, dbt_model")],
        ),
        (customer(source={"querry": "x"}), [("source.querry", "extra_forbidden")]),
        (
            customer(source={"query": "x", "query_file": "y"}),
            [
                (
                    "source.query_file",
                    "give either query or query_file; a source has exactly one of them",
                )
            ],
        ),
        (customer(source={"query": " \n"}), [("source.query", "is empty; give a value")]),
        (
            customer(source={"query": 5}),
            [("source.query", "is not text; put it in quotes")],
        ),
        (
            customer(source={"table": "t"}),
            [
                (
                    "extra_columns",
                    "with a table, say what becomes of the columns that nothing names",
                )
            ],
        ),
        (
            customer(destination={"object": "customer", "data_source": "abc"}),
            [("destination.data_source", "is not the uuid of a data source; it begins with ds_")],
        ),
        (
            customer(destination={"object": "customer", "api_key": "a b"}),
            [
                (
                    "destination.api_key",
                    "the API key holds a blank, a line break or a character outside ASCII",
                )
            ],
        ),
        (
            customer(destination={"object": "customer", "api_key": ""}),
            [("destination.api_key", "the API key is empty")],
        ),
        (customer(tags=["a", "a"]), [("tags", "names the same thing twice; take one out")]),
        (customer(tags=["a", " "]), [("tags", "is empty; give a value")]),
        (customer(tags="a"), [("tags", "is not a list; write it as [one, two]")]),
        (customer(tags=[5]), [("tags", "is not text; put it in quotes")]),
        (customer(tags=[["a"]]), [("tags", "is not text; put it in quotes")]),
        (customer(tags=["a", {"separator": ","}]), [("tags.1.column", "missing")]),
        (customer(tags=[{"colum": "s"}]), [("tags.0.colum", "extra_forbidden")]),
        (
            customer(tags=[{"column": " "}, {"column": 5, "separator": 5}]),
            [
                ("tags.0.column", "is empty; give a value"),
                ("tags.1.column", "is not text; put it in quotes"),
                ("tags.1.separator", "is not text; put it in quotes"),
            ],
        ),
        (
            customer(tags=[{"column": "s", "separator": ""}]),
            [("tags.0.separator", "is empty; take it out where each value is one tag")],
        ),
        (
            customer(tags=[{"column": "s"}, {"column": "s"}]),
            [("tags", "names the same thing twice; take one out")],
        ),
        (
            CONTACT | {"tags": ["a"]},
            [("tags", "contacts have no tags in ChartMogul; take them out")],
        ),
        (
            customer(absent="skip"),
            [("absent", "goes with mode update only; the other modes create what is absent")],
        ),
        (customer(mode="updat", absent="skip"), [("mode", "enum")]),
        (
            customer(limits={"allow_empty": "yes"}),
            [("limits.allow_empty", "is not a Boolean; use one of: false, true")],
        ),
        (
            customer(limits={"max_requests": "5%"}),
            [("limits.max_requests", "is not a whole number; write it as 1000")],
        ),
    ],
)
def test_refused(raw, expected):
    """Each mistake is one problem, at its own place."""
    assert problems(raw) == expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"nmae": "x"}, [("fields.nmae", "unknown field 'nmae'; did you mean 'name'?")]),
        (
            {"name": {}},
            [("fields.name", "needs one of: column, constant")],
        ),
        (
            {"name": {"column": "a", "constant": "b"}},
            [("fields.name.column", "give either column or constant")],
        ),
        (
            {"name": {"constant": "b", "default": "c", "on_null": "keep"}},
            [
                ("fields.name.on_null", "a constant is never null; take on_null out"),
                ("fields.name.default", "a constant is never null; take default out"),
            ],
        ),
        ({"name": {"colum": "a"}}, [("fields.name.colum", "extra_forbidden")]),
        (
            {"name": 5},
            [("fields.name", "is not a column; write the column's name, or {constant: …}")],
        ),
        (
            {"name": None},
            [("fields.name", "is not a column; write the column's name, or {constant: …}")],
        ),
        (
            {"name": {"constant": [1]}},
            [("fields.name.constant", "must be one value: text, a number, true or false")],
        ),
        (
            {"name": {"constant": Decimal("nan")}},
            [("fields.name.constant", "must be one value: text, a number, true or false")],
        ),
        (
            {"name": {"column": "n", "timezone": "UTC"}},
            [("fields.name.timezone", "name holds no time; take timezone out")],
        ),
        (
            {"lead_created_at": {"column": "n", "timezone": "Berlin"}},
            [
                (
                    "fields.lead_created_at.timezone",
                    "is not a time zone; use a name such as Europe/Berlin or UTC",
                )
            ],
        ),
        (
            {"lead_created_at": {"column": "n", "timezone": "Europe"}},
            [
                (
                    "fields.lead_created_at.timezone",
                    "is not a time zone; use a name such as Europe/Berlin or UTC",
                )
            ],
        ),
        (
            {"status": {"constant": "Active"}},
            [
                (
                    "fields.status.constant",
                    f"is not a status that can be set; use one of: {', '.join(LEAD_STATUSES)}",
                )
            ],
        ),
        (
            {"country": {"column": "c", "map": "UK"}},
            [("fields.country.map", "is not a map of values; write it as {UK: GB}")],
        ),
        (
            {"country": {"column": "c", "map": {}}},
            [("fields.country.map", "maps nothing; write it as {UK: GB}")],
        ),
        (
            {"country": {"column": "c", "map": {"UK": [1], " EL": "GR", "": "DE", "x": None}}},
            [
                (
                    "fields.country.map.UK",
                    "must be one value: text, a number, true or false",
                ),
                (
                    "fields.country.map. EL",
                    "no value has white space at its ends when it is looked up; write 'EL'",
                ),
                (
                    "fields.country.map.",
                    "blank text is null, which is never looked up; use default for it",
                ),
                ("fields.country.map.x", 'has no value; write "" where it stands for null'),
            ],
        ),
        (
            {"country": {"constant": "DE", "map": {"UK": "GB"}}},
            [("fields.country.map", "a constant is never looked up; take map out")],
        ),
        (
            {"status": {"column": "s", "map": {"hot": "Hot", "none": "", "new": "New Lead"}}},
            [
                (
                    "fields.status.map.hot",
                    f"is not a status that can be set; use one of: {', '.join(LEAD_STATUSES)}",
                )
            ],
        ),
        (
            {"external_id": {"column": "x", "map": {"a": "b"}}},
            [
                (
                    "fields.external_id.map",
                    "external_id must come from the row alone; take map out",
                )
            ],
        ),
        (
            {"external_id": {"column": "x", "was": ["y"]}, "name": {"column": "n", "was": "m"}},
            [
                ("fields.external_id.was", "is not text; put it in quotes"),
                ("fields.name.was", "goes with a customer's external_id only; take was out"),
            ],
        ),
        (
            {"external_id": {"constant": "x"}},
            [
                (
                    "fields.external_id.constant",
                    "external_id must come from the row alone; take constant out",
                )
            ],
        ),
        (
            {"external_id": {"column": "x", "default": "y", "on_null": "clear"}},
            [
                (
                    "fields.external_id.on_null",
                    "a row whose external_id is null is always rejected; take on_null out",
                ),
                (
                    "fields.external_id.default",
                    "external_id must come from the row alone; take default out",
                ),
            ],
        ),
    ],
)
def test_field_refused(fields, expected):
    """A field's mistakes are told at the part of it that is wrong."""
    assert problems(with_fields(**fields)) == expected


NEEDS_A_LOOK = "needs live_check: changed, as only a look tells whose value is there"
NEVER_CLEARS = "if_empty never changes a value, and on_null: clear would empty it"
EDITED = {"column": "c", "overwrite": "if_empty"}


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (
            customer(overwrite="reject_edited", live_check="never"),
            [("overwrite", NEEDS_A_LOOK)],
        ),
        (
            with_fields(city={"column": "c", "overwrite": "unless_edited"})
            | {"live_check": "never"},
            [("fields.city.overwrite", NEEDS_A_LOOK)],
        ),
        (customer(overwrite="if_empty", on_null="clear"), [("overwrite", NEVER_CLEARS)]),
        (
            with_fields(city=EDITED | {"on_null": "clear"}),
            [("fields.city.overwrite", NEVER_CLEARS)],
        ),
        (
            with_fields(city=EDITED) | {"on_null": "clear"},
            [("fields.city.overwrite", NEVER_CLEARS)],
        ),
        (
            customer(attributes={"a": ATTRIBUTE | {"on_null": "clear"}}, overwrite="if_empty"),
            [("attributes.a.on_null", NEVER_CLEARS)],
        ),
        (
            with_fields(status={"column": "c", "on_null": "clear"}),
            [("fields.status.on_null", "ChartMogul shows a status always; take on_null out")],
        ),
        (
            customer(fields={"external_id": {"column": "id", "overwrite": "always"}}),
            [
                (
                    "fields.external_id.overwrite",
                    "external_id names the record, and is the row's; take overwrite out",
                )
            ],
        ),
    ],
)
def test_overwrite_refused(raw, expected):
    """Whose value wins is told by a look, `if_empty` empties nothing, and a key is the row's: each at its place."""
    assert problems(raw) == expected


def test_overwrite_of_fields():
    """What a field says goes before what the mapping says; short forms and extra columns have the mapping's."""
    mapping = Mapping.model_validate(
        with_fields(name="n", city=EDITED)
        | {
            "overwrite": "unless_edited",
            "attributes": {"a": ATTRIBUTE | {"overwrite": "always"}, "b": ATTRIBUTE},
        }
    )
    names = ("name", "city", "attributes.a", "attributes.b", "attributes.extra")
    said = [mapping.overwrites.of(name).value for name in names]

    assert said == ["unless_edited", "if_empty", "always", "unless_edited", "unless_edited"]


def test_terms_of_overwrite():
    """They are nothing where the row always wins, and tell apart all that matters."""
    plain = (customer(), with_fields(city={"column": "c", "overwrite": "always"}))
    others = (customer(overwrite="if_empty"), with_fields(city=EDITED), with_fields(zip=EDITED))
    terms = [Mapping.model_validate(raw).overwrites.terms for raw in (*plain, *others)]

    assert terms[:2] == [b"", b""]
    assert len({*terms}) == 4


def test_unknown_field():
    """A field of the other object is said to be one; any other leads to attributes."""
    with pytest.raises(ValidationError) as caught:
        Mapping.model_validate(with_fields(first_name="f", mrr="m"))
    known = ", ".join(CUSTOMER_FIELDS)
    assert [error["ctx"] for error in caught.value.errors()] == [
        {
            "message": f"unknown field 'first_name'; a customer has: {known}",
            "hint": "it is a field of object: contact",
        },
        {
            "message": f"unknown field 'mrr'; a customer has: {known}",
            "hint": "a field of your own goes under attributes",
        },
    ]


@pytest.mark.parametrize(
    ("part", "fields", "expected"),
    [
        (
            CUSTOMER,
            {"name": "n"},
            [("fields.external_id", "key 'external_id' is missing; every customer needs it")],
        ),
        (
            CUSTOMER,
            {"external_ids": "n"},
            [("fields.external_ids", "unknown field 'external_ids'; did you mean 'external_id'?")],
        ),
        (
            CONTACT,
            {"email": "n"},
            [
                (
                    "fields.customer_external_id",
                    "key 'customer_external_id' is missing; every contact needs it",
                )
            ],
        ),
        (
            CONTACT,
            {"customer_external_id": "n", "phone": "p"},
            [
                (
                    "fields.external_id",
                    "key 'external_id' is missing; a contact is known by external_id or email",
                )
            ],
        ),
    ],
)
def test_required_fields(part, fields, expected):
    """The fields that a record is known by are required; a misspelt one is one problem, not two."""
    assert problems(part | {"fields": fields}) == expected


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        (
            {"a": "col"},
            [("attributes.a", "an attribute needs its type, which ChartMogul locks for good")],
        ),
        ({"a": {"column": "c"}}, [("attributes.a.type", "missing")]),
        ({"a": {"column": "c", "type": "string"}}, [("attributes.a.type", "enum")]),
        (
            {"a b": ATTRIBUTE},
            [("attributes.a b", "'a b' is not an attribute key; use letters, digits and _")],
        ),
        (
            {"é": ATTRIBUTE},
            [("attributes.é", "'é' is not an attribute key; use letters, digits and _")],
        ),
        (
            {"plan": ATTRIBUTE, "Plan": ATTRIBUTE},
            [("attributes.Plan", "'Plan' and 'plan' differ only in case; keep one of them")],
        ),
        (
            {"a": ATTRIBUTE | {"timezone": "UTC"}},
            [("attributes.a.timezone", "goes with type: Timestamp only; take it out")],
        ),
        (
            {"a": {"column": "c", "type": "Integer", "too_long": "truncate"}},
            [("attributes.a.too_long", "goes with type: String only; take it out")],
        ),
        (
            {"a": None},
            [("attributes.a", "is not a column; write the column's name, or {constant: …}")],
        ),
    ],
)
def test_attribute_refused(attributes, expected):
    """An attribute has a key that ChartMogul takes, a type, and only what goes with that type."""
    assert problems(customer(attributes=attributes)) == expected


def test_all_at_once():
    """Mistakes in different parts, and rules between parts, are all reported together."""
    raw = customer(
        mode="x",
        source={"table": "t"},
        fields={"nmae": "n", "name": {"colum": "c"}},
        attributes={"a": "c"},
        limits={"max_rejected": "x"},
    )
    assert [path for path, _ in problems(raw)] == [
        "mode",
        "fields.nmae",
        "fields.name.colum",
        "fields.external_id",
        "attributes.a",
        "extra_columns",
        "limits.max_rejected",
    ]


def test_nearest():
    """The nearest name is found whatever the case; a far one is not guessed."""
    assert nearest("LeadCreatedAt", CUSTOMER_FIELDS) == "lead_created_at"
    assert nearest("String", ["String"]) == "String"
    assert nearest("mrr", CUSTOMER_FIELDS) is None


def test_an_email_that_is_the_key_has_no_map():
    """Where nothing else names a contact its e-mail is the key; beside an external id it is a value like any other."""
    email = {
        "customer_external_id": "a",
        "email": {"column": "m", "map": {"x": "a@quince.example"}},
    }
    assert problems(CONTACT | {"fields": email}) == [
        (
            "fields.email.map",
            "email is the key of these contacts, which must come from the row alone; take map out",
        )
    ]
    assert Mapping.model_validate(CONTACT | {"fields": email | {"external_id": "id"}})


@pytest.mark.parametrize(
    ("mode", "fields", "expected"),
    [
        (
            "update",
            {"uuid": "u", "customer_external_id": "a", "external_id": "i", "title": "t"},
            [
                (
                    "fields.customer_external_id",
                    "uuid is the key then, in place of all others; take customer_external_id out",
                ),
                (
                    "fields.external_id",
                    "uuid is the key then, in place of all others; take external_id out",
                ),
            ],
        ),
        (
            "upsert",
            {"uuid": "u"},
            [
                (
                    "fields.uuid",
                    "a contact is known by its uuid in mode update only; the other modes create what is absent",
                )
            ],
        ),
        (
            "update",
            {"uuid": {"column": "u", "on_null": "keep", "map": {"a": "b"}}},
            [
                (
                    "fields.uuid.on_null",
                    "a row whose uuid is null is always rejected; take on_null out",
                ),
                ("fields.uuid.map", "uuid must come from the row alone; take map out"),
            ],
        ),
    ],
)
def test_known_by_uuid_alone(mode, fields, expected):
    """In mode update a contact's uuid takes the place of all its other keys."""
    assert problems(CONTACT | {"mode": mode, "fields": fields}) == expected


def test_known_by_uuid_all_else_can_be_mapped():
    """Every field but the other keys, the e-mail with a value map."""
    others = [name for name in CONTACT_FIELDS if "external_id" not in name]
    fields = dict.fromkeys(others, "c") | {
        "email": {"column": "m", "map": {"x": "a@quince.example"}}
    }
    mapping = Mapping.model_validate(CONTACT | {"mode": "update", "fields": {"uuid": "u"} | fields})
    assert list(mapping.fields) == ["uuid", *others]


def test_customers_have_no_uuid():
    """A customer is known by its external id."""
    ((path, message),) = problems(CUSTOMER | {"fields": {"external_id": "i", "uuid": "u"}})
    assert (path, message.split(";")[0]) == ("fields.uuid", "unknown field 'uuid'")


def test_keys_of_contacts_were_no_others():
    """A contact's external id can be changed in ChartMogul, and its customer is found by the customer's own mapping."""
    was = {"column": "x", "was": "y"}
    refused = "goes with a customer's external_id only; take was out"
    found = problems(CONTACT | {"fields": {"customer_external_id": was, "external_id": was}})
    assert found == [
        (f"fields.{name}.was", refused) for name in ("customer_external_id", "external_id")
    ]
