# The workflow of this project. `make` lists what there is; every target sets up what it needs.
#
#   PYTHON=python3.13 make test     another interpreter for a new .venv (3.11, 3.12 or 3.13)
#   make test ARGS="-k release"     ARGS goes to the program the target runs

PYTHON ?= python3
ARGS ?=
# `make run`: the port on 127.0.0.1.
PORT ?= 8080
# `make fuzz`: how many random stories to play.
SEEDS ?= 100000
# `make package`, `deploy`, `destroy`: the stage of .chalice/config.json.
STAGE ?= dev
# `make package`: processor and Python of the functions (the Python that packages, if not said).
ARCH ?= arm64
PYTHON_VERSION ?=
# `make deploy`: where code goes through, and what may be chosen; docs/deploying.md explains.
BUCKET ?=
EMAIL ?=
DOMAIN ?=
CERTIFICATE ?=
# `make destroy`: the stage's name again, instead of typing it.
CONFIRM ?=

BIN := .venv/bin
# Tests that need nothing but this checkout. A browser or a deployed stack has a target of its own.
TESTS := $(wildcard $(addprefix tests/,unit contract app infra model journey))
# What is shipped, what runs it on one machine, the command line, the deployment.
TYPED := $(wildcard chalicelib local cli infra app.py)

.DEFAULT_GOAL := help
.PHONY: help setup demo run test test-dynamodb-local test-deploy test-browser screenshots check format fuzz bench scale package deploy first-key destroy clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' \
	    | while IFS="$$(printf '\t')" read -r name text; do printf '  make %-20s %s\n' "$$name" "$$text"; done

setup: .venv/.ready ## make .venv with everything in requirements-dev.txt

# The interpreter is checked first: pip's own words about a wrong one are hard to read.
# An unfinished set-up leaves no .ready behind, so the next make goes on with it.
.venv/.ready: requirements.txt requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(0 if (3, 11) <= sys.version_info < (3, 14) else \
	    "Synclog runs on Python 3.11 to 3.13 and this is %s: say which one to use, as in" \
	    " `make PYTHON=python3.13 setup`" % sys.version.split()[0])'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

demo: setup ## play a merchant with simulated vendors (ARGS=--once: without live traffic)
	$(BIN)/python -m local.demo $(ARGS)

run: setup ## run Synclog on this machine, data under ./var (PORT=8080)
	PORT=$(PORT) $(BIN)/python -m local.run $(ARGS)

test: setup ## run the tests (ARGS="-k word" for some)
	$(BIN)/python -m pytest -n 2 --dist worksteal $(TESTS) $(ARGS)

# The stores under contract, and what the adapter believes about DynamoDB; needs Java 17 and Maven.
REFEREED := $(wildcard tests/contract/test_sync_log_*.py) tests/contract/test_registry.py \
    $(addprefix tests/contract/test_dynamo_,conditions.py table.py transactions.py) \
    tests/referee tests/model/test_on_aws.py

test-dynamodb-local: setup ## run the stores' tests on DynamoDB Local (fetched by Maven)
	$(BIN)/python -m local.aws $(BIN)/python -m pytest -n 2 --dist worksteal $(REFEREED) $(ARGS)

# The emulator pins libraries that ours differ from, so it lives apart.
MINISTACK := build/ministack

$(MINISTACK)/.ready: local/aws/ministack/requirements.txt .venv/.ready
	$(BIN)/python -m venv --clear $(MINISTACK)
	$(MINISTACK)/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@

test-deploy: setup $(MINISTACK)/.ready ## deploy the package into MiniStack and test it there
	$(BIN)/python -m pytest tests/deploy $(ARGS)

test-browser: setup ## test the console in Chromium (CHROMIUM=/path/to/it)
	$(BIN)/python -m pytest tests/browser $(ARGS)

screenshots: setup ## photograph every page into build/screenshots (ARGS="overview": one)
	$(BIN)/python -m tests.browser.screenshots $(ARGS)

check: setup ## check format, lint and types; changes nothing
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy $(TYPED)

format: setup ## format the code and mend what ruff can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

fuzz: setup ## play random stories against the engine (SEEDS=100000)
	$(BIN)/python -m tests.model.fuzz --seeds $(SEEDS) $(ARGS)

bench: setup ## measure what is promised (ARGS="--only prices": one part)
	$(BIN)/python -m bench $(ARGS)

scale: setup ## work out what breaks first as it grows (ARGS=--quick: coarser, in a minute)
	$(BIN)/python -m bench.scale $(ARGS)

package: setup ## make the Lambda package and its template in build/package (STAGE=dev ARCH=arm64)
	$(BIN)/python -m infra.package --stage $(STAGE) --arch $(ARCH) \
	    $(if $(PYTHON_VERSION),--python-version $(PYTHON_VERSION)) $(ARGS)

deploy: ## deploy that package with the AWS CLI (STAGE=dev BUCKET=name)
	@test -n "$(BUCKET)" || { echo "Say which S3 bucket the code goes through: make deploy STAGE=$(STAGE) BUCKET=name" >&2; exit 2; }
	@$(MAKE) --no-print-directory package
	$(BIN)/python -m infra.deploy --stage $(STAGE) --bucket "$(BUCKET)" --email "$(EMAIL)" \
	    --domain "$(DOMAIN)" --certificate "$(CERTIFICATE)"

first-key: setup ## make the operator's first key of a deployed stage (STAGE=dev)
	@$(BIN)/python -m infra.first_key --stage $(STAGE) $(ARGS)

destroy: setup ## take a deployed stage away (STAGE=dev)
	$(BIN)/python -m infra.destroy --stage $(STAGE) --confirm "$(CONFIRM)"

clean: ## remove what the targets made; keeps ./var, the data of this machine
	rm -rf .venv build .pytest_cache .mypy_cache .ruff_cache .chalice/deployments
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
