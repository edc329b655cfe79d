#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/cli/snp_host.sh: the emulated SNP host, without running it: its selftest does that (make snp-host).
# shellcheck source=tests/cli/lib.inc disable=SC1091
. tests/cli/lib.inc

if ! command -v python3 >/dev/null; then
  echo 'skip snp-host: no python3'
  exit 0
fi

begin 'snp-host knows which files, memory and time a command of snpvmm takes, and brings back no other files'
mkdir -p "$T/box/in"
python3 tests/cli/snp_host.py "$SNPVMM" "$T/box/in" >"$T/said" 2>&1
[ ! -s "$T/said" ] || wrong "$(cat "$T/said")"

begin 'without the emulated host, it says how to get it'
mkdir -p "$T/alone/snp-host/x"
cp contrib/snp-host/snp-host "$T/alone/snp-host/x/"
"$T/alone/snp-host/x/snp-host" run -- true >"$T/said" 2>&1
[ $? = 125 ] || wrong 'another status than 125'
grep -q 'snp-host: error: .*make snp-host' "$T/said" || wrong "$(cat "$T/said")"

begin 'without a network, what builds it says so'
if command -v apt-get >/dev/null && command -v dpkg-source >/dev/null && [ -r /usr/share/keyrings/debian-archive-keyring.gpg ]; then
  SNPVMM_CACHE=$T/cache SNP_HOST_MIRROR=http://127.0.0.1:9/debian sh contrib/snp-host/build.sh "$T/built" >"$T/said" 2>&1
  [ $? = 77 ] || wrong 'another status than 77'
  grep -q 'cannot get a kernel 6.12: http://127.0.0.1:9/debian cannot be read: .*network' "$T/said" || wrong "$(cat "$T/said")"
fi

begin 'its Python is valid'
for file in contrib/snp-host/snp-host contrib/snp-host/selftest/*.py; do
  python3 -c 'import ast, sys; ast.parse(open(sys.argv[1]).read())' $file || wrong $file
done
finish
