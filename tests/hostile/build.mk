# SPDX-License-Identifier: MIT
# tests/hostile/build.mk: how hostile guests are built: each source is an image of its own, linked by the script of its
# platform.
HOSTILE_MODE = -m$(if $(findstring /plain/,$@),32,64)
HOSTILE_LD   = -m elf_$(if $(findstring /plain/,$@),i386,x86_64)

HOSTILE := $(patsubst tests/%.S,$(B)/%,$(wildcard tests/hostile/*/*.S))
hostile: $(HOSTILE)
$(B)/hostile/%: $(B)/tests/hostile/%.o
	@echo "  LD      $@"
	mkdir -p $(@D) && $(GUEST_LD) $(HOSTILE_LD) -static -e 0 -T tests/hostile/$(*D).lds --oformat binary $< -o $@
$(B)/tests/hostile/%.o: tests/hostile/%.S tests/hostile/build.mk
	@echo "  AS      $<"
	mkdir -p $(@D) && $(CC) $(CPPFLAGS) $(HOSTILE_MODE) -c $< -o $@
$(HOSTILE): $(wildcard tests/hostile/*.lds) tests/hostile/build.mk
.SECONDARY: $(patsubst $(B)/%,$(B)/tests/%.o,$(HOSTILE))
.PHONY: hostile
