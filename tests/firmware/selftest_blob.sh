#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/firmware/selftest_blob.sh: the selftest's bytes in the tree are what its sources give, where this
# machine has the compiler and linker that made them; with others the bytes may differ and prove nothing.
set -eu
cd "$(dirname "$0")/../.."
dir=firmware/selftest

have=$({ gcc --version | head -n 1; ld --version | head -n 1; } 2>/dev/null || true)
if [ "$have" != "$(cat $dir/selftest.toolchain)" ]; then
  echo "skip selftest_blob: needs $(paste -sd, $dir/selftest.toolchain | sed 's/,/ and /')"
  exit 0
fi

new=$(mktemp -d)
trap 'rm -rf "$new"' EXIT
make -s -f $dir/build.mk B="$new" "$new/selftest/selftest.bin" >/dev/null
if ! cmp "$new/selftest/selftest.bin" $dir/selftest.bin; then
  echo "not ok selftest_blob: $dir/selftest.bin is not what its sources give; run 'make selftest-blob'"
  exit 1
fi
echo "ok selftest_blob: $(wc -c <$dir/selftest.bin) bytes, as built here"
