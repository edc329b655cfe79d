#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/cli/matrix.sh: a manifest with several runs; see contract.inc.
# shellcheck source=tests/cli/lib.inc disable=SC1091
. tests/cli/lib.inc
# shellcheck source=tests/cli/contract.inc disable=SC1091
. tests/cli/contract.inc

# A matrix, with its runs one after the other and at once.
matrix() { # NAME STATUS GUEST [OPTION | LINE]...
  name=$1 wanted=$2
  guest_of "$3"
  shift 3
  manifest_of "$@"
  for jobs in 1 2; do
    begin "$name (--jobs $jobs)"
    folder_new
    # shellcheck disable=SC2086 # options without blanks
    on_fake run $options --jobs $jobs --results "$dir" "$T/m.yaml"
    wants "$wanted"
    variants
  done
}

has() { # VARIANT 'STATUS REASON VERDICT EVENT': the rest of a row, for variants()
  list="$list$1 $2
"
}

variants() {
  [ "$(find "$dir" -mindepth 1 -maxdepth 1 -type d | wc -l)" = "$(printf %s "$list" | wc -l)" ] ||
    wrong "$last: folders: $(ls "$dir")"
  printf %s "$list" >"$T/list"
  while read -r variant wants; do
    folder=$dir/$(printf %s "$variant" | tr / _)
    echo "$case_name: $variant" >"$folder.name"
    echo "$wants" >"$folder.wants"
    [ ! -e "$folder/launch.json" ] || "$SNPVMM" measure "$folder/manifest.yaml" >"$folder.digest" 2>&1
    # shellcheck disable=SC2086 # its words
    set -- $wants
    folder_files "$folder" "$4"
    grep -q "^snpvmm: .*$1.*$variant.*\[$2\]" "$T/err" || wrong "$last: no summary of $variant: $(cat "$T/err")"
  done <"$T/list"
}

list=''
has vcpus=1,expect.exit=0 '0 guest-exit pass guest-exit'
has vcpus=1,expect.exit=5 '1 guest-exit fail guest-exit'
has vcpus=2,expect.exit=0 '0 guest-exit pass guest-exit'
has vcpus=2,expect.exit=5 '1 guest-exit fail guest-exit'
matrix 'every combination' 1 'print "hello\n" ; out 0xf4 1 0' 'matrix: {vcpus: [1, 2], expect.exit: [0, 5]}'

list=''
has run-1 '2 bad-value error -'
has vcpus=2 '0 guest-exit pass guest-exit'
matrix 'a run that is wrong keeps no other from its turn' 2 'out 0xf4 1 0' 'matrix: {vcpus: [0, 2]}'

list=''
has boot.firmware=i.fd '0 guest-exit pass guest-exit'
has boot.firmware=sub/i.fd '0 guest-exit pass guest-exit'
mkdir "$T/sub"
image "$T/sub/i.fd" ebfe "$SECTION"
matrix 'a value with a slash' 0 'out 0xf4 1 0' 'matrix: {boot.firmware: [i.fd, sub/i.fd]}'

# --- the worst status ---

list=''
has platform=kvm '0 guest-exit pass guest-exit'
has platform=snp '77 host-unsupported skip -'
matrix 'skip is worse than pass' 77 'flags no-snp ; out 0xf4 1 0' --skip-unsupported 'matrix: {platform: [kvm, snp]}'

list=''
has expect.exit=0,platform=snp '77 host-unsupported skip -'
has expect.exit=5,platform=snp '77 host-unsupported skip -'
has expect.exit=0,platform=kvm '0 guest-exit pass guest-exit'
has expect.exit=5,platform=kvm '1 guest-exit fail guest-exit'
matrix 'fail is worse than skip' 1 'flags no-snp ; out 0xf4 1 0' --skip-unsupported \
  'matrix: {expect.exit: [0, 5], platform: [snp, kvm]}'

list=''
has timeout=100ms '124 timeout timeout timeout'
has timeout=10s '1 guest-exit fail guest-exit'
matrix 'a time limit is worse than fail' 124 'sleep 400 ; out 0xf4 1 5' 'matrix: {timeout: [100ms, 10s]}'

list=''
has "expect.measurement=$ZEROS,timeout=100ms" '3 measurement-differs fail -'
guest_of 'wait'
manifest_of
call measure "$T/m.yaml"
digest=$(cat "$T/out")
has "expect.measurement=$digest,timeout=100ms" '124 timeout timeout timeout'
matrix 'a measurement is worse than a time limit' 3 'wait' \
  "matrix: {expect.measurement: ['$ZEROS', '$digest'], timeout: [100ms]}"

