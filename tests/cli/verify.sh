#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/cli/verify.sh: what verify says of reports, its statuses and formats. The checks one by one are in tests/attest.
# shellcheck source=tests/cli/lib.inc disable=SC1091
. tests/cli/lib.inc
CHAIN=${SNPVMM%/snpvmm}/tests/tool/chain
mkdir "$T/certs" "$T/turin" "$T/vlek"
"$CHAIN" "$T/certs" 3 vcek genoa && "$CHAIN" "$T/turin" 5 vcek turin && "$CHAIN" "$T/vlek" 3 vlek milan || exit 1
mv "$T/certs/report.bin" "$T/report.bin"
AT=--time=2026-01-01T00:00:00Z
LOUD="snpvmm: --root: this report is trusted because of the root you gave, not because of AMD's"

# The outcome of a check by name.
check_is() { # NAME OUTCOME [TEXT]
  grep -q -E "^$2 +$1  .*${3-}" "$T/out" || { echo "$last: $1 is not $2 ${3-}"; show "$T/out" stdout; } >>"$T/why"
}

begin 'a report whose root is trusted passes, and that is said'
call verify "$T/report.bin" --certs "$T/certs" --root "$T/certs/ark.pem" $AT
wants 0
err_is "$LOUD
snpvmm: pass: the report is authentic"
! grep -q FAIL "$T/out" || wrong "$(cat "$T/out")"
check_is root note
check_is signature ok
check_is revocation ok 'SEV-Genoa is not revoked' # crl.der lies in the folder
check_is measurement skip
check_is report-data skip

begin 'without --root it fails'
call verify "$T/report.bin" --certs "$T/certs" $AT
wants 1
err_is "snpvmm: fail: root: the key of ARK-Genoa is not AMD's [root-not-trusted]"
check_is root FAIL

begin 'a report from Turin, and one signed by a VLEK'
for what in turin vlek; do
  call verify "$T/$what/report.bin" --certs "$T/$what" --root "$T/$what/ark.pem" $AT
  wants 0
done

begin 'without certificates it fails, and says where they are'
call verify "$T/report.bin"
wants 1
err_is 'snpvmm: fail: certificates: none are given; needed: VCEK, ASK, ARK [not-authentic]'
out_has 'fetch https://kdsintf.amd.com/vcek/v1/Genoa/0203040506' '?blSPL=04&teeSPL=00&snpSPL=24&ucodeSPL=219' \
  'fetch https://kdsintf.amd.com/vcek/v1/Genoa/cert_chain'
check_is signature skip

begin 'with --unauthenticated it passes, but is not called authentic'
call verify --unauthenticated "$T/report.bin"
wants 0
err_is 'snpvmm: pass: the report is not authenticated'
check_is certificates skip
check_is signature skip

begin '--unauthenticated excuses no certificate that is given'
call verify --unauthenticated "$T/report.bin" --certs "$T/certs" $AT
wants 1
err_has '[root-not-trusted]'
call verify --unauthenticated "$T/report.bin" --certs "$T/certs/ark.pem" $AT
wants 1
err_has '[chain-broken]'

begin 'one changed bit is enough, and every failed check is reported'
cp "$T/report.bin" "$T/changed.bin"
patch "$T/changed.bin" 0x90 ff
patch "$T/changed.bin" 0x30 01
call verify "$T/changed.bin" --certs "$T/certs" --root "$T/certs/ark.pem" $AT
wants 1
err_has '(and 1 more) [signature-bad]'
check_is signature FAIL
check_is vmpl FAIL

begin 'times'
for time in 1767225600 2026-01-01T00:00:00Z 2026-01-01T01:30:00+01:30 2025-12-31t23:00:00.5-01:00 '2026-01-01 00:00:00z'; do
  call verify "$T/report.bin" --certs "$T/certs" --root "$T/certs/ark.pem" --time "$time"
  wants 0
  out_has 'at 2026-01-01T00:00:00Z'
