#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/cli/diff.sh: what diff says of two launches of each kind, its statuses and formats, and bad input.
# shellcheck source=tests/cli/lib.inc disable=SC1091
. tests/cli/lib.inc
CHAIN=${SNPVMM%/snpvmm}/tests/tool/chain
image "$T/fw.fd" ebfe "$SECTION" '0x11000 0x1000 2' '0x12000 0x1000 3' '0x13000 0x1000 4'
cp "$T/fw.fd" "$T/other.fd"
patch "$T/other.fd" 0x5432 55
bzimage "$T/kernel"
manifest "$T/m.yaml" 'boot: {firmware: fw.fd}' 'vcpus: 2' 'memory: 64M'
manifest "$T/direct.yaml" 'boot: {kernel: kernel, cmdline: console=ttyS0 ro quiet}' 'memory: 64M'
"$SNPVMM" measure --pages -o json "$T/m.yaml" >"$T/m.json" || exit 1
"$SNPVMM" measure --pages -o json "$T/direct.yaml" >"$T/direct.json" || exit 1
digest=$("$SNPVMM" measure "$T/m.yaml")

first_is() { # TEXT: the line of the first region
  [ "$(grep '^first:  ' "$T/out")" = "first:  $1" ] || wrong "$last: $(grep '^first' "$T/out"), not $1"
}

begin 'the same launch: 0, and one line with the measurement'
for other in m.yaml m.json; do
  call diff "$T/m.yaml" "$T/$other"
  wants 0
  err_is ''
  out_is "same: $digest
  - $T/m.yaml (manifest)
  + $T/$other ($([ $other = m.yaml ] && echo manifest || echo launch))"
done
call diff "$T/direct.json" "$T/direct.yaml"
wants 0

begin 'another firmware: 1, and where it differs'
call diff "$T/m.yaml" --set boot.firmware="$T/other.fd"
wants 1
first_is 'firmware, 0xffff0000, differs  (boot.firmware)'
out_has 'different: the measurements differ' '1 of 16 pages differ, the first at 0xffff5000' \
  '1 byte differs, the first at 0xffff5432' 'settings that differ and are measured:' '- boot.firmware '
call diff "$T/fw.fd" "$T/other.fd"
wants 1
out_has 'different: the firmware differs' "- $T/fw.fd (firmware)" '1 byte differs, the first at 0xffff5432'
call diff "$T/fw.fd" "$T/fw.fd"
wants 0
out_has 'same: the firmware is the same'
call diff "$T/m.json" "$T/m.json" --set vcpus=3 # nothing that the settings are for
wants 0
call diff "$T/other.fd" "$T/m.json"
wants 1
out_has '1 of 16 pages differ, the first at 0xffff5000'
call diff "$T/m.yaml" "$T/fw.fd"
wants 0

begin "launch.json of a run, and names that a terminal would obey"
printf '%s\n' 'out 0xf4 1 0' >"$T/script"
FAKE_SCRIPT=$T/script run "${SNPVMM%/snpvmm}/tests/snpvmm-fake" -q run --results "$T/results" "$T/direct.yaml"
call diff "$T/results/launch.json" "$T/direct.yaml"
wants 0
call diff "$T/results/launch.json" "$T/results/manifest.yaml"
wants 0
call diff "$T/results" "$T/direct.yaml"
wants 2
name=$(printf '%s/\033[31m.json' "$T")
cp "$T/m.json" "$name"
call diff "$name" "$T/m.yaml"
wants 0
! grep -q "$(printf '\033')" "$T/out" || wrong 'an escape sequence is printed'

begin 'registers by name, with the key that decides them'
call diff "$T/m.json" "$T/m.yaml" --set vcpu_type=EPYC-Milan --set snp.guest_features=0x21
wants 1
first_is 'vcpu 0 (bsp), 0xfffffffff000, differs'
out_has '  rdx  (vcpu_type: ' '- 0x800f12' '+ 0xa00f11' '  sev_features  (snp.guest_features: ' \
  'also:   vcpu (ap), 0xfffffffff000: rdx, sev_features'
call diff -v "$T/m.json" "$T/m.yaml" --set vcpu_type=EPYC-Milan
[ "$(grep -c '^  rdx  (vcpu_type' "$T/out")" = 2 ] || wrong "-v does not show both: $(cat "$T/out")"

begin 'more vCPUs are told at once'
call diff "$T/m.yaml" --set vcpus=200
first_is 'vcpu (ap), 0xfffffffff000, 198 of them, only in +  (vcpus: each vCPU is measured)'

