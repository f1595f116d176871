# make alone prints the verbs
.DEFAULT_GOAL := help
VENV ?= .venv
BIN := $(VENV)/bin
PYTHON ?= python3
STAMP := $(VENV)/.ready
# label-studio-sdk holds numpy and others back, so it has a venv of its own; its constraints are everything that it needs, so nothing is resolved
STUDIO_VENV ?= .venv-studio
STUDIO_BIN := $(STUDIO_VENV)/bin
STUDIO_STAMP := $(STUDIO_VENV)/.ready
# what is never imported is never compiled
PIP := -m pip install -q --disable-pip-version-check --no-compile

.PHONY: help setup test test-slow test-studio benchmark site dataset wheel browser studio practice pull validate lint check clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP) ## make .venv with everything that is needed (uv if present, else venv and pip)

$(STAMP): pyproject.toml constraints.txt
	@echo "setting up $(VENV) (about two minutes the first time)"
	@if command -v uv >/dev/null 2>&1; then \
	  uv venv -q --allow-existing $(VENV) && uv pip install -q --python $(BIN)/python -c constraints.txt -e '.[dev,cas,llm]'; \
	else \
	  $(PYTHON) -m venv $(VENV) && $(BIN)/python $(PIP) -c constraints.txt -e '.[dev,cas,llm]'; \
	fi
	@touch $@

$(STUDIO_STAMP): pyproject.toml constraints-studio.txt
	@echo "setting up $(STUDIO_VENV) (about two minutes the first time)"
	@if command -v uv >/dev/null 2>&1; then \
	  uv venv -q --allow-existing $(STUDIO_VENV) && uv pip install -q --no-deps --python $(STUDIO_BIN)/python -r constraints-studio.txt -e .; \
	else \
	  $(PYTHON) -m venv $(STUDIO_VENV) && $(STUDIO_BIN)/python $(PIP) --no-deps -r constraints-studio.txt -e .; \
	fi
	@touch $@

benchmark: $(STAMP) ## every baseline on every task: leaderboard and results
	@$(BIN)/allegedly benchmark

test: $(STAMP) ## the fast tests
	@$(BIN)/python -m pytest -n 2

$(VENV)/.extras: $(STAMP)
	@if command -v uv >/dev/null 2>&1; then uv pip install -q --python $(BIN)/python -c constraints.txt -e '.[dev,dev-slow,cas,encoder,llm,scale,spacy,web]'; \
	else $(BIN)/python $(PIP) -c constraints.txt -e '.[dev,dev-slow,cas,encoder,llm,scale,spacy,web]'; fi
	@touch $@

test-slow: browser $(VENV)/.extras test-studio ## the slow tests too, with a real browser, Label Studio, Ray and object store
	@$(BIN)/python -m pytest -n 2 --dist loadfile -m 'slow or scale'

test-studio: $(STUDIO_STAMP) browser ## the tests that need a real Label Studio
	@$(STUDIO_BIN)/python -m pytest -m studio tests/studio

studio: $(STUDIO_STAMP) ## a real Label Studio on this machine, with the validation split to annotate, pre-annotated
	@$(STUDIO_BIN)/allegedly studio up
	@$(STUDIO_BIN)/allegedly studio push --split validation --pre-annotate rules

practice: $(STUDIO_STAMP) ## ten passages to practise on in Label Studio; then: make practice SCORE=--score
	@$(STUDIO_BIN)/allegedly studio up >/dev/null
	@$(STUDIO_BIN)/allegedly studio practice $(SCORE)

pull: $(STUDIO_STAMP) ## bring annotations back from Label Studio, checked
	@$(STUDIO_BIN)/allegedly studio pull

site: $(STAMP) ## the benchmark's page, site/index.html
	@$(BIN)/allegedly site

dataset: $(STAMP) ## the Hugging Face dataset, build/dataset
	@$(BIN)/allegedly build

wheel: dataset ## the wheel with the built dataset in it, dist/
	@$(BIN)/python -m hatchling build -t wheel

browser: $(STAMP) ## a Chromium for the tests, unless there is one
	@command -v chromium >/dev/null 2>&1 || apt-get install -y -qq chromium >/dev/null || $(BIN)/playwright install --with-deps chromium

validate: $(STAMP) ## check the corpus
	@$(BIN)/allegedly validate

lint: $(STAMP) ## style and types
	@$(BIN)/ruff check src tests benchmarks examples
	@$(BIN)/ruff format --check src tests benchmarks examples
	@$(BIN)/mypy

check: lint validate test ## lint, types, corpus, tests

clean: ## remove what setup and the tools made
	rm -rf $(VENV) $(STUDIO_VENV) build dist site .pytest_cache .mypy_cache .ruff_cache .hypothesis
