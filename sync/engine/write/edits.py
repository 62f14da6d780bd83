"""What a user is told of values that somebody else has changed in ChartMogul."""

from sync.domain.overwrite import Edits
from sync.domain.results import Warned

_OVERWRITTEN = (
    "somebody else changed {} in ChartMogul since this mapping last wrote it, and the row's value takes its place;"
    " overwrite: unless_edited would leave it"
)
_REWRITTEN = (
    "{} is found rewritten again: this mapping overwrote this very value before; another mapping, an integration or an"
    " automation writes it, so let only one of them have the field"
)
_KEPT = (
    "ChartMogul holds a value of {} that this mapping did not write, and it stays; overwrite: always would let the row"
    " win"
)


def warnings_of(edits: Edits) -> tuple[Warned, ...]:
    """What a user should know of edits; what is merely not empty is none."""
    return (
        *(Warned(name, "edited", _OVERWRITTEN.format(name)) for name in edits.overwritten),
        *(Warned(name, "rewritten", _REWRITTEN.format(name)) for name in edits.rewritten),
        *(Warned(name, "edited", _KEPT.format(name)) for name in edits.kept),
    )
