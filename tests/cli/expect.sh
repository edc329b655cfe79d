#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/cli/expect.sh: what a manifest expects of the console and of the guest's end; see contract.inc.
# shellcheck source=tests/cli/lib.inc disable=SC1091
. tests/cli/lib.inc
# shellcheck source=tests/cli/contract.inc disable=SC1091
. tests/cli/contract.inc

passes() { # NAME GUEST LINE...: by the exit port
  name=$1 guest=$2
  shift 2
  row "$name" '0 guest-exit pass guest-exit' "$guest ; out 0xf4 1 0" "$@"
}
lacks() { # NAME PATTERN GUEST LINE...
  name=$1 guest=$3
  says "$2"
  shift 3
  row "$name" '1 console-missing fail guest-exit' "$guest ; out 0xf4 1 0" "$@"
}

# --- expect.console ---

passes 'lines in their order, others between them' 'print "a\nzzz\nb\nzzz\nc\n"' 'expect: {console: [a, b, c]}'
lacks 'lines in another order' b 'print "c\nb\na\n"' 'expect: {console: [a, b]}'
lacks 'one line is one pattern' 'second' 'print "first second\n"' 'expect: {console: [first, second]}'
passes 'the same pattern twice, for two lines' 'print "tick\ntick\n"' 'expect: {console: [tick, tick]}'
lacks 'the same pattern twice, for one line' 'tick' 'print "tick\n"' 'expect: {console: [tick, tick]}'
passes 'a carriage return is no part of a line' 'print "ready\r\n"' 'expect: {console: ["^ready$"]}'
passes 'nor are escape sequences' 'print "\033[1;32mrea\033[0mdy\033]0;title\007\033(B\r\n"' 'expect: {console: ["^ready$"]}'
passes 'what is written in pieces is one line' 'print "rea" ; debug "x" ; print "dy" ; print "\n"' 'expect: {console: ["^ready$"]}'
lacks 'an anchor is one' '^ready$' 'print "not ready\n"' 'expect: {console: ["^ready$"]}'
passes 'the last line needs no end' 'print "login: "' 'expect: {console: ["^login: $"]}'
passes 'extended regular expressions' 'print "took 1234 ms, yyz\n"' 'expect: {console: ["took [[:digit:]]{2,4} ms, (x|y)+z"]}'
passes 'classes: digits, spaces, words' 'print "12 tests failed\n"' 'expect: {console: ["^\\d+\\s\\w+"]}'
passes 'characters, not bytes' 'print "\342\234\227 net\n"' 'expect: {console: ["^. net$"]}'
lacks 'a class of characters' '^[✓✔]' 'print "\342\224\202 box\n"' 'expect: {console: ["^[✓✔]"]}'
passes 'a carriage return starts the line over' 'print "Loading 10%\rLoading 100%\rdone\r\n"' 'expect: {console: ["^done$"]}'
passes 'the text before the carriage return is a line, too' 'print "Loading 10%\rLoading 100%\rdone\r\n"' 'expect: {console: ["^Loading 10%$"]}'
passes 'carriage returns, then a newline' 'print "a\r\r\nb\r\n"' 'expect: {console: ["^a$", "^b$"], never: ["^$"]}'
passes 'a NUL byte is a character' 'print "a\000b\n"' 'expect: {console: ["^a.b$"]}'
passes 'garbage before it' 'print "\001\200\xff\xc3(\xe2\x82\000\033[\033\n\xf0\x9f\ndone\n"' 'expect: {console: ["^done$"]}'
lacks 'an empty console' ready 'debug "ready"' 'expect: {console: [ready]}'
passes 'nothing is expected of it' 'print "x\n"' 'expect: {console: []}'
row 'expected lines and a status' '0 guest-exit pass guest-exit' 'print "a\n" ; out 0xf4 1 5' 'expect: {console: [a], exit: 5}'
row 'expected lines, and a reset' '0 guest-reset pass guest-reset' 'print "a\n" ; reset' 'expect: {console: [a]}'
says b
row 'a reset before the last of them' '1 console-missing fail guest-reset' 'print "a\n" ; reset' 'expect: {console: [a, b], exit: any}'

