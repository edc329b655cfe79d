#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/cli/report.sh: expect.report and snp.host_data: random, with guests of snpvmm-fake that print a report.
# shellcheck source=tests/cli/lib.inc disable=SC1091
. tests/cli/lib.inc
# shellcheck source=tests/cli/contract.inc disable=SC1091
. tests/cli/contract.inc
sandbox_logs=yes
CHAIN=${SNPVMM%/snpvmm}/tests/tool/chain
FRAME=${SNPVMM%/snpvmm}/tests/tool/frame
C=$T/chain
mkdir "$C"

# A guest of which nothing but the report differs: the measurement is always the same.
printing() { # FILE...: $T/script prints these files, and ends well
  {
    for file; do
      printf 'print "'
      awk '{ printf "%s\\r\\n", $0 }' "$file"
      printf '"\n'
    done
    echo 'out 0xf4 1 0'
  } >"$T/script"
}

# A report by the test's keys: of this launch, but for FIELDs.
report_of() { # [FIELD=HEX]...
  "$CHAIN" "$C" 3 vcek milan "measurement=$digest" "$@" && "$FRAME" "$C/report.bin" >"$T/lines"
}

guest_of 'flags partial-updates ; out 0xf4 1 0'
manifest_of 'expect: {report: true}'
digest=$("$SNPVMM" measure "$T/m.yaml")
report_of
printing "$T/lines"

begin 'a report of this launch: the verdict says what it proves, and what not'
on_fake run --results "$T/r" "$T/m.yaml"
wants 0
err_has "snpvmm: pass: the guest exited with status 0; report verified: of this launch; nothing proves who signed it, without --certs"
cmp -s "$T/r/report.bin" "$C/report.bin" || wrong 'report.bin is not the report'
file_has "$T/r/result.json" result.json '"report": {' '"verdict": "pass"' '"authentic": false' '"fresh": false'
file_has "$T/r/verify.json" verify.json '"schema": "snpvmm.verify/1"' '"file": "report.bin"' '"authentic": false'
if command -v python3 >/dev/null; then
  run python3 tests/cli/contract.py schema "$T/r/.." "$SCHEMA"
  python3 - "$T/r" <<'END' >"$T/judged" 2>&1 || wrong "$(cat "$T/judged")"
import json, sys
v = json.load(open(sys.argv[1] + '/verify.json'))
checks = {c['name']: c['result'] for c in v['checks']}
for name in ('report', 'measurement', 'policy', 'host-data', 'id-key', 'author-key', 'family-id', 'image-id', 'guest-svn', 'vmpl'):
    assert checks[name] == 'pass', (name, checks)
for name in ('certificates', 'chain', 'signature'):
    assert checks[name] == 'skip', (name, checks)
r = json.load(open(sys.argv[1] + '/result.json'))
counts = {'passed': 0, 'failed': 0, 'noted': 0, 'skipped': 0}
for result in checks.values():
    counts[{'pass': 'passed', 'fail': 'failed', 'note': 'noted', 'skip': 'skipped'}[result]] += 1
assert r['report']['checks'] == counts, (r['report'], counts)
END
fi

begin 'verify says the same of report.bin'
call verify --unauthenticated "$T/r/report.bin" "$T/m.yaml"
wants 0
call verify --unauthenticated "$T/r/report.bin" "$T/r/manifest.yaml"
wants 0

begin 'with --certs and a root of our own it is authentic, and says by whose root'
on_fake run --certs "$C" --root "$C/ark.pem" --results "$T/r" "$T/m.yaml"
wants 0
err_has '; report verified: authentic by your --root, of this launch'
err_lacks 'nothing proves'
file_has "$T/r/result.json" result.json '"authentic": true'
file_has "$T/r/verify.json" verify.json '"authentic": true' '"root_given": true'

begin 'without expect.report, --certs proves nothing, and that is said'
on_fake run --certs "$C" "$T/m.yaml" --set expect.report=false
wants 0
err_has "$T/m.yaml: warning: --certs has no effect without expect.report" 'why: no report of this guest is looked at'

begin 'a root that nobody trusts, certificates of another chip, a signature of another key'
on_fake run --certs "$C" "$T/m.yaml"
wants 1
err_has "fail: the guest's report: root: the key of ARK-Milan is not AMD's; the guest exited with status 0 [root-not-trusted]"
mkdir "$T/other"
"$CHAIN" "$T/other" 3 vcek milan
on_fake run --certs "$T/other" --root "$T/other/ark.pem" "$T/m.yaml"
wants 1
err_has '[signature-bad]'
printf x >"$T/x"
on_fake run --certs "$T/x" "$T/m.yaml"
wants 2
err_has "$T/x: error: " '[bad-certificate]'
err_lacks 'measurement'
on_fake run --certs "$T/none" "$T/m.yaml"
wants 2
err_has '[file-unreadable]'

begin '--certs is an input, which no output may overwrite'
mkdir "$T/in"
cp "$C/ark.pem" "$T/in/report.bin"
on_fake run --certs "$T/in/report.bin" --results "$T/in" "$T/m.yaml"
wants 2
err_has '[output-conflict]' 'which is --certs'
cmp -s "$C/ark.pem" "$T/in/report.bin" || wrong 'it was overwritten'


# FIELD=HEX REASON NAME ACTUAL EXPECTED [OPTION]...: one field of another launch is named, with both values.
differs() {
  begin "a report with another $3"
  field=$1 reason=$2 name=$3 actual=$4 expected=$5
  shift 5
  report_of "$field"
  printing "$T/lines"
  on_fake run --results "$T/r" "$@" "$T/m.yaml"
  wants 1
  err_has "fail: the guest's report is not of this launch: its $name is $actual, not $expected; the guest exited with status 0 [report-differs]"
  err_lacks 'report verified'
  cmp -s "$T/r/report.bin" "$C/report.bin" || wrong 'report.bin is not the report'
  file_has "$T/r/result.json" result.json '"reason": "report-differs"' '"verdict": "fail"' "\"name\": \"$name\"" "\"reason\": \"$reason\"" \
    "\"expected\": \"$expected\"" "\"actual\": \"$actual\""
  file_has "$T/r/verify.json" verify.json '"verdict": "fail"' "\"name\": \"$name\""
}
bytes() { # COUNT [FIRST]: in hex
  printf '%s%0*d' "${2-00}" $((2 * $1 - 2)) 0
}
differs "measurement=$(bytes 48 5a)" measurement-differs measurement "$(bytes 48 5a)" "$digest"
differs 'policy=0000030100000000' policy-differs policy 0x1030000 0x30000
differs "host_data=$(bytes 32 5a)" host-data-differs host-data "$(bytes 32 5a)" "$(bytes 32)"
differs "host_data=$(bytes 32)" host-data-differs host-data "$(bytes 32)" "$(bytes 32 5a)" --set "snp.host_data=hex:$(bytes 32 5a)"
differs "id_key_digest=$(bytes 48 5a)" id-key-differs id-key "$(bytes 48 5a)" "$(bytes 48)"
differs "author_key_digest=$(bytes 48 5a)" author-key-differs author-key "$(bytes 48 5a)" "$(bytes 48)"
differs "family_id=$(bytes 16 5a)" family-id-differs family-id "$(bytes 16 5a)" "$(bytes 16)"
differs "image_id=$(bytes 16 5a)" image-id-differs image-id "$(bytes 16 5a)" "$(bytes 16)"
differs 'guest_svn=07000000' svn-differs guest-svn 0x7 0x0
differs 'vmpl=01000000' vmpl-differs vmpl 0x1 0x0

begin 'host data that is expected'
report_of "host_data=$(bytes 32 5a)"
printing "$T/lines"
on_fake run --set "snp.host_data=hex:$(bytes 32 5a)" --results "$T/r" "$T/m.yaml"
wants 0
file_has "$T/r/result.json" result.json "\"host_data\": \"$(bytes 32 5a)\"" '"fresh": false'

