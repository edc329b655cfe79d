# SPDX-License-Identifier: MIT
# tests/hostile/build.mk: how hostile guests are built: each source is an image of its own, linked by the script of its platform.
HOSTILE := $(patsubst tests/%.S,$(B)/%,$(wildcard tests/hostile/*/*.S))
hostile: $(HOSTILE)
$(B)/hostile/%: $(B)/tests/hostile/%.o
	@echo "  LD      $@"
	mkdir -p $(@D) && $(GUEST_LD) -m elf_x86_64 -static -e 0 -T tests/hostile/$(*D).lds --oformat binary $< -o $@
$(HOSTILE): $(wildcard tests/hostile/*.lds) tests/hostile/build.mk
.SECONDARY: $(patsubst $(B)/%,$(B)/tests/%.o,$(HOSTILE))
.PHONY: hostile
