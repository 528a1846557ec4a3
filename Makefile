# make run      set up, then run the pipeline on the built-in demo (ARGS="…" passes arguments)
# make up       set up, then start the Prefect server, the MLflow server and a worker
# make down     stop what `make up ARGS=--detach` started
# make test     set up, then lint, types and all tests
# make trials   set up, then the tests that take minutes: kills, schedules, queues, pages
# make wheel    set up, build dist/, then test what the wheel installs without the sources
# make bench    set up with the other libraries too, then measure Slipstream and them
# make bench-quality  the same set-up, then score Slipstream and other models on many tables
# make fuzz     feed the predictor 100,000 damaged bundles and unusual rows
# make docs     build the site from the Markdown pages and docstrings into build/site
# make lock     renew constraints.txt from pyproject.toml
PYTHON ?= python3
BIN := .venv/bin
TRIALS := tests/trials
READY := .venv/.ready
BUILT := .venv/.built
PEERS := .venv/.peers
COMPILED := $(shell find src/slipstream/runtime -name '*.[ch]') setup.py

.PHONY: run up down test trials lint unit wheel bench bench-quality fuzz docs lock

run: $(BUILT)
	$(BIN)/slipstream optimize $(ARGS)

up: $(BUILT)
	$(BIN)/slipstream up $(ARGS)

down: $(BUILT)
	$(BIN)/slipstream down

test: lint
	$(BIN)/pytest --numprocesses 2 --dist loadgroup --no-loadscope-reorder \
		$(if $(ARGS),$(ARGS),--cov --cov-report=)
	$(if $(ARGS),,$(BIN)/coverage report --format=total)

trials: $(BUILT)
	$(BIN)/pytest $(TRIALS) --numprocesses 2 --dist loadfile $(ARGS)

lint: $(BUILT)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

unit: $(BUILT)
	$(BIN)/pytest tests/unit $(ARGS)

wheel: $(BUILT)
	$(BIN)/python tests/wheel/run.py

bench: $(BUILT) $(PEERS)
	$(BIN)/slipstream bench $(ARGS)

bench-quality: $(BUILT) $(PEERS)
	$(BIN)/python -m bench.quality $(ARGS)

fuzz: $(BUILT)
	$(BIN)/python -W ignore tests/fuzz/runtime.py $(ARGS)

docs: $(BUILT)
	$(BIN)/sphinx-build --quiet --fail-on-warning --keep-going --fresh-env --conf-dir docs/site \
	--doctree-dir build/doctrees . build/site
	@echo 'Built build/site/index.html'

# Set-up has built it already; after that, only a change of what it is built from does.
$(BUILT): $(COMPILED) $(READY)
	@test -z "$$(find $(COMPILED) -newer $@ 2>&1)" || { echo 'Building the compiled predictor'; \
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --editable .; }
	touch $@

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit("Slipstream needs Python 3.11 or newer: make PYTHON=python3.11" if sys.version_info < (3, 11) else 0)'
	@echo 'Setting up .venv: this takes a few minutes, once'
	$(PYTHON) -m venv --clear .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[train,export,dev]'
	touch $@ $(BUILT)

$(PEERS): $(READY)
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[bench]'
	touch $@

lock:
	rm -rf .venv-lock
	$(PYTHON) -m venv .venv-lock
	.venv-lock/bin/pip install --quiet --disable-pip-version-check '.[train,export,dev,bench]'
	.venv-lock/bin/pip freeze --exclude slipstream | sed 's/+cpu$$//' > constraints.txt
	rm -rf .venv-lock
