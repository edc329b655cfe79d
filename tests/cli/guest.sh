#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/cli/guest.sh: every way in which a guest can end, and the exit status of run: tiny guests on platform kvm.
# shellcheck source=tests/cli/lib.inc disable=SC1091
. tests/cli/lib.inc

if ! kvm_usable; then
  skip 'guests' '/dev/kvm is missing or not for this user'
  finish
fi

# Real mode, first instruction at cs:0.
SAY_A='ba f803 b0 41 ee' # mov dx, 0x3f8; mov al, 'A'; out dx, al
EXIT_5='b0 05 e6 f4'     # mov al, 5; out 0xf4, al
FOREVER='eb fe'          # jmp $

guest() { # CODE [MANIFEST LINE...]
  image "$T/i.fd" "$1" "$SECTION"
  shift
  manifest "$T/m.yaml" 'platform: kvm' 'boot: {firmware: i.fd}' 'memory: 1M' "$@"
}

# The last line of stderr is this one.
verdict() {
  [ "$(tail -n 1 "$T/err")" = "snpvmm: $1" ] || wrong "$last: the verdict is '$(tail -n 1 "$T/err")', not 'snpvmm: $1'"
}

begin 'a status other than 0: 1, and the console is complete'
guest "$SAY_A $EXIT_5 $FOREVER"
call run "$T/m.yaml"
wants 1
[ "$(cat "$T/out")" = A ] || wrong "the console is '$(cat "$T/out")'"
verdict 'fail: the guest exited with status 5 [guest-exit]'

begin 'the same status, if it is expected: 0'
for exit in 5 0x5 any; do
  call run --set expect.exit=$exit "$T/m.yaml"
  wants 0
  [ "$(cat "$T/out")" = A ] || wrong "the console is '$(cat "$T/out")'"
  verdict 'pass: the guest exited with status 5'
done
call run --set expect.exit=4 "$T/m.yaml"
wants 1
verdict 'fail: the guest exited with status 5; expect.exit is 4 [guest-exit]'

begin 'a status of 32 bits is not truncated'
guest "66 b8 05000100 66 e7 f4 $FOREVER" # mov eax, 0x10005; out 0xf4, eax
call run --set expect.exit=5 "$T/m.yaml"
wants 1
verdict 'fail: the guest exited with status 65541; expect.exit is 5 [guest-exit]'
call run --set expect.exit=0x10005 "$T/m.yaml"
wants 0
verdict 'pass: the guest exited with status 65541'

begin 'exit_port: another port, or none'
guest "ba 0105 b0 07 ee $FOREVER" # port 0x501
call run --set exit_port=0x501 --set expect.exit=7 "$T/m.yaml"
wants 0
guest "$EXIT_5 ba f90c b0 06 ee $FOREVER"
call run --set exit_port=false "$T/m.yaml"
wants 0
verdict 'pass: the guest asked for a reset'

begin 'a reset: 0'
guest "ba f90c b0 06 ee $FOREVER" # 6 to port 0xcf9
call run "$T/m.yaml"
wants 0
verdict 'pass: the guest asked for a reset'
guest "b0 fe e6 64 $FOREVER" # the keyboard controller's way
call run "$T/m.yaml"
wants 0
verdict 'pass: the guest asked for a reset'

begin 'a reset when a status is expected: 1'
call run --set expect.exit=0 "$T/m.yaml"
wants 1
verdict 'fail: the guest asked for a reset; expect.exit is 0 [guest-reset]'
call run --set expect.exit=any "$T/m.yaml"
wants 0

# To protected mode, where an empty interrupt table makes a triple fault of int3.
begin 'a triple fault: 1'
guest '2e 66 0f 01 16 4000  0f 20 c0  0c 01  0f 22 c0  66 ea 2000ffff 0800' # lgdt; cr0.pe = 1; jmp 8:0xffff0020
patch "$T/i.fd" 0x20 '0f 01 1d 6000ffff cc'                                 # lidt of zeros; int3
patch "$T/i.fd" 0x40 '0f00 5000ffff'                                        # the table of segments ...
patch "$T/i.fd" 0x50 '0000000000000000 ffff0000009bcf00'                    # ... with one of code
call run "$T/m.yaml"
wants 1
verdict 'fail: vCPU 0 shut down: a triple fault; the console got no byte [guest-shutdown]'
call run --set expect.exit=any "$T/m.yaml"
wants 1

