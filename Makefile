# What operators and developers run. `make` alone builds.

export CGO_ENABLED = 0
GO      ?= go
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
LINT     = .ci/bin/golangci-lint
LDFLAGS  = -s -w -X main.version=$(VERSION)

.PHONY: build test race lint bench fuzz demo clean

build: ## bin/ringroster, one static binary
	$(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/ringroster ./cmd/ringroster

test: ## all tests
	$(GO) test ./...

race: ## all tests under the race detector, which needs gcc
	CGO_ENABLED=1 $(GO) test -race -short ./...

lint: $(LINT) ## the linters, and the pin of modernc.org/libc
	$(LINT) run ./...
	@want=$$(awk '$$1=="modernc.org/libc"{print $$2}' "$$($(GO) list -m -f '{{.Dir}}' modernc.org/sqlite)/go.mod"); \
	got=$$($(GO) list -m -f '{{.Version}}' modernc.org/libc); \
	test "$$want" = "$$got" || { echo "modernc.org/libc is $$got; modernc.org/sqlite pins $$want"; exit 1; }

$(LINT): .ci/tools/go.mod
	cd .ci/tools && $(GO) build -o ../bin/golangci-lint github.com/golangci/golangci-lint/v2/cmd/golangci-lint
	@touch $@

bench: ## first sync and no-change sync of 10,000 people, and the parts of them
	$(GO) test -run '^$$' -bench . -benchmem ./...

FUZZTIME ?= 30s
fuzz: ## every fuzz target for FUZZTIME
	@for pkg in $$($(GO) list ./...); do \
	  for target in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz'); do \
	    echo "== $$pkg $$target"; $(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) $$pkg || exit 1; \
	  done; \
	done

demo: build ## the whole story on the built-in simulator
	bin/ringroster demo

clean:
	rm -rf bin dist
