"""What a mapping's line about a record becomes when what was sent there counts no more."""

from sqlalchemy import ColumnElement, and_, case, literal, or_

from sync.state.schema import AS_SENT, LONG_AGO, synced

#: Nothing counts as there in the record.
UNSENT: dict[str, object] = {"fingerprint": None, "imprint": None}

_known = and_(
    synced.c.fingerprint.is_not(None),
    or_(synced.c.held_since.is_(None), synced.c.held_since == LONG_AGO),
)


def _if_known(name: str, value: ColumnElement[object]) -> ColumnElement[object]:
    return case((_known, value), else_=synced.c[name])


#: Nobody knows what the record holds of what was sent. The hashes stay: what was sent is still the mapping's own; and
#: what was sent last is put aside, for the undo of the run that sent it.
UNKNOWN: dict[str, object] = UNSENT | {
    "held_fingerprint": _if_known("held_fingerprint", synced.c.fingerprint),
    "held_since": _if_known("held_since", literal(LONG_AGO, synced.c.held_since.type)),
    "held_status": _if_known("held_status", literal(AS_SENT)),
}
