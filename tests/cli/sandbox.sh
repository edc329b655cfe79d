#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/cli/sandbox.sh: what the process of a run may do once its guest runs, and what becomes of a run that does more.
# shellcheck source=tests/cli/lib.inc disable=SC1091
. tests/cli/lib.inc
# shellcheck source=tests/cli/contract.inc disable=SC1091
. tests/cli/contract.inc
EXPLOIT=${SNPVMM%/snpvmm}/tests/snpvmm-exploit

guest_of 'print "hello\n" ; out 0xf4 1 0'
manifest_of
run env FAKE_SCRIPT="$T/script" "$FAKE" run -v "$T/m.yaml"
case $(grep 'sandbox: ' "$T/err") in
*'filters of system calls, no capabilities'*) ;;
*'built with sanitizers'*)
  begin 'a program that is built with sanitizers says that it has no sandbox'
  wants 0
  skip 'the sandbox' 'sanitizers make system calls of their own'
  finish
  ;;
*)
  begin 'the sandbox'
  wrong "-v says: $(cat "$T/err")"
  finish
  ;;
esac

# --- what is there ---

# All threads of a run whose guest waits: vCPUs, the main one, and on a terminal the one that shows progress.
confined() { # NAME COMMAND...
  begin "$1"
  shift
  : >"$T/out"
  "$@" --results "$T/confined" "$T/m.yaml" </dev/null >"$T/out" 2>"$T/err" 3<"$T/base.fd" &
  parent=$!
  until_says hello
  child=$(child_of "$parent")
  n=0
  for status in /proc/"${child:-none}"/task/*/status; do
    n=$((n + 1))
    for want in 'Seccomp:	2' 'NoNewPrivs:	1' 'CapEff:	0000000000000000' 'CapPrm:	0000000000000000'; do
      grep -q -x "$want" "$status" || wrong "$status lacks $want: $(grep -E "^(Name|${want%%:*}):" "$status")"
    done
  done
  [ "$n" -ge 3 ] || wrong "only $n threads of '$child'"
  for fd in /proc/"$child"/fd/*; do
    [ "$(readlink "$fd")" != "$T/base.fd" ] || wrong 'a descriptor that was inherited is still open'
  done
  kill "$parent"
  wait "$parent"
  status=$? last='a run that is looked at'
  wants 143
  grep -q '"mode": "on"' "$T/confined/result.json" || wrong "no sandbox in the result: $(cat "$T/confined/result.json")"
}
guest_of 'print "hello\n" ; wait'
manifest_of 'timeout: 50s' 'vcpus: 2'
confined 'every thread is filtered, without capabilities' env FAKE_SCRIPT="$T/script" "$FAKE" run
if kvm_usable; then
  confined 'the same on KVM' "$SNPVMM" run --platform kvm
fi

# --- a guest that has taken a vCPU's thread over ---

# shellcheck disable=SC2154 # contract.inc sets dir and options
exploit() { # PORT 'STATUS REASON VERDICT EVENT' WORD...
  guest_of "print \"hello\\n\" ; out $1 1 0 ; out 0xf4 1 0"
  manifest_of
  folder_new
  run env FAKE_SCRIPT="$T/script" "$EXPLOIT" run --results "$dir" "$T/m.yaml"
  wanted=$2
  shift 2
  # shellcheck disable=SC2086 # four words
  leaves "$dir" $wanted
  for word; do
    grep -q "$word" "$dir/result.json" || wrong "$last: no $word in the result: $(cat "$dir/result.json")"
  done
  grep -q "<testcase " "$dir/junit.xml" || wrong 'no junit.xml'
}
begin "a C library's other way to look for a terminal is allowed"
guest_of 'print "hello\n" ; out 0xf4 1 0'
manifest_of
run env FAKE_SCRIPT="$T/script" "$EXPLOIT" run --results "$T/isatty" "$T/m.yaml"
wants 0
for command in 'measure --pages' check 'diff --cpus 2'; do
  # shellcheck disable=SC2086 # several words
  run "$EXPLOIT" $command "$T/m.yaml"
  ! grep 'sandbox' "$T/err" >>"$T/why" || wrong "$command"
done

port=0x700
for call in openat socket execve clone ptrace 'ioctl 0x5412' mmap kill tgkill rt_sigaction; do
  begin "a guest that gets at $call is stopped"
  exploit "$port" '1 sandbox fail sandbox' '"refused"' "\"$call\"" '"expected": '
  err_has ": $call [sandbox]"
  port=$(printf '0x%x' $((port + 1)))
done
begin 'a guest that gets at a system call while signals are blocked is stopped, too, and that is said'
exploit 0x70d '1 sandbox fail sandbox' '"expected": '
err_has 'a system call that no run makes, with signals blocked [sandbox]'
begin 'a guest that takes all room on a disk at once is stopped'
exploit 0x716 '1 sandbox fail sandbox' '"fallocate"' '"expected": '
begin 'a guest that gets the process to abort, to crash or to exit leaves a whole result'
exploit 0x70a '134 internal error internal' '"expected": ' '"role": "firmware"'
exploit 0x70b '139 internal error internal' '"expected": '
exploit 0x70c '1 internal error internal' '"expected": '


# --- and the main thread, when the guest has ended ---

main_exploit() { # NUMBER 'STATUS REASON VERDICT EVENT' [OPTION | LINE]...
  number=$1 wanted=$2
  shift 2
  guest_of 'print "hello\n" ; out 0xf4 1 0'
  manifest_of "$@"
  folder_new
  # shellcheck disable=SC2086 # options without blanks
  run env FAKE_SCRIPT="$T/script" SNPVMM_EXPLOIT_MAIN="$number" "$EXPLOIT" run --results "$dir" $options "$T/m.yaml"
  # shellcheck disable=SC2086 # four words
  leaves "$dir" $wanted
}
n=14
for what in 'has the kernel send signals' 'changes the mode of our output'; do
  begin "a process that $what is stopped"
  main_exploit "$n" '1 sandbox fail sandbox'
  err_has ': fcntl [sandbox]'
  n=$((n + 1))
done
begin 'a process that removes folders is stopped'
main_exploit 23 '1 sandbox fail sandbox'
err_has ': unlinkat [sandbox]'
begin "a process that limits others' is stopped"
main_exploit 16 '1 sandbox fail sandbox'
err_has ': prlimit64 [sandbox]'
begin 'where files may be opened, none is opened to be written'
main_exploit 17 '1 sandbox fail sandbox' "--symbols=$T"
err_has ': openat [sandbox]'
! rm exploited 2>/dev/null || wrong 'the file was there'
# a table with one entry, which a vCPU's thread opens
head -c 64 /dev/zero >"$T/certs.bin"
patch "$T/certs.bin" 0 "c0b406a4a803495297433fb6014cd0ae $(le32 48) $(le32 16)"
asking='flags req-certs ; print "hello\n" ; request-certs 0x8000 4 ; request-certs 0x8000 4'
guest_of "$asking ; out 0x711 1 0 ; out 0xf4 1 0"
manifest_of "snp: {certs: $T/certs.bin}"
run env FAKE_SCRIPT="$T/script" "$EXPLOIT" run --platform snp "$T/m.yaml"
wants 1
err_has ': openat [sandbox]'
guest_of "$asking ; out 0x714 1 0 ; out 0xf4 1 0"
run env FAKE_SCRIPT="$T/script" "$EXPLOIT" run --platform snp "$T/m.yaml"
wants 1
err_has ': openat2 [sandbox]'
! rm exploited 2>/dev/null || wrong 'the file was there'
begin 'a process that outlives the time limit is killed'
main_exploit 18 '124 timeout timeout timeout' 'timeout: 1s'
err_has 'and neither did the process that ran it [timeout]'
begin 'but not if it has left its result: then its guest takes long to be freed'
for exit in 0 1; do
  guest_of "print \"hello\\n\" ; out 0xf4 1 $exit"
  manifest_of 'timeout: 1s'
  folder_new
  run env FAKE_SCRIPT="$T/script" SNPVMM_EXPLOIT_END=18 "$EXPLOIT" run --results "$dir" "$T/m.yaml"
  if [ $exit = 0 ]; then leaves "$dir" 0 guest-exit pass guest-exit; else leaves "$dir" 1 guest-exit fail guest-exit; fi
done
begin 'one run hides no other'
guest_of 'print "hello\n" ; out 0xf4 1 1'
manifest_of 'matrix: {vcpus: [1, 2]}'
run env FAKE_SCRIPT="$T/script" SNPVMM_EXPLOIT_MAIN=19 SNPVMM_EXPLOIT_RUN=vcpus=2 "$EXPLOIT" run "$T/m.yaml"
wants 1
err_has 'fail      1  vcpus=1'
err_has '[internal]'
run env FAKE_SCRIPT="$T/script" SNPVMM_EXPLOIT_MAIN=21 SNPVMM_EXPLOIT_RUN=vcpus=2 "$EXPLOIT" run --results "$T/named" "$T/m.yaml"
wants 1
err_has 'fail      1  vcpus=1 ' 'fail      1  vcpus=2 '
! grep other "$T/named/junit.xml" >>"$T/why" || wrong 'it is under another name'
begin '--sandbox=log lets it pass, and says what it was'
manifest_of
guest_of 'print "hello\n" ; out 0x700 1 0 ; out 0x701 1 0 ; out 0x700 1 0 ; out 0xf4 1 0'
run env FAKE_SCRIPT="$T/script" "$EXPLOIT" run --sandbox=log --results "$T/log" "$T/m.yaml"
wants 0
[ "$(grep -c 'would be refused: openat$' "$T/err")" = 1 ] || wrong "not once: $(cat "$T/err")"
err_has 'would be refused: socket'
grep -q '"refused"' "$T/log/result.json" || wrong "the result is: $(cat "$T/log/result.json")"
begin '--sandbox=off is off'
run env FAKE_SCRIPT="$T/script" "$EXPLOIT" run --sandbox=off -v --results "$T/off" "$T/m.yaml"
wants 0
err_has 'sandbox: off'
grep -q '"mode": "off"' "$T/off/result.json" || wrong "the result is: $(cat "$T/off/result.json")"
begin '--sandbox takes no other word'
call run --sandbox=maybe "$T/m.yaml"
wants 2
err_has 'on, log or off'

# --- nothing that a run does is refused ---

# tests/cli/contract.sh has every end of a run, with the sandbox on.
# shellcheck disable=SC2154
quiet() { # GUEST [OPTION | LINE]...
  guest_of "$1"
  shift
  manifest_of "$@"
  # shellcheck disable=SC2086 # options without blanks
  run env FAKE_SCRIPT="$T/script" "$FAKE" run --sandbox=log --stats="$T/stats" --results "$T/quiet" $options "$T/m.yaml"
  ! grep 'would be refused' "$T/err" >>"$T/why" || wrong "of $*"
}
begin '--sandbox=log has nothing to say of runs as they are'
quiet 'out 0xf4 1 0'
quiet 'flood 320000 16 ; reset' 'log_limit: 64K' 'vcpus: 3'
quiet 'print "a\n" ; wait' 'timeout: 300ms' 'debug_port: stderr'
quiet 'print "a\n" ; debug "b\n" ; shutdown' 'serial: console' 'debug_port: debug' 'log_limit: 64K'
quiet 'memory-fault 0x8000 shared ; memory-fault 0x8123 private ; out 0xf4 1 0'
quiet 'print "ready\n" ; halt' 'expect: {console: [ready], report: true}' 'timeout: 2s'
quiet 'print "a\n" ; internal 1' -v -v
quiet 'print "a\n" ; errno EIO' -o json
quiet "$asking ; out 0xf4 1 0" --platform=snp "snp: {certs: $T/certs.bin}"
begin 'nor of files that are named relative to a folder, below --confine'
manifest_of 'snp: {certs: certs.bin}'
# shellcheck disable=SC2016 # for the inner shell
run env FAKE_SCRIPT="$T/script" sh -c 'cd "$1" && shift && exec "$@"' sh "$T" "$(realpath "$FAKE")" \
  run --sandbox=log --platform snp --confine . m.yaml
wants 0
! grep 'would be refused' "$T/err" >>"$T/why" || wrong 'below --confine'

if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
  begin "root's results in a user's folder: the capability for that stays"
  mkdir -m 755 "$T/theirs"
  chown 65534 "$T/theirs"
  guest_of 'flood 320000 16 ; out 0xf4 1 0'
  manifest_of 'log_limit: 64K'
  run env FAKE_SCRIPT="$T/script" "$FAKE" run -v --results "$T/theirs" "$T/m.yaml"
  wants 0
  err_has 'sandbox: filters of system calls, the capability to write into this folder'
  grep -q '"capabilities": true' "$T/theirs/result.json" || wrong "the result is: $(cat "$T/theirs/result.json")"
else
  skip "root's results in a user's folder" 'needs root'
fi

# --- commands that only read ---

manifest_of
n=0
for call in openat socket execve clone ptrace 'ioctl 0x5412' mmap kill tgkill; do
  begin "an image that gets measure to $call is stopped"
  run env SNPVMM_EXPLOIT=$n "$EXPLOIT" measure "$T/m.yaml"
  wants 2
  out_is ''
  err_has "a system call that no reading of files makes: $call [sandbox]"
  n=$((n + 1))
done
begin 'while a matrix is measured, files can be opened, but nothing else'
manifest_of 'matrix: {vcpus: [1, 2]}'
run env SNPVMM_EXPLOIT=0 "$EXPLOIT" measure "$T/m.yaml"
wants 0
for at in '1 socket' '14 fcntl' '15 fcntl' '16 prlimit64' '17 openat' '20 openat2'; do
  run env SNPVMM_EXPLOIT="${at% *}" "$EXPLOIT" measure "$T/m.yaml"
  wants 2
  err_has ": ${at#* } [sandbox]"
done
begin '--sandbox of a reader: log and off'
manifest_of
run env SNPVMM_EXPLOIT=1 "$EXPLOIT" measure --sandbox=log "$T/m.yaml"
wants 0
err_has 'would be refused: socket'
run env SNPVMM_EXPLOIT=1 "$EXPLOIT" --sandbox=off measure "$T/m.yaml"
wants 0
[ ! -s "$T/err" ] || wrong "$(cat "$T/err")"
begin 'readers make no other system calls'
for command in measure check 'measure -o json' 'check -o json' 'measure -o cbor' 'measure --pages' 'measure --format corim' 'diff --cpus 2'; do
  # shellcheck disable=SC2086 # several words
  call $command --sandbox=log "$T/m.yaml"
  ! grep 'would be refused' "$T/err" >>"$T/why" || wrong "$command"
done
call inspect --sandbox=log -o json "$T/i.fd" "$T/m.yaml"
! grep 'would be refused' "$T/err" >>"$T/why" || wrong inspect

# --- resources ---

begin 'a small stack is enough'
guest_of 'print "hello\n" ; out 0xf4 1 0'
manifest_of
for command in measure check 'run --platform kvm'; do
  # shellcheck disable=SC2016,SC2086 # for the inner shell; several words
  run env FAKE_SCRIPT="$T/script" sh -c 'ulimit -s 64; exec "$@"' sh "$FAKE" $command "$T/m.yaml"
  wants 0
done

judge
finish
