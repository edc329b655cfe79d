#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/cli/certs.sh: certificate tables: `certs` makes them, snp.certs hands them out.
# shellcheck source=tests/cli/lib.inc disable=SC1091
. tests/cli/lib.inc
FAKE=${FAKE:-${B:-build}/tests/snpvmm-fake}
CHAIN=${SNPVMM%/snpvmm}/tests/tool/chain
mkdir "$T/genoa" "$T/milan" "$T/vlek"
"$CHAIN" "$T/genoa" 3 vcek genoa && "$CHAIN" "$T/milan" 3 vcek milan && "$CHAIN" "$T/vlek" 3 vlek milan || exit 1
TABLE=$T/table.bin

der_of() { # FILE: of a PEM file with one block
  sed '/^-----/d' "$1" | tr -d '\n' | base64 -d
}

# A folder with copies of FILE..., each "FROM:NAME".
folder() { # FROM:NAME...
  rm -rf "$T/folder"
  mkdir "$T/folder"
  for file; do cp "$T/${file%%:*}" "$T/folder/${file#*:}"; done
}
whole() { # NAME...: and the chain of genoa
  folder genoa/ark.pem:ark.pem genoa/ask.pem:ask.pem genoa/vcek.pem:vcek.pem "$@"
}

begin 'a table has ARK, ASK and VCEK in DER, in this order and without gaps'
call certs "$T/genoa" "$TABLE"
wants 0
out_is ''
for name in ark ask vcek; do der_of "$T/genoa/$name.pem" >"$T/$name.der"; done
err_is "snpvmm: $TABLE: 3 certificates, $(wc -c <"$TABLE") bytes"
ark=$(wc -c <"$T/ark.der") ask=$(wc -c <"$T/ask.der") vcek=$(wc -c <"$T/vcek.der")
{
  hex "c0b406a4a803495297433fb6014cd0ae $(le32 96) $(le32 "$ark")"
  hex "4ab7b379bbac4fe4a02f05aef327c782 $(le32 $((96 + ark))) $(le32 "$ask")"
  hex "63da758de6644564adc5f4b93be8accd $(le32 $((96 + ark + ask))) $(le32 "$vcek")"
  head -c 24 /dev/zero
  cat "$T/ark.der" "$T/ask.der" "$T/vcek.der"
} >"$T/wanted"
cmp -s "$TABLE" "$T/wanted" || wrong "the bytes are not those that were wanted"
call inspect "$TABLE"
out_has 'kind: certs' "0x60    $ark  " "0x$(printf %x $((96 + ark + ask)))"

begin 'DER, other endings and other files beside them change nothing'
folder genoa/ark.pem:ark genoa/crl.der:crl.der genoa/report.bin:report.bin
cp "$T/ask.der" "$T/folder/ask.crt"
cp "$T/vcek.der" "$T/folder/vcek.genoa.der"
echo 'not for a table' >"$T/folder/README"
call certs "$T/folder" "$T/again.bin"
wants 0
cmp -s "$TABLE" "$T/again.bin" || wrong 'the table is another one'
call certs "$T/folder" "$T/again.bin"
wants 0
cmp -s "$TABLE" "$T/again.bin" || wrong 'the table is another one when it is replaced'

begin 'of a VLEK, with its ASVK in the place of the ASK'
call certs "$T/vlek" "$T/vlek.bin"
wants 0
call inspect "$T/vlek.bin"
out_has 'ASK   4ab7b379' 'VLEK  a8074bc2'
mv "$T/vlek/asvk.pem" "$T/vlek/ask.pem"
call certs "$T/vlek" "$T/again.bin"
wants 0
cmp -s "$T/vlek.bin" "$T/again.bin" || wrong 'its name matters'
mv "$T/vlek/ask.pem" "$T/vlek/asvk.pem"

begin "a chain as AMD's server sends it, in one file"
for kind in genoa/ask:genoa/vcek:table vlek/asvk:vlek/vlek:vlek; do
  folder "$(echo "$kind" | cut -d : -f 2).pem:$(basename "$(echo "$kind" | cut -d : -f 2)").pem"
  middle=$T/${kind%%:*}.pem
  cat "$middle" "${middle%/*}/ark.pem" >"$T/folder/cert_chain"
  call certs "$T/folder" "$T/again.bin"
  wants 0
  cmp -s "$T/${kind##*:}.bin" "$T/again.bin" || wrong "another table than of files for each: $kind"