list=''
guest_of 'flags no-snp'
manifest_of
call measure "$T/m.yaml"
digest=$(cat "$T/out")
has "expect.measurement=$ZEROS" '3 measurement-differs fail -'
has "expect.measurement=$digest" '99 host-unsupported error -'
matrix 'a launch that fails is worse than a measurement' 99 'flags no-snp' "matrix: {expect.measurement: ['$ZEROS', '$digest']}"

list=''
has boot.firmware=i.fd '99 host-unsupported error -'
has boot.firmware=none.fd '2 file-unreadable error -'
matrix 'a file that is not there is worse than a launch that fails' 2 'flags no-snp' 'matrix: {boot.firmware: [i.fd, none.fd]}'

list=''
has run-1 '2 bad-value error -'
has vcpus=1 '0 guest-exit pass guest-exit'
has run-3 '2 bad-value error -'
matrix 'a run that cannot be read keeps no other from going' 2 'out 0xf4 1 0' 'matrix: {vcpus: [0, 1, 4097]}'

list=''
has expect.exit=5 '0 guest-exit pass guest-exit'
has expect.exit=6 '5 guest-exit fail guest-exit'
matrix '--guest-status' 5 'out 0xf4 1 5' --guest-status 'matrix: {expect.exit: [5, 6]}'

# --- what is on standard output ---

