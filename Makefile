# Two commands do everything: `make demo` renders a real shot, `make test` checks what CI checks.
# `make soak` (half an hour or so) kills the server 200 times over 40 real shots, and feeds it rubbish.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Installed when either file that names packages changes.
STAMP := $(VENV)/.installed

PANEL := plugins/panel
PANEL_STAMP := $(PANEL)/node_modules/.installed

.PHONY: demo test soak check protos premiere install panel panel-test panel-pictures clean

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

test: check panel-test
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest

# The panel is built into the Python package, which serves it.
panel: $(PANEL_STAMP)
	cd $(PANEL) && npm run --silent build

$(PANEL_STAMP): $(PANEL)/package.json $(PANEL)/package-lock.json
	@command -v npm >/dev/null || { echo "The panel needs Node 20 or newer with npm: https://nodejs.org"; exit 1; }
	cd $(PANEL) && npm ci --no-audit --no-fund
	@touch $@

# In a browser, against a real server; about four minutes on two cores.
panel-test: $(STAMP) panel
	cd $(PANEL) && npm run --silent check && npm run --silent test && PYTHON=$(CURDIR)/$(BIN)/python npm run --silent e2e

# Draws the pictures of docs/ anew.
panel-pictures: $(STAMP) panel
	cd $(PANEL) && PICTURES=$(CURDIR)/docs/pictures PYTHON=$(CURDIR)/$(BIN)/python npm run --silent e2e -- looks.spec.ts

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
	cd plugins/premiere && npm run --silent build
	@ls plugins/premiere/dist/*.ccx

plugins/premiere/node_modules/.installed: plugins/premiere/package-lock.json
	cd plugins/premiere && npm ci --silent
	@touch $@

clean:
	rm -rf $(VENV) demo samples/footage $(PANEL)/node_modules server/secondunit/panel
