#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/cli/igvm.sh: IGVM files as boot.firmware, and as what plan --igvm writes. Digests are in
# tests/firmware/igvm_plan_test.c; tests/snp/on_host.sh runs them.
# shellcheck source=tests/cli/lib.inc disable=SC1091
. tests/cli/lib.inc

bzimage "$T/k"
image "$T/fw" f4 "$SECTION" '0x11000 0x1000 2' '0x12000 0x1000 3' '0x13000 0x1000 4' # secrets, CPUID, SVSM
manifest "$T/selftest.yaml" 'boot: {firmware: builtin:selftest}' 'memory: 16M'
manifest "$T/direct.yaml" "boot: {kernel: $T/k}" 'memory: 64M'
manifest "$T/firmware.yaml" "boot: {firmware: $T/fw}" 'vcpus: 2' 'memory: 16M'
manifest "$T/matrix.yaml" 'boot: {firmware: builtin:selftest}' 'matrix: {vcpus: [1, 2], memory: [16M, 32M]}'

begin 'measure.profile decides where launchers differ'
manifest "$T/pub.yaml" "boot: {firmware: $(realpath "$VECTORS/igvm/pub-untidy.igvm")}"
for row in qemu:6e736dec igvm:1ce207ba igvmmeasure:e83382f6 igvmmeasure-native-zero:248d8485 cloud-hypervisor:50398202; do
  call measure --set "measure.profile=${row%:*}" "$T/pub.yaml"
  wants 0
  grep -q "^${row#*:}" "$T/out" || wrong "$row: $(cat "$T/out")"
done
call check "$T/pub.yaml"
wants 0
call check --platform kvm "$T/pub.yaml"
wants 2
err_has 'an IGVM file is launched under SNP, not on platform kvm [unsupported]'
call measure --set measure.profile=gce "$T/pub.yaml"
wants 2
err_has "measure.profile gce doesn't load IGVM files [conflict]"
call measure --set measure.profile=igvm "$EXAMPLE"
wants 2
err_has 'measure.profile igvm is for IGVM files [conflict]'
call measure --set snp.policy=0xb0000 "$T/pub.yaml"
wants 2
err_has '--set snp.policy: error: ' 'snp.policy is 0xb0000, and the IGVM file is made for 0x30000 [conflict]'

begin 'a command line is for an IGVM file, too, but not for an image without a kernel'
call measure --set 'boot.cmdline=x' "$T/pub.yaml"
wants 0
call measure --set 'boot.cmdline=x' "$T/firmware.yaml"
wants 2
err_has "'boot.cmdline' without 'boot.kernel' [conflict]"
call run --print-manifest -f "$VECTORS/igvm/pub-untidy.igvm" -a 'x y'
wants 0
out_has '  cmdline: x y'

begin 'an IGVM file may be larger than a raw image'
cp "$VECTORS/igvm/pub-tidy.igvm" "$T/large.igvm"
truncate -s 20M "$T/large.igvm"
manifest "$T/large.yaml" "boot: {firmware: large.igvm}"
call measure "$T/large.yaml"
wants 0
out_is "$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["cases"][0]["expect"]["qemu_kvm_1vcpu"])' "$VECTORS/igvm.json")"

begin '--igvm writes a launch as an IGVM file, which has the same measurement'
for name in selftest firmware; do
  call measure "$T/$name.yaml"
  digest=$(cat "$T/out")
  call plan --igvm "$T/$name.igvm" "$T/$name.yaml"
  wants 0
  out_is ''
  err_has "snpvmm: $T/$name.igvm: " "its launch digest is $digest"
  profile=$(sed -n 's/.* with measure.profile \([a-z-]*\) .*/\1/p' "$T/err")
  vcpus=$(sed -n 's/^vcpus: //p' "$T/$name.yaml")
  manifest "$T/again.yaml" "boot: {firmware: $T/$name.igvm}" 'memory: 16M' "vcpus: ${vcpus:-1}" "measure: {profile: $profile}"
  call measure "$T/again.yaml"
  wants 0
  out_is "$digest"
  call inspect "$T/$name.igvm"
  wants 0
  out_has 'kind:           igvm' '  SEV-SNP  2     1        0x1   0x0' '    name: guest policy'
done

begin '--igvm in JSON'
call plan -o json --igvm "$T/j.igvm" "$T/selftest.yaml"
wants 0
err_is ''
python3 - "$T" <<'PYTHON' || wrong "$(cat "$T/out")"
import json, sys, os
j = json.load(open(sys.argv[1] + '/out'))
assert list(j) == ['schema', 'manifest', 'file', 'size', 'profile', 'measurement'], j
assert j['schema'] == 'snpvmm.igvm/1' and j['size'] == os.path.getsize(sys.argv[1] + '/j.igvm')
PYTHON

begin '--igvm: an ID block in the file is used, and only for its digest'
call plan --igvm "$T/signed.igvm" --set "snp.identity.id_key=$(realpath "$VECTORS/keys/id_key.pem")" "$T/selftest.yaml"
wants 0
manifest "$T/signed.yaml" "boot: {firmware: $T/signed.igvm}" 'memory: 16M' 'measure: {profile: cloud-hypervisor}'
call measure -o json "$T/signed.yaml"
wants 0
out_has '"id_key_digest": "'
call check "$T/signed.yaml"
wants 0
call check --set vcpus=2 "$T/signed.yaml"
wants 2
err_has 'the ID block in the IGVM file is for another measurement [measurement-differs]' '  fix: try the other values of'

begin '--igvm refuses what is not in pages, more than one launch, and its own inputs'
call plan --igvm "$T/no.igvm" "$T/direct.yaml"
wants 2
err_has 'this launch can'"'"'t be an IGVM file [unsupported]' '  fix: boot the kernel through a firmware, or none'
call plan --igvm "$T/no.igvm" "$T/matrix.yaml"
wants 2
err_has '--igvm writes one launch, not several [usage]'
call plan --igvm "$T/no.igvm" "$T/selftest.yaml" "$T/firmware.yaml"
wants 2
err_has '--igvm writes one launch, not several [usage]'
call plan --igvm "$T/fw" "$T/firmware.yaml"
wants 2
err_has "would be written over '$T/fw', which is read [output-conflict]" '  fix: give another file with --igvm'
call plan --igvm "$T" "$T/selftest.yaml"
wants 2
[ ! -e "$T/no.igvm" ] || wrong 'a file was written'

finish
