# `make demo` and `make test` set everything up on a bare machine; running them again skips what is done.
PYTHON ?= python3
BIN := .venv/bin
STANCE := $(BIN)/stance
EXTRAS := server,crowd,formats,bench,dev

# Where the system has certificates, they count: a network may have an authority of its own. uv knows the setting by two names.
CERTIFICATES := $(or $(SSL_CERT_FILE),$(firstword $(wildcard /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/cert.pem)))
ifneq ($(CERTIFICATES),)
export PIP_CERT ?= $(CERTIFICATES)
export UV_SYSTEM_CERTS ?= 1
export UV_NATIVE_TLS ?= 1
endif

.PHONY: demo test test-fast test-newest test-datasets sweep constraints verify soak load style types unit browser postgres schemas results clean
.DEFAULT_GOAL := test

# --- set-up ----------------------------------------------------------------------------------------------------------

# The tested versions. uv takes seconds where pip takes minutes; where uv cannot be had, a new pip does it
# (pip 23 stops at the extra of lxml that Label Studio asks for).
.venv/.made: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check 'uv>=0.9,<1' \
	  || echo "uv cannot be installed: pip takes its place"
	@if [ -x $(BIN)/uv ]; then set -x; \
	  $(BIN)/uv pip install --quiet --python $(BIN)/python --constraint constraints.txt --editable '.[$(EXTRAS)]'; \
	else set -x; \
	  $(BIN)/python -m pip install --quiet --upgrade pip && $(BIN)/python -m pip install --quiet -c constraints.txt --editable '.[$(EXTRAS)]'; \
	fi
	@touch $@

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
	$(BIN)/python -m pytest -n 2 --dist loadfile

# What needs no server, no installation, no public data and not much time.
test-fast: .venv/.made
	$(BIN)/python -m pytest -n 2 --dist loadfile -m "not server and not postgres and not install and not shared and not soak and not slow"

# Every verb with every kind of bad file and output: no traceback, nothing half-written, no input lost.
sweep: .venv/.made
	STANCE_SWEEP=1 $(BIN)/python -m pytest -q tests/cli/test_sweep.py

# Without constraints.txt: the newest pip with the newest of everything, the oldest releases that pyproject.toml
# allows, and the other Pythons that are here.
test-newest: .venv/.made browser postgres
	.ci/newest $(BIN) '$(EXTRAS)'

# Both configs of a dataset in `datasets` 2.19, 3, 4 and the newest, each in an environment of its own.
test-datasets: .venv/.made
	STANCE_DATASETS=.venv-datasets $(BIN)/python -m pytest -s tests/install/test_datasets_versions.py

# The versions that `make test-newest` has just passed with, and what Python 3.11.0 needs besides.
constraints:
	@test -e .venv-newest/.passed || { echo "make test-newest has not passed"; exit 1; }
	.venv-newest/bin/python -m pip freeze --all --exclude-editable --exclude pip > .venv-newest/frozen.txt
	{ sed -n '/^#/p' constraints.txt; $(BIN)/uv pip compile --quiet --all-extras --python-version 3.11 --no-header \
	  --no-annotate --constraint .venv-newest/frozen.txt pyproject.toml; } > .venv-newest/constraints.txt
	mv .venv-newest/constraints.txt constraints.txt

# Everything that needs the shared public data; fails where it is absent.
verify: .venv/.made
	@test -d "$${STANCE_DATA:-../shared/data}" || { echo "no data in $${STANCE_DATA:-../shared/data}; set STANCE_DATA"; exit 1; }
	STANCE_VERIFY=1 $(BIN)/python -m pytest -m shared

# Hundreds of seeded faults on the network and a hundred sudden ends, where `make test` has a few; takes hours.
soak: .venv/.made
	STANCE_SOAK=$${STANCE_SOAK:-500} STANCE_SOAK_KILLS=$${STANCE_SOAK_KILLS:-100} $(BIN)/python -m pytest -m soak -s

# Ten minutes of eight people at once on SQLite and of thirty on PostgreSQL, where `make test` has seconds.
load: .venv/.made postgres
	STANCE_LOAD_SECONDS=600 STANCE_LOAD_SQLITE=8 STANCE_LOAD_POSTGRES=30 STANCE_LOAD_ITEMS=20000 \
	  $(BIN)/python -m pytest -m load -s

# --- generated files -------------------------------------------------------------------------------------------------

schemas: .venv/.made
	$(BIN)/python -m toolkit.records schemas

# The page of all figures from the file of all figures; `benchmarks/run.py --help` tells how to measure again.
results: .venv/.made
	$(BIN)/python benchmarks/run.py --page

clean:
	rm -rf .venv .venv-newest .venv-lowest .venv-datasets .venv-3.1? .studio data/labeled/demo
