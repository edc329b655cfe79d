#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/cli/runs.sh: several manifests in one command, its time limit, and retries after a failure of the host; see contract.inc.
# shellcheck source=tests/cli/lib.inc disable=SC1091
. tests/cli/lib.inc
# shellcheck source=tests/cli/contract.inc disable=SC1091
. tests/cli/contract.inc

# Manifests a.yaml, b.yaml and c.yaml with the same firmware, each with one more line.
three() { # GUEST [LINE OF a [OF b [OF c]]]
  guest_of "$1"
  manifest "$T/a.yaml" 'boot: {firmware: i.fd}' 'memory: 1M' "${2:-}"
  manifest "$T/b.yaml" 'boot: {firmware: i.fd}' 'memory: 1M' "${3:-}"
  manifest "$T/c.yaml" 'boot: {firmware: i.fd}' 'memory: 1M' "${4:-}"
  rm -rf "$T/r"
}
all() { # [OPTION]...
  on_fake run "$@" --results "$T/r" "$T/a.yaml" "$T/b.yaml" "$T/c.yaml"
}
of_result() { # FOLDER WORD...: what result.json there says
  json=$T/r/$1/result.json
  shift
  for word; do
    grep -q -F "$word" "$json" || wrong "$last: $json lacks $word: $(cat "$json" 2>&1)"
  done
}
whole() { # TESTS FAILURES ERRORS: of junit.xml
  grep -q "<testsuites tests=\"$1\" failures=\"$2\" errors=\"$3\"" "$T/r/junit.xml" ||
    wrong "$last: junit.xml: $(head -n 3 "$T/r/junit.xml")"
  xmllint --noout --schema "$XSD" "$T/r/junit.xml" 2>"$T/xml" || wrong "$last: junit.xml: $(cat "$T/xml")"
}

busy='fail-ioctl KVM_CREATE_VM EBUSY'

for jobs in 1 3; do
  begin "several manifests, --jobs $jobs: each has its folder, all have a summary and one junit.xml"
  three 'print "hello\n" ; out 0xf4 1 0' 'name: first' 'expect: {exit: 5}' 'matrix: {vcpus: [1, 2]}'
  all --jobs $jobs
  wants 1
  err_has '4 runs: 3 passed, 1 failed, 0 ended by a limit, 0 errors, 0 skipped'
  of_result first '"verdict": "pass"' '"name": "first"'
  of_result b '"verdict": "fail"'
  of_result c,vcpus=1 '"verdict": "pass"'
  of_result c,vcpus=2 '"verdict": "pass"'
  whole 4 1 0
  grep -q '<testsuite name="snpvmm"' "$T/r/junit.xml" || wrong "$last: $(cat "$T/r/junit.xml")"
done

begin 'manifests with the same name are distinguished in the summary'
three 'out 0xf4 1 0'
mkdir -p "$T/a" "$T/b"
sed 's|i.fd|../i.fd|' "$T/a.yaml" >"$T/a/guest.yaml"
sed 's|0xf4|0xf5|; s|i.fd|../i.fd|; 1a expect: {exit: 5}' "$T/a.yaml" >"$T/b/guest.yaml"
on_fake run "$T/a/guest.yaml" "$T/b/guest.yaml"
wants 1
err_has "snpvmm: pass      0  guest ($T/a/guest.yaml) [guest-exit]" "snpvmm: fail      1  guest~2 ($T/b/guest.yaml) [guest-exit]" \
  '2 runs: 1 passed, 1 failed, 0 ended by a limit, 0 errors, 0 skipped'

for jobs in 1 2; do
  begin "each line names its run, and a verdict begins with its word (--jobs $jobs)"
  three 'out 0xf4 1 0'
  on_fake run --jobs $jobs --set platform=kvm --set 'matrix={vcpus: [1, 2]}' "$T/a.yaml"
  wants 0
  for n in 1 2; do
    err_has "snpvmm: vcpus=$n: measurement " "snpvmm: vcpus=$n: platform kvm: " "snpvmm: pass: vcpus=$n: the guest exited"
  done
  ! grep -v -q 'vcpus=[12]' "$T/err" || [ "$(grep -v 'vcpus=[12]' "$T/err" | cut -d , -f 1)" = 'snpvmm: 2 runs: 2 passed' ] ||
    wrong "a line of no run: $(grep -v 'vcpus=[12]' "$T/err")"
  three "$busy"
  on_fake run --jobs $jobs --set 'matrix={vcpus: [1]}' "$T/a.yaml"
  wants 99
  err_has 'snpvmm: vcpus=1: error: ' '1 run: 0 passed, 0 failed, 0 ended by a limit, 1 error, 0 skipped'
