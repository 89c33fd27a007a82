# The tasks of developers and users; `make` alone prints them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DASHBOARD := frontend-example/dist/index.html
CLIENTS := examples/clients/node_modules/.package-lock.json

# Tests start hundreds of servers: without bytecode each of them would compile the product again.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run test test-exhaustive ready browser test-deploy quick check fmt lint types layers pictures bench bench-quick bench-peers bench-docs chaos schema docs dashboard release locks clean

help: ## Print this
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:[^#]*## /\t/' | expand -t 17

run: $(VENV)/.demo $(DASHBOARD) ## Start the demo: server, dashboard, workflows, a proxy that runs a real playbook
	$(BIN)/orchestrator-gql demo $(if $(PORT),--port $(PORT)) $(if $(PROXY_PORT),--proxy-port $(PROXY_PORT))

test: ## Check everything, then run the tests: a part of large tables and of random draws, all of the rest
	$(MAKE) --no-print-directory --jobs=4 ready
	$(BIN)/python -m scripts.run_tests

test-exhaustive: ## Run all tests with each row of each table on each database, and with far more random draws (an hour)
	$(MAKE) --no-print-directory --jobs=4 ready
	ORCHESTRATOR_TEST_EXHAUSTIVE=1 $(BIN)/python -m scripts.run_tests

# What all tests need. The parts do not depend on each other, and most of them wait for the network or use one processor.
ready: $(VENV)/.dev $(VENV)/.lso $(VENV)/.generator $(DASHBOARD) $(CLIENTS) browser check

browser:
	./scripts/find_browser

test-deploy: $(VENV)/.dev $(DASHBOARD) ## Test the shipped deployment behind a real Caddy and nginx
	./scripts/find_proxies
	./scripts/find_browser
	$(BIN)/pytest -q -m deploy tests/deploy

quick: $(VENV)/.dev fmt lint types layers ## Check everything, then run the tests of what you changed (BASE=main: since that branch), in two minutes
	$(BIN)/pytest -q -n $${PYTEST_WORKERS:-2} --dist loadfile $$($(BIN)/python -m scripts.changed_tests $(BASE))

check: $(VENV)/.dev fmt lint types layers ## Check formatting, lint, types, layers and spelling

fmt: $(VENV)/.dev
	$(BIN)/ruff format --check --quiet .

lint: $(VENV)/.dev
	$(BIN)/ruff check --quiet .
	$(BIN)/codespell orchestrator_gql tests docs examples README.md CHANGELOG.md

types: $(VENV)/.dev
	$(BIN)/mypy --num-workers 2

layers: $(VENV)/.dev ## Check that a module imports only from layers below its own
	@report=$$($(BIN)/lint-imports --no-cache); status=$$?; echo "$$report" | grep -A 20 -E 'BROKEN|Contracts:'; exit $$status

pictures: $(VENV)/.demo $(DASHBOARD) ## Take the pictures of the README and the docs again; look at each of them
	$(BIN)/python -m scripts.take_pictures

bench: $(VENV)/.dev ## Measure, and print a table with a reference for each figure
	$(BIN)/python -m benchmarks $(if $(JSON),--json $(JSON))

bench-quick: $(VENV)/.dev ## Measure the important rows, in less than five minutes
	$(BIN)/python -m benchmarks --quick $(if $(JSON),--json $(JSON))

bench-peers: $(VENV)/.dev $(VENV)/.peers ## Run the measured lifecycle on the product and on DBOS, on one PostgreSQL, by turns
	$(BIN)/python -m benchmarks peers $(if $(JSON),--json $(JSON))

bench-docs: $(VENV)/.dev $(VENV)/.peers ## Measure all rows (NAMES=fanout: some) on an idle machine, into tables and charts of the docs
	$(BIN)/python -m benchmarks $(NAMES) --json docs/explanation/performance.json
	$(BIN)/python -m scripts.write_performance

chaos: $(VENV)/.dev ## Kill servers by the hundred, race for callbacks by the thousand, deliver 100,000 events, and count what is lost (an hour)
	PYTHONPATH=tests $(BIN)/python -m races
	PYTHONPATH=tests $(BIN)/python -m chaos
	PYTHONPATH=tests $(BIN)/python -m chaos.product_lives
	PYTHONPATH=tests $(BIN)/python -m chaos.deliveries

schema: $(VENV)/.dev ## Write schema.graphql and the tables of a new SQLite file
	$(BIN)/python -m scripts.write_schema
	$(BIN)/orchestrator-gql schema --output schema.graphql

docs: $(VENV)/.dev $(VENV)/.docs ## Write the generated reference pages, and build the documentation site into site/
	$(BIN)/python -m scripts.write_reference
	$(VENV)/docs/bin/zensical build --strict --clean
	$(BIN)/python -m scripts.check_site
	@echo "Read it: $(BIN)/python -m http.server --bind 127.0.0.1 --directory site 8010"

dashboard: ## Build the dashboard again (needs Node 20)
	rm -rf frontend-example/dist
	$(MAKE) $(DASHBOARD)

release: $(VENV)/.release dashboard ## Check, build and try the packages of a release, and print what remains to be done by a person
	$(VENV)/release/bin/python -m scripts.release

locks: $(VENV)/.dev ## Resolve the locked dependencies again
	./scripts/lock_dependencies $(BIN)

clean: ## Remove all build results and installed packages
	rm -rf site .cache $(VENV) frontend-example/dist frontend-example/node_modules examples/clients/node_modules .demo .mypy_cache .ruff_cache .pytest_cache

# The server also runs without Node; its first page then says how to build the dashboard.
# The packages are installed again only if their list changed: the build itself takes seconds.
$(DASHBOARD): $(addprefix frontend-example/,package.json package-lock.json index.html vite.config.ts tsconfig.json) \
		$(shell find frontend-example/src frontend-example/graphiql frontend-example/public -type f 2>/dev/null)
	@if command -v npm > /dev/null; then \
		cd frontend-example && \
		if ! [ node_modules/.package-lock.json -nt package-lock.json ]; then \
			echo "Installing the packages of the dashboard with npm, once: about a minute."; \
			npm ci --silent --no-fund --no-audit; \
		fi && npm run --silent build && touch dist/index.html; \
	else echo "Node is not installed: going on without the dashboard."; fi

# The clients of the examples have packages of their own; a test runs them.
$(CLIENTS): $(addprefix examples/clients/,package.json package-lock.json)
	@if command -v npm > /dev/null; then \
		echo "Installing the packages of the clients in examples/, once: half a minute."; \
		cd examples/clients && npm ci --silent && touch node_modules/.package-lock.json; \
	else echo "Node is not installed: going on without the clients of the examples."; fi

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed." if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.demo: requirements-demo.txt pyproject.toml | $(BIN)/python
	@echo "Installing the packages of the demo into $(VENV), once: about a minute."
	$(BIN)/python -m pip install --quiet --require-hashes --no-deps -r requirements-demo.txt
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	touch $@

$(VENV)/.dev: requirements-dev.txt pyproject.toml | $(BIN)/python
	@echo "Installing the packages of development into $(VENV), once: one to three minutes."
	$(BIN)/python -m pip install --quiet --require-hashes --no-deps -r requirements-dev.txt
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	touch $@ $(VENV)/.demo

# In some tests a real LSO calls back. It needs other versions of our dependencies, so it has its own environment.
$(VENV)/.lso: requirements-lso.txt | $(BIN)/python
	$(PYTHON) -m venv $(VENV)/lso
	$(VENV)/lso/bin/python -m pip install --quiet --no-compile --require-hashes --no-deps -r requirements-lso.txt
	touch $@

# The system that the benchmarks compare the product with. It has its own environment, so that ours has no package of it.
$(VENV)/.peers: benchmarks/peers/requirements.txt | $(BIN)/python
	$(PYTHON) -m venv $(VENV)/peers
	$(VENV)/peers/bin/python -m pip install --quiet --require-hashes --no-deps -r benchmarks/peers/requirements.txt
	touch $@

# The builder of the documentation site; its packages have an environment of their own.
$(VENV)/.docs: requirements-docs.txt | $(BIN)/python
	@echo "Installing the packages of the documentation site into $(VENV)/docs, once."
	$(PYTHON) -m venv $(VENV)/docs
	$(VENV)/docs/bin/python -m pip install --quiet --require-hashes --no-deps -r requirements-docs.txt
	touch $@

# A test generates a client from our OpenAPI document. The generator needs other versions of our dependencies, too.
$(VENV)/.generator: requirements-generator.txt | $(BIN)/python
	$(PYTHON) -m venv $(VENV)/generator
	$(VENV)/generator/bin/python -m pip install --quiet --no-compile --require-hashes --no-deps -r requirements-generator.txt
	touch $@

# What builds and checks the packages of a release. It needs other versions of our dependencies, too.
$(VENV)/.release: requirements-release.txt | $(BIN)/python
	$(PYTHON) -m venv $(VENV)/release
	$(VENV)/release/bin/python -m pip install --quiet --require-hashes --no-deps -r requirements-release.txt
	touch $@
