#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/cli/plain_firmware.sh: a plain VM accepts a firmware without SEV metadata; such a manifest has no measurement.
# shellcheck source=tests/cli/lib.inc disable=SC1091
. tests/cli/lib.inc

# A BIOS of 64 KiB: its reset vector jumps to f000:0000, which is below 1 MiB, says 'A' on COM1 and exits with 5.
bios() { # FILE
  head -c 65536 /dev/zero >"$1"
  patch "$1" 0 'ba f803 b0 41 ee b0 05 e6 f4 ebfe'
  patch "$1" 0xfff0 'ea 0000 00f0'
}
NONE='the firmware has no SEV metadata'
manifest "$T/m.yaml" 'platform: kvm' 'boot: {firmware: i.fd}' 'memory: 2M' 'expect: {exit: 5}'
bios "$T/i.fd"

begin 'check accepts it, and says that there is no measurement'
call check "$T/m.yaml"
wants 0
err_is "snpvmm: $T/m.yaml: ok; no measurement: $NONE"

begin 'measure refuses it'
call measure "$T/m.yaml"
wants 2
one_error "$T/m.yaml:3:18" unsupported "this manifest has no measurement: $NONE"
err_has '  why: a plain VM runs it'
call measure -P kvm -f "$T/i.fd"
wants 2
one_error -f unsupported "this manifest has no measurement: $NONE"

begin 'plan lists its launch, without a measurement'
call plan --pages "$T/m.yaml"
wants 0
err_is ''
[ "$(head -n 1 "$T/out")" = "$T/m.yaml: platform kvm, 1 vcpu" ] || wrong "the first line: $(head -n 1 "$T/out")"
[ "$(grep -c '^  page 0x0000ffff[0-9a-f]000  contents [0-9a-f]*[.]*$' "$T/out")" = 16 ] || wrong "not its 16 pages: $(cat "$T/out")"
call plan -o json "$T/m.yaml"
wants 0
! grep -q -e measurement -e digest_after "$T/out" || wrong 'there is a digest'

begin 'platform snp refuses it'
for command in check measure plan run; do
  call $command --set platform=snp "$T/m.yaml"
  wants 2
  one_error "$T/m.yaml:3:18" bad-firmware "firmware '$T/i.fd': not an OVMF-style image: no table ahead of its end"
  err_has '  fix: use an image built from' 'a plain VM (platform: kvm) takes a BIOS too'
done

begin 'an expected measurement is a conflict'
for command in check run; do
  call $command --set "expect.measurement=$ZEROS" "$T/m.yaml"
  wants 2
  one_error '--set expect.measurement' conflict "'expect.measurement' is given, but there is no measurement: $NONE"
  err_has '  fix: leave out expect.measurement'
done

begin 'an image of OVMF'\''s form that lacks what SNP needs'
image "$T/i.fd" ebfe "$SECTION"
patch "$T/i.fd" $((METADATA_ENTRY + 6)) 00
call check "$T/m.yaml"
wants 0
err_is "snpvmm: $T/m.yaml: ok; no measurement: $NONE"
image "$T/i.fd" ebfe "$SECTION"
patch "$T/i.fd" $RESET_ENTRY 00000000
call check "$T/m.yaml"
wants 0
err_is "snpvmm: $T/m.yaml: ok; no measurement: the firmware has a SEV-ES reset block with address 0"

begin 'a file that is not a firmware is refused for a plain VM, too'
head -c 65536 /dev/zero >"$T/i.fd" # nothing at the reset vector
call check "$T/m.yaml"
wants 2
one_error "$T/m.yaml:3:18" bad-firmware "firmware '$T/i.fd': not an OVMF-style image: no table ahead of its end"
printf '\177ELF' >"$T/i.fd"
call check "$T/m.yaml"
wants 2
one_error "$T/m.yaml:3:18" bad-firmware "firmware '$T/i.fd': not an OVMF-style image: it looks like an ELF file, as vmlinux is"
bios "$T/i.fd"
truncate -s 65000 "$T/i.fd"
patch "$T/i.fd" 64984 'ea 0000 00f0'
call check "$T/m.yaml"
wants 2
one_error "$T/m.yaml:3:18" bad-firmware "firmware '$T/i.fd': a firmware image of 65000 bytes is not whole 4 KiB pages"

bios "$T/i.fd"
if kvm_usable; then
  begin 'it runs, below 1 MiB too, and result.json has no measurement'
  call run --results "$T/r" "$T/m.yaml"
  wants 0
  [ "$(cat "$T/out")" = A ] || wrong "the console is '$(cat "$T/out")'"
  err_has "snpvmm: no measurement: $NONE" 'snpvmm: pass: the guest exited with status 5'
  err_lacks 'snpvmm: measurement '
  grep -q '"verdict": *"pass"' "$T/r/result.json" || wrong "$(cat "$T/r/result.json")"
  ! grep -q '"measurement"' "$T/r/result.json" || wrong "$(cat "$T/r/result.json")"
else
  skip 'it runs, below 1 MiB too, and result.json has no measurement' '/dev/kvm is missing or not for this user'
fi

finish
