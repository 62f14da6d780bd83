"""What a mapping's line about a record becomes when what was sent there counts no more."""

from sqlalchemy import ColumnElement, and_, bindparam, case, literal, null, or_

from sync.state.schema import AS_SENT, LONG_AGO, synced

#: Nothing counts as there in the record.
UNSENT: dict[str, object] = {"fingerprint": None, "imprint": None}

_free = or_(synced.c.held_since.is_(None), synced.c.held_since == LONG_AGO)
_known = and_(synced.c.fingerprint.is_not(None), _free)
_put_aside = and_(synced.c.fingerprint.is_(None), _free, synced.c.held_status == AS_SENT)


def _if_known(name: str, value: ColumnElement[object]) -> ColumnElement[object]:
    return case((_known, value), else_=synced.c[name])


#: Nobody knows what the record holds of what was sent. The hashes stay: what was sent is still the mapping's own; and
#: what was sent last is put aside, for the undo of the run that sent it.
UNKNOWN: dict[str, object] = UNSENT | {
    "held_fingerprint": _if_known("held_fingerprint", synced.c.fingerprint),
    "held_since": _if_known("held_since", literal(LONG_AGO, synced.c.held_since.type)),
    "held_status": _if_known("held_status", literal(AS_SENT)),
}

_sent = bindparam("sent", type_=synced.c.fingerprint.type)
_same = or_(
    and_(_known, synced.c.fingerprint == _sent),
    and_(_put_aside, synced.c.held_fingerprint == _sent),
)
#: The same, as a record with the fingerprint `sent` is about to be written. What was sent last and is another one is
#: known no longer: of the two nobody will know which is there, nor what of each.
ABOUT_TO_BE_SENT: dict[str, object] = UNSENT | {
    "held_fingerprint": case(
        (_same, _sent), (or_(_known, _put_aside), null()), else_=synced.c.held_fingerprint
    ),
    "held_since": case(
        (_same, literal(LONG_AGO, synced.c.held_since.type)), else_=synced.c.held_since
    ),
    "held_status": case((_same, literal(AS_SENT)), else_=synced.c.held_status),
}
