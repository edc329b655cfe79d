#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/cli/id_block.sh: ID blocks that cannot work, found by check, measure and run before a host is touched.
# shellcheck source=tests/cli/lib.inc disable=SC1091
. tests/cli/lib.inc
FAKE=${FAKE:-${B:-build}/tests/snpvmm-fake}
MAKE_BLOCK=${B:-build}/tests/tool/mkidblock
digest=$("$SNPVMM" measure "$EXAMPLE")
manifest "$T/m.yaml" 'boot: {firmware: builtin:selftest}' 'memory: 16M' 'snp: {id_block: file:block, id_auth: file:auth}'
printf '%s\n' 'out 0xf4 1 0' >"$T/script"
block() { # DIGEST POLICY [author]
  "$MAKE_BLOCK" "$1" "$2" "$T/block" "$T/auth" ${3:+"$3"}
}
launch() { # the guest, on an emulated SNP host that compares as the firmware does
  run env "FAKE_SCRIPT=$T/script" "$FAKE" run --results "$T/r" "$T/m.yaml"
}

begin 'a block for this launch is accepted'
for author in '' author; do
  block "$digest" 0x30000 $author
  call check "$T/m.yaml"
  wants 0
  err_is "snpvmm: $T/m.yaml: ok"
  call measure "$T/m.yaml"
  out_is "$digest"
  err_is ''
  launch
  wants 0
done

begin 'a block for another measurement: 3, and nothing is launched'
block "$ZEROS" 0x30000
said="$T/m.yaml:4:17: error: snp.id_block is for another measurement [measurement-differs]"
call check "$T/m.yaml"
wants 2
err_has "$said" "  why: it names $ZEROS, this manifest measures as $digest" '  fix: '
launch
wants 3
err_has "$said"
grep -q '"reason": "measurement-differs"' "$T/r/result.json" || wrong 'result.json does not say why'
! grep -q '"guest"' "$T/r/result.json" || wrong 'a guest was launched'
call measure "$T/m.yaml" # whoever signs the next block needs it
wants 2
out_is "$digest"
err_has "$said"
begin 'a block for other settings: they are named'
block "$("$SNPVMM" measure -c 3 "$EXAMPLE")" 0x30000
call check "$T/m.yaml"
wants 2
err_has '; the expected digest is that of vcpus: 3 (--set vcpus=3)'
launch
wants 3
err_has '; the expected digest is that of vcpus: 3 (--set vcpus=3)'
grep -q '"explained": "that of vcpus: 3 (--set vcpus=3)"' "$T/r/result.json" || wrong 'result.json does not name them'
block "$ZEROS" 0x30000
call measure -o json "$T/m.yaml"
wants 2
out_has "\"measurement\": \"$digest\""

begin 'a block for another policy: 2'
block "$digest" 0xb0000
refused bad-id-block 4:17 'snp.id_block is for policy 0xb0000, and snp.policy is 0x30000' '  why: ' '  fix: write policy: 0xb0000'
call check --set snp.policy=0xb0000 "$T/m.yaml"
wants 0

begin 'numbers in big-endian order, as OpenSSL prints them'
block "$digest" 0x30000
python3 - "$T/auth" <<'PYTHON' || wrong 'cannot turn them'
import sys
b = bytearray(open(sys.argv[1], "rb").read())
for at in (0x40, 0x88): b[at:at + 72] = b[at:at + 72][::-1]
open(sys.argv[1], "wb").write(b)
PYTHON
refused bad-id-block 4:17 "snp.id_auth: the ID block signature's R is not a number of 384 bits" '  fix: reverse the bytes'

begin 'a block without a signature'
block "$digest" 0x30000
dd if=/dev/zero of="$T/auth" bs=1 seek=64 count=512 conv=notrunc 2>/dev/null
refused bad-id-block 4:17 "snp.id_auth: the ID block signature's R is missing" '  fix: sign the block'

begin 'a signature of something else: 2, and the firmware is not asked'
block "$digest" 0x30000 author
cp "$T/block" "$T/first.block"
patch "$T/block" 0x54 07 # another SVN
said="$T/m.yaml:4:17: error: snp.id_auth: the ID block signature is not the ID key's over snp.id_block [bad-id-block]"
for command in check measure; do
  call $command "$T/m.yaml"
  wants 2
  err_has "$said" '  why: ' '  fix: '
done
launch
wants 2
err_has "$said"
cp "$T/first.block" "$T/block"
call check "$T/m.yaml"
wants 0
patch "$T/auth" 0x688 00112233
refused bad-id-block 4:17 "snp.id_auth: the ID key signature is not the author key's over the ID key" '  why: ' '  fix: '

begin 'a block of an unknown version: 2'
block "$digest" 0x30000
patch "$T/block" 0x50 02
refused bad-id-block 4:17 'snp.id_block has version 2, not 1' '  why: ' '  fix: '

finish
