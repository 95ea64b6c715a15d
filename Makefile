# Every target works on a clean clone with Go 1.26; test also wants Python 3.10
# or later for the lab.

GO     ?= go
PREFIX ?= $(HOME)/.local
export GOFLAGS ?= -mod=readonly

.PHONY: build release demo test soak bench-trail bench-triage bench-secrets words fmt vet staticcheck install clean

# As it is shipped: static, without paths of this machine.
build:
	scripts/build.sh bin/cordon

# Everything for six platforms into dist/. RELEASE="linux/amd64" for one.
release:
	scripts/release.sh $(RELEASE)

demo: build
	scripts/demo.sh

test:
	scripts/test.sh

# The tests that find what one run does not: shuffled, raced, many times, and
# every fuzz test for SOAK_FUZZ.
SOAK_COUNT ?= 10
SOAK_FUZZ  ?= 60s
soak:
	scripts/soak.sh $(SOAK_COUNT) $(SOAK_FUZZ)

# Import, rules and questions of a generated trail beside gzip, in one run. The
# corpus is made once. BENCH_TRAIL="-full -rounds 5" for more.
bench-trail:
	scripts/bench-trail.sh $(BENCH_TRAIL)

# A triage of a recorded account, every call 50 ms away. BENCH_TRIAGE="-all" for
# every kind, BENCH_TRIAGE="-kinds 40" for all that both peers list.
bench-triage:
	scripts/bench-triage.sh $(BENCH_TRIAGE)

# A whole history scanned beside git printing it. BENCH_SECRETS="-quick" leaves out
# git log -p and gitleaks.
bench-secrets:
	scripts/bench-secrets.sh $(BENCH_SECRETS)

words:
	$(GO) test -count=1 ./internal/words

fmt:
	gofmt -w cmd internal

vet:
	$(GO) vet ./...

staticcheck:
	$(GO) tool staticcheck ./...

install: build
	install -d "$(PREFIX)/bin"
	install -m 755 bin/cordon "$(PREFIX)/bin/cordon"
	"$(PREFIX)/bin/cordon" secrets install-link --dir "$(PREFIX)/bin"

clean:
	rm -rf bin dist
