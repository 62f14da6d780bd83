"""What a mapping's line about a record becomes when what was sent there counts no more."""

from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, case, literal, null, or_

from sync.state.schema import AS_SENT, LONG_AGO, synced

#: Nothing counts as there in the record.
UNSENT: dict[str, object] = {"fingerprint": None, "imprint": None}

_free = or_(synced.c.held_since.is_(None), synced.c.held_since == LONG_AGO)
_known = and_(synced.c.fingerprint.is_not(None), _free)
_put_aside = and_(synced.c.fingerprint.is_(None), _free, synced.c.held_status == AS_SENT)

#: What was sent last, whether it counts as there or is put aside; null where nobody knows.
LAST_SENT: ColumnElement[bytes | None] = case(
    (_known, synced.c.fingerprint), (_put_aside, synced.c.held_fingerprint)
).label("last_sent")
#: How a line says that its `held_fingerprint` was sent, and is put aside.
PUT_ASIDE: dict[str, object] = {"held_since": LONG_AGO, "held_status": AS_SENT}


def _put(
    where: ColumnElement[bool],
    sent: ColumnElement[object],
    *more: tuple[ColumnElement[bool], Any],
) -> dict[str, object]:
    """What puts `sent` aside where this holds; `more` says what becomes of it elsewhere, where it does not stay."""
    its = synced.c
    return {
        "held_fingerprint": case((where, sent), *more, else_=its.held_fingerprint),
        "held_since": case((where, literal(LONG_AGO, its.held_since.type)), else_=its.held_since),
        "held_status": case((where, literal(AS_SENT)), else_=its.held_status),
    }


#: Nobody knows what the record holds of what was sent. The hashes stay: what was sent is still the mapping's own; and
#: what was sent last is put aside, for the undo of the run that sent it.
UNKNOWN: dict[str, object] = UNSENT | _put(_known, synced.c.fingerprint)

_sent = bindparam("sent", type_=synced.c.fingerprint.type)
_same = or_(
    and_(_known, synced.c.fingerprint == _sent),
    and_(_put_aside, synced.c.held_fingerprint == _sent),
)
#: The same, as a record with the fingerprint `sent` is about to be written. What was sent last and is another one is
#: known no longer: of the two nobody will know which is there, nor what of each.
ABOUT_TO_BE_SENT: dict[str, object] = UNSENT | _put(_same, _sent, (or_(_known, _put_aside), null()))
