# GNU make and bash. Every target says what it does, and installs from Debian's
# packages what it needs and does not find; Go itself: scripts/need-go.sh.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules

BINARY := bin/huggingface_exporter

# What --version prints. The version is the tag, or the commit if there is no tag.
STAMP    := github.com/prometheus/common/version
VERSION  := $(patsubst v%,%,$(shell git describe --tags --always --dirty 2>/dev/null))
REVISION := $(shell git rev-parse HEAD 2>/dev/null)
BRANCH   := $(shell git rev-parse --abbrev-ref HEAD 2>/dev/null)
LDFLAGS  := -s -w -X '$(STAMP).Version=$(VERSION)' -X '$(STAMP).Revision=$(REVISION)' -X '$(STAMP).Branch=$(BRANCH)' \
	-X '$(STAMP).BuildUser=$(shell id -un)@$(shell hostname)' -X '$(STAMP).BuildDate=$(shell date -u +%Y%m%d-%H:%M:%S)'

# make run
LISTEN  ?= 127.0.0.1:10061
STORAGE ?= ./demo-data

# make fuzz: how long each fuzz test runs
FUZZTIME ?= 30s

# make bench: SCALE=1 is 10,000 repositories x 1,000 days and 1,000,000 series;
# ROWS picks rows of the table by name, REPORT is a Markdown file for the table.
SCALE  ?= 1
ROUNDS ?= 5
ROWS   ?=
REPORT ?=

GOLANGCI_LINT := go run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0

.PHONY: help
help: ## list the targets
	@sed -nE 's/^([a-z-]+):[^#]*## (.*)/\1\t\2/p' $(firstword $(MAKEFILE_LIST)) | \
		while IFS=$$'\t' read -r target what; do printf '  make %-15s %s\n' "$$target" "$$what"; done

.PHONY: build
build: need-go ## build the exporter into bin/ (pure Go, no C compiler needed)
	@echo "== building $(BINARY)"
	CGO_ENABLED=0 go build -trimpath -ldflags "$(LDFLAGS)" -o $(BINARY) ./cmd/huggingface_exporter

# make plugin: local, all that are released, or a list such as "linux/amd64 linux/arm64"
PLATFORMS ?= local

.PHONY: plugin
plugin: need-go ## build the Grafana plugin for PLATFORMS (default: local) into bin/plugin/*.zip, and pack its source
	@scripts/plugin.sh "$(PLATFORMS)"

.PHONY: run
run: build ## serve the examples on this machine; needs no token and no Hub
	@scripts/run.sh $(BINARY) $(LISTEN) $(STORAGE)

# make grafana: where Grafana was unpacked; empty for an installed one. PLUGIN is
# a plugin that is built already.
GRAFANA_HOME ?=
PLUGIN       ?=
export GRAFANA_HOME PLUGIN

.PHONY: grafana
grafana: build ## run an installed Grafana with plugin, dashboards, Prometheus and demo data; GRAFANA_HOME=DIR
	@scripts/grafana.sh $(BINARY)

.PHONY: stack
stack: need-go ## run Grafana with plugin, dashboards, Prometheus and demo data in containers, with Docker
	@scripts/stack.sh

.PHONY: test
test: fmt vet lint tidy pure unit campaigns frontend test-bench ## check everything but what only a release needs
	@echo "== all checks passed"

.PHONY: docs-test
docs-test: need-go need-prometheus need-victoria-metrics ## run every command in the documentation and check the wording
	@echo "== documentation"
	go test -count=1 -timeout 30m ./docs

.PHONY: test-release
test-release: need-go package-test ## check what only a release needs: packages, chart, the release's own files
	@echo "== chart and release files (the first run builds helm)"
	REQUIRE_TOOLS="actionlint helm kube-score goreleaser" go test -count=1 ./deploy
	@echo "== all checks of a release passed"

