"""The closing table of a campaign."""

from collections import Counter, abc

from tests.campaign.campaign import Plan, Result
from tests.campaign.proxy import CUTS, Trick

#: How many broken promises are shown; the first ones tell the most.
_MOST = 20


def render(plan: Plan, result: Result) -> str:
    """What was done, what came of it, and what is wrong."""
    lines = [
        ("kills", f"{result.kills}  ({_list(result.moments)})"),
        (
            "cuts",
            f"{result.cuts}  ({_list({trick.value: result.tricks[trick] for trick in CUTS})})",
        ),
        ("sliced", str(result.tricks[Trick.SLICE])),
        ("pauses", str(result.pauses)),
        ("runs", f"{result.runs}  ({_list(Counter(_told(result.codes)))})"),
        ("rows", str(result.rows)),
        ("requests", str(result.requests)),
        ("creates in doubt", str(result.doubts)),
        ("duplicates", str(result.duplicates)),
        ("lost", str(result.lost)),
        ("seconds", f"{result.seconds:.0f}"),
    ]
    table = "\n".join(f"{name:<18}{value}" for name, value in lines)
    if not result.wrong:
        return f"{table}\n\nSeed {plan.seed}: every promise was kept."
    shown = "\n".join(f"- {problem}" for problem in result.wrong[:_MOST])
    return f"{table}\n\nSeed {plan.seed}: {len(result.wrong)} broken promises\n{shown}"


def _told(codes: abc.Mapping[int, int]) -> dict[str, int]:
    return {f"exit {128 - code if code < 0 else code}": n for code, n in sorted(codes.items())}


def _list(counts: abc.Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items())
