#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/cli/results.sh: result files under odd circumstances, and results on standard output; see contract.inc.
# shellcheck source=tests/cli/lib.inc disable=SC1091
. tests/cli/lib.inc
# shellcheck source=tests/cli/contract.inc disable=SC1091
. tests/cli/contract.inc
sandbox_logs=yes

# --- the folder ---

begin 'the folder is created with its parents, and emptied of earlier results'
guest_of 'print "a\n" ; out 0xf4 1 0'
manifest_of
dir=$T/deep/er
on_fake run --results "$dir" "$T/m.yaml"
leaves "$dir" 0 guest-exit pass guest-exit
guest_of 'print "b\n" ; out 0xf4 1 5'
manifest_of 'name: other'
echo mine >"$dir/notes"
echo half >"$dir/.result.json"
on_fake run --results "$dir" "$T/m.yaml"
leaves "$dir" 1 guest-exit fail guest-exit
[ "$(cat "$dir/notes")" = mine ] || wrong 'a file of others is gone'

begin 'files of an earlier run are not taken for results of a later one'
manifest_of 'vcpus: 0'
on_fake run --results "$dir" "$T/m.yaml"
leaves "$dir" 2 bad-value error -
[ ! -e "$dir/launch.json" ] && [ ! -e "$dir/manifest.yaml" ] || wrong 'a plan of the run before'
rm -f "$dir.digest"

begin 'manifest.yaml pins the files'
guest_of 'out 0xf4 1 0'
manifest_of
on_fake run --results "$T/kept" "$T/m.yaml"
wants 0
mkdir "$T/moved"
mv "$T/kept/manifest.yaml" "$T/moved"
call measure "$T/m.yaml"
out_is "$("$SNPVMM" measure "$T/moved/manifest.yaml" 2>&1)"
patch "$T/i.fd" 0x100 cc
call measure "$T/moved/manifest.yaml"
wants 2
err_has '[file-differs]'

begin 'a manifest that does not exist has results'
folder_new
on_fake run --results "$dir" "$T/none.yaml"
leaves "$dir" 2 file-unreadable error -

refuses() { # NAME DIR: 2, and nothing is launched
  begin "$1"
  guest_of 'print "never\n"'
  manifest_of
  on_fake run --results "$2" "$T/m.yaml"
  wants 2
  out_is ''
  err_has '[output-failed]'
}
echo file >"$T/file"
refuses 'the folder is a file' "$T/file"
[ "$(cat "$T/file")" = file ] || wrong 'the file was changed'
refuses 'the folder is in a file' "$T/file/er"
refuses 'the folder cannot be made' /proc/none
if nobody_can_run true; then
  begin 'the folder belongs to another user'
  mkdir "$T/theirs"
  cp "$FAKE" "$T/snpvmm-fake"
  chmod 755 "$T/snpvmm-fake"
  as_nobody env FAKE_SCRIPT="$T/script" "$T/snpvmm-fake" run --results "$T/theirs" "$T/m.yaml"
  if grep -q 'error while loading' "$T/err"; then
    skip 'the folder belongs to another user' 'another user cannot run this program'
  else
    wants 2
    out_is ''
    err_has '[output-failed]'
    [ -z "$(ls -A "$T/theirs")" ] || wrong "left: $(ls -A "$T/theirs")"
  fi
else
  skip 'the folder belongs to another user' 'needs root and setpriv'
fi

begin 'another run is writing to the folder'
guest_of 'print "a\n" ; wait'
manifest_of 'timeout: 100s'
folder_new
FAKE_SCRIPT="$T/script" "$FAKE" -q run --results "$dir" "$T/m.yaml" >"$T/first" 2>&1 &
await [ -s "$T/first" ]
on_fake run --results "$dir" "$T/m.yaml"
wants 2
out_is ''
err_has '[output-failed]'
kill -TERM $!
wait $!
status=$? last='the first run'
cp "$T/first" "$T/err"
wants 143
[ "$(cat "$dir/serial.log")" = a ] || wrong "the first run's console is $(cat "$dir/serial.log")"
folder_files "$dir" signal

