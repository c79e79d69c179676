# `make demo` and `make test` set everything up on a bare machine; running them again skips what is done.
PYTHON ?= python3
BIN := .venv/bin
STANCE := $(BIN)/stance

.PHONY: demo test verify soak load style types unit browser postgres schemas clean
.DEFAULT_GOAL := test

# --- set-up ----------------------------------------------------------------------------------------------------------

.venv/.made: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check 'uv>=0.9,<1'
	$(BIN)/uv pip install --quiet --python $(BIN)/python --editable '.[server,dev]'
	touch $@

# A page is tested in a real browser. Where apt is not at hand, those tests skip with the reason.
browser:
	@command -v chromium >/dev/null || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
	  && apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends chromium; } \
	  || echo "no chromium: browser tests will be skipped"

# The local server can keep its data in PostgreSQL. Where apt is not at hand, those tests skip with the reason.
postgres:
	@command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 \
	  || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get -qq update \
	  && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends postgresql; } \
	  || echo "no PostgreSQL: its tests will be skipped"

# --- the main job ----------------------------------------------------------------------------------------------------

demo: .venv/.made
	$(STANCE) studio start
	$(STANCE) run schemas/demo.toml --simulate
	$(STANCE) studio stop
	@echo "report:  data/labeled/demo/report.html"
	@echo "dataset: data/labeled/demo/dataset"
	@echo "scores:  data/labeled/demo/baseline/scores.json"

# --- proof -----------------------------------------------------------------------------------------------------------

test: style types unit

style: .venv/.made
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports --no-cache

types: .venv/.made
	$(BIN)/mypy

# Two at a time, each with a Label Studio of its own; a file stays with one of them.
unit: .venv/.made browser postgres
	$(BIN)/pytest -n 2 --dist loadfile

# Everything that needs the shared public data; fails where it is absent.
verify: .venv/.made
	@test -d "$${STANCE_DATA:-../shared/data}" || { echo "no data in $${STANCE_DATA:-../shared/data}; set STANCE_DATA"; exit 1; }
	STANCE_VERIFY=1 $(BIN)/pytest -m shared

# Hundreds of seeded faults on the line and a hundred sudden ends, where `make test` has a few; takes hours.
soak: .venv/.made
	STANCE_SOAK=$${STANCE_SOAK:-500} STANCE_SOAK_KILLS=$${STANCE_SOAK_KILLS:-100} $(BIN)/pytest -m soak -s

# Ten minutes of eight people at once on SQLite and of thirty on PostgreSQL, where `make test` has seconds.
load: .venv/.made postgres
	STANCE_LOAD_SECONDS=600 STANCE_LOAD_SQLITE=8 STANCE_LOAD_POSTGRES=30 STANCE_LOAD_ITEMS=20000 \
	  $(BIN)/pytest tests/steps/test_load.py -s

clean:
	rm -rf .venv .studio data/labeled/demo

schemas: .venv/.made
	$(BIN)/python -m toolkit.steps.schemas schemas
