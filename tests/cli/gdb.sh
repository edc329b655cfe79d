#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/cli/gdb.sh: run --gdb from outside: what a debugger is told, how a run with one ends, and its results.
# shellcheck source=tests/cli/lib.inc disable=SC1091
. tests/cli/lib.inc
# shellcheck source=tests/cli/contract.inc disable=SC1091
. tests/cli/contract.inc
sandbox_logs=yes
socket=$T/gdb.sock

# --- what is refused ---

begin 'where it cannot listen'
for where in 65536 x unix:; do
  call run --platform kvm --gdb=$where "$EXAMPLE"
  wants 2
  err_has '[usage]'
done
err_has 'error: run: --gdb=unix:PATH takes a path of 1 to 107 bytes [usage]'

begin 'a single run'
call run --platform kvm --gdb "$EXAMPLE" "$EXAMPLE"
usage_error 'run: --gdb is for a single run, not for 2' 'give one manifest'
manifest "$T/matrix.yaml" 'boot: {firmware: builtin:selftest}' 'matrix: {vcpus: [1, 2]}'
call run --platform kvm --gdb "$T/matrix.yaml"
usage_error 'run: --gdb is for a single run, not for 2' 'give one manifest'
call run --gdb --set 'matrix={vcpus: [1]}' "$T/matrix.yaml"
wants 2
err_has '--gdb with platform snp [conflict]' 'snpvmm: error     2  vcpus=1 [conflict]'

begin 'an SNP guest cannot be debugged, and nothing is launched'
folder_new
call run --gdb --results "$dir" "$EXAMPLE"
wants 2
err_has '--gdb with platform snp [conflict]' '  why: snp.policy does not allow debugging' \
  '  fix: debug it as a plain VM: --platform kvm'
[ -s "$dir/result.json" ] || wrong 'no result'
begin 'not even if its policy allows debugging'
call run --gdb --set snp.policy=0xb0000 "$EXAMPLE"
wants 2
err_has '--gdb with platform snp [unsupported]' '  why: the policy allows debugging, but no Linux kernel'
err_lacks 'launched'

# --- sessions ---

python=$(python_with socket)
if [ -z "$python" ]; then
  skip 'what a debugger is told' 'there is no python3'
  finish
fi

# A debugger and a run. $T/told is what the debugger was told, a line each.
session() { # WHERE WORD... -- COMMAND...
  at=$1
  shift
  : >"$T/words"
  while [ "$1" != -- ]; do
    printf '%s\n' "$1" >>"$T/words"
    shift
  done
  shift
  (
    set -f
    IFS='
'
    # shellcheck disable=SC2046 # a word a line
    exec "$python" tests/cli/gdb.py "$at" $(cat "$T/words")
  ) >"$T/told" 2>&1 &
  run "$@"
  wait
}
told() { # LINE...
  printf '%s\n' "$@" >"$T/want"
  cmp -s "$T/told" "$T/want" || { show "$T/told" 'it was told'; show "$T/want" 'and should be'; } >>"$T/why"
}
ends_in() { # on|log WORD...
  mode=$1
  shift
  folder_new
  session "$socket" "$@" -- env FAKE_SCRIPT="$T/script" "$FAKE" run --platform kvm --gdb="unix:$socket" --sandbox="$mode" \
    --results "$dir" "$T/m.yaml"
  # shellcheck disable=SC2086 # four words
  leaves "$dir" $wanted
  [ ! -e "$socket" ] || wrong 'the socket was left'
}
ends() { # NAME 'STATUS REASON VERDICT EVENT' WORD... : on the fake, at a UNIX socket
  begin "$1"
  wanted=$2
  shift 2
  ends_in on "$@"
  log_again fake && ends_in log "$@" && log_is_empty
}

guest_of 'print "hello\n" ; out 0xf4 1 0'
manifest_of
ends 'a debugger continues to the end' '0 guest-exit pass guest-exit' '?' p10 c hear
told 'T05thread:1;' f0ff000000000000 W00 '(gone)'
err_has "snpvmm: waiting for a debugger: target remote $socket" 'snpvmm: a debugger has connected'
out_is hello
ends 'one that detaches' '0 guest-exit pass guest-exit' '?' D hear
told 'T05thread:1;' OK '(gone)'
err_has 'snpvmm: the debugger has detached; the guest goes on'
ends 'one that has disconnected' '0 guest-exit pass guest-exit' '?'
err_has 'snpvmm: the debugger has disconnected; the guest goes on'
ends 'one that says what nobody understands, and then "?"' '0 guest-exit pass guest-exit' 'bytes:$\x00\x03$\xff#zz$m#' '?' c
told 'T05thread:1;' W00
ends 'connections without a packet do not let the guest go' '0 guest-exit pass guest-exit' again 'bytes:GET / HTTP/1.1\r\n\r\n$c#63' \
  hear again 'bytes:+$c#00' again p10 c
