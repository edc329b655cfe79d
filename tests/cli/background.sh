#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/cli/background.sh: a run in the background of a terminal ends as usual and leaves the terminal to the job in the foreground.
# shellcheck source=tests/cli/lib.inc disable=SC1091
. tests/cli/lib.inc
# shellcheck source=tests/cli/contract.inc disable=SC1091
. tests/cli/contract.inc

scene() { # NAME LIMIT SENTENCE [WHAT THE GUEST DOES]
  begin "$3"
  guest_of "print \"hello\\n\" ; ${4:-wait}"
  manifest_of "timeout: $2"
  run env FAKE_SCRIPT="$T/script" python3 tests/cli/background.py "$1" "$FAKE" run --results "$T/$1" "$T/m.yaml"
  wants 0
  [ ! -s "$T/out" ] || wrong "$(cat "$T/out")"
  [ "$1" = killed ] || grep -q '"verdict"' "$T/$1/result.json" || wrong 'no result.json'
}

if ! command -v python3 >/dev/null; then
  skip 'runs in the background' 'there is no python3'
  finish
fi
scene limit 1s 'in the background: no keyboard, no other modes, and its own limit'
scene tostop 1s 'in the background of a terminal that lets no job write there: not stopped'
scene killed 50s 'in the background, a signal that kills leaves the terminal alone' 'stuck 20000'
scene fetched 50s 'brought to the foreground, it takes its input'
scene moved 50s 'Ctrl-Z, bg and fg'
scene left 50s 'SIGSTOP, and a shell that puts its own modes back'

finish
