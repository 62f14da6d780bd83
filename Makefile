# Everything runs in an environment of its own, .venv; the first call makes it. What is installed is locked in requirements/.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALL = $(1)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes $(addprefix --requirement requirements/,$(2))

# The lowest versions that pyproject.toml allows are tried on the oldest Python, in an environment beside the other.
OLDEST ?= python3.11
LOWEST := .venv-lowest

# Drivers of warehouses whose servers nobody here has, and ClickHouse's engine; some tests count on their absence.
DRIVERS := .venv-drivers

# What builds the documentation, and nothing of the worker.
SITE := .venv-site

# A stand-in of Snowflake, which goes with other versions of what we need ourselves.
FAKESNOW := .venv-fakesnow

# A real dbt, which goes with other versions of what we need ourselves.
DBT := .venv-dbt

.PHONY: help demo test measured drivers snowflake dbt lowest site simulate campaign fuzz bench bench-full lint audit format lock clean

help:
	@echo "make demo     a sample warehouse, a local ChartMogul, and a whole sync between them"
	@echo "make test     the whole test suite"
	@echo "make drivers  the tests of warehouses' drivers that need an environment of 1.5 GB"
	@echo "make snowflake the tests of Snowflake's driver, against a stand-in in an environment of its own"
	@echo "make dbt      the tests of dbt models, with a real dbt in an environment of its own"
	@echo "make lowest   the unit tests, with the lowest versions that pyproject.toml allows"
	@echo "make site     the documentation as a site, in site/; a warning is an error"
	@echo "make simulate worlds full of faults on a clock of their own: SEEDS=1000"
	@echo "make campaign 200 kills and 200 cut connections: nothing lost, nothing twice"
	@echo "make fuzz     the tests with made-up input, for many minutes"
	@echo "make bench    what the worker costs, in minutes; make bench-full takes an hour"
	@echo "make lint     ruff, mypy, and which package may import which"
	@echo "make audit    known vulnerabilities of what is installed"
	@echo "make format   let ruff write the code as it should be"
	@echo "make lock     the newest versions for requirements/, after a change of dependencies"
	@echo "make clean    remove what the others made"

# A pip of today: one before 23.3 takes `coverage[toml]` for another package than the `coverage` that is locked, and
# refuses it as soon as there is a newer one.
# The project itself is this folder, so that a change counts at once; pip asks for nothing more.
$(VENV)/run: pyproject.toml requirements/run.txt requirements/build.txt
	@echo "Making $(VENV): a Python environment of its own"
	@$(PYTHON) -m venv --upgrade-deps $(VENV)
	@echo "Installing what the worker needs: requirements/run.txt"
	@$(call INSTALL,$(VENV),run.txt build.txt)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/test: $(VENV)/run requirements/test.txt
	@echo "Installing what the tests need: requirements/test.txt"
	@$(call INSTALL,$(VENV),test.txt)
	@touch $@

$(VENV)/dev: $(VENV)/test requirements/dev.txt
	@echo "Installing what developers need: requirements/dev.txt"
	@$(call INSTALL,$(VENV),dev.txt)
	@$(BIN)/python -m pip uninstall -qq --yes setuptools # an old one, which Python 3.11 brings along and nothing here needs
	@touch $@

# The tools that others would do the job with, and what draws the charts.
$(VENV)/bench: $(VENV)/dev requirements/bench.txt
	@echo "Installing what the benchmarks need: requirements/bench.txt"
	@$(call INSTALL,$(VENV),bench.txt)
	@touch $@

$(DRIVERS)/test: requirements/drivers.txt requirements/test.txt
	@echo "Making $(DRIVERS): one and a half gigabytes of drivers, and ClickHouse's engine"
	@$(PYTHON) -m venv --upgrade-deps $(DRIVERS)
	@$(call INSTALL,$(DRIVERS),drivers.txt)
	@touch $@

$(FAKESNOW)/test:
	@echo "Making $(FAKESNOW): a stand-in of Snowflake on DuckDB's engine"
	@$(PYTHON) -m venv --upgrade-deps $(FAKESNOW)
	@$(FAKESNOW)/bin/python -m pip install --quiet --disable-pip-version-check \
	  "fakesnow[server]==0.12.1" duckdb==2.0.1 snowflake-connector-python==4.8.1
	@touch $@