done

begin 'a matrix has one junit.xml of all its runs, with its name'
three 'out 0xf4 1 0'
on_fake run --set 'matrix={vcpus: [1, 2]}' --results "$T/r" "$T/a.yaml"
wants 0
whole 2 0 0
grep -q '<testsuite name="a"' "$T/r/junit.xml" || wrong "$last: $(cat "$T/r/junit.xml")"

begin 'the same manifest twice is two runs'
three 'out 0xf4 1 0'
on_fake run --results "$T/r" "$T/a.yaml" "$T/a.yaml"
wants 0
of_result a '"verdict": "pass"'
of_result a~2 '"verdict": "pass"'

begin 'an invalid manifest does not stop the others'
three 'out 0xf4 1 0' 'vcpus: 0'
all
wants 2
of_result a '"reason": "bad-value"'
of_result c '"verdict": "pass"'
whole 3 0 1

begin 'a file that is no manifest does not affect the others, and old logs are not taken for theirs'
three 'print "hello\n" ; out 0xf4 1 0' '' '}'
mkdir -p "$T/r/a"
echo stale >"$T/r/a/serial.log"
all
wants 2
of_result a '"verdict": "pass"'
of_result b '"reason": "syntax"'
[ "$(cat "$T/r/a/serial.log")" = hello ] || wrong "$last: serial.log: $(cat "$T/r/a/serial.log" 2>&1)"
for file in launch.json manifest.yaml; do
  [ -s "$T/r/a/$file" ] || wrong "$last: no $file"
done

begin 'the name of a manifest cannot lead out of the results folder, or hide in it'
for name in .. . .git ../up a/../../b; do
  three 'print "hello\n" ; out 0xf4 1 0' "name: '$name'"
  rm -rf "$T/top"
  mkdir -p "$T/top/res"
  for file in serial.log junit.xml manifest.yaml result.json; do
    echo precious >"$T/top/$file"
  done
  on_fake run --results "$T/top/res" "$T/a.yaml" "$T/b.yaml"
  wants 0
  [ "$(cat "$T"/top/*.* | sort -u)" = precious ] || wrong "$last: written outside: $(ls -l "$T/top")"
  [ "$(find "$T/top/res" -mindepth 1 -maxdepth 1 -type d ! -name '.*' | wc -l)" = 2 ] ||
    wrong "$last: $(ls -la "$T/top/res")"
done

begin 'no manifest overwrites the input of another'
three 'out 0xf4 1 0' '' "serial: a.yaml"
before=$(cat "$T/a.yaml")
all
wants 2
err_has '[output-conflict]'
[ "$(cat "$T/a.yaml")" = "$before" ] || wrong "$last: a.yaml was written"

begin 'results of several manifests on standard output are a list'
three 'out 0xf4 1 0'
all -o json
wants 0
[ "$(python3 -c 'import json, sys; print(*(r["name"] for r in json.load(sys.stdin)))' <"$T/out")" = 'a b c' ] ||
  wrong "$last: $(head -c 300 "$T/out")"

begin 'junit.xml of an earlier command is not taken for that of this one'
three 'out 0xf4 1 0'
mkdir "$T/r"
echo stale >"$T/r/junit.xml"
echo stale >"$T/r/result.json"
all
wants 0
whole 3 0 0
[ ! -e "$T/r/result.json" ] || wrong "$last: result.json of an earlier run is still there"

# --- the time limit of the command ---

for jobs in 1 3; do
  begin "--timeout ends current runs and later ones, --jobs $jobs"
  three 'print "hello\n" ; wait' 'timeout: 10m' 'timeout: 10m' 'timeout: 10m'
  all --jobs $jobs --timeout 700ms
  wants 124
  for folder in a b c; do
    of_result $folder '"reason": "timeout"' '"status": 124' "the whole command's time limit of 0.700 s"
  done
  whole 3 0 3
done

begin '--timeout does not lengthen the time limit of a run'
three 'wait' 'timeout: 200ms'
on_fake run --timeout 10m "$T/a.yaml"
wants 124
err_has 'the guest did not end within the time limit of 0.200 s'

begin '--timeout counts while a pipe has no reader'
three 'out 0xf4 1 0' 'serial: pipe'
mkfifo "$T/pipe"
on_fake run --timeout 300ms "$T/a.yaml"
wants 124
err_has "the whole command's time limit of 0.300 s"

begin '--timeout ends a child that does not end by itself'
three 'stuck 600000'
all --jobs 3 --timeout 300ms
wants 124
for folder in a b c; do
  of_result $folder '"reason": "timeout"' '"status": 124'
