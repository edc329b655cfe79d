# snpvmm. `make demo` and `make check` are for people; DEPS=0 keeps both from installing anything.

B      ?= build$(if $(SAN),-san)
NM     ?= nm
PREFIX ?= /usr/local
UDEVDIR ?= $(PREFIX)/lib/udev
PKGS   := yaml-0.1 libcbor jansson libcrypto libpcre2-8 liblzma
SRC    := $(sort $(wildcard core/*/*.c config/*.c firmware/*.c) $(wildcard firmware/*.S))
CMDSRC := $(sort $(wildcard cmd/*.c cmd/*.S))
TESTS  := $(sort $(wildcard tests/*/*_test.c))
FAKECMD := $(wildcard tests/fake/command*.c)
TESTLIB := $(sort $(filter-out $(FAKECMD),$(wildcard tests/fake/*.c tests/make/*.c)))
HEADERS := $(wildcard */*.h core/*/*.h firmware/*/*.h)
OBJ     = $(patsubst %.S,$(B)/%.o,$(patsubst %.c,$(B)/%.o,$(1)))

VERSION  := $(shell sed -n 's/^\#\# \([0-9][^ ]*\).*/\1/p' CHANGELOG.md 2>/dev/null | head -n 1)
CFLAGS   ?= -O2 -g
WARN     := -Wall -Wextra -Wshadow -Wvla -Wstrict-prototypes -Wmissing-prototypes -Wundef \
            -Wpointer-arith -Wcast-qual -Wno-cast-qual -Wwrite-strings
# No path of the build is in what it makes: two folders give the same bytes.
ALLCFLAGS = -std=gnu17 $(WARN) -pthread $(CFLAGS) -ffile-prefix-map='$(CURDIR)'=. $(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=all)
CPPFLAGS += -I. -D_GNU_SOURCE -DSNPVMM_VERSION='"$(VERSION)"' -MMD -MP
CPPFLAGS += $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
LIBS     := $(shell pkg-config --libs $(PKGS) 2>/dev/null)
# libcrypto is linked statically: relocating the whole shared library takes longer than all else before main(). In
# Debian 13 that wants zlib and zstd too; where the trial link fails, the shared library has to do.
CRYPTO   := $(wildcard $(shell pkg-config --variable=libdir libcrypto 2>/dev/null)/libcrypto.a)
CRYPTO   += $(if $(CRYPTO),$(patsubst -l%,-l:lib%.a,$(filter-out -lcrypto,$(shell pkg-config --static --libs libcrypto))))
CRYPTO_TRIAL = int d2i_X509(void); int PEM_read_bio(void); int main(void) { return d2i_X509() + PEM_read_bio(); }
CRYPTO   := $(if $(strip $(CRYPTO)),$(shell t=$$(mktemp) && echo '$(CRYPTO_TRIAL)' | \
              $(CC) -x c - -x none $(CRYPTO) -o $$t 2>/dev/null && echo $(CRYPTO); rm -f $$t))
# Its tables are relocated when they are first needed, which for most runs is never (link/late.c).
LATE     := $(if $(strip $(CRYPTO)),$(if $(SAN),,$(shell t=$$(mktemp) && echo 'int main(void) { return 0; }' | \
              $(CC) $(LDFLAGS) -x c - -Wl,-T,link/late.ld -o $$t 2>/dev/null && echo link/late.ld; rm -f $$t)))
# So are others that there are archives of: to load a library takes the time of eight system calls and a dozen pages. (That
# of libcbor may want libm.)
archive   = $(or $(wildcard $(shell pkg-config --variable=libdir $(1) 2>/dev/null)/lib$(2).a),-l$(2))
ARCHIVED := $(call archive,yaml-0.1,yaml) $(call archive,jansson,jansson) $(call archive,libpcre2-8,pcre2-8) $(call archive,liblzma,lzma)
archives  = $(foreach lib,$(1),$(firstword $(filter %/lib$(lib:-l%=%).a,$(ARCHIVED)) $(lib)))
LDLIBS   += $(call archives,$(if $(CRYPTO),$(patsubst -lcrypto,$(CRYPTO),$(LIBS)),$(LIBS)))

all: $(B)/snpvmm $(B)/snpvmm-guest $(B)/snpvmm-mkguest share

include firmware/selftest/build.mk firmware/stage0/build.mk tests/guest/build.mk tests/hostile/build.mk packaging/build.mk

$(B)/snpvmm: $(call OBJ,$(CMDSRC)) $(B)/libsnpvmm.a $(LATE:%.ld=$(B)/%)
	@echo "  LD      $@"
	$(CC) $(ALLCFLAGS) $(LDFLAGS) $(filter %.o %.a,$^) $(LDLIBS) $(LATE:%=-Wl,-T,%) -o $@.new
	$(LATE:%.ld=$(B)/% $@.new &&) mv $@.new $@
$(B)/link/late: $(B)/link/late.o link/late.ld
	$(CC) $(ALLCFLAGS) $(LDFLAGS) $< -o $@
$(B)/libsnpvmm.a: $(call OBJ,$(SRC))
	rm -f $@ && $(AR) rcsD $@ $^
$(B)/%.o: %.c Makefile
	@echo "  CC      $<"
	mkdir -p $(@D) && $(CC) $(CPPFLAGS) $(ALLCFLAGS) -c $< -o $@
$(B)/%.o: %.S Makefile
	@echo "  AS      $<"
	mkdir -p $(@D) && $(CC) $(CPPFLAGS) -c $< -o $@
# .incbin leaves no trace in the compiler's list of dependencies.
$(B)/cmd/share.o: share/explain.txt $(wildcard share/completion/*)

# What runs inside of guests, in any initramfs. It needs no C library: all flags are said here, none come from the
# environment. gcc would make a call to memcpy() of our loop that is one; clang has no such flag and does no such thing.
GUEST_SRC   := $(sort $(wildcard guest/*.c))
GUEST_OWN_LOOPS = $(shell $(CC) -fno-tree-loop-distribute-patterns -E -x c /dev/null >/dev/null 2>&1 && \
                    echo -fno-tree-loop-distribute-patterns)
GUEST_FLAGS  = -std=gnu17 $(WARN) -m64 -march=x86-64 -Os -ffreestanding -fno-builtin -fno-pic -no-pie -mgeneral-regs-only \
               -fno-stack-protector -fcf-protection=none -fno-asynchronous-unwind-tables -fno-unwind-tables -fno-ident -g0 \
               -nostdlib -static -s -Wl,--build-id=none -Wl,-z,noexecstack -Wl,-z,norelro -Wl,-z,noseparate-code \
               $(GUEST_OWN_LOOPS)
$(B)/snpvmm-guest: $(GUEST_SRC) $(wildcard guest/*.h) Makefile
	@echo "  CC      $@"
	mkdir -p $(@D) && $(CC) $(GUEST_FLAGS) -I. -DSNPVMM_VERSION='"$(VERSION)"' $(GUEST_SRC) -o $@
# So that one folder in PATH has all programs.
$(B)/snpvmm-mkguest: guest/mkguest/snpvmm-mkguest
	mkdir -p $(@D) && ln -sfr $< $@
# Its parts that are mere C are tested as other sources are.
$(B)/tests/guest/arg_test: $(B)/guest/arg.o
$(B)/tests/guest/certs_test: $(B)/guest/certs.o
$(B)/tests/guest/frame_test $(B)/tests/tool/frame $(B)/tests/snp/report_lines_test: $(B)/guest/frame.o

# One test program for each test file, linked with what ships.
TESTBIN := $(patsubst tests/%.c,$(B)/tests/%,$(TESTS))
$(B)/tests/%_test: $(B)/tests/%_test.o $(call OBJ,$(TESTLIB)) $(B)/libsnpvmm.a
	@echo "  LD      $@"
	$(CC) $(ALLCFLAGS) $(LDFLAGS) $^ -lcriterion $(LDLIBS) -o $@
.SECONDARY: $(call OBJ,$(TESTS))

# The whole program on a host that a text describes; of the fakes the fixture alone needs criterion.
FAKEBIN := $(B)/tests/snpvmm-fake
$(FAKEBIN): $(call OBJ,$(CMDSRC) $(FAKECMD) $(filter-out tests/fake/fixture.c,$(filter tests/fake/%,$(TESTLIB)))) $(B)/libsnpvmm.a
	@echo "  LD      $@"
	$(CC) $(ALLCFLAGS) $(LDFLAGS) $^ $(LDLIBS) -o $@

# The whole program, made to launch something other than what it measured.
WRONGBIN := $(B)/tests/snpvmm-wrong
$(WRONGBIN): $(call OBJ,$(CMDSRC) tests/snp/wrong.c) $(B)/libsnpvmm.a
	@echo "  LD      $@"
	$(CC) $(ALLCFLAGS) $(LDFLAGS) -Wl,--wrap=snp_digest_of $^ $(LDLIBS) -o $@

# The same with a hole in a device, through which a guest tries to get out.
EXPLOITBIN := $(B)/tests/snpvmm-exploit
$(EXPLOITBIN): $(call OBJ,tests/sandbox/exploit.c $(CMDSRC) $(FAKECMD) $(filter-out tests/fake/fixture.c,$(filter tests/fake/%,$(TESTLIB)))) $(B)/libsnpvmm.a
	@echo "  LD      $@"
	$(CC) $(ALLCFLAGS) $(LDFLAGS) -Wl,--wrap=stats_port,--wrap=snp_digest_of,--wrap=run_once_stats,--wrap=vm_free,--wrap=timer_settime $^ $(LDLIBS) -o $@

# Programs that tests use.
TOOLS := $(patsubst tests/tool/%.c,$(B)/tests/tool/%,$(wildcard tests/tool/*.c))
$(B)/tests/tool/%: $(B)/tests/tool/%.o $(call OBJ,$(sort $(wildcard tests/make/*.c))) $(B)/libsnpvmm.a
	@echo "  LD      $@"
	$(CC) $(ALLCFLAGS) $(LDFLAGS) $^ $(LDLIBS) -o $@
# The dynamic loader has the same to do for it as for the program.
$(B)/tests/tool/floor: $(B)/tests/tool/floor.o
	@echo "  LD      $@"
	$(CC) $(ALLCFLAGS) $(LDFLAGS) $^ -Wl,--no-as-needed $(LDLIBS) -o $@

# Shows what the program passes to KVM; loaded by LD_PRELOAD.
TRACER := $(B)/tests/snp/trace.so
$(TRACER): tests/snp/trace.c Makefile
	@echo "  LD      $@"
	mkdir -p $(@D) && $(CC) $(CPPFLAGS) -std=gnu17 $(WARN) $(CFLAGS) -shared -fPIC $< -ldl -o $@

# Criterion brings the shared one.
$(TESTBIN) $(FAKEBIN) $(WRONGBIN) $(EXPLOITBIN) $(filter-out %/floor,$(TOOLS)): CRYPTO :=

# What a fresh machine lacks. Debian 12, 13 and Ubuntu 24.04 call these packages alike.
BUILD_DEPS := libc6-dev pkg-config libyaml-dev libcbor-dev libjansson-dev libssl-dev libpcre2-dev liblzma-dev ?zlib1g-dev ?libzstd-dev
TEST_DEPS  := libcriterion-dev ?libxml2-utils ?python3-jsonschema ?python3-cbor2 ?python3-yaml
SNP_TEST_DEPS := ?ovmf ?cryptsetup-bin ?libxml2-utils ?python3-jsonschema
DEPS       ?= 1
deps-install = DEPS=$(DEPS) sh tests/deps.sh $(patsubst %,'%',$(1))

demo:
	$(call deps-install,$(BUILD_DEPS))
	$(MAKE) all
	sh tests/demo.sh $(B)/snpvmm
deps:
	$(call deps-install,$(BUILD_DEPS))
check:
	$(call deps-install,$(BUILD_DEPS) $(TEST_DEPS))
	$(MAKE) check-all
testbins: $(TESTBIN) $(FAKEBIN) $(WRONGBIN) $(EXPLOITBIN) $(TOOLS) $(TRACER) hostile
check-all: $(B)/snpvmm $(B)/snpvmm-guest testbins layers
	B=$(B) SAN=$(SAN) sh tests/run.sh
# An emulated SNP host for machines without SEV-SNP: contrib/snp-host/README.md. KERNEL adds one of its kernels.
SNP_HOST_DEPS := gcc patch dpkg-dev debian-archive-keyring ninja-build meson pkg-config python3 libglib2.0-dev libpixman-1-dev \
                 libfdt-dev libgcrypt20-dev zlib1g-dev
snp-host:
	$(call deps-install,$(BUILD_DEPS) $(SNP_HOST_DEPS))
	$(MAKE) --no-print-directory all $(B)/tests/tool/mkidblock $(B)/tests/tool/chain
	CC='$(CC)' sh contrib/snp-host/build.sh $(B)/snp-host 6.12 $(KERNEL)
	CC='$(CC)' sh contrib/snp-host/selftest/run.sh --once $(B)/snp-host $(B)/tests/tool/mkidblock $(B)/snpvmm
	echo "try it:  $(B)/snp-host/snp-host run -- $(B)/snpvmm run snpvmm.yaml.example"
# On an SNP host, this one or the emulated one; elsewhere with SNP_HOST, see CONTRIBUTING.md.
check-snp: snp-testbins
	B=$(B) SNP_HOST='$(SNP_HOST)' sh tests/snp/check.sh
snp-testbins: $(B)/snpvmm $(B)/snpvmm-guest $(WRONGBIN) $(TOOLS) $(TRACER) $(HOSTILE) $(GUEST_OUT)/mkcpio
	$(call deps-install,$(SNP_TEST_DEPS))
	-$(MAKE) guest-images # from Debian's archive; without it, cases that need them are skipped with a message
bench: $(B)/snpvmm $(TOOLS) $(B)/bench/no-x509 $(B)/tests/firmware/search_test $(GUEST_OUT)/mkcpio
	B=$(B) sh tests/bench/bench.sh

# The program with empty functions in place of those for keys and certificates, and so without their part of
# libcrypto: it starts as fast as possible.
NO_X509 := $(call OBJ,$(filter core/attest/%,$(SRC)))
$(B)/bench/no-x509: $(call OBJ,$(CMDSRC) $(SRC))
	mkdir -p $(@D)
	$(NM) -g --defined-only $(NO_X509) | awk 'NF == 3 { print ".globl " $$3 "\n" $$3 ":" } \
	  END { print "xor %eax, %eax\nret\n.section .note.GNU-stack, \"\", @progbits" }' >$@.s
	$(CC) $(ALLCFLAGS) $(LDFLAGS) $(filter-out $(NO_X509),$^) $@.s $(LDLIBS) -o $@

# Fuzzers share the library, compiled by clang once, and another of what tests make and fake; the sub-make knows what of
# them is out of date.
FUZZERS  := $(patsubst tests/fuzz/%.c,$(B)/fuzz/%,$(wildcard tests/fuzz/*.c))
FUZZLIBS := $(B)/fuzz/lib/libsnpvmm-made.a $(B)/fuzz/lib/libsnpvmm.a
fuzz: $(FUZZERS)
$(B)/fuzz/%: tests/fuzz/%.c $(FUZZLIBS)
	@echo "  FUZZ    $@"
	clang -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all $(CPPFLAGS) -MF $@.d -std=gnu17 -g -O1 -pthread $< $(FUZZLIBS) $(LDLIBS) -o $@
$(FUZZLIBS) &: FORCE
	$(MAKE) B=$(B)/fuzz/lib CC=clang SAN= CFLAGS='-g -O1 -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all' $(FUZZLIBS)
$(B)/libsnpvmm-made.a: $(call OBJ,$(filter-out tests/fake/fixture.c,$(TESTLIB)))
	rm -f $@ && $(AR) rcsD $@ $^
# Each runs for that long; SECONDS=20 instead of MINUTES, TARGETS='yaml igvm', JOBS=2.
MINUTES ?= 10
fuzz-all: $(if $(TARGETS),$(TARGETS:%=$(B)/fuzz/%),fuzz)
	B=$(B) FOR=$(or $(SECONDS),$$(($(MINUTES) * 60))) JOBS=$(or $(JOBS),$$(nproc)) sh tests/fuzz/all.sh $(TARGETS)
FORCE:

# Made with the program, so that installing makes nothing.
share: $(B)/share/manifest.schema.json $(B)/share/snpvmm-errors.7
$(B)/share/snpvmm-errors.7: share/errors.awk share/explain.txt
	mkdir -p $(@D) && awk -f $^ >$@.new && mv $@.new $@
$(B)/share/manifest.schema.json: $(B)/snpvmm
	mkdir -p $(@D) && $< schema >$@.new && mv $@.new $@

# SOURCE=PLACE below PREFIX.
DOCDIR    := share/doc/snpvmm
INSTALLED := $(foreach m,$(wildcard snpvmm*.[15]),$(m)=share/man/man$(subst .,,$(suffix $(m)))/$(m)) \
             $(B)/share/snpvmm-errors.7=share/man/man7/snpvmm-errors.7 \
             share/completion/snpvmm.bash=share/bash-completion/completions/snpvmm \
             share/completion/_snpvmm=share/zsh/site-functions/_snpvmm \
             share/completion/snpvmm.fish=share/fish/vendor_completions.d/snpvmm.fish \
             $(B)/share/manifest.schema.json=share/snpvmm/manifest.schema.json \
             $(foreach s,$(wildcard result.schema.json),$(s)=share/snpvmm/$(s)) \
             $(foreach f,$(wildcard examples/*) README.md CHANGELOG.md snpvmm.yaml.example LICENSE,$(f)=$(DOCDIR)/$(f))
ROOT       = '$(DESTDIR)$(PREFIX)'
UDEVRULES  = '$(DESTDIR)$(UDEVDIR)'/rules.d/60-snpvmm.rules
# Units, examples and manual pages name the PREFIX that they are installed for.
install: $(B)/snpvmm $(B)/snpvmm-guest share
	umask 022 && install -D -m 755 $< $(ROOT)/bin/snpvmm
	umask 022 && install -D -m 755 $(B)/snpvmm-guest $(ROOT)/bin/snpvmm-guest
	umask 022 && install -D -m 755 guest/mkguest/snpvmm-mkguest $(ROOT)/bin/snpvmm-mkguest
	umask 022 && install -D -m 644 guest/mkguest/init $(ROOT)/share/snpvmm/guest-init
	umask 022 && for f in $(INSTALLED); do to=$(ROOT)/$${f#*=} && install -D -m 644 /dev/null "$$to" && \
	  sed 's|/usr/local|$(subst &,\&,$(PREFIX))|g' "$${f%%=*}" >"$$to" || exit; done
	umask 022 && install -D -m 644 udev/60-snpvmm.rules $(UDEVRULES)
uninstall:
	rm -f $(addprefix $(ROOT)/,bin/snpvmm bin/snpvmm-guest bin/snpvmm-mkguest share/snpvmm/guest-init) $(foreach f,$(INSTALLED),$(ROOT)/$(lastword $(subst =, ,$(f)))) $(UDEVRULES)
	-rmdir $(ROOT)/$(DOCDIR)/examples $(ROOT)/$(DOCDIR) $(ROOT)/share/snpvmm 2>/dev/null
compile_commands.json: ; bear --output $@ -- $(MAKE) -B all
clean: ; rm -rf $(B)

# No include reaches up, and no two files need each other.
LAYERED := $(call OBJ,$(SRC) $(CMDSRC))
layers: $(LAYERED)
	awk -f tests/layers.awk $(SRC) $(CMDSRC) $(GUEST_SRC) $(HEADERS)
	$(NM) -A -P $(LAYERED) | awk -f tests/circles.awk
	awk -f tests/pages.awk ARCHITECTURE.md

.PHONY: all share demo deps snp-host check check-all testbins check-snp snp-testbins bench fuzz fuzz-all install uninstall clean layers dist deb rpm FORCE
$(V).SILENT: # stands after the first rule: under V=1 it's a target like any other
-include $(shell test -d $(B) && find $(B) -path '$(B)/snp-host*' -prune -o -name '*.d' -print)
