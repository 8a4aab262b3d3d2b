# Everything a developer of treedis runs. `make test` is the whole of it; the rest are parts or measurements.

GO      ?= go
PEERS   := redis-server redis-cli redis-benchmark redis-sentinel
# A test that hangs must show its goroutines well before anybody loses patience: the whole takes under 6 minutes on 2 cores.
TIMEOUT ?= 6m
# How long `make fuzz` stays with each fuzz target.
FUZZTIME ?= 5m
# What `make fuzz` fuzzes, and what `make test` does for moments: the readers of files, and all that a command goes through.
FUZZ     ?= .
FILES    := ./rdb ./repl/aof ./server/fuzz_test.go
# What the race detector runs on: the packages whose goroutines share memory.
RACE    ?= ./store/... ./rdb/... ./repl/... ./server/...
# What `make microbench` runs: a regular expression.
BENCH   ?= .
# What `make bench` runs: ROWS=get,set of the rows (`go run ./tests/bench --list`), QUICK=1 for small sizes, ROUNDS=n.
ROWS    ?=
QUICK   ?=
ROUNDS  ?=

.PHONY: all build run test peers race fuzz fuzz-short bench microbench lint vet fmt fmt-check staticcheck demo clean

all: build

build:
	$(GO) build -o treedis .

run: build
	./treedis

# -count=1: the end-to-end tests build the server themselves, which the cache of results does not see.
test: peers
	$(GO) test -count=1 -timeout $(TIMEOUT) ./...
	@$(MAKE) --no-print-directory fuzz FUZZTIME=2s FUZZ="$(FILES)"

# The real Redis is what the end-to-end tests compare with. Where it is missing it is installed, if this user may; where it
# cannot be, the tests that need it say so, and fail when CI=true.
peers:
	@for p in $(PEERS); do command -v $$p >/dev/null || missing=1; done; \
	test -z "$$missing" && exit 0; \
	command -v apt-get >/dev/null || { echo "peers: no apt-get, tests against the real Redis are left out"; exit 0; }; \
	if [ "$$(id -u)" = 0 ]; then as=; elif sudo -n true 2>/dev/null; then as="sudo -n"; \
	else echo "peers: neither root nor sudo, tests against the real Redis are left out"; exit 0; fi; \
	install="$$as env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y --no-install-recommends redis-server redis-tools redis-sentinel"; \
	$$install </dev/null || { $$as apt-get update </dev/null && $$install </dev/null; } || \
	echo "peers: the installation failed, tests against the real Redis are left out"

race:
	$(GO) test -race -timeout 15m $$($(GO) list $(RACE) 2>/dev/null)

# Every fuzz target of every package, one after the other: go test fuzzes one target at a time.
fuzz:
	@set -e; grep -rlE '^func Fuzz' --include='*_test.go' $(FUZZ) | sort | while read -r file; do \
		for target in $$(sed -nE 's/^func (Fuzz[A-Za-z0-9_]*)\(.*/\1/p' "$$file"); do \
			echo "fuzz $$target in $$(dirname "$$file")"; \
			$(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) "$$(dirname "$$file")"; \
		done; \
	done

fuzz-short:
	@$(MAKE) --no-print-directory fuzz FUZZTIME=5s

# treedis beside the real Redis; a full run takes about half an hour of a machine that does nothing else, and writes docs/PERFORMANCE.md.
bench: peers
	$(GO) run ./tests/bench $(if $(ROWS),--rows $(ROWS)) $(if $(QUICK),--quick) $(if $(ROUNDS),--rounds $(ROUNDS))

microbench:
	$(GO) test -run '^$$' -bench '$(BENCH)' -benchmem -timeout 30m ./...

lint: fmt-check vet staticcheck

fmt-check:
	@unformatted=$$(gofmt -l .); test -z "$$unformatted" || { echo "not formatted (make fmt):"; echo "$$unformatted"; exit 1; }

vet:
	$(GO) vet ./...

staticcheck:
	$(GO) tool staticcheck ./...

fmt:
	gofmt -w .

demo:
	$(GO) run ./tests/demo

clean:
	rm -f treedis *.test *.prof
	$(GO) clean -testcache
