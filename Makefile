# SPDX-License-Identifier: Apache-2.0
#
# make             the release binary, build/release/cloudwatch-mcp
# make demo        builds, and serves the embedded demo account
# make test        everything a C tool chain can check
# make unit        unit tests (MODE=debug; also asan, tsan, cov, release)
# make corpus      replay every fuzz corpus
# make e2e         the real binary against the demo endpoint
# make page-test   the page for people, in a browser (ONLY=words of a test)
# make lint        layers, purity, style, warnings, analysers
# make interop     against clients that others wrote
# make iam-check   the IAM documents against the code and IAM's grammar
# make deploy-check   what deploy/ holds, by the tools that will read it
# make manifests      deploy/kubernetes from the chart
# make bench       speed and size, beside nginx and curl
# make fuzz        fuzz for 10 minutes; fuzz-smoke: for one
# make cov         coverage of the unit tests
# make vendor      fetch and verify the libraries' sources: the one step that
#                  needs a network
# make dist        one archive that builds and tests without a network
# make metrics-check FACTS=dir   the metric table against facts about it
# make ARCH=aarch64   for arm64, with a cross compiler; unit-arm64 and e2e-arm64
#                  run that under qemu
# make image       a container image for both, build/cloudwatch-mcp-*-oci.tar
# make push REGISTRY=host/name   that image into a registry; sign, rollout: .ci/
# make workflows-check   .github/workflows and the scripts behind them
# make sbom        bills of materials: SPDX and CycloneDX, build/sbom/
# make check-binary timing-check check-reproducible check-dist image-test dockerfile-test
#
# Sources are found by name: src/main.c is the program, the rest of src/ is
# libcore.a, each tests/test_<unit>.c is one test binary, the other files of
# tests/ are what tests share. build/<mode>/ mirrors the tree. V=1 shows the
# commands; config.mk, where it exists, overrides the variables below.

-include config.mk

VERSION := 0.1.0
# The day of this version, in its bill of materials.
RELEASED := 2026-11-30
MODE ?= debug
HOST_ARCH := $(shell uname -m)
HOST_CC ?= gcc
ARCH ?= $(HOST_ARCH)
CROSS := $(if $(filter-out $(HOST_ARCH),$(ARCH)),$(ARCH)-linux-gnu-)
VENDOR_SRC ?= vendor/src
VENDOR_BUILD ?= build/vendor
JOBS ?= $(shell nproc)
Q := $(if $(V),,@)
comma := ,
SUB = +$(Q)$(MAKE) --no-print-directory $(if $(findstring -j,$(MAKEFLAGS)),,-j$(JOBS))
SETUP := $(Q)sh vendor/setup.sh
B := build/$(MODE)$(if $(CROSS),-$(ARCH))
PROGRAM := build/release$(if $(CROSS),-$(ARCH))/cloudwatch-mcp
DIST := build/cloudwatch-mcp-$(VERSION).tar.gz
IMAGE := build/cloudwatch-mcp-$(VERSION)-oci.tar
# What the image and its test are made for: both, or one alone.
IMAGE_ARCHS ?= amd64 arm64
ARCH_amd64 := x86_64
ARCH_arm64 := aarch64
# A foreign program runs under an emulator.
export RUN := $(if $(CROSS),qemu-$(ARCH)-static)
export UNIT_TIMEOUT

WARN := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes \
	-Wmissing-prototypes -Wvla -Wundef -Wpointer-arith \
	-Wimplicit-fallthrough -Werror
SAN := -fno-omit-frame-pointer -fsanitize=address,undefined \
	-fno-sanitize-recover=undefined

# Each mode: compiler, code generation, link, and which vendored libraries.
ifeq ($(MODE),release)
LIBS := $(ARCH)
CC := $(VENDOR_BUILD)/$(ARCH)/musl/bin/musl-gcc
# What -Oz leaves on although it makes this code larger, by 1 % in all.
LESS := -fno-move-loop-invariants -fno-tree-dominator-opts -fno-caller-saves \
	-fno-if-conversion
