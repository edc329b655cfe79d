#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/cli/contract.sh: every exit status and every reason that a run can end with, a row each; see contract.inc.
# shellcheck source=tests/cli/lib.inc disable=SC1091
. tests/cli/lib.inc
# shellcheck source=tests/cli/contract.inc disable=SC1091
. tests/cli/contract.inc
sandbox_logs=yes

# --- the guest ended by itself ---

row 'status 0 at the exit port' '0 guest-exit pass guest-exit' 'print "hello\n" ; out 0xf4 1 0'
row 'a last line without an end' '0 guest-exit pass guest-exit' 'print "no end" ; out 0xf4 4 0'
row 'every byte comes through as it is' '0 guest-exit pass guest-exit' \
  'print "\000\001\x7f\200\xff\xc3\x28 \xe2\x82\n\r\033[31mred\033[0m\033]0;title\007\n\n" ; out 0xf4 1 0'
# Where KVM has RAM, an APIC or the eventfds of another function, too.
truncate -s 4096 "$T/d.img"
moves=''
for bar in 0x80000000 0x80002000 0x2000 0xfee00000 0xfec00000 0xfffff000 0xfbffe000 0x80000000; do
  for slot in 0x80001000 0x80001800; do
    moves="${moves}out 0xcf8 4 $((slot + 16)) ; out 0xcfc 4 $((bar)) ; out 0xcf8 4 $((slot + 4)) ; out 0xcfc 2 6 ; "
  done
  moves="${moves}print \"x\" ; "
done
row 'BARs that are moved onto RAM, APICs and each other' '0 guest-exit pass guest-exit' \
  "${moves}out 0xcfc 2 0 ; out 0xf4 1 0" 'disks: [{path: d.img, mode: ro}, {path: d.img, mode: ro}]'
row 'another status' '1 guest-exit fail guest-exit' 'print "hello\n" ; out 0xf4 1 5'
row 'another status, expected' '0 guest-exit pass guest-exit' 'out 0xf4 1 5' 'expect: {exit: 5}'
row 'any status' '0 guest-exit pass guest-exit' 'out 0xf4 1 77' 'expect: {exit: any}'
row '0, where another is expected' '1 guest-exit fail guest-exit' 'out 0xf4 1 0' 'expect: {exit: 5}'
row '--guest-status: the status' '5 guest-exit fail guest-exit' 'out 0xf4 1 5' --guest-status
row '--guest-status: the largest' '255 guest-exit fail guest-exit' 'out 0xf4 1 255' --guest-status
row '--guest-status: one that is no exit status' '1 guest-exit fail guest-exit' 'out 0xf4 2 256' --guest-status
row '--guest-status: 0 where it is wrong' '1 guest-exit fail guest-exit' 'out 0xf4 1 0' --guest-status 'expect: {exit: 5}'
row '--guest-status: one that is expected' '0 guest-exit pass guest-exit' 'out 0xf4 1 5' --guest-status 'expect: {exit: 5}'
row '--guest-status: none' '1 guest-reset fail guest-reset' 'reset' --guest-status 'expect: {exit: 0}'
row 'a reset' '0 guest-reset pass guest-reset' 'print "bye\n" ; reset'
row 'a reset, if any end will do' '0 guest-reset pass guest-reset' 'reset' 'expect: {exit: any}'
row 'a reset, where a status is expected' '1 guest-reset fail guest-reset' 'reset' 'expect: {exit: 0}'
row 'power-off' '0 guest-power-off pass guest-power-off' 'print "bye\n" ; power-off'
row 'power-off, where a status is expected' '1 guest-power-off fail guest-power-off' 'power-off' 'expect: {exit: 0}'
row 'a triple fault' '1 guest-shutdown fail guest-shutdown' 'print "oh\n" ; shutdown' 'expect: {exit: any}'
row 'a crash' '1 guest-crash fail guest-crash' 'print "oh\n" ; crash' 'expect: {exit: any}'
row 'CPUs that are halted with interrupts off' '1 guest-halted fail guest-halted' 'print "bye\n" ; halt' 'expect: {exit: any}'
says 'hint: end the guest by poweroff or reboot'
row 'Linux, halted' '1 guest-halted fail guest-halted' 'print "[    9.9] reboot: System halted\n" ; halt'
row 'halted, once every line had come' '0 console-complete pass console-complete' 'print "ready\n" ; halt' \
  'expect: {console: [ready], exit: none}'