done
for time in '' now 2026 -1 2026-13-01T00:00:00Z 2026-01-01T24:00:00Z 2026-01-01T00:00:00 2026-01-01T00:00:00Zx \
  2026-1-1T0:0:0Z 99999999999999999999 2026-02-30T00:00:00Z 2026-04-31T00:00:00Z ' 026-01-01T00:00:00Z' +026-01-01T00:00:00Z \
  2026-01-01T00:00:00+1:30 2026-01-01T00:00:00+24:00 2026-01-01T00:00:00.Z; do
  [ "$time" != 2026 ] || continue # seconds
  call verify "$T/report.bin" --time="$time"
  usage_error 'verify: --time takes 2026-11-29T10:00:00Z, or seconds since 1970'
done
call verify "$T/report.bin" --certs "$T/certs" --root "$T/certs/ark.pem" --time 2019-12-31T23:59:59Z
wants 1
err_has 'is not valid before 2020-01-01T00:00:00Z; it is held to 2019-12-31T23:59:59Z' '[certificate-expired]'
call verify "$T/report.bin" --certs "$T/certs" --root "$T/certs/ark.pem" --time 2040-01-01T00:00:01Z
wants 1
err_has '[certificate-expired]'

begin 'further requirements'
ok="verify $T/report.bin --certs $T/certs --root $T/certs/ark.pem $AT"
for option in --min-tcb=bl=4,tee=0,snp=24,ucode=219 --min-firmware=1.55.31 --min-firmware=1.54.99 --require=smt,ecc --forbid=tsme,tio \
  --report-data="$(printf 'fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0efeeedecebeae9e8e7e6e5e4e3e2e1e0dfdedddcdbdad9d8d7d6d5d4d3d2d1d0cfcecdcccbcac9c8c7c6c5c4c3c2c1c0')"; do
  # shellcheck disable=SC2086 # a command
  call $ok "$option"
  wants 0
done
while read -r option reason; do
  # shellcheck disable=SC2086 # a command
  call $ok "$option"
  wants 1
  err_has "[$reason]"
done <<ASKED
--min-tcb=snp=25 tcb-too-old
--min-tcb=fmc=0 tcb-too-old
--min-firmware=1.55.32 firmware-too-old
--min-firmware=2.0.0 firmware-too-old
--require=tsme platform-bit
--forbid=smt platform-bit
--require-mitigations=0x1 mitigation-missing
--report-data=00 nonce-differs
--vmpl=1 vmpl-differs
ASKED
call verify "$T/turin/report.bin" --certs "$T/turin" --root "$T/turin/ark.pem" $AT --require-mitigations=0x3f --min-tcb=fmc=1
wants 0

begin 'invalid values'
while read -r option sentence; do
  call verify "$T/report.bin" "$option"
  wants 2
  err_has "$sentence"
  [ ! -s "$T/out" ] || wrong "$option: $(cat "$T/out")"
done <<WRONG
--min-tcb=snp=256 '--min-tcb' is 256; it must be from 0 to 255
--min-tcb=snp --min-tcb takes numbers, as in bl=4,snp=24
--min-tcb=snp=-1 '--min-tcb' is '-1', which is not a number
--min-tcb=microcode=1 --min-tcb knows fmc, bl, tee, snp and ucode, not 'microcode'
--min-firmware=1.55 --min-firmware takes MAJOR.MINOR.BUILD
--min-firmware=1.55.256 --min-firmware takes MAJOR.MINOR.BUILD
--require=sme --require: no platform bit is called 'sme'
--forbid= --forbid: no platform bit is called ''
--report-data=abc --report-data takes up to 64 bytes in hex
--report-data=xx --report-data takes up to 64 bytes in hex
--vmpl=4 --vmpl
--require-mitigations=all --require-mitigations
--min-firmware=+1.55.29 --min-firmware takes MAJOR.MINOR.BUILD
--min-firmware=1.+55.29 --min-firmware takes MAJOR.MINOR.BUILD
WRONG
call verify "$T/report.bin" '--min-firmware=1. 55.29'
usage_error 'verify: --min-firmware takes MAJOR.MINOR.BUILD, as in 1.55.29'

