from sync.domain.record import AttributeType
from sync.warehouse.column import Column


def test_text():
    """Users' states hold hashes of rows that this text is part of: it stays what it is."""
    column = Column("a.b", AttributeType.STRING, None, "to_text({})")
    assert repr(column) == (
        "Column(name='a.b', type=<AttributeType.STRING: 'String'>, unsendable=None)"
    )


def test_the_cure_is_no_part_of_a_column():
    """Two columns are one whatever mends them."""
    column = Column("doc", unsendable="json")
    assert column == Column("doc", unsendable="json", as_text="to_text({})")
    assert column.as_text.format(column.name) == "cast(doc as text)"