row 'one is halted, another runs' '124 timeout timeout timeout' 'halt ; vcpu 1 ; wait' 'vcpus: 2' 'timeout: 800ms'
row 'halted, on a KVM that does not report it' '124 timeout timeout timeout' 'flags no-mp-state ; halt' 'timeout: 800ms'
row 'a request for termination' '1 guest-terminated fail guest-terminated' 'print "oh\n" ; terminate 1 0'
row 'a memory fault outside all memory' '1 memory-fault fail memory-fault' 'print "oh\n" ; memory-fault 0x123456000 private'
row 'a memory fault that only asks for the other page state' '0 guest-exit pass guest-exit' \
  'memory-fault 0x8000 shared ; memory-fault 0x8123 private ; out 0xf4 1 0'
row 'bytes that JSON and XML cannot hold as they are' '1 guest-exit fail guest-exit' \
  'print "]]>\000\001\x7f\200\xff\xc3\x28<&\xef\xbf\xbe \xe2\x82\033[31m\n" ; out 0xf4 1 5' 'name: "<&\"%, ü"'
row 'a panic' '1 guest-panic fail guest-panic|guest-reset' \
  'print "[    1.0] Kernel panic - not syncing: no init\r\n" ; print "end trace\n" ; reset'

# --- the guest was ended ---

says "the console's last line is 'still here' [timeout]"
row 'the time limit' '124 timeout timeout timeout' 'print "still here" ; wait' 'timeout: 1500ms'
says 'the console got no byte [timeout]'
row 'the time limit of a silent guest' '124 timeout timeout timeout' 'wait' 'timeout: 200ms' 'expect: {exit: any}'
says "vCPU 0 didn't leave KVM_RUN within 5 s"
ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0 # what such a vCPU may come back to is not freed
export ASAN_OPTIONS
row 'a vCPU that does not leave KVM_RUN' '124 timeout timeout timeout' 'print "once\n" ; stuck 40000' 'timeout: 1500ms'
ASAN_OPTIONS=${ASAN_OPTIONS%detect_leaks=0}
row 'the silence limit' '124 silence timeout silence' 'print "once\n" ; wait' 'timeout: 20s' 'silence: 1s'
row 'the silence limit, from the start' '124 silence timeout silence' 'wait' 'timeout: 20s' 'silence: 200ms'
row 'no silence limit while the guest prints' '0 guest-exit pass guest-exit' \
  'print "." ; sleep 400 ; print "." ; sleep 400 ; print "." ; sleep 400 ; print "." ; sleep 400 ; print "." ; sleep 400 ; print "." ; sleep 400 ; out 0xf4 1 0' 'timeout: 40s' 'silence: 2s'
row 'the last expected line' '0 console-complete pass console-complete' 'print "booting\nready\n" ; wait' \
  'timeout: 20s' 'expect: {console: [ready], exit: none}'
row 'an expected line that is missing' '1 console-missing fail guest-exit' 'print "booting\n" ; out 0xf4 1 0' \
  'expect: {console: [ready]}'
row 'a forbidden line' '1 console-forbidden fail console-forbidden|guest-reset' \
  'print "BUG: soft lockup\n" ; reset' \
  'expect: {never: [^BUG]}'
row 'a line that takes too long to match' '1 console-undecided fail console-undecided|guest-reset' \
  'print "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!\n" ; reset' 'expect: {never: [(a+)+$]}'

begin 'a run ends even if the reader of stderr has stopped reading'
guest_of 'print "hello\n" ; wait'
manifest_of 'timeout: 300ms'
folder_new
mkfifo "$T/full"
(
  exec 9<>"$T/full"
  dd if=/dev/zero of="$T/full" oflag=nonblock bs=4096 2>"$T/err"
  FAKE_SCRIPT=$T/script timeout -s KILL 50 "$FAKE" run -q --results "$dir" "$T/m.yaml" </dev/null >"$T/out" 2>&9
)
status=$? last='run 2>full'
: >"$T/err"
wants 124
grep -q '"reason": "timeout"' "$dir/result.json" || wrong 'no result.json'

# --- KVM ended it ---

row 'an internal error of KVM' '1 kvm-internal-error fail kvm-internal-error' 'print "oh\n" ; internal 1'
row 'the processor refuses a vCPU' '99 kvm-entry-failed error kvm-entry-failed' 'entry-failed 0x80000021'
row 'a console on a full disk' '1 output-failed fail output-failed' 'print "a\n" ; wait' 'serial: /dev/full' 'timeout: 20s'
row 'the processor refuses a vCPU later' '1 guest-rejected fail guest-rejected' 'print "oh\n" ; entry-failed 0x80000021'
row 'KVM_RUN fails by what the guest does' '1 guest-rejected fail guest-rejected' 'print "oh\n" ; errno EIO'
row 'KVM_RUN fails by what it does first' '1 guest-rejected fail guest-rejected' 'errno EINVAL' 'expect: {exit: any}'
row 'KVM_RUN fails by the host' '99 kvm-error error kvm-error' 'print "oh\n" ; errno ENOMEM'
row 'an unknown exit' '1 guest-rejected fail guest-rejected' 'unknown-exit 77'

