# `make demo` runs the main job on the sample data, `make test` runs the tests, `make check` runs the linters.
# Each sets up its own virtual environment in .venv first, once.

PYTHON ?= python3
VENV   ?= .venv
# options for pytest; two processes, each file in one of them: make test ARGS="-k ledger" for one
ARGS   ?= -n 2 --dist loadfile

BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet

.PHONY: help demo test check format docs wheel clean
help:
	@echo "make demo    alerts from the sample data, in the terminal"
	@echo "make test    all tests, in random order"
	@echo "make check   formatting, lint, types, and whether generated files are up to date"
	@echo "make format  put the code in its format and mend what can be mended"
	@echo "make docs    write the generated pages and schemas again"
	@echo "make wheel   build the wheel into dist/"
	@echo "make clean   remove the virtual environment, caches and runs"

$(BIN)/python:
	@$(PYTHON) -c 'import sys; v = sys.version_info; ok = v >= (3, 11); ok or print(f"redflags needs Python 3.11 or newer, and $(PYTHON) is {v[0]}.{v[1]}; name another: make PYTHON=python3.12 ..."); sys.exit(not ok)'
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "no virtual environment could be made with $(PYTHON) (on Debian and Ubuntu: the package python3-venv)"; exit 1; }

# One mark per set of packages: a newcomer's demo need not wait for the test tools.
$(VENV)/.core: pyproject.toml | $(BIN)/python
	@echo "installing redflags into $(VENV) ..."
	@$(PIP) --editable .
	@touch $@

$(VENV)/.dev: pyproject.toml | $(BIN)/python
	@echo "installing redflags and its test tools into $(VENV) ..."
	@$(PIP) --editable '.[test,dev]'
	@touch $@ $(VENV)/.core

demo: $(VENV)/.core
	@$(BIN)/redflags demo

test: $(VENV)/.dev
	$(BIN)/python -m pytest $(ARGS)

check: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/redflags rules check --strict
	$(BIN)/redflags rules docs --check

format: $(VENV)/.dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(VENV)/.dev
	$(BIN)/redflags rules docs

wheel: $(VENV)/.dev
	$(BIN)/python -m pip --disable-pip-version-check wheel --quiet --no-deps --wheel-dir dist .

clean:
	rm -rf $(VENV) dist build runs .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