begin 'the time limit: 124'
guest "$SAY_A $FOREVER" 'timeout: 300ms'
call run "$T/m.yaml"
wants 124
[ "$(cat "$T/out")" = A ] || wrong "the console is '$(cat "$T/out")'"
verdict "fail: the guest did not end within the time limit of 0.300 s; the console's last line is 'A' [timeout]"

begin 'the time limit of a guest that sleeps: 124'
guest 'fb f4 eb fd' 'timeout: 900ms' # sti; hlt: a device could wake it
call run --set expect.exit=any "$T/m.yaml"
wants 124
verdict 'fail: the guest did not end within the time limit of 0.900 s; the console got no byte [timeout]'

begin 'a guest that is halted with interrupts off ends at once: 1'
guest "$SAY_A fa f4 eb fc" 'timeout: 50s' # cli; hlt
begun=$(date +%s)
call run "$T/m.yaml"
wants 1
verdict "fail: the vCPU is halted with interrupts off; the console's last line is 'A' [guest-halted]"
[ $(($(date +%s) - begun)) -lt 25 ] || wrong "it took $(($(date +%s) - begun)) s"

begin 'vCPUs that were never started do not keep it'
call run --set vcpus=3 "$T/m.yaml"
wants 1
verdict "fail: all vCPUs are halted with interrupts off; the console's last line is 'A' [guest-halted]"

begin 'the time limit of a guest that never stops printing: 124'
guest "$SAY_A eb fd" 'timeout: 300ms' 'serial: none' # back to the out
call run "$T/m.yaml"
wants 124

begin 'a reader that exits ends the run: 1'
guest "$SAY_A eb fd" 'timeout: 30s'
{
  timeout -s KILL 60 "$SNPVMM" run "$T/m.yaml" </dev/null 2>"$T/err"
  echo $? >"$T/status"
} | head -c 1 >"$T/out"
read -r status <"$T/status"
sane 'run | head -c 1'
wants 1
verdict "fail: the console's output can't be written: Broken pipe [output-failed]"

# The signal comes once the guest has printed something. The run is in the foreground, because background jobs of a
# shell ignore SIGINT.
signal_while_running() { # SIGNAL
  : >"$T/out"
  {
    await [ -s "$T/out" ]
    kill -s "$1" "$(cat "$T/pid")"
  } &
  # shellcheck disable=SC2016 # for the inner shell
  run sh -c 'echo $$ >"$0" && exec "$@"' "$T/pid" "$SNPVMM" run "$T/m.yaml"
  wait
}

guest "$SAY_A $FOREVER" 'timeout: 50s'
for signal in TERM.143 INT.130 HUP.129; do
  name=${signal%%.*}
  case $(sed -n 's/^SigIgn:.*\(.\)$/\1/p' /proc/self/status).$name in
  [2367abef].INT | [13579bdf].HUP)
    skip "SIG$name during a run" 'it is ignored here'
    continue
    ;;
  esac
  begin "SIG$name during a run: ${signal##*.}"
  signal_while_running "$name"
  wants "${signal##*.}"
  [ "$(cat "$T/out")" = A ] || wrong "the console is '$(cat "$T/out")'"
  verdict "fail: ended by SIG$name [signal]"
done

begin 'debug_port: stderr, a file, or nowhere'
guest "ba 0204 b0 42 ee b0 0a ee b0 00 e6 f4 $FOREVER" # "B" and a newline to port 0x402
call -q run "$T/m.yaml"
wants 0
err_is ''
call -q run --set debug_port=stderr "$T/m.yaml"
wants 0
out_is ''
err_is B
call run --set "debug_port=$T/debug.log" "$T/m.yaml"
wants 0
file_is "$T/debug.log" debug.log B

begin '-v shows the last output on the debug port, the exits by port, and the registers of a guest that hangs'
guest "ba 0204 b0 42 ee b0 0a ee e6 80 $FOREVER" 'timeout: 300ms' # "B" and a newline to port 0x402; a byte to 0x80
call run -v "$T/m.yaml"
wants 124
err_has 'snpvmm: last line on the debug port: B' 'snpvmm: exits: debug port 2 (0x402 2)' 'snpvmm: exits: nobody 1 (0x80 1)' \
  'snpvmm: vCPU 0: rip 0x'
