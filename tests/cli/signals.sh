#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/cli/signals.sh: signals end a run in good order, and leave results; see contract.inc.
# shellcheck source=tests/cli/lib.inc disable=SC1091
. tests/cli/lib.inc
# shellcheck source=tests/cli/contract.inc disable=SC1091
. tests/cli/contract.inc

# Background jobs of a shell ignore SIGINT, so the run is in the foreground, and who signals it isn't. The first
# signal comes once the guest has spoken, each other half a second later.
signalled() { # "SIGNAL..." COMMAND...
  : >"$T/out"
  (
    i=0
    while [ ! -s "$T/out" ] && [ $i -lt 300 ]; do
      sleep 0.05
      i=$((i + 1))
    done
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

guest_of 'print "hello\n" ; wait'
manifest_of 'timeout: 50s'
for signal in TERM.143 INT.130 HUP.129; do
  name=${signal%.*} number=${signal#*.}
  if ignored "$name"; then
    skip "SIG$name" 'it is ignored here'
    continue
  fi
  begin "SIG$name: $number, and results"
  folder_new
  signalled "$name" env FAKE_SCRIPT="$T/script" "$FAKE" run --results "$dir" "$T/m.yaml"
  leaves "$dir" "$number" signal error signal
  kvm_usable || continue
  begin "SIG$name: $number, and results (on KVM)"
  folder_new
  signalled "$name" "$SNPVMM" run --platform kvm --results "$dir" "$T/m.yaml"
  leaves "$dir" "$number" signal error signal
done

begin 'outstanding lines are no other reason'
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

# KVM keeps the vCPU for longer than anybody would wait.
begin 'a second signal kills at once'
guest_of 'print "hello\n" ; stuck 30000'
manifest_of 'timeout: 50s'
begun=$(date +%s)
signalled 'TERM TERM' env FAKE_SCRIPT="$T/script" "$FAKE" run --results "$T/second" "$T/m.yaml"
wants 143
[ $(($(date +%s) - begun)) -lt 15 ] || wrong "it took $(($(date +%s) - begun)) s"

begin 'a signal ends a matrix: 143, and every run has a line'
guest_of 'print "hello\n" ; sleep 1000 ; out 0xf4 1 0'
manifest_of 'matrix: {vcpus: [1, 2, 3]}'
for jobs in 1 2; do
  signalled TERM env FAKE_SCRIPT="$T/script" "$FAKE" run --jobs $jobs --results "$T/matrix.$jobs" "$T/m.yaml"
  wants 143
  err_has vcpus=1 vcpus=2 vcpus=3
  grep -q '"signal"' "$T/matrix.$jobs/vcpus=1/result.json" || wrong "$last: the first run's result is no signal"
done

judge
finish
