# `make help` lists what there is. Everything works from a fresh clone: each target makes what it needs first.
# Nothing here needs activating; programs run from .venv.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
.NOTPARALLEL:

BIN := .venv/bin
PYTEST := $(BIN)/python -m pytest

# A program run as root in the lab kernel (native, uml or qemu; LAB_BACKEND chooses). Its output and status come back.
IN_LAB := $(BIN)/python -m trunkline.lab.inside --timeout 3600 --

# Inside, the checkout may be read-only, so pytest keeps no cache there.
# The tests that run inside the lab kernel only; all others run outside. ALSO_IN_LAB: those that run in both places,
# because what they need (root, 802.1Q) is only certain to be there inside.
LAB_TESTS := tests/e2e
ALSO_IN_LAB := $(wildcard tests/integration/host)
# The lab is the longer half, so these run in a second lab kernel, on the first core, once the tests outside are done.
LATE_LAB_TESTS := tests/e2e/test_any_switch.py
FIRST_CPU := $(shell taskset --cpu-list --pid $$$$ 2>/dev/null | sed 's/.*: //; s/[,-].*//')

# Extra words for pytest: make test-fast ARGS="-k labels -x"
ARGS ?=

# Words for the demo and the lab: make demo DEMO_ARGS="--backend qemu"
DEMO_ARGS ?=
LAB_ARGS ?=

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' Makefile

.PHONY: setup
setup: ## Install what is missing: system programs (apt, says so first) and .venv
	@scripts/setup

.PHONY: setup-fast
setup-fast:
	@scripts/setup fast

.PHONY: demo
demo: setup ## The main job before your eyes, on a real kernel, leaving nothing running
	@$(BIN)/trunkline demo $(DEMO_ARGS)

# Both halves at once where there are two cores. The last line is the summary of the lab's tests.
.PHONY: test
test: setup lint ## Everything: setup, lint, every test, the lab's too
	@scripts/test "$(MAKE) test-outside test-late" -- "$(MAKE) test-early"

.PHONY: test-outside
test-outside:
	@$(PYTEST) $(addprefix --ignore=,$(LAB_TESTS)) $(ARGS)

.PHONY: test-inside
test-inside:
	@$(IN_LAB) $(PYTEST) -p no:cacheprovider $(LAB_TESTS) $(ALSO_IN_LAB) $(ARGS)

.PHONY: test-early
test-early:
	@$(IN_LAB) $(PYTEST) -p no:cacheprovider $(addprefix --ignore=,$(LATE_LAB_TESTS)) $(LAB_TESTS) $(ALSO_IN_LAB) $(ARGS)

.PHONY: test-late
test-late:
	@LAB_CPU=$(FIRST_CPU) $(IN_LAB) $(PYTEST) -p no:cacheprovider $(LATE_LAB_TESTS) $(ARGS)

.PHONY: test-fast
test-fast: setup-fast ## The quick tests that need neither root nor the lab (under 90 s)
	@$(PYTEST) -n auto --dist loadfile -m "not (lab or root or compose or slow)" $(ARGS)

.PHONY: lint
lint: setup-fast ## Style, types and layers; changes nothing
	@echo "lint: ruff check"; $(BIN)/ruff check --quiet .
	@echo "lint: ruff format"; $(BIN)/ruff format --quiet --check .
	@echo "lint: mypy"; $(BIN)/mypy --no-error-summary
	@echo "lint: import-linter"; mkdir -p build; $(BIN)/lint-imports --no-logo >build/import-linter.log || { cat build/import-linter.log; exit 1; }

.PHONY: format
format: setup-fast ## Put the code into shape: ruff format, ruff's safe fixes
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

.PHONY: lab
lab: setup ## Start a lab that stays: hosts, a switch, Docker engines
	@$(BIN)/trunkline lab up --keep $(LAB_ARGS)

.PHONY: lab-shell
lab-shell: setup ## A shell on a host of the running lab (NODE=host1)
	@$(BIN)/trunkline lab shell $(or $(NODE),host1)

# The lock holds for every Python from 3.11 on, and names no package index.
COMPILE := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-emit-find-links
.PHONY: lock
lock: ## Resolve the dependencies of pyproject.toml anew into requirements/ (needs uv)
	@$(COMPILE) pyproject.toml --output-file requirements/runtime.txt
	@$(COMPILE) pyproject.toml --group dev --extra lab --constraints requirements/runtime.txt --output-file requirements/dev.txt
	@$(COMPILE) --group build --constraints requirements/dev.txt --output-file requirements/build.txt

.PHONY: clean
clean: ## Remove .venv, caches and build results
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find trunkline tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +
