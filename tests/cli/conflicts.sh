#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/cli/conflicts.sh: no run overwrites its inputs or its other outputs; see contract.inc.
# shellcheck source=tests/cli/lib.inc disable=SC1091
. tests/cli/lib.inc
# shellcheck source=tests/cli/contract.inc disable=SC1091
. tests/cli/contract.inc

# A folder with everything that a manifest can name; a run that is refused must not change a byte of it.
fresh() { # [LINE]...: of the manifest m.yaml
  rm -rf "$T/w"
  mkdir "$T/w" "$T/w/r"
  guest_of 'print "hello\n" ; debug "d\n" ; out 0xf4 1 0'
  cp "$T/i.fd" "$T/w/g.fd"
  (cd "$T/w" && manifest m.yaml 'memory: 1M' 'platform: kvm' "$@")
  before=$(state)
}
state() {
  (cd "$T/w" && find . ! -name result.json ! -name junit.xml -exec ls -1dn --time-style=+%s {} + | sort
    find . -type f ! -name result.json ! -name junit.xml -exec sha256sum {} + | sort)
}
conflict() { # SENTENCE COMMAND ARGUMENT...: refused, and nothing was touched but the result
  sentence=$1
  shift
  before=$(state)
  run env -C "$T/w" FAKE_SCRIPT="$T/script" "$FAKE" "$@"
  wants 2
  out_is ''
  err_has "$sentence [output-conflict]"
  [ "$(grep -c 'output-conflict' "$T/err")" = 1 ] || wrong "not reported once: $(cat "$T/err")"
  [ "$(state | sed 's/^d.* / /' | sort)" = "$(printf '%s\n' "$before" | sed 's/^d.* / /' | sort)" ] || # times of folders don't count
    wrong "$last: something was touched: $before -> $(state)"
}
works() { # COMMAND ARGUMENT...
  run env -C "$T/w" FAKE_SCRIPT="$T/script" "$FAKE" "$@"
  wants 0
}

begin 'serial and debug_port over every input, by name and by link'
for key in serial debug_port; do
  for name in g.fd ./g.fd r/../g.fd "$T/w/g.fd" soft hard; do
    fresh 'boot: {firmware: g.fd}' "$key: $name"
    ln -s g.fd "$T/w/soft"
    ln "$T/w/g.fd" "$T/w/hard"
    for command in run check; do
      conflict "m.yaml:5:$((${#key} + 3)): error: $key would write over 'g.fd', which is boot.firmware" $command m.yaml
    done
    works measure m.yaml
  done
  fresh 'boot: {firmware: g.fd}' "$key: m.yaml"
  conflict "m.yaml:5:$((${#key} + 3)): error: $key would write over 'm.yaml', which is the manifest" run m.yaml
  fresh 'boot: {firmware: g.fd}' "snp: {id_block: 'file:b', id_auth: 'file:a'}" "$key: a"
  conflict "error: $key would write over 'a', which is snp.id_auth" run m.yaml
done

begin 'an input that is a link, which the run would remove'
fresh 'boot: {firmware: r/serial.log}'
ln -s ../g.fd "$T/w/r/serial.log"
conflict "--results would write over 'r/serial.log', which is boot.firmware" run --results r m.yaml

begin '--set names a file as the manifest does'
fresh 'boot: {firmware: g.fd}'
conflict "--set serial: error: serial would write over 'g.fd', which is boot.firmware" run --set serial=g.fd m.yaml
fresh 'boot: {firmware: other.fd}' 'serial: other.fd'
works run --set boot.firmware=g.fd m.yaml

begin 'options that stand for a manifest'
fresh
for command in run check; do
  conflict "--set serial: error: serial would write over 'g.fd', which is boot.firmware" $command -f g.fd --set serial=g.fd
done
conflict "-f: error: --results would write over 'r/serial.log', which is boot.firmware" run -f r/serial.log --results r

begin '--results over the manifest and over images, also in the form that has a dot'
fresh 'boot: {firmware: g.fd}'
mv "$T/w/m.yaml" "$T/w/manifest.yaml"
conflict "--results would write over 'manifest.yaml', which is the manifest" run --results . manifest.yaml
grep -q '"reason": "output-conflict"' "$T/w/result.json" || wrong 'the result does not say so'
conflict "--results would write over 'manifest.yaml', which is the manifest" run --results ./r/.. manifest.yaml
for name in serial.log debug.log launch.json manifest.yaml .serial.log .launch.json; do
  fresh "boot: {firmware: r/$name}"
  mv "$T/w/g.fd" "$T/w/r/$name"
  conflict "m.yaml:4:18: error: --results would write over 'r/$name', which is boot.firmware" run --results r m.yaml
done
for name in result.json junit.xml .junit.xml; do # then there is no result, either
  fresh "boot: {firmware: r/$name}"
  mv "$T/w/g.fd" "$T/w/r/$name"
  conflict "m.yaml:4:18: error: --results would write over 'r/$name', which is boot.firmware" run --results r m.yaml
  cmp -s "$T/i.fd" "$T/w/r/$name" || wrong "r/$name was changed"
done

begin 'the inputs of a manifest with a mistake are kept, too'
fresh 'boot: {firmware: r/serial.log}' 'vcpus: 0'
mv "$T/w/g.fd" "$T/w/r/serial.log"
conflict "--results would write over 'r/serial.log', which is boot.firmware" run --results r m.yaml
for mistake in 'no_such_key: 1' 'a: ['; do
  fresh 'boot: {firmware: r/serial.log}' "$mistake"
  mv "$T/w/g.fd" "$T/w/r/serial.log"
  run env -C "$T/w" FAKE_SCRIPT="$T/script" "$FAKE" run --results r m.yaml
  wants 2
  cmp -s "$T/i.fd" "$T/w/r/serial.log" || wrong "$mistake: r/serial.log was changed"
  [ -s "$T/w/r/result.json" ] || wrong "$mistake: no result"
done

begin 'two outputs that are the same file'
fresh 'boot: {firmware: g.fd}' 'serial: x.log' 'debug_port: ./x.log'
for command in run check; do
  conflict "m.yaml:6:13: error: serial and debug_port would both write 'x.log'" $command m.yaml
done
fresh 'boot: {firmware: g.fd}' 'serial: x.log'
conflict "serial and --stats would both write 'x.log'" run --stats=x.log m.yaml
conflict "--stats would write over 'm.yaml', which is the manifest" run --stats=m.yaml m.yaml
fresh 'boot: {firmware: g.fd}' 'serial: r/serial.log'
conflict "serial and --results would both write 'r/serial.log'" run --results r m.yaml
fresh 'boot: {firmware: g.fd}' 'debug_port: new/./er/result.json'
conflict "debug_port and --results would both write 'new/./er/result.json'" run --results new/er m.yaml
[ ! -e "$T/w/new" ] || wrong 'a folder was made'
fresh 'boot: {firmware: g.fd}' 'serial: out'
run sh -c 'cd "$1" && exec env FAKE_SCRIPT="$2" "$3" run m.yaml >out' sh "$T/w" "$T/script" "$FAKE"
wants 2
err_has "serial and standard output would both write" '[output-conflict]'

begin 'pipes and devices may be shared'
fresh 'boot: {firmware: g.fd}' 'serial: /dev/null' 'debug_port: /dev/null'
works run --stats=/dev/null m.yaml
mkfifo "$T/w/fifo"
fresh 'boot: {firmware: g.fd}' 'debug_port: stderr'
run sh -c 'cd "$1" && exec env FAKE_SCRIPT="$2" "$3" run m.yaml >both 2>&1' sh "$T/w" "$T/script" "$FAKE"
wants 0

# --- links ---

begin 'an output that is a link is not followed'
fresh 'boot: {firmware: g.fd}' 'serial: con.log'
echo precious >"$T/w/target"
ln -s target "$T/w/con.log"
run env -C "$T/w" FAKE_SCRIPT="$T/script" "$FAKE" run m.yaml
wants 2
err_has "cannot write 'con.log': it is a symbolic link [output-failed]" "name the file itself, '$T/w/target'"
[ "$(cat "$T/w/target")" = precious ] || wrong 'the target was changed'
rm "$T/w/target"
run env -C "$T/w" FAKE_SCRIPT="$T/script" "$FAKE" run m.yaml
wants 2
[ ! -e "$T/w/target" ] || wrong 'a target was made'
fresh 'boot: {firmware: g.fd}'
ln -s target "$T/w/stats"
run env -C "$T/w" FAKE_SCRIPT="$T/script" "$FAKE" run --stats=stats m.yaml
wants 2
[ ! -e "$T/w/target" ] || wrong 'a target was made'

begin 'a run folder that is a link is not followed'
fresh 'boot: {firmware: g.fd}' 'matrix: {vcpus: [1]}'
mkdir "$T/w/elsewhere"
echo precious >"$T/w/elsewhere/serial.log"
ln -s ../elsewhere "$T/w/r/vcpus=1"
run env -C "$T/w" FAKE_SCRIPT="$T/script" "$FAKE" run --results r m.yaml
wants 2
[ "$(cat "$T/w/elsewhere/serial.log")" = precious ] || wrong 'a file elsewhere was changed'

begin 'descriptors by their paths are used as they are'
fresh 'boot: {firmware: g.fd}' 'serial: /dev/fd/3' 'debug_port: /dev/stderr'
run sh -c 'cd "$1" && echo before >three && exec env FAKE_SCRIPT="$2" "$3" -q run m.yaml 3>>three' sh "$T/w" "$T/script" "$FAKE"
wants 0
err_is d
file_is "$T/w/three" three 'before
hello'
fresh 'boot: {firmware: g.fd}' 'serial: /dev/stdout'
works -q run m.yaml
out_is hello
works -q run -o json m.yaml
[ "$(head -c 1 "$T/out")" = '{' ] || wrong "stdout is: $(head -c 100 "$T/out")"
fresh 'boot: {firmware: g.fd}' 'serial: /proc/self/fd/9'
run sh -c 'cd "$1" && exec env FAKE_SCRIPT="$2" "$3" run m.yaml 9>&-' sh "$T/w" "$T/script" "$FAKE"
wants 2
err_has "cannot write '/proc/self/fd/9': Bad file descriptor [output-failed]"

