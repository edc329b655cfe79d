#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/cli/hostile.sh: guests on plain KVM that do what they must not (tests/hostile).
# shellcheck source=tests/cli/lib.inc disable=SC1091
. tests/cli/lib.inc
if kvm_usable; then
  sh tests/hostile/run.sh kvm "$SNPVMM" "${B:-build}/hostile/plain" "$T/work"
else
  skip 'hostile guests on plain KVM' 'there is no /dev/kvm that this user may open'
fi
