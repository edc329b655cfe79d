# SPDX-License-Identifier: MIT
# firmware/guest/build.mk: how the bytes of a guest of ours are made. They are part of a launch digest, so what
# ships is NAME.bin from the tree; run `make NAME-blob` after a change and commit the result.

GUEST_CC      := gcc
GUEST_LD      := ld
GUEST_OBJCOPY := objcopy
GUEST_LDS     := firmware/guest/guest.lds

# No SSE, no stack protector, nothing that needs a loader or an interrupt: all flags are said here, none come
# from the environment. A guest may have one object made with another size or other registers.
GUEST_OPT    := -Os
GUEST_REGS   := -mgeneral-regs-only
GUEST_CFLAGS  = -std=gnu17 -m64 -march=x86-64 -mtune=generic $(GUEST_OPT) -ffreestanding -fno-builtin \
                -fno-pic -no-pie -mcmodel=small $(GUEST_REGS) -mno-red-zone \
                -fno-stack-protector -fcf-protection=none -fno-asynchronous-unwind-tables \
                -fno-unwind-tables -fomit-frame-pointer -fno-strict-aliasing -fno-ident -g0 \
                -fno-tree-loop-distribute-patterns -Wall -Wextra -Wshadow -Wvla \
                -Wstrict-prototypes -Wmissing-prototypes -Wundef -Wpointer-arith -Wwrite-strings
GUEST_LDFLAGS := -m elf_x86_64 -static -no-pie --build-id=none -z noexecstack -z norelro \
                 -z max-page-size=4096 -T $(GUEST_LDS)
GUEST_HEADERS := $(wildcard firmware/guest/*.h) firmware/guest/entry.S core/base/bytes.h

# $(call guest,NAME,OBJECTS): the order of the objects is the blob's.
define guest
.PHONY: $(1)-blob
$(1)-blob: $$(B)/$(1)/$(1).bin $$(B)/$(1)/$(1).toolchain
	install -m 644 $$^ firmware/$(1)/

$$(B)/$(1)/$(1).bin: $$(B)/$(1)/$(1).elf
	@echo "  OBJCOPY $$@"
	$$(GUEST_OBJCOPY) -O binary -j .blob $$< $$@
$$(B)/$(1)/$(1).elf: $$(addprefix $$(B)/$(1)/,$(2)) $$(GUEST_LDS)
	@echo "  LD      $$@"
	$$(GUEST_LD) $$(GUEST_LDFLAGS) $$(addprefix $$(B)/$(1)/,$(2)) -o $$@
$$(B)/$(1)/%.o: firmware/$(1)/%.c $$(GUEST_HEADERS) $$(wildcard firmware/$(1)/*.h) firmware/guest/build.mk firmware/$(1)/build.mk
	@echo "  CC      $$@"
	mkdir -p $$(@D) && $$(GUEST_CC) $$(GUEST_CFLAGS) -I. -c $$< -o $$@
$$(B)/$(1)/%.o: firmware/$(1)/%.S $$(GUEST_HEADERS) $$(wildcard firmware/$(1)/*.h) firmware/guest/build.mk firmware/$(1)/build.mk
	@echo "  AS      $$@"
	mkdir -p $$(@D) && $$(GUEST_CC) $$(GUEST_CFLAGS) -I. -c $$< -o $$@
$$(B)/$(1)/$(1).toolchain: $$(addprefix $$(B)/$(1)/,$(2))
	$$(GUEST_CC) --version | head -n 1 > $$@
	$$(GUEST_LD) --version | head -n 1 >> $$@

# .incbin leaves no trace in the compiler's list of dependencies.
$$(B)/firmware/$(1)_blob.o: firmware/$(1)/$(1).bin
endef