# No unwind tables: nothing throws, and they weigh a tenth of the code. No endbr
# either: indirect branch tracking needs every object marked, which the C
# library's assembly is not, so that they would be weight without protection.
GEN := -Oz $(LESS) -fPIE -ffunction-sections -fdata-sections -fstack-protector-strong \
	-fstack-clash-protection -ftrivial-auto-var-init=zero \
	-fno-asynchronous-unwind-tables -fno-unwind-tables \
	$(if $(filter x86_64,$(ARCH)),-fcf-protection=none) \
	-ffile-prefix-map=$(CURDIR)=. \
	-isystem $(VENDOR_BUILD)/$(ARCH)/linux-headers
LAYOUT := src/net/link/layout.ld
LINK := -static-pie -s -Wl,--gc-sections,--build-id=none,--orphan-handling=error \
	-Wl,-z,relro,-z,now,-z,noexecstack,-z,noseparate-code,-T,$(LAYOUT) \
	$(if $(filter x86_64,$(ARCH)),-Wl$(comma)-z$(comma)pack-relative-relocs)
else
LIBS := $(if $(filter asan,$(MODE)),asan,host)
CC := $(if $(filter cov fuzz clang,$(MODE)),clang,gcc)
GEN_asan := $(SAN)
GEN_tsan := -fsanitize=thread
GEN_cov := -fprofile-instr-generate -fcoverage-mapping
GEN_fuzz := $(SAN) -fsanitize=fuzzer-no-link
GEN := -O1 -g $(GEN_$(MODE))
LINK := $(GEN_$(MODE))
endif
AR := $(CROSS)ar
LINK += -pthread -lm

CFLAGS ?=
ALL_CFLAGS := -std=c11 $(WARN) $(GEN) -pthread -Isrc -Ibuild -MMD -MP \
	-isystem $(VENDOR_SRC)/bearssl/inc -DVERSION='"$(VERSION)"' \
	-DRELEASED='"$(RELEASED)"' $(CFLAGS)
# Only these may see more of libc than ISO C.
$(B)/src/net/%.o $(B)/src/main.o: ALL_CFLAGS += -D_GNU_SOURCE
$(B)/tests/%.o $(B)/fuzz/%.o: ALL_CFLAGS += -D_GNU_SOURCE -Itests
# Where the instructions of a request are (bytes and slices, HTTP, JSON), and
# what walks long series, is built for speed; the rest, of which a request passes
# a little of much, to be small: that costs a ping 2 % of its instructions.
# Functions stand side by side: padding between them would weigh more than the
# doctor.
HOT := $(addprefix src/base/,arena.c buf.c decimal.c num.c str.c) \
	$(wildcard src/proto/http1*.c src/proto/json.c src/tools/stats*.c) \
	src/proto/chars.c src/net/conn.c \
	src/tools/metric_search.c
HOT_release := -O2 $(LESS:-fno-%=-f%) -falign-functions=1 -falign-jumps=1 -falign-loops=1
$(HOT:%.c=$(B)/%.o): ALL_CFLAGS += $(HOT_$(MODE))
# Of these, the small form is as quick (measured per analysis).
WARM := src/tools/stats_change.c src/tools/stats_trend.c
$(WARM:%.c=$(B)/%.o): ALL_CFLAGS += $(if $(HOT_$(MODE)),-Os)
$(HOT:%.c=$(B)/%.o): Makefile

CORE := $(patsubst %.c,$(B)/%.o,$(filter-out src/main.c,$(wildcard \
	src/*.c src/*/*.c)))