begin 'of a direct boot: parameters by name, and the words of the command line'
call diff "$T/direct.json" "$T/direct.yaml" --set memory=1G
first_is 'stage0 parameters, 0x8000, differs'
out_has '  ranges[3]  (memory)' '- memory                64M'
call diff "$T/direct.yaml" --set 'boot.cmdline=console=ttyS0 rw quiet debug'
first_is 'command line, 0x9000, differs'
out_has '  - console=ttyS0 ro quiet' '  + console=ttyS0 rw quiet debug' '    -ro +rw +debug'
call diff "$T/direct.yaml" --set 'boot.cmdline=console=ttyS0 ro quiet '
out_has 'the words are the same: blanks differ (22 bytes and 23 bytes)'
cp "$T/kernel" "$T/kernel2"
patch "$T/kernel2" 0x900 01
call diff "$T/direct.yaml" --set boot.kernel="$T/kernel2"
out_has '  kernel.sha256  (boot.kernel)'
call diff "$T/direct.yaml" --set vcpus=2
first_is 'ACPI tables, 0xa000, differs'
out_has '  APIC  (vcpus)'

begin 'settings that are not measured: 0, and they are told'
call diff "$T/m.yaml" --set snp.policy=0xb0000 --set snp.host_data="hex:$(printf '%064d' 1)" --set memory=128M
wants 0
out_has "same: $digest" 'settings that differ and are not measured:' '- snp.policy            0x30000' \
  '+ snp.policy            0xb0000' '- memory                64M' '+ snp.host_data '
! grep -q 'and are measured' "$T/out" || wrong "$(cat "$T/out")"

begin 'a digest, as an argument or in a file: different, and how to go on'
other=$(echo "$digest" | tr 0-9a-f 1-9a-f0)
echo "$digest" >"$T/digest"
upper=$(echo "$digest" | tr a-f A-F)
for same in "$digest" "0x$upper" "$T/digest"; do
  call diff "$T/m.yaml" "$same"
  wants 0
done
call diff "$other" "$T/m.json"
wants 1
out_has 'different: ' '- given (digest)' "    $other" 'note: one side has a digest but no regions'
call diff "$T/m.yaml" "$other"
wants 1
out_has "fix: 'snpvmm explain --want $other MANIFEST' searches"
call diff "$other" "$digest"
wants 1
err_is ''

begin 'a report: measurement, policy, host data, identity'
mkdir "$T/r"
"$CHAIN" "$T/r" 3 vcek milan "measurement=$digest" || exit 1
call diff "$T/m.yaml" "$T/r/report.bin"
wants 0
out_has '(report)'
"$CHAIN" "$T/r" 3 vcek milan "measurement=$digest" policy=00000b0000000000 image_id=00112233445566778899aabbccddeeff || exit 1
call diff "$T/r/report.bin" "$T/m.json"
wants 0
out_has '- snp.policy            0xb0000' '+ snp.policy            0x30000' \
  '- snp.identity.image_id  00112233445566778899aabbccddeeff' '+ snp.identity.image_id  none'
base64 "$T/r/report.bin" >"$T/report.txt"
call diff "$T/report.txt" "$T/r/report.bin"
wants 0

begin '-o json and -o cbor: snpvmm.diff/1'
call diff -o json "$T/m.yaml" --set vcpus=3 --set snp.policy=0xb0000
wants 1
err_is ''
out_has '"schema": "snpvmm.diff/1"' '"same": false' '"change": "only-b"' '"key": "vcpus"' '"measured": false'
if command -v python3 >/dev/null; then
  python3 - "$T/out" "$digest" <<'PYTHON' >>"$T/why" 2>&1 || wrong 'the JSON is not right'
import json, sys
j = json.load(open(sys.argv[1]))
assert set(j) == {'schema', 'same', 'a', 'b', 'regions', 'settings'}, j
assert j['a']['measurement'] == sys.argv[2] != j['b']['measurement'], j
assert [r['label'] for r in j['regions']] == ['vcpu (ap)'], j
assert {(s['name'], s['a'], s['b'], s['measured']) for s in j['settings']} == {
    ('vcpus', '2', '3', True), ('snp.policy', '0x30000', '0xb0000', False)}, j
PYTHON
fi
call diff -o cbor "$T/m.yaml" "$T/m.json"
wants 0
tr -c '[:print:]' . <"$T/out" | grep -q 'schemamsnpvmm.diff/1' || wrong "$(tr -c '[:print:]' . <"$T/out")"

