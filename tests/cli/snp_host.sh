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

begin 'a signal while the host starts ends it, and leaves nothing behind'
mkdir -p "$T/slow/bin" "$T/slow/kernels/6.12.0" "$T/temp, with a comma"
cp contrib/snp-host/snp-host contrib/snp-host/init "$T/slow/"
for name in bin/tsc-khz kernels/6.12.0/vmlinuz kernels/6.12.0/base.cpio; do
  printf '#!/bin/sh\n' >"$T/slow/$name"
done
# it never listens
printf '#!/bin/sh\necho "$$" >"%s/pid"\nprintf "%%s\\n" "$*" >"%s/arguments"\nexec sleep 300\n' "$T" "$T" >"$T/slow/bin/qemu-system-x86_64"
chmod 755 "$T/slow/bin/"*
TMPDIR="$T/temp, with a comma" "$T/slow/snp-host" run -- 'true' >"$T/said" 2>&1 &
pid=$!
await test -s "$T/arguments"
kill -TERM $pid
wait $pid
status=$?
[ $status = 143 ] || wrong "status $status: $(cat "$T/said")"
[ -z "$(ls -A "$T/temp, with a comma")" ] || wrong "left behind: $(ls -A "$T/temp, with a comma")"
! kill -0 "$(cat "$T/pid")" 2>/dev/null || wrong 'QEMU still runs'
grep -q 'path=[^,]*/temp,, with a comma/snp-host[^,]*/status' "$T/arguments" || wrong "$(cat "$T/arguments")"

begin 'without a network, what builds it says so'
if command -v apt-get >/dev/null && command -v dpkg-source >/dev/null && [ -r /usr/share/keyrings/debian-archive-keyring.gpg ]; then
  SNPVMM_CACHE=$T/cache SNPVMM_MIRROR=http://127.0.0.1:9/debian sh contrib/snp-host/build.sh "$T/built" >"$T/said" 2>&1
  [ $? = 77 ] || wrong 'another status than 77'
  grep -q 'cannot get a kernel 6.12: http://127.0.0.1:9/debian cannot be read: .*network' "$T/said" || wrong "$(cat "$T/said")"
  [ ! -e "$T/built/snp-host" ] || wrong 'there is a snp-host, as if the host were complete'
fi

begin 'its Python is valid'
for file in contrib/snp-host/snp-host contrib/snp-host/selftest/*.py; do
  python3 -c 'import ast, sys; ast.parse(open(sys.argv[1]).read())' $file || wrong $file
done
finish
