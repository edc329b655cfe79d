#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/cli/idblock.sh: snp.identity and 'snpvmm idblock': keys, files, signatures made elsewhere, and what is refused.
# shellcheck source=tests/cli/lib.inc disable=SC1091
. tests/cli/lib.inc
FAKE=${FAKE:-${B:-build}/tests/snpvmm-fake}
ID_DIGEST=0bdb57d1a96e9e6dbfdd31fd83f030e6c61d3721549cb466835f0fc58c5b5dc2a0b6213ec23006da7dd33a3794c98fae
AUTHOR_DIGEST=c7fa00dc356f303bb8ead1cd76c1feee69f458867eebb1834f5378bec0433cf5ff8d3f0fd3327a2b54efbc769b64e3fd
digest=$("$SNPVMM" measure "$EXAMPLE")
cp "$VECTORS/keys/id_key.pem" "$T/id.pem"
cp "$VECTORS/keys/author_key.pem" "$T/author.pem"
chmod 600 "$T/id.pem" "$T/author.pem"
identity() { # LINE...: a manifest with these keys of snp.identity
  manifest "$T/m.yaml" 'boot: {firmware: builtin:selftest}' 'memory: 16M' 'snp:' '  identity:' "$@"
}
printf '%s\n' 'out 0xf4 1 0' >"$T/script"
launch() { # OPTION...: on an SNP host of ours that verifies ID blocks as the firmware does
  run env "FAKE_SCRIPT=$T/script" "$FAKE" run --results "$T/r" "$@" "$T/m.yaml"
}

begin 'two files, and what a report will show'
identity '    id_key: id.pem' '    author_key: author.pem' '    svn: 16909060' '    family_id: hex:00112233445566778899aabbccddeeff'
call idblock -d "$T/made" "$T/m.yaml"
wants 0
err_is ''
out_has "measurement:       $digest" 'policy:            0x30000' 'svn:               16909060' "id_key_digest:     $ID_DIGEST" \
  "author_key_digest: $AUTHOR_DIGEST" "id_block:          $T/made/id-block.bin" "id_auth:           $T/made/id-auth.bin"
[ "$(wc -c <"$T/made/id-block.bin")" = 96 ] || wrong 'the block has not 96 bytes'
[ "$(wc -c <"$T/made/id-auth.bin")" = 4096 ] || wrong 'the authentication has not 4096 bytes'
call inspect "$T/made/id-block.bin"
out_has "measurement: $digest" 'family_id:   00112233445566778899aabbccddeeff' 'guest_svn:   16909060'
call inspect "$T/made/id-auth.bin"
out_has "$ID_DIGEST" "$AUTHOR_DIGEST"

begin 'the same manifest gives the same bytes'
cp "$T/made/id-auth.bin" "$T/first"
call idblock -d "$T/made" "$T/m.yaml"
wants 0
cmp -s "$T/first" "$T/made/id-auth.bin" || wrong 'another authentication'

begin 'a folder in the place of one file: the other one stays'
mkdir -p "$T/half/id-auth.bin"
cp "$T/made/id-block.bin" "$T/half/"
call idblock -d "$T/half" "$T/m.yaml"
wants 2
err_has "cannot remove an earlier run's '$T/half/id-auth.bin': Is a directory"
cmp -s "$T/made/id-block.bin" "$T/half/id-block.bin" || wrong 'the old block is gone'

begin 'as JSON'
call idblock -o json -d "$T/made" "$T/m.yaml"
wants 0
out_has '"schema": "snpvmm.idblock/1"' "\"measurement\": \"$digest\"" "\"id_key_digest\": \"$ID_DIGEST\"" \
  "\"id_auth\": \"$T/made/id-auth.bin\""

begin 'as base64, which inspect reads'
call idblock --base64 -d "$T/made" "$T/m.yaml"
wants 0
[ "$(base64 -d <"$T/made/id-block.b64" | cmp - "$T/made/id-block.bin")" = '' ] || wrong 'the block differs'
[ "$(base64 -d <"$T/made/id-auth.b64" | cmp - "$T/made/id-auth.bin")" = '' ] || wrong 'the authentication differs'
call inspect "$T/made/id-block.b64"
out_has "measurement: $digest"

begin 'what it makes is accepted as snp.id_block'
cp "$T/m.yaml" "$T/identity.yaml"
manifest "$T/m.yaml" 'boot: {firmware: builtin:selftest}' 'memory: 16M' 'snp: {id_block: file:made/id-block.bin, id_auth: file:made/id-auth.bin}'
call check "$T/m.yaml"
wants 0
launch
wants 0
err_has 'measurement proven by the firmware'

begin 'a launch makes and signs the block'
cp "$T/identity.yaml" "$T/m.yaml"
call check "$T/m.yaml"
wants 0
err_is "snpvmm: $T/m.yaml: ok"
for vcpus in 1 4; do
  launch --set vcpus=$vcpus
  wants 0
  err_has 'measurement proven by the firmware'
  grep -q '"proven": true' "$T/r/result.json" || wrong 'result.json does not say so'
  grep -q "\"id_key_digest\": \"$ID_DIGEST\"" "$T/r/result.json" || wrong 'result.json lacks the key'
