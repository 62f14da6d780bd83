"""`retry`: the rows that were rejected, read anew from the warehouse and sent, also those that are held back."""

import os
from collections import Counter, defaultdict
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from sync.cli.config import account_of, settings_alone
from sync.cli.environ import variables
from sync.cli.execute import Wanted, run
from sync.cli.formats import nothing
from sync.domain.results import Status
from sync.engine.context import Retry, Selection
from sync.errors import ConfigError, ConfigProblem
from sync.report import archive
from sync.report.words import count
from sync.state.store import Store

_MAPPINGS = Path("mappings")


@dataclass(slots=True)
class Rejected:
    """What is to be retried: keys by mapping, the file of each, and how many rows have no key to find them by."""

    keys: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    files: dict[str, str] = field(default_factory=dict)
    without_key: Counter[str] = field(default_factory=Counter)

    def paths(self) -> list[Path]:
        """The files of the mappings that have any, as far as they are there; else the usual folder."""
        named = [Path(file) for name, file in self.files.items() if self.keys.get(name)]
        there = list(dict.fromkeys(file for file in named if file.exists()))
        return there if len(there) == len(set(named)) and there else [*there, _MAPPINGS]

    def selection(self) -> Selection:
        """Only these rows, as a run takes them."""
        keys = {name: frozenset(keys) for name, keys in self.keys.items() if keys}
        return Selection(retry=Retry(keys, dict(self.without_key)))


def retry(name: str | None, wanted: Wanted, *, dry_run: bool) -> int:
    """Send what a run rejected, or without a name what is rejected now; the exit code of that run.

    Where nothing is rejected, 0 and a sentence. Raises ConfigError where the run has left no report.
    """
    settings = settings_alone()
    if name is None:
        with closing(Store.open_read_only(settings.state_url)) as store:
            found, where = of_state(store, account_of(store, variables())), "now"
    else:
        folder = archive.find(wanted.reports or settings.reports, name)
        found, where = of_report(folder), f"in run {folder.name}"
    selection = found.selection()
    if selection.retry is None or not selection.retry.keys:
        return _nothing(found, where, wanted)
    return run(_existing(found), selection, wanted, dry_run=dry_run)


def _existing(found: Rejected) -> list[Path]:
    paths = [path for path in found.paths() if path.exists()]
    if not paths:
        files = ", ".join(sorted(set(found.files.values())))
        message = f"the mappings whose rows were rejected are not there any more: {files}"
        hint = "put the files back, or run the mappings that replace them"
        raise ConfigError(ConfigProblem(message, hint))
    return paths


def of_report(folder: Path) -> Rejected:
    """What a run has rejected, by its errors.jsonl."""
    found, seen = Rejected(), set[tuple[str, int]]()
    found.files = {
        part["mapping"]: part["file"] for part in archive.read_summary(folder)["mappings"]
    }
    for line in archive.read_errors(folder):
        mapping, place = line["mapping"], (line["mapping"], line["row"])
        if line["key"] is not None:
            found.keys[mapping].add(line["key"])
        elif place not in seen:
            seen.add(place)
            found.without_key[mapping] += 1
    return found


def of_state(store: Store, account: str | None = None) -> Rejected:
    """What the state has as rejected now; of rows without a key, those of each mapping's last whole run.

    Of a mapping that has run in this account only what was rejected there counts; of others all does, for a key of
    their own may stand in their files.
    """
    found, history = Rejected(), store.history(Status).runs
    here = {last.mapping for last in history if account is not None and last.account == account}
    for (mapping, its), keys in store.rejected_now().items():
        if mapping not in here or its == account:
            found.keys[mapping] |= keys
    for last in history:
        if last.mapping in here and last.account != account:
            continue
        if os.path.exists(last.file) or last.mapping not in found.files:
            found.files[last.mapping] = last.file
        found.without_key[last.mapping] = sum((last.without_key or {}).values())
    return found


def _nothing(found: Rejected, where: str, wanted: Wanted) -> int:
    """Say that there is nothing to retry."""
    text = f"Nothing to retry: no row is rejected {where}."
    if lone := found.without_key.total():
        rows = count(lone, "row")
        why = "without a key can only be found by a whole run; not retried."
        text = f"Nothing to retry: {rows} {why}"
    document: dict[str, object] = {"format": 1, "run_id": None, "exit_code": 0, "mappings": []}
    nothing(wanted.output, "chartmogul-sync retry", document, text)
    return 0
