# Yiping (一屏). `make run` and `make test` do everything on a fresh Debian 12
# with Go and Node, as root or with sudo.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

# sudo's own PATH has no Go: look where it usually is.
export PATH := $(PATH):/usr/local/go/bin:/usr/local/bin

# Started through sudo on a checkout of an ordinary user, everything is built as
# that user, so that nothing of root's is in the way of a later `make`.
OWNER := $(shell stat -c %U .)
BUILD_AS :=
ifeq ($(shell id -u),0)
ifneq ($(OWNER),root)
BUILD_AS := sudo -u $(OWNER) -H env PATH="$$PATH"
endif
endif

YIPING  := .build/yiping
VERSION := $(shell $(BUILD_AS) git describe --always --dirty 2>/dev/null || echo dev)
GO_FILES := $(shell find server geo seed migrations -name '*.go' -o -name '*.sql' -o -path '*/messages/*.json' 2>/dev/null) go.mod go.sum web/embed.go
WEB_FILES := $(shell find web -path web/node_modules -prune -o -path web/dist -prune -o -path web/e2e -prune -o -type f -print 2>/dev/null)
GOLANGCI := go run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0

# What starts no goroutine has nothing to race with, and takes minutes under the detector;
# the trials of the feed watch processes that are built without it.
ALONE := yiping/seed yiping/server/sheet yiping/server/feedtorture

.PHONY: help run build setup setup-test test test-go test-web test-e2e lint bench torture clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' Makefile

run: setup build ## Install, build, start and show the demonstration district
	@exec $(YIPING) serve $(ARGS)

build: $(YIPING) ## Build the pages and the binary

setup:
	@server/setup/debian.sh run
	@command -v go >/dev/null || { echo "Go 1.26 is needed and was not found" >&2; exit 1; }
	@command -v npm >/dev/null || { echo "Node 20 with npm is needed and was not found" >&2; exit 1; }

setup-test: setup
	@server/setup/debian.sh test

$(YIPING): $(GO_FILES) .build/web
	@$(BUILD_AS) mkdir -p .build
	$(BUILD_AS) go build -trimpath -ldflags "-X main.version=$(VERSION)" -o $@ ./server

.build/web: $(WEB_FILES) .build/npm
	cd web && $(BUILD_AS) npm run --silent build
	@$(BUILD_AS) mkdir -p .build && $(BUILD_AS) touch $@

.build/npm: web/package.json web/package-lock.json
	# Not npm ci: it refuses a lock file without the parts of foreign platforms.
	cd web && $(BUILD_AS) npm install --no-save --no-audit --no-fund
	@$(BUILD_AS) mkdir -p .build && $(BUILD_AS) touch $@

test: setup-test build test-go test-web test-e2e ## Run every test

test-go: setup-test build ## Go tests with the race detector, on a throw-away PostgreSQL with PostGIS
	YIPING_BINARY=$(CURDIR)/$(YIPING) $(YIPING) database --ephemeral -- go test $(ALONE)
	$(YIPING) database --ephemeral -- go test -race -timeout 20m $$(go list ./... | grep -vxF $(ALONE:%=-e %))

test-web: .build/npm ## Types, lint and unit tests of the pages
	cd web && npm run --silent check && npm run --silent lint && npm run --silent test

test-e2e: setup-test build ## The whole loop in a real browser
	$(YIPING) database --ephemeral -- bash -c 'cd web && YIPING_BINARY=$(CURDIR)/$(YIPING) npm run --silent e2e'

lint: .build/npm .build/web ## gofmt, go vet, golangci-lint, vue-tsc, biome
	@test -z "$$(gofmt -l geo server seed migrations web/embed.go)" || { gofmt -l geo server seed migrations; exit 1; }
	go vet ./...
	$(GOLANGCI) run
	cd web && npm run --silent check && npm run --silent lint

bench: build ## Targets against other ways, one JSON line each
	$(YIPING) database --ephemeral --durable -- go run ./server/bench

torture: setup-test build ## Heavy trials: hundreds of kills under load; the live feed's storm, and its soak of half an hour
	$(YIPING) database --ephemeral -- go test -race -tags torture -timeout 120m -run Torture $$(go list ./server/... | grep -vxF yiping/server/feedtorture)
	# Without the race detector: under it the load would be what is found.
	YIPING_BINARY=$(CURDIR)/$(YIPING) $(YIPING) database --ephemeral -- go test -v -tags torture -timeout 90m -run Torture ./server/feedtorture

clean: ## Remove what was built (never the data folder)
	rm -rf .build web/node_modules
	find web/dist -mindepth 1 ! -name .gitkeep -delete
