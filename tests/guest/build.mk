# SPDX-License-Identifier: MIT
# tests/guest/build.mk: a real Linux guest for tests: stock Debian kernels, and an initrd of ours for each.
# Both come from Debian's archive at the first `make guest-images`, later from a cache (tests/guest/fetch.sh).

# The first is for all that boots Linux, the other for a test of what is old; Debian 13 doesn't have it any more.
GUEST_SERIES := 6.12
GUEST_OLD    := 6.1
GUEST_BOTH    = $(B)/guest/vmlinuz-$(1) $(B)/guest/initrd-$(1).cpio.gz
GUEST_DIR    := tests/guest
GUEST_OUT    := $(B)/tests/guest

# The guest's programs need no C library: all flags are said here, none come from the environment. The names are not
# those of firmware/guest/build.mk: make knows each once, and the later one would move the bytes of guests that are measured.
PROGRAM_CC     := gcc
PROGRAM_CFLAGS := -std=gnu17 -m64 -march=x86-64 -Os -ffreestanding -fno-builtin -fno-pic -no-pie -mgeneral-regs-only \
                  -fno-stack-protector -fcf-protection=none -fno-asynchronous-unwind-tables -fno-unwind-tables \
                  -fno-tree-loop-distribute-patterns -fno-ident -g0 -Wall -Wextra -Wshadow -Wvla \
                  -Wstrict-prototypes -Wmissing-prototypes -Wundef -Wpointer-arith -Wwrite-strings \
                  -nostdlib -static -s -Wl,--build-id=none -Wl,-z,noexecstack -Wl,-z,norelro -Wl,-z,noseparate-code
GUEST_HELPERS := $(GUEST_OUT)/exit-port $(GUEST_OUT)/report

.PHONY: guest-tools guest-images
guest-tools: $(GUEST_HELPERS) $(GUEST_OUT)/mkcpio
guest-images: $(call GUEST_BOTH,$(GUEST_SERIES))
	$(MAKE) $(call GUEST_BOTH,$(GUEST_OLD)) || echo "  without  Linux $(GUEST_OLD)"

$(GUEST_HELPERS): $(GUEST_OUT)/%: $(GUEST_DIR)/%.c $(GUEST_DIR)/sys.c $(GUEST_DIR)/sys.h $(GUEST_DIR)/build.mk
	@echo "  CC      $@"
	mkdir -p $(@D) && $(PROGRAM_CC) $(PROGRAM_CFLAGS) -I. $< $(GUEST_DIR)/sys.c -o $@
$(GUEST_OUT)/mkcpio: $(B)/$(GUEST_DIR)/mkcpio.o $(B)/libsnpvmm.a
	@echo "  LD      $@"
	$(CC) $(ALLCFLAGS) $(LDFLAGS) $^ $(LDLIBS) -o $@

$(B)/guest/vmlinuz-%: $(GUEST_DIR)/fetch.sh
	@echo "  FETCH   $@"
	mkdir -p $(@D) && sh $< linux-image-$*-cloud-amd64 $(B)/guest/kernel-$*
	cp $(B)/guest/kernel-$*/boot/vmlinuz-* $@.new && mv $@.new $@
$(B)/guest/initrd-%.cpio.gz: $(B)/guest/vmlinuz-% $(addprefix $(GUEST_DIR)/,make-initrd.sh init) \
                              $(GUEST_HELPERS) $(GUEST_OUT)/mkcpio
	@echo "  INITRD  $@"
	sh $(GUEST_DIR)/make-initrd.sh $@ $(B)/guest/kernel-$* $(GUEST_OUT)