.PHONY: fmt
fmt: need-go ## check that the sources are as gofmt writes them
	@echo "== gofmt"
	@unformatted=$$(gofmt -l .) && [ -z "$$unformatted" ] || { echo "gofmt -w would change:"; echo "$$unformatted"; exit 1; }

.PHONY: vet
vet: need-go need-gcc ## go vet over the product and the benchmark
	@echo "== go vet"
	go vet ./...
	cd bench && go vet ./...

.PHONY: lint
lint: need-go need-gcc ## golangci-lint over the product and the benchmark
	@echo "== golangci-lint (the first run builds it: about two minutes)"
	$(GOLANGCI_LINT) run ./...
	cd bench && $(GOLANGCI_LINT) run --config ../.golangci.yml ./...

.PHONY: lint-dashboards
lint-dashboards: need-go ## Grafana's dashboard-linter over the dashboards; needs its module, which not every proxy has
	@for board in dashboards/*.json; do \
		echo "== $$board"; scripts/tool.sh dashboard-linter lint --strict --config dashboards/.lint "$$board" || exit 1; \
	done

.PHONY: tidy
tidy: need-go ## check that go.mod and go.sum are complete and hold nothing else
	@echo "== go mod tidy"
	go mod tidy -diff
	cd bench && go mod tidy -diff
	go mod verify

.PHONY: pure
pure: need-go ## build every package without cgo
	@echo "== build without cgo"
	CGO_ENABLED=0 go build ./...

.PHONY: unit
unit: need-go need-gcc need-prometheus need-victoria-metrics need-victoria-single need-victoria-cluster ## all tests of the product with the race detector, a real Prometheus and VictoriaMetrics among them
	@echo "== tests with the race detector"
	REQUIRE_VICTORIA_METRICS=1 REQUIRE_TOOLS=actionlint go test -race -timeout 30m $$(go list ./... | grep -v /internal/soak$$)

.PHONY: campaigns
campaigns: need-go need-gcc need-victoria-metrics ## the fault campaigns in short, with the race detector: a line of figures each
	@echo "== fault campaigns, in short"
	cd internal/soak && go test -race -count=1 -timeout 20m

.PHONY: soak
soak: need-go need-victoria-metrics ## the fault campaigns at full length, half an hour: docs/reliability.md; then every store at full size, an hour
	@echo "== fault campaigns"
	cd internal/soak && go test -count=1 -timeout 40m -soak
	@echo "== every store against the whole suite"
	STORE_FULL_SIZE=1 go test -count=1 -timeout 90m -run '^(TestStore|TestExporterConformance$$|TestReadingsInAnyOrder$$)' ./exporter/memtable ./exporter/localstore ./exporter/victoria ./datasource-plugin/pkg/connection

.PHONY: mutation
mutation: need-go ## change the product in hundreds of small ways and see that tests notice; takes an hour
	@scripts/mutation.sh

# make coverage: the least share of the statements of a package, in percent
COVERAGE ?= 85

.PHONY: coverage
coverage: need-go need-prometheus need-victoria-metrics need-victoria-single need-victoria-cluster ## how much of each package its own tests run; at least COVERAGE percent
	@echo "== coverage of statements"
	@scripts/coverage.sh $(COVERAGE)

.PHONY: frontend
frontend: need-chromium build ## the plugin's frontend: types, lint, tests, build; its editors and the exporter's page in a real browser
	@scripts/frontend.sh

# make e2e: the address of a running Grafana, as make grafana prints it
GRAFANA_URL ?=

.PHONY: e2e
e2e: need-go ## use the dashboards of the Grafana at GRAFANA_URL in a real browser
	@scripts/e2e.sh "$(GRAFANA_URL)"

.PHONY: test-bench
test-bench: need-go need-gcc need-prometheus need-victoria-single ## the benchmark's own tests: DuckDB reads what the exporter writes, and each row at small scale
	@echo "== tests of the benchmark"
	cd bench && go test -timeout 30m ./...

.PHONY: cluster
cluster: need-go need-gcc need-victoria-cluster ## bring 2000 repositories x 900 days through a VictoriaMetrics cluster whose nodes are killed; make test does less
	@echo "== a large history through a cluster"
	REQUIRE_VICTORIA_METRICS=1 CLUSTER_FULL_SIZE=1 go test -v -timeout 90m -run TestClusterRoundTrip ./cmd/huggingface_exporter

.PHONY: bench
bench: need-go need-gcc need-prometheus need-victoria-single ## measure against the peers; SCALE, ROUNDS, ROWS, REPORT
	@echo "== benchmark at scale $(SCALE); at 1 it takes about 2 GB of bench/.cache, 6 GB of memory and half an hour"
	cd bench && go run . -scale $(SCALE) -rounds $(ROUNDS) $(if $(ROWS),-rows $(ROWS)) $(if $(REPORT),-markdown $(abspath $(REPORT)))

.PHONY: fuzz
fuzz: need-go ## run each fuzz test for FUZZTIME
	@scripts/fuzz.sh $(FUZZTIME)

.PHONY: release
release: need-go ## build a whole release into bin/dist, and publish nothing: programs, packages, image, plugin, chart, SBOM
	@scripts/release.sh

.PHONY: publish
publish: need-go ## build and publish the release of the tag on this commit; what the workflow "release" runs
	@scripts/release.sh publish

.PHONY: package-test
package-test: need-go need-packages ## install, use, upgrade and remove the packages in a copy of this machine
	@scripts/package-test.sh

.PHONY: audit
audit: need-go ## look for known vulnerabilities with govulncheck and npm audit; needs their databases
	@scripts/audit.sh

.PHONY: validate-plugin
validate-plugin: ## have Grafana's validator look at the packed plugin and its source
	@scripts/validate-plugin.sh

.PHONY: clean
clean: ## remove what make build, make run and make bench made; data/ stays
	@echo "== removing bin, bench/.cache and demo-data"
	rm -rf bin bench/.cache demo-data

.PHONY: need-go
need-go:
	@scripts/need-go.sh

# g++ and not gcc alone: it brings the headers of C and C++ with it.
.PHONY: need-gcc
need-gcc:
	@scripts/need.sh g++ g++ "the race detector and DuckDB use cgo"

.PHONY: need-chromium
need-chromium:
	@scripts/need.sh chromium chromium "the plugin's editors and the exporter's page are tried in it"

# The package starts its own Prometheus on port 9090 where systemd runs; the
# tests start another one on a free port.
.PHONY: need-prometheus
need-prometheus:
	@scripts/need.sh prometheus prometheus "a test scrapes the exporter with it"
	@scripts/need.sh promtool prometheus "a test checks the metrics page with it"

.PHONY: need-packages
need-packages:
	@scripts/need.sh adduser adduser "the Debian package makes its user with it"
	@scripts/need.sh systemd-analyze systemd "the unit is checked with it"
	@scripts/need.sh lintian lintian "the Debian package is checked with it"
	@scripts/need.sh rpm rpm "the RPM is installed with it, in a copy of this machine"

.PHONY: need-victoria-metrics
need-victoria-metrics:
	@scripts/need.sh victoria-metrics victoria-metrics "tests bring the history to it"

# vminsert, vmselect and vmstorage are in no package: they are built with Go.
.PHONY: need-victoria-cluster
need-victoria-cluster: need-go need-gcc
	@scripts/need-victoria.sh cluster "tests keep the history in it"

# Debian's is older than its -disablePerDayIndex, which daily samples are slow without.
.PHONY: need-victoria-single
need-victoria-single: need-go need-gcc
	@scripts/need-victoria.sh single "the history is kept in it"
	@scripts/need.sh curl curl "it is what VictoriaMetrics is fed and read with in comparison"