begin 'what is both required and forbidden is a mistake, not a pass'
call verify "$T/report.bin" --require smt,ecc --forbid tsme,ecc
usage_error "verify: --require and --forbid both name 'ecc'"

begin 'a revocation list that names two signature algorithms is not good'
for at in 262 292; do # the tags of NULLs behind the signed part
  cp "$T/certs/crl.der" "$T/two.der"
  [ "$(od -An -tx1 -j$at -N2 "$T/two.der" | tr -d ' ')" = 0500 ] || wrong "there is no NULL at $at"
  patch "$T/two.der" $at 04
  call verify "$T/report.bin" --certs "$T/certs/ark.pem" --certs "$T/certs/ask.pem" --certs "$T/certs/vcek.pem" \
    --crl "$T/two.der" --root "$T/certs/ark.pem" $AT
  wants 1
  # libcrypto 3.5 refuses it by itself
  grep -q -E 'the revocation list (names two different signature algorithms|is by another issuer, or its signature is not good) \[revocation-unknown\]' "$T/err" ||
    wrong "stderr: $(cat "$T/err")"
done

begin 'standard input is one file'
run "$SNPVMM" verify - - <"$T/report.bin"
usage_error 'verify: standard input can be the report or the manifest, not both'

begin 'of a chain that is not whole, only what is missing is named'
call verify "$T/report.bin" --certs "$T/certs/ark.pem" --certs "$T/certs/ask.pem" $AT
wants 1
err_has 'certificates: missing among those given: VCEK'
out_has 'fetch https://kdsintf.amd.com/vcek/v1/Genoa/0203040506'
[ "$(grep -c ^fetch "$T/out")" -eq 1 ] || wrong "$(grep ^fetch "$T/out")"
call verify "$T/report.bin" --certs "$T/certs/ark.pem" --certs "$T/certs/vcek.pem" $AT
wants 1
err_has 'certificates: missing among those given: ASK '
call verify "$T/report.bin" --certs "$T/certs/ark.pem" --root "$T/certs/ark.pem" $AT
wants 1
err_has 'certificates: missing among those given: VCEK, ASK [chain-broken]'
grep -q trusted "$T/err" && wrong "$(cat "$T/err")"
cp "$T/report.bin" "$T/v2.bin" # which does not say its line
patch "$T/v2.bin" 0 02
patch "$T/v2.bin" 0x188 000000
call verify "$T/v2.bin" --certs "$T/certs/ark.pem" --certs "$T/certs/ask.pem" $AT
wants 1
err_has 'missing among those given: VCEK '
[ "$(grep -c '^fetch.*Genoa' "$T/out")" -eq 1 ] || wrong "$(grep ^fetch "$T/out")"
call verify "$T/v2.bin" --certs "$T/certs/ark.pem" --certs "$T/turin/ask.pem" $AT
wants 1
err_has 'missing among those given: VCEK, ASK, ARK '

begin 'an empty certificate table behind the report is no certificate'
{ cat "$T/report.bin"; head -c 24 /dev/zero; } >"$T/empty.bin"
call verify "$T/empty.bin" --certs "$T/certs" --root "$T/certs/ark.pem" $AT
wants 0
call verify "$T/empty.bin"
wants 1
err_has 'certificates: none are given; needed: VCEK, ASK, ARK'

begin 'a file that is not a report, and files that cannot be used: 2'
head -c 1183 "$T/report.bin" >"$T/short.bin"
{ cat "$T/report.bin"; printf x; } >"$T/long.bin"
for file in short.bin long.bin certs/ark.pem none; do
  call verify "$T/$file"
  wants 2
  [ ! -s "$T/out" ] || wrong "$file: $(cat "$T/out")"
