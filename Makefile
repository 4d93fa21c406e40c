# Every target: one line of help after ##. The virtual environment is made on first use.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

VENV   := .venv
PYTHON := $(VENV)/bin/python
STAMP  := $(VENV)/.installed
NATIVE := $(PYTHON) -m infra.native

DATA ?=
PART ?=
PACK ?= mixed
RATE ?= 50
SECONDS ?= 60
SEED ?= 1
SEEDS ?= 10

.PHONY: help demo test up down status logs clean load train promote rollback model-report data-commentary simulate backtest parity api-key api-keys api-key-revoke dead-letters check bench chaos attack dashboards screenshots containers lock backup restore replay restart resnapshot reconcile

help: ## this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 24

demo: $(STAMP) ## set up, start, load DATA=folder (or simulate), train, show what was found
	@$(NATIVE) up
	@$(if $(DATA),$(PYTHON) -m connectors.load $(DATA),$(PYTHON) -m simulator --pack $(PACK) --seed $(SEED) --history 30 --wait)
	@$(PYTHON) -m ml.training
	@$(PYTHON) -m stream_processors.rescore_all
	@$(NATIVE) found

up: $(STAMP) ## start what is not running; returns when everything is ready
	@$(NATIVE) up

down: ## stop everything cleanly; loses nothing
	@if [ -x $(PYTHON) ]; then $(NATIVE) down; else echo "nothing is installed, nothing runs"; fi

restart: $(STAMP) ## stop and start PART=name; KILL=1 one that hangs
	@$(NATIVE) restart "$(PART)" $(if $(KILL),--kill)

status: $(STAMP) ## every part: state, pid, uptime, memory, port, health
	@$(NATIVE) status

logs: $(STAMP) ## follow the logs of all parts, or of PART=name
	@$(NATIVE) logs $(PART)

clean: $(STAMP) ## remove data, models, secrets, logs, keep downloads; FORCE=1 does not ask
	@$(NATIVE) clean $(if $(FORCE),--force)

backup: $(STAMP) ## copy every store into the new folder INTO=dir; the stack is down meanwhile
	@$(PYTHON) -m infra.backup save --into "$(INTO)"

restore: $(STAMP) ## bring back what the backup FROM=dir holds; FORCE=1 replaces data
	@$(PYTHON) -m infra.backup restore --from "$(FROM)" $(if $(FORCE),--force)

load: $(STAMP) ## play the CSV files in DATA=folder into PostgreSQL; returns when drained
	@$(PYTHON) -m connectors.load $(DATA)

train: $(STAMP) ## train, evaluate, publish if not worse, rescore; FORCE=1 anyway, CHALLENGER=1 in shadow
	@$(PYTHON) -m ml.training $(if $(CHALLENGER),--challenger) $(if $(FORCE),--force)
	@$(PYTHON) -m stream_processors.rescore_all

promote: $(STAMP) ## make the challenger the model that judges, rescore
	@$(PYTHON) -m ml.training.takeover promote
	@$(PYTHON) -m stream_processors.rescore_all

rollback: $(STAMP) ## go back to the model before, rescore; again: further back
	@$(PYTHON) -m ml.training.takeover rollback
	@$(PYTHON) -m stream_processors.rescore_all

model-report: $(STAMP) ## evaluate on DATA=folder and write docs/model-report; publishes nothing
	@$(PYTHON) -m ml.training.model_report $(DATA) --into docs/model-report

data-commentary: $(STAMP) ## count what DATA=folder tells and write docs/data-commentary.md
	@$(PYTHON) -m ml.commentary $(DATA) --into docs/data-commentary.md

simulate: $(STAMP) ## seeded traffic with attackers: PACK=name RATE=n SECONDS=n SEED=n
	@$(PYTHON) -m simulator --pack $(PACK) --rate $(RATE) --seconds $(SECONDS) --seed $(SEED)