$(DBT)/test:
	@echo "Making $(DBT): dbt and its adapter for DuckDB"
	@$(PYTHON) -m venv --upgrade-deps $(DBT)
	@$(DBT)/bin/python -m pip install --quiet --disable-pip-version-check dbt-core==1.11.16 dbt-duckdb==1.10.1
	@touch $@

$(LOWEST)/test: requirements/lowest.txt
	@echo "Making $(LOWEST), and installing requirements/lowest.txt there"
	@$(OLDEST) -m venv --upgrade-deps $(LOWEST)
	@$(call INSTALL,$(LOWEST),lowest.txt)
	@touch $@

$(SITE)/site: requirements/site.txt
	@echo "Making $(SITE): what builds the documentation"
	@$(PYTHON) -m venv --upgrade-deps $(SITE)
	@$(call INSTALL,$(SITE),site.txt)
	@touch $@

demo: $(VENV)/run
	@echo "Running chartmogul-sync demo"
	@$(BIN)/chartmogul-sync demo

# Many tests wait: for a server, for the pace of the API. So there are more of them at once than processors; the slow ones begin.
# What counts a server's seconds is run by itself, at the end.
TESTS = 4
test: $(VENV)/test
	$(BIN)/python -m pytest --numprocesses $(TESTS) --dist loadfile --no-loadscope-reorder -m "not measured"
	@$(MAKE) --no-print-directory measured

measured: $(VENV)/test
	$(BIN)/python -m pytest -m measured tests/integration

drivers: $(DRIVERS)/test
	SYNC_TEST_DRIVERS=1 $(DRIVERS)/bin/python -m pytest tests/unit/publish/test_tables.py tests/unit/warehouse \
	  tests/integration/test_trino.py tests/integration/test_redshift.py tests/integration/test_clickhouse.py \
	  tests/integration/test_databricks.py tests/integration/test_bigquery.py tests/integration/test_sql_server.py \
	  tests/integration/test_values_upgrades.py tests/integration/test_walks.py \
	  tests/integration/test_values.py tests/integration/test_troubles.py tests/integration/test_fingerprints_clickhouse.py

snowflake: $(DRIVERS)/test $(FAKESNOW)/test
	SYNC_TEST_DRIVERS=1 SYNC_TEST_FAKESNOW=$(CURDIR)/$(FAKESNOW)/bin/python $(DRIVERS)/bin/python -m pytest \
	  tests/integration/test_snowflake.py tests/integration/test_values.py tests/integration/test_troubles.py \
	  -k "snowflake or Snowflake"

dbt: $(VENV)/test $(DBT)/test
	SYNC_TEST_DBT=$(CURDIR)/$(DBT)/bin/dbt $(BIN)/python -m pytest tests/integration/test_dbt.py -k "built or exposures"

lowest: $(LOWEST)/test
	$(LOWEST)/bin/python -m pytest --numprocesses $(TESTS) tests/unit

site: $(SITE)/site
	$(SITE)/bin/zensical build --strict --clean

# Worlds full of faults, played on a clock of their own; then workers that are broken on purpose.
SEEDS = 1000
simulate: $(VENV)/test
	$(BIN)/python -m tests.simulation --seeds $(SEEDS)
	$(BIN)/python -m tests.simulation --mutations --seeds 400

# The real program, killed and cut off at random.
campaign: $(VENV)/test
	$(BIN)/python -m tests.campaign --kills 200 --cuts 200

# Made-up mappings, answers and rows, for many minutes.
fuzz: $(VENV)/test
	SYNC_FUZZ=long $(BIN)/python -m pytest tests/fuzz

audit: $(VENV)/dev
	$(BIN)/python .ci/audit

bench: $(VENV)/bench
	$(BIN)/python -m benchmarks
	$(BIN)/python -m benchmarks.chart

bench-full: $(VENV)/bench
	$(BIN)/python -m benchmarks --full
	$(BIN)/python -m benchmarks.chart

lint: $(VENV)/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo --no-cache

format: $(VENV)/dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: $(VENV)/dev
	$(BIN)/python .ci/lock

clean:
	rm -rf $(VENV) $(DRIVERS) $(FAKESNOW) $(DBT) $(LOWEST) $(SITE) site .cache demo build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage
