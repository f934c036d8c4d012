# make demo   set everything up, run sample applications against an embedded collector, keep serving
# make test   set everything up, check style and types, run all tests
# make native  compile the mapper beside its source      make wheels  a manylinux wheel into dist/
# make check  style and types only      make bench  the numbers      make chaos  the long crash tests
# make clients  record real GenAI clients anew (tests/clients; installs each into .data/clients, many minutes)
# make libraries  autolog with the real libraries that are too heavy for the tests (tests/libraries; into .data/libraries)
# make ui     build the web UI (collector/ui) where it is missing or older than its sources
# make clean  forget the virtual environments and the npm packages

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DATA ?= .data/demo
PIP_FLAGS := --quiet --disable-pip-version-check
NATIVE := hatch_build.py collector/native_build.py $(wildcard collector/spanhouse_collector/mapper/*.p[yx][xi])

.PHONY: native wheels demo test check bench chaos clients libraries clean wheel-test ui ui-check
.DELETE_ON_ERROR:

demo: $(VENV)/.runtime ui
	$(BIN)/spanhouse demo --data-dir $(DATA) $(DEMO_OPTIONS)

test: $(VENV)/.dev tests/js/node_modules/.installed ui-check
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	@echo "checking types (minutes at the first time) …"
	$(BIN)/mypy
	$(BIN)/pytest -q -n 2 --dist loadfile $(TESTS)

native: $(VENV)/.dev
	$(BIN)/python collector/native_build.py

# Wheels that run on any Linux with glibc 2.28 or newer, one for the Python of the environment; zig compiles them.
wheels: $(VENV)/.dev
	SPANHOUSE_WHEEL_TAG=manylinux_2_28_$(shell uname -m) $(BIN)/pip wheel $(PIP_FLAGS) --no-deps -w dist .

check: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

bench: $(VENV)/.bench tests/js/node_modules/.installed
	$(BIN)/python -m tests.bench $(BENCH_OPTIONS)
	$(BIN)/python -m tests.bench_shim

chaos: $(VENV)/.dev tests/js/node_modules/.installed
	SPANHOUSE_CHAOS_ROUNDS=$${SPANHOUSE_CHAOS_ROUNDS:-200} $(BIN)/pytest -q --timeout 7200 tests/crash tests/collector/storage

clients: $(VENV)/.dev
	$(BIN)/python -m tests.clients $(CLIENTS)

libraries: $(VENV)/.dev
	$(BIN)/python -m tests.libraries $(LIBRARIES)

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install $(PIP_FLAGS) --upgrade pip

# What a user gets, and the demo's applications.
$(VENV)/.runtime: pyproject.toml $(NATIVE) | $(VENV)/bin/python
	@echo "installing Spanhouse and the demo applications into $(VENV): 1.1 GB, a few minutes without a word, once …"
	$(BIN)/pip install $(PIP_FLAGS) -e '.[collector,demo]'
	@touch $@

$(VENV)/.dev: pyproject.toml $(NATIVE) | $(VENV)/bin/python
	@echo "installing Spanhouse and what its tests need into $(VENV): some 2 GB, minutes without a word, once …"
	$(BIN)/pip install $(PIP_FLAGS) -e '.[dev]'
	@touch $@ $(VENV)/.runtime

$(VENV)/.bench: $(VENV)/.dev
	$(BIN)/pip install $(PIP_FLAGS) -e '.[bench]'
	@touch $@

# The real ClickHouse server and the JavaScript exporters of the tests.
tests/js/node_modules/.installed: tests/js/package-lock.json
	@echo "installing the npm packages of the tests (once, half a minute) …"
	npm ci --prefix tests/js --no-audit --no-fund --loglevel=error
	@touch $@

# Node comes from the PATH, else from PyPI; a build is skipped where the assets are those of the sources.
ui: | $(VENV)/bin/python
	$(BIN)/python collector/ui_build.py

# Types, style, unit tests and the browser that tests/ui drives.
ui-check: ui collector/ui/node_modules/.installed $(VENV)/.dev
	$(BIN)/python collector/ui_build.py check
	$(BIN)/python -m tests.ui.chromium

collector/ui/node_modules/.installed: collector/ui/package-lock.json | $(VENV)/bin/python
	$(BIN)/python collector/ui_build.py install
	@touch $@

clean:
	rm -rf $(VENV) tests/js/node_modules collector/ui/node_modules collector/spanhouse_collector/_ui .data/clients .data/libraries
