#!/bin/sh
# SPDX-License-Identifier: MIT
# packaging/dist.sh VERSION FOLDER: makes FOLDER/snpvmm-VERSION.tar.gz of the files that git tracks or, in an unpacked
# tarball, of all but what builds leave. The same files and SOURCE_DATE_EPOCH give the same bytes; it is by default the
# time of the commit, which the unpacked files have, too.
set -eu
version=$1 folder=$2
export LC_ALL=C
umask 022
mkdir -p "$folder"
list=$(mktemp)
new=$folder/snpvmm-$version.tar.new
trap 'rm -f "$list" "$new" "$new.gz"' EXIT
trap 'exit 130' HUP INT TERM

if [ -e .git ] && command -v git >/dev/null; then
  git ls-files >"$list"
  git diff --quiet HEAD -- || echo 'packaging/dist.sh: files differ from the commit' >&2
  : "${SOURCE_DATE_EPOCH:=$(git log -1 --format=%ct)}"
else
  find . -type f ! -path './.git/*' ! -path './build*' ! -path ./compile_commands.json ! -path './debian/snpvmm/*' ! -path './debian/.debhelper/*' \
    ! -path './debian/*debhelper*' ! -path './debian/files' | sed 's|^\./||' >"$list"
  : "${SOURCE_DATE_EPOCH:=$(stat -c %Y CHANGELOG.md)}"
fi
sort -o "$list" "$list"
tar --create --format=ustar --owner=0 --group=0 --numeric-owner --mode='u=rwX,go=rX' --mtime="@$SOURCE_DATE_EPOCH" \
  --no-recursion --files-from="$list" --transform="s|^|snpvmm-$version/|" --file="$new"
gzip -9n <"$new" >"$new.gz"
mv "$new.gz" "$folder/snpvmm-$version.tar.gz"