done

begin 'a key is in no result: only its path, and the digest of its public part'
for secret in $(grep -v -e '---' "$T/id.pem" "$T/author.pem" | sed 's/.*://'); do
  ! grep -r -q -F -e "$secret" "$T/r" || wrong "a result has $secret"
done
# the secret number, from its place in SEC1
for key in id author; do
  hex=$(sed '/---/d' "$T/$key.pem" | base64 -d | od -A n -t x1 -v | tr -d ' \n' | cut -c 17-112)
  [ ${#hex} = 96 ] || wrong "no secret number: $hex"
  ! grep -r -q -i -F -e "$hex" "$T/r" "$T/made" || wrong "a file has the secret of $key"
done
grep -q "id_key: \"$T/id.pem\"" "$T/r/manifest.yaml" || wrong "manifest.yaml: $(grep id_key "$T/r/manifest.yaml")"
! grep -q 'id.pem' "$T/r/launch.json" "$T/r/junit.xml" || wrong 'a path where it says nothing'

begin 'an ephemeral key proves one run'
identity '    id_key: ephemeral'
for _ in 1 2; do
  launch
  wants 0
  err_has 'measurement proven by the firmware'
  sed -n 's/.*"id_key_digest": //p' "$T/r/result.json" >>"$T/digests"
done
[ "$(sort -u "$T/digests" | wc -l)" = 2 ] || wrong "not two keys: $(cat "$T/digests")"
call idblock -d "$T/made" "$T/m.yaml"
wants 2
one_error "$T/m.yaml:6:13" bad-value "'snp.identity.id_key' is ephemeral"

begin '--prove: a key of the run, where the manifest has none'
manifest "$T/m.yaml" 'boot: {firmware: builtin:selftest}' 'memory: 16M'
launch
wants 0
err_lacks 'proven'
! grep -q 'proven' "$T/r/result.json" || wrong 'nothing proved it'
launch --prove
wants 0
err_has 'snpvmm: pass: the guest exited with status 0; measurement proven by the firmware'
grep -q '"proven": true' "$T/r/result.json" || wrong 'result.json does not say so'
grep -q 'id_key: ephemeral' "$T/r/manifest.yaml" || wrong 'manifest.yaml does not say so'

begin '--prove: a host that launches something else is caught by the firmware'
printf '%s\n' 'flags other-digest' 'out 0xf4 1 0' >"$T/other"
run env "FAKE_SCRIPT=$T/other" "$FAKE" run "$T/m.yaml"
wants 0
run env "FAKE_SCRIPT=$T/other" "$FAKE" run --prove --results "$T/r" "$T/m.yaml"
wants 99
err_has 'BAD_MEASUREMENT' '[firmware-refused]' "$digest"
! grep -q 'proven' "$T/r/result.json" || wrong 'nothing proved it'

begin '--prove: not without a firmware that could'
call run --prove --platform kvm "$T/m.yaml"
wants 2
one_error '--set platform' conflict '--prove with platform kvm'

begin 'keys of every kind that is none'
for what in 'nothing::is empty' 'text:no key at all:holds no key that can be read' \
  'certificate:-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----:holds '"'CERTIFICATE'" \
  'encrypted:-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----:is encrypted'; do
  rest=${what#*:}
  printf %b "${rest%:*}" >"$T/bad.pem"
  identity '    id_key: bad.pem'
  for command in check measure "run --platform kvm" idblock; do
    # shellcheck disable=SC2086 # its words
    call $command "$T/m.yaml"
    wants 2
    err_has "$T/m.yaml:6:13: error: snp.identity.id_key: " "${rest##*:}" '[bad-key]'
  done
done

begin 'a key that is not there, or no file'
identity '    id_key: none.pem'
call check "$T/m.yaml"
wants 2
err_has "$T/m.yaml:6:13: error: snp.identity.id_key: cannot open '$T/none.pem'" '[file-unreadable]'
mkfifo "$T/fifo"
identity '    id_key: fifo'
call check "$T/m.yaml"
wants 2
err_has 'is not a regular file'
dd if=/dev/zero of="$T/huge.pem" bs=1024 count=65 2>/dev/null
identity '    id_key: huge.pem'
call check "$T/m.yaml"
wants 2
err_has '[file-too-large]'

begin '--confine holds for keys'
identity '    id_key: ../id.pem'
mkdir -p "$T/in"
mv "$T/m.yaml" "$T/in"
call check --confine "$T/in" "$T/in/m.yaml"
wants 2
err_has '[outside-confine]'

begin 'a key that others can read is warned about'
identity '    id_key: id.pem'
chmod 640 "$T/id.pem"
call check "$T/m.yaml"
wants 0
err_has "$T/m.yaml:6:13: warning: snp.identity.id_key: other users can read the private key '$T/id.pem'" '  fix: chmod 600'
chmod 600 "$T/id.pem"

begin 'a matrix, a pin and a missing key'
call idblock -d "$T/made" --set 'matrix={vcpus: [1, 2]}' "$T/m.yaml"
wants 2
err_has 'this manifest stands for 2 launches, and an ID block is for one' "matrix={vcpus: [1]}"
call idblock -d "$T/made" --set 'matrix={vcpus: [2]}' "$T/m.yaml"
wants 0
out_has "$("$SNPVMM" measure --set vcpus=2 "$EXAMPLE")"
call idblock -d "$T/none" --set "expect.measurement=$ZEROS" "$T/m.yaml"
wants 2
err_has '[measurement-differs]'
[ ! -e "$T/none" ] || wrong 'something was written'
manifest "$T/n.yaml" 'boot: {firmware: builtin:selftest}' 'memory: 16M'
call idblock "$T/n.yaml"
wants 2
one_error "$T/n.yaml" missing-key "there is no 'snp.identity.id_key' to sign with"

begin 'no input is written over'
cp "$T/id.pem" "$T/made/id-auth.bin"
identity '    id_key: made/id-auth.bin'
call idblock -d "$T/made" "$T/m.yaml"
wants 2
err_has '[output-conflict]' "would be written over snp.identity.id_key"
cmp -s "$T/id.pem" "$T/made/id-auth.bin" || wrong 'the key is gone'

begin 'options that do not go together'
identity '    id_key: id.pem'
call idblock --print-tbs --base64 "$T/m.yaml"
usage_error 'idblock: --print-tbs only prints: leave out --base64 and the signatures'
call idblock "$T/m.yaml" "$T/m.yaml"
usage_error 'idblock: one manifest at a time'
printf x >"$T/x"
call idblock -d "$T/made" --author-signature "$T/x" "$T/m.yaml"
wants 2
err_has "is not an ECDSA signature on P-384"

if command -v openssl >/dev/null; then
  begin 'a key that another tool holds: print, sign there, and give the signatures'
  openssl pkey -in "$T/id.pem" -pubout -out "$T/id.pub" 2>/dev/null
  openssl pkey -in "$T/author.pem" -pubout -outform DER -out "$T/author.pub" 2>/dev/null
  identity '    id_key: id.pub' '    author_key: author.pub'
  call measure "$T/m.yaml"
  wants 0
  out_is "$digest"
  call idblock --print-tbs -d "$T/tbs" "$T/m.yaml"
  wants 0
  out_has "id_key_digest:     $ID_DIGEST" "id_key:     $(od -A n -t x1 -v "$T/tbs/id-block.bin" | tr -d ' \n')" \
    "author_key: $(od -A n -t x1 -v "$T/tbs/id-key.bin" | tr -d ' \n')"
  openssl dgst -sha384 -sign "$T/id.pem" -out "$T/id.sig" "$T/tbs/id-block.bin"
  openssl dgst -sha384 -sign "$T/author.pem" -out "$T/author.sig" "$T/tbs/id-key.bin"
  call idblock -d "$T/made3" --id-signature "$T/id.sig" --author-signature "$T/author.sig" "$T/m.yaml"
  wants 0
  out_has "author_key_digest: $AUTHOR_DIGEST"
  manifest "$T/m.yaml" 'boot: {firmware: builtin:selftest}' 'memory: 16M' 'snp: {id_block: file:made3/id-block.bin, id_auth: file:made3/id-auth.bin}'
  launch
  wants 0

  begin 'a public key alone signs nothing'
  identity '    id_key: id.pub' '    author_key: author.pub'
  for command in check run idblock; do
    call $command "$T/m.yaml"
    wants 2
    err_has "snp.identity.id_key: '$T/id.pub' is a public key" '[bad-key]'
  done
  call idblock --id-signature "$T/id.sig" "$T/m.yaml"
  wants 2
  err_has "snp.identity.author_key: '$T/author.pub' is a public key"

  begin 'a signature of something else is refused'
  call idblock -d "$T/made4" --id-signature "$T/author.sig" --author-signature "$T/author.sig" "$T/m.yaml"
  wants 2
  err_has 'the ID signature is not the ID key' '[bad-id-block]'
  call idblock -d "$T/made4" --id-signature "$T/id.sig" --author-signature "$T/author.sig" --set vcpus=2 "$T/m.yaml"
  wants 2
  err_has 'the ID signature is not the ID key'
  [ ! -e "$T/made4" ] || wrong 'something was written'

  begin 'a password is asked of nobody'
  openssl pkey -in "$T/id.pem" -aes256 -passout pass:secret -out "$T/locked.pem" 2>/dev/null
  identity '    id_key: locked.pem'
  call check "$T/m.yaml"
  wants 2
  one_error "$T/m.yaml:6:13" bad-key "snp.identity.id_key: the key in '$T/locked.pem' is encrypted"

  begin 'the environment changes nothing'
  printf 'openssl_conf = c\n[c]\nproviders = p\n[p]\nnone = n\n[n]\nactivate = 1\n' >"$T/openssl.cnf"
  identity '    id_key: id.pem'
  run env "OPENSSL_CONF=$T/openssl.cnf" OPENSSL_MODULES=/nowhere "$SNPVMM" idblock -d "$T/made" "$T/m.yaml"
  wants 0
else
  skip 'signatures made elsewhere' 'no openssl'
fi

finish
