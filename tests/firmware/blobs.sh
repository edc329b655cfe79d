#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/firmware/blobs.sh: `make selftest-blob stage0-blob` in a clean copy of the tree gives the bytes that are in the
# tree, which digests depend on. Another compiler or linker than theirs may give others, and that proves nothing.
set -eu
cd "$(dirname "$0")/../.."

have=$({ gcc --version | head -n 1; ld --version | head -n 1; } 2>/dev/null || true)
if [ -z "$have" ]; then
  echo "skip blobs: there is no gcc or no ld"
  exit 0
fi
new=$(mktemp -d)
trap 'rm -rf "$new"' EXIT
bad=0

# By the Makefile that people use, with all that it includes.
tar -cf - --exclude-vcs --exclude='./build*' . | tar -xf - -C "$new"
rm -f "$new"/firmware/*/*.bin
if ! env -u MAKEFLAGS -u MAKELEVEL -u B make -s -C "$new" selftest-blob stage0-blob >"$new/log" 2>&1; then
  sed 's/^/  /' "$new/log"
  echo "not ok blobs: they can't be built in a clean copy"
  exit 1
fi
for guest in selftest stage0; do
  dir=firmware/$guest
  if cmp -s "$new/$dir/$guest.bin" $dir/$guest.bin; then
    echo "ok $guest: $(wc -c <$dir/$guest.bin) bytes, as built here"
  elif [ "$have" != "$(cat $dir/$guest.toolchain)" ]; then
    echo "skip $guest: other bytes by $(echo "$have" | paste -sd, | sed 's/,/ and /') than by" \
      "$(paste -sd, $dir/$guest.toolchain | sed 's/,/ and /')"
  else
    echo "not ok $guest: $dir/$guest.bin is not what its sources give; run 'make $guest-blob'"
    bad=1
  fi
done
exit $bad
