#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/cli/check.sh: manifests that are valid, and warnings; errors are in bad_*.sh.
# shellcheck source=tests/cli/lib.inc disable=SC1091
. tests/cli/lib.inc
manifest "$T/bad.yaml" 'boot: {firmware: builtin:selftest}' 'vcpus: 0'

begin 'the example is valid'
call check "$EXAMPLE"
wants 0
out_is ''
err_is "snpvmm: $EXAMPLE: ok"

begin 'each of several manifests is checked'
call check "$EXAMPLE" "$T/bad.yaml" "$EXAMPLE" "$T/none.yaml"
wants 2
out_is ''
err_is "snpvmm: $EXAMPLE: ok
$T/bad.yaml:3:8: error: 'vcpus' is 0; it must be from 1 to 4096 [bad-value]
snpvmm: $EXAMPLE: ok
$T/none.yaml: error: cannot open '$T/none.yaml': No such file or directory [file-unreadable]
  fix: see that the file is there: a path on the command line is relative to the current folder"

begin 'each run of a matrix is checked, whether or not the others are valid'
manifest "$T/matrix.yaml" 'boot: {firmware: builtin:selftest}' 'matrix: {vcpus: [1, 4], memory: [16M, 64K]}'
call check "$T/matrix.yaml"
wants 2
err_has "snpvmm: $T/matrix.yaml: vcpus=1,memory=16M: ok" 'error: vcpus=1,memory=64K: ' \
  "snpvmm: $T/matrix.yaml: vcpus=4,memory=16M: ok" 'error: vcpus=4,memory=64K: '
call check --set memory=16M "$T/matrix.yaml"
wants 0
err_is "snpvmm: $T/matrix.yaml: vcpus=1,memory=16M: ok
snpvmm: $T/matrix.yaml: vcpus=4,memory=16M: ok"
call check --set 'matrix={vcpus: [2, 0, 3]}' "$T/matrix.yaml"
wants 2
err_is "snpvmm: $T/matrix.yaml: vcpus=2: ok
--set matrix: error: 'vcpus' is 0; it must be from 1 to 4096 [bad-value]
snpvmm: $T/matrix.yaml: vcpus=3: ok"
call check --set 'matrix={vcpus: [0, 3]}' "$T/matrix.yaml"
wants 2
err_is "--set matrix: error: 'vcpus' is 0; it must be from 1 to 4096 [bad-value]
snpvmm: $T/matrix.yaml: vcpus=3: ok"

begin 'an error in several runs of a matrix is reported once'
call check --set timeout=0s "$T/matrix.yaml"
wants 2
one_error '--set timeout' bad-value "'timeout' is 0s; it must be from 1ms to 34560m"
call check --set 'matrix={memory: [16M, 32M], vcpus: [0, 4097, 1]}' "$T/matrix.yaml"
wants 2
[ "$(grep -c 'error: ' "$T/err")" = 2 ] || wrong "not two errors: $(cat "$T/err")"
err_has "'vcpus' is 0;" "'vcpus' is 4097;" 'memory=16M,vcpus=1: ok' 'memory=32M,vcpus=1: ok'
call check --set 'matrix={vcpu: [1, 2]}' "$T/matrix.yaml"
wants 2
one_error '--set matrix' unknown-key "unknown key 'vcpu' in 'matrix'"

begin 'a matrix that cannot be read does not hide errors in its values'
call check --set 'matrix={vcpus: [1, 0, two], memory: [], timeout: [1s, 9]}' "$T/matrix.yaml"
wants 2
[ "$(grep -c 'error: ' "$T/err")" = 4 ] || wrong "not four errors: $(cat "$T/err")"
err_has "'vcpus' is 0;" "'vcpus' is 'two'" "'matrix: memory' is an empty list" "'timeout' is '9'"
call check --set vcpus=1 --set 'matrix={vcpus: [1, 0, two], memory: []}' "$T/matrix.yaml"
wants 2
one_error '--set matrix' bad-value "'matrix: memory' is an empty list"

