#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/deps.sh PACKAGE...: prints which packages are missing and installs them. DEPS=0 installs nothing. A package with
# a "?" in front is optional: if it cannot be installed, that is only reported.
set -u

is_there() { # PACKAGE
  case $(dpkg-query -W -f '${Status}' "$1" 2>/dev/null) in
  *'ok installed') return 0 ;;
  esac
  # pkg-config may come as pkgconf
  [ "$1" = pkg-config ] && command -v pkg-config >/dev/null 2>&1
}

required='' optional=''
for package; do
  is_there "${package#[?]}" && continue
  case $package in
  [?]*) optional="$optional ${package#[?]}" ;;
  *) required="$required $package" ;;
  esac
done
missing=$required$optional
[ -n "$missing" ] || exit 0

cannot() { # WHY
  echo "$1: not installed:$missing" >&2
  [ -n "$required" ] || exit 0 # what wants the rest says so itself
  echo "(as root: apt-get install$missing; or DEPS=0, if they are here by another name)" >&2
  exit 1
}

if [ "${DEPS:-1}" = 0 ]; then
  echo "DEPS=0: not installed:$missing" >&2
  exit 0
fi
command -v apt-get >/dev/null 2>&1 || cannot 'there is no apt-get'
as_root=''
if [ "$(id -u)" != 0 ]; then
  command -v sudo >/dev/null 2>&1 || cannot 'not root, and there is no sudo'
  as_root=sudo
fi
echo "installing:$missing" >&2
$as_root apt-get update -qq || echo 'apt-get update failed; what apt knows may still do' >&2
# shellcheck disable=SC2086
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null ||
  cannot 'apt-get install failed'
