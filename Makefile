# omc: the two commands a newcomer needs are `make demo` and `make test`.
SHELL    := /bin/bash
GO       ?= go
BIN      := bin/omc
VERSION  := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
COMMIT   := $(shell git rev-parse --short HEAD 2>/dev/null)
LDFLAGS  := -s -w -X main.version=$(VERSION) -X main.commit=$(COMMIT)
export CGO_ENABLED ?= 0
# Shared market data beside the checkout, where there is any: the demo and some tests use it.
OMC_SHARED ?= $(wildcard $(abspath $(CURDIR)/../shared))
export OMC_SHARED

.PHONY: all build demo test race vet lint generate generated-clean fuzz eval-sentiment eval-gate soak bench clean

all: build

build:
	@mkdir -p bin
	$(GO) build -trimpath -ldflags '$(LDFLAGS)' -o $(BIN) ./cmd/omc

demo: build
	$(BIN) demo $(DEMO)

# Every suite, on both stores: throwaway PostgreSQL and Redis are started and stopped around it.
test:
	scripts/testenv.sh run -- $(GO) test -timeout 9m ./...

race:
	CGO_ENABLED=1 scripts/testenv.sh run -- $(GO) test -race -short -timeout 20m ./...

vet:
	$(GO) vet ./...
	@out=$$(gofmt -l $$(git ls-files '*.go')); if [ -n "$$out" ]; then echo "not gofmt'd:"; echo "$$out"; exit 1; fi

lint:
	$(GO) tool -modfile=tools/go.mod staticcheck ./...

# Completions, man pages, the command reference, the configuration table and the HTTP interface are made from the code.
generate:
	$(GO) run ./cmd/omc dev generate

generated-clean: generate
	@git diff --exit-code -- completions docs || (echo "generated files differ: run 'make generate' and commit"; exit 1)

# A short fuzz of each parser: FUZZTIME each.
FUZZTIME ?= 5s
fuzz:
	scripts/fuzz.sh $(FUZZTIME)

# Sentiment and coin tagging measured on the shared labelled sets, the published baselines beside them.
eval-sentiment:
	$(GO) run ./internal/sentiment/train -shared "$(OMC_SHARED)" -eval -check internal/sentiment/model.bin
	$(GO) test -v -run Measured ./internal/coin

# The collectors under faults, for as long as SOAK says.
SOAK ?= 10m
eval-gate:
	OMC_EVAL_GATE=1000 $(GO) test -v -count=1 -timeout 10m -run TestNoiseIsNotPromoted ./internal/evidence
	OMC_EVAL_GATE=1000 $(GO) test -v -count=1 -timeout 10m -run TestNoiseThroughTheCommandLine ./cmd/omc

soak:
	OMC_SOAK=$(SOAK) scripts/testenv.sh run -- $(GO) test -v -timeout 0 ./internal/soak

bench:
	scripts/bench.sh

clean:
	rm -rf bin dist
