# Two commands get you there: `make run` and `make ui` (or `make serve`). `make help` lists the rest.
PYTHON ?= python3
BIN := .venv/bin
# installs one lock file into .venv, hashes checked; plain pip where the fast installer cannot reach the index
define install_lock
	$(BIN)/uv pip install --quiet --compile-bytecode --require-hashes -r $(1) || { \
		echo "The fast installer could not; pip does the same in some minutes ..."; \
		$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r $(1); }
	$(BIN)/uv pip install --quiet --no-deps --no-build-isolation --offline -e . || $(BIN)/pip install --quiet --no-deps --no-build-isolation -e .
endef

.PHONY: help run serve ui install generate test test-long bench lint lock clean

help:  ## Show this list
	@grep -hE '^[a-z-]+:.*##' Makefile | sed -E 's/:[^#]*## /\t/' | expand -t 12

run: .venv/.run  ## Land a year of real shop data and run it to a served release
	@$(BIN)/aisle demo

serve: .venv/.run  ## The lookup endpoint on 127.0.0.1:8787
	@$(BIN)/aisle serve

ui: .venv/.run  ## The Dagster UI on 127.0.0.1:3000
	@$(BIN)/aisle ui

install: .venv/.run  ## Make the environment alone

generate: .venv/.run  ## Write dbt's sources and exposures and docs/tables again, from contracts and assets
	@$(BIN)/python -m recs.contracts.dbt_sources data_contracts dbt_project/models/staging/sources.yml
	@$(BIN)/python -m recs.contracts.pages data_contracts docs/tables
	@$(BIN)/python -m orchestration.exposures dbt_project/models/exposures.yml

.venv/bin/uv: requirements-installer.lock
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-installer.lock
	@touch $@

.venv/.run: .venv/bin/uv requirements.lock pyproject.toml
	@echo "Installing into .venv ..."
	@$(call install_lock,requirements.lock)
	@$(BIN)/python -m orchestration.dbt_project
	@$(BIN)/python -m recs.compile
	@touch $@

.venv/.dev: .venv/bin/uv requirements-dev.lock pyproject.toml
	@echo "Installing every extra and the test tools into .venv ..."
	@$(call install_lock,requirements-dev.lock)
	@touch $@ .venv/.run

lint: .venv/.dev  ## Style, types, import rules
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .
	@PYTHONWARNINGS=ignore $(BIN)/sqlfluff lint --processes 2 --disable-progress-bar dbt_project/models dbt_project/macros
	@$(BIN)/lint-imports
	@$(BIN)/mypy

test: lint  ## What must stay green: lint, unit, contract, conformance and end-to-end tests (under 10 minutes)
	@$(BIN)/python -m orchestration.dbt_project
	@$(BIN)/pytest -n 2 --dist loadfile -m "not long"

test-long: .venv/.dev  ## Kills, torture, the real year, the browser (under 45 minutes)
	@$(BIN)/pytest -n 2 --dist loadfile -m long

bench: .venv/.dev  ## Benchmarks, each against a named baseline
	@$(BIN)/aisle bench definitions
	@$(BIN)/aisle bench lookup
	@$(BIN)/aisle bench pairs

lock: .venv/bin/uv  ## Solve the lock files again
	@$(BIN)/uv pip compile --quiet --universal --no-strip-extras --generate-hashes --no-emit-index-url --no-header pyproject.toml --extra demo -o requirements.lock
	@$(BIN)/uv pip compile --quiet --universal --no-strip-extras --generate-hashes --no-emit-index-url --no-header pyproject.toml --all-extras --group dev -c requirements.lock -o requirements-dev.lock

clean:  ## Remove the environment and everything Aisle wrote
	rm -rf .venv var dbt_project/target