begin 'all that differs is counted, and stands in the results'
report_of 'guest_svn=07000000' "image_id=$(bytes 16 5a)" 'policy=0000030100000000'
printing "$T/lines"
on_fake run --results "$T/r" "$T/m.yaml"
wants 1
err_has ': its policy is 0x1030000, not 0x30000 (and 2 more); '
for name in policy image-id guest-svn; do
  file_has "$T/r/result.json" result.json "\"name\": \"$name\""
done

begin 'a policy that allows debugging is named as what it is'
report_of 'policy=00000b0000000000'
printing "$T/lines"
on_fake run --results "$T/r" "$T/m.yaml"
wants 1
err_has "fail: the guest's report: debug: the host may read and change" ' (and 1 more); ' '[report-differs]'

begin 'a migration agent, where the policy allows none'
report_of "report_id_ma=$(bytes 32)"
printing "$T/lines"
on_fake run --results "$T/r" "$T/m.yaml"
wants 1
err_has "fail: the guest's report: migration: the guest has a migration agent" '[report-differs]'
file_has "$T/r/result.json" result.json '"reason": "migration-differs"'

begin 'a form that no firmware makes'
report_of 'signature_algorithm=02000000'
printing "$T/lines"
on_fake run "$T/m.yaml"
wants 1
err_has "fail: the guest's report: report: the signature's algorithm" '[report-malformed]'
report_of 'flags=1c000000'
printing "$T/lines"
on_fake run "$T/m.yaml"
wants 1
err_has '[report-unsigned]'
report_of 'version=06000000'
printing "$T/lines"
on_fake run --results "$T/r" "$T/m.yaml"
wants 1
err_has 'report version 6 is not known' '[unsupported]'
file_has "$T/r/verify.json" verify.json '"verdict": "fail"'

missing() { # NAME SENTENCE FILE...
  begin "$1"
  sentence=$2
  shift 2
  printing "$@"
  on_fake run --results "$T/r" "$T/m.yaml"
  wants 1
  err_has "fail: $sentence; the guest exited with status 0 [report-missing]"
  [ ! -e "$T/r/report.bin" ] && [ ! -e "$T/r/verify.json" ] || wrong "there is a report: $(ls "$T/r")"
  file_has "$T/r/result.json" result.json '"verdict": "missing"' '"reason": "report-missing"'
  ! grep -q '"authentic"' "$T/r/result.json" || wrong 'result.json says whether it is authentic'
}
report_of
cp "$T/lines" "$T/good"
echo 'nothing of it' >"$T/garbage"
sed 12q "$T/good" >"$T/cut"
sed 12d "$T/good" >"$T/gap"
sed '12s/[A-Z]/!/g' "$T/good" >"$T/damaged"
head -c 100 "$C/report.bin" >"$T/short.bin"
"$FRAME" "$T/short.bin" >"$T/short"
missing 'no report' 'no report came from the guest' "$T/garbage"
missing 'a report that is cut' "the guest's report was cut: its end never came" "$T/cut"
missing 'a report without a line' "the guest's report lacks lines, or has some twice" "$T/gap"
missing 'a report with a damaged line' "the guest's report has a damaged line" "$T/damaged"
begin 'a block of something else'
printing "$T/short"
on_fake run --results "$T/r" "$T/m.yaml"
wants 1
err_has "fail: what came as the guest's report is no report: it has 100 bytes; " '[report-missing]'
cmp -s "$T/r/report.bin" "$T/short.bin" || wrong 'report.bin is not what came'
[ ! -e "$T/r/verify.json" ] || wrong 'there is a verify.json'

begin 'garbage between, a block that is cut before: the last one that is whole counts'
sed 'a [    9.99] a message of the kernel' "$T/good" >"$T/between"
printing "$T/garbage" "$T/cut" "$T/between" "$T/garbage" "$T/damaged"
on_fake run "$T/m.yaml"
wants 0
report_of 'guest_svn=07000000'
printing "$T/lines" "$T/good"
on_fake run "$T/m.yaml"
wants 0
printing "$T/good" "$T/lines"
on_fake run "$T/m.yaml"
wants 1
err_has '[report-differs]'