done

begin '--timeout needs a time'
for value in '' 0s 5 -1s 1h x 999999999m; do
  call run --timeout "$value" "$T/a.yaml"
  wants 2
  err_has '[usage]'
done

# --- retries ---

begin '--retries: a retry after a failure of the host'
three "$busy ; recovers 1 ; print \"hello\\n\" ; out 0xf4 1 0"
on_fake run --retries 2 --results "$T/r" "$T/a.yaml"
wants 0
err_has 'the host failed (try 1 of 3): trying again'
of_result '' '"verdict": "pass"' '"attempts": 2'

begin '--retries: at most the given number'
three "$busy ; recovers 3 ; out 0xf4 1 0"
on_fake run --retries 1 --results "$T/r" "$T/a.yaml"
wants 99
of_result '' '"reason": "host-busy"' '"attempts": 2'

begin '--retries: never after a failure of the guest, nor of the manifest'
three 'out 0xf4 1 7' '' 'vcpus: 0'
for file in a b; do
  on_fake run --retries 3 --results "$T/r" "$T/$file.yaml"
  ! grep -q 'trying again' "$T/err" || wrong "$last: $(cat "$T/err")"
done
of_result '' '"verdict": "error"'
! grep -q attempts "$T/r/result.json" || wrong "$last: attempts without a second one"

begin '--retries: each run of a matrix by itself'
three "$busy ; recovers 2 ; out 0xf4 1 0"
for jobs in 1 2; do
  on_fake run --retries 2 --jobs $jobs --set 'matrix={vcpus: [1, 2]}' --results "$T/r" "$T/a.yaml"
  wants 0
  of_result vcpus=1 '"verdict": "pass"'
  of_result vcpus=2 '"verdict": "pass"'
  [ "$(grep -c 'trying again' "$T/err")" = 2 ] || wrong "$last: $(cat "$T/err")"
done

begin '--retries: the time limit of the command ends the wait'
three "$busy"
on_fake run --retries 100 --timeout 500ms --results "$T/r" "$T/a.yaml"
wants 124
err_has "fail: the whole command's time limit of 0.500 s was reached before the launch [timeout]"
! grep -q 'trying again' "$T/err" || wrong "$last: $(cat "$T/err")"
of_result '' '"verdict": "timeout"' '"reason": "timeout"'
! grep -q attempts "$T/r/result.json" || wrong "$last: attempts without a second one"

begin '--retries: standard output has one result, that of the last attempt'
three "$busy ; recovers 1 ; out 0xf4 1 0"
on_fake run --retries 2 -o json "$T/a.yaml"
wants 0
[ "$(grep -c '"verdict"' "$T/out")" = 1 ] || wrong "$(cat "$T/out")"
out_has '"verdict": "pass"' '"attempts": 2'
three "$busy"
on_fake run --retries 100 --timeout 500ms -o json "$T/a.yaml"
wants 124
[ "$(grep -c '"verdict"' "$T/out")" = 1 ] || wrong "$(cat "$T/out")"
out_has '"verdict": "timeout"'

begin '--retries: not for failures that waiting does not fix'
for reason in host-unsupported host-permission; do
  case $reason in
  host-unsupported) three 'open-fails /dev/kvm ENOENT' ;;
  *) three 'open-fails /dev/kvm EACCES' ;;
  esac
  on_fake run --retries 3 --results "$T/r" "$T/a.yaml"
  wants 99
  of_result '' "\"reason\": \"$reason\""
  ! grep -q 'trying again' "$T/err" || wrong "$last: $(cat "$T/err")"
done

# By then the process is confined; another try has one of its own.
if kvm_usable && command -v prlimit >/dev/null; then
  begin '--retries: a launch that failed just before its guest ran'
  three 'print "hello\n" ; out 0xf4 1 0'
  limited() { # DESCRIPTORS OPTION...
    # shellcheck disable=SC2016 # for the inner shell
    run sh -c 'echo $$ >"$0"; ulimit -S -n "$1"; shift; exec "$@"' "$T/pid" "$1" "$SNPVMM" run -v --platform kvm --results "$T/r" "$2" "$T/a.yaml"
  }
  # The fewest descriptors with which a launch passes, and with one less only the guest doesn't start.
  n=5
  while limited $n --retries=0 && [ "$status" != 0 ] && [ $n -lt 60 ]; do n=$((n + 1)); done
  limited $((n - 1)) --retries=1
  wants 99
  err_has "launched on platform 'kvm'" 'the host failed (try 1 of 2): trying again'
  of_result '' '"reason": "host-busy"' '"attempts": 2'
  [ "$(grep -c '\[host-busy\]$' "$T/err")" = 2 ] || wrong "$last: the tries differ: $(cat "$T/err")"
  rm -f "$T/pid" "$T/err"
  (
    await grep -q -s 'host-busy' "$T/err"
    prlimit --pid "$(cat "$T/pid")" --nofile=100
  ) &
  limited $((n - 1)) --retries=20
  wait
  wants 0
  of_result '' '"verdict": "pass"'
  err_has 'trying again'
