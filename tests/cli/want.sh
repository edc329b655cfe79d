#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/cli/want.sh: explain --want: how a digest may be written, what is printed, and what is refused.
# shellcheck source=tests/cli/lib.inc disable=SC1091
. tests/cli/lib.inc

FW=$(realpath "$VECTORS/fw/pub-amdsev-64k.fd")
KERNEL=$(realpath "$VECTORS/files/k-odd-12289.bin")
INITRD=$(realpath "$VECTORS/files/i-4095.bin")
manifest "$T/m.yaml" "boot: {firmware: \"$FW\", kernel: \"$KERNEL\", initrd: \"$INITRD\", cmdline: \"console=ttyS0 quiet\"}" 'memory: 4G'

digest() { # ARGUMENT...: of the manifest with these settings
  "$SNPVMM" -q measure "$@" "$T/m.yaml"
}

# What is printed gives the digest, as a shell would take it.
explains() { # DIGEST WANTED-LINE [OPTION...]
  want=$1 line=$2
  shift 2
  call -q explain --want "$want" "$@" "$T/m.yaml"
  wants 0
  err_is ''
  out_is "$line"
  case $line in
  --set*) eval "again=\$(\"\$SNPVMM\" -q measure $line \"\$T/m.yaml\")"
    # shellcheck disable=SC2154 # assigned by eval
    [ "$again" = "$plain" ] || wrong "'$line' measures as $again" ;;
  esac
}

begin 'settings that give a digest are printed as --set arguments that do'
for set in '--set vcpus=4' '--set vcpus=200' '--set vcpu_type=EPYC-Milan' '--set vcpu_type=0xaa0f02' \
  '--set snp.guest_features=0x21' '--set snp.guest_features=0x4029' '--set boot.kernel_hashes=false' \
  '--set measure.profile=gce' '--set boot.cmdline=console=ttyS0' '--set boot.cmdline=' \
  '--set vcpus=3 --set vcpu_type=EPYC-Genoa --set snp.guest_features=0x21' \
  '--set vcpus=16 --set boot.cmdline=console=ttyS0 --set vcpu_type=EPYC-Turin'; do
  # shellcheck disable=SC2086 # options
  plain=$(digest $set)
  call -q explain --want "$plain" "$T/m.yaml"
  wants 0
  got=$(tr ' ' '\n' <"$T/out" | grep '=' | sort)
  [ "$got" = "$(echo "$set" | tr ' ' '\n' | grep '=' | sort)" ] || wrong "$set: $(cat "$T/out")"
done

begin 'command lines are quoted so that a shell and --set read them as they were'
for text in 'console=ttyS0 quiet ' 'console=ttyS0 quiet
'; do
  plain=$(digest --set "boot.cmdline=$text")
  call -q explain --want "$plain" "$T/m.yaml"
  wants 0
  eval "again=\$(digest $(cat "$T/out"))"
  [ "$again" = "$plain" ] || wrong "$(cat "$T/out") measures as $again"
done
out_is "--set 'boot.cmdline=\"console=ttyS0 quiet\\n\"'"
begin "a stranger's command line is printed without what a terminal or a CI system obeys"
cat >"$T/rude" <<'EOF'
a\"b\\c\x1b[31m ##[x] it's \u00fc\u202e
EOF
read -r rude <"$T/rude"
printf 'version: 1\nboot: {firmware: "%s", kernel: "%s", initrd: "%s", cmdline: "%s"}\n' "$FW" "$KERNEL" "$INITRD" "$rude" >"$T/rude.yaml"
plain=$($SNPVMM measure --set "boot.cmdline=\"$rude \"" "$T/rude.yaml")
call -q explain --want "$plain" "$T/rude.yaml"
wants 0
! LC_ALL=C grep -q '[^ -~]' "$T/out" || wrong "it is not plain: $(cat -v "$T/out")"
! grep -q '##\[' "$T/out" || wrong 'a command'
eval "again=\$($SNPVMM measure $(cat "$T/out") \"$T/rude.yaml\")"
[ "$again" = "$plain" ] || wrong "$(cat "$T/out") measures as $again"

plain=$(digest --set vcpus=4)
binary() {
  hex "$plain"
}

