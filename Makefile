# `make demo` and `make test` need Python 3.10 or later with its venv module, and nothing else.
# Everything is installed into .venv, once; again when pyproject.toml changes.

PYTHON ?= python3
ARGS ?=

BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.NOTPARALLEL:
.PHONY: help demo test lint bench clean

help:
	@echo 'make demo    train a small classifier, from submit to kept outputs'
	@echo 'make test    check style and types, run every test; ARGS="-k name" for some of them'
	@echo 'make lint    check style and types'
	@echo 'make bench   measure against the bare tools'
	@echo 'make clean   remove .venv and everything else that was made here'
	@echo
	@echo 'PYTHON=python3.12 make demo chooses the interpreter that .venv is made with.'

demo: .venv/.demo
	@$(BIN)/jupyter-mltrain demo

test: lint
	$(BIN)/python -m pytest -q -n auto --dist worksteal $(ARGS)

lint: .venv/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: .venv/.test
	$(BIN)/python -m benchmarks $(ARGS)

clean:
	rm -rf .venv .cache .hypothesis .mypy_cache .pytest_cache .ruff_cache build dist
	find . -name __pycache__ -prune -exec rm -rf {} +

.venv/.made:
	@command -v $(PYTHON) >/dev/null || { \
	  echo 'There is no $(PYTHON) here. Install Python 3.10 or later, or name one: make PYTHON=…'; \
	  exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { \
	  echo "jupyter_mltrain needs Python 3.10 or later, and $(PYTHON) is $$($(PYTHON) -V 2>&1)." \
	    'Name another: make PYTHON=python3.12 …'; \
	  exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo '$(PYTHON) cannot make virtual environments. On Debian and Ubuntu:' \
	    'apt-get install python3-venv'; \
	  exit 1; }
	@echo 'Making .venv …'
	@$(PYTHON) -m venv .venv
	@touch $@

.venv/.demo: .venv/.made pyproject.toml
	@echo 'Installing jupyter_mltrain and what the demo needs into .venv, once …'
	@$(PIP) install -e '.[demo]'
	@touch $@

# What the tests need is more than what the demo needs, so this is good for both.
.venv/.test: .venv/.made pyproject.toml
	@echo 'Installing jupyter_mltrain and what the tests need into .venv, once …'
	@$(PIP) install -e '.[test,demo]'
	@touch .venv/.demo $@