# Programs of the building machine.
CORE := $(filter-out $(B)/src/page/% $(B)/src/net/roots.o,$(CORE))
SHARED := $(patsubst %.c,$(B)/%.o,$(filter-out tests/test_%,$(wildcard \
	tests/*.c)))
TESTS := $(patsubst tests/%.c,%,$(wildcard tests/test_*.c))
UNITS := $(patsubst fuzz/fuzz_%.c,%,$(wildcard fuzz/fuzz_*.c))
BEARSSL := $(VENDOR_BUILD)/$(LIBS)/libbearssl.a
BASE := $(B)/libtest.a $(B)/libcore.a $(BEARSSL)
METRICS := $(sort $(wildcard src/tools/metrics/*.def))
# Named after what was locked and patched, so that a change fetches again.
STAMP := $(VENDOR_SRC)/.verified-$(shell cat vendor/vendor.lock \
	vendor/patches/*.patch 2>/dev/null | sha256sum | cut -c1-12)

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all demo test unit corpus e2e bench lint lint-selftest headers metrics-check metrics-selftest fuzz fuzz-smoke cov vendor \
	vendor-libs dist interop interop-sigv4 interop-profiles interop-sts iam-check check-binary check-reproducible check-dist push sign rollout workflows-check \
	image image-amd64 image-arm64 image-test dockerfile-test sbom unit-arm64 e2e-arm64 \
	deploy-check manifests objects print-flags print-vendor clean help

all:
	$(SUB) MODE=release $(PROGRAM)
demo:
	$(SETUP) build
	$(SUB) all
	$(Q)exec $(PROGRAM) --demo
test:
	$(SETUP) build test
	$(SUB) unit MODE=debug
	$(SUB) unit MODE=asan
	$(SUB) corpus MODE=asan
	$(SUB) metrics-selftest
	$(SUB) check-binary
	$(SUB) timing-check
	$(SUB) e2e
unit: $(TESTS:%=$(B)/tests/%)
	$(Q)sh tests/unit.sh $^
corpus: $(UNITS:%=$(B)/fuzz/replay_%)
	$(Q)sh fuzz/replay.sh $^
e2e: all
	$(SUB) MODE=asan build/asan/cloudwatch-mcp
	$(Q)sh tests/e2e.sh $(PROGRAM) build/asan/cloudwatch-mcp
.PHONY: page-test
page-test: all
	$(SETUP) page
	$(Q)sh tests/page/run.sh $(PROGRAM) $(ONLY)
lint headers:
	$(SETUP) build lint
	$(Q)sh tests/lint/run.sh $(filter headers,$@)
lint-selftest:
	$(SETUP) build lint
	$(Q)sh tests/lint/selftest.sh
fuzz: FUZZ_SECONDS ?= 600
fuzz fuzz-smoke:
	$(SETUP) build fuzz
	$(SUB) MODE=fuzz $(UNITS:%=build/fuzz/fuzz/fuzz_%)
	$(Q)sh fuzz/run.sh $(or $(FUZZ_SECONDS),60) $(UNITS:%=build/fuzz/fuzz/fuzz_%)
cov:
	$(SETUP) build lint
	$(SUB) MODE=cov $(TESTS:%=build/cov/tests/%)
	$(Q)sh tests/lint/cov.sh $(TESTS:%=build/cov/tests/%)
# The metric table against a folder of facts (see tests/metrics_check/check.py).
metrics-check metrics-selftest:
	$(SETUP) build test
	$(SUB) MODE=debug build/debug/tests/metrics_check/dump
	$(Q)build/debug/tests/metrics_check/dump >build/metrics.tsv
	$(Q)cd tests/metrics_check && python3 $(if $(filter %-check,$@),check.py \
	    ../../build/metrics.tsv $(abspath $(or $(FACTS),$(error FACTS=dir \
	    is missing))) meant.tsv,selftest.py ../../build/metrics.tsv)
check-binary: all
	$(SUB) MODE=release build/release/tests/test_relro
	$(Q)sh tests/unit.sh build/release/tests/test_relro >/dev/null
	$(Q)sh tests/lint/binary.sh $(PROGRAM) $(CURDIR) $(abspath \
	    $(VENDOR_BUILD) $(VENDOR_SRC))
# Memcheck's header is no part of musl, and needs nothing of it.
$(B)/tests/timing/%.o: ALL_CFLAGS += $(if $(filter release,$(MODE)),-idirafter \
	/usr/include)
timing-check: all
	$(SETUP) build timing
	$(SUB) MODE=release build/release/tests/timing/secret
	$(Q)sh tests/timing/run.sh build/release/tests/timing/secret
check-reproducible: $(STAMP)
	$(SETUP) build image reproducible
	$(Q)sh tests/lint/reproducible.sh
dist: $(STAMP)
	$(Q)sh vendor/dist.sh $(DIST)
check-dist: dist
	$(Q)sh tests/lint/offline.sh $(DIST)
interop: all
	$(SETUP) build interop
	$(SUB) MODE=asan build/asan/fixture-server
	$(SUB) MODE=debug build/debug/tests/interop/sigv4_probe \
	    build/debug/tests/interop/profiles_probe build/debug/tests/interop/sts_probe
	$(Q)sh tests/interop/run.sh $(PROGRAM) build/asan/fixture-server \
	    build/debug/tests/interop/sigv4_probe \
	    build/debug/tests/interop/profiles_probe build/debug/tests/interop/sts_probe
interop-sigv4:
	$(SETUP) build interop
	$(SUB) MODE=debug build/debug/tests/interop/sigv4_probe
	$(Q)python3 tests/interop/botocore_sigv4.py \
	    build/debug/tests/interop/sigv4_probe
interop-profiles:
	$(SETUP) build interop
	$(SUB) MODE=debug build/debug/tests/interop/profiles_probe
	$(Q)python3 tests/interop/botocore_profiles.py \
	    build/debug/tests/interop/profiles_probe
interop-sts:
	$(SETUP) build interop
	$(SUB) MODE=debug build/debug/tests/interop/sts_probe
	$(Q)python3 tests/interop/botocore_sts.py \
	    build/debug/tests/interop/sts_probe
iam-check: all
	$(SETUP) build test iam
	$(Q)sh tests/deploy/iam.sh $(PROGRAM)
deploy-check manifests: all
	$(SETUP) build test deploy
	$(Q)sh tests/deploy/run.sh $(PROGRAM) $(filter manifests,$@)
bench: all
	$(SETUP) build bench
	$(SUB) MODE=release $(patsubst tests/%.c,build/release/tests/%,$(wildcard \
	    tests/bench/*.c)) build/release/tests/bench/openssl/verify
	$(Q)python3 tests/bench/bench.py $(PROGRAM) \
	    build/release/tests/bench/probe
unit-arm64:
	$(SETUP) build test arm64
	$(SUB) unit MODE=release ARCH=aarch64 UNIT_TIMEOUT=1200
e2e-arm64:
	$(SETUP) build test arm64
	$(SUB) all ARCH=aarch64
	$(Q)printf '#!/bin/sh\nexec %s "$$0.bin" "$$@"\n' $(if $(filter-out \
	    aarch64,$(HOST_ARCH)),qemu-aarch64-static) >build/release-aarch64/emulated
	$(Q)chmod +x build/release-aarch64/emulated
	$(Q)cp build/release-aarch64/cloudwatch-mcp build/release-aarch64/emulated.bin
	$(Q)E2E_TIMEOUT=900 sh tests/e2e.sh build/release-aarch64/emulated
# BINARIES="amd64=FILE arm64=FILE": of these, built elsewhere.
image: $(if $(BINARIES),,$(IMAGE_ARCHS:%=image-%))
	$(SETUP) image
	$(Q)SOURCE_DATE_EPOCH=$${SOURCE_DATE_EPOCH:-$$(sh vendor/epoch.sh)} \
	    REVISION=$${REVISION:-$$(git rev-parse HEAD 2>/dev/null)} \
	    python3 vendor/image.py $(IMAGE) $(VERSION) $(or $(BINARIES),$(foreach \
	    a,$(IMAGE_ARCHS),$(a)=build/release$(if $(filter-out \
	    $(HOST_ARCH),$(ARCH_$(a))),-$(ARCH_$(a)))/cloudwatch-mcp))
image-amd64 image-arm64:
	$(SETUP) build $(if $(filter-out $(HOST_ARCH),$(ARCH_$(@:image-%=%))),arm64)
	$(SUB) all ARCH=$(ARCH_$(@:image-%=%))
image-test: image
	$(SETUP) build interop image image-test
	$(Q)sh tests/image.sh $(IMAGE) $(VERSION) $(IMAGE_ARCHS)
push:
	$(SETUP) push
	$(Q)sh .ci/push.sh $(IMAGE) $(VERSION) $(or $(REGISTRY),$(error \
	    REGISTRY=host/name is missing))
sign:
	$(Q)sh .ci/sign.sh $(or $(IMAGE_DIGEST),$(error \
	    IMAGE_DIGEST=host/name@sha256:... is missing))
rollout:
	$(Q)sh .ci/rollout.sh
workflows-check:
	$(SETUP) lint workflows
	$(Q)sh tests/lint/workflows.sh
dockerfile-test: all
	$(SETUP) build dockerfile
	$(Q)sh tests/dockerfile.sh $(PROGRAM)
sbom: all
	$(SETUP) build sbom
	$(Q)mkdir -p build/sbom
	$(Q)$(PROGRAM) version --sbom >build/sbom/cloudwatch-mcp.spdx.json
	$(Q)python3 vendor/cyclonedx.py $(PROGRAM) <build/sbom/cloudwatch-mcp.spdx.json \
	    >build/sbom/cloudwatch-mcp.cdx.json
	$(Q)sh tests/sbom.sh build/sbom
vendor: $(STAMP)
vendor-libs: $(foreach v,host asan $(ARCH),$(VENDOR_BUILD)/$(v)/libbearssl.a)
clean:
	$(Q)rm -rf $(filter-out build/vendor,$(wildcard build/*))

# For tests/lint: every object, and the flags without the output part.
objects: $(CORE) $(patsubst %.c,$(B)/%.o,$(wildcard src/main.c)) $(if $(filter \
    debug,$(MODE)),$(SHARED) $(TESTS:%=$(B)/tests/%.o) \
    $(UNITS:%=$(B)/fuzz/fuzz_%.o))
print-flags: build/gen/metric_pack.h build/gen/components.def build/gen/page_pack.h \
    build/gen/roots_pack.h build/gen/demo_pack.h
	@printf '%s ' $(filter-out -MMD -MP -g -O1 -DVERSION=% -DRELEASED=%,\
	    $(ALL_CFLAGS)) '-DVERSION=""' '-DRELEASED=""'
print-vendor:
	@printf '%s\n' $(abspath $(VENDOR_SRC) $(VENDOR_BUILD))
help:
	@sed -n 's/^# make/make/p' Makefile

# Objects, not libcore.a, as nothing calls net/relro.o by name.
$(B)/cloudwatch-mcp: $(B)/src/main.o $(CORE) $(BEARSSL) | $(LAYOUT) build/gen/relr
	@echo "LINK $@"
	$(Q)$(CC) -o $@ $^ $(LINK)
	$(if $(LAYOUT),$(Q)build/gen/relr $@)
build/gen/relr: src/net/link/relr.c
	@mkdir -p $(@D) && $(HOST_CC) -std=c11 $(WARN) -O1 -o $@.$$$$ $< && mv $@.$$$$ $@
$(B)/fixture-server: $(patsubst %.c,$(B)/%.o,$(wildcard \
    tests/fixtures/*.c)) $(B)/libcore.a $(BEARSSL)
	$(Q)$(CC) -o $@ $^ $(LINK)
$(B)/tests/test_%: $(B)/tests/test_%.o $(BASE)
	$(Q)$(CC) -o $@ $^ $(LINK)
$(B)/tests/interop/%: $(B)/tests/interop/%.o $(BASE)
	$(Q)$(CC) -o $@ $^ $(LINK)
$(B)/tests/metrics_check/%: $(B)/tests/metrics_check/%.o $(BASE)
	$(Q)$(CC) -o $@ $^ $(LINK)
$(B)/tests/bench/openssl/%: tests/bench/openssl/%.c
	$(Q)mkdir -p $(@D) && $(HOST_CC) -std=c11 -D_GNU_SOURCE $(WARN) -O2 -o $@ $< -lcrypto
$(B)/tests/timing/%: $(B)/tests/timing/%.o $(BASE)
	$(Q)$(CC) -o $@ $^ $(LINK)
$(B)/tests/bench/%: $(B)/tests/bench/%.o $(BASE)
	$(Q)$(CC) -o $@ $^ $(LINK)
$(B)/fuzz/fuzz_%: $(B)/fuzz/fuzz_%.o $(BASE)
	$(Q)$(CC) -o $@ $^ $(LINK) -fsanitize=fuzzer
$(B)/fuzz/replay_%: $(B)/fuzz/replay.o $(B)/fuzz/fuzz_%.o $(BASE)
	$(Q)$(CC) -o $@ $^ $(LINK)
$(B)/libcore.a: $(CORE)
$(B)/libtest.a: $(SHARED)
$(B)/%.a:
	$(Q)mkdir -p $(@D) && rm -f $@ && $(AR) qcsD $@ $^
$(B)/%.o: %.c | $(BEARSSL)
	@mkdir -p $(@D) && echo "CC $@"
	$(Q)$(CC) $(ALL_CFLAGS) -c -o $@ $<
# The metric table: every .def file, through a program of the building machine.
$(B)/src/tools/metric_table.o $(B)/tests/test_metric_table.o: build/gen/metric_pack.h
build/gen/metric_all.def: $(METRICS) Makefile
	@mkdir -p $(@D) && printf '#include "%s"\n' $(METRICS:src/%=%) >$@.$$$$ \
	    && mv $@.$$$$ $@
build/gen/metric_pack.h: build/gen/metric_all.def $(wildcard src/tools/metrics/*.[ch])
	@$(HOST_CC) -std=c11 $(WARN) -O2 -Isrc -Ibuild -o $@.pack$$$$ \
	    $(filter %.c,$^) && $@.pack$$$$ >$@.$$$$ && mv $@.$$$$ $@ && rm $@.pack$$$$
# The page for people, through another.
$(B)/src/app_page.o $(B)/tests/test_app_page.o: build/gen/page_pack.h
build/gen/page_pack.h: $(addprefix src/page/page.,html css js) $(wildcard \
    src/page/*.[ch]) src/tools/tools.def
	@mkdir -p $(@D) && $(HOST_CC) -std=c11 $(WARN) -O2 -Isrc -o $@.pack$$$$ \
	    $(filter %.c,$^) && $@.pack$$$$ $(filter-out %.c %.h %.def,$^) \
	    >$@.$$$$ && mv $@.$$$$ $@ && rm $@.pack$$$$
# Texts that are unpacked when they are needed.
$(B)/src/net/anchors.o: build/gen/roots_pack.h
$(B)/src/demo/account.o: build/gen/demo_pack.h
build/gen/%_pack.h: build/gen/bundle
	@$< $* >$@.$$$$ && mv $@.$$$$ $@
build/gen/bundle: src/page/bundle/bundle.c src/page/deflate.c src/page/deflate.h \
    src/net/roots.c src/net/roots.h $(wildcard src/demo/*.def) \
    src/demo/account.h
	@mkdir -p $(@D) && $(HOST_CC) -std=c11 $(WARN) -O2 -Isrc -o $@.$$$$ \
	    $(filter %.c,$^) && mv $@.$$$$ $@
# What the program is made of besides its own code.
$(B)/src/cli/cli_version.o: build/gen/components.def
build/gen/components.def: vendor/components.sh vendor/vendor.lock src/net/roots.c \
    $(METRICS) Makefile
	@mkdir -p $(@D) && VERSION=$(VERSION) LC_ALL=C sh $< >$@.$$$$ && mv $@.$$$$ $@
$(STAMP):
	$(Q)sh vendor/fetch.sh vendor/archive $(VENDOR_SRC)
	$(Q)rm -f $(VENDOR_SRC)/.verified-* && touch $@
$(VENDOR_BUILD)/%/libbearssl.a: $(STAMP)
	$(Q)sh vendor/build.sh $* $(VENDOR_SRC) $(VENDOR_BUILD)
-include $(shell find $(B) -name '*.d' 2>/dev/null)