done

begin 'a part of a chain is one too, and what guests will miss is said'
folder genoa/ark.pem:ark.pem genoa/ask.pem:ask.pem
call certs "$T/folder" "$T/again.bin"
wants 0
err_has '2 certificates' 'without a VCEK or VLEK'
folder genoa/vcek.pem:vcek.pem
call certs "$T/folder" "$T/again.bin"
wants 0
err_is "snpvmm: $T/again.bin: 1 certificate, $((48 + vcek)) bytes"

bad() { # PLACE SENTENCE [REASON]: the folder makes no table
  rm -f "$T/none.bin"
  call certs "$T/folder" "$T/none.bin"
  wants 2
  one_error "$1" "${3:-bad-certificate}" "$2"
  [ ! -e "$T/none.bin" ] || wrong "$last: there is a file"
}

begin 'two files for one entry'
whole genoa/ark.pem:ark.der
bad snpvmm "'ark.der' and 'ark.pem' are for the same entry of the table"
whole vlek/asvk.pem:asvk.pem
bad snpvmm "'ask.pem' and 'asvk.pem' are for the same entry of the table"
err_has '  why: tables have one entry for ASK and ASVK'
whole vlek/vlek.pem:vlek.pem
bad snpvmm "'vcek.pem' and 'vlek.pem' are for the same entry of the table"

begin 'a private key'
whole
printf '%s\n' '-----BEGIN PRIVATE KEY-----' MEECAQAw '-----END PRIVATE KEY-----' >>"$T/folder/vcek.pem"
bad "$T/folder/vcek.pem" 'a private key where certificates belong'

begin 'another certificate than the name says, more than one, none'
folder genoa/ark.pem:ark.pem genoa/vcek.pem:ask.pem
bad "$T/folder/ask.pem" 'it holds the VCEK, not the ASK of its name'
whole
cat "$T/genoa/ask.pem" >>"$T/folder/ark.pem"
bad "$T/folder/ark.pem" 'it has to hold exactly one certificate'
whole
echo '<!doctype html>' >"$T/folder/vcek.pem"
bad "$T/folder/vcek.pem" 'not a certificate: it looks like an HTML page, perhaps of a failed download'
whole
rm "$T/folder/ask.pem"
mkdir "$T/folder/ask"
cp "$T/genoa/ask.pem" "$T/folder/ask/"
bad "$T/folder/ask" 'it has to hold exactly one certificate'
folder
bad "$T/folder" 'no certificate in this folder'
rmdir "$T/folder"
bad "$T/folder" 'cannot read the folder: No such file or directory' file-unreadable
err_has 'a path on the command line is relative to the current folder'

begin 'a chain that is none, or comes twice'
folder genoa/vcek.pem:vcek.pem genoa/ask.pem:cert_chain.pem
bad "$T/folder/cert_chain.pem" 'it has to hold exactly two certificates, an ASK or ASVK and its ARK'
cat "$T/genoa/vcek.pem" >>"$T/folder/cert_chain.pem"
bad "$T/folder/cert_chain.pem" 'it holds the VCEK, not an ASK or ASVK with its ARK'
cat "$T/genoa/ask.pem" "$T/genoa/ask.pem" >"$T/folder/cert_chain.pem"
bad "$T/folder/cert_chain.pem" "'cert_chain.pem' and 'cert_chain.pem' are for the same entry of the table"
cat "$T/genoa/ask.pem" "$T/genoa/ark.pem" >"$T/folder/cert_chain.pem"
cp "$T/genoa/ark.pem" "$T/folder/"
bad "$T/folder/cert_chain.pem" "'ark.pem' and 'cert_chain.pem' are for the same entry of the table"
cat "$T/milan/ask.pem" "$T/milan/ark.pem" >"$T/folder/cert_chain.pem"
rm "$T/folder/ark.pem"
bad "$T/folder" "'vcek.pem' is not signed by 'cert_chain.pem'"

