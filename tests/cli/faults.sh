#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/cli/faults.sh: signals and readers that leave at random moments, full disks, and many launches; see faults.py.
#
# SNPVMM_LONG=yes: 500 moments and 1,000 launches, which takes minutes. SNPVMM_SEED=N repeats the moments of an earlier run.
# shellcheck source=tests/cli/lib.inc disable=SC1091
. tests/cli/lib.inc
# shellcheck source=tests/cli/contract.inc disable=SC1091
. tests/cli/contract.inc
python=$(python_with pty)
if [ -z "$python" ]; then
  skip 'faults' 'there is no python3'
  finish
fi
PROGRAMS="fake=$FAKE"
if kvm_usable; then PROGRAMS="$PROGRAMS kvm=$SNPVMM"; else skip 'faults on KVM' 'needs /dev/kvm'; fi
export PROGRAMS
if [ "${SNPVMM_LONG:-}" = yes ]; then moments=500 launches=1000 walks=all; else moments=40 launches=50 walks=some; fi

guest() { # NAME GUEST LINE...
  name=$1
  guest_of "$2"
  shift 2
  manifest_of "boot: {firmware: $name.fd}" "$@"
  mkdir -p "$T/g"
  mv "$T/i.fd" "$T/g/$name.fd"
  mv "$T/script" "$T/g/$name.script"
  mv "$T/m.yaml" "$T/g/$name.yaml"
}
guest quick 'print "0123456789\n" ; out 0xf4 1 0'
guest fails 'print "0123456789\n" ; out 0xf4 1 5'
guest flood 'repeat 800 ; print "0123456789\n" ; out 0xf4 1 0'
guest proves 'print "0123456789\n" ; wait' 'timeout: 600ms' 'expect: {report: true}'
guest waits 'print "0123456789\n" ; wait' 'timeout: 600ms'

faults() { # WORD...: what happens
  # shellcheck disable=SC2086 # words
  $inside "$python" tests/cli/faults.py "$@" "$T/g" >"$T/out" 2>&1
  # shellcheck disable=SC2034 # for wants
  status=$? last="faults.py $*"
  wants 0
  grep -v '^counted: ' "$T/out" >>"$T/why"
  counted=$(sed -n 's/^counted: //p' "$T/out")
}

inside=''
begin 'signals and readers that leave, at random moments'
apart
faults moments $moments "${SNPVMM_SEED:-$(date +%s)}"
apart_end
end_case
echo "# $counted"

if unshare -m sh -c 'mount -t tmpfs none /mnt' 2>/dev/null; then
  begin 'a disk that is full, at each block and each file of the results'
  inside='unshare -m'
  faults full $walks
  inside=''
  end_case
  echo "# $counted"
else
  skip 'a disk that is full' 'needs root and mount namespaces'
fi

begin 'many launches in a row'
faults launches $launches 1
end_case
echo "# $counted"
begin 'and 16 at once'
faults launches $launches 16
end_case
echo "# $counted"

finish
