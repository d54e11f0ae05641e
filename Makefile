# Two commands are enough: `make run` and `make test`. Both set up what they need, in .venv and nowhere else but for
# Debian's Chromium and nginx, which `make test` installs where it may (root and apt) and asks for where it may not.

PORT ?= 8000
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3.14 python3; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
UV := $(shell command -v uv 2>/dev/null)
BIN := .venv/bin
WORKERS ?= $(shell nproc 2>/dev/null || echo 2)

.PHONY: run test check drills lint lock clean

run: .venv/.run
	@$(BIN)/qrmerch demo --port $(PORT)

test: .venv/.dev lint
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

check: .venv/.dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	@$(MAKE) test

lint: .venv/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/djlint --lint templates

drills: .venv/.dev
	DRILLS=full $(BIN)/python -m pytest -p no:xdist -m "drill or both or full" --timeout 3600 -s tests

lock:
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		--extra tls --extra video --extra set-up -o requirements.lock
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		--all-extras -c requirements.lock -o requirements-dev.lock

clean:
	rm -rf .venv var vendor_uploads/*/ .pytest_cache .mypy_cache .ruff_cache .hypothesis

.venv/.run: requirements.lock pyproject.toml
	@tools/set-up "$(PYTHON)" "$(UV)" requirements.lock
	@touch $@

.venv/.dev: requirements-dev.lock pyproject.toml
	@tools/set-up "$(PYTHON)" "$(UV)" requirements-dev.lock
	@tools/chromium
	@tools/nginx
	@touch $@ .venv/.run
