# cairn: a trusted boot and measured-launch chain for Xen.
#
#   make demo     the main job, on real Xen under emulation     make check    every test
#   make          the programs and the library                  make soak     loops, mutation, every path
#   make bench    figures against their budgets                 make fuzz     FUZZ_SECONDS=N for each target
#   make asan     units under ASan and UBSan                    make lint     clang-tidy, cppcheck, format
#   make deb      installable packages                          make install  DESTDIR= PREFIX=
#
# V=1 shows the commands. Everything that is made lands in $(BUILD).

PREFIX     ?= /usr
SYSCONFDIR ?= /etc
DESTDIR    ?=
BUILD      ?= build
CC         ?= gcc
CLANG      ?= clang
AR         ?= ar
CFLAGS     ?= -O2 -g
V          ?= 0
SANITIZE   ?= 0
FUZZ_SECONDS ?= 10
VERSION    := 0.1.0

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:
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
ifeq ($(SANITIZE),1)
HARDEN := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -fPIE
LDSAN := -fsanitize=address,undefined
endif

CC_FLAGS = -std=gnu11 $(CFLAGS) $(WARN) $(HARDEN) -MMD -MP -Iinclude -Isrc -I. \
           -ffile-prefix-map=$(CURDIR)=. -DCAIRN_VERSION='"$(VERSION)"' -DCAIRN_SYSCONFDIR='"$(SYSCONFDIR)"'
LD_FLAGS = $(LDFLAGS) $(LDSAN) -pie -Wl,-z,relro,-z,now -Wl,--as-needed

pc = $(shell pkg-config --cflags --libs $(1) 2>/dev/null)
LIBS_CORE     = $(call pc,libcrypto jansson zlib)
LIBS_TPM      = $(call pc,tss2-esys tss2-mu tss2-tctildr tss2-rc)
LIBS_AGENT    = $(call pc,xencontrol xenstore xlutil)
LIBS_VERIFIER = $(call pc,libevent libevent_openssl libssl sqlite3)
LIBS_NET      = $(call pc,libcurl)
LIBS_ALL      = $(LIBS_TPM) $(LIBS_AGENT) $(LIBS_VERIFIER) $(LIBS_NET) $(LIBS_CORE)

objs = $(patsubst %.c,$(BUILD)/obj/%.o,$(filter-out %/main.c,$(wildcard $(1))))

LIB_CORE     := $(BUILD)/lib/libcairn.a
LIB_TPM      := $(BUILD)/lib/libcairn-tpm.a
LIB_AGENT    := $(BUILD)/lib/libcairn-agent.a
LIB_CLI      := $(BUILD)/lib/libcairn-cli.a
LIB_NET      := $(BUILD)/lib/libcairn-net.a
LIB_VERIFIER := $(BUILD)/lib/libcairn-verifier.a
LIB_TESTS    := $(LIB_VERIFIER) $(LIB_CLI) $(LIB_AGENT) $(LIB_NET) $(LIB_TPM) $(LIB_CORE)

PROGRAMS := $(foreach p,cairnd:src/agent cairn:src/cli cairn-relay:src/relay cairn-verifier:attest,\
              $(if $(wildcard $(lastword $(subst :, ,$(p)))/main.c),$(BUILD)/bin/$(firstword $(subst :, ,$(p)))))

.PHONY: all
all: $(LIB_CORE) $(PROGRAMS)

$(BUILD)/obj/%.o: %.c
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CC_FLAGS) $(shell pkg-config --cflags jansson xencontrol 2>/dev/null) -c -o $@ $<

$(LIB_CORE): $(call objs,src/core/*.c keys/*.c src/boot/*.c)
$(LIB_TPM): $(call objs,src/tpm/*.c)
$(LIB_AGENT): $(call objs,src/agent/*.c src/xen/*.c)
$(LIB_CLI): $(call objs,src/cli/*.c)
$(LIB_NET): $(call objs,src/relay/*.c)
$(LIB_VERIFIER): $(call objs,attest/*.c attest/store/*.c)
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
$(BUILD)/bin/cairn-relay: $(BUILD)/obj/src/relay/main.o $(LIB_NET) $(LIB_CORE)
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D) && $(link) $(LIBS_NET) $(LIBS_CORE)
$(BUILD)/bin/cairn-verifier: $(BUILD)/obj/attest/main.o $(LIB_VERIFIER) $(LIB_CORE)
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D) && $(link) $(LIBS_VERIFIER) $(LIBS_CORE)

# ---- tests: one cmocka program a file -------------------------------------------------------------------------
UNITS := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(wildcard tests/unit/test_*.c))
$(BUILD)/unit/%: $(BUILD)/obj/tests/unit/%.o $(LIB_TESTS)
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D) && $(link) $(LIBS_ALL) -lcmocka

.PHONY: units
units: $(UNITS)
	$(Q)tests/setup/run-units $^

.PHONY: clean
clean:
	rm -rf $(BUILD)

-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)