begin 'a digest may be written as it comes'
explains "$plain" '--set vcpus=4'
explains "0x$plain" '--set vcpus=4'
explains "$(echo "$plain" | tr a-f A-F)" '--set vcpus=4'
explains "$(echo "$plain" | sed 's/../&:/g; s/:$//')" '--set vcpus=4'
explains "$(binary | base64 -w 0)" '--set vcpus=4'
explains "$(binary | base64 -w 0 | tr '+/' '-_')" '--set vcpus=4'
explains "$(printf '%s' "$plain" | base64 -w 0)" '--set vcpus=4'
explains "$(echo "$plain" | base64 -w 0)" '--set vcpus=4'
explains " $plain
" '--set vcpus=4'

begin 'bytes in reverse are noticed, and said'
call explain --want "$(echo "$plain" | fold -w 2 | tac | tr -d '\n')" "$T/m.yaml"
wants 0
out_is '--set vcpus=4'
err_has 'snpvmm: the digest was given with its bytes in reverse' 'snpvmm: vcpus: 1 in the manifest'

begin 'the manifest as it stands'
explains "$(digest)" 'the manifest as it stands'

begin 'a launch that was cut short is recognized'
"$SNPVMM" -q measure --pages -o json "$T/m.yaml" >"$T/json"
cut_digest() { # LABEL
  sed -n "/\"label\": \"$1\"/,/digest_after/s/.*digest_after\": \"\([0-9a-f]*\)\".*/\1/p" "$T/json"
}
explains "$(cut_digest 'firmware')" "the launch stopped after 'firmware'"
explains "$(cut_digest 'kernel hashes')" "the launch stopped after 'kernel hashes'"

begin 'alternatives are tried'
plain=$(digest --set "boot.firmware=$(realpath "$VECTORS/fw/pub-late-64k.fd")")
call -q explain --want "$plain" "$T/m.yaml"
wants 1
explains "$plain" "--set boot.firmware=$(realpath "$VECTORS/fw/pub-late-64k.fd")" --firmware "$VECTORS/fw/pub-tiny-4k.fd" \
  --firmware "$VECTORS/fw/pub-late-64k.fd"
plain=$(digest --set "boot.kernel=$(realpath "$VECTORS/files/k-1byte.bin")" --set vcpus=2)
explains "$plain" "--set vcpus=2 --set boot.kernel=$(realpath "$VECTORS/files/k-1byte.bin")" --kernel "$VECTORS/files/k-1byte.bin"
plain=$(digest --set "boot.initrd=$(realpath "$VECTORS/files/i-1.bin")")
explains "$plain" "--set boot.initrd=$(realpath "$VECTORS/files/i-1.bin")" --initrd "$VECTORS/files/i-65537.bin" \
  --initrd "$VECTORS/files/i-1.bin"

begin 'a digest that nothing explains: 1, and what is not measured'
call explain --want "$(printf '%096d' 1)" "$T/m.yaml"
wants 1
out_is ''
err_has 'snpvmm: not found: none of ' 'snpvmm: they differ in vcpus, ' "so they can't explain a difference"
err_has 'snpvmm: other files are tried if they are given: --firmware, --kernel, --initrd; other values of a key by --set'
manifest "$T/bare.yaml" "boot: {firmware: \"$FW\"}"
call explain --budget 50ms --want "$(printf '%096d' 1)" "$T/bare.yaml"
wants 1
err_lacks 'command line'

begin 'as JSON and as CBOR'
call -o json explain --want "$(digest --set vcpus=4 --set snp.guest_features=0x21)" "$T/m.yaml"
wants 0
err_is ''
python3 - "$T/out" <<'P' || wrong "the JSON: $(cat "$T/out")"
import json, sys
r = json.load(open(sys.argv[1]))
assert r["schema"] == "snpvmm.explain/1" and r["found"] is True and len(r["want"]) == 96
assert r["tried"] > 0 and r["ms"] >= 0
assert sorted((c["key"], c["manifest"], c["wanted"]) for c in r["changes"]) == [
    ("snp.guest_features", "0x1", "0x21"), ("vcpus", "1", "4")]