begin 'an output that nobody can write'
mkdir "$T/folder"
ln -s x.log "$T/link"
for row in none/x.log:'No such file or directory':'make the folder' bad.yaml/x.log:'Not a directory':'make the folder' \
  folder:'Is a directory':'name a file in that folder' folder/:'Is a directory':'name a file in that folder'; do
  given=${row%%:*} says=${row#*:}
  manifest "$T/m.yaml" 'boot: {firmware: builtin:selftest}' "serial: $given" "debug_port: $given"
  for command in check run; do
    call $command "$T/m.yaml"
    wants 2
    err_has "$T/m.yaml:3:9: error: serial: cannot write '$T/$given': ${says%%:*} [output-failed]" "  fix: ${says#*:}" \
      "$T/m.yaml:4:13: error: debug_port: cannot write '$T/$given': ${says%%:*} [output-failed]"
  done
done
call check --set serial=none "$EXAMPLE" --set debug_port="$T/link"
wants 2
one_error '--set debug_port' output-failed "debug_port: cannot write '$T/link': it is a symbolic link"
call check --set serial=/dev/stdout --set debug_port=/dev/null "$EXAMPLE"
wants 0

begin 'an expression that matches every line is a warning'
for text in '' '.*' '^' 'x*' '$'; do
  manifest "$T/m.yaml" 'boot: {firmware: builtin:selftest}' "expect: {never: [panic, '$text']}"
  call check "$T/m.yaml"
  wants 0
  err_is "snpvmm: $T/m.yaml: ok
$T/m.yaml:3:25: warning: 'expect.never': '$text' matches every line
  why: the first line that the guest writes fails the run
  fix: write what a line must not contain, or remove the expression"
done
manifest "$T/m.yaml" 'boot: {firmware: builtin:selftest}' "expect: {console: ['']}"
call check "$T/m.yaml"
wants 0
err_has "$T/m.yaml:3:20: warning: 'expect.console': '' matches every line"
manifest "$T/m.yaml" 'boot: {firmware: builtin:selftest}' "expect: {never: ['^$', '^\s*$', '.', '[a-z]*!'], console: ['^\w*$']}"
call check "$T/m.yaml"
wants 0
err_is "snpvmm: $T/m.yaml: ok"

begin 'a manifest that can only be measured is valid, with a note'
image "$T/i.fd" ebfe "$SECTION"
echo kernel >"$T/k"
manifest "$T/m.yaml" 'boot: {firmware: i.fd, kernel: k, kernel_hashes: false}' 'memory: 1M'
call check "$T/m.yaml"
wants 0
err_is "snpvmm: $T/m.yaml: ok to measure, not to run: boot.kernel is not a bzImage or an EFI program that a firmware could boot
$T/m.yaml:2:50: warning: kernel_hashes is false: kernel, initrd and command line are not measured"
call check --set measure.profile=gce "$EXAMPLE"
wants 0
err_is "snpvmm: $EXAMPLE: ok to measure, not to run: measure.profile gce is another launcher's order of pages and registers"

begin 'a firmware that seems too old for SNP is a warning, on platform snp'
image "$T/old.fd" ebfe "$SECTION" '0x20000 0x1000 2' '0x21000 0x1000 3'
image "$T/new.fd" ebfe "$SECTION" '0x20000 0x1000 2' '0x21000 0x1000 3' '0x22000 0x1000 4'
manifest "$T/m.yaml" 'boot: {firmware: old.fd}' 'memory: 1M'
cp "$T/m.yaml" "$T/old.yaml"
call check "$T/m.yaml"
wants 0
err_has "snpvmm: $T/m.yaml: ok" "$T/m.yaml:2:18: warning: the firmware seems older than edk2-stable202405"
call -q check "$T/m.yaml"
wants 0
err_is ''
call check --platform kvm "$T/m.yaml"
wants 0
err_is "snpvmm: $T/m.yaml: ok"
call check --set "boot.firmware=$T/new.fd" "$T/m.yaml"
wants 0
err_is "snpvmm: $T/m.yaml: ok"

begin 'all errors are reported at once, in the order of their places'
echo cut >"$T/cut.fd"
manifest "$T/m.yaml" 'boot:' '  kernl: x' '  kernel: none' '  firmware: cut.fd' 'vcpus: 0' 'vcpus: 3' 'memory: 5' \
  'snp: {policy: {smtt: true, debug: yes}, id_blok: hex:00}' \
  "expect: {console: [a, 'b('], measurement: {0: $ZEROS, 1: [$ZEROS, zz]}}" 'timeout: 3'
all='3:3 unknown-key
4:11 file-unreadable
5:13 bad-firmware
6:8 bad-value
7:1 duplicate-key
8:9 bad-value
9:16 unknown-key
9:35 bad-value
9:41 unknown-key
10:23 bad-value
10:44 bad-value
10:247 bad-value
11:10 bad-value'
for command in measure check 'run -v --platform=kvm'; do
  # shellcheck disable=SC2086 # a command and its options
  call $command "$T/m.yaml"
  wants 2
  out_is ''
  sed -n "s|^$T/m.yaml:\\([0-9:]*\\): error: .* \\[\\(.*\\)\\]\$|\\1 \\2|p" "$T/err" >"$T/places"
  file_is "$T/places" "$command says" "$all"
done

begin 'one mistake is one error'
manifest "$T/m.yaml" 'boot: {firmwre: x}' # and so there is nothing to boot
call check "$T/m.yaml"
one_error "$T/m.yaml:2:8" unknown-key "unknown key 'boot.firmwre'"
manifest "$T/m.yaml" 'kernel: x'
call check "$T/m.yaml"
one_error "$T/m.yaml:2:1" unknown-key "unknown key 'kernel'"
manifest "$T/m.yaml" 'boot: kernel'
call check "$T/m.yaml"
one_error "$T/m.yaml:2:7" bad-value "'boot' must be a map of keys, not a single value"
printf 'verison: 1\nboot: {firmware: builtin:selftest}\n' >"$T/m.yaml"
call check "$T/m.yaml"
one_error "$T/m.yaml:1:1" unknown-key "unknown key 'verison'"
manifest "$T/m.yaml" 'boot: {firmware: builtin:selftest}' "expect: {exit: none, console: ['(']}"
call check "$T/m.yaml"
one_error "$T/m.yaml:3:32" bad-value "'expect.console': '(': not a regular expression"
manifest "$T/m.yaml" 'boot: {firmware: builtin:selftest}' 'snp: {id_block: hex:00}'
call check "$T/m.yaml"
one_error "$T/m.yaml:3:17" bad-value "'snp.id_block' has 1 bytes; it must have 96"
manifest "$T/m.yaml" 'matrix: {boot.kernl: [a, b]}'
call check "$T/m.yaml"
one_error "$T/m.yaml:2:10" unknown-key "unknown key 'boot.kernl' in 'matrix'"

begin 'too many mistakes'
{ echo 'version: 1' && awk 'BEGIN { for (i = 0; i < 4000; i++) print "k" i ": 1" }'; } >"$T/m.yaml"
call check "$T/m.yaml"
wants 2
[ "$(grep -c 'error: ' "$T/err")" = 64 ] || wrong "not 64 errors: $(grep -c 'error: ' "$T/err")"
err_has "snpvmm: $T/m.yaml: only the first 64 findings are shown"

begin 'the findings in JSON and CBOR'
manifest "$T/m.yaml" 'boot: {firmware: builtin:selftest}' 'vcpus: 0' 'matrix: {memory: [1M, 64K]}'
call check -o json "$T/m.yaml"
wants 2
err_is ''
out_is '{
  "schema": "snpvmm.check/1",
  "manifest": "'"$T/m.yaml"'",
  "ok": false,
  "findings": [
    {
      "severity": "error",
      "reason": "bad-value",
      "file": "'"$T/m.yaml"'",
      "line": 3,
      "column": 8,
      "text": "'"'vcpus'"' is 0; it must be from 1 to 4096"
    }
  ]
}'
call check -o json "$T/old.yaml" "$T/none.yaml" "$EXAMPLE"
wants 2
err_is ''
if command -v python3 >/dev/null; then
  python3 - "$T/out" <<'PYTHON' >>"$T/why" 2>&1 || wrong 'not the findings of three manifests'
