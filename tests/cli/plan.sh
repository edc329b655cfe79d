#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/cli/plan.sh: the steps of a launch as plan lists them. That a launch does the same is tested in tests/vm/record_test.c
# and, on a host, in tests/snp.
# shellcheck source=tests/cli/lib.inc disable=SC1091
. tests/cli/lib.inc

# The launches that this is about; all but the first have a kernel.
bzimage "$T/k"
head -c 9000 /dev/zero | tr '\0' i >"$T/i"
image "$T/fw" f4 "$SECTION" '0x11000 0x1000 2' '0x12000 0x1000 3' '0x13000 0x1000 4' # secrets, CPUID, SVSM
manifest "$T/selftest.yaml" 'boot: {firmware: builtin:selftest}' 'memory: 16M'
manifest "$T/direct.yaml" "boot: {kernel: $T/k, initrd: $T/i}" 'vcpus: 4' 'memory: 64M'
manifest "$T/firmware.yaml" "boot: {firmware: $T/fw}" 'vcpus: 2' 'memory: 16M'
manifest "$T/matrix.yaml" 'boot: {firmware: builtin:selftest}' 'matrix: {vcpus: [1, 2], memory: [16M, 32M]}'
all="$T/selftest.yaml $T/direct.yaml $T/firmware.yaml $T/matrix.yaml"

begin 'a launch under SNP, from the first call to the last'
call plan "$T/selftest.yaml"
wants 0
err_is ''
cp "$T/out" "$T/plan"
call measure "$T/selftest.yaml"
digest=$(cat "$T/out")
[ "$(head -n 1 "$T/plan")" = "$T/selftest.yaml: platform snp, 1 vcpu, measurement $digest" ] ||
  wrong "the first line: $(head -n 1 "$T/plan")"