backtest: $(STAMP) ## what POLICY=file, MODEL=version|rules or PROMOTE=1 would change; FOLDER=dir
	@$(PYTHON) -m ml.backtest $(if $(POLICY),--policy $(POLICY)) $(if $(MODEL),--model $(MODEL)) \
	  $(if $(FOLDER),--folder $(FOLDER)) $(if $(PROMOTE),--promote-shadow) \
	  $(if $(LIMIT),--limit $(LIMIT)) $(if $(JSON),--json $(JSON))

parity: $(STAMP) ## recompute every latest vector from the warehouse's events; any difference fails
	@$(PYTHON) -m ml.parity

api-key: $(STAMP) ## a new API key, shown once: NAME=client SCOPES=read,score,… PER_MINUTE=n DAYS=n
	@$(PYTHON) -m api.access create --name "$(NAME)" --scopes "$(SCOPES)" \
	  $(if $(PER_MINUTE),--per-minute $(PER_MINUTE)) $(if $(DAYS),--days $(DAYS))

api-keys: $(STAMP) ## every API key: client, scopes, limit, state
	@$(PYTHON) -m api.access list

api-key-revoke: $(STAMP) ## end the API key ID=id
	@$(PYTHON) -m api.access revoke --id "$(ID)"

dead-letters: $(STAMP) ## what was set aside and why; REPLAY=1 sends it again
	@$(PYTHON) -m stream_processors.dead_letters_cli $(if $(REPLAY),--replay)

replay: $(STAMP) ## have GROUP=scoring|warehouse read everything again; changes no result
	@$(NATIVE) replay "$(GROUP)"
	@$(if $(filter scoring,$(GROUP)),$(PYTHON) -m stream_processors.end_orphans)

resnapshot: $(STAMP) ## have Debezium read every table again: its slot is lost, PostgreSQL was restored
	@$(PYTHON) -m connectors.debezium.resnapshot

reconcile: $(STAMP) ## compare PostgreSQL with ClickHouse and Redis; APPLY=1 mends what differs
	@$(PYTHON) -m stream_processors.reconcile $(if $(APPLY),--apply)

check: $(STAMP) prepare ## format, lint, types, unit tests; under a minute
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/mypy
	@$(VENV)/bin/pytest -q tests/unit

test: prepare-tests check ## check, then every test against real services on free ports
	@$(VENV)/bin/pytest -q tests --ignore=tests/unit

bench: $(STAMP) ## figures of speed into benchmarks/results
	@$(PYTHON) -m benchmarks

chaos: $(STAMP) ## figures of survival into benchmarks/results
	@$(PYTHON) -m benchmarks --survival

attack: $(STAMP) ## every attack among honest people, against a stack of its own: SEEDS=10 PACK=name
	@$(PYTHON) -m simulator.gate --seeds $(SEEDS) --pack $(PACK)

dashboards: $(STAMP) ## write Grafana's files in grafana/generated from the dashboards in Python
	@$(PYTHON) -m grafana build

containers: $(STAMP) ## write the containers' configuration in infra/docker/generated
	@$(PYTHON) -m infra.docker

lock: $(STAMP) ## pin and hash the requirements again; UPGRADE=1 takes newer versions
	@env -u PIP_FIND_LINKS $(VENV)/bin/pip-compile -q $(if $(UPGRADE),--upgrade) --allow-unsafe --extra=dev --extra=native --generate-hashes \
	  --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --strip-extras \
	  --output-file=requirements-dev.lock pyproject.toml
	@env -u PIP_FIND_LINKS $(VENV)/bin/pip-compile -q --allow-unsafe --constraint=requirements-dev.lock --generate-hashes \
	  --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --strip-extras \
	  --output-file=requirements.lock pyproject.toml

screenshots: prepare-tests ## pictures of the running stack's dashboards for docs/dashboards.md
	@$(PYTHON) -m tests.e2e.screenshots

.PHONY: prepare prepare-tests
prepare: $(STAMP)
	@$(NATIVE) prepare

prepare-tests: $(STAMP)
	@$(NATIVE) prepare --tests

$(STAMP): requirements-dev.lock infra/native/make-venv.sh
	@infra/native/make-venv.sh $(VENV) requirements-dev.lock
	@touch $@