# --- an end that is itself a failure wins, and the missing line is named ---

for end in 'out 0xf4 1 5.1 guest-exit fail guest-exit' 'shutdown.1 guest-shutdown fail guest-shutdown' \
  'terminate 0 1.1 guest-terminated fail guest-terminated' 'crash.1 guest-crash fail guest-crash' \
  'wait.124 timeout timeout timeout' 'errno ENOMEM.99 kvm-error error kvm-error'; do
  says 'second'
  row "outstanding lines: ${end%%.*}" "${end#*.}" "print \"first\n\" ; ${end%%.*}" 'timeout: 1500ms' 'expect: {console: [first, second]}'
done
says 'second'
row 'outstanding lines: silence' '124 silence timeout silence' 'print "first\n" ; wait' 'timeout: 20s' 'silence: 200ms' \
  'expect: {console: [first, second]}'
says 'second'
row 'outstanding lines: panic' '1 guest-panic fail guest-panic|guest-reset' 'print "first\nKernel panic - x\n" ; reset' \
  'expect: {console: [first, second]}'

# --- expect.never ---

forbidden() { # NAME REASON GUEST LINE...
  name=$1 reason=$2 guest=$3
  shift 3
  row "$name" "1 $reason fail $reason|guest-exit" "$guest" "$@"
}
passes 'never: nothing' 'print "Kernel panic\n"' 'expect: {never: []}'
passes 'never: other lines' 'print "Kernel panic\n"' 'expect: {never: [Oops]}'
forbidden 'never, by default: a panic, whatever status follows' guest-panic 'print "Kernel panic\n" ; out 0xf4 1 0'
forbidden 'never, by another expression: still a panic' guest-panic 'print "Kernel panic\n" ; out 0xf4 1 0' 'expect: {never: [pan]}'
forbidden 'never: another word' console-forbidden 'print "panic!\n" ; out 0xf4 1 0' 'expect: {never: [Oops, pan]}'
forbidden 'never: after every expected line' console-forbidden 'print "ready\nBUG\n" ; out 0xf4 1 0' \
  'expect: {console: [ready], never: [BUG]}'
forbidden 'never: in the line that is expected' console-forbidden 'print "ready BUG\n" ; out 0xf4 1 0' \
  'expect: {console: [ready], never: [BUG]}'
forbidden 'never: in a last line without end' console-forbidden 'print "ready\nBUG" ; out 0xf4 1 0' 'expect: {never: [BUG]}'
forbidden 'never: a status that is wrong as well' console-forbidden 'print "BUG\n" ; out 0xf4 1 5' 'expect: {never: [BUG]}'
forbidden 'never: behind escape sequences' console-forbidden 'print "\033[31mB\033[0mUG\r\n" ; out 0xf4 1 0' \
  'expect: {never: ["^BUG$"]}'
forbidden 'a guest that stands still after a panic: no wait for the time limit' guest-panic \
  'print "Kernel panic\n" ; wait' 'timeout: 60s'
forbidden 'what comes within a moment of a panic is kept' guest-panic \
  'print "Kernel panic\n" ; sleep 100 ; print "Call Trace:\n" ; sleep 100 ; print " main+1\n" ; wait' 'timeout: 60s'

# --- expect.exit: none ---

row 'none: the guest may keep running' '0 console-complete pass console-complete' 'print "a\nb\n" ; wait' \
  'timeout: 60s' 'expect: {console: [a, b], exit: none}'
says b
row 'none: it ended too early' '1 console-missing fail guest-reset' 'print "a\n" ; reset' 'expect: {console: [a, b], exit: none}'
says b
row 'none: the line never came' '124 timeout timeout timeout' 'print "a\n" ; wait' 'timeout: 1500ms' 'expect: {console: [a, b], exit: none}'
row 'none: a panic came first' '1 guest-panic fail guest-panic|guest-reset' 'print "a\nKernel panic\n" ; reset' \
  'expect: {console: [a, b], exit: none}'

# --- expressions that reach their limit ---

