#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/cli/inspect.sh: what inspect prints about files, in each form, and its errors.
# shellcheck source=tests/cli/lib.inc disable=SC1091
. tests/cli/lib.inc
image "$T/i.fd" ebfe "$SECTION"
head -c 96 /dev/zero >"$T/block"
patch "$T/block" 0 "$(printf '%096d' 7)"
patch "$T/block" 0x50 '0100000005000000 0000030000000000'
printf IGVM >"$T/igvm"
printf 'neither\n' >"$T/text"
IMAGE='kind:          ovmf
size:          65536
gpa:           0xffff0000
bsp_start:     0xfffffff0
ap_start:      0x80b004
kernel_hashes: supported no
table:
  guid                                  offset  size  name
  00f771de-1a7e-4fcb-890e-68c77e2fb44e  0xffb8  4     SEV-ES reset block
  dc886566-984a-4798-a75e-5585a7bf67cc  0xffa2  4     SEV metadata
sev_metadata:  yes
sections:
  gpa      size    type  name     page_type
  0x10000  0x1000  0x1   sec mem  zero'
BLOCK="kind:        id_block
size:        96
measurement: $(printf '%096d' 7)
family_id:   00000000000000000000000000000000
image_id:    00000000000000000000000000000000
version:     1
guest_svn:   5
policy:
  value: 0x30000
  abi:   0.0
  bits:  smt"
UNKNOWN='  fix: give one of these, in binary, base64 or hex: OVMF-style firmware images, IGVM files, Linux kernels (bzImage), '

begin 'a firmware image'
call inspect "$T/i.fd"
wants 0
out_is "$IMAGE"
err_is ''

begin 'an SVSM image is recognised, although it has the form of a firmware'
call inspect "$VECTORS/fw/pub-svsm-24k.bin"
wants 0
out_has 'an SVSM image, which runs below a firmware'
call inspect -o json "$T/i.fd"
! grep -q SVSM "$T/out" || wrong "$last: a firmware is called one"

begin 'an ID block'
call inspect "$T/block"
wants 0
out_is "$BLOCK"
err_is ''

begin 'several files, each below its name'
call inspect "$T/i.fd" "$T/block"
wants 0
out_is "$T/i.fd:
$(echo "$IMAGE" | sed 's/^/  /')

$T/block:
$(echo "$BLOCK" | sed 's/^/  /')"
err_is ''

begin 'a name with control characters is shown without them'
odd=$(printf 'a\033[2Jb')
cp "$T/block" "$T/$odd"
call inspect "$T/$odd" "$T/block"
wants 0
[ "$(head -n 1 "$T/out")" = "$T/a�[2Jb:" ] || wrong "$(head -n 1 "$T/out" | od -c)"

begin 'a file that cannot be read does not stop the others: 2'
call inspect "$T/none" "$T/block" "$T/text" "$T/block"
wants 2
out_is "$T/block:
$(echo "$BLOCK" | sed 's/^/  /')

$T/block:
$(echo "$BLOCK" | sed 's/^/  /')"
err_has "$T/none: error: cannot open '$T/none': No such file or directory [file-unreadable]
  fix: see that the file is there: a path on the command line is relative to the current folder
$T/text: error: unknown file type [unsupported]" "$UNKNOWN"

begin 'an unknown file is refused with the kinds that are known'
: >"$T/empty"
call inspect "$T/text"
wants 2
one_error "$T/text" unsupported 'unknown file type'
err_has '  why: neither its content nor its size of ' "$UNKNOWN"
call inspect "$T/empty"
wants 2
one_error "$T/empty" unsupported 'the file is empty'

begin 'a block as text, and from standard input'
base64 "$T/block" >"$T/block.b64"
od -An -v -tx1 "$T/block" >"$T/block.hex"
for form in base64:b64 hex:hex; do
  call inspect "$T/block.${form#*:}"
  wants 0
  out_is "$(echo "$BLOCK" | sed "2a\\encoding:    ${form%:*}")"
done
timeout -s KILL 60 "$SNPVMM" inspect - <"$T/block.b64" >"$T/out" 2>"$T/err"
status=$?
wants 0
out_has 'kind:        id_block' 'encoding:    base64'

begin 'other kinds of files'
printf 'version https://git-lfs.github.com/spec/v1\noid sha256:12ab\nsize 42\n' >"$T/lfs"
call inspect "$T/lfs"
wants 0
out_is 'kind:        git-lfs
size:        67
description: a Git LFS pointer
oid:         sha256:12ab
real_size:   42
hint:        fetch the file that it points to: git lfs pull'
call inspect "$VECTORS/igvm/pub-tidy.igvm"
wants 0
out_has 'kind:           igvm' 'supported:      yes' 'headers:        18' \
  '  SEV-SNP  2     1        0x1   0x0' \
  '  - name page data, type 0x302, mask 0x1, gpa 0x800000, pages 3, kind normal, data yes' \
  '  - name VP context, type 0x304, mask 0x1, gpa 0xfffffffff000, vp 0'