begin 'a run that is killed leaves a serial.log with everything that was on standard output, and no result'
guest_of 'print "booting\nstuck at this prompt> " ; debug "half a line" ; wait'
manifest_of
mkdir "$T/killed"
echo '{"verdict": "pass"}' >"$T/killed/result.json"
echo 'an earlier console' >"$T/killed/serial.log"
: >"$T/out"
FAKE_SCRIPT="$T/script" "$FAKE" -q run --results "$T/killed" "$T/m.yaml" </dev/null >"$T/out" 2>"$T/err" &
until_says 'this prompt> '
sleep 1 # logs are flushed by the same timer, soon after
kill -KILL $!
wait $! 2>/dev/null
printf 'booting\nstuck at this prompt> ' | cmp -s - "$T/killed/serial.log" || wrong "serial.log is: $(cat "$T/killed/serial.log")"
[ "$(cat "$T/killed/debug.log")" = 'half a line' ] || wrong "debug.log is: $(cat "$T/killed/debug.log")"
[ ! -e "$T/killed/result.json" ] || wrong 'there is a result'
rm -r "$T/killed"

# --- output to other files ---

row 'serial: none' '0 guest-exit pass guest-exit' 'print "a\n" ; out 0xf4 1 0' 'serial: none'
row 'serial: a file' '0 guest-exit pass guest-exit' 'print "a\n" ; out 0xf4 1 0' 'serial: console'
file_is "$T/console" console a
row '--prefix' '0 guest-exit pass guest-exit' 'print "a\nb" ; out 0xf4 1 0' --prefix
row 'the debug port' '0 guest-exit pass guest-exit' 'print "a\n" ; debug "d\n" ; debug "e" ; out 0xf4 1 0' 'debug_port: debug'
for d in $row_dirs; do
  [ "$(cat "$d/debug.log")" = "d
e" ] || wrong "debug.log is $(cat "$d/debug.log")"
done

# --- output that fails ---

begin 'a reader that exits: 1, and results'
guest_of 'print "a\n" ; sleep 100 ; flood 1000000 10 ; out 0xf4 1 0'
manifest_of 'timeout: 20s'
folder_new
{
  FAKE_SCRIPT="$T/script" timeout -s KILL 60 "$FAKE" run --results "$dir" "$T/m.yaml" </dev/null 2>"$T/err"
  echo $? >"$T/status"
} | head -c 1 >"$T/out"
read -r status <"$T/status"
sane 'run | head -c 1'
cp "$dir/serial.log" "$T/said" 2>/dev/null
leaves "$dir" 1 output-failed fail output-failed

begin 'no standard output: 1, and results'
guest_of 'print "a\n" ; sleep 300 ; out 0xf4 1 0'
manifest_of
folder_new
FAKE_SCRIPT="$T/script" timeout -s KILL 60 "$FAKE" run --results "$dir" "$T/m.yaml" </dev/null 2>"$T/err" >&-
status=$?
: >"$T/out"
sane 'run >&-'
leaves "$dir" 1 output-failed fail output-failed

# Several times, as writes and the end of the guest can come in any order.
begin 'the last of the console is lost: 1, and results'
guest_of 'print "a\n" ; out 0xf4 1 0'
manifest_of
for _ in 1 2 3 4 5; do
  FAKE_SCRIPT="$T/script" timeout -s KILL 60 "$FAKE" run --results "$T/lost" "$T/m.yaml" </dev/null 2>"$T/err" >/dev/full
  status=$?
  sane 'run >/dev/full'
  wants 1
  err_has '[output-failed]'
  grep -q '"reason": "output-failed"' "$T/lost/result.json" || wrong "the result is: $(cat "$T/lost/result.json")"
done

begin 'the debug port cannot be written: 1, and results'
guest_of 'print "a\n" ; debug "d\n" ; out 0xf4 1 0'
manifest_of 'debug_port: /dev/full'
on_fake run --results "$T/lost" "$T/m.yaml"
wants 1
out_is a
err_has "the debug port's output" '[output-failed]'

begin 'the end of the console has no reader'
guest_of 'print "x" ; out 0xf4 1 0'
manifest_of
rm -f "$T/status"
# shellcheck disable=SC2016 # for the inner shell
run sh -c '{ head -c 65536 /dev/zero; "$@"; echo $? >"$0"; } | { while [ ! -s "$0" ]; do sleep 0.1; done; }' "$T/status" \
  env FAKE_SCRIPT="$T/script" "$FAKE" run --results "$T/lost" "$T/m.yaml"
read -r status <"$T/status"
wants 1
err_has 'its reader stalled' '[output-failed]'
[ "$(cat "$T/lost/serial.log")" = x ] || wrong "serial.log is $(cat "$T/lost/serial.log")"

# Every file is complete: no temporary names, JSON and XML to their ends, and of the console the bytes that fitted.
whole() { # DIR
  [ -z "$(find "$1" -name '.*' ! -path "$1")" ] || wrong "$last: left over: $(ls -A "$1")"
  for file in "$1"/*.json; do
    [ ! -e "$file" ] || python3 -m json.tool "$file" >/dev/null 2>&1 || wrong "$last: half of $file"
  done
  [ ! -e "$1/junit.xml" ] || tail -n 1 "$1/junit.xml" | grep -q -F '</testsuites>' || wrong "$last: half of junit.xml"
  [ ! -e "$1/serial.log" ] || cmp -s -n "$(wc -c <"$1/serial.log")" "$T/said" "$1/serial.log" || wrong "$last: serial.log differs"
}

begin 'a limit on the size of files: 1, and results'
guest_of 'flood 320000 16 ; out 0xf4 1 0'
yes xxxxxxxxxxxxxxx | head -c 320000 >"$T/said"
manifest_of
folder_new
# shellcheck disable=SC2016 # for the inner shell
run sh -c 'ulimit -f 100 && exec "$@" >/dev/null' sh env FAKE_SCRIPT="$T/script" "$FAKE" run --results "$dir" "$T/m.yaml"
wants 1
err_has '[output-failed]'
grep -q '"status": 1,' "$dir/result.json" || wrong "the result is: $(cat "$dir/result.json")"
whole "$dir"
[ "$(wc -c <"$dir/serial.log")" = 51200 ] || wrong "serial.log has $(wc -c <"$dir/serial.log") bytes"
[ -s "$dir/junit.xml" ] || wrong 'no junit.xml'
rm -rf "$dir"

begin 'a disk without room for launch.json: the guest runs, and what fits of its console stays'
# shellcheck disable=SC2016 # for the inner shell
run sh -c 'ulimit -f 4 && exec "$@" >/dev/null' sh env FAKE_SCRIPT="$T/script" "$FAKE" run --results "$dir" "$T/m.yaml"
wants 1
err_has "cannot write '$dir/launch.json'"
[ ! -e "$dir/launch.json" ] || wrong 'a part of launch.json stayed'
[ -s "$dir/serial.log" ] && [ -s "$dir/junit.xml" ] && [ -s "$dir/result.json" ] || wrong "$(ls -la "$dir")"
rm -rf "$dir"

begin 'a limit that the end of the console would exceed in junit.xml'
# shellcheck disable=SC2016 # for the inner shell
run sh -c 'ulimit -f 14 && exec "$@" >/dev/null' sh env FAKE_SCRIPT="$T/script" "$FAKE" run --results "$dir" "$T/m.yaml"
wants 1
whole "$dir"
grep -q '<failure ' "$dir/junit.xml" || wrong "junit.xml: $(cat "$dir/junit.xml")"
grep -q xxxxxxxxxxxxxxx "$dir/junit.xml" || wrong 'junit.xml has nothing of the console'
rm -rf "$dir"

# A limit that has room for result.json, but not for junit.xml, must not leave a pass.
begin 'an incomplete result is not a pass'
guest_of 'out 0xf4 1 0'
: >"$T/said"
manifest_of "name: '$(printf %0200d 0)'"
for bytes in 512 1024 1536 2048; do
  folder_new
  # shellcheck disable=SC2016 # for the inner shell
  run sh -c 'ulimit -f $1 && shift && exec "$@"' sh $((bytes / 512)) env FAKE_SCRIPT="$T/script" "$FAKE" -q run --results "$dir" "$T/m.yaml"
  case $status in
  0 | 1 | 2) ;; # 2: there was no room for what is written before the launch
  *) wants 1 ;;
  esac
  [ ! -e "$dir/result.json" ] || grep -q "\"status\": $status," "$dir/result.json" || wrong "status $status, and $(cat "$dir/result.json")"
  whole "$dir"
  rm -rf "$dir"
done

# Files that were written once can be written again where the sandbox lets no file be opened.
begin 'result.json alone has no room: 1, and the rest'
guest_of 'print "a\n" ; out 0xf4 1 0'
truncate -s 512 "$T/disk.img"
manifest_of "disks: [$(printf '{path: disk.img, mode: ro}, %.0s' 1 2 3 4 5 6 7 8 9)]"
folder_new
# shellcheck disable=SC2016 # for the inner shell
run sh -c 'ulimit -f 4 && exec "$@"' sh env FAKE_SCRIPT="$T/script" "$FAKE" -q run --results "$dir" "$T/m.yaml"
wants 1
err_has "cannot write '$dir/result.json': File too large"
err_has '[output-failed]'
err_lacks '[sandbox]'
grep -q 'type="output-failed"' "$dir/junit.xml" || wrong "junit.xml: $(cat "$dir/junit.xml")"
[ ! -e "$dir/result.json" ] || wrong 'there is a result'
whole "$dir"
rm -rf "$dir"

begin 'somebody removes the folder while the guest runs: that is said, and is no fault of the sandbox'
guest_of 'print "a\n" ; wait'
manifest_of
folder_new
: >"$T/out"
FAKE_SCRIPT="$T/script" "$FAKE" -q run --results "$dir" "$T/m.yaml" </dev/null >"$T/out" 2>"$T/err" &
until_says a
rm -r "$dir"
kill -TERM $!
wait $!
status=$?
wants 143
err_has "cannot write '$dir/junit.xml': No such file or directory"
err_lacks '[sandbox]'
[ ! -e "$dir" ] || wrong "there is: $(ls -A "$dir")"

if unshare -m sh -c 'mount -t tmpfs none /mnt' 2>/dev/null; then
  for size in 4k 64k 256k; do
    begin "the disk is full, after $size: 1, and no incomplete file"
    guest_of 'flood 320000 16 ; out 0xf4 1 0'
    yes xxxxxxxxxxxxxxx | head -c 320000 >"$T/said"
    manifest_of
    mkdir "$T/full.$size"
    # shellcheck disable=SC2016 # for the inner shell
    run unshare -m sh -c 'mount -t tmpfs -o size=$1 none /mnt || exit 200
      to=$2
      shift 2
      "$@" --results /mnt
      status=$?
      cp -a /mnt/. "$to"
      exit $status' sh "$size" "$T/full.$size" env FAKE_SCRIPT="$T/script" "$FAKE" run "$T/m.yaml"
    case $status.$size in
    2.4k) err_has '[output-failed]' ;; # there was no room for the beginning
    *)
      wants 1
      err_has '[output-failed]'
      cmp -s "$T/said" "$T/out" || wrong 'the console on standard output is not whole'
      for file in serial.log result.json junit.xml launch.json manifest.yaml; do
        [ -s "$T/full.$size/$file" ] || wrong "no $file"
      done
      grep -q '"dropped": [1-9]' "$T/full.$size/result.json" || wrong 'the result does not say that bytes are missing'
      ;;
    esac
    whole "$T/full.$size"
  done
else
  skip 'the disk is full' 'needs root and mount namespaces'
fi

# --- log_limit ---

# How many bytes the guest writes, and how many of them log_limit: 64K keeps.
guest_of 'flood 320000 16 ; out 0xf4 1 0'
yes xxxxxxxxxxxxxxx | head -c 320000 >"$T/flood"
half=$(((65536 - 128) / 2)) missing=$((320000 - 2 * ((65536 - 128) / 2)))
{
  head -c $half "$T/flood"
  echo "--- snpvmm: $missing bytes are missing here: log_limit ---"
  tail -c $half "$T/flood"
} >"$T/said"

begin 'log_limit: head and tail are kept, in the folder and in the file that serial names'
manifest_of 'log_limit: 64K' 'serial: bounded'
folder_new
on_fake run --results "$dir" "$T/m.yaml"
leaves "$dir" 0 guest-exit pass guest-exit
cmp "$T/said" "$T/bounded" >>"$T/why" 2>&1
grep -q -A 3 '"serial"' "$dir/result.json" && grep -q "\"dropped\": $missing" "$dir/result.json" || wrong "$(cat "$dir/result.json")"
err_has "serial.log: $missing bytes in the middle are missing: log_limit"
[ "$(find "$T" -name '*.tail-*')" = '' ] || wrong "left: $(find "$T" -name '*.tail-*')"

begin 'log_limit: a shorter log is unchanged, and pipes have no limit'
manifest_of 'log_limit: 512K'
on_fake run --results "$T/within" "$T/m.yaml"
wants 0
cmp "$T/flood" "$T/within/serial.log" >>"$T/why" 2>&1
grep -q '"dropped": 0' "$T/within/result.json" || wrong "$(cat "$T/within/result.json")"
manifest_of 'log_limit: 4K'
on_fake run "$T/m.yaml"
cmp "$T/flood" "$T/out" >>"$T/why" 2>&1

begin 'log_limit: a run that is killed leaves files that can be read in order'
guest_of 'flood 320000 16 ; print "the last words" ; wait'
manifest_of 'log_limit: 64K'
: >"$T/out"
FAKE_SCRIPT="$T/script" "$FAKE" -q run --results "$T/cut" "$T/m.yaml" </dev/null >"$T/out" 2>"$T/err" &
until_says 'the last words'
sleep 1
kill -KILL $!
wait $! 2>/dev/null
[ "$(tail -c 14 "$T/cut/serial.log.tail-2")" = 'the last words' ] || wrong "the tail ends: $(tail -c 40 "$T/cut/serial.log.tail-2")"
[ "$(cat "$T/cut/serial.log" "$T/cut/serial.log.tail-1" "$T/cut/serial.log.tail-2" | wc -c)" -le 131072 ] || wrong 'more than twice the limit'
head -c $half "$T/flood" | cmp - "$T/cut/serial.log" >>"$T/why" 2>&1
guest_of 'out 0xf4 1 0'
on_fake run --results "$T/cut" "$T/m.yaml"
wants 0
[ "$(find "$T/cut" -name '*.tail-*')" = '' ] || wrong "left: $(find "$T/cut" -name '*.tail-*')"

begin 'log_limit: an existing file with the name of a tail does not end the run, and is not overwritten'
manifest_of 'log_limit: 64K' 'serial: own' 'debug_port: own.tail-2'
for command in run check; do
  on_fake $command "$T/m.yaml"
  wants 2
  err_has '[output-conflict]'
done
for size in 0K 1K 4k 65537 2T; do
  manifest_of "log_limit: $size"
  on_fake check "$T/m.yaml"
  wants 2
  err_has "'log_limit' is" '[bad-value]'
done

# --- GitHub Actions ---

# --- foreign text ---

# Lines that the runners of GitHub, Azure or TeamCity would obey; they strip white space first.
commands() { # FILE
  tr '\r' '\n' <"$1" | grep -E -e '##[[:alpha:]]*\[' -e '^[[:space:]]*::' | grep -q -v '^::error file='
}
manifest_of 'debug_port: stderr' 'expect: {console: [never], never: ["##vso"]}'
for ci in GITHUB_ACTIONS=true TF_BUILD=True TEAMCITY_VERSION=2024.1; do
  begin "a guest cannot command a CI system: ${ci%=*}"
  guest_of 'debug "::add-mask::d\n##[debug]d\n" ; print "a\n::add-mask::secret\n  ::set-env name=X::y\rz\r::stop-commands::t\n##[error]x\n a ##vso[task.setvariable]x\n##teamcity[x\n::error::last\n" ; out 0xf4 1 0'
  folder_new
  run env "$ci" FAKE_SCRIPT="$T/script" "$FAKE" run --results "$dir" "$T/m.yaml"
  wants 1
  ! commands "$T/out" || wrong "standard output: $(cat -v "$T/out")"
  ! commands "$T/err" || wrong "standard error: $(cat -v "$T/err")"
  for file in result.json junit.xml; do
    ! commands "$dir/$file" || wrong "$file: $(cat "$dir/$file")"
  done
  grep -q '##vso\[task' "$dir/serial.log" || wrong 'serial.log is not what the guest wrote'
done
begin 'without a CI system, its text is unchanged'
on_fake run "$T/m.yaml"
grep -q '^::add-mask::secret' "$T/out" || wrong "standard output: $(cat -v "$T/out")"
commands "$T/out" || wrong 'nothing sees the commands in it'

begin 'a guest cannot imitate a verdict on standard error'
guest_of 'debug "snp" ; debug "vmm: pass: d\nsnpvmm: x\rsnpvmm: y\nnot snpvmm: z\n" ; print "snpvmm: c\n" ; debug "open" ; out 0xf4 1 1'
folder_new
on_fake run --results "$dir" "$T/m.yaml"
wants 1
[ "$(grep -c '^snpvmm : ' "$T/err")" = 2 ] || wrong "standard error: $(cat -v "$T/err")"
[ "$(tr '\r' '\n' <"$T/err" | grep '^snpvmm: ' | grep -c -e pass -e ': [xy]')" = 0 ] || wrong "standard error: $(cat -v "$T/err")"
grep -q '^not snpvmm: z' "$T/err" || wrong 'it was changed within a line'
grep -q '^snpvmm: fail: ' "$T/err" || wrong 'the verdict hangs on what the guest left open'
grep -q '^snpvmm: c' "$T/out" || wrong 'standard output was changed'
grep -q '^snpvmm: pass: d' "$dir/debug.log" || wrong 'debug.log is not what the guest wrote'
run sh -c 'exec "$@" 2>&1' sh env FAKE_SCRIPT="$T/script" "$FAKE" run "$T/m.yaml"
grep -q '^snpvmm : c' "$T/out" || wrong 'the console on the same file speaks as we do'

begin 'names of files, runs and manifests are made safe to print'
bad=$(printf '::add-mask::x\033[31m##[error]\342\200\256.yaml')
manifest "$T/$bad" 'name: "::n\e[2J##[x\u202e"' "boot: {firmware: \"::f\\e[2J##[x\\u202e\"}" 'matrix: {boot.cmdline: ["::c\e##[y", b]}'
for command in check measure 'run --jobs 2' 'run -o json' 'run -o tap'; do
  # shellcheck disable=SC2086 # words
  run sh -c 'cd "$0" && shift && exec "$@"' "$T" x "$SNPVMM" $command "$bad"
  wants 2
  for file in out err; do
    ! commands "$T/$file" || wrong "$command: $file: $(cat -v "$T/$file")"
    ! LC_ALL=C grep -q "$(printf '[\033]\|\342\200\256')" "$T/$file" || wrong "$command: $file: $(cat -v "$T/$file")"
  done
  grep -q 'U+202E' "$T/out" "$T/err" || wrong "$command names no hidden character"
done
manifest "$T/$bad" 'boot: {firmware: builtin:selftest}'
for command in -v\ check 'measure x.yaml' 'measure -o json' inspect 'inspect -o json' 'run --print-manifest'; do
  cp "$T/$bad" "$T/x.yaml"
  # shellcheck disable=SC2086 # words
  run sh -c 'cd "$0" && shift && exec "$@"' "$T" x "$SNPVMM" $command "./$bad"
  for file in out err; do
    ! commands "$T/$file" || wrong "$command: $file: $(cat -v "$T/$file")"
    ! LC_ALL=C grep -q "$(printf '[\033]\|\342\200\256')" "$T/$file" || wrong "$command: $file: $(cat -v "$T/$file")"
  done
done

begin 'GITHUB_ACTIONS: an annotation for each failure, and for nothing else'
guest_of 'print "50%: no\n" ; out 0xf4 1 0'
manifest_of 'name: a, b' 'expect: {console: ["100%: yes"]}'
run env GITHUB_ACTIONS=true FAKE_SCRIPT="$T/script" "$FAKE" run "$T/m.yaml"
wants 1
[ "$(grep -c '^::error ' "$T/err")" = 1 ] || wrong "not one annotation: $(cat "$T/err")"
grep -q '^::error file=[^:,]*m\.yaml,.*title=a%2C b::.*100%25: yes.*' "$T/err" || wrong "the annotation is: $(grep '^::' "$T/err")"
manifest_of 'vcpus: 0'
run env GITHUB_ACTIONS=true FAKE_SCRIPT="$T/script" "$FAKE" run "$T/m.yaml"
wants 2
grep -q '^::error file=[^:,]*m\.yaml,line=4,.*title=.*::' "$T/err" || wrong "the annotation is: $(grep '^::' "$T/err")"
manifest_of 'vcpus: 0' 'memory: 1' 'timeout: x' 'vcpsu: 1' 'serial: none/x.log' 'debug_port: none/y.log'
run env GITHUB_ACTIONS=true FAKE_SCRIPT="$T/script" "$FAKE" run "$T/m.yaml"
wants 2
[ "$(grep -c '^::error ' "$T/err")" = 6 ] || wrong "not an annotation for each: $(cat "$T/err")"
for line in 3 4 5 6 7 8; do
  grep -q "^::error file=[^:,]*m\.yaml,line=$line,col=" "$T/err" || wrong "none for line $line: $(grep '^::' "$T/err")"
done
manifest_of a: b: c: d: e: f: g: h: i: j: k: l:
run env GITHUB_ACTIONS=true FAKE_SCRIPT="$T/script" "$FAKE" run "$T/m.yaml"
[ "$(grep -c '^::error ' "$T/err")" = 10 ] || wrong "not ten: $(grep '^::' "$T/err")"
for yes in true false; do
  manifest_of "expect: {console: ['$yes']}"
  guest_of 'print "true\n" ; out 0xf4 1 0'
  run env GITHUB_ACTIONS=$yes FAKE_SCRIPT="$T/script" "$FAKE" run "$T/m.yaml"
  err_lacks '::error'
done

# --- results on standard output ---

in_json() { # EXPRESSION: true of r, what stands on stdout
  python3 -c 'import json, sys
r = json.load(open(sys.argv[1]))
sys.exit(not eval(sys.argv[2]))' "$T/out" "$1" 2>>"$T/why" || wrong "$last: not so: $1: $(head -c 1000 "$T/out")"
}

if command -v python3 >/dev/null; then
  begin '-o json: the result, and no console'
  guest_of 'print "hello\n" ; out 0xf4 1 5'
  manifest_of
  folder_new
  on_fake -o json run --results "$dir" "$T/m.yaml"
  leaves "$dir" 1 guest-exit fail guest-exit
  in_json "r == json.load(open('$dir/result.json'))"
  on_fake run -o json "$T/m.yaml"
  wants 1
  in_json 'r["schema"] == "snpvmm.result/1" and r["guest"]["code"] == 5 and r["status"] == 1 and r["name"] == "m"'

  begin '-o json: a result of every end'
  for line in 'flags no-snp.99.host-unsupported' 'out 0xf4 1 0.0.guest-exit' 'fail-ioctl LAUNCH_START EIO 7.99.firmware-refused'; do
    reason=${line##*.} line=${line%.*}
    guest_of "${line%.*}"
    on_fake run -o json "$T/m.yaml"
    wants "${line##*.}"
    in_json "r['reason'] == '$reason' and r['status'] == ${line##*.}"
  done
  on_fake run -o json --set vcpus=0 "$T/m.yaml"
  wants 2
  in_json 'r["reason"] == "bad-value" and r["verdict"] == "error"'
else
  skip '-o json' 'there is no python3'
fi

begin '-o tap: the result, and no console'
guest_of 'print "ok 7 - no\n" ; out 0xf4 1 0'
manifest_of 'name: "a # b"'
on_fake run -o tap "$T/m.yaml"
wants 0
out_has 'TAP version 14' '1..1' 'ok 1 - a \# b'
[ "$(grep -c '^ok ' "$T/out")" = 1 ] || wrong "more than a point: $(cat "$T/out")"
on_fake run -o tap --set expect.exit=4 "$T/m.yaml"
wants 1
out_has 'not ok 1 - a \# b' 'guest-exit'
guest_of 'flags no-snp'
on_fake run -o tap --skip-unsupported "$T/m.yaml"
wants 77
out_has 'ok 1 - a \# b # SKIP'

begin 'a result that cannot be written is not a pass'
guest_of 'out 0xf4 1 0'
for format in json tap; do
  run sh -c "FAKE_SCRIPT='$T/script' '$FAKE' run -o $format --results '$T/unshown' '$T/m.yaml' >/dev/full"
  wants 1
  [ "$(grep -c '\[output-failed\]' "$T/err")" = 1 ] || wrong "it is not reported once: $(cat "$T/err")"
  grep -q '"verdict": "fail"' "$T/unshown/result.json" || wrong "result.json: $(cat "$T/unshown/result.json")"
done

judge
finish