# A guest must not be able to hide behind a line that takes too long to match.
many_a=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
for end in 'out 0xf4 1 0.guest-exit' 'reset.guest-reset'; do
  says "'(a+)+\$' ran into its limit at the line: aaaa"
  row "a line that takes too long, under never: ${end%%.*}" "1 console-undecided fail console-undecided|${end#*.}" \
    "print \"$many_a!\nready\n\" ; ${end%%.*}" 'expect: {console: [ready], never: ["(a+)+$"]}'
done
says "'(a+)+\$' ran into its limit"
row 'a line that takes too long, and nothing after it' '1 console-undecided fail console-undecided' \
  "print \"$many_a!\n\" ; wait" 'timeout: 20s' 'expect: {never: ["(a+)+$"]}'
says "'^(a+)+\$' ran into its limit"
row 'a line that takes too long, expected' '1 console-undecided fail console-undecided|guest-exit' \
  "print \"$many_a!\n\" ; out 0xf4 1 0" 'expect: {console: ["^(a+)+$"]}'

# A full list of expressions, each of which once hung regcomp: compiling them is limited.
begin 'as many expressions as possible, of the worst kind'
guest_of 'print "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa ready\n" ; out 0xf4 1 0'
{
  printf '%s\n' 'version: 1' 'boot: {firmware: builtin:selftest}' 'expect:' '  console: [ready]' '  never:'
  for n in $(seq 64); do
    printf "    - '%s'\n" "(^|\$|\b|\B|a)*x$n" "(\b){32}x$n" "(a{1,1000}){1,1000}x$n" "((((((((((.*)*)*)*)*)*)*)*)*)*)*x$n"
  done
} >"$T/m.yaml"
run "$SNPVMM" check "$T/m.yaml"
wants 0
on_fake run "$T/m.yaml"
wants 0

# --- invalid expressions ---

for bad in '(a' '[z' '*a{' 'a{3,1}' '(a)\1' 'a\y' '\<a' '(?R)' '(*UTF)a' "$(printf '%01025d' 0)"; do
  says "$T/m.yaml:7:7: error: "
  row "an invalid expression: $(printf %.10s "$bad")" '2 bad-value error -' 'print "never\n"' 'expect:' '  console:' '    - ok' "    - '$bad'"
done

# --- large amounts of output ---

# What a run keeps of a console is limited; a sanitizer, which is slow, gets less output.
begin 'an endless line: memory stays small'
flood=100000000
[ -z "${SAN:-}" ] || flood=3000000
guest_of "flood $flood ; out 0xf4 1 0"
manifest_of 'log_limit: 256M' 'expect: {console: [ready, yx], never: ["z$"]}'
if command -v python3 >/dev/null; then
  folder_new
  # shellcheck disable=SC2016 # for the inner shell
  run sh -c '"$@" >/dev/null' sh python3 -c 'import resource, subprocess, sys
status = subprocess.call(sys.argv[2:])
open(sys.argv[1], "w").write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))
sys.exit(status)' "$T/rss" env FAKE_SCRIPT="$T/script" "$FAKE" run --results "$dir" "$T/m.yaml"
  wants 1
  err_has 'ready' '[console-missing]'
  [ "$(wc -c <"$dir/serial.log")" = "$flood" ] || wrong "serial.log has $(wc -c <"$dir/serial.log") bytes"
  [ -n "${SAN:-}" ] || [ "$(cat "$T/rss")" -lt 24576 ] || wrong "it took $(cat "$T/rss") KiB"
  [ "$(wc -c <"$dir/junit.xml")" -lt 100000 ] || wrong 'junit.xml has it all'
  rm -rf "$dir"
fi

begin 'a million lines, each compared with every expression'
flood=10000000
[ -z "${SAN:-}" ] || flood=300000
guest_of "flood $flood 10 ; print \"\nready\n\" ; out 0xf4 1 0"
manifest_of 'serial: none' 'expect: {console: [ready], never: ["z$", "^y", "(a|b)+c"]}'
on_fake run "$T/m.yaml"
wants 0

judge
finish
