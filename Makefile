# SPDX-License-Identifier: Apache-2.0
#
# make             the release binary, build/release/cloudwatch-mcp
# make demo        builds, and serves the embedded demo account
# make test        everything a C tool chain can check
# make unit        unit tests (MODE=debug; also asan, tsan, cov, release)
# make corpus      replay every fuzz corpus under sanitizers
# make lint        layers, purity, style, warnings, analysers
# make fuzz        fuzz for 10 minutes; fuzz-smoke: for one
# make cov         coverage of the unit tests and corpora
# make vendor      fetch and verify the libraries' sources: the one step that
#                  needs a network
# make dist        one archive that builds and tests without a network
# make check-binary, check-reproducible, check-dist, image-test
# make setup       install what the targets above need (they do it themselves)
#
# Sources are found by name: src/main.c is the program, the rest of src/ is
# libcore.a, each tests/test_<unit>.c is one test binary, the other files of
# tests/ are what tests share. build/<mode>/ mirrors the tree. V=1 shows the
# commands; config.mk, where it exists, overrides the variables below.

-include config.mk

MODE ?= debug
HOST_ARCH := $(shell uname -m)
ARCH ?= $(HOST_ARCH)
VERSION := 0.1.0
VENDOR_SRC ?= vendor/src
VENDOR_BUILD ?= build/vendor
CROSS := $(if $(filter-out $(HOST_ARCH),$(ARCH)),$(ARCH)-linux-gnu-)
Q := $(if $(V),,@)
B := build/$(MODE)$(if $(CROSS),-$(ARCH))

WARN := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes \
	-Wmissing-prototypes -Wvla -Wundef -Wpointer-arith \
	-Wimplicit-fallthrough -Werror
SAN := -fno-omit-frame-pointer -fsanitize=address,undefined \
	-fno-sanitize-recover=undefined

# Each mode: compiler, code generation, link, and which vendored libraries.
ifeq ($(MODE),release)
LIBS := $(ARCH)
MUSL := $(VENDOR_BUILD)/$(ARCH)/musl
CC := $(MUSL)/bin/musl-gcc
GEN := -O2 -fPIE -ffunction-sections -fdata-sections -fstack-protector-strong \
	-fstack-clash-protection -ftrivial-auto-var-init=zero \
	$(if $(filter x86_64,$(ARCH)),-fcf-protection) \
	-ffile-prefix-map=$(CURDIR)=. \
	-isystem $(VENDOR_BUILD)/$(ARCH)/linux-headers
LINK := -static-pie -s -Wl,--gc-sections,--build-id=none \
	-Wl,-z,relro,-z,now,-z,noexecstack,-z,separate-code
else
LIBS := $(if $(filter asan,$(MODE)),asan,host)
CC := $(if $(filter cov fuzz,$(MODE)),clang,gcc)
GEN := -O1 -g
GEN_asan := $(SAN)
GEN_tsan := -fsanitize=thread
GEN_cov := -fprofile-instr-generate -fcoverage-mapping
GEN_fuzz := $(SAN) -fsanitize=fuzzer-no-link
GEN += $(GEN_$(MODE))
LINK := $(GEN_$(MODE))
endif
AR := $(CROSS)ar
LINK += -pthread

CFLAGS ?=
ALL_CFLAGS := -std=c11 $(WARN) $(GEN) -pthread -Isrc -MMD -MP \
	-isystem $(VENDOR_SRC)/bearssl/inc -DVERSION='"$(VERSION)"' $(CFLAGS)
# Only these may see more of libc than ISO C.
$(B)/src/net/%.o $(B)/src/main.o: ALL_CFLAGS += -D_GNU_SOURCE
$(B)/tests/%.o $(B)/fuzz/%.o: ALL_CFLAGS += -Itests -D_GNU_SOURCE