begin 'certificates of different lines'
folder genoa/ark.pem:ark.pem genoa/ask.pem:ask.pem milan/vcek.pem:vcek.pem
bad "$T/folder" "'vcek.pem' is not signed by 'ask.pem'"
folder milan/ark.pem:ark.pem genoa/ask.pem:ask.pem genoa/vcek.pem:vcek.pem
bad "$T/folder" "'ask.pem' is not signed by 'ark.pem'"

begin 'a file that cannot be written, or must not be'
whole
call certs "$T/folder" "$T/folder/ark.pem"
wants 2
one_error snpvmm output-conflict "'$T/folder/ark.pem' would be written over one of the certificates"
ln -s table.bin "$T/link.bin"
for file in link.bin folder; do
  call certs "$T/folder" "$T/$file"
  wants 2
  one_error snpvmm output-failed "cannot write '$T/$file': it is not a regular file"
done
call certs "$T/folder" "$T/new/"
wants 2
one_error snpvmm output-failed "'$T/new/' is a folder, not a file"

begin 'its arguments'
call certs
usage_error 'certs: a folder and a file are missing'
call certs "$T/folder"
usage_error 'certs: the file to write is missing'
call certs "$T/folder" a b
usage_error "certs: 'b' is one argument too many"

# --- snp.certs ---

manifest "$T/m.yaml" 'boot: {firmware: builtin:selftest}' 'memory: 16M' 'snp: {certs: table.bin}'
manifest "$T/plain.yaml" 'boot: {firmware: builtin:selftest}' 'memory: 16M'
printf '%s\n' 'flags req-certs' 'out 0xf4 1 0' >"$T/script"
launch() { # OPTION...: the guest, on an SNP host of ours
  run env "FAKE_SCRIPT=$T/script" "$FAKE" run "$@" "$T/m.yaml"
}

begin 'a table is not measured'
call check "$T/m.yaml"
wants 0
err_is "snpvmm: $T/m.yaml: ok"
call measure "$T/plain.yaml"
digest=$(cat "$T/out")
call measure "$T/m.yaml"
wants 0
out_is "$digest"
err_is ''

begin 'a run hands it out, and records which it was'
launch --results "$T/r"
wants 0
sum=$(sha256sum "$TABLE" | cut -d ' ' -f 1)
file_has "$T/r/manifest.yaml" manifest.yaml "certs: { path: \"$TABLE\", sha256: \"$sum\" }"
tr -d ' \n' <"$T/r/result.json" >"$T/flat"
file_has "$T/flat" result.json "{\"role\":\"certs\",\"path\":\"$TABLE\",\"sha256\":\"$sum\"}"

begin 'on a kernel that cannot ask for it: 99 by name, 77 with --skip-unsupported'
printf '%s\n' 'out 0xf4 1 0' >"$T/script"
launch
wants 99
err_has "error: this host's KVM can't hand out 'snp.certs' [host-unsupported]" '  why: the kernel is older than 7.0' '  fix: use Linux 7.0 or later'
launch --skip-unsupported
wants 77
launch --set snp.policy=0x30000 --set 'snp.certs={path: table.bin}'
wants 99

begin 'on platform kvm nothing asks for it, which is a warning'
call check --platform kvm "$T/m.yaml"
wants 0
err_has "m.yaml:4:14: warning: 'snp.certs' has no effect on platform 'kvm'" '  why: only guests under SEV-SNP ask'
run env "FAKE_SCRIPT=$T/script" "$FAKE" run --platform kvm "$T/m.yaml"
wants 0

begin 'an entry that is no certificate is a warning: guests get it as it is'
{
  hex "63da758de6644564adc5f4b93be8accd $(le32 72) $(le32 8)"
  hex "c0b406a4a803495297433fb6014cd0ae $(le32 80) $(le32 "$ark")"
  head -c 24 /dev/zero
  printf 'rubbish!'
  cat "$T/ark.der"
} >"$T/rubbish.bin"
call check --set snp.certs=rubbish.bin "$T/m.yaml"
wants 0
err_has "warning: snp.certs: the table's VCEK: not a certificate" "  why: guests get it as it is, and can't verify their report"
err_lacks "table's ARK"

