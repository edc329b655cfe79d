# SPDX-License-Identifier: MIT
# firmware/selftest/build.mk: makes the selftest guest's bytes anew. They are part of a launch digest, so
# what ships is selftest.bin from the tree; run `make selftest-blob` after a change and commit the result.

SELFTEST_CC      := gcc
SELFTEST_LD      := ld
SELFTEST_OBJCOPY := objcopy
SELFTEST_DIR     := firmware/selftest

# No SSE, no stack protector, nothing that needs a loader or an interrupt: all flags are said here, none
# come from the environment.
SELFTEST_CFLAGS := -std=gnu17 -m64 -march=x86-64 -mtune=generic -Os -ffreestanding -fno-builtin \
                   -fno-pic -no-pie -mcmodel=small -mgeneral-regs-only -mno-red-zone \
                   -fno-stack-protector -fcf-protection=none -fno-asynchronous-unwind-tables \
                   -fno-unwind-tables -fomit-frame-pointer -fno-strict-aliasing -fno-ident -g0 \
                   -fno-tree-loop-distribute-patterns -Wall -Wextra -Wshadow -Wvla \
                   -Wstrict-prototypes -Wmissing-prototypes -Wundef -Wpointer-arith -Wwrite-strings
SELFTEST_LDFLAGS := -m elf_x86_64 -static -no-pie --build-id=none -z noexecstack -z norelro \
                    -z max-page-size=4096 -T $(SELFTEST_DIR)/selftest.lds
SELFTEST_HEADERS := $(wildcard $(SELFTEST_DIR)/*.h) core/base/bytes.h
SELFTEST_OBJS    := $(addprefix $(B)/selftest/,entry.o main.o snp.o ghcb.o) # their order is the blob's

.PHONY: selftest-blob
selftest-blob: $(B)/selftest/selftest.bin $(B)/selftest/selftest.toolchain
	install -m 644 $^ $(SELFTEST_DIR)/

$(B)/selftest/selftest.bin: $(B)/selftest/selftest.elf
	@echo "  OBJCOPY $@"
	$(SELFTEST_OBJCOPY) -O binary -j .blob $< $@
$(B)/selftest/selftest.elf: $(SELFTEST_OBJS) $(SELFTEST_DIR)/selftest.lds
	@echo "  LD      $@"
	$(SELFTEST_LD) $(SELFTEST_LDFLAGS) $(SELFTEST_OBJS) -o $@
$(B)/selftest/%.o: $(SELFTEST_DIR)/%.c $(SELFTEST_HEADERS) $(SELFTEST_DIR)/build.mk
	@echo "  CC      $@"
	mkdir -p $(@D) && $(SELFTEST_CC) $(SELFTEST_CFLAGS) -I. -c $< -o $@
$(B)/selftest/%.o: $(SELFTEST_DIR)/%.S $(SELFTEST_HEADERS) $(SELFTEST_DIR)/build.mk
	@echo "  AS      $@"
	mkdir -p $(@D) && $(SELFTEST_CC) $(SELFTEST_CFLAGS) -I. -c $< -o $@
$(B)/selftest/selftest.toolchain: $(SELFTEST_OBJS)
	$(SELFTEST_CC) --version | head -n 1 > $@
	$(SELFTEST_LD) --version | head -n 1 >> $@

# .incbin leaves no trace in the compiler's list of dependencies.
$(B)/firmware/selftest_blob.o: $(SELFTEST_DIR)/selftest.bin