P
call -o cbor explain --want "$(digest --set vcpus=4)" "$T/m.yaml"
wants 0
od -An -v -tx1 "$T/out" | tr -d ' \n' | grep -q "5830$(digest --set vcpus=4)" || wrong 'no 48 bytes of CBOR'
call -o json explain --want "$(printf '%096d' 1)" "$T/m.yaml"
wants 1
out_has '"found": false' '"changes": []'

begin 'what is no digest is refused'
for want in '' x "${plain%?}" "${plain}0" "0x0x$plain" "$(printf '%064d' 1)" "$(printf '%01000d' 1)" "$(binary | head -c 47 | base64 -w 0)" \
  "$(printf 'a\033[2J')"; do
  call explain --want "$want" "$T/m.yaml"
  wants 2
  out_is ''
  err_has 'which is not a launch digest [bad-value]' '  fix: write 96 hexadecimal digits, or 64 characters of base64'
  ! grep -q "$(printf '\033')" "$T/err" || wrong 'control characters are passed on'
done
call explain --want "$(printf '%064d' 1)" "$T/m.yaml"
err_has 'it has 32 bytes, and a launch digest has 48; this may be a SHA-256'
call explain --want "$ZEROS" "$T/m.yaml"
wants 2
err_has "--want is all zeros, which is not the digest of any launch [bad-value]"

begin 'alternatives that are not there, or not what they should be, are refused'
call explain --want "$plain" --firmware "$T/none.fd" "$T/m.yaml"
wants 2
err_has "$T/none.fd" '[file-unreadable]'
call explain --want "$plain" --firmware "$KERNEL" "$T/m.yaml"
wants 2
err_has '--firmware: error: ' '[bad-firmware]'
printf '\037\213\010\0\0\0\0\0\0\3' >"$T/initrd.gz"
for option in "--kernel=$FW" "--initrd=$FW" "--kernel=$T/initrd.gz"; do
  call explain --want "$plain" "$option" "$T/m.yaml"
  wants 2
  err_has "${option%%=*}: error: " '[bad-value]'
done

begin 'alternatives lie below --confine, as all files do'
mkdir "$T/below"
cp "$FW" "$T/below/fw"
manifest "$T/below/m.yaml" 'boot: {firmware: fw}'
call -q explain --confine "$T/below" --want "$("$SNPVMM" -q measure -c 9 "$T/below/m.yaml")" --kernel "$T/initrd.gz" "$T/below/m.yaml"
wants 2
err_has '--kernel: error: ' '[outside-confine]'

begin 'a firmware that has no measurement'
printf '%065536d' 0 >"$T/bios"
printf '\352\0\0\0\360' | dd of="$T/bios" bs=1 seek=65520 conv=notrunc 2>/dev/null
call explain --want "$plain" --platform kvm --set "boot.firmware=$T/bios" --set boot.kernel_hashes=false "$T/m.yaml"
wants 2
err_has 'this manifest has no measurement'

begin 'the command line'
call explain --want "$plain"
usage_error 'explain: --want needs a manifest'
call explain --want "$plain" "$T/m.yaml" "$T/m.yaml"
usage_error 'explain: one manifest at a time'
for option in --kernel=x --firmware=x --initrd=x --budget=1s; do
  call explain "$option" timeout
  usage_error "explain: ${option%%=*} needs --want DIGEST"
done
for budget in 0 0s 0ms 1 x 25h -1s; do
  call explain --want "$plain" --budget="$budget" "$T/m.yaml"
  wants 2
  err_has "'--budget'" '[usage]'
done

begin 'a manifest with mistakes, and one of many launches'
manifest "$T/bad.yaml" 'boot: {firmware: builtin:selftest}' 'vcpus: 0'
call explain --want "$plain" "$T/bad.yaml"
wants 2
err_has '[bad-value]'
manifest "$T/matrix.yaml" 'boot: {firmware: builtin:selftest}' 'matrix: {vcpus: [1, 2]}'
call explain --want "$plain" "$T/matrix.yaml"
wants 2
err_is "$T/matrix.yaml: error: this manifest stands for 2 launches, and a digest is of one [usage]
  fix: leave one value in each list: --set 'matrix={vcpus: [1]}'"