done
call verify "$T/short.bin"
one_error "$T/short.bin" report-malformed 'not an attestation report'
call measure --format corim "$EXAMPLE"
cp "$T/out" "$T/corim"
call verify "$T/corim"
wants 2
one_error "$T/corim" report-malformed 'not an attestation report: it looks like a CoRIM, reference values for verifiers'
mkfifo "$T/fifo"
for path in "$T/fifo" /dev/zero; do
  call verify "$path"
  wants 2
  call verify "$T/report.bin" --certs "$path"
  wants 2
done
{ cat "$T/certs/ark.pem"; head -c 10000000 /dev/zero | tr '\0' A; } >"$T/large.pem"
call verify "$T/report.bin" --certs "$T/large.pem"
wants 2
err_has 'large.pem' '1048576'
mkdir "$T/empty" "$T/key"
openssl_key='-----BEGIN PRIVATE KEY-----
AAAA
-----END PRIVATE KEY-----'
echo "$openssl_key" >"$T/key/vcek_key.pem"
call verify "$T/report.bin" --certs "$T/key"
wants 2
one_error "$T/key/vcek_key.pem" bad-certificate 'a private key where certificates belong'
call verify "$T/report.bin" --certs "$T/empty"
wants 2
one_error "$T/empty" bad-certificate 'no certificate in this folder'
call verify "$T/report.bin" --certs "$T/report.bin"
wants 2
call verify "$T/report.bin" --crl "$T/certs/ark.pem"
wants 2
one_error "$T/certs/ark.pem" bad-certificate 'no revocation list'
err_has "  fix: give the list of the processor's line: https://kdsintf.amd.com/vcek/v1/LINE/crl"

begin 'the report in other forms'
od -A n -v -t x1 "$T/report.bin" >"$T/hex"
base64 "$T/report.bin" >"$T/b64"
for file in hex b64; do
  call verify "$T/$file" --certs "$T/certs" --root "$T/certs/ark.pem" $AT
  wants 0
done
timeout -s KILL 60 "$SNPVMM" verify - --certs "$T/certs" --root "$T/certs/ark.pem" $AT <"$T/report.bin" >"$T/out" 2>"$T/err"
status=$? last='verify -'
wants 0

begin 'the log of a console on which the guest has printed it'
FRAME=${SNPVMM%/snpvmm}/tests/tool/frame
"$FRAME" "$T/report.bin" >"$T/lines"
{
  echo 'Linux version 6.12'
  sed 12q "$T/lines"
  printf 'a reboot\r\n'
  sed 's/^/[   12.5] init: /; s/$/\r/' "$T/lines"
  echo 'reboot: Power down'
} >"$T/serial.log"
call verify "$T/serial.log" --certs "$T/certs" --root "$T/certs/ark.pem" $AT
wants 0
check_is signature ok
sed 12d "$T/lines" >"$T/gap.log"
call verify "$T/gap.log"
wants 2
one_error "$T/gap.log" report-malformed "the guest's report lacks lines, or has some twice"
printf 'no report\n' >"$T/none.log"
"$FRAME" "$T/short.bin" >"$T/short.log"
for file in none.log short.log; do
  call verify "$T/$file"
  wants 2
  one_error "$T/$file" report-malformed 'not an attestation report'
done

begin 'JSON'
# shellcheck disable=SC2086 # a command
call $ok -o json
wants 0
python3 - "$T/out" <<'PYTHON' >"$T/faults" 2>&1 || wrong "$(cat "$T/faults")"
import json, sys
v = json.load(open(sys.argv[1]))
assert v['schema'] == 'snpvmm.verify/1' and v['verdict'] == 'pass' and v['authentic'] is True and 'reason' not in v
assert v['chain']['line'] == 'Genoa' and v['chain']['kind'] == 'vcek' and not v['chain']['ark_pinned'] and v['chain']['root_given']
results = {c['name']: c['result'] for c in v['checks']}
assert results['signature'] == 'pass' and results['root'] == 'note' and results['measurement'] == 'skip', results
assert v['report']['version'] == 3
PYTHON
call verify "$T/changed.bin" -o json
wants 1
python3 - "$T/out" <<'PYTHON' >"$T/faults" 2>&1 || wrong "$(cat "$T/faults")"
import json, sys
v = json.load(open(sys.argv[1]))
assert v['verdict'] == 'fail' and v['authentic'] is False and v['reason'] == 'not-authentic' and 'chain' not in v
assert len(v['fetch']) == 2
PYTHON