# --- the guest was not launched: the host ---

row 'no SNP' '99 host-unsupported error -' 'flags no-snp'
row 'no SNP, --skip-unsupported' '77 host-unsupported skip -' 'flags no-snp' --skip-unsupported
row 'no /dev/kvm' '99 host-unsupported error -' 'open-fails /dev/kvm ENOENT'
row 'no /dev/kvm, --skip-unsupported' '77 host-unsupported skip -' 'open-fails /dev/kvm ENOENT' --skip-unsupported
row 'no SEV device, --skip-unsupported' '77 host-unsupported skip -' 'open-fails /dev/sev ENOENT' --skip-unsupported
row '--skip-unsupported, where it is supported' '1 guest-exit fail guest-exit' 'out 0xf4 1 5' --skip-unsupported
row '/dev/kvm is not accessible' '99 host-permission error -' 'open-fails /dev/kvm EACCES'
row '/dev/kvm is not accessible, --skip-unsupported' '99 host-permission error -' 'open-fails /dev/kvm EACCES' --skip-unsupported
row 'no ASID is left' '99 host-busy error -' 'fail-ioctl SEV_INIT2 EBUSY'
row 'no memory is left' '99 host-memory error -' 'fail-ioctl KVM_CREATE_GUEST_MEMFD ENOMEM'
row 'another hypervisor has the processor' '99 host-busy error -' 'fail-ioctl KVM_CREATE_VM EIO'
row 'KVM_CREATE_IRQCHIP fails' '99 kvm-error error -' 'fail-ioctl KVM_CREATE_IRQCHIP EIO'
row 'KVM_CREATE_VCPU fails, --skip-unsupported' '99 kvm-error error -' 'fail-ioctl KVM_CREATE_VCPU EINVAL' --skip-unsupported
for command in SEV_INIT2 LAUNCH_START LAUNCH_UPDATE LAUNCH_FINISH; do
  row "the firmware refuses $command" '99 firmware-refused error -' "fail-ioctl $command EIO 0x16"
done
row 'KVM refuses the policy' '99 bad-policy error -' 'flags partial-updates' 'snp: {policy: 0x70000}'
row 'a measurement that is not the expected one' '3 measurement-differs fail -' 'print "never\n"' \
  'expect:' "  measurement: '$ZEROS'"
row 'the measurement is held against the pin before the host is looked at' '3 measurement-differs fail -' \
  'open-fails /dev/kvm ENOENT' --skip-unsupported 'expect:' "  measurement: '$ZEROS'"

# --- the guest was not launched: the manifest ---

refusal() { # NAME REASON LINE...
  name=$1 reason=$2
  shift 2
  row "$name" "2 $reason error -" 'print "never\n"' "$@"
}
refusal 'no YAML' syntax 'vcpus: [1'
refusal 'an unknown key' unknown-key 'vcpu: 1'
refusal 'a key twice' duplicate-key 'vcpus: 1' 'vcpus: 1'
refusal 'nothing to boot' missing-key 'boot: {}'
refusal 'an invalid value' bad-value 'vcpus: 0'
refusal 'an invalid expression in expect.console' bad-value 'expect: {console: ["(a"]}'
refusal 'an invalid expression in expect.never' bad-value 'expect: {never: ["a", "[z"]}'
refusal 'a disk that is not there' file-unreadable 'disks: [{path: x}]'
refusal 'a profile that can only be measured' unsupported 'measure: {profile: ec2}'
refusal 'an initrd without a kernel' conflict 'boot: {firmware: i.fd, initrd: i.fd}'
refusal 'no such file' file-unreadable 'boot: {firmware: none.fd}'
truncate -s 1T "$T/huge"
refusal 'a file that is far too large' file-too-large 'boot: {firmware: huge}'
refusal 'a file that differs from its pin' file-differs "boot: {firmware: {path: i.fd, sha256: '$(printf %064d 0)'}}"
refusal 'a file outside of --confine' outside-confine --confine="$T" 'boot: {kernel: ../../../etc/passwd}'
printf x >"$T/x"
refusal 'a file that is not a firmware' bad-firmware 'boot: {firmware: x}'
refusal 'a firmware without room for hashes' no-hash-page 'boot: {firmware: i.fd, kernel: x}'
image "$T/two.fd" ebfe '0x10000 0x1000 3' '0x11000 0x1000 3'
refusal 'a firmware that wants two CPUID pages' bad-layout 'boot: {firmware: two.fd}'
image "$T/far.fd" ebfe '0x200000 0x1000 1'
refusal 'too little memory' memory-too-small 'boot: {firmware: far.fd}'
refusal 'an output that is an input' output-conflict 'serial: i.fd'
refusal 'a table of certificates that is none' bad-certificate 'snp: {certs: x}'
refusal 'a policy that no firmware takes' bad-policy 'snp: {policy: 0x10000}'
refusal 'a key file without a key' bad-key 'snp: {identity: {id_key: x}}'
refusal 'half an ID block' bad-id-block 'snp:' "  id_block: 'hex:$(printf %0192d 1)'"

