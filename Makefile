# Carekeep. `make run` and `make test` are all that most people need; `make help` lists the rest.
.PHONY: run test soak fuzz mutants release-results bench lint format docs help packages-run packages-test packages-bench toolchain
.DEFAULT_GOAL := help
# Each step needs the one before it.
.NOTPARALLEL:

# Options for the server: make run ARGS="--config carekeep.yaml"
ARGS ?=
# Modules whose tests reckon and wait for nobody. They run first: beside them, those that talk to a database would wait for minutes.
RECKONING = ^(FHIRTests|PagesTests|PaperTests|SyntheticTests)[.]

# Tests at once. Without a limit hundreds begin together, and on two cores what waits for a database may wait longer than it lets anybody.
WIDTH = SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=8

# Options for pytest: make test PYTEST="-k sign_in". Two processes, each with a server of its own: these tests wait more than they work.
PYTEST ?=

run: packages-run toolchain ## install what is missing, build, start the demo and say where it is
	@echo "Building; the first time takes several minutes."
	@swift build -c release --product carekeep
	@CAREKEEP_SAMPLES="$(wildcard $(CURDIR)/../shared/data/fhir)" exec .build/release/carekeep run --demo $(ARGS)

test: packages-test toolchain lint .venv/.installed ## everything that can be tested on this machine; CI runs this
	swift build --build-tests
	$(WIDTH) swift test --skip-build --disable-xctest --filter '$(RECKONING)'
	$(WIDTH) swift test --skip-build --disable-xctest --skip '$(RECKONING)'
	.venv/bin/python -m pytest --numprocesses 2 --dist loadfile Tests/scripts Tests/browser $(PYTEST)

soak: packages-test toolchain .venv/.installed ## server and databases killed two hundred times while people write; an hour
	swift build
	CAREKEEP_KILL_ROUNDS=$${CAREKEEP_KILL_ROUNDS:-200} .venv/bin/python -m pytest -s Tests/browser/test_kill_run.py $(PYTEST)

fuzz: toolchain ## bytes that nobody has checked, made up for a while: make fuzz ARGS="--seconds 600 json"
	scripts/fuzz $(ARGS)

mutants: packages-test toolchain .venv/.installed ## damage to the checks on which pass and seal rest: do the tests notice?
	scripts/mutate $(ARGS)

release-results: packages-test toolchain .venv/.installed ## what the longest suites find for the release binary, written beside it
	swift build --build-tests
	swift build -c release --product carekeep
	scripts/record-release .build/release/carekeep $(ARGS)

bench: packages-bench toolchain .venv/.installed ## how close the server comes to the database's own limit, as ratios
	swift build -c release --product carekeep
	.venv/bin/python bench/run $(ARGS)

lint: toolchain ## imports, format, secrets, SQL in the wrong place: what reading the source can tell
	@scripts/lint

format: toolchain ## write the source as the formatter wants it
	swift format --in-place --parallel --recursive Sources Tests database/Database.swift Package.swift

docs: toolchain ## the documentation of every module, as web pages in .build/docs
	@scripts/docs

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

packages-run:
	@scripts/install-packages run

packages-test:
	@scripts/install-packages run test

packages-bench:
	@scripts/install-packages run bench

toolchain:
	@command -v swift >/dev/null || { \
	    echo "Carekeep needs the Swift toolchain, 6.3 or newer: https://www.swift.org/install/linux" >&2; exit 1; }

# Debian's Python, so that what is tested does not depend on which other Pythons a machine has.
.venv/.installed: Tests/requirements.txt
	@/usr/bin/python3 -m venv --clear .venv
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@