begin '--jobs: each line of a console names its run'
guest_of 'print "one\n" ; print "tw" ; sleep 20 ; print "o\nno end" ; out 0xf4 1 0'
manifest_of 'matrix: {vcpus: [1, 2, 3, 4]}'
on_fake run --jobs 4 "$T/m.yaml"
wants 0
for n in 1 2 3 4; do
  [ "$(grep "^vcpus=$n | " "$T/out")" = "vcpus=$n | one
vcpus=$n | two
vcpus=$n | no end" ] || wrong "the console of vcpus=$n: $(grep "^vcpus=$n" "$T/out")"
done
[ "$(wc -l <"$T/out")" = 12 ] || wrong "other lines: $(cat "$T/out")"

for jobs in 1 2; do
  begin "-o json: a list, -o tap: several points (--jobs $jobs)"
  manifest_of 'matrix: {vcpus: [1, 2]}' 'expect: {exit: 5}'
  on_fake run --jobs $jobs -o json "$T/m.yaml"
  wants 1
  ! command -v python3 >/dev/null ||
    python3 -c 'import json, sys
r = json.load(open(sys.argv[1]))
assert [x["measurement"]["vcpus"] for x in r] == [1, 2] and {x["status"] for x in r} == {1}' "$T/out" 2>>"$T/why" ||
    wrong "stdout is: $(head -c 2000 "$T/out")"
  on_fake run --jobs $jobs -o tap "$T/m.yaml"
  wants 1
  out_has '1..2' 'not ok 1 - ' 'not ok 2 - ' vcpus=2
  [ "$(grep -c '^TAP version' "$T/out")" = 1 ] || wrong 'more than one TAP'
done

signal_first() { # SIGNAL PID: to the process of the first run of snpvmm, which timeout, the process PID, has started
  first=$(child_of "$(child_of "$2")" | head -n 1)
  kill -s "$1" "$first" 2>>"$T/why" || wrong 'the process of the first run is not there'
}

# A child that is killed has no result. The first run waits for that; the other ends by its second vCPU.
begin '--jobs: a process that is killed'
guest_of 'print "hello\n" ; wait'
echo 'vcpu 1
out 0xf4 1 0' >>"$T/script"
manifest_of 'name: n' 'timeout: 50s' 'matrix: {vcpus: [1, 2]}'
mkdir -p "$T/killed/vcpus=1"
echo '{"verdict": "pass"}' >"$T/killed/vcpus=1/result.json"
apart
: >"$T/out"
GITHUB_ACTIONS=true FAKE_SCRIPT="$T/script" timeout -s KILL 60 "$FAKE" run --jobs 2 --results "$T/killed" "$T/m.yaml" \
  </dev/null >"$T/out" 2>"$T/err" &
until_says 'vcpus=1 | serial: hello'
signal_first KILL $!
wait $!
status=$? last='run --jobs 2'
apart_end
wants 137
err_has 'fail: vcpus=1: ' '[internal]' 'title=n [vcpus=1]::' 'hint: find out who killed it: '
grep -q '"status": 137' "$T/killed/vcpus=1/result.json" || wrong "the result is: $(cat "$T/killed/vcpus=1/result.json")"
grep -q '<error ' "$T/killed/vcpus=1/junit.xml" || wrong "junit.xml is: $(cat "$T/killed/vcpus=1/junit.xml")"
[ "$(cat "$T/killed/vcpus=1/serial.log")" = hello ] || wrong 'what the guest had said is gone'
grep -q '"verdict": "pass"' "$T/killed/vcpus=2/result.json" || wrong 'the other run did not pass'

begin '--jobs: a process that is stopped goes on, and ends by its time limit'
manifest_of 'name: n' 'timeout: 6s' 'matrix: {vcpus: [1, 2]}'
: >"$T/out"
FAKE_SCRIPT="$T/script" timeout -s KILL 60 "$FAKE" run --jobs 2 --results "$T/stopped" "$T/m.yaml" </dev/null >"$T/out" 2>"$T/err" &
until_says 'vcpus=1 | hello'
signal_first STOP $!
wait $!
status=$? last='run --jobs 2'
wants 124
grep -q '"reason": "timeout"' "$T/stopped/vcpus=1/result.json" || wrong "the result is: $(cat "$T/stopped/vcpus=1/result.json")"

# It is enough for the program, but not for its images; a sanitizer needs more before the first run begins.
if [ -z "${SAN:-}" ] && memory_group 10M; then
  begin '--jobs: a process that the kernel kills for lack of memory'
  guest_of 'out 0xf4 1 0'
  { head -c 16711680 /dev/zero; cat "$T/i.fd"; } >"$T/big.fd"
  manifest_of 'boot: {firmware: big.fd}' 'platform: kvm' 'memory: 64M' 'matrix: {vcpus: [1, 2]}'
  # shellcheck disable=SC2016 # for the inner shell
  run sh -c 'echo $$ >"$0/cgroup.procs"; exec "$@"' "$group" env FAKE_SCRIPT="$T/script" "$FAKE" run --jobs 2 --results "$T/starved" "$T/m.yaml"
  memory_group_end
  wants 99
  err_has 'm.yaml:3:9: warning: ' "'memory' is 64M, but the control group '" 'fail: vcpus=1: ' '[host-memory]'
  grep -q '"reason": "host-memory"' "$T/starved/vcpus=2/result.json" || wrong "the result is: $(cat "$T/starved/vcpus=2/result.json")"
else
  skip '--jobs: a process that the kernel kills for lack of memory' 'needs root, a control group, and no sanitizer'
fi

begin 'more memory than the host has is a warning of run only'
guest_of 'out 0xf4 1 0'
manifest_of 'memory: 1T' "expect: {measurement: '$ZEROS'}"
on_fake run "$T/m.yaml"
wants 3
err_has "m.yaml:3:9: warning: 'memory' is 1048576M, but "
call check "$T/m.yaml"
err_lacks 'warning: '
manifest_of
on_fake run "$T/m.yaml"
err_lacks 'warning: '

begin '--jobs: many runs need few descriptors'
guest_of 'sleep 300 ; out 0xf4 1 0'
manifest_of "matrix: {expect.exit: [$(i=0; while [ $i -lt 40 ]; do printf '0, '; i=$((i + 1)); done) 0]}"
# shellcheck disable=SC2016 # for the inner shell
run sh -c 'ulimit -n 28 && exec "$@"' sh env FAKE_SCRIPT="$T/script" "$FAKE" run --jobs 20 --results "$T/few" "$T/m.yaml"
wants 0

begin '--jobs: annotations are lines of their own'
guest_of 'out 0xf4 1 5'
manifest_of 'matrix: {vcpus: [1, 2, 3, 4, 5, 6, 7, 8]}'
run env GITHUB_ACTIONS=true FAKE_SCRIPT="$T/script" "$FAKE" run -q --jobs 8 "$T/m.yaml"
wants 1
[ "$(grep -c '^::error file=.* \[guest-exit\]$' "$T/err")" = 8 ] || wrong "not eight annotations: $(cat "$T/err")"

begin '255 runs'
guest_of 'out 0xf4 1 7'
exits=$(i=0; while [ $i -lt 255 ]; do printf '%s, ' $i; i=$((i + 1)); done)
manifest_of "matrix: {expect.exit: [${exits%, }]}"
on_fake run --jobs 4 --results "$T/many" "$T/m.yaml"
wants 1
[ "$(find "$T/many" -name result.json | wc -l)" = 255 ] || wrong "$(find "$T/many" -name result.json | wc -l) results"
[ "$(grep -c '\[guest-exit\]$' "$T/err")" -ge 255 ] || wrong "not 255 lines"
err_has 'expect.exit=254'

begin '--jobs takes a number from 1 to 255'
guest_of 'out 0xf4 1 0'
manifest_of
for jobs in 0 256 -1 x ''; do
  on_fake run "--jobs=$jobs" "$T/m.yaml"
  wants 2
  out_is ''
done
on_fake run --jobs=255 "$T/m.yaml"
wants 0

begin 'an invalid matrix'
for bad in '{vcpus: []}' '{nothing: [1]}' '[1, 2]' '{vcpus: [1, 0]}' '{matrix: [1]}'; do
  manifest_of "matrix: $bad"
  folder_new
  on_fake run --results "$dir" "$T/m.yaml"
  wants 2
  out_is ''
done

judge
finish