told '(gone)' f0ff000000000000 W00
err_has 'snpvmm: the debugger has disconnected; the guest still waits'
ends 'half a packet' '0 guest-exit pass guest-exit' '?' 'bytes:$m1000,'
ends 'a second one is turned away' '0 guest-exit pass guest-exit' '?' other c
told 'T05thread:1;' '(gone)' W00
err_has 'snpvmm: a second debugger was turned away'
guest_of 'print "hello\n" ; out 0xf4 1 3'
manifest_of
ends "the guest's status" '1 guest-exit fail guest-exit' '?' c
told 'T05thread:1;' W03
guest_of 'wait'
manifest_of 'timeout: 1s'
ends 'limits end a guest that goes on' '124 timeout timeout timeout' '?' sleep:1.5 c
told 'T05thread:1;' X06
ends 'and one whose debugger is gone' '124 timeout timeout timeout' '?' sleep:1.5
ends 'a kill' '1 debugger-kill fail debugger-kill' '?' 'tell:k' hear
told 'T05thread:1;' '(gone)'
err_has 'snpvmm: fail: the debugger killed the guest [debugger-kill]'
ends 'a kill of a guest that runs' '1 debugger-kill fail debugger-kill' '?' 'tell:c' sleep:0.2 'tell:vKill;1' hear hear
told 'T05thread:1;' OK X06
begin "nobody comes: the command's own limit"
folder_new
on_fake run --platform kvm --gdb=0 --timeout 1s --results "$dir" "$T/m.yaml"
leaves "$dir" 124 timeout timeout timeout
err_has 'snpvmm: hint: connect a debugger in time, or leave out --gdb' 'no debugger was connected, for which the guest waited'
begin 'the port that the kernel chose is printed even with -q'
on_fake -q run --platform kvm --gdb=0 --timeout 1s "$T/m.yaml"
wants 124
err_has 'waiting for a debugger: target remote 127.0.0.1:'
on_fake -q run --platform kvm --gdb="unix:$socket" --timeout 1s "$T/m.yaml"
wants 124
err_lacks 'waiting for a debugger'

begin 'a file that is not a socket is left alone, and waiting would not help'
echo precious >"$T/file"
on_fake run --platform kvm --gdb="unix:$T/file" --retries 3 "$T/m.yaml"
wants 2
err_has "error: --gdb cannot listen on $T/file: it is not a socket [usage]" '  fix: name a file that does not exist'
file_is "$T/file" file precious
begin 'results that take the place of the socket stay'
folder_new
mkdir "$dir"
on_fake run --platform kvm --gdb="unix:$dir/result.json" --timeout 1s --results "$dir" "$T/m.yaml"
leaves "$dir" 124 timeout timeout timeout

begin 'a port that is taken'
"$python" -c 'import socket, sys, time
s = socket.socket()
s.bind(("127.0.0.1", 0))
s.listen()
print(s.getsockname()[1], flush=True)
time.sleep(60)' >"$T/port" &
taker=$!
await [ -s "$T/port" ]
folder_new
on_fake run --platform kvm --gdb="$(cat "$T/port")" --results "$dir" "$T/m.yaml"
leaves "$dir" 99 host-busy error -
err_has "error: --gdb cannot listen on 127.0.0.1:$(cat "$T/port"): Address already in use [host-busy]" '  fix: end the program'
begin "the wait for a port ends by the command's time limit"
folder_new
on_fake run --platform kvm --gdb="$(cat "$T/port")" --timeout 300ms --results "$dir" "$T/m.yaml"
leaves "$dir" 124 timeout timeout -
kill $taker
begin 'the same port, again and again'
guest_of 'out 0xf4 1 0'
manifest_of
for _ in 1 2 3; do
  session "$(cat "$T/port")" '?' c -- env FAKE_SCRIPT="$T/script" "$FAKE" run --platform kvm --gdb="$(cat "$T/port")" "$T/m.yaml"
  wants 0
  told 'T05thread:1;' W00
done
judge

# --- GDB itself, and a firmware on this host's KVM ---

# A firmware that prints and exits; in real mode, from its reset vector on.
gdb_of() { # COMMAND...
  for command; do
    set -- "$@" -ex "$command"
    shift
  done
  (
    await [ -S "$socket" ]
    # shellcheck disable=SC2016 # for the inner shell
    exec timeout 50 sh -c 'echo $$ >"$0" && exec gdb -nx -batch -ex "set confirm off" "$@"' "$T/pid" \
      -ex 'set architecture i386:x86-64' -ex "target remote $socket" "$@" </dev/null
  ) >"$T/told" 2>&1 &
  call run --platform kvm --gdb="unix:$socket" "$T/m.yaml"
  wait
}
if ! kvm_usable; then
  skip 'GDB with a firmware' '/dev/kvm does not open'
elif ! gdb --version >/dev/null 2>&1; then
  skip 'GDB with a firmware' 'there is no gdb'
else
  guest_of 'print "hello\n" ; out 0xf4 1 0'
  manifest_of
  begin 'GDB: registers, memory and steps from the reset vector on'
  gdb_of 'info registers rip cs cs_base cr0 eflags' 'x/2xb $cs_base + $rip' stepi 'info registers rip' stepi stepi stepi \
    'set $rbx = 0x1234' 'print/x $rbx' 'x/1xb 0xfee00000' 'info threads' continue
  wants 0
  out_is hello
  file_has "$T/told" 'GDB' 'rip            0xfff0' 'cs             0xf000' 'cs_base        0xffff0000' '[ ET ' \
    '0xfffffff0:' 'rip            0x0' '$1 = 0x1234' 'Cannot access memory at address 0xfee00000' 'Thread 1 (vCPU 0)' \
    'exited normally'
  begin 'GDB: a hardware breakpoint is met once, and a kill ends the run'
  gdb_of 'hbreak *0xffff0003' continue 'info registers rip' stepi 'info registers rip' kill
  wants 1
  err_has '[debugger-kill]'
  file_has "$T/told" 'GDB' 'SIGTRAP' 'rip            0x3 ' 'rip            0x5 '
  begin 'GDB: ^C stops a guest that runs'
  guest_of 'print "hello\n" ; wait'
  manifest_of
  (
    until_says hello
    kill -INT "$(cat "$T/pid")"
  ) &
  gdb_of continue 'info registers rip' kill
  wants 1
  err_has '[debugger-kill]'
  file_has "$T/told" 'GDB' 'received signal SIGINT' 'rip '
fi
finish
