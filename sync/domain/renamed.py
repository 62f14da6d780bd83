"""Records that have another key by now than ChartMogul has for them."""

from sync.domain.record import Problem


def two_records(why: str) -> Problem:
    """Two keys of a row do not stand for one record."""
    return Problem(
        "ambiguous_key",
        f"two records may be this row: {why}",
        "external_id",
        hint="merge the two in ChartMogul, or mend in SQL which key this record had before",
    )