begin 'TAP'
call verify "$T/changed.bin" -o tap
wants 1
out_has 'TAP version 14' 'not ok 3 - certificates: none are given' '# SKIP ' '  reason: "vmpl-differs"'
[ "$(grep -c -E '^(not )?ok ' "$T/out")" = "$(sed -n 's/^1\.\.//p' "$T/out")" ] || wrong "another plan: $(cat "$T/out")"

begin 'the manifest is held against the report'
image "$T/i.fd" ebfe "$SECTION"
manifest "$T/m.yaml" 'boot:' '  firmware: i.fd'
call verify --unauthenticated "$T/report.bin" "$T/m.yaml"
wants 1
err_has '[measurement-differs]'
check_is measurement FAIL
check_is policy ok
check_is id-key ok
call measure "$T/m.yaml"
patch "$T/report.bin" 0x90 "$(cat "$T/out")"
call verify --unauthenticated "$T/report.bin" "$T/m.yaml"
wants 0
err_is 'snpvmm: pass: the report matches this launch, but is not authenticated'
call verify --unauthenticated "$T/report.bin" -f "$T/i.fd"
wants 0
call verify --unauthenticated "$T/report.bin" "$T/m.yaml" --set vcpus=2
wants 1
err_has '[measurement-differs]'
check_is measurement FAIL "not as expected: the report's is that of vcpus: 1 .--set vcpus=1"
call verify --unauthenticated "$T/report.bin" "$T/m.yaml" --set "expect.measurement=$ZEROS"
wants 1
check_is measurement ok
check_is expect.measurement FAIL
call verify --unauthenticated "$T/report.bin" "$T/m.yaml" --set "expect.measurement={4: $ZEROS}"
wants 1
check_is expect.measurement FAIL 'no digest is expected for this number of vCPUs'
call verify --unauthenticated "$T/report.bin" "$T/m.yaml" --set snp.policy=0xb0000 --set "snp.host_data=hex:$(printf '%064d' 1)"
wants 1
err_has '(and 1 more) [policy-differs]'
check_is policy FAIL 'different: debug'
check_is host-data FAIL
patch "$T/report.bin" 0x08 '00000b0000000000'
call verify --unauthenticated "$T/report.bin" "$T/m.yaml"
wants 1
err_has '[debug-allowed]'
check_is debug FAIL
check_is policy FAIL

begin 'the certificates of snp.certs, unless there are others'
mkdir "$T/ours"
call measure "$T/m.yaml"
"$CHAIN" "$T/ours" 3 vcek genoa "measurement=$(cat "$T/out")" && "$SNPVMM" -q certs "$T/ours" "$T/ours.bin"
manifest "$T/c.yaml" 'boot:' '  firmware: i.fd' 'snp:' '  certs: ours.bin'
call verify "$T/ours/report.bin" "$T/c.yaml" --root "$T/ours/ark.pem" $AT
wants 0
err_is "$LOUD
snpvmm: pass: the report is authentic and matches this launch"
call verify "$T/ours/report.bin" "$T/c.yaml" $AT
wants 1
err_has '[root-not-trusted]'
call verify "$T/ours/report.bin" "$T/c.yaml" --certs "$T/ours/ark.pem" --root "$T/ours/ark.pem" $AT
wants 1
err_has '[chain-broken]'
patch "$T/ours.bin" 16 ffffffff
call verify "$T/ours/report.bin" "$T/c.yaml" --root "$T/ours/ark.pem" $AT
wants 2
err_has '[bad-certificate]'