begin 'a run that fails for another reason keeps it, and says what came of the report, too'
sed -i 's/^out .*/out 0xf4 1 5/' "$T/script"
on_fake run --guest-status "$T/m.yaml"
wants 5
err_has 'fail: the guest exited with status 5; ' "the guest's report is not of this launch" '[guest-exit]'

begin 'a guest that need not end: the run ends once its report is whole'
printing "$T/good"
sed -i 's/^out .*/wait/' "$T/script"
on_fake run --set expect.exit=none --set timeout=50s "$T/m.yaml"
wants 0
err_has 'pass: every expected line was printed; report verified: '
printing "$T/garbage"
sed -i 's/^out .*/wait/' "$T/script"
on_fake run --set expect.exit=none --set timeout=300ms "$T/m.yaml"
wants 1
err_has '[report-missing]'

begin 'snp.host_data: random is new for each run, and all say what it was'
printing "$T/good"
on_fake run --jobs 2 --set snp.host_data=random --set 'matrix={vcpus: [1, 2, 3]}' --set expect.report=false --results "$T/random" "$T/m.yaml"
wants 0
for run in 1 2 3; do
  sed -n 's/^  "host_data": "\(.*\)",$/\1/p' "$T/random/"*"vcpus=$run"/result.json >"$T/data"
  grep -q -E '^[0-9a-f]{64}$' "$T/data" || wrong "result.json of $run: $(cat "$T/data")"
  grep -q -F "host_data: hex:$(cat "$T/data")" "$T/random/"*"vcpus=$run"/manifest.yaml || wrong "manifest.yaml of $run has another"
  cat "$T/data" >>"$T/all"
done
[ "$(sort -u "$T/all" | wc -l)" = 3 ] || wrong "not all different: $(cat "$T/all")"

begin 'a report of an earlier launch, or one that was made up, is not fresh'
on_fake run --set snp.host_data=random --results "$T/r" "$T/m.yaml"
wants 1
data=$(sed -n 's/^  "host_data": "\(.*\)",$/\1/p' "$T/r/result.json")
err_has "its host-data is $(bytes 32), not $data; " '[report-differs]'
file_has "$T/r/result.json" result.json '"fresh": false'

begin 'random host data is not measured; verify cannot know it, and says so'
call measure --set snp.host_data=random "$T/m.yaml"
wants 0
out_is "$digest"
call measure -o json --set snp.host_data=random "$T/m.yaml"
wants 0
out_has '"policy": '
! grep -q '"host_data"' "$T/out" || wrong "measure knows random host data: $(grep host_data "$T/out")"
call check --set snp.host_data=random "$T/m.yaml"
wants 0
call verify --unauthenticated --set snp.host_data=random "$C/report.bin" "$T/m.yaml"
out_has 'skip  host-data'
call measure --set snp.host_data=Random "$T/m.yaml"
wants 2
err_has '[bad-value]'

begin 'a plain VM has no report'
call check --platform kvm "$T/m.yaml"
wants 2
err_has "error: 'expect.report' with platform kvm [conflict]" 'fix: '
call check --platform kvm --set expect.report=false "$T/m.yaml"
wants 0
call check --set 'matrix={platform: [snp, kvm]}' "$T/m.yaml"
wants 2
err_has '[conflict]'

# --- the contract of results ---

quiet='flags partial-updates'
row 'a report that did not come' '1 report-missing fail guest-exit' "$quiet ; print \"hello\\n\" ; out 0xf4 1 0" 'expect: {report: true}'
row 'a report of another launch' '1 report-differs fail guest-exit' \
  "$quiet ; print \"$(awk '{ printf "%s\\n", $0 }' "$T/lines")\" ; out 0xf4 1 0" 'expect: {report: true}'
row 'a report of this launch' '0 guest-exit pass guest-exit' \
  "$quiet ; print \"$(awk '{ printf "%s\\n", $0 }' "$T/good")\" ; out 0xf4 1 0" 'expect: {report: true}'
judge

finish
