#!/bin/sh
# SPDX-License-Identifier: MIT
# packaging/ci.sh COMMAND: the steps of a CI job that boots guests, for action.yml and examples/gitlab-ci.yml.
#
#   build                         install what is missing and build snpvmm
#   host auto|snp|emulated        print where guests are launched: auto is snp if this machine can launch SNP guests
#   key                           print what a kept copy of the emulated host depends on
#   emulated                      build the emulated host, unless it is there
#   run snp|emulated ARGUMENT...  snpvmm run ARGUMENT..., without the guest's console, which is in the results
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
: "${B:=$top/build}"
snpvmm=$B/snpvmm

note() {
  if [ "${GITHUB_ACTIONS-}" = true ]; then echo "::notice::$*"; else echo "$*"; fi >&2
}

what=${1-}
[ $# = 0 ] || shift
case $what in
build)
  make --no-print-directory -C "$top" deps
  make --no-print-directory -C "$top" -j"$(nproc)" all
  ;;
host)
  case $1 in
  snp | emulated) echo "$1" ;;
  auto) if "$snpvmm" doctor >/dev/null; then echo snp; else echo emulated; fi ;;
  *) echo "packaging/ci.sh: no such host: $1 (auto, snp, emulated)" >&2 && exit 2 ;;
  esac
  ;;
key)
  # Its sources, and the distribution whose libraries it is linked with.
  # shellcheck disable=SC1091
  system=$(. /etc/os-release && echo "$ID${VERSION_ID:-${VERSION_CODENAME-}}")
  echo "snp-host-$system-$(cd "$top/contrib/snp-host" && find . -type f | LC_ALL=C sort | xargs cat | sha256sum | cut -c 1-16)"
  ;;
emulated)
  # A copy that was kept is not built again, but the libraries that its QEMU is linked with may be missing.
  (cd "$top" && sh tests/deps.sh python3 libglib2.0-0 libpixman-1-0 libfdt1 libgcrypt20 zlib1g)
  [ -e "$B/snp-host/snp-host" ] || make --no-print-directory -C "$top" snp-host
  ;;
run)
  host=$1
  shift
  if [ "$host" = emulated ]; then
    note 'The SEV-SNP host is emulated: nothing is encrypted, and timings mean nothing.'
    exec "$B/snp-host/snp-host" run ${GITHUB_ACTIONS:+--env "GITHUB_ACTIONS=$GITHUB_ACTIONS"} -- "$snpvmm" run "$@" >/dev/null
  fi
  status=0
  "$snpvmm" run "$@" >/dev/null || status=$?
  [ "$status" != 77 ] || note 'skipped: this machine cannot launch the guest'
  exit "$status"
  ;;
*)
  echo "usage: packaging/ci.sh build|host|key|emulated|run; see the file" >&2
  exit 2
  ;;
esac
