# SPDX-License-Identifier: MIT
# firmware/selftest/build.mk: the selftest guest's bytes; `make selftest-blob` rebuilds them.
include firmware/guest/build.mk

$(eval $(call guest,selftest,entry.o main.o snp.o ghcb.o))