manifest "$T/good.yaml" 'boot: {firmware: builtin:selftest}'
call explain --want "$("$SNPVMM" -q measure --set vcpus=7 "$T/good.yaml")" --set 'matrix={vcpus: [1]}' "$T/matrix.yaml"
wants 0
out_is '--set vcpus=7'
call explain --want "$("$SNPVMM" -q measure --vcpus=7 "$T/good.yaml" | cut -d ' ' -f 3)" --set 'vcpus=2' "$T/good.yaml"
wants 0
out_is '--set vcpus=7'

begin 'a kernel without a firmware: memory and exit port are measured, too'
bzimage "$T/k" ebfe
bzimage "$T/other" 90ebfe
printf 'initrd' >"$T/i"
manifest "$T/direct.yaml" 'boot: {kernel: k, initrd: i}'
for set in '--set vcpus=7' '--set vcpus=250' '--set memory=2G' '--set boot.cmdline=console=ttyS0' '--set exit_port=0x501' \
  '--set vcpu_type=EPYC-Milan' '--set snp.guest_features=0x21' '--set vcpus=2 --set memory=1G --set vcpu_type=EPYC-Genoa' \
  '--set vcpus=12 --set memory=4G' "--set boot.kernel=$T/other"; do
  # shellcheck disable=SC2086 # options
  plain=$("$SNPVMM" -q measure $set "$T/direct.yaml")
  call -q explain --want "$plain" --kernel "$T/other" "$T/direct.yaml"
  wants 0
  got=$(tr ' ' '\n' <"$T/out" | grep '=' | sort)
  [ "$got" = "$(echo "$set" | tr ' ' '\n' | grep '=' | sort)" ] || wrong "$set: $(cat "$T/out")"
done
manifest "$T/alone.yaml" 'boot: {kernel: k}'
call -q explain --want "$("$SNPVMM" -q measure "$T/alone.yaml")" "$T/direct.yaml"
wants 0
out_is 'leave out boot.initrd'
call -q explain --want "$("$SNPVMM" -q measure "$T/direct.yaml")" --initrd "$T/i" "$T/alone.yaml"
wants 0
out_is "--set boot.initrd=$T/i"
plain=$("$SNPVMM" -q measure "$T/direct.yaml")
for devices in 'disks=[i]' 'rng=true' 'hvc=true' 'vsock=auto' 'disks=[i] --set vsock=auto'; do
  # shellcheck disable=SC2086 # options
  call -q explain --want "$plain" --set $devices "$T/direct.yaml"
  wants 0
  out_is 'there are no disks, no vsock, no rng and no hvc, and so no PCI'
  # shellcheck disable=SC2086
  call -q explain --want "$("$SNPVMM" -q measure --set $devices "$T/direct.yaml")" "$T/direct.yaml"
  wants 0
  out_is '--set rng=true'
done
call explain --want "$plain" --kernel "$T/i" "$T/direct.yaml"
wants 2
err_has '--kernel: error: ' 'not a bzImage' '[bad-value]'
call -q explain --want "$("$SNPVMM" -q measure --set "boot.firmware=$FW" "$T/direct.yaml")" --firmware "$FW" "$T/direct.yaml"
wants 0
out_is "--set boot.firmware=$FW"

begin 'an error about a digest names one change that explains it'
call run --set "expect.measurement=$("$SNPVMM" -q measure --set vcpus=3 --set snp.guest_features=0x21 "$T/good.yaml")" "$T/good.yaml"
wants 3
err_has '; the expected digest is that of vcpus: 3, snp.guest_features: 0x21 (--set vcpus=3 --set snp.guest_features=0x21)'
call run --set "expect.measurement=$ZEROS" "$T/good.yaml"
wants 3
! grep -q 'is that of' "$T/err" || wrong 'zeros are explained'

begin 'a budget is kept'
call explain --budget 20ms --want "$(printf '%096d' 1)" "$T/m.yaml"
wants 1

begin 'a manifest from standard input'
timeout 60 "$SNPVMM" -q explain --want "$(digest --set vcpus=5)" - <"$T/m.yaml" >"$T/out" || wrong 'it is not found'
out_is '--set vcpus=5'

begin '^C ends it at once'
timeout -s INT -k 10 1 "$SNPVMM" -q explain --budget 60s --want "$(printf '%096d' 1)" "$T/m.yaml" >"$T/out" 2>"$T/err"
code=$? # 137, if it doesn't listen
[ "$code" = 124 ] || wrong "timeout says $code"
finish
