#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/cli/vars.sh: boot.vars: the variables of a split firmware, as a flash that a plain VM writes to.
# shellcheck source=tests/cli/lib.inc disable=SC1091
. tests/cli/lib.inc

# A variable store of KIB KiB: only its volume header.
store() { # FILE KIB
  head -c $(($2 * 1024)) /dev/zero | tr '\0' '\377' >"$1"
  patch "$1" 0 '00000000000000000000000000000000 8d2bf1ff96768b4ca9852747075b4f50'
  patch "$1" 32 "$(le32 $(($2 * 1024))) 00000000"
  patch "$1" 40 '5f465648 36fe0000 4800 0000 0000 00 02'
}
# A firmware of 64 KiB that, in protected mode, prints the store's byte 0x100 on COM1, programs 'V' there, and exits with the
# status of the flash: 0x80 is ready.
firmware() { # FILE
  head -c 65536 /dev/zero >"$1"
  patch "$1" 0 'fa 2e660f01160001 0f20c0 0c01 0f22c0 bb0800 8edb 66be 0000feff
    67c606 50 67c606 70 678a06 84c0 7518
    67c606 ff ba f803 678a86 00010000 ee
    67c686 00010000 10 67c686 00010000 56 678a06 e6f4 ebfe'
  patch "$1" 0x100 '0f00 10010f00'
  patch "$1" 0x110 '0000000000000000 ffff00000093cf00'
  patch "$1" 0xfff0 'ea 0000 00f0'
}
firmware "$T/code.fd"
store "$T/vars.fd" 64
manifest "$T/m.yaml" 'platform: kvm' 'boot: {firmware: code.fd, vars: {path: vars.fd}}' 'memory: 2M' 'expect: {exit: 0x80}'

begin 'check accepts a store that fits, and shows no measurement of it'
call check "$T/m.yaml"
wants 0
err_is "snpvmm: $T/m.yaml: ok; no measurement: the firmware has no SEV metadata"

vars_refused() { # REASON SENTENCE LINE...
  reason=$1 sentence=$2
  shift 2
  for command in check run; do
    call $command "$T/m.yaml"
    wants 2
    one_error "$T/m.yaml:3:40" "$reason" "boot.vars.path: $sentence"
    err_has "$@"
  done
}

begin 'code where variables belong'
cp "$T/vars.fd" "$T/good.fd"
cp "$T/code.fd" "$T/vars.fd"
vars_refused bad-firmware "'$T/vars.fd': not a variable store" '  why: ' '  fix: give a copy of OVMF_VARS, and OVMF_CODE as boot.firmware'

begin 'an empty file, and one that is cut short'
: >"$T/vars.fd"
vars_refused bad-firmware "'$T/vars.fd': not a variable store" '  why: it does not begin with the header of one'
head -c 40000 "$T/good.fd" >"$T/vars.fd"
vars_refused bad-firmware "'$T/vars.fd': a variable store of 65536 bytes in a file of 40000" '  fix: the file may be cut short'

begin 'a store with more behind it, as a whole image has'
cat "$T/good.fd" "$T/code.fd" >"$T/vars.fd"
vars_refused bad-firmware "'$T/vars.fd': a variable store of 65536 bytes in a file of 131072" '  fix: give the OVMF_VARS of a split build'

begin 'the store of another build'
store "$T/vars.fd" 128
vars_refused conflict "'$T/vars.fd': not the variables of this firmware" 'of 64 KiB, it has 192 KiB' '  fix: give the OVMF_VARS that was built with it'

begin 'a whole image needs none'
cp "$T/good.fd" "$T/vars.fd"
cat "$T/good.fd" "$T/code.fd" >"$T/whole.fd"
call check --set boot.firmware="$T/whole.fd" "$T/m.yaml"
wants 2
err_has "$T/m.yaml:3:40: error: boot.vars.path: '$T/vars.fd': boot.firmware has its variables in itself [conflict]"

begin 'a FIFO, a folder, a file that is larger than any flash, and none'
mkfifo "$T/fifo"
mkdir "$T/folder"
truncate -s 17M "$T/large"
for bad in fifo folder large none; do
  call check --set boot.vars.path="$T/$bad" "$T/m.yaml"
  wants 2
  err_has "boot.vars.path" "'$T/$bad'"
done

begin 'under SNP, without a firmware, or without a path, they are refused'
call check --set platform=snp "$T/m.yaml"
wants 2
err_has "$T/m.yaml:3:40: error: 'boot.vars.path' with platform snp [conflict]" '  why: variables that the host can change would be trusted but not measured' \
  '  fix: leave vars out, or use platform kvm'
call check -P kvm -k "$T/code.fd" --set boot.vars.path="$T/vars.fd"
wants 2
err_has "'boot.vars.path' without a firmware [conflict]"
call check -P kvm -f builtin:selftest --set boot.vars.path="$T/vars.fd"
wants 2
err_has "'boot.vars.path' without a firmware [conflict]"
call check -P kvm -f "$T/code.fd" --set boot.vars.keep=true
wants 2
err_has "'boot.vars.keep' without 'boot.vars.path' [missing-key]"

