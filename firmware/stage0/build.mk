# SPDX-License-Identifier: MIT
# firmware/stage0/build.mk: stage0's bytes; `make stage0-blob` makes them anew.
include firmware/guest/build.mk

$(eval $(call guest,stage0,entry.o main.o sha256.o sha256_ni.o))

# There is a page for the code anyway, and unrolled it hashes half as much again.
$(B)/stage0/sha256.o: GUEST_OPT := -O2 -funroll-loops
# The one file with SSE: the code in it runs only where the processor has the instructions.
$(B)/stage0/sha256_ni.o: GUEST_REGS := -msse4.1 -msha
