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

begin 'its Python is valid'
for file in contrib/snp-host/snp-host contrib/snp-host/selftest/digest.py; do
  python3 -c 'import ast, sys; ast.parse(open(sys.argv[1]).read())' $file || wrong $file
done
finish
