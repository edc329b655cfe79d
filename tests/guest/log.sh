# SPDX-License-Identifier: MIT
# shellcheck shell=dash
# tests/guest/log.sh: the test guest's /script for the kernel's log: each line above info level, after its level.
dmesg -r | sed -n 's/^<5>/notice /p; s/^<4>/warning /p; s/^<[0-3]>/error /p' | sed 's/^\([a-z]*\) \[[^]]*\] */snpvmm-guest: log \1: /'