# every call by its name, without those that ask what KVM has
sed -n -E 's/^ +open\("(.*)"\).*/\1/p; s/^region .*  (.*)/region \1/p; s/^(vcpu [0-9]+)  [0-9a-f]{16}[.]{3}$/\1/p
  s/^ +ioctl\([^,]*, (KVM_MEMORY_ENCRYPT_OP, )?(KVM_[A-Z0-9_]*).*/\2/p' "$T/plan" | grep -v CHECK_EXTENSION >"$T/out"
out_is '/dev/kvm
KVM_GET_API_VERSION
KVM_CREATE_VM
KVM_GET_VCPU_MMAP_SIZE
/dev/sev
KVM_GET_SUPPORTED_CPUID
KVM_ENABLE_CAP
KVM_SEV_INIT2
KVM_CREATE_GUEST_MEMFD
KVM_SET_USER_MEMORY_REGION2
KVM_SET_MEMORY_ATTRIBUTES
KVM_CREATE_IRQCHIP
KVM_CREATE_VCPU
KVM_SEV_SNP_LAUNCH_START
region selftest page tables
KVM_SEV_SNP_LAUNCH_UPDATE
region selftest page directories
KVM_SEV_SNP_LAUNCH_UPDATE
region selftest parameters
KVM_SEV_SNP_LAUNCH_UPDATE
region selftest code
KVM_SEV_SNP_LAUNCH_UPDATE
region selftest stack
KVM_SEV_SNP_LAUNCH_UPDATE
region selftest secrets
KVM_SEV_SNP_LAUNCH_UPDATE
region selftest cpuid
KVM_SEV_SNP_LAUNCH_UPDATE
vcpu 0
KVM_SET_CPUID2
KVM_GET_SREGS
KVM_SET_SREGS
KVM_SET_REGS
KVM_SEV_SNP_LAUNCH_FINISH'

begin 'structs by field; addresses and descriptors by what they are'
mv "$T/plan" "$T/out"
out_has 'type=CPUID}) # varies: the page has the host' '  ioctl(kvm, KVM_CREATE_VM, KVM_X86_SNP_VM) = vm' '  ioctl(vm, KVM_CREATE_VCPU, 0) = vcpu0' \
  'KVM_SET_USER_MEMORY_REGION2, {flags=KVM_MEM_GUEST_MEMFD, memory_size=0x1000000, userspace_addr=<memory0>, guest_memfd=<gmem0>})' \
  'KVM_SEV_SNP_LAUNCH_START, {policy=0x30000})' \
  'KVM_SEV_SNP_LAUNCH_UPDATE, {gfn_start=0x10, uaddr=<selftest code>, len=0x1000, type=NORMAL})' \
  'KVM_SEV_SNP_LAUNCH_UPDATE, {gfn_start=0x20, len=0x1000, type=ZERO})' \
  'KVM_SET_REGS, {rdx=0x800f12, rsi=0x7000, rsp=0x21000, rip=0x10000, rflags=2})' \
  'KVM_SET_CPUID2, {nent=' "}) # varies: the host's CPUID, "

begin 'a plain VM: no /dev/sev, no digests, and the measurement that it would have under SNP'
call plan --platform kvm "$T/selftest.yaml"
wants 0
err_is ''
out_has "selftest.yaml: platform kvm, 1 vcpu, measurement $digest" 'KVM_CREATE_VM, KVM_X86_DEFAULT_VM) = vm' \
  '  madvise(memory0, 0x1000000, MADV_HUGEPAGE)' 'KVM_SET_USER_MEMORY_REGION, {memory_size=0x1000000, userspace_addr=<memory0>})' \
  'region 0x000000010000        4 KiB  normal      selftest code'
grep -q '^vcpu 0$' "$T/out" || wrong 'no vCPU'
! grep -q -e /dev/sev -e SEV -e '[.][.][.]' "$T/out" || wrong 'SEV, or a digest'

begin "a kernel without a firmware is in memory of its own"
call plan "$T/direct.yaml"
wants 0
out_has 'userspace_addr=<kernel>})' 'userspace_addr=<initrd>})' 'vcpu 3'

begin 'the regions are those of measure, and --pages leads from page to page to the digest'
for platform in snp kvm; do
  # shellcheck disable=SC2086 # the manifests
  call measure --pages -o json $all
  wants 0
  cp "$T/out" "$T/measured"
  # shellcheck disable=SC2086
  call plan --platform $platform --pages -o json $all
  wants 0
  err_is ''
  cp "$T/out" "$T/plans"
  run python3 tests/cli/plan.py "$T/plans" "$T/measured"
  wants 0
  out_is ''
  err_is ''
done
call plan --pages "$T/selftest.yaml"
wants 0
[ "$(grep -c '^  page 0x[0-9a-f]*000  contents [0-9a-f]\{16\}[.]*  digest [0-9a-f]\{16\}[.]*$' "$T/out")" = 11 ] ||
  wrong "not the 11 pages: $(grep page "$T/out")"
call plan --platform kvm --pages "$T/selftest.yaml"
! grep -q '  digest ' "$T/out" || wrong 'a plain VM has digests'

begin 'a page of which the contents are changed is noticed by this test'
# shellcheck disable=SC2086
call plan --pages -o json $all
sed '0,/"contents": "[0-9a-f]/s//"contents": "x/; s/"contents": "x/"contents": "0/' "$T/out" >"$T/plans"
! cmp -s "$T/plans" "$T/out" || wrong 'changes nothing'
run python3 tests/cli/plan.py "$T/plans" "$T/measured"
out_has 'does not follow from the one before'

python=$(python_with cbor2)
if [ -n "$python" ]; then
  begin 'CBOR is the same as JSON'
  call plan --pages -o json "$T/direct.yaml"
  cp "$T/out" "$T/json"
  call plan --pages -o cbor "$T/direct.yaml"
  wants 0
  cp "$T/out" "$T/cbor"
  run "$python" -c '
import binascii, cbor2, json, sys
plain = lambda v: {k: plain(w) for k, w in v.items()} if isinstance(v, dict) else [plain(w) for w in v] \
    if isinstance(v, list) else binascii.hexlify(v).decode() if isinstance(v, bytes) else v
sys.exit(plain(cbor2.load(open(sys.argv[1], "rb"))) != json.load(open(sys.argv[2])))' "$T/cbor" "$T/json"
  wants 0
else
  skip 'CBOR is the same as JSON' 'there is no python3-cbor2'
fi

begin 'an ID block that each launch signs, and one that is given'
call idblock -d "$T" --set snp.identity.id_key="$PWD/tests/data/keys/id_key.pem" "$T/selftest.yaml"
wants 0
call plan --set "snp.id_block=file:$T/id-block.bin" --set "snp.id_auth=file:$T/id-auth.bin" "$T/selftest.yaml"
wants 0
out_has 'LAUNCH_FINISH, {id_block_uaddr=<ID block>, id_auth_uaddr=<ID authentication>, id_block_en=1})'
[ "$(grep -c 'varies: ' "$T/out")" = 2 ] || wrong 'more varies than the CPUID'
for option in --set=snp.identity.id_key=ephemeral --set=snp.host_data=random; do
  call plan "$option" "$T/selftest.yaml"
  wants 0
  [ "$(grep -c 'varies: each ' "$T/out")" = 1 ] || wrong "nothing varies with $option"
done
call plan -o json --set snp.identity.id_key=ephemeral "$T/selftest.yaml"
cp "$T/out" "$T/first"
call plan -o json --set snp.identity.id_key=ephemeral "$T/selftest.yaml"
cmp -s "$T/out" "$T/first" || wrong 'two plans of one launch differ'

begin 'certificates for the guest: their file is checked, and the host asked to ask for them'
"${B:-build}/tests/tool/chain" "$T" 3 vcek genoa || wrong 'there are no certificates'
call certs "$T" "$T/certs"
call plan --set "snp.certs=$T/certs" "$T/selftest.yaml"
wants 0
out_has 'KVM_GET_DEVICE_ATTR, {group=KVM_X86_GRP_SEV, attr=KVM_X86_SEV_SNP_REQ_CERTS, addr=<a variable>})' \
  'KVM_MEMORY_ENCRYPT_OP, KVM_SEV_SNP_ENABLE_REQ_CERTS)'

begin 'a matrix, and several manifests: a plan for each run'
call plan "$T/matrix.yaml" "$T/selftest.yaml"
wants 0
grep '^[^ ].*: platform' "$T/out" | sed 's/, measurement.*//' >"$T/firsts"
mv "$T/firsts" "$T/out"
out_is "$T/matrix.yaml: vcpus=1,memory=16M: platform snp, 1 vcpu
$T/matrix.yaml: vcpus=1,memory=32M: platform snp, 1 vcpu
$T/matrix.yaml: vcpus=2,memory=16M: platform snp, 2 vcpus
$T/matrix.yaml: vcpus=2,memory=32M: platform snp, 2 vcpus
$T/selftest.yaml: platform snp, 1 vcpu"

begin 'mistakes are those of every command, and do not stop the others: 2'
manifest "$T/m.yaml" 'boot: {firmware: builtin:selftest}' 'vcpus: 0'
call plan "$T/m.yaml"
wants 2
one_error "$T/m.yaml:3:8" bad-value "'vcpus' is 0; it must be from 1 to 4096"
call plan "$T/m.yaml" "$T/selftest.yaml"
wants 2
out_has "$T/selftest.yaml: platform snp"
manifest "$T/m.yaml" "boot: {kernel: $T/none}"
call plan "$T/m.yaml"
wants 2
one_error "$T/m.yaml:2:16" file-unreadable "boot.kernel: cannot open '$T/none': No such file or directory"
call plan --set measure.profile=ec2 "$T/selftest.yaml"
wants 2
err_has 'can only be measured, not launched' '[unsupported]'
call plan --set memory=64K "$T/selftest.yaml"
wants 2
err_has '[memory-too-small]'
call plan
usage_error 'plan: a manifest is missing, or a kernel: -k KERNEL'
call plan -k "$T/k"
wants 0

begin 'run --dry-run is the same, and writes nothing'
for options in '' '-o json' '--platform kvm' '--prove --results none --stats=none --set serial=none.log --jobs 4'; do
  # shellcheck disable=SC2086 # words
  call plan ${options%%--prove*} "$T/matrix.yaml" "$T/direct.yaml"
  cp "$T/out" "$T/plan"
  # shellcheck disable=SC2086
  call run --dry-run $options "$T/matrix.yaml" "$T/direct.yaml"
  wants 0
  err_is ''
  case $options in *--prove*) grep -q 'id_block_en=1}) # varies: each launch has another signature' "$T/out" || wrong 'nothing is proven' ;;
  *) cmp -s "$T/out" "$T/plan" || wrong "another plan with '$options'" ;; esac
