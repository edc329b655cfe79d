#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/cli/signals.sh: signals end a run cleanly, with results; see contract.inc.
# shellcheck source=tests/cli/lib.inc disable=SC1091
. tests/cli/lib.inc
# shellcheck source=tests/cli/contract.inc disable=SC1091
. tests/cli/contract.inc
sandbox_logs=yes

# Background jobs of a shell ignore SIGINT, so the run is in the foreground and the sender in the background. The first
# signal comes once the guest has printed something, each further one half a second later.
signalled() { # "SIGNAL..." COMMAND...
  : >"$T/out"
  (
    await [ -s "$T/out" ]
    for signal in $1; do
      kill -s "$signal" "$(cat "$T/pid")"
      sleep 0.5
    done
  ) 2>/dev/null &
  shift
  # shellcheck disable=SC2016 # for the inner shell
  run sh -c 'echo $$ >"$0" && exec "$@"' "$T/pid" "$@"
  wait
}

ignored() { # HUP|INT
  case $(sed -n 's/^SigIgn:.*\(.\)$/\1/p' /proc/self/status).$1 in
  [2367abef].INT | [13579bdf].HUP) return 0 ;;
  esac
  return 1
}

ended_on() { # SIGNAL fake|kvm OPTION...
  signal=$1 on=$2
  shift 2
  folder_new
  if [ "$on" = fake ]; then
    signalled "$signal" env FAKE_SCRIPT="$T/script" "$FAKE" run --results "$dir" "$@" "$T/m.yaml"
  else
    signalled "$signal" "$SNPVMM" run --platform kvm --results "$dir" "$@" "$T/m.yaml"
  fi
  # shellcheck disable=SC2086 # four words
  leaves "$dir" $wanted
}
ended_by() { # SIGNAL NAME 'STATUS REASON VERDICT EVENT'
  begin "$2"
  wanted=$3
  ended_on "$1" fake
  log_again fake && ended_on "$1" fake --sandbox=log && log_is_empty
  kvm_usable || return
  begin "$2 (on KVM)"
  ended_on "$1" kvm
  log_again kvm && ended_on "$1" kvm --sandbox=log && log_is_empty
}
guest_of 'print "hello\n" ; wait'
manifest_of 'timeout: 50s'
for signal in TERM.143 INT.130 HUP.129; do
  name=${signal%.*} number=${signal#*.}
  if ignored "$name"; then
    skip "SIG$name" 'it is ignored here'
    continue
  fi
  ended_by "$name" "SIG$name: $number, and results" "$number signal error signal"
done

begin 'lines that are missing do not change the reason'
manifest_of 'timeout: 50s' 'expect: {console: [never]}'
folder_new
signalled TERM env FAKE_SCRIPT="$T/script" "$FAKE" run --results "$dir" "$T/m.yaml"
leaves "$dir" 143 signal error signal

begin 'a signal that is ignored from the start'
guest_of 'print "hello\n" ; sleep 1000 ; out 0xf4 1 0'
manifest_of
folder_new
signalled HUP sh -c "trap '' HUP; exec \"\$@\"" sh env FAKE_SCRIPT="$T/script" "$FAKE" run --results "$dir" "$T/m.yaml"
leaves "$dir" 0 guest-exit pass guest-exit

# KVM holds the vCPU for longer than the test.
begin 'a second signal kills at once'
guest_of 'print "hello\n" ; stuck 50000'
manifest_of 'timeout: 50s'
begun=$(date +%s)
signalled 'TERM TERM' env FAKE_SCRIPT="$T/script" "$FAKE" run --results "$T/second" "$T/m.yaml"
wants 143
[ $(($(date +%s) - begun)) -lt 40 ] || wrong "it took $(($(date +%s) - begun)) s"

if command -v python3 >/dev/null; then
  begin 'the terminal is restored, whichever signal kills'
  guest_of 'print "hello\n" ; stuck 50000'
  manifest_of 'timeout: 50s'
  for signals in TERM.TERM QUIT USR1 ABRT; do
    run env FAKE_SCRIPT="$T/script" python3 tests/cli/terminal.py "$signals" "$FAKE" run "$T/m.yaml"
    wants 0
  done
  begin 'the terminal is restored if the process of the run is killed, and the result says so'
  run env FAKE_SCRIPT="$T/script" python3 tests/cli/terminal.py child "$FAKE" run --results "$T/died" "$T/m.yaml"
  wants 0
  for word in '"reason": "internal"' '"status": 137' '"expected": ' '"role": "firmware"'; do
    grep -q "$word" "$T/died/result.json" || wrong "no $word in the result: $(cat "$T/died/result.json")"
  done
  grep -q '<error ' "$T/died/junit.xml" || wrong "junit.xml is: $(cat "$T/died/junit.xml")"
  [ "$(cat "$T/died/serial.log")" = hello ] || wrong 'what the guest had said is gone'
  begin 'the time limit of the command ends a run on a terminal, too: 124'
  guest_of 'print "hello\n" ; wait'
  run env FAKE_SCRIPT="$T/script" python3 tests/cli/terminal.py 124 "$FAKE" run --timeout 5s "$T/m.yaml"
  wants 0
fi

# Runs that have not begun have results too; otherwise those of an earlier run would be taken for theirs.
begin 'a signal ends a matrix: 143, and every run has a line and a result'
manifest_of 'name: n' 'timeout: 50s' 'matrix: {vcpus: [1, 2, 3]}'
for signal in TERM.143 HUP.129; do
  ! ignored "${signal%.*}" || continue
  for jobs in 1 2; do
    guest_of 'out 0xf4 1 0'
    on_fake run --jobs $jobs --results "$T/matrix" "$T/m.yaml"
    wants 0
    guest_of 'print "hello\n" ; wait'
    signalled "${signal%.*}" env FAKE_SCRIPT="$T/script" "$FAKE" run --jobs $jobs --results "$T/matrix" "$T/m.yaml"
    wants "${signal#*.}"
    for n in 1 2 3; do
      err_has "error   ${signal#*.}  vcpus=$n [signal]"
      grep -q "\"status\": ${signal#*.}," "$T/matrix/vcpus=$n/result.json" || wrong "$last: vcpus=$n: $(cat "$T/matrix/vcpus=$n/result.json")"
      grep -q 'name="n \[vcpus=' "$T/matrix/vcpus=$n/junit.xml" || wrong "$last: junit.xml of vcpus=$n"
    done
    [ ! -e "$T/matrix/vcpus=3/serial.log" ] || wrong "$last: an earlier run's console"
  done
done

# --- before the launch ---

# Whether the process, or the child of it that is a run, has more than 30 MB.
has_read() { # PID
  cat /proc/[0-9]*/status 2>/dev/null |
    awk -v pid="$1" '/^Pid:/ { ours = $2 == pid } /^PPid:/ { ours = ours || $2 == pid }
      /^VmRSS:/ && ours && $2 > 30000 { found = 1 } END { exit !found }'
}

# A sparse file of 4 GiB; the signal comes once some of it has been read.
large_read() { # COMMAND...
  rm -f "$T/pid"
  (
    await [ -s "$T/pid" ]
    await has_read "$(cat "$T/pid")"
    kill "$(cat "$T/pid")"
  ) 2>/dev/null &
  # shellcheck disable=SC2016 # for the inner shell
  run sh -c 'echo $$ >"$0" && exec "$@"' "$T/pid" "$@"
  wait
}
: >"$T/large"
echo kernel >"$T/kernel"
if truncate -s 4G "$T/large" 2>/dev/null; then
  begin 'a signal while a large file is read, and results'
  manifest "$T/m.yaml" 'boot: {kernel: kernel, initrd: large}' 'memory: 8G'
  folder_new
  large_read env FAKE_SCRIPT="$T/script" "$FAKE" run --results "$dir" "$T/m.yaml"
  leaves "$dir" 143 signal error -
  err_has 'ended by SIGTERM before the launch [signal]'
  for command in check measure; do
    begin "a signal while a large file is read: $command"
    large_read "$SNPVMM" $command "$T/m.yaml"
    wants 143
  done
else
  skip 'a signal while a large file is read' 'no file of 4 GiB here'
fi

begin 'a signal while snpvmm waits for standard input'
mkfifo "$T/in"
for command in 'run -' 'check -' 'inspect -'; do
  rm -f "$T/pid"
  (
    exec 3>"$T/in" # a writer who says nothing
    await [ -s "$T/pid" ]
    sleep 0.5
    kill "$(cat "$T/pid")"
    sleep 20
  ) &
  # shellcheck disable=SC2016,SC2086 # for the inner shell; two words
  run sh -c 'echo $$ >"$0"; in=$1; shift; exec "$@" <"$in"' "$T/pid" "$T/in" "$SNPVMM" $command
  kill $! 2>/dev/null
  wants 143
done

# --- a pipe without a reader ---

mkfifo "$T/pipe"
says 'nobody opened it for reading'
row 'a console that nobody reads: until the time limit' '2 output-failed error -' 'print "never\n"' 'serial: pipe' 'timeout: 300ms'
begin 'statistics without a reader: until a signal'
manifest_of 'timeout: 50s'
folder_new
rm -f "$T/pid"
(
  await [ -d "$dir" ] # by then signals are minded
  sleep 0.5
  kill "$(cat "$T/pid")"
) &
# shellcheck disable=SC2016 # for the inner shell
run sh -c 'echo $$ >"$0" && exec "$@"' "$T/pid" env FAKE_SCRIPT="$T/script" "$FAKE" run --stats="$T/pipe" --results "$dir" "$T/m.yaml"
leaves "$dir" 143 signal error -
begin 'a console whose reader comes late'
guest_of 'print "hello\n" ; out 0xf4 1 0'
manifest_of 'serial: pipe' 'timeout: 50s'
(
  sleep 0.3
  cat "$T/pipe" >"$T/read"
) &
on_fake run "$T/m.yaml"
wait
wants 0
file_is "$T/read" console hello

judge
finish
