#!/bin/sh
# SPDX-License-Identifier: MIT
# packaging/sbom.sh VERSION FOLDER LINKED...: writes FOLDER/snpvmm-VERSION.spdx.json (SPDX 2.3) for the tarball in FOLDER: each
# file with its hashes, the programs that were built of it in B, and the libraries that LINKED, the linker's arguments, name.
set -eu
version=$1 folder=$2
shift 2
export LC_ALL=C
tarball=$folder/snpvmm-$version.tar.gz
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' HUP INT TERM

# The libraries, a line for each: how it is linked, its package's name, version and licence.
library() { # RELATION NAME LICENCE [PKG-CONFIG-NAME]
  modversion=$(pkg-config --modversion "${4-$2}")
  echo "$1 $2 $modversion $3"
}
linked() { # RELATION LIBRARY, as after -l
  case $2 in
  yaml) library "$1" libyaml MIT yaml-0.1 ;;
  cbor) library "$1" libcbor MIT ;;
  jansson) library "$1" jansson MIT ;;
  crypto) library "$1" openssl Apache-2.0 libcrypto ;;
  pcre2-8) library "$1" pcre2 BSD-3-Clause libpcre2-8 ;;
  lzma) library "$1" xz NOASSERTION liblzma ;;
  z) library "$1" zlib Zlib ;;
  zstd) library "$1" zstd BSD-3-Clause libzstd ;;
  dl | pthread | m) ;; # of libc
  *) echo "packaging/sbom.sh: the library $2 has no line here" >&2 && return 1 ;;
  esac
}
for argument; do
  case $argument in
  */lib*.a) name=${argument##*/lib} && linked STATIC_LINK "${name%.a}" ;;
  -l:lib*.a) name=${argument#-l:lib} && linked STATIC_LINK "${name%.a}" ;;
  -l*) linked DYNAMIC_LINK "${argument#-l}" ;;
  esac
done >"$work/libraries"
echo "DYNAMIC_LINK glibc $(getconf GNU_LIBC_VERSION | cut -d ' ' -f 2) LGPL-2.1-or-later" >>"$work/libraries"

# The files: SHA-1, SHA-256, the licence that the file names, its name.
tar -tzf "$tarball" | sed "s|^snpvmm-$version/||" >"$work/names"
! grep -v -x -E '[A-Za-z0-9._/+-]+' "$work/names" || { echo 'packaging/sbom.sh: such names are not supported' >&2 && exit 1; }
mkdir "$work/tree"
tar -xzf "$tarball" -C "$work/tree" --strip-components=1
(cd "$work/tree" && xargs grep -a -H -m 1 -o 'SPDX-License-Identifier: *[A-Za-z0-9.+-]*' <"$work/names" || :) |
  sed 's/:SPDX-License-Identifier: */ /' >"$work/named"
awk 'NR == FNR { licence[$1] = $2; next } { print ($1 in licence ? licence[$1] : "NONE"), $1 }' "$work/named" "$work/names" >"$work/licences"
(cd "$work/tree" && xargs sha1sum <"$work/names" | cut -d ' ' -f 1) >"$work/sha1"
(cd "$work/tree" && xargs sha256sum <"$work/names" | cut -d ' ' -f 1) >"$work/sha256"
paste -d ' ' "$work/sha1" "$work/sha256" "$work/licences" >"$work/files"
for program in snpvmm snpvmm-guest; do
  echo "$program $(sha1sum <"$B/$program" | cut -d ' ' -f 1) $(sha256sum <"$B/$program" | cut -d ' ' -f 1)"
done >"$work/programs"

seconds=$(stat -c %Y "$work/tree/CHANGELOG.md") # as the tarball has it
awk -v version="$version" -v created="$(date -u -d "@$seconds" +%Y-%m-%dT%H:%M:%SZ)" \
  -v sum="$(sha256sum <"$tarball" | cut -d ' ' -f 1)" -v code="$(sort "$work/sha1" | tr -d '\n' | sha1sum | cut -d ' ' -f 1)" \
  -v compiler="$($CC -dumpfullversion -dumpversion)" -v libraries="$work/libraries" -v files="$work/files" -v programs="$work/programs" \
  -f packaging/sbom.awk >"$folder/snpvmm-$version.spdx.json"
