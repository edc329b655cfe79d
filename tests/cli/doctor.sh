#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/cli/doctor.sh: what any host can launch: a line for each check, a status, and the same in JSON and CBOR.
# shellcheck source=tests/cli/lib.inc disable=SC1091
. tests/cli/lib.inc

# 0 if SNP can be launched here, 1 if not; the test does not know which.
wants_verdict() {
  case $status in
  0 | 1) ;;
  *) wants '0 or 1' ;;
  esac
}

begin 'each check has a line, and a missing thing has a fix'
call doctor -v
wants_verdict
verdict=$status
err_is ''
cp "$T/out" "$T/text"
grep -E '^(ok|missing|unknown|note) +[a-z]' "$T/text" >"$T/checks"
[ "$(grep -c . "$T/checks")" -gt 30 ] || wrong "few checks: $(cat "$T/text")"
! grep -v -q -E '^((ok     |missing|unknown|note   )  [a-z0-9_.-]+ +  *[^ ]|  why: [^ ]|  fix: [^ ]|this host can launch|for (kvm|snp) it lacks: )' "$T/text" ||
  wrong "a line in another form: $(cat "$T/text")"
[ "$(awk '{ print $2 }' "$T/checks" | sort -u | grep -c .)" = "$(grep -c . "$T/checks")" ] || wrong 'a check is there twice'
awk '/^(ok|missing|unknown|note) / { if (missing && !fixed) exit 1; missing = /^missing/; fixed = 0 } /^  fix: / { fixed = 1 }' "$T/text" ||
  wrong 'something is missing, and nothing says what to do'
for name in kvm machine kernel cpu vm-type private-memory kvm_amd.sev_snp sev-device snp-firmware log-rmp; do
  grep -q -E "^[a-z]+ +$name " "$T/checks" || wrong "there is no check '$name'"
done

begin 'the findings start in one column'
[ "$(awk '{ match($0, /^[a-z]+ +[^ ]+ +/); print RLENGTH }' "$T/checks" | sort -u | grep -c .)" = 1 ] ||
  wrong "they don't: $(cat "$T/checks")"

begin 'the status agrees with the last lines'
[ "$(grep -c '^this host can launch' "$T/text")" = 1 ] || wrong 'no verdict'
if [ "$verdict" = 0 ]; then
  grep -q '^this host can launch: kvm, snp$' "$T/text" || wrong 'status 0, and not both platforms'
  ! grep -q -e '^missing' -e '^for ' "$T/text" || wrong 'status 0, and something is missing'
else
  ! grep -q '^this host can launch.* snp' "$T/text" || wrong 'status 1, and snp'
  grep '^for snp it lacks: ' "$T/text" | sed 's/.*lacks: //; s/, /\n/g' >"$T/lacks"
  awk '$1 == "missing" { print $2 }' "$T/checks" | cmp -s - "$T/lacks" || wrong "not what is missing: $(cat "$T/lacks")"
fi

begin 'the line about /dev/kvm is true'
if kvm_usable; then
  grep -q '^ok       kvm  ' "$T/text" || wrong 'it is there'
  grep -q '^this host can launch: kvm' "$T/text" || wrong 'plain VMs can be launched'
elif [ ! -e /dev/kvm ]; then
  grep -q '^missing  kvm .* cannot open /dev/kvm: No such' "$T/text" || wrong 'it is not there'
  grep -q '^for kvm it lacks: kvm$' "$T/text" || wrong 'and nothing says so'
fi

begin 'skipped checks share one line; with -v each has its own'
call doctor
wants "$verdict"
grep -E '^(ok|missing|unknown|note) +[a-z]' "$T/out" | awk '{ print $2 }' >"$T/have"
grep -E '^unknown .* not looked at, as ' "$T/checks" | awk '{ print $2 }' >"$T/skipped"
sed -n 's/^not looked at: //p' "$T/out" | sed 's/, /\n/g' | cmp -s - "$T/skipped" || wrong "not these: $(cat "$T/skipped")"
awk '{ print $2 }' "$T/checks" | grep -v -x -F -f "$T/skipped" | cmp -s - "$T/have" || wrong "other checks: $(cat "$T/out")"
! grep -q "$(printf '\033')" "$T/out" || wrong 'colours, and it is no terminal'
call doctor -v
! grep -q '^not looked at' "$T/out" || wrong '-v: they have lines of their own'

begin '--color decides about colours'
call doctor --color=always
sed "s/$(printf '\033')\[[0-9;]*m//g" "$T/out" >"$T/have"
cmp -s "$T/out" "$T/have" && wrong 'no colours'
call doctor
cmp -s "$T/out" "$T/have" || wrong 'without them it says something else'