begin 'a table that Linux guests cannot take is a warning'
cp "$TABLE" "$T/long.bin"
head -c 16384 /dev/zero >>"$T/long.bin"
call check --set snp.certs=long.bin "$T/m.yaml"
wants 0
err_has "warning: snp.certs: the table has $(wc -c <"$T/long.bin") bytes, and Linux guests take 16384" '  fix: '
head -c 16384 "$T/long.bin" >"$T/most.bin"
call check --set snp.certs=most.bin "$T/m.yaml"
wants 0
err_lacks warning

bad_table() { # SENTENCE: of $T/bad.bin
  manifest "$T/m.yaml" 'boot: {firmware: builtin:selftest}' 'memory: 16M' 'snp: {certs: bad.bin}'
  for command in measure check run; do
    call $command "$T/m.yaml"
    wants 2
    one_error "$T/m.yaml:4:14" bad-certificate "snp.certs: '$T/bad.bin': $1"
    err_has '  fix: '
  done
}
altered() { # OFFSET DIGITS
  cp "$TABLE" "$T/bad.bin"
  patch "$T/bad.bin" "$1" "$2"
}

begin 'a damaged table is refused with what is wrong, before a host is touched'
head -c 95 "$TABLE" >"$T/bad.bin"
bad_table "the file ends before the table's last entry, which is all zeros"
altered 20 00000000
bad_table 'entry 0 of the table has length 0'
altered 40 "$(le32 95)"
bad_table 'entry 1 of the table begins inside the list of entries'
altered 40 "$(le32 97)"
bad_table 'entry 1 of the table overlaps entry 0'
altered 40 "$(le32 4294967295)"
bad_table 'entry 1 of the table reaches beyond the end of the file'
altered 24 c0b406a4a803495297433fb6014cd0ae
bad_table 'entry 1 of the table has the GUID of entry 0 again: ARK'
altered 24 00000000000000000000000000000000
bad_table 'entry 1 of the table has a GUID of zeros, but an offset or a length'
head -c 24 /dev/zero >"$T/bad.bin"
bad_table 'the table has no entry'
for n in $(seq 1 33); do hex "$(printf '%02x' "$n")000000000000000000000000000000 $(le32 816) $(le32 1)"; done >"$T/bad.bin"
head -c 100 /dev/zero >>"$T/bad.bin"
bad_table 'the table has more than 32 entries'

begin 'inspect says the same'
altered 20 00000000
call inspect "$T/bad.bin"
wants 2
one_error "$T/bad.bin" bad-certificate 'entry 0 of the table has length 0'

begin 'another file is named for what it is'
cp "$T/genoa/vcek.pem" "$T/bad.bin"
bad_table 'not a certificate table: it looks like a certificate or key in PEM form'
err_has "  fix: 'snpvmm certs DIR FILE' makes a table from a folder of certificates"
manifest "$T/m.yaml" 'boot: {kernel: table.bin}' 'memory: 16M'
call check "$T/m.yaml"
wants 2
err_has 'it looks like a certificate table' '  fix: name it in the manifest, as snp.certs'

begin 'its file is an input like others: pinned, confined, never written over'
manifest "$T/m.yaml" 'boot: {firmware: builtin:selftest}' 'memory: 16M' "snp: {certs: {path: table.bin, sha256: \"$sum\"}}"
call check "$T/m.yaml"
wants 0
call check --set "snp.certs={path: table.bin, sha256: \"$(printf %064d 0)\"}" "$T/m.yaml"
wants 2
err_has "'$TABLE' is not the file that the manifest pins [file-differs]"
call check --set snp.certs=none.bin "$T/m.yaml"
wants 2
err_has "snp.certs: cannot open '$T/none.bin'"
mkdir -p "$T/in"
cp "$T/m.yaml" "$T/in/"
call check --confine "$T/in" --set snp.certs=../table.bin "$T/in/m.yaml"
wants 2
err_has '[outside-confine]'
call check --set serial=table.bin "$T/m.yaml"
wants 2
err_has '[output-conflict]'

finish
