# Thin: each target is a few plain lines that CONTRIBUTING.md gives, too.

CARGO ?= cargo
GO := cd tests/controlplane && GOWORK=off GOFLAGS=-mod=readonly CGO_ENABLED=0 go
# The pure core alone: no client, no async runtime.
CORE := --no-default-features

.DEFAULT_GOAL := help
.PHONY: help demo test test-core test-oldest chaos check check-fmt check-clippy check-docs check-wall check-deny check-go check-new-control \
	fmt generate bench new-control image

help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## A cluster on this machine, a small company in it, and what Stanchion says
	scripts/demo

test: ## Every test, with a real API server and a browser (the first time builds and installs them: 8 minutes)
	tests/controlplane/build.sh
	tests/page/install.sh
	tests/helm/build.sh
	$(GO) test -trimpath ./...
	$(CARGO) test --locked --no-fail-fast

test-core: ## The tests of the pure core: no Go, no cluster, no browser, a minute
	$(CARGO) test --locked $(CORE)

chaos: ## Two operators live through faults for a while, and are right in the end
	tests/controlplane/build.sh
	$(CARGO) test --locked --test chaos

test-oldest: ## The operator's tests on the oldest Kubernetes that is supported (the first time builds it: 8 minutes)
	STANCHION_KUBERNETES=1.33 tests/controlplane/build.sh
	STANCHION_KUBERNETES=1.33 $(CARGO) test --locked --test cluster

check: check-fmt check-clippy check-docs check-wall check-deny check-go check-new-control ## Format, lints, documentation, dependencies

check-fmt:
	$(CARGO) fmt --all --check

check-clippy:
	$(CARGO) clippy --locked $(CORE) --all-targets -- -D warnings
	$(CARGO) clippy --locked --all-targets -- -D warnings

check-docs:
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --no-deps --lib

check-wall:
	@tree=$$($(CARGO) tree --locked $(CORE) --edges normal --prefix none) || exit 1; \
	if printf '%s\n' "$$tree" | grep '^tokio '; then echo 'the core has come to depend on tokio' >&2; exit 1; fi

check-deny:
	@if command -v cargo-deny >/dev/null; then \
		$(CARGO) deny --locked check --hide-inclusion-graph bans licenses sources; \
	else \
		echo 'not checked: deny.toml; install with: cargo install --locked cargo-deny@0.20.2'; \
	fi

check-go:
	@found=$$(gofmt -l tests/controlplane); \
	if [ -n "$$found" ]; then printf 'format with gofmt -w:\n%s\n' "$$found" >&2; exit 1; fi
	$(GO) vet -trimpath ./...

check-new-control:
	.ci/new-control

fmt: ## Formats Rust and Go
	$(CARGO) fmt --all
	gofmt -w tests/controlplane

generate: ## Writes what is made from the code: crds/, docs/controls/, docs/reference/, docs/frameworks.md, the chart's copies, dist/
	STANCHION_GENERATE=1 $(CARGO) test --locked --test generated --test generated_controls --test readme
	STANCHION_GENERATE=1 $(CARGO) test --locked --test shop fresh
	STANCHION_GENERATE=1 $(CARGO) test --locked --test chart

bench: ## Measures; see benches/
	$(CARGO) bench --locked

image: ## The image: IMAGE and PLATFORM say otherwise than ghcr.io/stanchion-dev/stanchion, for this machine
	@scripts/image

new-control: ## A new control: make new-control FAMILY=image NAME=mutable-tag
	@scripts/new-control "$(FAMILY)" "$(NAME)"
