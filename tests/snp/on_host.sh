#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/snp/on_host.sh: runs on the SNP host, in the folder that check.sh packed; any POSIX shell will do.
set -u
PATH=.:$PATH
n=0

# case NAME STATUS PATTERN... -- COMMAND...: the status, and each pattern somewhere in the output.
case_run() {
  name=$1 want=$2
  shift 2
  patterns=
  while [ "$1" != -- ]; do
    patterns="$patterns$1
"
    shift
  done
  shift
  n=$((n + 1))
  "$@" >out.log 2>&1 </dev/null
  have=$?
  problem=
  [ "$want" = any ] || [ "$have" = "$want" ] || problem="status $have, not $want"
  printf '%s' "$patterns" >patterns.log
  while IFS= read -r pattern; do
    grep -q -e "$pattern" out.log || problem="$problem; nothing says '$pattern'"
  done <patterns.log
  if [ -z "$problem" ]; then
    echo "ok $n - $name"
  else
    echo "not ok $n - $name: $problem"
    sed 's/^/    /' out.log
  fi
}

example() { # ID-BLOCK-NAME OPTION...
  id=$1
  shift
  if [ "$id" = none ]; then
    snpvmm run -v "$@" snpvmm.yaml.example
  else
    snpvmm run -v --set "snp.id_block=file:$id.block" --set "snp.id_auth=file:$id.auth" "$@" snpvmm.yaml.example
  fi
}

case_run 'the example runs to its end, every step of the selftest passes' 0 \
  "measurement $(cat one.digest) (1 vcpu, EPYC-v4, profile qemu)" "launched on platform 'snp'" \
  'snpvmm selftest: AMD SEV-SNP' '^1 ok' '^2 ok' '^3 ok' '^4 ok' '^5 ok' '^6 ok' '^7 ok' '^8 ok' '^9 ok' '^10 ok' \
  'snpvmm selftest: passed' 'snpvmm: pass: ' -- example none
case_run 'four vCPUs too' 0 "measurement $(cat four.digest) (4 vcpus, " '^10 ok' 'snpvmm selftest: passed' \
  -- example none --set vcpus=4
case_run 'the firmware accepts an ID block with the predicted digest' 0 'selftest: passed' -- example one
case_run 'an ID block whose key an author signed' 0 'selftest: passed' -- example author
case_run 'an ID block for four vCPUs' 0 'selftest: passed' -- example four --set vcpus=4
if grep -q debug_swap /proc/cpuinfo; then
  case_run 'an ID block for another set of SEV features' 0 'selftest: passed' \
    -- example swap --set snp.guest_features=0x21
else
  echo 'skip an ID block for another set of SEV features: this CPU has no debug_swap'
fi
case_run 'one flipped bit in the ID block is refused and explained' 99 \
  'error: LAUNCH_FINISH: the SNP firmware says BAD_MEASUREMENT (0x0b) \[firmware-refused\]' \
  "why: the ID block expects launch digest .*, this launch has $(cat one.digest)" 'fix: ' -- example flipped
case_run 'an ID block for another policy is refused and explained' 99 'POLICY_FAILURE' \
  'why: the ID block is for another policy than snp.policy 0x30000' -- example policy
case_run 'a wrong signature is refused and explained' 99 'BAD_SIGNATURE' 'why: ' -- example signature
case_run 'a refused launch leaves the next one possible' 0 'selftest: passed' -- example one
case_run 'a policy with debugging' 0 'selftest: passed' -- example none --set snp.policy=0xb0000
case_run 'a policy that KVM never takes is refused with its name' 99 'LAUNCH_START failed' 'snp.policy' \
  -- example none --set snp.policy=0x70000
case_run 'host data and gosvw are accepted' 0 'selftest: passed' -- example none \
  --set snp.host_data=hex:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff \
  --set snp.gosvw=hex:00112233445566778899aabbccddeeff
case_run 'the plain platform runs beside SNP, when it is asked for' 0 "launched on platform 'kvm'" \
  'plain KVM, no protection' 'selftest: passed' -- example none --platform kvm

if [ -e images.list ]; then
  while read -r image vcpus type digest; do
    printf 'version: 1\nboot: { firmware: %s }\nvcpus: %s\nvcpu_type: %s\ntimeout: 4s\n' \
      "$image" "$vcpus" "$type" >ovmf.yaml
    printf 'snp: { id_block: "file:%s-%s.block", id_auth: "file:%s-%s.auth" }\n' \
      "$image" "$vcpus" "$image" "$vcpus" >>ovmf.yaml
    case_run "$image, $vcpus vCPUs, launches pinned to a digest that another tool computed" any \
      "measurement $digest " "launched on platform 'snp'" -- snpvmm run -v ovmf.yaml
  done <images.list
else
  echo 'skip OVMF images: none were packed (SNPVMM_IMAGES names their folder)'
fi
echo 'end of tests'
