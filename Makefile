# Everything runs in an environment of its own, .venv; the first call makes it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: help demo test simulate campaign fuzz bench bench-full lint audit format clean

help:
	@echo "make demo     a sample warehouse, a local ChartMogul, and a whole sync between them"
	@echo "make test     the whole test suite"
	@echo "make simulate worlds full of faults on a clock of their own: SEEDS=1000"
	@echo "make campaign 200 kills and 200 cut connections: nothing lost, nothing twice"
	@echo "make fuzz     the tests with made-up input, for many minutes"
	@echo "make bench    what the worker costs, in minutes; make bench-full takes an hour"
	@echo "make lint     ruff, mypy, and which package may import which"
	@echo "make audit    known vulnerabilities of what is installed"
	@echo "make format   let ruff write the code as it should be"
	@echo "make clean    remove what the others made"

$(VENV)/user: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(VENV)/developer: $(VENV)/user
	$(BIN)/python -m pip install --quiet --editable . --group dev
	@touch $@

# The tools that others would do the job with, and what draws the charts.
$(VENV)/bench: $(VENV)/developer
	$(BIN)/python -m pip install --quiet --group bench
	@touch $@

demo: $(VENV)/user
	$(BIN)/chartmogul-sync demo

# Many tests wait: for a server, for the pace of the API. So there are more of them at once than processors; the slow ones begin.
TESTS = 4
test: $(VENV)/developer
	$(BIN)/python -m pytest --numprocesses $(TESTS) --dist loadfile --no-loadscope-reorder

# Worlds full of faults, played on a clock of their own; then workers that are broken on purpose.
SEEDS = 1000
simulate: $(VENV)/developer
	$(BIN)/python -m tests.simulation --seeds $(SEEDS)
	$(BIN)/python -m tests.simulation --mutations --seeds 400

# The real program, killed and cut off at random.
campaign: $(VENV)/developer
	$(BIN)/python -m tests.campaign --kills 200 --cuts 200

# Made-up mappings, answers and rows, for many minutes.
fuzz: $(VENV)/developer
	SYNC_FUZZ=long $(BIN)/python -m pytest tests/fuzz

audit: $(VENV)/developer
	$(BIN)/python .ci/audit

bench: $(VENV)/bench
	$(BIN)/python -m benchmarks
	$(BIN)/python -m benchmarks.chart

bench-full: $(VENV)/bench
	$(BIN)/python -m benchmarks --full
	$(BIN)/python -m benchmarks.chart

lint: $(VENV)/developer
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo --no-cache

format: $(VENV)/developer
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) demo build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage
