# cairn: a trusted boot and measured-launch chain for Xen.
#
#   make demo     the main job, on real Xen under emulation     make check    every test
#   make          the programs and the library                  make soak     loops, mutation, every path
#   make bench    figures against their budgets                 make fuzz     FUZZ_SECONDS=N for each target
#   make asan     units under ASan and UBSan                    make lint     clang-tidy, cppcheck, format
#   make mutate   each check removed once   (MUTATE_FILES='src/core/quote.c ...')
#   make deb      installable packages                          make install  DESTDIR= PREFIX=
#
# V=1 shows the commands. Everything that is made lands in $(BUILD).

PREFIX     ?= /usr
SYSCONFDIR ?= /etc
DESTDIR    ?=
BUILD      ?= build
# One name for one place, however it was given: the dependency files name objects by it.
override BUILD := $(patsubst $(CURDIR)/%,%,$(abspath $(BUILD)))
ifeq ($(origin CC),default)
CC         := gcc
endif
CLANG      ?= clang
CFLAGS     ?= -O2 -g
V          ?= 0
SANITIZE   ?= 0
FUZZ_SECONDS ?= 10
VERSION    := 0.1.0

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:
.SECONDARY:
SHELL := /bin/bash

ifeq ($(V),0)
Q = @
say = @printf '  %-8s %s\n' '$(1)' '$(2)'
else
Q =
say =
endif

WARN := -Wall -Wextra -Wshadow -Wconversion -Wsign-conversion -Wcast-qual -Wstrict-prototypes \
        -Wmissing-prototypes -Wvla -Wformat=2 -Werror
HARDEN := -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE
SAN := address,undefined
ifneq ($(SANITIZE),0)
HARDEN := -fsanitize=$(SAN) -fno-sanitize-recover=all -fno-omit-frame-pointer -fPIE
LDSAN := -fsanitize=$(SAN)
endif
ifeq ($(SANITIZE),fuzz)
HARDEN += -fsanitize=fuzzer-no-link
endif

# Evaluated when make parses: on a bare machine it is empty, which is why `check` and `demo` call make again.
PC_CFLAGS := $(shell pkg-config --cflags jansson xencontrol xenvchan tss2-esys libseccomp libcurl libevent sqlite3 2>/dev/null)
LANG_FLAGS = -std=gnu11 -Iinclude -Isrc -I. $(PC_CFLAGS) -DCAIRN_VERSION='"$(VERSION)"' \
             -DCAIRN_SYSCONFDIR='"$(SYSCONFDIR)"'
CC_FLAGS = $(LANG_FLAGS) $(CFLAGS) $(WARN) $(HARDEN) -MMD -MP -ffile-prefix-map=$(CURDIR)=.
LD_FLAGS = $(LDFLAGS) $(LDSAN) -pie -Wl,-z,relro,-z,now -Wl,--as-needed

pc = $(shell pkg-config --cflags --libs $(1) 2>/dev/null)
LIBS_CORE     = $(call pc,libcrypto jansson zlib)
LIBS_TPM      = $(call pc,tss2-esys tss2-mu tss2-tctildr tss2-rc)
LIBS_AGENT    = $(call pc,xencontrol xenstore xlutil xenlight libseccomp)
LIBS_VERIFIER = $(call pc,libevent libevent_openssl libssl sqlite3)
LIBS_NET      = $(call pc,libcurl)
LIBS_VCHAN    = $(call pc,xenvchan xenstore libseccomp)
LIBS_ALL      = $(LIBS_TPM) $(LIBS_AGENT) $(LIBS_VERIFIER) $(LIBS_VCHAN) $(LIBS_NET) $(LIBS_CORE)

objs = $(patsubst %.c,$(BUILD)/obj/%.o,$(filter-out %/main.c,$(wildcard $(1))))

LIB_CORE     := $(BUILD)/lib/libcairn.a
LIB_TPM      := $(BUILD)/lib/libcairn-tpm.a
LIB_AGENT    := $(BUILD)/lib/libcairn-agent.a
LIB_CLI      := $(BUILD)/lib/libcairn-cli.a
LIB_NET      := $(BUILD)/lib/libcairn-net.a
LIB_VCHAN    := $(BUILD)/lib/libcairn-vchan.a
LIB_VERIFIER := $(BUILD)/lib/libcairn-verifier.a
LIB_TESTS    := $(LIB_VERIFIER) $(LIB_CLI) $(LIB_AGENT) $(LIB_VCHAN) $(LIB_NET) $(LIB_TPM) $(LIB_CORE)

PROGRAMS := $(foreach p,cairnd:src/agent cairn:src/cli cairn-relay:src/relay cairn-vchan:src/vchan cairn-verifier:attest,\
              $(if $(wildcard $(lastword $(subst :, ,$(p)))/main.c),$(BUILD)/bin/$(firstword $(subst :, ,$(p)))))

.PHONY: all
all: $(LIB_CORE) $(PROGRAMS) $(BUILD)/boot/cairnboot.efi

$(BUILD)/obj/%.o: %.c
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CC_FLAGS) -c -o $@ $<

$(LIB_CORE): $(call objs,src/core/*.c keys/*.c src/boot/*.c)
$(LIB_TPM): $(call objs,src/tpm/*.c)
$(LIB_AGENT): $(call objs,src/agent/*.c src/xen/*.c)
$(LIB_CLI): $(call objs,src/cli/*.c)
$(LIB_NET): $(call objs,src/relay/*.c)
$(LIB_VCHAN): $(call objs,src/vchan/*.c)
$(LIB_VERIFIER): $(call objs,attest/*.c attest/store/*.c)
$(BUILD)/obj/attest/api.o: attest/openapi.json
$(BUILD)/obj/keys/ekdenied.o: keys/ek-denied.json
$(BUILD)/obj/src/cli/cmd_ek.o $(BUILD)/lint/src/cli/cmd_ek.tidy: LANG_FLAGS += -DCAIRN_DATADIR='"$(PREFIX)/share"'
$(BUILD)/lib/%.a:
	$(call say,AR,$@)
	$(Q)mkdir -p $(@D) && rm -f $@ && $(AR) rcsD $@ $^

link = $(CC) $(LD_FLAGS) -o $@ $^
$(BUILD)/bin/cairnd: $(BUILD)/obj/src/agent/main.o $(LIB_AGENT) $(LIB_TPM) $(LIB_CORE)
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D) && $(link) $(LIBS_AGENT) $(LIBS_TPM) $(LIBS_CORE)
$(BUILD)/bin/cairn: $(BUILD)/obj/src/cli/main.o $(LIB_CLI) $(LIB_NET) $(LIB_CORE)
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D) && $(link) $(LIBS_NET) $(LIBS_CORE)
$(BUILD)/bin/cairn-relay: $(BUILD)/obj/src/relay/main.o $(LIB_VCHAN) $(LIB_NET) $(LIB_CORE)
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D) && $(link) $(LIBS_VCHAN) $(LIBS_NET) $(LIBS_CORE)
$(BUILD)/bin/cairn-vchan: $(BUILD)/obj/src/vchan/main.o $(LIB_VCHAN) $(LIB_NET) $(LIB_CORE)
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D) && $(link) $(LIBS_VCHAN) $(LIBS_CORE)
$(BUILD)/bin/cairn-verifier: $(BUILD)/obj/attest/main.o $(LIB_VERIFIER) $(LIB_CORE)
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D) && $(link) $(LIBS_VERIFIER) $(LIBS_CORE)

# ---- dependencies -----------------------------------------------------------------------------------------------
.PHONY: deps
deps:
	$(Q)tests/setup/deps demo lint package

# ---- tests: one cmocka program a file; *_fixture.c is linked into each ----------------------------------------
UNITS := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(wildcard tests/unit/test_*.c))
FIXTURES := $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard tests/unit/*_fixture.c))
$(BUILD)/unit/%: $(BUILD)/obj/tests/unit/%.o $(FIXTURES) $(LIB_TESTS)
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D) && $(link) $(LIBS_ALL) -lcmocka

$(BUILD)/unit/test_faults_% $(BUILD)/unit/test_quotefaults: LD_FLAGS += -Wl,@tests/unit/faults.wrap
CALLEE_FAULTS := nonce verifier_enrol verifier_faults verifier_enrolment verifier_start
$(CALLEE_FAULTS:%=$(BUILD)/unit/test_%): LD_FLAGS += -Wl,@tests/unit/callee_faults.wrap

.PHONY: units asan integration machine
units: $(UNITS)
	$(Q)tests/setup/run-units $^

# Software TPMs as they leave their maker: the tests start from copies.
export CAIRN_SWTPM_STOCK := $(abspath $(BUILD))/swtpm

asan:
	$(Q)$(MAKE) --no-print-directory BUILD=$(BUILD)/asan SANITIZE=1 units

# The attacks are one program; the attacked are the server's process and software TPMs.
$(BUILD)/attack/attack: $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard tests/attack/*.c)) $(FIXTURES) $(LIB_TESTS)
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D) && $(link) $(LIBS_ALL) -lcmocka

# The corpus of attacks on quote verifiers: its generator, and the table of how verifiers do (docs/attack-corpus.md).
$(BUILD)/attack/make-corpus: $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard tests/attack/make/*.c)) $(FIXTURES) $(LIB_TESTS)
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D) && $(link) $(LIBS_ALL) -lcmocka

.PHONY: corpus attack-score attack-docs
corpus: $(BUILD)/attack/make-corpus
	$(Q)rm -rf tests/attack/corpus && $< tests/attack/corpus

attack-score: all
	$(Q)BUILD=$(abspath $(BUILD)) tests/attack/score

attack-docs: all
	$(Q)sed -i '/^<!-- What follows/q' docs/attack-corpus.md
	$(Q)BUILD=$(abspath $(BUILD)) tests/attack/score --markdown >>docs/attack-corpus.md

integration: all $(BUILD)/attack/attack $(BUILD)/attack/make-corpus $(BUILD)/mutate/mutate $(BUILD)/mutate/run
	$(Q)BUILD=$(abspath $(BUILD)) tests/setup/run-bats $(wildcard tests/integration/*.bats tests/attack/*.bats \
	  tests/mutate/*.bats)

# What an emulated host is made of beside cairn: Xen, kernels, guests. The first time needs the network.
.PHONY: images
images: all $(BUILD)/guests/vmlinuz $(BUILD)/guests/reader.img $(BUILD)/guests/rawbuild

$(BUILD)/pkgs/stamp: tests/setup/fetch
	$(Q)tests/setup/fetch $(BUILD) && touch $@

$(BUILD)/guests/vmlinuz: $(wildcard tests/machine/guests/* tests/machine/guests/*/*) src/boot/dom0/ramdisk.sh $(BUILD)/pkgs/stamp
	$(call say,GUESTS,$(@D))
	$(Q)CAIRN_PKGS=$(BUILD)/pkgs tests/machine/guests/build $(@D)

$(BUILD)/guests/reader.img: $(wildcard tests/machine/guests/disks/*) $(wildcard src/boot/dom0/*) tests/machine/guests/hvm/block \
  $(BUILD)/pkgs/stamp
	$(call say,GUESTS,$@)
	$(Q)CAIRN_PKGS=$(BUILD)/pkgs tests/machine/guests/disks/build $(@D)

$(BUILD)/guests/rawbuild: $(BUILD)/obj/tests/machine/rawbuild/rawbuild.o
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D) && $(link) $(call pc,xencontrol)

machine: images
	$(Q)BUILD=$(abspath $(BUILD)) tests/setup/run-bats $(filter-out %/paths.bats,$(wildcard tests/machine/*.bats))

# ---- mutation: every check is removed, one at a time; some unit test must go red for each (docs/mutation.md) --------
# What is judged, and what judges; MUTATE_FILES restricts a run to some of them.
MUTATED := $(wildcard src/core/*.c keys/*.c src/boot/*.c $(addprefix attest/,$(addsuffix .c,\
             enrol evidence nonce receipt result tpm verifier)))
MUTATE_FILES ?= $(MUTATED)
MUTATE_UNITS ?= $(patsubst $(BUILD)/%,$(BUILD)/mutate/%,$(UNITS))
MUTATE_JOBS  ?= 2

$(BUILD)/mutate/mutate: $(addprefix $(BUILD)/obj/tests/mutate/,mutate.o source.o find.o condition.o table.o tokens.o)
$(BUILD)/mutate/run: $(addprefix $(BUILD)/obj/tests/mutate/,run.o baseline.o kill.o report.o task.o)
$(BUILD)/mutate/mutate $(BUILD)/mutate/run:
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D) && $(link)
$(BUILD)/obj/tests/mutate/%.o: CC_FLAGS += -D_GNU_SOURCE

# Inside the build of the mutants: the instrumented copies stand for the sources.
ifdef MUTANTS
$(patsubst %.c,$(BUILD)/obj/%.o,$(MUTATED)): $(BUILD)/obj/%.o: $(BUILD)/src/%.c
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CC_FLAGS) -w -iquote $(dir $*.c) -c -o $@ $<
$(LIB_CORE): $(BUILD)/obj/tests/mutate/live.o
endif

.PHONY: mutate
mutate: $(BUILD)/mutate/mutate $(BUILD)/mutate/run
	$(Q)$< $(BUILD)/mutate $(MUTATED)
	$(Q)$(MAKE) --no-print-directory BUILD=$(BUILD)/mutate MUTANTS=1 $(MUTATE_UNITS)
	$(Q)$(BUILD)/mutate/run -j $(MUTATE_JOBS) $(addprefix -f ,$(MUTATE_FILES)) -e tests/mutate/equivalent.tsv \
	  $(BUILD)/mutate $(MUTATE_UNITS)

# ---- fuzz: one libFuzzer target a file, built by clang with the sanitizers ----------------------------------------
FUZZERS := $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))
ifeq ($(SANITIZE),fuzz)
$(BUILD)/fuzz_%: $(BUILD)/obj/tests/fuzz/fuzz_%.o $(LIB_TESTS)
	$(call say,LD,$@)
	$(Q)$(CC) $(LD_FLAGS) -fsanitize=fuzzer -o $@ $^ $(LIBS_ALL)
.PHONY: fuzzers
fuzzers: $(patsubst tests/fuzz/%.c,$(BUILD)/%,$(wildcard tests/fuzz/fuzz_*.c))
endif

.PHONY: fuzz
fuzz:
	$(Q)$(MAKE) --no-print-directory BUILD=$(BUILD)/fuzz SANITIZE=fuzz CC=$(CLANG) CFLAGS='-O1 -g' fuzzers
	$(Q)FUZZ_SECONDS=$(FUZZ_SECONDS) tests/setup/run-fuzz $(BUILD)/corpus $(FUZZERS)

# ---- check, demo, soak --------------------------------------------------------------------------------------------
.PHONY: check demo soak
check:
	$(Q)tests/setup/deps demo lint package
	$(Q)+$(MAKE) --no-print-directory check-here

demo:
	$(Q)tests/setup/deps demo
	$(Q)+$(MAKE) --no-print-directory demo-here

.PHONY: check-here demo-here
check-here:
	$(Q)MAKE='$(MAKE)' tests/setup/check $(abspath $(BUILD))

demo-here: images
	$(Q)BUILD=$(abspath $(BUILD)) tests/machine/demo

# Each fuzz target for SOAK_SECONDS, the units and the programs' tests over and over under the sanitizers, hundreds of
# launches on one host, each mutant.
SOAK_SECONDS ?= 600
SOAK_ROUNDS  ?= 20
soak:
	$(Q)$(MAKE) --no-print-directory fuzz FUZZ_SECONDS=$(SOAK_SECONDS)
	$(Q)for i in $$(seq $(SOAK_ROUNDS)); do echo "soak: round $$i of $(SOAK_ROUNDS)"; \
	  $(MAKE) --no-print-directory asan integration || exit 1; done
	$(Q)$(MAKE) --no-print-directory images
	$(Q)KINDS_ROUNDS=300 BUILD=$(abspath $(BUILD)) tests/setup/run-bats tests/machine/paths.bats tests/machine/kinds.bats
	$(Q)$(MAKE) --no-print-directory mutate

# ---- bench: each program prints name, value, unit, budget, ok|over -------------------------------------------------
BENCHES := $(patsubst tests/bench/%.c,$(BUILD)/bench/%,$(wildcard tests/bench/bench_*.c))
$(BUILD)/bench/%: $(BUILD)/obj/tests/bench/%.o $(FIXTURES) $(LIB_TESTS)
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D) && $(link) $(LIBS_ALL) -lcmocka

.PHONY: bench
bench: $(BENCHES)
	$(Q)tests/setup/run-bench $^

# ---- lint -----------------------------------------------------------------------------------------------------------
C_FILES := $(wildcard src/core/*.c src/tpm/*.c src/agent/*.c src/xen/*.c src/boot/*.c src/cli/*.c src/relay/*.c \
             src/vchan/*.c keys/*.c attest/*.c attest/store/*.c tests/unit/*.c tests/attack/*.c tests/attack/make/*.c tests/fuzz/*.c \
             tests/bench/*.c tests/mutate/*.c)
H_FILES := $(shell find include src attest keys tests -name '*.h' -not -path 'src/boot/efi/*' 2>/dev/null)
TIDIED  := $(patsubst %.c,$(BUILD)/lint/%.tidy,$(C_FILES))
# The object stands for the file and every header that it includes.
$(BUILD)/lint/%.tidy: $(BUILD)/obj/%.o .clang-tidy
	$(call say,TIDY,$*.c)
	$(Q)mkdir -p $(@D)
	$(Q)clang-tidy --quiet $*.c -- $(LANG_FLAGS) >$@.log 2>/dev/null || { cat $@.log; exit 1; }
	$(Q)touch $@

$(BUILD)/lint/cppcheck: $(C_FILES) $(H_FILES) tests/setup/cppcheck-suppressions
	$(call say,CPPCHECK,$(words $(C_FILES)) files)
	$(Q)mkdir -p $@.cache
	$(Q)cppcheck --quiet --std=c11 --error-exitcode=1 --inline-suppr --enable=warning,portability,performance \
	  --suppressions-list=tests/setup/cppcheck-suppressions --cppcheck-build-dir=$@.cache -j2 \
	  --library=posix -D'json_array_foreach(a,i,v)=while (v)' -D'json_object_foreach(o,k,v)=while (v)' \
	  -Iinclude -Isrc -I. $(C_FILES)
	$(Q)touch $@

MAN_PAGES := $(wildcard docs/man/*.1 docs/man/*.8)
$(BUILD)/lint/man: $(MAN_PAGES)
	$(call say,MANDOC,$(words $^) pages)
	$(Q)mkdir -p $(@D) && mandoc -T lint -W warning $^ && touch $@

FORMATTED := $(C_FILES) $(H_FILES) $(wildcard src/boot/efi/*.c src/boot/efi/*.h tests/machine/guests/*/*.c)
$(BUILD)/lint/format: $(FORMATTED) .clang-format
	$(call say,FORMAT,$(words $(FORMATTED)) files)
	$(Q)mkdir -p $(@D) && clang-format --dry-run -Werror $(FORMATTED) && touch $@

.PHONY: lint format
lint: $(TIDIED) $(BUILD)/lint/cppcheck $(BUILD)/lint/man $(BUILD)/lint/format
	$(Q)echo "lint: clean"

format:
	clang-format -i $(FORMATTED)

# ---- install, packages ----------------------------------------------------------------------------------------------
bindir  = $(DESTDIR)$(PREFIX)/bin
sbindir = $(DESTDIR)$(PREFIX)/sbin
libdir  = $(DESTDIR)$(PREFIX)/lib
share   = $(DESTDIR)$(PREFIX)/share
confdir = $(DESTDIR)$(SYSCONFDIR)/cairn
UNIT_FILES := $(wildcard src/agent/*.service src/relay/*.service src/vchan/*.service attest/*.service)
CONF_FILES := $(wildcard src/agent/*.conf src/relay/*.conf attest/*.conf)

.PHONY: install deb
install: all
	install -d $(bindir) $(sbindir) $(libdir)/systemd/system $(DESTDIR)$(PREFIX)/include/cairn $(confdir) \
	  $(share)/man/man1 $(share)/man/man8 $(share)/bash-completion/completions
	install -m 755 $(BUILD)/bin/cairn $(bindir)/
	install -m 755 $(filter-out %/cairn,$(PROGRAMS)) $(sbindir)/
	install -m 644 $(LIB_CORE) $(libdir)/
	install -d $(libdir)/cairn
	install -m 644 $(BUILD)/boot/cairnboot.efi $(libdir)/cairn/
	install -m 644 include/cairn/*.h $(DESTDIR)$(PREFIX)/include/cairn/
	for f in keys/ek-roots/*.md keys/ek-roots/*/*.pem; do \
	  install -D -m 644 $$f $(share)/cairn/$${f#keys/} || exit 1; done
	install -m 644 keys/ek-denied.json $(share)/cairn/
	install -m 644 docs/man/*.1 $(share)/man/man1/
	install -m 644 docs/man/*.8 $(share)/man/man8/
	install -m 644 src/cli/completion/* $(share)/bash-completion/completions/
	install -m 644 $(UNIT_FILES) $(libdir)/systemd/system/
	install -D -m 644 src/package/no-sleep.conf $(libdir)/systemd/sleep.conf.d/cairn.conf
	for f in $(CONF_FILES); do [ -e $(confdir)/$${f##*/} ] || install -m 644 $$f $(confdir)/ || exit 1; done

deb:
	$(Q)tests/setup/deps build package
	$(Q)+$(MAKE) --no-print-directory deb-here

.PHONY: deb-here
deb-here: all
	$(Q)MAKE='$(MAKE)' src/package/deb $(abspath $(BUILD)) $(VERSION)

.PHONY: clean
clean:
	rm -rf $(BUILD)

include src/boot/efi/efi.mk
-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)