# Large enough for its first byte to be rewritten while it is read.
truncate -s 256M "$T/moving"
(while :; do printf x 1<>"$T/moving"; done) &
refusal 'a file that changes while it is read' file-changed 'boot: {kernel: moving}'
kill $!
wait

# --- console and standard error in one place ---

# Guests whose last line is unfinished, or only looks so.
glued() { # NAME PRINTED WHOLE [OPTION]...: what the one file has is WHOLE
  begin "$1"
  guest_of "print \"$2\" ; out 0xf4 1 0"
  manifest_of
  printf '%b' "$3" >"$T/want"
  shift 3
  FAKE_SCRIPT="$T/script" "$FAKE" run "$@" "$T/m.yaml" >"$T/one" 2>&1 </dev/null
  sed '/^snpvmm: measurement /d' "$T/one" | cmp -s - "$T/want" || wrong "one file: $(od -c "$T/one" | tail -n 9)"
  FAKE_SCRIPT="$T/script" "$FAKE" run "$@" "$T/m.yaml" 2>&1 </dev/null | sed '/^snpvmm: measurement /d' | cmp -s - "$T/want" ||
    wrong 'a pipe has something else'
  on_fake run "$@" "$T/m.yaml"
  case $* in *--prefix*) ;; *) cmp -s "$T/out" "$T/said" || wrong 'standard output alone is not what the guest said' ;; esac
  ! grep -q '^$' "$T/err" || wrong "standard error alone has an empty line: $(cat "$T/err")"
}
passed='snpvmm: pass: the guest exited with status 0\n'
glued 'the verdict has a line of its own after a prompt' 'hello\nlogin: ' "hello\nlogin: \n$passed"
glued 'and after a line that ends in a carriage return' '50%\r' "50%\r\n$passed"
glued 'there is no empty line after a complete line' 'hello\r\n' "hello\r\n$passed"
glued 'nor after one that a carriage return follows' 'hello\n\r' "hello\n\r$passed"
glued 'without a verdict, nothing is added' 'login: ' 'login: ' -q
glued '--prefix ends the line itself' 'login: ' "serial: login: \n$passed" --prefix

if command -v python3 >/dev/null; then
  begin 'the same on a terminal'
  guest_of 'print "hello\nlogin: " ; out 0xf4 1 5'
  manifest_of
  run env FAKE_SCRIPT="$T/script" python3 tests/cli/progress.py --both "$FAKE" run --color=never "$T/m.yaml"
  wants 1
  out_has 'login: \r\nsnpvmm: fail: the guest exited with status 5 [guest-exit]\r\n'
else
  skip 'the same on a terminal' 'there is no python3'
fi

# --- all rows ---

judge

begin 'every reason that a run can end with has a row, under --sandbox=log, too'
# none: no reason; usage: argp's, before a manifest is known; internal: our own mistakes, for which no row is known;
# sandbox: what --sandbox=log lets pass, in sandbox.sh.
for file in contract results signals report gdb; do
  if grep -q -x 'sandbox_logs=yes' tests/cli/$file.sh; then cat tests/cli/$file.sh; else wrong "$file.sh has no sandbox_logs"; fi
done >"$T/rows.sh"
for reason in $("$NAMES" run-reasons); do
  case $reason in none | usage | internal | sandbox) continue ;; esac
  grep -q -E "^ *(refusal .* $reason |(row|ends|ended_by) .*['\"](\\\$number|[0-9]+) $reason (pass|fail|error|skip|timeout) )" "$T/rows.sh" || wrong "no row for $reason"
done

finish
