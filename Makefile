# Everything is set up by the targets themselves: Python 3.11, 3.12 or 3.13 and make are all they need.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# What is installed: for the demo, and for everything
DEMO := $(VENV)/.demo
READY := $(VENV)/.ready
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	--override requirements/overrides.txt
EXAMPLES ?= 500
IMAGE ?= source-tiktok-organic:$(shell sed -n 's/^  dockerImageTag: //p' metadata.yaml)

# Each process would compile all that it imports, which takes three seconds.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo emulator read models report benchmark builder data-dictionary test lint types unit fuzz integration image image-test register requirements clean

help: ## List the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

# Whatever ends a set-up in the middle, the next one begins anew: the stamps are only there while all is well.
$(DEMO): pyproject.toml metadata.yaml requirements/uv.txt requirements/demo.txt
	@PYTHON="$(PYTHON)" tools/set-up new demo
	@touch $@

$(READY): $(DEMO) requirements/dev.txt
	@rm $(DEMO)
	@PYTHON="$(PYTHON)" tools/set-up more dev
	@touch $(DEMO) $@

demo: $(DEMO) ## Read five weeks of an emulated account into a DuckDB file, build the models, and draw a page of charts
	@$(BIN)/python -m examples.demo

emulator: $(DEMO) ## Start the TikTok emulator; options: make emulator OPTIONS="--posts 1000 --port 9000"
	@$(BIN)/python -m integration_tests.emulator $(OPTIONS)

read: $(DEMO) ## Read streams from the emulator with the command: make read STREAMS="videos videos_audience_genders"
	@$(BIN)/python -m tools.read $(STREAMS)

models: $(DEMO) ## Build the dbt models in a DuckDB file that the connector filled: make models DATABASE=demo/tiktok.duckdb
	@DATABASE="$(abspath $(DATABASE))" $(BIN)/dbt build --project-dir dbt_tiktok_organic --profiles-dir dbt_tiktok_organic \
		--vars '{tiktok_organic_schema: main, $(VARS)}'

report: models ## Draw a page of charts of a DuckDB file that the connector filled: make report DATABASE=demo/tiktok.duckdb
	@$(BIN)/python -m examples.report "$(abspath $(DATABASE))"

benchmark: $(READY) ## Measure calls, CPU and memory beside the alternatives; writes benchmarks/results.md
	@$(BIN)/python -m benchmarks

register: $(READY) ## Create or update the connector in your Airbyte: make register AIRBYTE_URL=http://localhost:8000
	@test "$(origin AIRBYTE_CLIENT_SECRET)" != "command line" || { echo "AIRBYTE_CLIENT_SECRET is on make's command line, where others on this machine can see it. Export it in the environment instead; README.md, In your Airbyte, shows how." >&2; exit 1; }
	@$(BIN)/python -m tools.register

builder: $(DEMO) ## Write what is pasted into the Connector Builder: build/builder/manifest.yaml and components.py
	@$(BIN)/python -m tools.builder

data-dictionary: $(READY) ## Write docs/data-dictionary.md and the dbt package's sources anew from the manifest
	@$(BIN)/python -m tools.data_dictionary
	@$(BIN)/python -m tools.dbt_sources

test: lint types unit integration ## Lint, types and all tests

lint: $(READY)
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/deptry .
	@$(BIN)/deptry --optional-dependencies-dev-groups emulator,demo,dev source_tiktok_organic
	@$(BIN)/deptry --optional-dependencies-dev-groups dev --ignore DEP002 --extend-exclude '.*/testing.py' examples integration_tests/emulator

types: $(READY)
	@echo "Checking types …"
	@$(BIN)/mypy

unit: $(READY)
	@echo "Testing the components …"
	@$(BIN)/pytest unit_tests -q -n 2

fuzz: $(READY) ## Read thousands of odd responses, others each time; how many of each kind: make fuzz EXAMPLES=1000
	@FUZZ_EXAMPLES=$(EXAMPLES) $(BIN)/pytest unit_tests/test_fuzzing.py -q -n 2 --show-capture=no

# A file at a time, because what its tests share is made once; by name, so that the long ones don't come last.
integration: $(READY)
	@echo "Testing the command against the emulator …"
	@$(BIN)/pytest integration_tests -q -n 2 --dist loadfile --no-loadscope-reorder

image: ## Build the image source-tiktok-organic with docker, podman or buildah; another name: make image IMAGE=name:tag
	@tools/image build $(IMAGE)

image-test: $(READY) image ## Build the image and test what is in it and what it reads from the emulator
	@IMAGE=$(IMAGE) $(BIN)/pytest -m image integration_tests/test_image.py

requirements: $(READY) ## Compile requirements/*.txt from pyproject.toml; with newer versions: make requirements OPTIONS=--upgrade
	@$(COMPILE) $(OPTIONS) --extra dev pyproject.toml -o requirements/dev.txt
	@printf 'hatchling\neditables\n' | $(COMPILE) --override requirements/overrides.txt -c requirements/dev.txt --extra demo pyproject.toml - -o requirements/demo.txt
	@$(COMPILE) -c requirements/dev.txt pyproject.toml -o requirements/runtime.txt
	@echo hatchling | $(COMPILE) -c requirements/dev.txt - -o requirements/build.txt
	@echo uv | $(COMPILE) -c requirements/dev.txt - -o requirements/uv.txt

clean: ## Remove what the targets made
	rm -rf $(VENV) .tmp build dist demo dbt_tiktok_organic/logs dbt_tiktok_organic/target .mypy_cache .pytest_cache .ruff_cache .hypothesis