begin '- is standard input, for any kind, but not for both'
run sh -c '"$0" diff - "$1" <"$2"' "$SNPVMM" "$T/m.json" "$T/m.json"
wants 0
run sh -c 'cd "$3" && "$0" diff "$1" - <"$2"' "$SNPVMM" "$T/m.json" "$T/m.yaml" "$T"
wants 0
run sh -c '"$0" diff - "$1" <"$2"' "$SNPVMM" "$T/fw.fd" "$T/fw.fd"
wants 0
call diff - -
wants 2
one_error snpvmm usage 'standard input can only be one of the two'

begin 'colours, where they are wanted'
call diff --color=always "$T/m.yaml" --set vcpus=3
grep -q "$(printf '^\033\\[31mdifferent: ')" "$T/out" || wrong "$(cat "$T/out")"
call diff --color=always "$T/m.yaml" "$T/m.yaml"
grep -q "$(printf '^\033\\[32msame: ')" "$T/out" || wrong "$(cat "$T/out")"

begin 'usage'
call diff
usage_error 'diff: two files are missing'
call diff "$T/m.yaml"
usage_error 'diff: a second file is missing'
call diff "$T/m.json" --set vcpus=3
usage_error 'diff: a second file is missing' 'give a manifest, or a kernel with -k'
call diff "$T/m.json" -f "$T/fw.fd" -c 2 -m 64M
wants 0
call diff "$T/m.yaml" "$T/m.yaml" "$T/m.yaml"
usage_error "diff: diff compares two, and '$T/m.yaml' is a third"

begin 'what has nothing in common: 2'
call diff "$T/fw.fd" "$digest"
wants 2
one_error snpvmm usage 'firmware and digest have nothing in common to compare'
call diff "$T/r/report.bin" "$T/fw.fd"
wants 2
call diff "$VECTORS/files/045-id-block.bin" "$T/fw.fd"
wants 2
one_error snpvmm usage 'ID block and firmware have nothing in common to compare'
call diff "$VECTORS/files/045-id-auth.bin" "$T/fw.fd"
wants 2
err_has 'diff cannot compare this file: it is an ID authentication [unsupported]'
call diff "$T/fw.fd" "$T/direct.yaml"
wants 2
one_error snpvmm usage "'$T/direct.yaml' has no firmware that its launch measures"

refuses() { # REASON SENTENCE FILE: on either side
  for order in 1 2; do
    if [ $order = 1 ]; then call diff "$3" "$T/m.yaml"; else call diff "$T/m.yaml" "$3"; fi
    wants 2
    [ ! -s "$T/out" ] || wrong "stdout has: $(cat "$T/out")"
    err_has "error: $2" "[$1]"
  done
}

begin 'an IGVM file stands for a manifest that names it'
igvm=$VECTORS/igvm/pub-untidy.igvm
call diff "$igvm" "$igvm"
wants 0
call diff "$igvm" --set measure.profile=igvm
wants 1
first_is 'igvm parameters, 0x808000, loaded in another order'
out_has '6e736dec' '1ce207ba'
call measure -f "$igvm"
call diff "$igvm" "$(cat "$T/out")"
wants 0
run sh -c '"$0" diff - "$1" <"$1"' "$SNPVMM" "$igvm"
wants 2
err_has 'diff cannot compare this file: it is an IGVM file [unsupported]'

begin 'files of no kind that can be compared'
refuses unsupported 'diff cannot compare this file: it is a Linux kernel (bzImage)' "$T/kernel"
err_has 'a manifest names this file as boot.kernel'
: >"$T/empty"
refuses syntax '' "$T/empty"
head -c 3000 /dev/urandom | tr '\000-\037' '\200' >"$T/noise"
refuses unsupported 'diff cannot compare this file' "$T/noise"
printf 'IGVM\001\000\000\000' >"$T/x.igvm"
refuses bad-firmware "firmware '$T/x.igvm': an IGVM file of 8 bytes is cut short" "$T/x.igvm"
tail -c +1001 "$T/fw.fd" >"$T/odd.fd"
refuses bad-firmware "firmware '$T/odd.fd': a firmware image of" "$T/odd.fd"
refuses file-unreadable "'$T/r' is not a regular file" "$T/r"
err_has "  fix: for the results of a run, give launch.json in that folder"
refuses file-unreadable "cannot open '$T/none'" "$T/none"
err_has 'a path on the command line is relative to the current folder'
mkfifo "$T/fifo" && refuses file-unreadable "'$T/fifo' is not a regular file" "$T/fifo"
truncate -s 20G "$T/huge" && refuses file-too-large '' "$T/huge"

begin 'a digest of the wrong length'
for wrong_one in "${digest}0" "${digest%?}" "0x$(printf '%064d' 0)" "$(printf '%040d' 0)"; do
  refuses bad-value "'digest' is '" "$wrong_one"
done
echo "${digest}00" >"$T/long"
refuses bad-value '49 bytes in hex: a digest has 48' "$T/long"

