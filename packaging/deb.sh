#!/bin/sh
# SPDX-License-Identifier: MIT
# packaging/deb.sh VERSION FOLDER: builds Debian packages of FOLDER/snpvmm-VERSION.tar.gz into FOLDER.
set -eu
version=$1
folder=$(cd "$2" && pwd)
command -v dpkg-buildpackage >/dev/null || {
  echo 'make deb needs: apt-get install dpkg-dev debhelper fakeroot, and what debian/control lists as Build-Depends' >&2
  exit 1
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' HUP INT TERM
tar -xzf "$folder/snpvmm-$version.tar.gz" -C "$work"
# The flags of an outer make are for another build.
(cd "$work/snpvmm-$version" && env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL -u MAKEOVERRIDES dpkg-buildpackage -us -uc)
rm -f "$folder"/snpvmm_* "$folder"/snpvmm-dbgsym_*
cp "$work"/*.dsc "$work"/*.tar.* "$work"/*.*deb "$work"/*.buildinfo "$work"/*.changes "$folder/"
