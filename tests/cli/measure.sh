#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/cli/measure.sh: the launch digest in each form that measure prints.
# shellcheck source=tests/cli/lib.inc disable=SC1091
. tests/cli/lib.inc

digest_line() { # the only line of stdout is a digest
  [ "$(grep -c '' "$T/out")" = 1 ] || wrong "not one line: $(cat "$T/out")"
  grep -q -x -E '[0-9a-f]{96}' "$T/out" || wrong "not a digest: $(cat "$T/out")"
}
manifest "$T/good.yaml" 'boot: {firmware: builtin:selftest}' 'vcpus: 2'
manifest "$T/bad.yaml" 'boot: {firmware: builtin:selftest}' 'vcpus: 0'
bad="$T/bad.yaml:3:8: error: 'vcpus' is 0; it must be from 1 to 4096 [bad-value]"

begin 'one manifest: the digest, a newline, nothing else'
call measure "$EXAMPLE"
wants 0
digest_line
err_is ''
digest=$(cat "$T/out")
call measure "$T/good.yaml"
digest2=$(cat "$T/out")
[ "$digest" != "$digest2" ] || wrong 'one and two vCPUs measure alike'

begin "several manifests: sha384sum's form"
call measure "$EXAMPLE" "$T/good.yaml"
wants 0
out_is "$digest  $EXAMPLE
$digest2  $T/good.yaml"
err_is ''

begin 'a manifest that fails does not stop the others: 2'
call measure "$T/good.yaml" "$T/bad.yaml" "$EXAMPLE"
wants 2
out_is "$digest2  $T/good.yaml
$digest  $EXAMPLE"
err_is "$bad"