done
[ -z "$(find . "$T" -maxdepth 1 -name 'none*')" ] || wrong 'there are results'
call run --dry-run -o tap "$T/selftest.yaml"
usage_error 'run: --dry-run and -o tap exclude each other' 'leave out one of them'
call run --dry-run --prove --platform kvm "$T/selftest.yaml"
wants 2
one_error '--set platform' conflict '--prove with platform kvm'
call run --dry-run --print-manifest -k "$T/k"
wants 0
out_has 'kernel: '

begin 'a launch that would end before its first call is planned, and that is an error'
call plan --set "expect.measurement=$ZEROS" "$T/selftest.yaml"
wants 2
out_has "measurement $digest" LAUNCH_FINISH
err_has '--set expect.measurement: error: the measurement is not the one that --set expects [measurement-differs]'
call plan --set "snp.id_block=file:$T/id-block.bin" --set "snp.id_auth=file:$T/id-auth.bin" --set vcpus=2 "$T/selftest.yaml"
wants 2
out_has LAUNCH_FINISH
err_has 'error: snp.id_block is for another measurement [measurement-differs]'
call plan --set "expect.measurement=$ZEROS" --set 'matrix={vcpus: [1, 2]}' "$T/selftest.yaml"
wants 2
[ "$(grep -c LAUNCH_FINISH "$T/out")" = 2 ] || wrong 'one of the matrix is missing'