begin 'keep: true with several runs is a conflict, a path is not'
call check --set boot.vars.keep=true --set 'matrix={vcpus: [1, 2]}' "$T/m.yaml"
wants 2
err_has "'boot.vars.keep' is true, and there are 2 runs with the same file [conflict]" '  fix: give keep a path'
call check --set boot.vars.keep="$T/kept.fd" --set 'matrix={vcpus: [1, 2]}' "$T/m.yaml"
wants 0

begin 'keep may not write over an input or another output'
for file in vars.fd code.fd m.yaml; do
  call run --set boot.vars.keep="$T/$file" "$T/m.yaml"
  wants 2
  err_has "boot.vars.keep would write over '$T/$file'" '[output-conflict]'
done
call run --set boot.vars.keep="$T/log" --set serial="$T/log" "$T/m.yaml"
wants 2
err_has 'would both write' '[output-conflict]'
cmp -s "$T/good.fd" "$T/vars.fd" || wrong 'the store has changed'

begin 'keep where no file can be made fails before the launch'
ln -s vars.fd "$T/link"
for bad in none/kept.fd folder fifo link; do
  call -v run --set boot.vars.keep="$T/$bad" "$T/m.yaml"
  wants 2
  err_has 'boot.vars.keep' '[output-failed]'
  ! grep -q 'launched on' "$T/err" || wrong "launched with keep $bad"
done
mkdir "$T/closed"
cp "$T/vars.fd" "$T/closed"
chmod 555 "$T/closed"
cp "$SNPVMM" "$T/snpvmm"
if nobody_can_run "$T/snpvmm" --version; then
  as_nobody "$T/snpvmm" -v run --set boot.vars.path="$T/closed/vars.fd" --set boot.vars.keep=true "$T/m.yaml"
  wants 2
  err_has "cannot write '$T/closed/vars.fd': Permission denied [output-failed]" '  why: a new file is made in its folder'
fi

if [ ! -w /dev/kvm ]; then
  skip 'a guest writes variables' 'no /dev/kvm'
  finish
fi
# OUTPUT-BYTE OPTION...
writes() {
  byte=$1
  shift
  call run "$@" "$T/m.yaml"
  wants 0
  [ "$(head -c 1 "$T/out" | od -An -tx1 | tr -d ' ')" = "$byte" ] || wrong "the guest read $(od -An -c "$T/out"), not $byte"
}
kept() { # FILE
  [ "$(od -An -tx1 -j 256 -N 1 "$1" | tr -d ' ')" = 56 ] || wrong "$1 has no V"
  cmp "$1" "$T/good.fd" >"$T/differ" && wrong "$1 is as before"
  [ "$(cmp -l "$1" "$T/good.fd" | wc -l)" = 1 ] || wrong "$1 differs in more than one byte"
}

begin 'without keep, the file stays as it is'
writes ff
cmp -s "$T/good.fd" "$T/vars.fd" || wrong 'the store has changed'

begin 'keep: PATH makes a file, and leaves the other alone; each run of a matrix has its own'
writes ff --set boot.vars.keep="$T/kept.fd"
kept "$T/kept.fd"
cmp -s "$T/good.fd" "$T/vars.fd" || wrong 'the store has changed'
writes 56 --set boot.vars.path="$T/kept.fd" --set boot.vars.keep="$T/again.fd"
kept "$T/again.fd"
call run --set boot.vars.keep="$T/each.fd" --set 'matrix={memory: [2M, 4M]}' "$T/m.yaml"
wants 0
[ "$(find "$T" -name 'each*.fd' | wc -l)" = 2 ] || wrong "not two files: $(ls "$T")"

begin 'keep: a relative path below --confine'
mkdir "$T/below"
cp "$T/m.yaml" "$T/code.fd" "$T/vars.fd" "$T/below"
rm -f "$T/below/kept.fd"
# shellcheck disable=SC2016 # for the inner shell
run sh -c 'cd "$1" && shift && exec "$@"' sh "$T/below" "$(realpath "$SNPVMM")" run --confine . --set boot.vars.keep=kept.fd m.yaml
wants 0
kept "$T/below/kept.fd"

begin 'keep: true writes back, with the same permissions, and leaves nothing else'
chmod 640 "$T/vars.fd"
writes ff --set boot.vars.keep=true
kept "$T/vars.fd"
[ "$(stat -c %a "$T/vars.fd")" = 640 ] || wrong "mode $(stat -c %a "$T/vars.fd")"
inode=$(stat -c %i "$T/vars.fd")
writes 56 --set boot.vars.keep=true
[ "$(stat -c %i "$T/vars.fd")" = "$inode" ] || wrong 'written although nothing changed'
[ -z "$(find "$T" -name '.vars.fd*' -o -name '.kept.fd*')" ] || wrong 'a temporary file is left'

begin 'they are kept after a run that fails, too; the results name the file'
cp "$T/good.fd" "$T/vars.fd"
call run --set boot.vars.keep=true --set expect.exit=3 --results "$T/results" "$T/m.yaml"
wants 1
kept "$T/vars.fd"
grep -q '"role": "vars"' "$T/results/result.json" || wrong 'result.json has no such input'
grep -q 'vars:' "$T/results/manifest.yaml" || wrong 'manifest.yaml has no vars'
finish