begin '--vcpus: a line for each count'
for option in --vcpus=1,2,255 '--vcpus 1,2,255' '-n 1,2,255'; do
  # shellcheck disable=SC2086 # one or two words
  call measure $option "$EXAMPLE"
  wants 0
  [ "$(head -n 2 "$T/out")" = "1  $digest
2  $digest2" ] || wrong "the first two: $(cat "$T/out")"
  [ "$(sed -n '3,$s/^255  [0-9a-f]\{96\}$/x/p; 4,$p' "$T/out")" = x ] || wrong "the third: $(cat "$T/out")"
done
call measure --vcpus=2 "$EXAMPLE" "$T/good.yaml"
out_is "2  $digest2  $EXAMPLE
2  $digest2  $T/good.yaml"

begin 'a matrix: a line for each run'
manifest "$T/matrix.yaml" 'boot: {firmware: builtin:selftest}' 'matrix: {vcpus: [1, 2], memory: [16M, 32M]}'
call measure "$T/matrix.yaml"
wants 0
out_is "vcpus=1,memory=16M  $digest
vcpus=1,memory=32M  $digest
vcpus=2,memory=16M  $digest2
vcpus=2,memory=32M  $digest2"
call measure --set memory=1G "$T/matrix.yaml" "$EXAMPLE"
wants 0
out_is "vcpus=1,memory=1G  $digest  $T/matrix.yaml
vcpus=2,memory=1G  $digest2  $T/matrix.yaml
$digest  $EXAMPLE"
call measure --set 'matrix={vcpus: [2, 0]}' "$EXAMPLE"
wants 2
out_is "vcpus=2  $digest2"
err_is "--set matrix: error: 'vcpus' is 0; it must be from 1 to 4096 [bad-value]"
call measure --vcpus=1 "$T/matrix.yaml"
wants 2
out_is ''
one_error "$T/matrix.yaml" usage '--vcpus cannot be used for a manifest with a matrix'
err_has "$T/matrix.yaml: error: --vcpus cannot be used for a manifest with a matrix [usage]" '  fix: '

begin 'a run of a matrix that fails does not stop the others: 2'
zero="--set matrix: error: 'vcpus' is 0; it must be from 1 to 4096 [bad-value]"
for wrong_one in '[0, 1, 2]' '[1, 0, 2]' '[1, 2, 0]' '[0, 1, 0, 2]'; do
  call measure --set "matrix={vcpus: $wrong_one}" "$EXAMPLE" "$T/good.yaml"
  wants 2
  out_is "vcpus=1  $digest  $EXAMPLE
vcpus=2  $digest2  $EXAMPLE
vcpus=1  $digest  $T/good.yaml
vcpus=2  $digest2  $T/good.yaml"
  err_is "$zero
$zero"
done
call measure --set 'matrix={memory: [64K, 16M], vcpus: [1, 2]}' "$EXAMPLE"
wants 2
out_is "memory=16M,vcpus=1  $digest
memory=16M,vcpus=2  $digest2"
err_has "$EXAMPLE:" 'error: memory=64K,vcpus=1: ' 'error: memory=64K,vcpus=2: '
call measure -o json --set 'matrix={vcpus: [0, 1]}' "$EXAMPLE"
wants 2
[ "$(head -c 1 "$T/out") $(grep -c '"variant": ' "$T/out")" = '[ 1' ] || wrong "not a list of one: $(cat "$T/out")"
err_is "$zero"
call measure -o json --set 'matrix={vcpus: [0, 4097]}' "$EXAMPLE"
wants 2
out_is ''
err_has "'vcpus' is 0;" "'vcpus' is 4097;"

begin '--vcpus takes the numbers that a manifest can have'
for counts in '1,' ,1 1,,2 -1 x 1x '' 1.5 02 ' 1'; do
  call measure --vcpus="$counts" "$EXAMPLE"
  wants 2
  out_is ''
  err_has 'which is not a number'
done
for count in 0 4097 0x1001 99999999999999999999; do
  call measure --vcpus="1,$count" "$EXAMPLE"
  wants 2
  err_has "measure: '--vcpus' is $count; it must be from "
done
call measure --vcpus=0x2 "$EXAMPLE"
wants 0
out_has '2  '

begin '--pages: each region with the digest after it, and the last with the launch digest'
call measure --pages "$EXAMPLE"
wants 0
[ "$(head -n 1 "$T/out")" = "$digest" ] || wrong 'the digest does not come first'
[ "$(sed 1d "$T/out" | grep -c -v -E '^  0x[0-9a-f]{12} +[0-9]+ KiB  [a-z]+ +[0-9a-f]{16}\.\.\.  .+')" = 0 ] ||
  wrong "not a region a line: $(cat "$T/out")"
tail -n 1 "$T/out" | grep -q -E "^  0xfffffffff000 +4 KiB  vmsa +$(echo "$digest" | cut -c 1-16)\.\.\.  " || wrong "the last: $(tail -n 1 "$T/out")"

[ "$(awk '{ print length }' "$T/out" | sort -n | tail -n 1)" -le 100 ] || wrong 'a line is longer than 100 columns'

if command -v python3 >/dev/null; then
  begin '-o json: an object with the fields of snpvmm.measure/1'
  call measure -o json --set vcpus=2 --set vcpu_type=0x00800f12 --set snp.guest_features=0x21 "$EXAMPLE"
  wants 0
  err_is ''
  cp "$T/out" "$T/json"
  call measure --set vcpus=2 --set snp.guest_features=0x21 "$EXAMPLE"
  python3 - "$T/json" "$EXAMPLE" "$(cat "$T/out")" <<'PYTHON' >>"$T/why" 2>&1 || wrong 'the JSON is not right'
import json, sys
j = json.load(open(sys.argv[1]))
assert j.pop('pages') > 2, j
assert j == {'schema': 'snpvmm.measure/1', 'manifest': sys.argv[2], 'measurement': sys.argv[3], 'profile': 'qemu',
             'vcpus': 2, 'vcpu_type': '0x00800f12', 'vcpu_sig': '0x800f12', 'guest_features': '0x21', 'policy': '0x30000',
             'host_data': '00' * 32}, j
PYTHON

  begin '-o json --pages: regions in launch order'
  call measure -o json --pages "$EXAMPLE"
  wants 0
  python3 - "$T/out" "$digest" <<'PYTHON' >>"$T/why" 2>&1 || wrong 'the JSON is not right'
import json, re, sys
j = json.load(open(sys.argv[1]))
regions = j['regions']
more = {'sha384', 'page_sha384', 'fields'}
assert all(set(r) - more == {'gpa', 'size', 'type', 'label', 'digest_after'} for r in regions), regions
for r in regions:
    assert ('page_sha384' in r) == (r['type'] == 'normal' and r['size'] > 4096), r
    assert len(r.get('page_sha384', [''] * (r['size'] // 4096))) == r['size'] // 4096, r
    assert all(re.fullmatch('[0-9a-f]{96}', h) for h in r.get('page_sha384', [])), r
    assert all(isinstance(v, str) for v in r.get('fields', {}).values()), r
assert any('page_sha384' in r for r in regions)
assert [r['fields']['vcpu_sig'] for r in regions if r['label'] == 'selftest parameters'] == ['0x800f12'], regions
assert regions[-1]['fields']['rip'] == '0x10000', regions[-1]
settings = j['settings']
assert settings['boot.firmware'] == 'builtin:selftest' and settings['memory'] == '16M', settings
assert not {'name', 'timeout', 'expect.console', 'snp.policy', 'vcpus'} & set(settings), settings
assert all(('sha384' in r) == (r['type'] in ('normal', 'vmsa')) for r in regions), regions
assert all(re.fullmatch('[0-9a-f]{96}', r.get('sha384', '0' * 96)) for r in regions), regions
assert all(re.fullmatch('0x[0-9a-f]+', r['gpa']) and r['size'] % 4096 == 0 for r in regions), regions
assert sum(r['size'] for r in regions) == 4096 * j['pages'], j
assert regions[-1]['type'] == 'vmsa' and regions[-1]['digest_after'] == j['measurement'] == sys.argv[2], j
PYTHON

  begin '-o json: an array when there are several'
  call measure -o json --vcpus=1,2 "$EXAMPLE" "$T/good.yaml"
  wants 0
  python3 - "$T/out" "$EXAMPLE" "$T/good.yaml" "$digest" "$digest2" <<'PYTHON' >>"$T/why" 2>&1 || wrong 'the JSON is not right'
import json, sys
_, file, a, b, one, two = sys.argv
got = [(j['manifest'], j['vcpus'], j['measurement']) for j in json.load(open(file))]
assert got == [(m, n, d) for m in (a, b) for n, d in ((1, one), (2, two))], got
PYTHON
  call measure -o json "$T/matrix.yaml"
  wants 0
  python3 - "$T/out" "$digest" "$digest2" <<'PYTHON' >>"$T/why" 2>&1 || wrong 'the JSON is not right'
import json, sys
_, file, one, two = sys.argv
got = [(j['variant'], j['vcpus'], j['measurement']) for j in json.load(open(file))]
assert got == [(f'vcpus={n},memory={m}', n, d) for n, d in ((1, one), (2, two)) for m in ('16M', '32M')], got
PYTHON
  call measure -o json --set 'matrix={vcpus: [1]}' "$EXAMPLE"
  [ "$(head -c 1 "$T/out")" = '[' ] || wrong 'a matrix of one run is no array'
  call measure -o json --vcpus=1 "$EXAMPLE"
  [ "$(head -c 1 "$T/out")" = '{' ] || wrong 'one count of one manifest is no array'
else
  skip '-o json' 'there is no python3 to read it'
  begin '-o json: the fields of snpvmm.measure/1'
  call measure -o json --pages "$EXAMPLE"
  wants 0
  out_has '"schema": "snpvmm.measure/1"' "\"manifest\": \"$EXAMPLE\"" "\"measurement\": \"$digest\"" \
    '"profile": "qemu"' '"vcpus": 1' '"vcpu_sig": "0x800f12"' '"guest_features": "0x1"' '"pages": ' \
    '"regions": [' "\"digest_after\": \"$digest\""
fi

begin '-o json: a manifest that failed is left out, and the status shows it'
call measure -o json "$T/bad.yaml"
wants 2
out_is ''
err_is "$bad"
call measure -o json "$T/bad.yaml" "$T/bad.yaml"
wants 2
out_is '[]'

first_byte() {
  od -An -tx1 -N1 "$T/out" | tr -d ' '
}

begin '-o cbor: a map, the same each time'
call measure -o cbor "$EXAMPLE"
wants 0
err_is ''
[ "$(first_byte)" = ab ] || wrong "it begins with $(first_byte), not with a map of 11"
cp "$T/out" "$T/cbor"
call measure --output=cbor "$EXAMPLE"
cmp -s "$T/out" "$T/cbor" || wrong 'a second time it differs'
tr -c '[:print:]' . <"$T/cbor" |
  grep -q 'epages.evcpus.fpolicyg0x30000fschemapsnpvmm.measure/1gprofiledqemuhmanifest.*hvcpu_sig.*ihost_data.*ivcpu_type.*kmeasurement.*nguest_features' ||
  wrong "the keys are not in the order of their bytes: $(tr -c '[:print:]' . <"$T/cbor")"
call measure -o cbor --pages "$EXAMPLE"
[ "$(first_byte)" = ad ] || wrong "with --pages it begins with $(first_byte), not with a map of 13"

begin '-o cbor: an array when there are several'
call measure -o cbor --vcpus=1,2,4 "$EXAMPLE"
[ "$(first_byte)" = 83 ] || wrong "it begins with $(first_byte)"
call measure -o cbor "$T/bad.yaml"
wants 2
out_is ''
err_is "$bad"
call measure -o cbor "$T/bad.yaml" "$T/bad.yaml"
wants 2
[ "$(first_byte)" = 80 ] || wrong "the empty one begins with $(first_byte)"

begin 'a name that is not UTF-8 becomes UTF-8'
odd=$T/$(printf 'a\377.yaml')
cp "$T/good.yaml" "$odd"
call measure "$odd"
wants 0
for format in json cbor; do
  call measure -o $format "$odd"
  wants 0
  grep -a -q -F 'a�.yaml' "$T/out" || wrong "$format: $(head -c 300 "$T/out" | od -c)"
done

begin 'neither the environment nor the current directory changes a digest'
run env -i "$SNPVMM" measure "$EXAMPLE"
out_is "$digest"
run env LANG=tr_TR.UTF-8 LC_ALL=tr_TR.UTF-8 VCPUS=4 SNPVMM_VCPUS=4 "$SNPVMM" measure "$EXAMPLE"
out_is "$digest"
# shellcheck disable=SC2016 # for the inner shell
run sh -c 'cd "$1" && exec "$2" measure good.yaml' sh "$T" "$SNPVMM"
out_is "$digest2"

begin "paths are relative to the manifest's folder"
mkdir "$T/folder"
image "$T/folder/i.fd" ebfe "$SECTION"
manifest "$T/folder/m.yaml" 'boot: {firmware: i.fd}'
call measure "$T/folder/m.yaml"
wants 0
digest_line
manifest "$T/n.yaml" "boot: {firmware: {path: folder/i.fd, sha256: $(sha256sum <"$T/folder/i.fd" | cut -c -64)}}"
cp "$T/out" "$T/first"
call measure "$T/n.yaml"
cmp -s "$T/out" "$T/first" || wrong 'two ways to one image differ'

begin 'an SVSM below a firmware'
V=$(realpath "$VECTORS/fw")
manifest "$T/svsm.yaml" "boot: {firmware: $V/pub-plain-16k.fd}" 'vcpus: 2' 'memory: 4G' \
  "measure: {profile: svsm, svsm: $V/pub-svsm-24k.bin, vars_size: 528K}"
call measure "$T/svsm.yaml"
wants 0
out_is '3b00ba510b6a9fa844fa24d7e8811244c7ac2d31c3d10e36d53110ba6f600de8d086798a3d55c286a474ae0668a84658'
call run "$T/svsm.yaml"
wants 2
err_has 'measure.profile svsm has the firmware at VMPL 2 below an SVSM, and KVM has no VMPLs [unsupported]'
call measure --set measure.profile=qemu "$T/svsm.yaml"
wants 2
err_has 'measure.svsm and measure.vars_size are for measure.profile svsm [conflict]'
call measure --set "measure.svsm=$V/pub-plain-16k.fd" "$T/svsm.yaml"
wants 0 # it begins where its reset block says
call measure --set "measure.svsm=$V/pub-noreset-4k.fd" "$T/svsm.yaml"
wants 2
err_has "is no SVSM: it doesn't say where it begins [bad-firmware]"
manifest "$T/svsm.yaml" "boot: {firmware: $V/pub-plain-16k.fd}" 'measure: {profile: svsm, vars_size: 528K}'
call measure "$T/svsm.yaml"
wants 2
err_has "measure.profile svsm without 'measure.svsm' [missing-key]" '  fix: give both'
call measure --set measure.profile=svsm "$EXAMPLE"
wants 2
err_has 'measure.profile svsm measures an OVMF image, an SVSM, and nothing else [conflict]'

begin 'a profile that cannot be run can be measured'
for profile in ec2 gce; do
  call measure --set measure.profile=$profile "$T/n.yaml"
  wants 0
  digest_line
  cmp -s "$T/out" "$T/first" && wrong "$profile is like qemu"
done

# Digests by sev-snp-measure 0.0.13, cases pub-024 and pub-033.
begin 'the digests are those of another tool'
manifest "$T/v.yaml" "boot: {firmware: $(cd "$VECTORS" && pwd)/fw/pub-plain-16k.fd}" 'vcpu_type: EPYC-v3'
call measure --vcpus=7 "$T/v.yaml"
out_is '7  5150a31ef55859cdd3be7ea1af71dd9314fefa9069870a000f418bfb582dae8800ec6c8efb5b757225e1d34300a32087'
call measure --set vcpus=4 --set measure.profile=ec2 --set snp.guest_features=0x21 "$T/v.yaml"
out_is 11e85b909f747ae46ca167764e586bc9189ccf30a90243d029332306d923d106a7f7d8f8a02030ea98b8705bb3d21af6

if [ -w /dev/full ]; then
  begin 'a full disk is an error that names the output'
  for option in --quiet --pages '--vcpus=1,2,3'; do
    call_to_stdout measure $option "$EXAMPLE" >/dev/full
    wants 2
    err_is 'snpvmm: error: cannot write to standard output: No space left on device [output-failed]'
  done
  for format in json cbor; do
    call_to_stdout measure -o $format "$EXAMPLE" >/dev/full
    wants 2
    err_is 'snpvmm: error: cannot write to standard output: No space left on device [output-failed]'
    call_to_stdout measure -o $format --pages --vcpus=254,255 "$EXAMPLE" >/dev/full
    wants 2
    one_error snpvmm output-failed "writing $(echo $format | tr '[:lower:]' '[:upper:]'): No space left on device"
  done
else
  skip 'a full disk is an error that names the output' 'there is no /dev/full'
fi

begin 'a closed stdout is an error that names the output'
call_to_stdout measure "$EXAMPLE" >&-
wants 2
err_is 'snpvmm: error: cannot write to standard output: Bad file descriptor [output-failed]'

begin 'more vCPUs than a run can have'
image "$T/many.fd" ebfe "$SECTION"
manifest "$T/many.yaml" 'boot: {firmware: many.fd}' 'memory: 1M'
call measure --vcpus=255,256,4096 "$T/many.yaml"
wants 0
[ "$(awk 'NF == 2 && length($2) == 96 { print $1 }' "$T/out" | tr '\n' ' ')" = '255 256 4096 ' ] || wrong "not three digests: $(cat "$T/out")"
[ "$(cut -d' ' -f3 "$T/out" | sort -u | wc -l)" = 3 ] || wrong 'not three different ones'
call check --set vcpus=256 "$T/many.yaml"
wants 0
err_is "snpvmm: $T/many.yaml: ok to measure, not to run: vcpus is more than 255, which is the most that can run"
call run --platform kvm --set vcpus=256 "$T/many.yaml"
wants 2
err_is "$T/many.yaml: error: this manifest can be measured, not run: vcpus is more than 255, which is the most that can run [unsupported]"

begin 'a manifest from standard input'
digest=$("$SNPVMM" measure "$EXAMPLE")
"$SNPVMM" measure - <"$EXAMPLE" >"$T/out" 2>"$T/err"
status=$? last='measure -'
wants 0
out_is "$digest"
"$SNPVMM" measure - "$EXAMPLE" - <"$EXAMPLE" >"$T/out" 2>"$T/err"
status=$?
wants 0
out_is "$digest  stdin
$digest  $EXAMPLE
$digest  stdin"
printf 'version: 1\nboot: {firmware: builtin:selftest}\nvcpus: 0\n' | "$SNPVMM" check - >"$T/out" 2>"$T/err"
status=$?
wants 2
err_is "stdin:3:8: error: 'vcpus' is 0; it must be from 1 to 4096 [bad-value]"
(cd "$T" && printf 'version: 1\nmemory: 1M\nboot: {firmware: many.fd}\nmatrix: {vcpus: [1, 2]}\n' | "$SNPVMM" check -) >"$T/out" 2>"$T/err"
status=$?
wants 0
err_is 'snpvmm: stdin: vcpus=1: ok
snpvmm: stdin: vcpus=2: ok'
head -c 1100000 /dev/zero | tr '\0' '#' | "$SNPVMM" check - >"$T/out" 2>"$T/err"
status=$?
wants 2
err_has 'stdin: error: 1048577 bytes; a manifest has at most 1048576 (1 MiB) [file-too-large]'
call measure - </dev/null
wants 2
err_has 'stdin:1:1: error: there is nothing in it [syntax]'
(exec <&-; "$SNPVMM" check -) >"$T/out" 2>"$T/err"
status=$?
wants 2
err_has 'error: cannot read standard input: '

finish