CORE := $(filter-out src/main.c,$(wildcard src/*.c src/*/*.c))
SHARED := $(filter-out tests/test_%,$(wildcard tests/*.c)) \
	$(wildcard tests/test_common.c)
TESTS := $(patsubst %.c,$(B)/%,$(wildcard tests/test_*.c))
FUZZERS := $(patsubst %.c,$(B)/%,$(wildcard fuzz/fuzz_*.c))
BEARSSL := $(VENDOR_BUILD)/$(LIBS)/libbearssl.a
# Named after what was locked and patched, so that a change fetches again.
STAMP := $(VENDOR_SRC)/.verified-$(shell cat vendor/vendor.lock \
	vendor/patches/*.patch 2>/dev/null | sha256sum | cut -c1-12)

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all demo test unit corpus e2e lint headers fuzz fuzz-smoke cov vendor \
	vendor-libs dist setup check-binary check-reproducible check-dist \
	image-test interop bench clean help

PROGRAM := build/release$(if $(CROSS),-$(ARCH))/cloudwatch-mcp
JOBS ?= $(shell nproc)
SUB := $(Q)$(MAKE) --no-print-directory -j$(JOBS)
SETUP := $(Q)sh vendor/setup.sh

all:
	$(SUB) MODE=release $(PROGRAM)

demo: setup
	$(SUB) all
	$(Q)exec $(PROGRAM) --demo $(DEMO_ARGS)

setup:
	$(SETUP) build

test:
	$(SETUP) build test
	$(SUB) unit MODE=debug
	$(SUB) unit MODE=asan
	$(SUB) corpus MODE=asan
	$(SUB) check-binary
	$(SUB) e2e

# Objects, not libcore.a, as nothing calls net/relro.o by name.
$(B)/cloudwatch-mcp: $(B)/src/main.o $(CORE:%.c=$(B)/%.o) $(BEARSSL)
	@echo "LINK $@"
	$(Q)$(CC) -o $@ $^ $(LINK)

$(B)/libcore.a: $(CORE:%.c=$(B)/%.o)
$(B)/libtest.a: $(SHARED:%.c=$(B)/%.o)
$(B)/%.a:
	@mkdir -p $(@D) && rm -f $@
	$(Q)$(AR) rcD $@ $^

$(B)/%.o: %.c | $(BEARSSL)
	@mkdir -p $(@D) && echo "CC $@"
	$(Q)$(CC) $(ALL_CFLAGS) -c -o $@ $<

$(B)/tests/test_%: $(B)/tests/test_%.o $(B)/libtest.a $(B)/libcore.a $(BEARSSL)
	$(Q)$(CC) -o $@ $^ $(LINK) -lm

$(B)/fuzz/fuzz_%: $(B)/fuzz/fuzz_%.o $(B)/libtest.a $(B)/libcore.a $(BEARSSL)
	$(Q)$(CC) -o $@ $^ $(LINK) -fsanitize=fuzzer -lm

$(B)/fuzz/replay_%: $(B)/fuzz/replay.o $(B)/fuzz/fuzz_%.o $(B)/libtest.a \
    $(B)/libcore.a $(BEARSSL)
	$(Q)$(CC) -o $@ $^ $(LINK) -lm

unit: $(TESTS)
	@sh tests/unit.sh $(TESTS)

corpus: $(FUZZERS:$(B)/fuzz/fuzz_%=$(B)/fuzz/replay_%)
	$(Q)for r in $^; do unit=$${r##*/replay_}; \
	    if [ -d fuzz/corpus/$$unit ]; then printf '%s: ' "corpus: $$unit"; \
	    $$r fuzz/corpus/$$unit || exit 1; fi; done

fuzz: FUZZ_SECONDS ?= 600
fuzz-smoke: FUZZ_SECONDS ?= 60
fuzz fuzz-smoke:
	$(SETUP) build fuzz
	$(SUB) MODE=fuzz fuzz-targets
	$(Q)sh fuzz/run.sh $(FUZZ_SECONDS) $(FUZZERS:$(B)/%=build/fuzz/%)

fuzz-targets: $(FUZZERS)

cov:
	$(SETUP) build lint
	$(SUB) MODE=cov cov-targets
	$(Q)sh tests/lint/cov.sh $(TESTS:$(B)/%=build/cov/%)

cov-targets: $(TESTS)

e2e: all
	$(Q)sh tests/e2e.sh

lint:
	$(SETUP) build lint
	$(Q)sh tests/lint/run.sh

check-binary: all
	$(SUB) MODE=release build/release/tests/test_relro
	$(Q)build/release/tests/test_relro >/dev/null
	$(Q)sh tests/lint/binary.sh $(PROGRAM) $(CURDIR) \
	    $(abspath $(VENDOR_BUILD)) $(abspath $(VENDOR_SRC)) $(HOME)

check-reproducible: $(STAMP)
	$(Q)sh tests/lint/reproducible.sh

dist: $(STAMP)
	$(Q)sh vendor/dist.sh build/cloudwatch-mcp-$(VERSION).tar.gz

check-dist: dist
	$(Q)sh tests/lint/offline.sh build/cloudwatch-mcp-$(VERSION).tar.gz

image-test:
	$(SETUP) image
	$(Q)sh tests/image.sh

vendor: $(STAMP)
$(STAMP):
	$(Q)sh vendor/fetch.sh vendor/archive $(VENDOR_SRC)
	@rm -f $(VENDOR_SRC)/.verified-* && touch $@

$(VENDOR_BUILD)/%/libbearssl.a: $(STAMP)
	$(Q)sh vendor/build.sh $* $(VENDOR_SRC) $(VENDOR_BUILD)

vendor-libs: $(foreach v,host asan $(ARCH),$(VENDOR_BUILD)/$(v)/libbearssl.a)

headers:
	$(Q)sh tests/lint/headers.sh $(filter-out -MMD -MP,$(ALL_CFLAGS))

clean:
	$(Q)rm -rf $(filter-out build/vendor,$(wildcard build/*))

help:
	@sed -n 's/^# make/make/p' Makefile

-include $(shell find $(B) -name '*.d' 2>/dev/null)
