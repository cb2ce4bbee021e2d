# The few commands a contributor needs; each line after `##` is its help.
#
# demo, drill, compare and test start a control plane of their own. GUARANTOR_TEST_KUBECONFIG=/path/to/kubeconfig names a cluster
# to be used instead, but by compare; KUBECONFIG never does.
.DEFAULT_GOAL := help
.PHONY: help demo drill twins compare test lint bench crds need-rust need-go

CRDS := crds charts/guarantor/files/crds

help: ## Show this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo "  GUARANTOR_TEST_KUBECONFIG=/path/to/kubeconfig: demo and test use that cluster instead of starting one"

demo: need-rust need-go ## Show the operator at work on a real control plane; KEEP=1 keeps the cluster afterwards
	cargo build --locked -p guarantor
	cargo run --locked -p guarantor-testbed --bin demo $(if $(KEEP),-- --keep)

drill: need-rust need-go ## Let every fault strike on a real control plane and print what the operator did; RUNS=10: ten times each
	cargo build --locked -p guarantor
	cargo run --locked -p guarantor-testbed --bin drill -- --runs $(or $(RUNS),1) $(if $(FAULT),--fault $(FAULT)) $(if $(LANES),--lanes $(LANES))

twins: need-rust need-go ## Kill the operator around each of its acts on a real control plane; it must end as if nobody had; STORY=in_a_storm: one story
	cargo test --locked -p guarantor --test control_plane -- --ignored ends_like_its_undisturbed_twin$(if $(STORY),::$(STORY)) --test-threads=2

compare: need-rust need-go ## Scale equal services by Guarantor and by HPA, side by side on a real control plane; RUNS=1 SHORT=1: a quick look
	cargo build --locked -p guarantor
	cargo run --locked -p guarantor-testbed --bin compare -- --runs $(or $(RUNS),5) $(if $(LANES),--lanes $(LANES)) $(if $(SHORT),--short) $(if $(FAULT),--fault $(FAULT)) $(if $(JSON),--json $(JSON))

test: need-rust need-go ## Run all tests
	cargo test --workspace --locked

lint: need-rust ## Check format, lints, licences and banned crates
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	@if command -v cargo-deny >/dev/null; then \
	  echo cargo deny check licenses bans sources; \
	  cargo deny --locked check licenses bans sources; \
	else \
	  echo "*** SKIPPED: licences, bans and sources were NOT checked: cargo-deny is missing." >&2; \
	  echo "*** Install it with: cargo install cargo-deny --locked" >&2; \
	fi

bench: need-rust ## Time a month's account, and play the scaling law against HPA, KEDA and Knative; SEEDS=1: a quick look
	cargo bench --locked -p guarantor --bench account
	cargo bench --locked -p guarantor --bench scaling

crds: need-rust ## Write the custom resource definitions again, for crds/ and the chart
	cargo build --locked -p guarantor
	@for folder in $(CRDS); do \
	  mkdir -p $$folder && rm -f $$folder/*.yaml && cargo run --quiet --locked -p guarantor -- crds --directory $$folder || exit 1; \
	done

need-rust:
	@command -v cargo >/dev/null && command -v rustc >/dev/null || { \
	  echo "Guarantor is written in Rust, and cargo or rustc was not found. Install both from https://rustup.rs" >&2; exit 1; }

need-go:
	@command -v go >/dev/null || { \
	  echo "The tests and the demo build a Kubernetes control plane and a Prometheus with Go 1.26, and go was not found." >&2; \
	  echo "Install it from https://go.dev/dl" >&2; exit 1; }
