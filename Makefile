# What operators and developers run. `make` alone builds.

export CGO_ENABLED = 0
GO      ?= go
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
LINT     = .ci/bin/golangci-lint
LDFLAGS  = -s -w -X main.version=$(VERSION)
# Which calls are hot: the compiler is given it, and a run takes 5 % less.
PROFILE  = cmd/ringroster/default.pgo
# The program, its tests and the linters are compiled with the same flags, which takes one
# compilation of all dependencies instead of two. With -trimpath a second clone needs none.
COMPILE  = -trimpath -pgo=$(PROFILE)
export GOFLAGS += -pgo=off

.PHONY: build test race lint bench rehearsal profile soak model year fuzz demo clean

build: ## bin/ringroster, one static binary
	$(GO) build $(COMPILE) -ldflags '$(LDFLAGS)' -o bin/ringroster ./cmd/ringroster

test: ## all tests; go vet is among the linters
	$(GO) test $(COMPILE) -vet=off -timeout 30m ./...

# Most tests of the store, of the commands and of runs have one goroutine and take the
# detector up to ten times as long: of these three, what works side by side; of the model
# and the benchmarks, nothing.
SIDE_BY_SIDE = Concurrent|Lock|PruneStops|OthersWrite|TwoS|CtrlC|Unread|Run|Stop|Serv|Killed|Telling|Recorded|Soak|SlowLog|Year
# SQLite and its C library are C turned into Go, with locks of their own. Watched, they take
# three times as long, and nothing of ours is in them.
RACE = CGO_ENABLED=1 $(GO) test -vet=off -race -short -timeout 40m \
  -gcflags=modernc.org/sqlite/lib=-race=false -gcflags=modernc.org/libc=-race=false
race: ## what has goroutines, under the race detector, which needs gcc
	$(RACE) $$($(GO) list ./... | grep -v -e '/store$$' -e '/cmd/ringroster$$' -e '/modeltest$$' -e '/benchtest$$' -e '/sync/reconcile$$')
	$(RACE) -run '$(SIDE_BY_SIDE)' ./store ./cmd/ringroster ./sync/reconcile

lint: $(LINT) ## the linters, and the pin of modernc.org/libc
	GOFLAGS="$$GOFLAGS -trimpath '-pgo=$(CURDIR)/$(PROFILE)'" $(LINT) run --allow-parallel-runners ./...
	@want=$$(awk '$$1=="modernc.org/libc"{print $$2}' "$$($(GO) list -m -f '{{.Dir}}' modernc.org/sqlite)/go.mod"); \
	got=$$($(GO) list -m -f '{{.Version}}' modernc.org/libc); \
	test "$$want" = "$$got" || { echo "modernc.org/libc is $$got; modernc.org/sqlite pins $$want"; exit 1; }

$(LINT): .ci/tools/go.mod
	cd .ci/tools && $(GO) build -o ../bin/golangci-lint github.com/golangci/golangci-lint/v2/cmd/golangci-lint
	@touch $@

# A missed bar is no error: it says so in the table. What cannot be measured is one.
# Both files can be compared with older ones: benchstat OLD NEW.
bench: build ## speed and size with 100,000 people: bench.txt has the table, bench-go.txt Go's benchmarks
	$(GO) test -run '^$$' -bench . -benchmem -count 4 ./... >bench-go.txt
	$(GO) test ./cmd/ringroster/benchtest $(COMPILE) -run 'TestBench$$' -v -bench.people 100000 -bench.rounds 9 \
	  -bench.program $(CURDIR)/bin/ringroster -bench.go $(CURDIR)/bench-go.txt -bench.table $(CURDIR)/bench.txt
	@echo "bench.txt and bench-go.txt have all of it."

rehearsal: build ## the bench with few people: whether it still measures, not what
	$(GO) test $(COMPILE) -vet=off ./cmd/ringroster/benchtest -run 'TestBench$$' -bench.program $(CURDIR)/bin/ringroster

# Worth repeating when what a run does has changed much, not for each commit.
profile: ## the profile that the compiler is given
	$(GO) test ./cmd/ringroster/benchtest -trimpath -run TestProfile -bench.people 100000 -bench.rounds 4 \
	  -cpuprofile $(CURDIR)/$(PROFILE) -o bin/profile.test

soak: ## 200 runs against a RingCentral that fails at random
	$(GO) test ./cmd/ringroster -run TestSoak -v -soak.runs 200

model: ## months of the model, hundreds of kills and losses of power, scripts as processes: the long versions
	$(GO) test ./cmd/ringroster ./cmd/ringroster/modeltest -run 'TestModel|TestKilled|TestPower|TestScripts' -v -model.long -timeout 1h
	$(GO) test ./store -v -model.long -timeout 1h
	$(GO) test ./sync/... -v -rapid.checks 300 -timeout 1h

year: ## simulated years of companies: what the guard asks and lets through, in deploy/guard.md
	$(GO) test ./sync/reconcile -run TestYear -year.long -year.page $(CURDIR)/deploy/guard.md -timeout 1h

