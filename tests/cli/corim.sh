#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/cli/corim.sh: measure --format: reference values for verifiers, read back by other tools, and signed ones.
# shellcheck source=tests/cli/lib.inc disable=SC1091,SC2154
. tests/cli/lib.inc
FAKE=${FAKE:-${B:-build}/tests/snpvmm-fake}
MAKE_BLOCK=${B:-build}/tests/tool/mkidblock
KEYS=tests/data/keys
AMD='profile tag:amd.com,2025:snp-corim-profile'
VERAISON='profile tag:amd.com,2024:snp-corim-profile'
manifest "$T/guest.yaml" 'boot: {firmware: builtin:selftest}'
one=$("$SNPVMM" measure "$T/guest.yaml")
two=$("$SNPVMM" measure --set vcpus=2 "$T/guest.yaml")
four=$("$SNPVMM" measure --set vcpus=4 "$T/guest.yaml")
python=$(python_with cbor2)

# Calls measure --format; $T/said is what another decoder finds in the product, a line each.
reads() { # ARGUMENT...
  call measure --format "$@"
  wants 0
  err_is ''
  cp "$T/out" "$T/corim"
  : >"$T/said"
  [ -z "$python" ] || "$python" tests/cli/corim.py "$T/corim" "$T/public" >"$T/said" 2>>"$T/why" || wrong "$*: it cannot be read"
}
head_is() { # LINE...: and a tag that is not looked at
  [ -n "$python" ] || return 0
  [ "$(grep -v -e '^tag ' -e '^v[cl]ek ' "$T/said")" = "$(printf '%s\n' "$@")" ] || wrong "$last: $(cat "$T/said")"
}
triples_are() { # LINE...: of AMD's form, for both kinds of keys
  [ -n "$python" ] || return 0
  for line; do printf 'vcek %s\nvlek %s\n' "$line" "$line"; done >"$T/want"
  grep '^v[cl]ek ' "$T/said" | cmp -s - "$T/want" || wrong "$last: $(cat "$T/said" "$T/want")"
}
policy='2=0000030000000000 5=0 641=sha384'

[ -n "$python" ] || skip 'another decoder reads them' 'there is no python3-cbor2'

begin '--format corim: the measurement, the policy, VMPL 0'
reads corim "$T/guest.yaml"
head_is 'id snpvmm/guest' "$AMD"
triples_are "$policy:$one"
[ "$(head -c 3 "$T/corim" | od -An -tx1 | tr -d ' ')" = d901f5 ] || wrong 'it does not begin with tag 501'
cp "$T/corim" "$T/first"
reads corim "$T/guest.yaml"
cmp -s "$T/corim" "$T/first" || wrong 'a second time it differs'
reads corim --set name=other "$T/guest.yaml"
head_is 'id snpvmm/other' "$AMD"
odd=$T/$(printf 'a\377"<.yaml')
cp "$T/guest.yaml" "$odd"
reads corim "$odd"
head_is 'id snpvmm/a�"<' "$AMD"

