# Two commands are enough: `make synthesis` and `make test`. `make help` lists the others.
# Needed: GNU Make and Python 3.11 or later. A `uv` command, where there is one, only makes the set-up faster.

.DEFAULT_GOAL := synthesis
.DELETE_ON_ERROR:
.PHONY: synthesis test browser lint check notebooks bench lab lock clean help

# The tests run in two processes; more threads in each of them would only wait for one another.
export OMP_NUM_THREADS := 1

VENV := .venv
BIN := $(VENV)/bin
NBVAL := --nbval --nbval-current-env --nbval-sanitize-with tests/nbval_sanitize.cfg --nbval-cell-timeout 300

# Each candidate is run, not just looked up: version managers leave commands behind that start no Python.
PYTHON ?= $(shell for p in python3.11 python3 python3.12 python3.13 python3.14 python; do \
	if $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then echo $$p; break; fi; done)
UV ?= $(shell command -v uv 2>/dev/null)
PIP_INSTALL = $(if $(UV),$(UV) pip install --quiet --python $(BIN)/python,$(BIN)/python -m pip install -qq --disable-pip-version-check --no-input)

# Two weeks back by habit, so that a release withdrawn in its first days is not what everybody gets.
NEWEST := 2026-11-10
COMPILE = $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	--exclude-newer $(NEWEST) pyproject.toml

synthesis: $(VENV)/.installed  ## rebuild data/derived, run the notebooks, write build/index.html (the default)
	$(BIN)/synthesis run

test: $(VENV)/.installed  ## run the tests, then every notebook against its saved output
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder tests
	env -u MPLBACKEND $(BIN)/python -m pytest $(NBVAL) notebooks

browser: $(VENV)/.installed-lab  ## use the pages, the coder's screen and the planning form in a real browser (needs Debian's chromium, chromium-driver and npm)
	@for each in chromium:chromium chromedriver:chromium-driver; do command -v $${each%%:*} >/dev/null || \
		{ echo "make browser needs $${each%%:*}: apt-get install -y $${each##*:}" >&2; exit 1; }; done
	@$(BIN)/python -c 'import anywidget, jupyterlab' || { echo "make browser needs anywidget and jupyterlab in $(VENV): they belong in requirements-lab.lock (make lock)" >&2; exit 1; }
	@test -n "$(WITHOUT_AXE)" || $(BIN)/python tests/browser/axe.py || { echo "Without these rules: make browser WITHOUT_AXE=yes" >&2; exit 1; }
	@test -f build/index.html || $(MAKE) synthesis
	$(BIN)/python -m pytest tests/browser $(if $(WITHOUT_AXE),--ignore tests/browser/test_axe.py)

lint: $(VENV)/.installed  ## style (ruff) and types (mypy)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check --quiet .
	$(BIN)/mypy

check: $(VENV)/.installed  ## list every problem in data/
	$(BIN)/synthesis check

notebooks: $(VENV)/.installed  ## run the notebooks and save them with their new output
	$(BIN)/synthesis run --save-notebooks

bench: $(VENV)/.installed  ## time the toolkit on large made-up data
	@set -e; for file in tests/benchmarks/*.py; do echo "$$file"; $(BIN)/python "$$file"; done

lab: $(VENV)/.installed-lab  ## open the notebooks in JupyterLab
	$(BIN)/jupyter lab notebooks/00_index.ipynb

lock:  ## choose the pinned versions anew, from releases up to the day NEWEST (needs uv)
	@test -n "$(UV)" || { echo "make lock needs uv: put it on the PATH, or name it: make lock UV=/path/to/uv"; exit 1; }
	rm -f requirements.lock requirements-lab.lock
	$(COMPILE) --extra notebooks --extra scale --extra test --output-file requirements.lock
	$(COMPILE) --all-extras --constraint requirements.lock --output-file requirements-lab.lock

clean:  ## remove everything that can be made again (not data/derived)
	rm -rf $(VENV) build *.egg-info .pytest_cache .ruff_cache .mypy_cache .hypothesis
	find . -type d \( -name __pycache__ -o -name .ipynb_checkpoints \) -prune -exec rm -rf {} +

help:  ## list these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

$(VENV)/.installed: pyproject.toml requirements.lock
	@test -n "$(PYTHON)" || { echo "No Python 3.11 or later was found. Install one, or name it: make PYTHON=/path/to/python3.11"; exit 1; }
	@echo "Setting up $(VENV) (a minute or two the first time) ..."
	@test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV)
	@$(PIP_INSTALL) --require-hashes -r requirements.lock
	@$(BIN)/python -m pip uninstall -qq --disable-pip-version-check --yes synthesis  # the distribution's first name: two would own one command
	@rm -rf synthesis.egg-info
	@$(PIP_INSTALL) --no-deps -e .
	@touch $@

$(VENV)/.installed-lab: $(VENV)/.installed requirements-lab.lock
	@echo "Adding JupyterLab to $(VENV) ..."
	@$(PIP_INSTALL) --require-hashes -r requirements-lab.lock
	@touch $@
