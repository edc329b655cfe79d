# snpvmm. `make demo` and `make check` are for people; DEPS=0 keeps both from installing anything.

B      ?= build$(if $(SAN),-san)
PREFIX ?= /usr/local
PKGS   := yaml-0.1 libcbor jansson libcrypto
SRC    := $(sort $(wildcard core/*/*.c config/*.c firmware/*.c) $(wildcard firmware/*.S))
CMDSRC := $(sort $(wildcard cmd/*.c))
TESTS  := $(sort $(wildcard tests/*/*_test.c))
TESTLIB := $(sort $(wildcard tests/fake/*.c tests/make/*.c))
HEADERS := $(wildcard */*.h core/*/*.h firmware/*/*.h)
OBJ     = $(patsubst %.S,$(B)/%.o,$(patsubst %.c,$(B)/%.o,$(1)))

VERSION  := $(shell sed -n 's/^\#\# \([0-9][^ ]*\).*/\1/p' CHANGELOG.md 2>/dev/null | head -n 1)
CFLAGS   ?= -O2 -g
WARN     := -Wall -Wextra -Wshadow -Wvla -Wstrict-prototypes -Wmissing-prototypes -Wundef \
            -Wpointer-arith -Wcast-qual -Wno-cast-qual -Wwrite-strings
ALLCFLAGS = -std=gnu17 $(WARN) -pthread $(CFLAGS) $(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=all)
CPPFLAGS += -I. -D_GNU_SOURCE -DSNPVMM_VERSION='"$(VERSION)"' -MMD -MP
CPPFLAGS += $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
LDLIBS   += $(shell pkg-config --libs $(PKGS) 2>/dev/null)

all: $(B)/snpvmm

$(B)/snpvmm: $(call OBJ,$(CMDSRC)) $(B)/libsnpvmm.a
	@echo "  LD      $@"
	$(CC) $(ALLCFLAGS) $(LDFLAGS) $^ $(LDLIBS) -o $@
$(B)/libsnpvmm.a: $(call OBJ,$(SRC))
	rm -f $@ && $(AR) rcs $@ $^
$(B)/%.o: %.c Makefile
	@echo "  CC      $<"
	mkdir -p $(@D) && $(CC) $(CPPFLAGS) $(ALLCFLAGS) -c $< -o $@
$(B)/%.o: %.S Makefile
	@echo "  AS      $<"
	mkdir -p $(@D) && $(CC) $(CPPFLAGS) -c $< -o $@

# One test program for each test file, linked with what ships.
TESTBIN := $(patsubst tests/%.c,$(B)/tests/%,$(TESTS))
$(B)/tests/%_test: $(B)/tests/%_test.o $(call OBJ,$(TESTLIB)) $(B)/libsnpvmm.a
	@echo "  LD      $@"
	$(CC) $(ALLCFLAGS) $(LDFLAGS) $^ -lcriterion $(LDLIBS) -o $@
.SECONDARY: $(call OBJ,$(TESTS))

layers: ; awk -f tests/layers.awk $(SRC) $(CMDSRC) $(HEADERS) # no include reaches up

.PHONY: all layers
$(V).SILENT: # stands after the first rule: under V=1 it's a target like any other
-include $(shell test -d $(B) && find $(B) -name '*.d')
