# SPDX-License-Identifier: MIT
# firmware/guest/build.mk: how the bytes of our own guests are built. They are part of launch digests, so NAME.bin in
# the tree is what ships. After a change run `make NAME-blob` and commit the result.

GUEST_CC      := gcc
GUEST_LD      := ld
GUEST_OBJCOPY := objcopy
GUEST_LDS     := firmware/guest/guest.lds

# No SSE, no stack protector, nothing that needs a loader or an interrupt. All flags are set here and none come from
# the environment, so that the bytes don't depend on it. Single objects may override GUEST_OPT and GUEST_REGS.
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

# $(call guest,NAME,OBJECTS): the blob has the objects in this order.
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

# The compiler's dependency list doesn't include the file of an .incbin.
$$(B)/firmware/$(1)_blob.o: firmware/$(1)/$(1).bin
endef
