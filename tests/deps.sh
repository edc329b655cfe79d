#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/deps.sh PACKAGE...: installs what is missing, after saying so. DEPS=0 installs nothing.
set -eu
missing=
for package in "$@"; do
  status=$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null || true)
  case $status in
    *'ok installed') ;;
    *) # pkg-config may come as pkgconf, and a library need not come from a package
      case $package in
        pkg-config) command -v pkg-config >/dev/null 2>&1 && continue ;;
      esac
      missing="$missing $package" ;;
  esac
done
[ -n "$missing" ] || exit 0
if [ "${DEPS:-1}" = 0 ]; then
  echo "not installed, and DEPS=0 says to install nothing:$missing" >&2
  exit 0
fi
if ! command -v apt-get >/dev/null 2>&1; then
  echo "these Debian packages, or what your distribution calls them, are needed:$missing" >&2
  echo "(install them, then call make with DEPS=0)" >&2
  exit 1
fi
as_root=
if [ "$(id -u)" != 0 ]; then
  command -v sudo >/dev/null 2>&1 || { echo "as root: apt-get install$missing" >&2; exit 1; }
  as_root=sudo
fi
echo "installing:$missing" >&2
$as_root apt-get update -qq
# shellcheck disable=SC2086
DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends $missing >/dev/null || {
  echo "cannot install:$missing" >&2
  exit 1
}