begin 'a path through a link to a file that does not exist yet'
fresh 'boot: {firmware: g.fd}' 'serial: dl/serial.log'
ln -s nd "$T/w/dl"
run env -C "$T/w" FAKE_SCRIPT="$T/script" "$FAKE" run --results nd m.yaml
wants 2
err_has "serial and --results would both write 'dl/serial.log' [output-conflict]"

begin 'a path through a name that would be removed'
fresh 'boot: {firmware: r/launch.json/g.fd}'
mkdir "$T/w/real"
mv "$T/w/g.fd" "$T/w/real/g.fd"
ln -s ../real "$T/w/r/launch.json"
conflict "--results would write over 'r/launch.json/g.fd', which is boot.firmware" run --results r m.yaml
err_has "'r/launch.json' is a link on the way there"
fresh 'boot: {firmware: other}'
ln -s r/launch.json "$T/w/other"
mv "$T/w/g.fd" "$T/w/real.fd"
ln -s ../real.fd "$T/w/r/launch.json"
conflict "which is boot.firmware" run --results r m.yaml
fresh 'boot: {firmware: g.fd}' 'serial: dl/a' 'debug_port: dl/b'
ln -s r "$T/w/dl"
works run m.yaml
file_is "$T/w/r/a" r/a hello

begin 'a link that changes between check and open destroys no input'
fresh 'boot: {firmware: g.fd}' 'debug_port: sw/g.fd' 'serial: pipe' 'timeout: 15s'
mkdir "$T/w/safe"
ln -s safe "$T/w/sw"
mkfifo "$T/w/pipe"
cp "$T/w/g.fd" "$T/g.before"
# The console's pipe is opened first; while run waits for its reader, the link is changed.
(
  sleep 1
  ln -sfn . "$T/w/sw"
  timeout 20 cat "$T/w/pipe" >/dev/null
) &
run env -C "$T/w" FAKE_SCRIPT="$T/script" "$FAKE" run m.yaml
wants 2
err_has "cannot write 'sw/g.fd': it is the same file as boot.firmware" '[output-conflict]'
cmp -s "$T/w/g.fd" "$T/g.before" || wrong 'the firmware was changed'
wait

# --- a matrix ---

for jobs in 1 3; do
  begin "each run of a matrix has files of its own (--jobs $jobs)"
  fresh 'boot: {firmware: g.fd}' 'serial: con.log' 'debug_port: r/debug' 'matrix: {vcpus: [1, 2, 2]}'
  works run --jobs $jobs --stats=.stats m.yaml
  for v in vcpus=1 vcpus=2 vcpus=2~3; do
    p=''
    [ $jobs = 1 ] || p="$v | "
    file_is "$T/w/con.$v.log" "con.$v.log" "${p}hello"
    file_is "$T/w/r/debug.$v" "r/debug.$v" "${p}d"
    [ -s "$T/w/.stats.$v" ] || wrong "no .stats.$v"
  done
  [ ! -e "$T/w/con.log" ] || wrong 'a file without a name'
  works check m.yaml
done

begin 'no run overwrites an input of another'
fresh 'boot: {firmware: g.fd}' 'matrix: {boot.firmware: [g.fd, "r/boot.firmware=g.fd/serial.log"]}'
mkdir "$T/w/r/boot.firmware=g.fd"
cp "$T/w/g.fd" "$T/w/r/boot.firmware=g.fd/serial.log"
conflict "--results would write over 'r/boot.firmware=g.fd/serial.log', which is boot.firmware" run --results r m.yaml
fresh 'boot: {firmware: g.fd}' 'serial: con' 'matrix: {vcpus: [1, 2]}'
sed -i 's/firmware: g.fd/firmware: con.vcpus=2/' "$T/w/m.yaml"
mv "$T/w/g.fd" "$T/w/con.vcpus=2"
for command in run check; do
  conflict "serial would write over 'con.vcpus=2', which is boot.firmware" $command m.yaml
done

begin 'a name that would become too long is shortened, and devices keep theirs'
long=$(printf '%0240d' 7)
fresh 'boot: {firmware: g.fd}' "serial: '$long.log'" 'debug_port: /dev/null' 'matrix: {vcpus: [1, 2]}'
works run m.yaml
[ "$(find "$T/w" -name '0*.vcpus=[12].log' -size +0 | wc -l)" = 2 ] || wrong "files: $(ls "$T/w")"

finish