import json, sys
old, none, right = json.load(open(sys.argv[1]))
assert old["ok"] and [f["severity"] for f in old["findings"]] == ["warning"], old
assert "reason" not in old["findings"][0] and old["findings"][0]["line"] == 2, old
assert not none["ok"] and none["findings"][0]["reason"] == "file-unreadable" and "line" not in none["findings"][0], none
assert right == {"schema": "snpvmm.check/1", "manifest": "snpvmm.yaml.example", "ok": True, "findings": [],
                 "runs": [{"vcpus": 1, "memory": 16 << 20, "timeout_ms": 30000}]}, right
PYTHON
fi
call check -o cbor "$T/none.yaml"
wants 2
[ "$(od -An -tx1 -N1 "$T/out")" = ' a4' ] || wrong 'no map in CBOR'
call check -o tap "$EXAMPLE"
wants 2
err_is 'snpvmm: error: -o tap is only for run and verify [usage]'

begin 'in JSON: the files that a manifest names, and what its runs take'
mkdir -p "$T/far"
manifest "$T/far/m.yaml" 'boot: {firmware: builtin:selftest}' 'serial: con.log' \
  'matrix: {vcpus: [1, 2], memory: [16M, 1G], snp.certs: [a, b]}' 'timeout: 5s'
call check -o json "$T/far/m.yaml"
if command -v python3 >/dev/null; then
  python3 - "$T/out" "$T" <<'PYTHON' >>"$T/why" 2>&1 || wrong 'not its files or runs'
import json, sys
m, far = json.load(open(sys.argv[1])), sys.argv[2] + "/far/"
files = sorted((f["key"], f["path"], f["written"]) for f in m["files"])
assert files == [("serial", far + "con.log", True), ("snp.certs", far + "a", False),
                 ("snp.certs", far + "b", False)], files
assert len(m["runs"]) == 8 and {r["memory"] for r in m["runs"]} == {16 << 20, 1 << 30}, m["runs"]
assert all(r["timeout_ms"] == 5000 for r in m["runs"]), m["runs"]
PYTHON
fi
call check -o json "$T/none.yaml"
wants 2
! grep -q -e files -e runs "$T/out" || wrong 'files or runs of a manifest that is not there'

begin 'a digest that the manifest does not have is a mistake, and what would have it is named'
call check --set "expect.measurement=$ZEROS" "$EXAMPLE"
wants 2
err_has 'the measurement is not the one that --set expects [measurement-differs]'
call measure --set vcpus=3 "$EXAMPLE"
digest=$(cat "$T/out")
call check --set "expect.measurement=$digest" "$EXAMPLE"
wants 2
err_has 'that of vcpus: 3 (--set vcpus=3)'
call check --set vcpus=3 --set "expect.measurement=$digest" "$EXAMPLE"
wants 0

begin 'check needs no host'
run env -i "$SNPVMM" check --platform=snp "$EXAMPLE"
wants 0

finish