begin '-v says nothing of a launch'
call -v -v plan "$T/selftest.yaml"
wants 0
err_is ''

tracer=$(realpath "${B:-build}/tests/snp/trace.so")
if kvm_usable && [ -z "${SAN:-}" ]; then
  begin "the ioctls of a launch on this host's KVM are those of its plan"
  for options in '' '--set vcpus=3'; do
    # shellcheck disable=SC2086 # none, or an option and its value; however the guest ends
    run env "SNPVMM_TRACE=$T/trace" "LD_PRELOAD=$tracer" "$SNPVMM" run --platform kvm $options --set timeout=10s "$T/selftest.yaml"
    # shellcheck disable=SC2086
    call plan --platform kvm $options -o json "$T/selftest.yaml"
    wants 0
    cp "$T/out" "$T/plan"
    run python3 tests/snp/plan.py "$T/trace" "$T/plan"
    wants 0
    out_is ''
  done
else
  skip "the ioctls of a launch on this host's KVM are those of its plan" 'there is no /dev/kvm, or there are sanitizers'
fi

if command -v strace >/dev/null && [ -z "${SAN:-}" ]; then
  begin 'no host is asked anything'
  for platform in snp kvm; do
    run strace -f -o "$T/trace" -e trace=open,openat,ioctl "$SNPVMM" plan --platform $platform "$T/direct.yaml"
    wants 0
    ! grep -e KVM_ -e '"/dev/' -e '"/sys' -e '"/proc' "$T/trace" | grep -v /proc/self/fd >"$T/out" || wrong "$(cat "$T/out")"
  done
else
  skip 'no host is asked anything' 'there is no strace, or there are sanitizers'
fi

if cp "$SNPVMM" "$T/snpvmm" 2>/dev/null && nobody_can_run "$T/snpvmm" version; then
  begin 'nor is a privilege needed'
  chmod -R a+rX "$T"
  call plan "$T/direct.yaml"
  cp "$T/out" "$T/as_root"
  as_nobody "$T/snpvmm" plan "$T/direct.yaml"
  wants 0
  cmp -s "$T/out" "$T/as_root" || wrong 'another plan'
else
  skip 'nor is a privilege needed' 'it takes root, and setpriv, to become another user'
fi

full_disk 2 'cannot write to standard output' plan "$T/selftest.yaml"
finish