verdict 'fail: the guest did not end within the time limit of 0.300 s; the console got no byte [timeout]'
call run "$T/m.yaml"
wants 124
err_lacks 'exits: '
call run -v --set timeout=20s --set silence=200ms "$T/m.yaml"
wants 124
err_has 'snpvmm: vCPU 0: rip 0x'
verdict 'fail: no console output for the silence limit of 0.200 s; the console got no byte [silence]'

begin '--stats reports on a run that passed, too'
guest "$SAY_A b0 00 e6 f4 $FOREVER"
call run --stats "$T/m.yaml"
wants 0
err_has 'snpvmm: exits: 2: ports 2, MMIO 0, page states 0, memory faults 0, certificates 0, signals 0, others 0' \
  'snpvmm: exits: serial port 1 (0x3f8 1)' 'snpvmm: exits: exit port 1 (0xf4 1)' 'snpvmm: first serial byte after 0.' \
  'snpvmm: no debug byte'
verdict 'pass: the guest exited with status 0'

begin '--stats=FILE writes JSON, and prints nothing more'
call run "--stats=$T/stats.json" "$T/m.yaml"
wants 0
err_lacks 'exits: '
file_has "$T/stats.json" stats.json '"schema": "snpvmm.stats/1"' '"total": 2,' '"name": "serial port"' '"port": "0x3f8"'
call run "--stats=$T/none/stats.json" "$T/m.yaml"
wants 2
err_has "snpvmm: error: cannot write '$T/none/stats.json': No such file or directory [output-failed]"
err_lacks 'launched'
if [ -w /dev/full ]; then
  call run --stats=/dev/full "$T/m.yaml"
  wants 1
  err_has '[output-failed]'
fi

begin '--prefix marks the lines of serial and debug'
# "A" to COM1, "B" to 0x402, a newline to each
guest "$SAY_A ba 0204 b0 42 ee ba f803 b0 0a ee ba 0204 ee b0 00 e6 f4 $FOREVER"
run sh -c "exec \"\$0\" -q run --prefix --set debug_port=stderr \"\$1\" 2>&1" "$SNPVMM" "$T/m.yaml"
wants 0
out_is 'serial: A
debug: B'

begin 'a port without a device reads as ones, and -v counts the accesses'
guest "ba 0003 ec f6 d0 e6 f4 $FOREVER" # in al, 0x300; not al; out 0xf4, al
call -v run "$T/m.yaml"
wants 0
err_has 'snpvmm: port accesses that no device answered: 1'

begin 'a guest that accesses ports in every width gets answers, and the report stays short'
# in al, ax, eax; xor eax, eax; out eax, ax, al; inc dx; and again, from dx on, until the exit port is written
for start in '31d2 0xffe' 'ba00b0 0xb020'; do
  guest "${start% *} ec ed 66ed 6631c0 66ef ef ee 42 eb f2" 'timeout: 50s' 'serial: none' "exit_port: ${start#* }"
  call run -v --stats "$T/m.yaml"
  wants 0
  err_has 'snpvmm: exits: nobody '
  [ "$(grep -c . "$T/err")" -le 30 ] || wrong "$(grep -c . "$T/err") lines"
  [ "$(awk 'length > m { m = length } END { print m }' "$T/err")" -le 250 ] || wrong "long lines: $(cat "$T/err")"
done
err_has 'snpvmm: exits: ACPI ports 108 '

begin 'an image of noise ends by a fault or by its time limit'
cp "$VECTORS/fw/pub-plain-16k.fd" "$T/i.fd"
manifest "$T/m.yaml" 'platform: kvm' 'boot: {firmware: i.fd}' 'memory: 64M' 'timeout: 500ms'
call run "$T/m.yaml"
case $status.$(sed -n '$s/.*\[\(.*\)\]$/\1/p' "$T/err") in
124.timeout | 1.guest-shutdown | 1.kvm-internal-error) ;;
*) wrong "status $status and: $(tail -n 1 "$T/err")" ;;
esac

finish