if command -v python3 >/dev/null; then
  begin 'causes and fixes are wrapped on a terminal only'
  printf 'version: 1\nboot: { firmware: builtin:selftest }\nvcpu_type: nothing-that-there-is\n' >"$T/m.yaml"
  for command in 'doctor -v' "check $T/m.yaml"; do
    # shellcheck disable=SC2086 # words
    run python3 tests/cli/columns.py 50 "$SNPVMM" $command
    grep -E '^  (why|fix): |^       ' "$T/out" >"$T/advice"
    [ ! -s "$T/advice" ] || [ "$(awk '{ print length }' "$T/advice" | sort -n | tail -n 1)" -le 50 ] ||
      wrong "$command: longer lines: $(cat "$T/advice")"
    grep -q '^       [^ ]' "$T/advice" || wrong "$command: none is folded: $(cat "$T/out")"
  done
  ! call doctor -v || ! grep -q '^       ' "$T/out" || wrong 'folded without a terminal'
else
  skip 'causes and fixes are wrapped on a terminal only' 'there is no python3 to make one'
fi

begin 'JSON has the same checks'
call doctor -o json
wants "$verdict"
err_is ''
cp "$T/out" "$T/json"
out_has '"schema": "snpvmm.doctor/1"' '"platforms": {' '"kernel": "' '"firmware": "' '"cpu": "'
sed -n 's/^ *"name": "\(.*\)",\{0,1\}$/\1/p' "$T/json" >"$T/names"
awk '{ print $2 }' "$T/checks" | cmp -s - "$T/names" || wrong "other names: $(cat "$T/names")"
call -o json doctor
cmp -s "$T/out" "$T/json" || wrong 'before the command it gives something else'

if command -v python3 >/dev/null; then
  begin 'the JSON is valid, and its platforms agree with its checks'
  python3 - "$T/json" "$verdict" <<'PYTHON' >>"$T/why" 2>&1 || wrong 'it is not right'
import json, sys
d = json.load(open(sys.argv[1]))
assert set(d) == {'schema', 'platforms', 'host', 'checks'}, d.keys()
assert set(d['host']) == {'kernel', 'firmware', 'cpu'} and d['host']['kernel'], d['host']
for c in d['checks']:
    assert set(c) == {'name', 'state', 'needed_for', 'finding', 'why', 'fix'}, c
    assert c['state'] in ('ok', 'missing', 'unknown', 'note') and c['needed_for'] in ('kvm', 'snp', 'both'), c
    assert c['finding'] and (c['fix'] or c['state'] != 'missing'), c
for platform in ('kvm', 'snp'):
    lacks = [c['name'] for c in d['checks'] if c['state'] == 'missing' and c['needed_for'] in (platform, 'both')]
    assert d['platforms'][platform] is (not lacks), lacks
assert d['platforms']['snp'] is (sys.argv[2] == '0')
PYTHON
else
  skip 'the JSON is valid, and its platforms agree with its checks' 'there is no python3 to read it'
fi

begin 'CBOR is a map of four'
call doctor -o cbor
wants "$verdict"
err_is ''
[ "$(head -c 1 "$T/out" | od -An -tx1 | tr -d ' ')" = a4 ] || wrong 'it begins differently'
grep -q -a -F 'snpvmm.doctor/1' "$T/out" || wrong 'no schema'

begin 'a wrong command line is status 2'
call doctor --fix
usage_error "doctor: there is no option '--fix'"
call doctor -o yaml
usage_error "doctor: -o takes text, json, cbor, or tap for run and verify, not 'yaml'"
call doctor snp
usage_error "doctor: unexpected argument 'snp'"

begin '-q and -v do not change the findings'
for option in -q -v; do
  call doctor $option -o json
  wants "$verdict"
  err_is ''
  sed -n 's/^ *"name": "\(.*\)",\{0,1\}$/\1/p' "$T/out" | cmp -s - "$T/names" || wrong "$option: it does"
done

if cp "$SNPVMM" "$T/snpvmm" && chmod 755 "$T/snpvmm" && nobody_can_run "$T/snpvmm" --version; then
  begin 'doctor needs no privileges'
  as_nobody "$T/snpvmm" doctor -v
  wants_verdict
  err_is ''
  [ "$(grep -c -E '^(ok|missing|unknown|note) ' "$T/out")" = "$(grep -c . "$T/checks")" ] || wrong "other checks: $(cat "$T/out")"
else
  skip 'doctor needs no privileges' 'needs root, setpriv and a program that others can run'
fi

if [ -w /dev/full ]; then
  begin 'a full disk is an error that names the output'
  call_to_stdout doctor >/dev/full
  wants 2
  err_is 'snpvmm: error: cannot write to standard output: No space left on device [output-failed]'
else
  skip 'a full disk is an error that names the output' 'there is no /dev/full'
fi

finish
