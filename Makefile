# Marelle: what one types. `make` alone lists it.
# A fresh machine needs make and Python 3.11 to 3.13; scripts/prepare.py brings the rest.

PYTHON ?= python3
BIN := .venv/bin
PYTEST := $(BIN)/python -m pytest
# Files are dealt to two processes: tests of one file share its database, its server, its browser.
DEAL := -n 2 --dist loadfile --no-loadscope-reorder
# How many families the benched towns have.
FAMILIES ?= 200 1000
SHELL := /bin/bash

.DEFAULT_GOAL := help
.PHONY: help run test test-fast check format bench lock css clean prepare-run prepare-test

help: ## Cette liste
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' Makefile

run: prepare-run ## Démarrer Marelle (http://127.0.0.1:8000 ; autre port : PORT=8001 make run)
	@exec $(BIN)/python run.py

test: prepare-test ## Tout vérifier : style, types, étages, et tous les essais
	@$(MAKE) --no-print-directory check-only
	@MARELLE_TEST_EVERYTHING=1 $(PYTEST) $(DEAL)

test-fast: prepare-test ## Les essais rapides, sans ceux marqués « slow » ou « journey »
	@$(PYTEST) $(DEAL) -m "not slow and not journey"

check: prepare-test check-only ## Style, types, étages

.PHONY: check-only
check-only:
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: prepare-test ## Mettre en forme, et corriger ce qui se corrige seul
	@$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

bench: prepare-test ## Les mesures, en JSON, aussi dans bench/results.json (FAMILIES="1000 5000" make bench)
	@set -o pipefail; $(BIN)/python -m bench --families $(FAMILIES) | tee bench/results.json

lock: prepare-test ## Recalculer les versions exactes (requirements*.in vers .lock), avec Python 3.11
	@$(BIN)/python scripts/lock.py

css: ## Reconstruire app/static depuis app/assets (demande Node ; inutile pour démarrer)
	@$(PYTHON) app/assets/build.py

clean: ## Effacer ce qui se refabrique (jamais var/, où sont les données)
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .benchmarks test-results
	@find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +

prepare-run:
	@$(PYTHON) scripts/prepare.py run

prepare-test:
	@$(PYTHON) scripts/prepare.py test
