#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/cli/progress.sh: one line on a terminal that says what takes so long, and nothing elsewhere.
# shellcheck source=tests/cli/lib.inc disable=SC1091
. tests/cli/lib.inc
FAKE=${SNPVMM%/snpvmm}/tests/snpvmm-fake
if ! command -v python3 >/dev/null; then
  skip 'a line of progress' 'there is no python3'
  finish
fi
image "$T/i.fd" ebfe "$SECTION"
manifest "$T/m.yaml" 'boot: {firmware: i.fd}' 'memory: 1M' 'serial: none'

script() { # LINE...
  printf '%s\n' "$@" >"$T/script"
}
watched() { # ARGUMENT...: standard error is a terminal
  run env FAKE_SCRIPT="$T/script" python3 tests/cli/progress.py "$FAKE" run --color=never "$@"
}
painted() { # how often the line was painted
  grep -o 'the guest runs \.\.\. [0-9]* s' "$T/out" | sort -u | tr '\n' ' '
}

begin 'after a second the line says what is being done; it disappears before the verdict'
script 'sleep 2300' 'out 0xf4 1 0'
watched "$T/m.yaml"
wants 0
out_has ' s\r\x1b[K' '\r\x1b[Ksnpvmm: pass: '
case $(painted) in
*' 0 s '*) wrong "it says: $(painted)" ;;
*' 1 s '* | *' 2 s '*) ;; # a busy machine may come too late for either
*) wrong "it says: $(painted)" ;;
esac

# The fastest of several, as the machine may be slow.
begin 'a run of less than a second has no such line'
script 'out 0xf4 1 0'
for _ in 1 2 3 4 5; do
  watched "$T/m.yaml"
  wants 0
  [ -n "$(painted)" ] || break
done
[ -z "$(painted)" ] || wrong "it says: $(painted)"

begin 'while a pipe has no reader, the line says so'
mkfifo "$T/fifo"
manifest "$T/pipe.yaml" 'boot: {firmware: i.fd}' 'memory: 1M' 'serial: fifo' 'timeout: 3s'
watched "$T/pipe.yaml"
wants 2
out_has "waiting for a reader of the output's pipe ... 1 s"

begin 'nor has a run with -q'
script 'sleep 1500' 'out 0xf4 1 0'
watched -q "$T/m.yaml"
wants 0
out_is ''

begin 'nor has a run whose standard error is no terminal'
run env FAKE_SCRIPT="$T/script" "$FAKE" run "$T/m.yaml"
wants 0
err_lacks 'the guest runs'

finish
