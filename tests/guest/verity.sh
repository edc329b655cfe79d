#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/guest/verity.sh MKCPIO DIR: in DIR, hashes of root.img (hash.img, root.hash), and what a guest needs to open it:
# disks.cpio with the script, verity.cpio.gz with this machine's veritysetup and its libraries. Status 77: there is no
# veritysetup; then only disks.cpio is made.
set -eu
mkcpio=$1 dir=$2
printf 'file script 644 %s/disks.sh\n' "$(dirname "$0")" | "$mkcpio" >"$dir/disks.cpio"
veritysetup=$(command -v veritysetup || ls /sbin/veritysetup /usr/sbin/veritysetup 2>/dev/null | head -n 1)
[ -n "$veritysetup" ] || exit 77
"$veritysetup" format "$dir/root.img" "$dir/hash.img" | sed -n 's/^Root hash:[[:space:]]*//p' >"$dir/root.hash"
{
  printf '%s\n' 'dir lib64 755' 'dir verity 755' "file verity/veritysetup 755 $veritysetup" "file bin/veritysetup 755 $dir/verity.sh"
  ldd "$veritysetup" | awk '/=> \// { n = split($3, part, "/"); print "file verity/" part[n], 644, $3 }
    $1 ~ /^\// { print "file", substr($1, 2), 755, $1 }'
} >"$dir/verity.list"
# shellcheck disable=SC2016 # for the guest's shell
printf '#!/bin/sh\nLD_LIBRARY_PATH=/verity exec /verity/veritysetup "$@"\n' >"$dir/verity.sh"
"$mkcpio" <"$dir/verity.list" | gzip -n >"$dir/verity.cpio.gz"
