#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/cli/where.sh: run tells where in its firmware a guest was that didn't end by itself.
# shellcheck source=tests/cli/lib.inc disable=SC1091
. tests/cli/lib.inc
# shellcheck source=tests/cli/contract.inc disable=SC1091
. tests/cli/contract.inc
"${SNPVMM%/snpvmm}/tests/tool/volumes" "$T/v.fd" 1 2 || wrong 'there is no image'

# How a run of that firmware ends, on a plain VM of the fake.
ends() { # GUEST [OPTION]...
  printf '%s\n' "$1" | awk '{ gsub(/ ; /, "\n") } 1' >"$T/script"
  shift
  manifest "$T/m.yaml" 'platform: kvm' 'boot: {firmware: v.fd}' 'memory: 16M' 'timeout: 500ms'
  rm -rf "$T/r"
  on_fake run -v --results "$T/r" "$@" "$T/m.yaml"
}
result_has() { # TEXT...
  for text; do
    tr -d ' \n' <"$T/r/result.json" | grep -q -F "$text" || wrong "$last: no $text in $(cat "$T/r/result.json")"
  done
}
result_lacks() { # TEXT
  ! tr -d ' \n' <"$T/r/result.json" | grep -q -F "$1" || wrong "$last: $1 in $(cat "$T/r/result.json")"
}
# The vCPU's CS has the base of a reset: 0xffff0000.
IN_SEC='"rip":"0xffff608c","where":{"volume":"SECFV","file":"SecMain","offset":"0x10"}'

begin 'a guest that does nothing until its time is over'
ends 'rip 0x608c ; wait'
wants 124
err_has 'snpvmm: vCPU 0: rip 0xffff608c is in SECFV, SecMain +0x10'
result_has "$IN_SEC"

begin 'halted, and an error of KVM'
ends 'rip 0x608c ; halt'
wants 1
result_has '"event":"guest-halted"' "$IN_SEC"
ends 'rip 0x608c ; internal 1'
wants 1
result_has '"event":"kvm-internal-error"' "$IN_SEC"

begin 'a triple fault, of which KVM on AMD only leaves the exit before it'
ends 'rip 0xffff608c ; out 0x80 1 0 ; rip 0x1234 ; shutdown'
wants 1
err_has 'snpvmm: vCPU 0: rip 0xffff608c at its last exit is in SECFV, SecMain +0x10'
result_has '"rip":"0xffff608c","rip_is_earlier":true,"where":{"volume":"SECFV"'
ends 'shutdown'
wants 1
result_lacks '"rip"'

begin 'elsewhere than in the firmware, there is only the address'
ends 'rip 0x8000 ; internal 1'
result_has '"rip":"0xffff8000"}'
result_lacks '"where"'

begin 'a guest that ended by itself, and one that is protected, have none'
ends 'rip 0x608c ; out 0xf4 1 0'
wants 0
result_lacks '"rip"'
ends 'rip 0x608c ; shutdown' --platform snp
wants 1
result_lacks '"rip"'

begin 'a firmware that needs SMM, which it does not have'
cp "$T/v.fd" "$T/kept.fd"
"${SNPVMM%/snpvmm}/tests/tool/volumes" "$T/v.fd" 1 2 PiSmmCore || wrong 'there is no image'
ends 'rip 0x608c ; wait'
wants 124
err_has 'the console got no byte; the firmware needs System Management Mode, which these guests don' \
  'hint: use a build without SMM_REQUIRE: OVMF_CODE_4M.fd instead of OVMF_CODE_4M.secboot.fd'
ends 'out 0x3f8 1 65 ; out 0x3f8 1 10 ; rip 0x608c ; wait'
wants 124
! grep -q SMM "$T/err" || wrong 'it is said of one that speaks'
cp "$T/kept.fd" "$T/v.fd"

# Its drivers are in an LZMA section, behind this GUID, a header and LZMA's own.
begin 'a firmware that is damaged, and says nothing'
python3 - "$T/v.fd" <<'PYTHON' || wrong 'there is no LZMA section'
import sys
with open(sys.argv[1], "r+b") as image:
    image.seek(image.read().index(bytes.fromhex("98584eee143959429d6edc7bd79403cf")) + 16 + 4 + 13 + 20)
    image.write(b"\xff" * 64)
PYTHON
for guest in 'rip 0x608c ; wait' 'rip 0x608c ; internal 1'; do
  ends "$guest"
  err_has "; the firmware's image is damaged: " \
    "hint: copy the firmware's image again, or rebuild it; 'snpvmm inspect' lists what is damaged"
done
ends 'out 0x3f8 1 65 ; out 0x3f8 1 10 ; rip 0x608c ; internal 1'
wants 1
err_lacks 'is damaged'
mv "$T/kept.fd" "$T/v.fd"

begin 'a firmware that boots no kernel without hashes says that it has nothing to boot'
head -c 5000 /dev/zero >"$T/k.efi"
patch "$T/k.efi" 0 4d5a
print() { printf '%s' "$1" | od -An -v -tu1 | tr -s ' ' '\n' | sed '/^$/d; s/.*/out 0x3f8 1 & ;/' | tr '\n' ' '; }
says=$(print 'BdsDxe: No bootable option was found.')
ends "$says out 0x3f8 1 10 ; wait" --set boot.kernel="$T/k.efi" --set boot.kernel_hashes=false
wants 124
err_has "snpvmm: hint: leave out boot.kernel_hashes: a firmware that verifies kernels (AmdSevX64) boots none without hashes"
ends "$says out 0x3f8 1 10 ; wait"
! grep -q 'leave out boot.kernel_hashes' "$T/err" || wrong 'it is said without a kernel'

begin '--symbols'
mkdir "$T/symbols"
ends 'rip 0x608c ; internal 1' --symbols "$T/symbols"
result_has "$IN_SEC"
call run --symbols "$T/none" "$T/m.yaml"
usage_error "run: --symbols: '$T/none': No such file or directory"

if [ -w /dev/kvm ]; then
  begin 'on KVM: the reset vector jumps into SecMain, which loops there'
  patch "$T/v.fd" 0x608c ebfe
  patch "$T/v.fd" 0xfff0 e99960
  rm -rf "$T/r"
  call run -v --results "$T/r" "$T/m.yaml"
  wants 124
  result_has "$IN_SEC"
else
  skip 'on KVM: a loop in SecMain' 'no /dev/kvm'
fi
finish
