#!/bin/sh
# SPDX-License-Identifier: MIT
# packaging/rpm.sh VERSION FOLDER: builds RPM packages of FOLDER/snpvmm-VERSION.tar.gz into FOLDER.
set -eu
version=$1
folder=$(cd "$2" && pwd)
command -v rpmbuild >/dev/null || { echo 'make rpm needs rpmbuild (package rpm-build; on Debian, rpm)' >&2 && exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' HUP INT TERM
mkdir "$work/SOURCES"
cp "$folder/snpvmm-$version.tar.gz" "$work/SOURCES/"
tar -xzf "$folder/snpvmm-$version.tar.gz" -C "$work" --strip-components=1 "snpvmm-$version/packaging/snpvmm.spec"
set -- --define "_topdir $work" --define '_buildhost localhost' --define 'use_source_date_epoch_as_buildtime 1' \
  --define 'clamp_mtime_to_source_date_epoch 1' --define 'source_date_epoch_from_changelog 1'
# On Debian, what BuildRequires names is there by other names, and the scripts that strip and compress
# fail, as sh is dash.
if [ -e /etc/debian_version ]; then
  set -- "$@" --nodeps --define \
    '__os_install_post bash /usr/lib/rpm/brp-compress /usr && strip -s "$RPM_BUILD_ROOT/usr/bin/snpvmm"'
fi
# Without elfutils there is no package of debug information.
command -v eu-strip >/dev/null || set -- "$@" --define 'debug_package %{nil}'
[ -z "${RPM_OPTFLAGS-}" ] || set -- "$@" --define "optflags $RPM_OPTFLAGS"
# One by one: a source package has the folder's name in it, and a binary package made with it its hash.
for package in -bb -bs; do
  env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL -u MAKEOVERRIDES rpmbuild $package "$@" "$work/packaging/snpvmm.spec"
done
rm -f "$folder"/snpvmm-*.rpm
cp "$work"/RPMS/*/*.rpm "$work"/SRPMS/*.rpm "$folder/"
