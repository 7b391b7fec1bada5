# Every module of the repository. Tests, vet and lint run in each.
MODULES := . lambdatest lura lura/v2 schema examples/krakend examples/krakend14 examples/krakend2 examples/webapp \
	e2e e2e/components bench

SCRIPTS := .ci/run scripts/changelog scripts/compare scripts/dist scripts/invoke-errors scripts/krakend-ce scripts/publish scripts/release scripts/vulncheck examples/docker/functions/create.sh \
	$(wildcard findings/*.sh)

# Only this file pins the versions of the tools.
GOLANGCI_LINT := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
ACTIONLINT    := github.com/rhysd/actionlint/cmd/actionlint@v1.7.12
GREMLINS      := github.com/go-gremlins/gremlins/cmd/gremlins@v0.6.0
CYCLONEDX     := github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@v1.10.0
GOVULNCHECK   := golang.org/x/vuln/cmd/govulncheck@v1.9.0

# Executions, not seconds: Go up to 1.26 may take the end of a -fuzztime in seconds for a
# failure (https://go.dev/issue/75804).
FUZZTIME ?= 10000x
FUZZ     ?= Fuzz
SOAKTIME ?= 2m
SOAKSEED ?= 0
# Megabytes, Lambda's limit for a stream.
SOAKSTREAM ?= 200
BIN      := $(CURDIR)/.bin
each     := set -e; for m in $(MODULES); do (cd $$m && echo "== $$m" &&
done     := ); done

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "%-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: ## Start the demo: sample functions and a gateway (KRAKEND=1, 1.4 or 2; ARGS="-port 8090")
	@echo "Building examples/run"
	@go build -o $(BIN)/run ./examples/run
	@exec $(BIN)/run $(ARGS)

# Groups of tests. JOBS of them run side by side, those in long first. The output of a group comes at
# its end, with its time, which includes builds.
JOBS     ?= 2
unit     := test/root test/lura/v2 test/lambdatest test/pure test/schema test/examples/krakend2 test/lura
gateways := test/e2e test/e2e-race test/e2e/components
programs := test/programs test/bench test/docs test/examples/webapp
long     := test/e2e-race test/root test/programs test/e2e

# Each group: module, flags, packages.
#
# Groups without -race are pure functions, single programs, and gateways that get one request after the
# other. Their units, e2e/faults and e2e/soak run with it.
# Groups with -count=1 build programs and gateways, from files that the cache of go test does not see.
.PHONY: $(unit) $(gateways) $(programs)
test/root:              ; $(call go-test,.,-race,$$(go list . ./internal/... | grep -vE '$(pure)|/docstest$$'))
test/pure:              ; $(call go-test,.,,$$(go list ./internal/... | grep -E '$(pure)'))
test/lambdatest:        ; $(call go-test,lambdatest,-race,./...)
test/lura:              ; $(call go-test,lura,-race,./...)
test/lura/v2:           ; $(call go-test,lura/v2,-race,./...)
test/schema:            ; $(call go-test,schema,,./...)
test/examples/krakend2: ; $(call go-test,examples/krakend2,,./...)
test/e2e:               ; $(call go-test,e2e,-count=1,$$(go list ./... | grep -vE '/(faults|soak)$$'))
test/e2e-race:          ; $(call go-test,e2e,-count=1 -race,./faults ./soak)
test/e2e/components:    ; $(call go-test,e2e/components,-count=1,./...)
test/programs:          ; $(call go-test,.,-count=1,./examples/... ./scripts)
test/docs:              ; $(call go-test,.,-count=1,./internal/docstest)
test/bench:             ; $(call go-test,bench,-count=1,./...)
test/examples/webapp:   ; $(call go-test,examples/webapp,-count=1,./...)
pure := /internal/(apigw|config|gatewaytest|generate|text)$$

# -short keeps CI under its 20 minutes: it skips builds of releases and runs fewer and smaller cases.
# `make nightly` runs everything, and all with the race detector. `make check` runs vet.
go-test = @begin=$$(date +%s); cd $1; \
	if packages="$3" && go test -short -vet=off $2 $$packages; \
	then echo "== $@: $$(( $$(date +%s) - begin )) s"; else echo "== $@: failed"; exit 1; fi

# $(call side-by-side,groups) runs groups, and prints the time that they took.
side-by-side = @begin=$$(date +%s); $(MAKE) --no-print-directory -k -j$(JOBS) $(if $(filter output-sync,$(.FEATURES)),-Otarget) \
	$1 && echo "== $@: $$(( $$(date +%s) - begin )) s"

.PHONY: unit
unit: ## Run the tests that start no gateway, with the race detector where anything is concurrent
	$(call side-by-side,$(unit))

.PHONY: gateways
gateways: ## Run the tests that start gateways (GATEWAY=1, 1.4 or 2 for one generation)
	$(call side-by-side,$(gateways))

.PHONY: programs
programs: ## Run the tests of the demo, the scripts, the measurements and the runner of the documentation
	$(call side-by-side,$(programs))

.PHONY: test
test: ## Run all tests, JOBS (2) modules side by side
	$(call side-by-side,$(long) $(filter-out $(long),$(unit) $(gateways) $(programs)))

.PHONY: nightly
nightly: ## Run all tests with what -short leaves out, traffic with faults for SOAKTIME, and fuzz targets (an hour)
	@$(each) go test -race -count=1 -timeout 30m ./... $(done)
	@$(MAKE) soak fuzz

installed := $(patsubst %,%/node_modules/.package-lock.json,e2e/serverless e2e/adapters e2e/browser schema/validators)

.PHONY: integration
integration: $(installed) ## Run the gateways against AWS's emulator and serverless-offline, web frameworks behind them, the shop in a browser, and the schemas in ajv and VS Code (needs Go 1.26.6, Node.js 22 or 24, Chromium)
	@cd e2e && go test -race -count=1 -tags integration -run 'TestEmulator|TestServerlessOffline|TestAdapter|TestBrowser' .
	@cd schema && go test -count=1 -tags integration -run 'TestAjv|TestEditor' .

# npm writes this file last.
$(installed): %/node_modules/.package-lock.json: %/package-lock.json
	@cd $* && npm ci --no-audit --no-fund

# The test writes more of them. They show the fonts of the machine: fonts-inter and fonts-urw-base35
# are those of docs/shop.png.
.PHONY: screenshot
screenshot: $(installed) ## Write docs/shop.png, the picture of the example shop (needs Node.js 22 or 24, Chromium)
	@mkdir -p $(BIN)/shop
	@cd e2e && SCREENSHOTS=$(BIN)/shop go test -count=1 -tags integration -run TestBrowser .
	@cp $(BIN)/shop/light-home.png docs/shop.png

# `make test` runs it, too, for two seconds and with short streams. The test ends by itself.
.PHONY: soak
soak: ## Run traffic with random faults for SOAKTIME (2m; SOAKSEED repeats a run), and streams of 200 MB
	@cd e2e/soak && go test -race -count=1 -v -timeout 0 -run TestSoak . -soaktime $(SOAKTIME) -soakseed $(SOAKSEED) -soakstream $(SOAKSTREAM)

REVISION ?= HEAD
.PHONY: compare
compare: ## Measure a call, compared with REVISION (HEAD)
	@scripts/compare $(REVISION)

# Builds the program first: `go run` does not tell its child to end.
.PHONY: bench
bench: ## Measure calls, start and gateways beside the published modules, and write docs/performance.md (ten minutes; BENCHARGS=gateways)
	@cd bench && go build -o $(BIN)/measure . && $(BIN)/measure -write ../docs $(BENCHARGS)

# Without the race detector, which changes the counts of allocations.
.PHONY: bench-smoke
bench-smoke: ## Check that the benchmarks work, and limits on allocations
	@cd bench && go build -o $(BIN)/measure . && $(BIN)/measure -smoke >/dev/null
	@for m in . lura/v2; do (cd $$m && go test -run '^$$' -bench 'BenchmarkCall|BenchmarkBackends' -benchtime 1x .) || exit; done
	@go test -count=1 -run TestAlloc -v ./internal/backend

.PHONY: build
build: ## Build everything, the examples included
	@$(each) go build -o /dev/null ./... $(done)

.PHONY: generate
generate: ## Write the generated files
	@go generate ./...

.PHONY: check
check: generated fmt vet tidy lint ## Check generated files, format, vet, go.mod files and lint

.PHONY: fmt
fmt:
	@files=$$(gofmt -s -l .); test -z "$$files" || { echo "not formatted (gofmt -s -w .):"; echo "$$files"; exit 1; }

.PHONY: vet
vet:
	@$(each) go vet -tags integration ./... $(done)

.PHONY: tidy
tidy:
	@$(each) go mod tidy -diff $(done)

.PHONY: generated
generated:
	@go run ./internal/generate -check

# The tools are built from source, the first time for minutes; later it takes a second.
.PHONY: lint
lint: ## Run the linters of .golangci.yml, and actionlint
	@GOBIN=$(BIN) go install $(GOLANGCI_LINT)
	@GOBIN=$(BIN) go install $(ACTIONLINT)
	@$(each) $(BIN)/golangci-lint run ./... $(done)
	@$(BIN)/actionlint
	@if command -v shellcheck >/dev/null; then shellcheck $(SCRIPTS); else echo "no shellcheck here: scripts are not linted"; fi

# The modules that others build from.
#
# KNOWN has what a module may have, as module:id. An entry that govulncheck does not report fails the
# target. GO-2020-0001 and GO-2021-0052 are in the gin that KrakenD 1.x is built against, and stay.
# GO-2026-5764 is a fault of eventstream before v1.7.8: the go.mod files require v1.7.8, but the
# database names all versions of the Lambda client that require less.
VULNDB  ?= https://vuln.go.dev
SHIPPED := . lambdatest lura lura/v2 examples/krakend examples/krakend14 examples/krakend2
KNOWN   := $(foreach m,examples/krakend examples/krakend14,$m:GO-2020-0001 $m:GO-2021-0052) \
	$(foreach m,lura/v2 examples/krakend2,$m:GO-2026-5764)
.PHONY: vulncheck
vulncheck: ## Look for known vulnerabilities in what the modules call (needs https://vuln.go.dev)
	@GOBIN=$(BIN) go install $(GOVULNCHECK)
	@KNOWN="$(KNOWN)" scripts/vulncheck "$(BIN)/govulncheck" "$(VULNDB)" $(SHIPPED)

# The percentages count each package's statements that any test of its module ran. The profile has
# a block once for each test binary.
covered := . ./internal/apigw ./internal/backend ./internal/config ./internal/credentials ./internal/invoke ./internal/jsonreply \
	./internal/sdkv1 ./internal/sigv4 ./internal/text ./internal/transport
.PHONY: cover
cover: ## Show untested code; fails below 95 % coverage of a package
	@mkdir -p $(BIN)
	@set -e; for m in . lambdatest lura lura/v2; do \
		if [ $$m = . ]; then packages="$(strip $(covered))"; else packages=./...; fi; \
		(cd $$m && go test -coverpkg=$$(echo $$packages | tr ' ' ,) -coverprofile=$(BIN)/cover.out $$packages >/dev/null && \
			go tool cover -func=$(BIN)/cover.out | awk '$$1 != "total:" && $$3 != "100.0%"'); \
		awk 'NR > 1 { size[$$1] = $$2; if ($$3 > 0) hit[$$1] = 1 } \
			END { for (b in size) { p = b; sub("/[^/]*$$", "", p); all[p] += size[b]; if (b in hit) reached[p] += size[b] } \
			for (p in all) { n = 100 * reached[p] / all[p]; printf "%s %.1f%%\n", p, n; if (n < 95) bad = 1 }; exit bad }' $(BIN)/cover.out; \
	done

# go test takes one fuzz target at a time.
.PHONY: fuzz
fuzz: ## Run each fuzz target for FUZZTIME (10000x: executions), or those that FUZZ names
	@set -e; for m in . schema; do (cd $$m; for p in $$(go list ./...); do \
		for f in $$(go test -list '^$(FUZZ)' $$p | grep '^Fuzz' || :); do \
			echo "== $$p $$f"; go test -run '^$$' -fuzz "^$$f\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 1000x $$p; \
		done; \
	done); done

# gremlins takes its time-outs from a run with coverage. They are too long if that run has to build, so
# the line before builds, and too short with cached results, so -count=1. The limit on memory, in KB, ends mutants
# that allocate without end.
MUTATED ?= apigw backend config credentials invoke jsonreply sigv4 text
.PHONY: mutation
mutation: ## Run mutation tests of internal packages; fails below 85 % killed (two hours; MUTATED="text sigv4")
	@GOBIN=$(BIN) go install $(GREMLINS)
	@ulimit -v 8000000; failed=0; for p in $(MUTATED); do echo "== $$p"; \
		go test -vet=off -cover ./internal/$$p >/dev/null || exit; \
		GOFLAGS='-count=1 -vet=off' $(BIN)/gremlins unleash --timeout-coefficient 6 --threshold-efficacy 85 -S lt ./internal/$$p || failed=1; \
	done; exit $$failed

# Not part of CI: it installs packages that only this target needs.
.PHONY: findings
findings: ## Run the scripts of findings/README.md
	@failed=0; for f in findings/*.sh; do \
		if out=$$($$f 2>&1); then echo "as described  $$f"; else failed=1; echo "FAILED        $$f"; echo "$$out"; fi; \
	done; exit $$failed

.PHONY: dist
dist: ## Build release archives into .bin/dist (VERSION=1.5.0)
	@rm -rf "$(BIN)/dist"
	@scripts/dist "$(VERSION)" "$(BIN)/dist"

.PHONY: release
release: ## Tag all modules, without pushing (VERSION=1.5.0)
	@scripts/release "$(VERSION)"
