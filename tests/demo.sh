#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/demo.sh SNPVMM: runs the example manifest on the best platform of this host, and says which that is.
set -eu
snpvmm=$1
manifest=snpvmm.yaml.example
show() {
  printf '$ %s\n' "$*"
  "$@"
}
if [ ! -r /dev/kvm ] || [ ! -w /dev/kvm ]; then
  show "$snpvmm" measure "$manifest"
  if [ -e /dev/kvm ]; then why='this user may not open /dev/kvm (group kvm)'; else why='there is no /dev/kvm'; fi
  echo "Nothing was launched: $why. Above is the launch digest that an SEV-SNP host would measure."
  exit 0
fi
if [ "$(cat /sys/module/kvm_amd/parameters/sev_snp 2>/dev/null)" = Y ] && [ -e /dev/sev ]; then
  show "$snpvmm" run "$manifest"
else
  echo "This host has no SEV-SNP: running the example with --platform kvm, a plain VM that protects nothing."
  show "$snpvmm" run --platform kvm "$manifest"
fi