begin 'keys of snp.identity are held against the report'
cp "$VECTORS/keys/id_key.pem" "$VECTORS/keys/author_key.pem" "$T"
chmod 600 "$T/id_key.pem" "$T/author_key.pem"
patch "$T/report.bin" 0x08 '0000030000000000'
manifest "$T/id.yaml" 'boot:' '  firmware: i.fd' 'snp:' '  identity:' '    id_key: id_key.pem' '    author_key: author_key.pem' '    svn: 7'
call verify --unauthenticated "$T/report.bin" "$T/id.yaml"
wants 1
for name in id-key author-key guest-svn; do
  check_is $name FAIL
done
patch "$T/report.bin" 0xe0 0bdb57d1a96e9e6dbfdd31fd83f030e6c61d3721549cb466835f0fc58c5b5dc2a0b6213ec23006da7dd33a3794c98fae
patch "$T/report.bin" 0x110 c7fa00dc356f303bb8ead1cd76c1feee69f458867eebb1834f5378bec0433cf5ff8d3f0fd3327a2b54efbc769b64e3fd
patch "$T/report.bin" 0x48 01
patch "$T/report.bin" 0x04 07
call verify --unauthenticated "$T/report.bin" "$T/id.yaml"
wants 0
for name in id-key author-key family-id image-id guest-svn; do
  check_is $name ok
done
call verify --unauthenticated "$T/report.bin" "$T/m.yaml"
wants 1
check_is id-key FAIL

begin 'an ephemeral key is any'
manifest "$T/id.yaml" 'boot:' '  firmware: i.fd' 'snp:' '  identity:' '    id_key: ephemeral' '    author_key: author_key.pem' '    svn: 7'
call verify --unauthenticated "$T/report.bin" "$T/id.yaml"
wants 0
check_is id-key skip
check_is author-key ok
patch "$T/report.bin" 0xe0 "$(printf %096d 0)"
call verify --unauthenticated "$T/report.bin" "$T/id.yaml"
wants 1
check_is id-key FAIL 'the launch had no ID block'

begin 'a manifest that is wrong, or of several launches: 2'
manifest "$T/bad.yaml" 'boot:' '  firmware: none.fd'
call verify --unauthenticated "$T/report.bin" "$T/bad.yaml"
wants 2
call verify --unauthenticated "$T/report.bin" "$T/m.yaml" --set 'matrix={vcpus: [1, 2]}'
wants 2
one_error "$T/m.yaml" usage 'this manifest stands for 2 launches, and a report is of one'
call verify --unauthenticated "$T/report.bin" "$T/m.yaml" --set 'matrix={vcpus: [1]}'
err_lacks 'launches'
call verify "$T/report.bin" --set vcpus=1
usage_error 'verify: a manifest is missing, or a kernel: -k KERNEL'

begin 'nothing in the environment changes the verdict'
printf 'openssl_conf = init\n[init]\nproviders = p\n[p]\ndefault = d\n[d]\nactivate = 0\n' >"$T/openssl.cnf"
for variable in "OPENSSL_CONF=$T/openssl.cnf" "OPENSSL_MODULES=$T" "SSL_CERT_FILE=$T/certs/ark.pem" "SSL_CERT_DIR=$T/certs"; do
  run env "$variable" "$SNPVMM" verify "$T/turin/report.bin" --certs "$T/turin" --root "$T/turin/ark.pem" $AT
  wants 0
  run env "$variable" "$SNPVMM" verify "$T/turin/report.bin" --certs "$T/turin" $AT
  wants 1
  err_has '[root-not-trusted]'
done

ATTEST=${SNPVMM_ATTEST:-../shared/vectors/attest}
if [ -d "$ATTEST/attestations" ]; then
  begin 'published reports with their certificate tables'
  for file in genoa-v3 milan-v2-debug milan-v3 turin-v5; do
    call verify --time 2026-11-01T00:00:00Z "$ATTEST/attestations/$file.att"
    wants 0
    err_is 'snpvmm: pass: the report is authentic'
    check_is root ok
  done
  call verify --vmpl 1 --time 2025-12-01T00:00:00Z "$ATTEST/attestations/milan-vlek-v3.att"
  wants 0
else
  skip 'published reports with their certificate tables' "there is no $ATTEST"
fi
finish
