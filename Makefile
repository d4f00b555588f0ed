# `make run` opens the chat, `make test` runs the tests; each sets up .venv from nothing when needed.
PYTHON ?= python3
BIN := .venv/bin
# `make test TORCH=2.11.0` tests with another torch than the pinned one
TORCH ?=
PINS := $(if $(TORCH),.venv/constraints.txt,constraints.txt)

.PHONY: run test test-all check format bench readme clean

run: .venv/.run
	$(BIN)/python app.py --open

# what a proof raises must be raised in a process that nothing else has set up: they run by themselves
test: check
	$(BIN)/python -m pytest -n 2 --dist loadgroup -m "not slow" --ignore tests/proofs
	$(BIN)/python -m pytest -n 2 -m "not slow" tests/proofs

test-all: check
	$(BIN)/python -m pytest -n 2 --dist loadgroup --ignore tests/proofs
	$(BIN)/python -m pytest -n 2 tests/proofs
	$(BIN)/python -m tests.benchmarks

check: .venv/.test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m corpus check
	$(BIN)/python -m tests.readme --check

format: .venv/.test
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: .venv/.test
	$(BIN)/python -m tests.benchmarks

readme: .venv/.test
	$(BIN)/python -m tests.readme

.venv/.run: pyproject.toml constraints.txt
	$(PYTHON) assistant/preinstall.py run
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(if $(TORCH),sed "s/^torch==.*/torch==$(TORCH)/" constraints.txt > $(PINS))
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c $(PINS) -e ".[lm]"
	touch $@

.venv/.test: pyproject.toml constraints.txt
	$(PYTHON) assistant/preinstall.py test
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(if $(TORCH),sed "s/^torch==.*/torch==$(TORCH)/" constraints.txt > $(PINS))
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c $(PINS) -e ".[test]"
	touch $@ .venv/.run

clean:
	rm -rf .venv build *.egg-info .pytest_cache .mypy_cache .ruff_cache
