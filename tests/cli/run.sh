#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/cli/run.sh: what run prints and how it ends, before a launch and with the built-in guest.
# shellcheck source=tests/cli/lib.inc disable=SC1091
. tests/cli/lib.inc
call measure --vcpus=1,4 "$EXAMPLE"
digest=$(sed -n 's/^1  //p' "$T/out")
digest4=$(sed -n 's/^4  //p' "$T/out")
plain='snpvmm: platform kvm: a plain VM that protects nothing; with platform snp it would have this measurement'
said="snpvmm: measurement $digest (1 vcpu, EPYC-v4, profile qemu)"
sizes='snpvmm: 44 KiB are measured page by page, 0 KiB are offered in shared memory'

not_launched() {
  err_lacks 'launched on'
  out_is ''
}

# --- before a launch ---

begin 'the digest differs from expect.measurement: 3, and nothing is launched'
manifest "$T/m.yaml" 'boot: {firmware: builtin:selftest}' 'memory: 16M' 'expect:' "  measurement: '$ZEROS'"
call -v run --platform kvm "$T/m.yaml"
wants 3
not_launched
err_is "$said
$plain
$sizes
$T/m.yaml:5:16: error: the measurement is not the one that the manifest expects [measurement-differs]
  why: expect.measurement is $ZEROS, this manifest measures as $digest
  fix: 'snpvmm measure --pages $T/m.yaml' shows what is in it; nothing was launched"

begin 'the digest is checked before the host is touched'
call -v run --platform snp --set "expect.measurement=$ZEROS" "$EXAMPLE"
wants 3
not_launched
err_is "$said
$sizes
--set expect.measurement: error: the measurement is not the one that --set expects [measurement-differs]
  why: expect.measurement is $ZEROS, this manifest measures as $digest
  fix: 'snpvmm measure --pages $EXAMPLE' with the same --set shows what is in it; nothing was launched"

begin 'no digest of a list matches: 3'
call -v run --platform kvm --set "expect.measurement=[$ZEROS, $digest4]" "$EXAMPLE"
wants 3
not_launched
err_has "  why: this manifest measures as $digest, which is none of the 2 digests in expect.measurement"

begin 'a map of digests must have this number of vCPUs: 3'
call -v run --platform kvm --set "expect.measurement={1: $digest4, 4: $digest}" "$EXAMPLE"
wants 3
not_launched
err_has "  why: expect.measurement is $digest4, this manifest measures as $digest"
call -v run --platform kvm --set "expect.measurement={2: $digest, 4: $digest4}" "$EXAMPLE"
wants 3
not_launched
err_has '  why: expect.measurement has no digest for vcpus: 1'

measure_only() { # WHY OPTION...
  why=$1
  shift
  call -v run --platform kvm "$@" "$T/m.yaml"
  wants 2
  not_launched
  err_is "$T/m.yaml: error: this manifest can be measured, not run: $why [unsupported]"
}

begin 'a manifest that can only be measured is not run: 2'
image "$T/i.fd" ebfe "$SECTION"
echo kernel >"$T/k"
manifest "$T/m.yaml" 'boot: {firmware: i.fd}' 'memory: 1M'
measure_only "measure.profile ec2 is another launcher's order of pages and registers" --set measure.profile=ec2
measure_only "measure.profile gce is another launcher's order of pages and registers" --set measure.profile=gce
measure_only 'measure.ovmf_hash stands for a firmware that may differ from this one' --set "measure.ovmf_hash=$ZEROS"
call -v run --platform kvm --set "boot.kernel=$T/k" --set boot.kernel_hashes=false "$T/m.yaml"
wants 2
not_launched
err_is "--set boot.kernel_hashes: warning: kernel_hashes is false: kernel, initrd and command line are not measured
$T/m.yaml: error: this manifest can be measured, not run: boot.kernel is not a bzImage or an EFI program that a firmware could boot [unsupported]"

