"""A plan's file: what was written is read, and nothing else is a plan."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sync.domain.fingerprint import RULES
from sync.domain.plan_format import PlannedMapping, block
from sync.domain.record import AttributeType, Object
from sync.domain.results import MappingRun, Outcome, Run, Status
from sync.engine.plan_file import PlanFile, mapping_files
from sync.errors import ConfigError
from sync.report.plan_writer import PlanWriter

NOW = datetime(2026, 11, 26, 4, tzinfo=UTC)


def written(path: Path, lines: int, status: Status = Status.SUCCEEDED) -> PlanWriter:
    """A plan of so many customers: the even ones are changed, the others created."""
    part = MappingRun("customers", "mappings/customers.yml", Object.CUSTOMER, "upsert", "ds_1")
    part.status, part.digest, part.shown_account = status, "d1", "acc_1"
    part.types, part.rows.read = {"seats": AttributeType.INTEGER}, lines + 1
    writer = PlanWriter(path, b"salt")
    for number in range(1, lines + 1):
        outcome = "created" if number % 2 else "updated"
        change = {"company": [None, f"Größe\u2028{number}"]}
        told = {"mapping": "customers", "row": number, "key": f"k{number}", "uuid": None}
        writer.add({**told, "outcome": outcome, "changes": change}, f"h{number}")
    writer.finish(Run("run_1", True, NOW, [part], NOW))
    writer.close()
    return writer


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a plan is."""
    return tmp_path / "plan.jsonl"


def opened(path: Path) -> PlanFile:
    """The plan in it."""
    return PlanFile.open(path, path.parent)


@pytest.mark.parametrize("lines", [0, 1, 256, 257, 600])
def test_what_was_written(path, lines):
    """Head and lines come back, however many there are."""
    assert written(path, lines).lines == lines
    plan = opened(path)
    assert plan.mappings == {
        "customers": PlannedMapping(
            "customers",
            "mappings/customers.yml",
            "d1",
            "acc_1",
            "ds_1",
            {"seats": AttributeType.INTEGER},
            lines + 1,
        )
    }
    part = plan.of("customers")
    assert (part.creates, part.updates) == ((lines + 1) // 2, lines // 2)
    assert part.line("k0") is None
    for number in {1, lines} if lines else ():
        line = part.line(f"k{number}")
        assert line is not None
        assert (line.hash, line.changes) == (
            f"h{number}",
            {"company": (None, f"Größe\u2028{number}")},
        )
    assert mapping_files(path) == [Path("mappings/customers.yml")]
    plan.close()


def test_lines_without_a_row(path):
    """The keys that the query does not have are told in the plan's order."""
    written(path, 12)
    plan = opened(path)
    part = plan.of("customers")
    assert part.meet(["k1", "k3", "nobody"]) == {"k1", "k3"}
    assert part.unmet() == [f"k{n}" for n in range(1, 13) if n not in (1, 3)]
    assert plan.count("customers", Outcome.CREATED) == 6
    plan.close()


def test_no_plan_of_a_part(path):
    """A dry run that did not come to its end leaves neither a plan nor anything else."""
    assert written(path, 3, Status.STOPPED).lines is None
    assert list(path.parent.iterdir()) == []


def head_with(text: str, **changed: object) -> str:
    """The plan with another head."""
    head, _, rest = text.partition("\n")
    return json.dumps(json.loads(head) | changed) + "\n" + rest


def without(text: str, line: int) -> str:
    """The plan without a line."""
    lines = text.split("\n")
    return "\n".join(lines[: line - 1] + lines[line:])


@pytest.mark.parametrize("lines", [3, 700])
@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        (lambda text: text[: text.index('"k3"')], "cut off: 2 of its"),
        (lambda text: text.rstrip("\n"), "cut off"),
        (lambda text: text[: len(text) // 2], "cut off"),
        (lambda text: text.replace("Größe", "Große", 1), "plan.jsonl:2: the plan was edited"),
        (lambda text: without(text, 3), "the plan was edited"),
        (lambda text: text + text.split("\n")[1] + "\n", "the plan was edited"),
        (lambda text: text.replace("\n", "\r\n"), "not as it was written"),
        (lambda text: head_with(text, account="acc_2"), "plan.jsonl:1: the plan's first line"),
        (lambda text: head_with(text, plan=2), "plan.jsonl:1: the plan was made by version"),
        (lambda text: head_with(text, rules=RULES - 1), "with other rules of casting"),
        (lambda text: without(text, 1), "plan.jsonl:1: this is no plan"),
        (lambda text: "id,company\n1,2\n", "plan.jsonl:1: this is no plan"),
        (lambda text: "[1]\n", "this is no plan"),
        (lambda text: "", "this is no plan"),
        (lambda text: "\0" * 5000, "this is no plan"),
        (lambda text: "[" * 100_000, "this is no plan"),
    ],
)
def test_spoilt(path, lines, spoil, expected):
    """What was cut off or edited, or never was a plan, is told with its place."""
    written(path, lines)
    path.write_bytes(spoil(path.read_text(encoding="utf-8")).encode())
    with pytest.raises(ConfigError) as raised:
        opened(path).close()
    (problem,) = raised.value.problems
    assert expected in f"{problem.file}:{problem.line}: {problem.message}"
    assert problem.hint


def test_binary(path):
    """Bytes that are no text."""
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="this is no plan"):
        opened(path)


def test_a_pipe(path):
    """It could be read only once, and is not waited for."""
    os.mkfifo(path)
    with pytest.raises(ConfigError, match="is no file"):
        mapping_files(path)


@pytest.mark.parametrize("lines", [1, 256, 257, 100_000])
def test_blocks(lines):
    """However long a plan is, its head has no more than 256 sums."""
    assert -(-lines // block(lines)) <= 256
