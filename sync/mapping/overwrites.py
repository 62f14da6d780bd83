"""What a mapping may not say together with `overwrite`: nulls that clear, and a state that is trusted."""

from typing import Any

from sync.domain.flaw import flaw
from sync.domain.policy import LiveCheck, OnNull, Overwrite

Raw = dict[str, Any]

_TRUSTED = (
    "needs live_check: changed, as only a look tells whose value is there",
    "take live_check: never out, or write overwrite: always",
)


def plant_overwrites(raw: Raw) -> Raw:
    """A copy of a raw mapping with a flaw in place of each `overwrite`, or `on_null`, that does not fit the rest."""
    raw = dict(raw)
    for part in ("fields", "attributes"):
        if isinstance(raw.get(part), dict):
            raw[part] = {name: _review(raw, spec) for name, spec in raw[part].items()}
    if (problem := _trusted(raw, raw)) or (problem := _clearing(raw, raw)):
        raw["overwrite"] = problem
    return raw


def _review(raw: Raw, spec: Any) -> Any:
    """One field in its long form; what only the mapping says is told there."""
    if not isinstance(spec, dict) or not {"overwrite", "on_null"} & spec.keys():
        return spec
    if "overwrite" in spec and (problem := _trusted(raw, spec)):
        return spec | {"overwrite": problem}
    if "constant" in spec or not (problem := _clearing(raw, spec)):
        return spec
    return spec | {"overwrite" if "overwrite" in spec else "on_null": problem}


def _trusted(raw: Raw, said: Raw) -> Any:
    others = set(Overwrite) - {Overwrite.ALWAYS}
    if raw.get("live_check") == LiveCheck.NEVER and _text(said, "overwrite") in others:
        return flaw(*_TRUSTED)
    return None


def _clearing(raw: Raw, said: Raw) -> Any:
    overwrite = _text(said, "overwrite") or _text(raw, "overwrite")
    on_null = _text(said, "on_null") or _text(raw, "on_null")
    if (overwrite, on_null) != (Overwrite.IF_EMPTY, OnNull.CLEAR):
        return None
    return flaw(
        "if_empty never changes a value, and on_null: clear would empty it",
        "write on_null: keep, or overwrite: unless_edited to clear only what this mapping wrote",
    )


def _text(said: Raw, key: str) -> str:
    value = said.get(key)
    return value if isinstance(value, str) else ""