begin 'output that cannot be written: 2, and nothing is launched'
for key in serial debug_port; do
  call -v run --platform kvm --set "$key=$T/none/log" "$EXAMPLE"
  wants 2
  not_launched
  err_is "--set $key: error: $key: cannot write '$T/none/log': No such file or directory [output-failed]
  why: '$T/none/' does not exist
  fix: make the folder, or name a file in one that exists"
done
call run --platform kvm --set "serial=$T" "$EXAMPLE"
wants 2
err_has "--set serial: error: serial: cannot write '$T': Is a directory [output-failed]"

if [ "$(cat /sys/module/kvm_amd/parameters/sev_snp 2>/dev/null)" = Y ]; then
  skip 'platform snp without SNP: 99, and no other platform' 'this host has SNP'
else
  begin 'platform snp without SNP: 99, and no other platform'
  call -v run "$EXAMPLE"
  wants 99
  not_launched
  err_lacks 'platform kvm: '
  [ "$(head -n 1 "$T/err")" = "$said" ] || wrong 'the measurement was not said first'
  [ "$(grep -c 'error: ' "$T/err")" = 1 ] || wrong 'not one error'
  if kvm_usable; then
    err_has "snpvmm: error: this host cannot launch platform 'snp': " '[host-unsupported]' '  why: ' '  fix: '
  else
    err_has 'snpvmm: error: cannot open /dev/kvm: ' '[host-' '  fix: '
  fi
fi

cp "$SNPVMM" "$T/snpvmm"
cp "$EXAMPLE" "$T/example.yaml"
chmod 755 "$T/snpvmm"
if [ ! -e /dev/kvm ]; then
  skip 'a /dev/kvm that this user may not open: 99' 'there is no /dev/kvm'
elif kvm_usable && ! nobody_can_run "$T/snpvmm" --version; then
  skip 'a /dev/kvm that this user may not open: 99' 'needs root, setpriv and a program that others can run'
elif kvm_usable && nobody_can_run sh -c '[ -r /dev/kvm ] && [ -w /dev/kvm ]'; then
  skip 'a /dev/kvm that this user may not open: 99' '/dev/kvm is for everyone here'
else
  begin 'a /dev/kvm that this user may not open: 99'
  if kvm_usable; then
    as_nobody "$T/snpvmm" -v run --platform kvm "$T/example.yaml"
  else
    call -v run --platform kvm "$T/example.yaml"
  fi
  wants 99
  not_launched
  err_is "$said
$plain
$sizes
snpvmm: error: cannot open /dev/kvm: Permission denied [host-permission]
  why: your user may not open the device; on most hosts the group 'kvm' may
  fix: join the group 'kvm' (usermod -aG kvm USER, then log in again)"
fi

no_kvm="$said
$plain
$sizes
snpvmm: error: cannot open /dev/kvm: No such file or directory [host-unsupported]
  why: KVM is not loaded, or virtualisation is off in the BIOS or in this VM
  fix: modprobe kvm_amd (or kvm_intel); in a container, pass /dev/kvm in"
if [ ! -e /dev/kvm ]; then
  begin 'no /dev/kvm: 99'
  call -v run --platform kvm "$EXAMPLE"
  wants 99
  not_launched
  err_is "$no_kvm"
elif unshare -m sh -c 'mount -t tmpfs none /dev' >/dev/null 2>&1; then
  begin 'no /dev/kvm: 99'
  # shellcheck disable=SC2016 # for the inner shell
  run unshare -m sh -c 'mount -t tmpfs none /dev && exec "$@"' sh "$SNPVMM" -v run --platform kvm "$EXAMPLE"
  wants 99
  not_launched
  err_is "$no_kvm"
else
  skip 'no /dev/kvm: 99' 'it is there, and hiding it needs root and mount namespaces'
fi

if ! kvm_usable; then
  skip 'the built-in guest' '/dev/kvm is missing or not for this user'
  finish
fi

# --- the built-in guest on platform kvm ---