begin '--format corim-veraison: the measurement alone, of its instance'
reads corim-veraison --vcpus=1,2 "$T/guest.yaml"
head_is 'id snpvmm/guest' "$VERAISON"
[ -z "$python" ] || [ "$(grep '^v[cl]ek' "$T/said")" = "vcek instance=$one 641=sha384:$one
vcek instance=$two 641=sha384:$two" ] || wrong "$(cat "$T/said")"

begin 'policy and host data of the manifest'
reads corim --set snp.policy=0xb0000 --set "snp.host_data=hex:$(printf '%064d' 7)" "$T/guest.yaml"
triples_are "2=00000b0000000000 5=0 641=sha384:$one 642=$(printf '%064d' 7)"

begin 'what the ID block says'
for author in '' author; do
  "$MAKE_BLOCK" "$one" 0x30000 "$T/block" "$T/auth" ${author:+"$author"}
  manifest "$T/signed.yaml" 'boot: {firmware: builtin:selftest}' 'snp: {id_block: file:block, id_auth: file:auth}'
  key_digest() { # OFFSET of a key in the ID authentication
    dd if="$T/auth" bs=1 skip="$(($1))" count="$((0x404))" 2>/dev/null | sha384sum | cut -c -96
  }
  field() { # OFFSET SIZE of the ID block, in hex
    od -An -v -tx1 -j"$(($1))" -N"$2" "$T/block" | tr -d ' \n'
  }
  svn=$(od -An -tu4 -j84 -N4 "$T/block" | tr -d ' ')
  id_key=$(key_digest 0x240) author_key=$(key_digest 0x880)
  reads corim "$T/signed.yaml"
  triples_are "1=svn>=$svn 2=0000030000000000 3=$(field 48 16) 4=$(field 64 16) 5=0 641=sha384:$one 643=sha384:$id_key${author:+ 644=sha384:$author_key}"
  call measure -o json "$T/signed.yaml"
  wants 0
  out_has '"policy": "0x30000"' "\"host_data\": \"$(printf '%064d' 0)\"" "\"svn\": $svn" "\"family_id\": \"$(field 48 16)\"" \
    "\"image_id\": \"$(field 64 16)\"" "\"id_key_digest\": \"$id_key\""
  if [ "$author" ]; then
    out_has "\"author_key_digest\": \"$author_key\""
  elif grep -q author_key "$T/out"; then
    wrong 'there is no author key'
  fi
done

begin 'what snp.identity says, and the digests of its keys'
for key in id_key author_key; do
  cp "$KEYS/$key.pem" "$T/$key.pem" && chmod 600 "$T/$key.pem"
done
for author in '' author; do
  manifest "$T/identity.yaml" 'boot: {firmware: builtin:selftest}' 'snp:' '  identity:' \
    '    id_key: id_key.pem' '    family_id: hex:000102030405060708090a0b0c0d0e0f' '    svn: 9' ${author:+"    author_key: author_key.pem"}
  call idblock -d "$T/made" "$T/identity.yaml"
  wants 0
  key_of() { # OFFSET of a key in the ID authentication that idblock made
    dd if="$T/made/id-auth.bin" bs=1 skip="$(($1))" count="$((0x404))" 2>/dev/null | sha384sum | cut -c -96
  }
  said="1=svn>=9 2=0000030000000000 3=000102030405060708090a0b0c0d0e0f 4=$(printf '%032d' 0) 5=0 641=sha384"
  author_key=${author:+ 644=sha384:$(key_of 0x880)}
  reads corim "$T/identity.yaml"
  triples_are "$said:$one 643=sha384:$(key_of 0x240)$author_key"
  reads corim --vcpus=1,2 "$T/identity.yaml"
  triples_are "$said:$one 643=sha384:$(key_of 0x240)$author_key" "$said:$two 643=sha384:$(key_of 0x240)$author_key"
  # an ephemeral key is another for each run
  reads corim --set snp.identity.id_key=ephemeral "$T/identity.yaml"
  triples_are "$said:$one$author_key"
  call measure -o json --set snp.identity.id_key=ephemeral "$T/identity.yaml"
  out_has '"svn": 9' '"family_id": "000102030405060708090a0b0c0d0e0f"'
  ! grep -q '"id_key_digest"' "$T/out" || wrong "it has the digest of an ephemeral key"
done

begin 'launch.json of a run has them, too: of the key that was made for it'
echo 'out 0xf4 1 0' >"$T/script"
run env "FAKE_SCRIPT=$T/script" "$FAKE" run --prove --results "$T/r" "$T/guest.yaml"
wants 0
id_key=$(sed -n 's/.*"id_key_digest": "\([0-9a-f]*\)".*/\1/p' "$T/r/result.json")
[ "${#id_key}" = 96 ] || wrong "result.json: $(cat "$T/r/result.json")"
for text in "\"id_key_digest\": \"$id_key\"" '"svn": 0' '"policy": "0x30000"' '"sha384": "'; do
  grep -q -F "$text" "$T/r/launch.json" || wrong "launch.json lacks $text"
done

begin 'several counts, manifests and runs of a matrix: a triple for each measurement'
reads corim --vcpus=1,2,1 "$T/guest.yaml"
triples_are "$policy:$one" "$policy:$two"
reads corim --vcpus=2 "$T/guest.yaml" "$EXAMPLE"
head_is 'id snpvmm/guest' "$AMD"
triples_are "$policy:$two"
reads corim --set 'matrix={memory: [16M, 32M], vcpus: [4, 2]}' "$T/guest.yaml" "$EXAMPLE"
triples_are "$policy:$four" "$policy:$two"
reads corim --set 'matrix={snp.policy: [0x30000, 0xb0000]}' "$T/guest.yaml"
triples_are "$policy:$one" "2=00000b0000000000 5=0 641=sha384:$one"
sed -n 's/^tag //p' "$T/said" >"$T/tag"
reads corim --set 'matrix={snp.policy: [0x30000]}' "$T/guest.yaml"
[ -z "$python" ] || ! sed -n 's/^tag //p' "$T/said" | cmp -s - "$T/tag" || wrong 'other values, the same tag'

begin 'each kind of guest that can be measured'
image "$T/i.fd" ebfe "$SECTION"
bzimage "$T/k" ebfe
for arguments in "-k $T/k" "-k $T/k -c 3 -a quiet" "-f $T/i.fd" "-P kvm -f $T/i.fd" '-f builtin:selftest' \
  "-f $VECTORS/fw/pub-amdsev-64k.fd" "-f $VECTORS/fw/pub-amdsev-64k.fd -k $T/k"; do
  # shellcheck disable=SC2086 # words
  call measure $arguments
  wants 0
  digest=$(cat "$T/out")
  # shellcheck disable=SC2086 # words
  reads corim $arguments
  triples_are "$policy:$digest"
done
# Others decide the policy of their launches.
for profile in ec2 gce; do
  digest=$("$SNPVMM" measure --set measure.profile=$profile -f "$T/i.fd")
  reads corim --set measure.profile=$profile -f "$T/i.fd"
  triples_are "5=0 641=sha384:$digest"
  call measure -o json --set measure.profile=$profile -f "$T/i.fd"
  ! grep -q -e policy -e host_data "$T/out" || wrong "$profile: $(cat "$T/out")"
done

if command -v openssl >/dev/null; then
  openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out "$T/key" 2>/dev/null
  openssl pkey -in "$T/key" -pubout -out "$T/public"

  begin '--sign: COSE_Sign1, which openssl verifies'
  reads corim --vcpus=1,2 "$T/guest.yaml"
  cp "$T/corim" "$T/first"
  for option in '' --signer=me '--signer=Zoë of build'; do
    reads corim --vcpus=1,2 --sign "$T/key" ${option:+"$option"} "$T/guest.yaml"
    name=${option#--signer=}
    head_is "signer ${name:-snpvmm}" 'id snpvmm/guest' "$AMD"
    triples_are "$policy:$one" "$policy:$two"
    cp "$T/corim" "$T/signed"
    call measure --format corim --vcpus=1,2 --sign "$T/key" ${option:+"$option"} "$T/guest.yaml"
    cmp -s "$T/out" "$T/signed" || wrong 'a second time it differs'
  done
  reads corim-veraison --sign "$T/key" "$T/guest.yaml"
  head_is 'signer snpvmm' 'id snpvmm/guest' "$VERAISON"

  if [ -n "$python" ]; then
    begin 'a signature of another key is noticed by this test'
    openssl pkey -in $KEYS/id_key.pem -pubout -out "$T/other"
    ! "$python" tests/cli/corim.py "$T/signed" "$T/other" >/dev/null 2>&1 || wrong 'it is not'
  fi

  begin 'a private key that others can read is a warning'
  chmod 644 "$T/key"
  call measure --format corim --sign "$T/key" "$T/guest.yaml"
  wants 0
  err_is "snpvmm: warning: --sign: other users can read the private key '$T/key'
  fix: chmod 600 '$T/key'"
  chmod 600 "$T/key"
  call measure --format corim --sign "$T/key" "$T/guest.yaml"
  err_is ''

  begin 'keys of each form, and those that cannot sign'
  openssl ec -in "$T/key" -out "$T/sec1" 2>/dev/null
  openssl pkey -in "$T/key" -outform DER -out "$T/der"
  chmod 600 "$T/sec1" "$T/der"
  for key in sec1 der; do
    reads corim --sign "$T/$key" "$T/guest.yaml"
    head_is 'signer snpvmm' 'id snpvmm/guest' "$AMD"
  done
  openssl pkey -in "$T/key" -aes128 -passout pass:secret -out "$T/encrypted"
  openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$T/p256" 2>/dev/null
  openssl genpkey -quiet -algorithm ED25519 -out "$T/ed25519" 2>/dev/null
  : >"$T/empty"
  for row in "encrypted:the key in '$T/encrypted' is encrypted" \
    "p256:'$T/p256' is not a key of the named curve P-384" \
    "ed25519:'$T/ed25519' is not a key of the named curve P-384: it is of kind ED25519" \
    "public:'$T/public' is a public key, which cannot sign" \
    "empty:'$T/empty' is empty" "guest.yaml:'$T/guest.yaml' holds no key that can be read"; do
    call measure --format corim --sign "$T/${row%%:*}" "$T/guest.yaml"
    wants 2
    one_error snpvmm bad-key "--sign: ${row#*:}"
    err_has '  fix: '
  done
else
  skip '--sign' 'there is no openssl'
fi

begin 'a key that is not there'
call measure --format corim --sign "$T/none" "$T/guest.yaml"
wants 2
one_error snpvmm file-unreadable "--sign: cannot open '$T/none': No such file or directory"

if command -v cddl >/dev/null && [ -n "$(cddl --version | sed -n '/ 0\.[1-9][0-9]/p')" ]; then
  begin 'they have the form that the drafts define'
  for file in first signed; do
    cddl --ci validate --cddl tests/data/corim.cddl --cbor "$T/$file" >"$T/out" 2>&1 || wrong "$(cat "$T/out")"
  done
  printf '\330\001' | cat - "$T/first" >"$T/bad"
  ! cddl --ci validate --cddl tests/data/corim.cddl --cbor "$T/bad" >"$T/out" 2>&1 || wrong 'anything has'
else
  skip 'they have the form that the drafts define' 'there is no cddl of 0.10 or later'
fi

begin 'options that do not go together, and values that are none'
call measure --format cose "$T/guest.yaml"
usage_error "measure: --format takes corim or corim-veraison, not 'cose'"
call measure --sign "$T/key" "$T/guest.yaml"
usage_error 'measure: --sign needs --format: there is no CoRIM to sign'
call measure --format corim --signer me "$T/guest.yaml"
usage_error 'measure: --signer needs --sign KEY'
for name in '' "$(printf 'a\377')"; do
  call measure --format corim --sign "$T/key" --signer "$name" "$T/guest.yaml"
  usage_error 'measure: --signer takes a name in UTF-8'
done
call measure --format corim --pages "$T/guest.yaml"
usage_error 'measure: --format corim has no list of regions: leave out --pages'
for format in json cbor; do
  call measure --format corim -o $format "$T/guest.yaml"
  usage_error "measure: --format corim and -o exclude each other"
done

begin 'nothing is printed unless everything could be measured'
manifest "$T/bad.yaml" 'boot: {firmware: builtin:selftest}' 'vcpus: 0'
call measure --format corim "$T/guest.yaml" "$T/bad.yaml"
wants 2
one_error "$T/bad.yaml:3:8" bad-value "'vcpus' is 0; it must be from 1 to 4096"
call measure --format corim --set 'matrix={vcpus: [1, 0]}' "$T/guest.yaml"
wants 2
one_error '--set matrix' bad-value "'vcpus' is 0; it must be from 1 to 4096"
head -c 65536 /dev/zero >"$T/bios"
patch "$T/bios" 0xfff0 "ea 0000 00f0"
call measure --format corim -P kvm -f "$T/bios"
wants 2
one_error -f unsupported 'this manifest has no measurement: the firmware has no SEV metadata'
"$MAKE_BLOCK" "$two" 0x30000 "$T/block" "$T/auth"
call measure --format corim "$T/signed.yaml"
wants 2
one_error "$T/signed.yaml:3:17" measurement-differs 'snp.id_block is for another measurement'

full_disk 2 'cannot write the CoRIM' measure --format corim "$T/guest.yaml"

finish