# A number of inputs, not a time: when a time is up in the middle of an input, go
# test takes that for a failure ("context deadline exceeded").
FUZZTIME ?= 200000x
fuzz: ## every fuzz target for FUZZTIME inputs
	@$(GO) list -f '{{.ImportPath}} {{.Dir}}' ./... | while read -r pkg dir; do \
	  for target in $$(cat "$$dir"/*_test.go 2>/dev/null | sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(.*/\1/p'); do \
	    echo "== $$pkg $$target"; $(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 20x $$pkg </dev/null || exit 1; \
	  done || exit 1; \
	done

demo: build ## the whole story on the built-in simulator
	bin/ringroster demo

clean:
	rm -rf bin dist

# The packages. Their times are the last commit's, so that two builds are equal.
NFPM              = .ci/bin/nfpm
SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct)
ARCH              ?= $(shell $(GO) env GOARCH)
# v1.2.0-3-gabcdef becomes 1.2.0+3.gabcdef; without a tag it is 0.0.0 and the time of the commit.
PACKAGE_VERSION   ?= $(shell git describe --tags --match 'v[0-9]*' 2>/dev/null | sed 's/^v//; s/-/+/; s/-/./g' | grep . || git log -1 --date=format:%Y%m%d%H%M%S --format=0.0.0+git%cd.%h)
DIST              ?= dist
# Pages are elsewhere than in the repository.
INSTALLED          = s|deploy/\([a-z]*\.md\)|/usr/share/doc/ringroster/\1|g

.PHONY: package image test-image test-alerts test-standby test-systemd

package: build $(NFPM) ## dist/: a .deb and an .rpm
	@rm -rf $(DIST) && mkdir -p $(DIST)/stage
	install -m 0755 bin/ringroster $(DIST)/stage/ringroster
	sed -e '1i # yaml-language-server: $$schema=/usr/share/ringroster/config.schema.json' \
	  -e 's|^  path: roster.db$$|  path: /var/lib/ringroster/roster.db|' -e '$(INSTALLED)' config.example.yaml >$(DIST)/stage/config.example.yaml
	gzip -9n <deploy/ringroster.8 >$(DIST)/stage/ringroster.8.gz
	sed '$(INSTALLED)' deploy/ringroster.yaml.5 | gzip -9n >$(DIST)/stage/ringroster.yaml.5.gz
	for shell in bash zsh fish; do GOOS= GOARCH= $(GO) run ./cmd/ringroster completion $$shell >$(DIST)/stage/completion.$$shell || exit 1; done
	awk '/^## /{n++} n==1 && /^[- ] /{sub(/^- /,"* "); print "  " $$0}' deploy/CHANGELOG.md >$(DIST)/stage/changes
	test -s $(DIST)/stage/changes
	printf 'ringroster (%s) unstable; urgency=medium\n\n%s\n\n -- %s  %s\n' '$(PACKAGE_VERSION)' "$$(cat $(DIST)/stage/changes)" \
	  'ringroster developers <ringroster@example.com>' "$$(date -uRd @$(SOURCE_DATE_EPOCH))" | gzip -9n >$(DIST)/stage/changelog.gz
	@for kind in deb rpm; do \
	  SOURCE_DATE_EPOCH=$(SOURCE_DATE_EPOCH) STAGE=$(DIST)/stage ARCH=$(ARCH) PACKAGE_VERSION=$(PACKAGE_VERSION) \
	    $(NFPM) package --config deploy/nfpm.yaml --packager $$kind --target $(DIST) || exit 1; \
	done

$(NFPM): .ci/packages/go.mod
	cd .ci/packages && $(GO) build -o ../bin/nfpm github.com/goreleaser/nfpm/v2/cmd/nfpm
	@touch $@

# The image: reproducible, since its times are the last commit's, as the packages' are.
BUILDAH ?= buildah
image: build ## the container image ringroster:latest, from scratch; needs buildah
	@rm -rf dist/image && mkdir -p dist/image
	install -m 0755 bin/ringroster dist/image/ringroster
	install -m 0644 /etc/ssl/certs/ca-certificates.crt dist/image/ca-certificates.crt
	$(BUILDAH) bud --isolation chroot --timestamp $(SOURCE_DATE_EPOCH) -t ringroster:latest -f deploy/container/Containerfile dist/image

test-image: ## the image, run by podman as a service and as a job; needs root, buildah and podman
	.ci/container/check

test-alerts: build ## alert rules, their tests, the dashboard and the runbook, against the daemon's own metrics
	.ci/alerts/check

# How often: ROUNDS=20 after a change of what is written, and how.
ROUNDS     ?= 3
LITESTREAM  = .ci/bin/litestream
test-standby: build $(LITESTREAM) ## a second host that goes on from a replica; needs curl and sqlite3
	.ci/standby/check $(ROUNDS)

$(LITESTREAM): .ci/standby/go.mod
	cd .ci/standby && $(GO) build -o ../bin/litestream github.com/benbjohnson/litestream/cmd/litestream
	@touch $@

test-systemd: package ## the .deb's whole life under a real systemd; needs root
	.ci/systemd/test