begin 'the example passes, and its measurement is printed'
call run --platform kvm "$EXAMPLE"
wants 0
console=$(cat "$T/out")
[ "$(echo "$console" | sed -n '1p; $p')" = 'snpvmm selftest: plain KVM, no protection
snpvmm selftest: passed' ] || wrong "the guest said: $console"
err_is "$said
$plain
snpvmm: pass: the guest exited with status 0"

begin 'several vCPUs'
call run --platform=kvm --set vcpus=4 "$EXAMPLE"
wants 0
out_is "$console"
err_is "snpvmm: measurement $digest4 (4 vcpus, EPYC-v4, profile qemu)
$plain
snpvmm: pass: the guest exited with status 0"

begin '-q prints only the console, -v prints more'
call -q run --platform kvm "$EXAMPLE"
wants 0
out_is "$console"
err_is ''
call run -v --platform kvm "$EXAMPLE"
wants 0
out_is "$console"
err_has "$said" "snpvmm: launched on platform 'kvm', memory in " 'snpvmm: pass: '

begin 'an expected digest, in any form: 0'
base64=$(hex "$digest" | base64 -w 0)
upper=$(echo "$digest" | tr '[:lower:]' '[:upper:]')
for pin in "$digest" "0x$digest" "$upper" "$base64" "[$ZEROS, $digest]" "{4: $ZEROS, 1: $digest}" \
  "{1: [$ZEROS, $digest]}"; do
  call run --platform kvm --set "expect.measurement=$pin" "$EXAMPLE"
  wants 0
done

begin 'expect.exit: the status that the guest must give'
for exit in 0 0x0 any; do
  call run --platform kvm --set expect.exit=$exit "$EXAMPLE"
  wants 0
  err_has 'snpvmm: pass: the guest exited with status 0'
done
call run --platform kvm --set expect.exit=3 "$EXAMPLE"
wants 1
out_is "$console"
err_has 'snpvmm: fail: the guest exited with status 0; expect.exit is 3 [guest-exit]'

begin 'expect.exit is optional'
manifest "$T/m.yaml" 'boot: {firmware: builtin:selftest}' 'memory: 16M' 'platform: kvm'
call run "$T/m.yaml"
wants 0
err_has 'snpvmm: pass: the guest exited with status 0'

begin 'another exit port'
call run --platform kvm --set exit_port=0x501 "$EXAMPLE"
wants 0
out_is "$console"

begin 'serial: none'
call run --platform kvm --set serial=none "$EXAMPLE"
wants 0
out_is ''
err_has 'snpvmm: pass: '

begin 'serial: a file, which is created or emptied'
manifest "$T/m.yaml" 'boot: {firmware: builtin:selftest}' 'memory: 16M' 'platform: kvm' 'serial: console.log'
for _ in created emptied; do
  call run "$T/m.yaml"
  wants 0
  out_is ''
  file_is "$T/console.log" console.log "$console"
  echo 'more than the console will say, and then some, and then some' >>"$T/console.log"
done

begin 'a console that cannot be written is not a pass'
if [ -w /dev/full ]; then
  call run --platform kvm --set serial=/dev/full "$EXAMPLE"
  wants 1
  err_has "snpvmm: fail: the console's output can't be written: No space left on device [output-failed]"
fi
timeout -s KILL 60 "$SNPVMM" run --platform kvm "$EXAMPLE" >&- 2>"$T/err" </dev/null
status=$?
: >"$T/out"
sane 'run >&-'
wants 1
err_has "snpvmm: fail: the console's output can't be written: Bad file descriptor [output-failed]"

begin 'standard descriptors that are closed at the start'
timeout -s KILL 60 "$SNPVMM" run --platform kvm "$EXAMPLE" <&- >"$T/out" 2>"$T/err"
status=$?
sane 'run <&-'
wants 0
out_is "$console"
timeout -s KILL 60 "$SNPVMM" run --platform kvm "$EXAMPLE" </dev/null >"$T/out" 2>&-
status=$?
wants 0
out_is "$console"

finish