begin 'JSON that is no launch, is cut, or is huge'
for cut in 1000 2000 4000; do
  head -c $cut "$T/m.json" >"$T/cut.json"
  refuses syntax 'not JSON: ' "$T/cut.json"
done
echo '{"schema": "snpvmm.result/1"}' >"$T/result.json"
refuses unsupported "not a launch: its schema is 'snpvmm.result/1'" "$T/result.json"
echo '[]' >"$T/list.json"
refuses unsupported 'a list of 0 launches, not one' "$T/list.json"
sed 's/"gpa": "0x/"gpa": "1x/' "$T/m.json" >"$T/gpa.json"
refuses bad-value "'regions[0].gpa' is not the address of a page" "$T/gpa.json"
{ printf '{"schema": ['; head -c 3000000 /dev/zero | tr '\000' '['; } >"$T/deep.json"
refuses file-too-large 'JSON with more values than any launch has' "$T/deep.json"
{ printf '{"schema": "'; head -c 17000000 /dev/zero | tr '\000' ' '; } >"$T/long.json"
refuses file-too-large 'JSON of 170000' "$T/long.json"

begin 'a manifest with mistakes, or of several launches'
manifest "$T/bad.yaml" 'boot: {firmware: fw.fd}' 'vcpus: 0'
call diff "$T/m.yaml" "$T/bad.yaml"
wants 2
one_error "$T/bad.yaml:3:8" bad-value "'vcpus' is 0; it must be from 1 to 4096"
call diff "$T/m.yaml" "$T/m.yaml" --set 'matrix={vcpus: [1, 2]}'
wants 2
err_has 'this manifest stands for 2 launches, and diff compares one'
call diff "$T/m.yaml" --set 'matrix={vcpus: [3]}'
wants 1

begin '--confine: the sides are below the folder, and so is what they name'
mkdir "$T/in"
cp "$T/m.json" "$T/in/"
call diff --confine "$T/in" "$T/in/m.json" "$T/m.json"
wants 2
err_has '[outside-confine]'
call diff --confine "$T/in" "$T/in/m.json" "$T/in/m.json"
wants 0

full_disk 2 'cannot write to standard output' diff "$T/m.yaml" "$T/m.json"
full_disk 2 'cannot write to standard output' diff "$T/m.yaml" "$(printf %096d 1)"

if [ -e "${SNPVMM_IMAGES-}/ovmf-2025.02.fd" ] && [ -e "${SNPVMM_IMAGES-}/ovmf-2026.08-amdsev.fd" ]; then
  new=$(realpath "$SNPVMM_IMAGES/ovmf-2026.08-amdsev.fd") # also named in manifests elsewhere
  begin 'two builds of OVMF: which drivers differ'
  call diff -v "$SNPVMM_IMAGES/ovmf-2025.02.fd" "$new"
  wants 1
  out_has '  hash_table  (boot.firmware: ' 'differs  SECFV, SecMain (SEC core)' \
    'differs  FVMAIN_COMPACT/DXEFV, BdsDxe (driver, compressed)' 'only -   FVMAIN_COMPACT/DXEFV, ' 'only +   FVMAIN_COMPACT/PEIFV, '
  call diff "$SNPVMM_IMAGES/ovmf-2025.02.fd" "$new"
  out_has 'more files (-v shows all)'

  begin 'a byte of a driver: which it is'
  at=$("$SNPVMM" diff -o json "$SNPVMM_IMAGES/ovmf-2025.02.fd" "$new" | grep -A 8 '"name": "SecMain"' |
    sed -n 's/.*"offset_b": "\(0x[0-9a-f]*\)".*/\1/p')
  cp "$new" "$T/byte.fd"
  chmod u+w "$T/byte.fd"
  patch "$T/byte.fd" $((at + 0x1234)) 5a
  call diff "$new" "$T/byte.fd"
  wants 1
  out_has '1 of 1024 pages differ' '1 byte differs, the first at 0x' ': SECFV, SecMain, ' 'differs  SECFV, SecMain (SEC core)'

  begin 'kernel hashes: which entry'
  manifest "$T/amd.yaml" "boot: {firmware: $new, kernel: kernel, cmdline: a b}" 'memory: 64M'
  call diff "$T/amd.yaml" --set 'boot.cmdline=a c' --set boot.kernel="$T/kernel2"
  wants 1
  first_is 'kernel hashes, 0x810000, differs'
  out_has '  kernel  (boot.kernel)' '  cmdline  (boot.cmdline: ' '    -b +c'
else
  skip 'two builds of OVMF' 'SNPVMM_IMAGES names no folder with them'
fi

finish
