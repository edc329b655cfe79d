#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/firmware/blobs.sh: the bytes of our own guests in the tree are what their sources give, where this
# machine has the compiler and linker that made them; with others the bytes may differ and prove nothing.
set -eu
cd "$(dirname "$0")/../.."

have=$({ gcc --version | head -n 1; ld --version | head -n 1; } 2>/dev/null || true)
new=$(mktemp -d)
trap 'rm -rf "$new"' EXIT
bad=0

for guest in selftest stage0; do
  dir=firmware/$guest
  if [ "$have" != "$(cat $dir/$guest.toolchain)" ]; then
    echo "skip $guest: needs $(paste -sd, $dir/$guest.toolchain | sed 's/,/ and /')"
    continue
  fi
  make -s -f $dir/build.mk B="$new" "$new/$guest/$guest.bin" >/dev/null
  if cmp "$new/$guest/$guest.bin" $dir/$guest.bin; then
    echo "ok $guest: $(wc -c <$dir/$guest.bin) bytes, as built here"
  else
    echo "not ok $guest: $dir/$guest.bin is not what its sources give; run 'make $guest-blob'"
    bad=1
  fi
done
exit $bad
