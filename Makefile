# make run      set up, then run the pipeline on the built-in demo (ARGS="…" passes arguments)
# make test     set up, then lint, types and all tests
# make lock     renew constraints.txt from pyproject.toml
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

.PHONY: run test lint unit lock

run: $(READY)
	$(BIN)/slipstream optimize $(ARGS)

test: lint
	$(BIN)/pytest $(ARGS)

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

unit: $(READY)
	$(BIN)/pytest tests/unit $(ARGS)

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit("Slipstream needs Python 3.11 or newer: make PYTHON=python3.11" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv --clear .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[train,dev]'
	touch $@

lock:
	rm -rf .venv-lock
	$(PYTHON) -m venv .venv-lock
	.venv-lock/bin/pip install --quiet --disable-pip-version-check '.[train,dev]'
	.venv-lock/bin/pip freeze --exclude slipstream | sed 's/+cpu$$//' > constraints.txt
	rm -rf .venv-lock
