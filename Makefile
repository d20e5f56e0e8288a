# Everything is set up by the targets themselves: Python 3.11, pip and make are all they need.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: help demo emulator benchmark test lint types unit integration requirements clean

help: ## List the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

$(READY): pyproject.toml requirements/dev.txt
	@echo "Setting up $(VENV) (once, a minute or two) …"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; name it with: make PYTHON=python3.11 …")'
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/dev.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(READY) ## Read every stream from the emulator into a DuckDB file and show what is in it
	@$(BIN)/python -m examples.demo

emulator: $(READY) ## Start the TikTok emulator; options: make emulator OPTIONS="--posts 1000 --port 9000"
	@$(BIN)/python -m integration_tests.emulator $(OPTIONS)

benchmark: $(READY) ## Measure calls, CPU and memory beside the alternatives; writes benchmarks/results.md
	@$(BIN)/python -m benchmarks

test: lint types unit integration ## Lint, types and all tests

lint: $(READY)
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

types: $(READY)
	@$(BIN)/mypy

unit: $(READY)
	@$(BIN)/pytest unit_tests -q -n 2

integration: $(READY)
	@$(BIN)/pytest integration_tests -q -n 2

requirements: $(READY) ## Compile requirements/*.txt anew from pyproject.toml
	@$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --extra dev pyproject.toml -o requirements/dev.txt
	@$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-header --no-annotate -c requirements/dev.txt pyproject.toml -o requirements/runtime.txt

clean: ## Remove what the targets made
	rm -rf $(VENV) build dist demo .mypy_cache .pytest_cache .ruff_cache .hypothesis
