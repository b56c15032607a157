# make demo and make test are all a newcomer needs; `make help` lists the rest.
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?=
# A python that starts may still lack venv or pip (Debian splits them off), so ask it for all it needs.
CAN_RUN := import ensurepip, sqlite3, ssl, sys, venv; sys.exit(sys.version_info < (3, 11) or sqlite3.sqlite_version_info < (3, 35))
PACKAGES := config integrations mapping syncjobs sandbox
DEMO_ARGS ?=
TEST_ARGS ?=
CRASH_ARGS ?=
BENCH_ARGS ?=
MUTATE_ARGS ?=
# More than there are cores: many tests wait, for a browser, a worker, or an answer that hangs.
TEST_JOBS ?= 3
# Tools that load the settings get plain ones, whatever stands in the developer's .env.
PLAIN = DEBUG=1 ENV_FILE=/dev/null DATABASE_URL=sqlite://:memory:
PYTEST = $(BIN)/python -m pytest -rs -n $(TEST_JOBS) --dist worksteal $(TEST_ARGS)
# Whether to measure how much of the code the tests run. Python 3.12 and newer do it for next to nothing, so it is done
# there; before, a trace function takes half as much time again: then only with COVERAGE=1. Never where TEST_ARGS
# may choose some of the tests.
COVERAGE ?=
CORE = $$($(BIN)/python -c 'import sys; print("sysmon" if sys.version_info >= (3, 12) else "ctrace")')
MEASURE = $(if $(strip $(TEST_ARGS)),,$$([ "$(COVERAGE)$(CORE)" = ctrace ] || echo --cov $(1)))
# Where all is played, each pass of the quick run has a part of the tests for itself.
SHARE = $(if $(strip $(TEST_ARGS)),,--share)

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-all crash bench mutate check lint types imports migrations hooks screenshots fix clean distclean

help:  ## what there is
	@sed -n 's/^\([a-z-]*\):.*##  *\(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 22

setup: $(VENV)/.ready-to-develop  ## virtual environment with everything, nothing started

demo: $(VENV)/.ready-to-run  ## sandbox, web site and worker on sample data (DEMO_ARGS=--once: and leave)
	@exec $(BIN)/python -m sandbox.demo $(DEMO_ARGS)

# With bytecode kept, even where the machine says not to: else each process of each pass compiles all tests again.
test test-all: export PYTHONDONTWRITEBYTECODE =

test: $(VENV)/.ready-to-develop  ## the test suite, on SQLite and on PostgreSQL (COVERAGE=1: how much of the code it runs)
	@echo "== Tests on SQLite"
	@env -u TEST_DATABASE_URL COVERAGE_CORE=$(CORE) $(PYTEST) $(call MEASURE,--cov-report= --cov-fail-under=0) -m "not slow" --quick $(SHARE)
	@echo "== Tests on PostgreSQL"
	@COVERAGE_CORE=$(CORE) $(BIN)/python -m tests.support.postgres -- $(PYTEST) $(call MEASURE,--cov-append --cov-report=term) -m "not slow" --quick $(SHARE) --database-only
	@echo "Left to \`make test-all\`: what is marked slow, and further cases of tests that have many, and each test on the other database."

test-all: $(VENV)/.ready-to-develop  ## the longer sets too
	@echo "== Tests on SQLite"
	@env -u TEST_DATABASE_URL $(PYTEST)
	@echo "== Tests on PostgreSQL"
	@$(BIN)/python -m tests.support.postgres -- $(PYTEST) --database-only

crash: $(VENV)/.ready-to-develop  ## the crash laboratory: 300 kills and more, each hour in QuickBooks once (CRASH_ARGS="--seed 7 --kills 40 --memory 0")
	@$(BIN)/python -m tests.crash $(CRASH_ARGS)

check: test lint types imports migrations  ## all that CI runs

lint: $(VENV)/.ready-to-develop  ## style and likely mistakes
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(VENV)/.ready-to-develop  ## type hints
	@$(PLAIN) $(BIN)/mypy $(PACKAGES)

imports: $(VENV)/.ready-to-develop  ## who may import whom
	@$(BIN)/lint-imports

migrations: $(VENV)/.ready-to-develop  ## no model change without its migration
	@$(PLAIN) $(BIN)/python manage.py makemigrations --check --dry-run

hooks: $(VENV)/.ready-to-develop  ## have git check style, imports and migrations before each commit
	@$(BIN)/pre-commit install

bench: $(VENV)/.ready-to-develop  ## what it costs: one table, JSON into var/bench (BENCH_ARGS="cpu memory"; BENCH_ARGS=--help)
	@$(BIN)/python -m tests.bench $(BENCH_ARGS)

mutate: $(VENV)/.ready-to-develop  ## do the tests notice mistakes? (MUTATE_ARGS="--module syncjobs/rules/steps/changes.py --sample 60")
	@env -u TEST_DATABASE_URL $(BIN)/python -m tests.mutate $(MUTATE_ARGS)

screenshots: $(VENV)/.ready-to-develop  ## pictures of every page into var/screenshots, four of them into docs/pictures
	@env -u TEST_DATABASE_URL REQUIRE_BROWSER=1 PICTURES="$${PICTURES:-*}" $(BIN)/python -m pytest -q -p no:randomly \
	  $(addprefix tests/browser/,screenshots.py desk_screenshots.py $(addprefix test_,every_page.py decisions.py \
	  line_rules.py two_tabs.py many_names.py bundle.py))
	@echo "Pictures are in var/screenshots, four of them in docs/pictures."

fix: $(VENV)/.ready-to-develop  ## what lint can mend by itself
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

clean:  ## forget the demo, the local database and what tools left; the virtual environment stays
	rm -rf var staticfiles .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find $(PACKAGES) tests -name __pycache__ -type d -prune -exec rm -rf {} +

distclean: clean  ## back to a fresh clone: forget the virtual environment too
	rm -rf $(VENV)

# The stamps are written last, so an installation that was cut short is done again.
$(VENV)/.ready-to-run: requirements.txt | $(BIN)/python
	@echo "Installing what Hourbridge runs on (a minute or two, once) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/.ready-to-develop: requirements-dev.txt requirements.txt | $(BIN)/python
	@echo "Installing what Hourbridge and its tests need (a few minutes, once) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $(VENV)/.ready-to-run $@

# --clear: a virtual environment whose python is gone is no use to keep.
$(BIN)/python:
	@for python in $(PYTHON) python3.14 python3.13 python3.12 python3.11 python3; do \
	  if $$python -c '$(CAN_RUN)' 2>/dev/null; then \
	    echo "Making a virtual environment with $$($$python --version) …"; \
	    exec $$python -m venv --clear $(VENV); \
	  fi; \
	done; \
	echo "No Python 3.11 or newer with venv and pip was found (Debian: apt-get install python3-venv)." >&2; exit 1
