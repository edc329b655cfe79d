# SPDX-License-Identifier: MIT
# firmware/stage0/build.mk: how stage0's bytes are built; `make stage0-blob` rebuilds them.
include firmware/guest/build.mk

$(eval $(call guest,stage0,entry.o main.o sha256.o sha256_ni.o))

# Unrolled, it hashes 1.5 times as fast and still fits the pages of the code.
$(B)/stage0/sha256.o: GUEST_OPT := -O2 -funroll-loops
# The only file with SSE: its code runs only on processors with these instructions.
$(B)/stage0/sha256_ni.o: GUEST_REGS := -msse4.1 -msha
