# Two commands set everything up on a fresh machine with Python >= 3.11: `make certify` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# End-to-end tests wait for more than half of their time.
JOBS ?= 3
# A trial of the kill matrix waits for about a third of its time.
TRIALS ?= 3
# Faults of the kill matrix; empty: all of them.
FAULTS ?=

.DEFAULT_GOAL := help
.PHONY: help bytecode certify test lint types imports unit e2e matrix bench pacts clean

help:
	@echo "make certify   install into .venv and run: certify --target sandbox"
	@echo "make test      lint, types, import contracts, unit and end-to-end tests, kill matrix"
	@echo "make bench     benchmarks (figures with ranges; never part of the tests)"
	@echo "make pacts     write the shipped consumer pacts anew, from the consumers in tests/contracts/consumers"
	@echo "make clean     remove .venv and caches"

$(VENV)/.run: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.run
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@

# Every run starts a dozen processes: where the environment forbids bytecode, each would compile all sources anew.
bytecode: $(VENV)/.run
	@$(BIN)/python -m compileall -q harness

certify: bytecode
	$(BIN)/certify --target sandbox

test: lint types imports unit e2e matrix

lint: $(VENV)/.dev
	$(BIN)/ruff check .

types: $(VENV)/.dev
	$(BIN)/mypy

imports: $(VENV)/.dev
	$(BIN)/lint-imports

unit: $(VENV)/.dev bytecode
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile tests --ignore tests/benchmarks --ignore tests/e2e

e2e: $(VENV)/.dev bytecode
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal tests/e2e

matrix: $(VENV)/.dev bytecode
	$(BIN)/certify selftest --jobs $(TRIALS) $(addprefix --fault ,$(FAULTS))

bench: $(VENV)/.dev
	$(BIN)/python -m tests.benchmarks

pacts: $(VENV)/.dev
	$(BIN)/python -m tests.contracts.consumers

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
