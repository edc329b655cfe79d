#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/cli/guest_program.sh: snpvmm-guest, as far as it works outside a guest; tests/snp/on_host.sh has the rest.
# shellcheck source=tests/cli/lib.inc disable=SC1091
. tests/cli/lib.inc
GUEST=${SNPVMM%/snpvmm}/snpvmm-guest
PAGE=snpvmm-guest.1

refused_with() { # STATUS FIRST-LINE ARGUMENT...
  want=$1 line=$2
  shift 2
  run "$GUEST" "$@"
  wants "$want"
  out_is ''
  [ "$(head -n 1 "$T/err")" = "snpvmm-guest: error: $line" ] || wrong "$last: it says '$(head -n 1 "$T/err")', not '$line'"
}

begin 'it needs nothing from the system that it runs on'
if command -v readelf >/dev/null; then
  run readelf -l -d "$GUEST"
  wants 0
  ! grep -q -E 'INTERP|NEEDED' "$T/out" || wrong "it is linked: $(grep -E 'INTERP|NEEDED' "$T/out")"
fi
[ "$(wc -c <"$GUEST")" -lt 32768 ] || wrong "it has $(wc -c <"$GUEST") bytes"
run env -i "$GUEST" --version
wants 0
out_is "$("$SNPVMM" --version | sed 's/^snpvmm /snpvmm-guest /')"

begin '--help and the manual page name each command'
run "$GUEST" --help
wants 0
out_has 'exit [--port=PORT] N' 'report [--data=HEX] [--data-file=FILE] [--certs] [--measurement] [--raw]' ready
cp "$T/out" "$T/help"
for word in $(grep -o -E -e '--[a-z-]+' "$T/help" | sort -u); do
  grep -q -E "^\.It Fl -${word#--}( |=|\$)" "$PAGE" || wrong "$PAGE lacks $word"
done
run "$GUEST" report --help
wants 0
out_is "$(cat "$T/help")"

begin 'a mistake on the command line is named, and nothing is done'
refused_with 2 'a command is missing'
refused_with 2 "'dance' is not a command" dance
refused_with 2 'exit needs a status' exit
refused_with 2 'exit needs a status' exit --port 0xf4
refused_with 2 "'-1' is not a status from 0 to 0xffffffff" exit -1
refused_with 2 "'0x100000000' is not a status from 0 to 0xffffffff" exit 0x100000000
refused_with 2 "'' is not a status from 0 to 0xffffffff" exit ''
refused_with 2 "'4' is one argument too many" exit 3 4
refused_with 2 "'0xfffd' is not a port from 0 to 0xfffc" exit --port=0xfffd 3
refused_with 2 "'--data' is unknown, or its value is missing" report --data
refused_with 2 "'--date' is unknown, or its value is missing" report --date 00
refused_with 2 "'123' is not pairs of hex digits, at most 64" report --data=123
refused_with 2 "'$(printf %0130d 0)' is not pairs of hex digits, at most 64" report --data "$(printf %0130d 0)"
refused_with 2 '--raw or --measurement, not both' report --raw --measurement
refused_with 2 '--certs or --measurement, not both' report --certs --measurement
refused_with 2 "'now' is one argument too many" ready now

begin '--raw refuses a terminal'
if command -v python3 >/dev/null; then
  run python3 tests/cli/progress.py --both "$GUEST" report --raw
  wants 1
  out_is 'snpvmm-guest: error: --raw: standard output is a terminal\r\n  fix: send the bytes to a file or a pipe; without --raw the report is text\r\n'
else
  skip '--raw refuses a terminal' 'there is no python3'
fi

begin 'a file of data has a limit, and its errors are reported'
head -c 65 /dev/zero >"$T/65"
refused_with 1 "$T/65: has more than 64 bytes; use a hash of it, such as sha512sum's" report --data-file "$T/65"
refused_with 1 "$T/none: No such file or directory" report --data-file="$T/none"

if [ ! -e /dev/sev-guest ] && [ ! -e /sys/devices/platform/sev-guest ] && [ -e /sys/devices ] && [ ! -e /sys/kernel/config/tsm/report ]; then
  begin 'outside an SNP guest, report is an error'
  head -c 64 /dev/zero >"$T/64"
  for how in --raw --measurement --certs --data=00 "--data-file=$T/64"; do
    refused_with 1 'this is not an SEV-SNP guest' report "$how"
    err_has '  fix: '
  done
else
  skip 'outside an SNP guest' 'this may be one, or has no /sys'
fi

begin 'ready is a line that expect.console can wait for'
run "$GUEST" ready
wants 0
out_is 'snpvmm-guest: ready'
err_is ''
if [ -w /dev/full ]; then
  begin 'output that cannot be written is an error'
  for command in ready --help --version; do
    run sh -c "'$GUEST' $command >/dev/full"
    wants 1
    err_is 'snpvmm-guest: error: cannot write to standard output: No space left on device'
  done
  run sh -c "'$GUEST' ready >&-"
  wants 1
  err_is 'snpvmm-guest: error: cannot write to standard output: Bad file descriptor'
fi

# As root, this would write to a port of the machine: harmless, but a test should not do it.
if [ "$(id -u)" != 0 ]; then
  begin 'only root can write to the exit port'
  run "$GUEST" exit 3
  wants 1
  err_has "the kernel doesn't permit access to the exit port: " '  fix: '
fi

# --- examples/ ---

begin 'shellcheck accepts the hook for initramfs-tools, its script and the module for dracut'
for file in examples/snpvmm-guest.*; do
  run sh -n "$file"
  wants 0
done
if command -v shellcheck >/dev/null; then
  run shellcheck -S warning examples/snpvmm-guest.*
  wants 0
fi

if [ "$(id -u)" = 0 ] && [ -r /usr/share/initramfs-tools/hook-functions ]; then
  begin 'the hook puts the program, the test and the script into an initramfs'
  mkdir -p "$T/initramfs" "$T/bin" "$T/conf"
  cp "$GUEST" "$T/bin/"
  echo 'exit 0' >"$T/conf/snpvmm-test"
  run env PATH="$T/bin:$PATH" DESTDIR="$T/initramfs" CONFDIR="$T/conf" MODULESDIR="/lib/modules/$(uname -r)" version="$(uname -r)" \
    verbose=n __MODULES_TO_ADD="$T/modules" sh examples/snpvmm-guest.initramfs-hook
  wants 0
  for file in usr/bin/snpvmm-guest snpvmm-test; do
    [ -x "$T/initramfs/$file" ] || wrong "no $file: $(find "$T/initramfs")"
  done
else
  skip 'the hook in an initramfs' 'needs root and initramfs-tools'
fi

begin "dracut's module asks for the program, the kernel's driver and its script"
# What dracut would do is written down instead.
cat >"$T/dracut.sh" <<'EOF'
for f in inst_multiple inst_simple inst_script inst_hook instmods hostonly= require_binaries; do
  eval "${f%=}() { echo $f \"\$@\"; }"
done
moddir=MODDIR
. "$1"
check
depends
installkernel
install
EOF
if command -v bash >/dev/null; then
  run bash "$T/dracut.sh" examples/snpvmm-guest.dracut
  wants 0
  out_has 'require_binaries snpvmm-guest' 'inst_multiple snpvmm-guest' 'sev-guest' 'inst_hook cmdline'
else
  skip "dracut's module" 'there is no bash'
fi

finish
