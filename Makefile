# Everything is set up by the targets themselves: Python 3.11, pip and make are all they need.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate
IMAGE ?= source-tiktok-organic:$(shell sed -n 's/^  dockerImageTag: //p' metadata.yaml)

.PHONY: help demo emulator benchmark data-dictionary test lint types unit integration image image-test register requirements clean

help: ## List the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

$(READY): pyproject.toml metadata.yaml requirements/dev.txt
	@echo "Setting up $(VENV) (once, a minute or two) …"
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 13) and "Python 3.11 or 3.12 is needed here, because PyAirbyte knows no newer one; name it with: make PYTHON=python3.11 …")'
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

register: $(READY) ## Create or update the connector in your Airbyte: make register AIRBYTE_URL=http://localhost:8000
	@test "$(origin AIRBYTE_CLIENT_SECRET)" != "command line" || { echo "AIRBYTE_CLIENT_SECRET is on make's command line, where others on this machine can see it. Export it in the environment instead; README.md, In your Airbyte, shows how." >&2; exit 1; }
	@$(BIN)/python -m tools.register

data-dictionary: $(READY) ## Write docs/data-dictionary.md anew from the manifest
	@$(BIN)/python -m tools.data_dictionary

test: lint types unit integration ## Lint, types and all tests

lint: $(READY)
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .
	@$(BIN)/deptry .
	@$(BIN)/deptry --optional-dependencies-dev-groups emulator,demo,dev source_tiktok_organic
	@$(BIN)/deptry --optional-dependencies-dev-groups dev --ignore DEP002 --extend-exclude '.*/testing.py' examples integration_tests/emulator

types: $(READY)
	@$(BIN)/mypy

unit: $(READY)
	@$(BIN)/pytest unit_tests -q -n 2

integration: $(READY)
	@$(BIN)/pytest integration_tests -q -n 2

image: ## Build the image source-tiktok-organic with docker, podman or buildah; another name: make image IMAGE=name:tag
	@tools/image build $(IMAGE)

image-test: $(READY) image ## Build the image and test what is in it and what it reads from the emulator
	@IMAGE=$(IMAGE) $(BIN)/pytest -m image integration_tests/test_image.py

requirements: $(READY) ## Compile requirements/*.txt from pyproject.toml; with newer versions: make requirements OPTIONS=--upgrade
	@$(COMPILE) $(OPTIONS) --extra dev pyproject.toml -o requirements/dev.txt
	@printf 'hatchling\neditables\n' | $(COMPILE) -c requirements/dev.txt --extra demo pyproject.toml - -o requirements/demo.txt
	@$(COMPILE) -c requirements/dev.txt pyproject.toml -o requirements/runtime.txt
	@echo hatchling | $(COMPILE) -c requirements/dev.txt - -o requirements/build.txt
	@echo uv | $(COMPILE) -c requirements/dev.txt - -o requirements/uv.txt

clean: ## Remove what the targets made
	rm -rf $(VENV) .tmp build dist demo .mypy_cache .pytest_cache .ruff_cache .hypothesis