call inspect "$T/igvm"
wants 2
one_error "$T/igvm" bad-firmware 'an IGVM file of 4 bytes is cut short'

for file in "$T/pem:-----BEGIN PRIVATE KEY-----:a key signs ID blocks" "$T/json:{}:is for other programs" "$T/yaml:version\: 1:snpvmm check"; do
  kind=${file%%:*} text=${file#*:}
  printf '%s\n' "${text%:*}" | tr -d '\\' >"$kind"
  call inspect "$kind"
  wants 0
  out_has "kind:        ${kind##*/}" 'hint:        ' "${file##*:}"
done

begin 'a report on a console, and one that is incomplete'
for before in 'SeaBIOS: hello' '\033[2J\n[    0.000000] Linux version' 'hello'; do
  { printf "$before\r\n"; printf 'snpvmm-report: begin 1184 bytes, crc32 0x00000000\r\n'; } >"$T/serial.log"
  call inspect "$T/serial.log"
  wants 2
  one_error "$T/serial.log" unsupported 'the report in these lines has to be extracted first'
  line=$(sed -n 's/^\$ \(sed .*\) serial.log/\1 FILE/p' snpvmm-guest.1 | sed 's/\\e/\\/g')
  err_has "  fix: $line"
done
dd if=/dev/zero of="$T/cut" bs=1000 count=1 2>/dev/null
patch "$T/cut" 0 '05000000 00000000 0000030000000000'
patch "$T/cut" 0x34 01000000
call inspect "$T/cut"
wants 2
one_error "$T/cut" unsupported '1000 bytes of an attestation report of 1184'

begin 'a damaged image is refused by its reader'
cp "$T/i.fd" "$T/bad.fd"
patch "$T/bad.fd" $METADATA 00
call inspect "$T/bad.fd"
wants 2
one_error "$T/bad.fd" bad-firmware "the SEV metadata at 0xf800 does not begin with 'ASEV'"

begin 'a folder, a FIFO and what is too large'
mkdir "$T/folder"
mkfifo "$T/fifo"
truncate -s 536870913 "$T/large"
for file in folder fifo; do
  call inspect "$T/$file"
  wants 2
  one_error "$T/$file" file-unreadable "'$T/$file' is not a regular file"
done
call inspect "$T/large"
wants 2
one_error "$T/large" file-too-large "'$T/large' has 536870913 bytes; at most 536870912 are accepted here"
rm "$T/large"

begin '-o json and cbor write nothing if the only file fails'
for format in json cbor; do
  call inspect -o $format "$T/text"
  wants 2
  one_error "$T/text" unsupported 'unknown file type'
done

if command -v python3 >/dev/null; then
  begin '-o json: an object, or a list of the files that could be read'
  call inspect -o json "$T/block"
  wants 0
  err_is ''
  cp "$T/out" "$T/one.json"
  call -o json inspect "$T/i.fd" "$T/text" "$T/block"
  wants 2
  [ "$(grep -c 'error: ' "$T/err")" = 1 ] || wrong "$(cat "$T/err")"
  cp "$T/out" "$T/all.json"
  call inspect -o json "$T/text" "$T/empty"
  wants 2
  python3 - "$T" <<'PYTHON' >>"$T/why" 2>&1 || wrong 'the JSON is not right'
import json, sys
def load(name): return json.load(open(sys.argv[1] + '/' + name))
block, both = load('one.json'), load('all.json')
assert block == {'schema': 'snpvmm.inspect/1', 'file': sys.argv[1] + '/block', 'kind': 'id_block', 'size': 96,
                 'measurement': '%096d' % 7, 'family_id': '0' * 32, 'image_id': '0' * 32, 'version': 1, 'guest_svn': 5,
                 'policy': {'value': '0x30000', 'abi': '0.0', 'bits': ['smt']}}, block
assert len(both) == 2 and both[1] == block, both
assert both[0]['kind'] == 'ovmf' and both[0]['kernel_hashes'] == {'supported': False}, both[0]
assert load('out') == []
PYTHON
else
  skip '-o json: an object, or a list of the files that could be read' 'there is no python3'
fi

begin '-o cbor: the same, in deterministic CBOR'
call inspect -o cbor "$T/block"
wants 0
[ "$(head -c 1 "$T/out" | od -An -tx1)" = ' aa' ] || wrong 'not a map of ten'
call inspect -o cbor "$T/block" "$T/block"
[ "$(head -c 2 "$T/out" | od -An -tx1)" = ' 82 aa' ] || wrong 'not a list of two'

VOLUMES="volumes:
  name                  offset  gpa         size   files  format  checksum
  FVMAIN_COMPACT        0x1000  0xffff1000  0x358  1      FFS2    right
  SECFV                 0x6000  0xffff6000  0x1c8  1      FFS2    right
  FVMAIN_COMPACT/DXEFV  0x4     compressed  0x2f0  4      FFS2    right
build_strings:
  text                        file               offset  gpa
  11/30/2026                  SmbiosPlatformDxe  0x208   compressed
  2026.11-1                   SmbiosPlatformDxe  0x228   compressed
  Somebody's build of EDK II  SmbiosPlatformDxe  0x248   compressed"
DRIVERS='files:
  name                                  type          version  offset  gpa         size   volume
  43434343-3131-3131-3232-323233333300  volume image  -        0x1060  0xffff1060  0x1f1  FVMAIN_COMPACT
  SecMain                               driver        3        0x6060  0xffff6060  0x66   SECFV
  FirstDxe                              driver        1.2      0x64    compressed  0x82   DXEFV
  42424242-3131-3131-3232-323233333300  driver        -        0x10c   compressed  0x5c   DXEFV
  SmbiosPlatformDxe                     driver        -        0x16c   compressed  0x144  DXEFV'

begin 'firmware volumes: where each is, and what the build says of itself'
"${SNPVMM%/snpvmm}/tests/tool/volumes" "$T/v.fd" 1 2 || wrong 'there is no image'
call inspect "$T/v.fd"
wants 0
[ "$(sed -n '/^volumes:/,$p' "$T/out")" = "$VOLUMES" ] || wrong "$(cat "$T/out")"

begin '-v: the drivers, too'
call inspect -v "$T/v.fd"
wants 0
[ "$(sed -n '/^files:/,$p' "$T/out")" = "$DRIVERS" ] || wrong "$(cat "$T/out")"

begin 'a damaged volume is shown as far as it goes'
cp "$T/v.fd" "$T/damaged.fd"
patch "$T/damaged.fd" 0x6074 ffffff # the size of the file in SECFV
patch "$T/damaged.fd" 0x6032 0000   # the checksum of its header
call inspect "$T/damaged.fd"
wants 0
out_has '  SECFV                 0x6000  0xffff6000  0x1c8  0      FFS2    wrong' 'volume_faults:' \
  "  a file's size is wrong  0x6060  0xffff6060"

if command -v python3 >/dev/null; then
  begin '-o json: every file with its hash'
  call inspect -o json "$T/v.fd"
  python3 - "$T" <<'PYTHON' >>"$T/why" 2>&1 || wrong 'the JSON is not right'
import hashlib, json, sys
image = open(sys.argv[1] + '/v.fd', 'rb').read()
found = json.load(open(sys.argv[1] + '/out'))
assert [v['name'] for v in found['volumes']] == ['FVMAIN_COMPACT', 'SECFV', 'FVMAIN_COMPACT/DXEFV'], found['volumes']
assert 'volume_faults' not in found
sec = [f for f in found['files'] if f['name'] == 'SecMain'][0]
at, size = int(sec['offset'], 16), int(sec['size'], 16)
assert int(sec['gpa'], 16) == 2**32 - len(image) + at, sec
assert sec['sha256'] == hashlib.sha256(image[at + 24:at + size]).hexdigest(), sec
first = [f for f in found['files'] if f['name'] == 'FirstDxe'][0]
assert first['compressed_at'] == '0x1078' and 'gpa' not in first and first['version'] == '1.2', first
assert first['volume'] == 'FVMAIN_COMPACT/DXEFV' and first['header_checksum'] == 'right', first
PYTHON
else
  skip '-o json: every file with its hash' 'there is no python3'
fi

full_disk 2 'cannot write to standard output' inspect "$T/i.fd"

begin 'certificates and revocation lists'
CHAIN=${SNPVMM%/snpvmm}/tests/tool/chain
mkdir "$T/certs" && "$CHAIN" "$T/certs" 5 vcek turin || wrong 'there is no chain'
call inspect "$T/certs/vcek.pem"
wants 0
out_has 'kind:        certificates' 'name:        VCEK' 'line:        Turin' 'issuer:      SEV-Turin' 'hwid:        0203040506070809' \
  'tcb:         fmc 1, bl 4, tee 0, snp 24, ucode 219' 'not_after:   2040-01-01T00:00:00Z' 'key:         EC P-384'
! grep -q defect "$T/out" || wrong "$(cat "$T/out")"
call inspect "$T/certs/ark.pem"
out_has 'pinned:      no'
call inspect "$T/certs/crl.der"
wants 0
out_has 'name:        CRL' 'issuer:      ARK-Turin' 'revoked:     0'
cat "$T/certs/ask.pem" "$T/certs/ark.pem" >"$T/certs/cert_chain"
call inspect "$T/certs/cert_chain"
wants 0
out_has 'ASK   SEV-Turin  ARK-Turin' 'ARK   ARK-Turin  ARK-Turin'
head -c 500 "$T/certs/ark.pem" >"$T/cut.pem"
call inspect "$T/cut.pem"
wants 2
one_error "$T/cut.pem" bad-certificate 'a PEM block is damaged'
finish