else
  skip '--retries: a launch that failed just before its guest ran' 'needs /dev/kvm and prlimit'
fi

if nobody_can_run true && command -v prlimit >/dev/null; then
  cp "$FAKE" "$T/snpvmm-fake"
  chmod 755 "$T/snpvmm-fake"
  lacking() { # OPTION...: no process can be started once a try has failed
    three "$busy"
    : >"$T/pid"
    rm -rf "$T/r" "$T/err"
    mkdir "$T/r"
    chown 65534 "$T/pid" "$T/r"
    (
      await grep -q -s 'host-busy' "$T/err"
      # shellcheck disable=SC2086 # words
      $NOBODY prlimit --pid "$(cat "$T/pid")" --nproc=1
    ) &
    # LeakSanitizer would start a process of its own
    # shellcheck disable=SC2016 # for the inner shell
    as_nobody sh -c 'echo $$ >"$0"; exec "$@"' "$T/pid" env ASAN_OPTIONS="${ASAN_OPTIONS-}:detect_leaks=0" FAKE_SCRIPT="$T/script" \
      "$T/snpvmm-fake" run --retries 9 --results "$T/r" "$@" "$T/a.yaml"
    wait
    ! grep -q 'error while loading' "$T/err"
  }
  begin '--retries: no process can be started for another try'
  if lacking; then
    wants 99
    err_has 'fail: no process could be started for this run [host-memory]' 'hint: raise the limit of processes (ulimit -u)'
    of_result '' '"reason": "host-memory"'
    # nor for a run that is still to come, which has no turn before those that wait
    lacking --jobs 2 --set 'matrix={vcpus: [1, 2, 3]}' --timeout 60s
    wants 99
    for vcpus in 1 2 3; do of_result vcpus=$vcpus '"reason": "host-memory"'; done
  else
    skip '--retries: no process can be started for another try' 'another user cannot run this program'
  fi
else
  skip '--retries: no process can be started for another try' 'needs root, setpriv and prlimit'
fi

: >"$T/kernel"
if truncate -s 1G "$T/large" && memory_group 64M; then
  begin '--retries: a process that the kernel killed for lack of memory before its guest ran'
  guest_of 'out 0xf4 1 0'
  manifest "$T/a.yaml" 'boot: {kernel: kernel, initrd: large}' 'memory: 2G'
  rm -rf "$T/r"
  # shellcheck disable=SC2016 # for the inner shell
  run sh -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$group" \
    env FAKE_SCRIPT="$T/script" "$FAKE" run --retries 1 --results "$T/r" -o json "$T/a.yaml"
  wants 99
  err_has 'trying again' 'the kernel killed the process of this run: the host had no memory left for it [host-memory]'
  of_result '' '"reason": "host-memory"' '"attempts": 2'
  [ "$(grep -c '"verdict"' "$T/out")" = 1 ] || wrong "not one result: $(cat "$T/out")"
  memory_group_end
else
  skip '--retries: a process that the kernel killed for lack of memory' 'needs root and control groups'
fi

begin '--retries: no memory for the images'
# a sanitizer needs more of it than any image
if [ "$(sh -c 'ulimit -v 400000 && exec "$0" --version' "$FAKE" 2>/dev/null)" ]; then
  three 'out 0xf4 1 0'
  truncate -s 512M "$T/large"
  manifest "$T/a.yaml" 'boot: {kernel: large}'
  # shellcheck disable=SC2016 # for the inner shell
  run sh -c 'ulimit -v 400000 && exec "$@"' - env FAKE_SCRIPT="$T/script" "$FAKE" run --retries 1 --results "$T/r" "$T/a.yaml"
  wants 99
  err_has 'boot.kernel: memory for an image: Cannot allocate memory [host-memory]' 'trying again'
  of_result '' '"reason": "host-memory"' '"attempts": 2'
else
  skip '--retries: no memory for the images' 'the program needs too much of it itself'
fi

begin '--retries needs a number'
for value in '' -1 101 x; do
  call run --retries "$value" "$T/a.yaml"
  wants 2
  err_has '[usage]'
done

finish
