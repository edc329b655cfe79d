#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/cli/bad_manifest.sh: manifests that are not YAML or not valid: each error has line, column and fix.
# shellcheck source=tests/cli/lib.inc disable=SC1091
. tests/cli/lib.inc
BOOT='boot: {firmware: builtin:selftest}'

# "version: 1", the boot line, and these.
with() { # LINE...
  manifest "$T/m.yaml" "$BOOT" "$@"
}

text() { # FORMAT: the whole of it
  # shellcheck disable=SC2059 # its escapes are the point
  printf "$1" >"$T/m.yaml"
}

many() { # COUNT CHARACTER
  dd if=/dev/zero bs=1000 count="$(($1 / 1000))" 2>/dev/null | tr '\000' "$2"
}

begin 'tabs'
text 'version: 1\nboot:\n\tfirmware: x\n'
refused syntax 3:1 'a tab where YAML takes only spaces' '  why: YAML does not allow tabs' '  fix: replace the tab'

begin 'an empty manifest'
text ''
refused syntax 1:1 'there is nothing in it' "  fix: a manifest begins with 'version: 1'"
text '# a comment\n'
refused syntax 1:1 'there is nothing in it'

begin 'a manifest that is not a map'
text '[a]\n'
refused syntax 1:1 'a manifest is a map of keys' "  fix: begin with 'version: 1'"
text 'a\n'
refused syntax 1:1 'a manifest is a map of keys'

begin 'brackets that are not closed'
text 'version: 1\nboot: {firmware: x\n'
refused syntax 3:1 'a map in braces is not closed' '  fix: '

begin 'duplicate keys'
with 'vcpus: 1' 'memory: 1M' 'vcpus: 2'
refused duplicate-key 5:1 "duplicate key 'vcpus'" '  why: it was given before at line 3, column 1' '  fix: remove one of the two'
with 'snp: {policy: 0x30000, policy: 0x30000}'
refused duplicate-key 3:24 "duplicate key 'policy'" '  why: it was given before at line 3, column 7'
with "$BOOT"
refused duplicate-key 3:1 "duplicate key 'boot'"

begin 'unknown keys'
with 'vcpsu: 2'
refused unknown-key 3:1 "unknown key 'vcpsu'" "  fix: did you mean 'vcpus'?"
with 'policy: 0x30000'
refused unknown-key 3:1 "unknown key 'policy'" "  fix: did you mean 'snp.policy'?"
with 'snp: {policy: {smtt: true}}'
refused unknown-key 3:16 "unknown key 'smtt' in 'snp.policy'" "  fix: did you mean 'smt'?"
with 'zzzzzzzz: 1'
refused unknown-key 3:1 "unknown key 'zzzzzzzz'" '  fix: the keys here are: version, name, '

begin 'missing keys'
text "$BOOT\n"
refused missing-key 1:1 "'version' is missing" "  fix: write 'version: 1'"
text 'version: 1\n'
refused missing-key 1:1 "nothing to boot: neither 'boot.firmware' nor 'boot.kernel' is given" '  fix: '
text "version: 2\n$BOOT\n"
refused bad-value 1:10 "'version' is 2; it must be 1"

begin 'wrong types'
with 'vcpus: [1]'
refused bad-value 3:8 "'vcpus' must be a number, not a list"
with 'vcpus: two'
refused bad-value 3:8 "'vcpus' is 'two', which is not a number" '  fix: write a decimal number'
with 'vcpus: 1.0'
refused bad-value 3:8 "'vcpus' is '1.0', which is not a number"
with 'vcpus: 010'
refused bad-value 3:8 "'vcpus' is '010', which is not a number" 'without leading zeros'
with 'vcpus:'
refused bad-value 3:7 "'vcpus' has no value" '  fix: write a number, or leave the key out'
with 'memory: {a: 1}'
refused bad-value 3:9 "'memory' must be a size such as 512M, not a map"
with 'memory: 512'
refused bad-value 3:9 "'memory' is '512', which is not a size" '  fix: add a unit: 512M if mebibytes are meant'
with 'timeout: 5'
refused bad-value 3:10 "'timeout' is '5', which is not a time" '  fix: add a unit: 5s if seconds are meant'
with 'snp: {policy: {debug: yes}}'
refused bad-value 3:23 "'snp.policy.debug' is 'yes'; it must be true or false" '  fix: write true or false; yes, no'
with 'snp: 5'
refused bad-value 3:6 "'snp' must be a map of keys, not a single value"
text 'version: 1\nboot: [a]\n'
refused bad-value 2:7 "'boot' must be a map of keys, not a list"

begin 'huge and negative integers'
with 'vcpus: 99999999999999999999999'
refused bad-value 3:8 "'vcpus' is 99999999999999999999999; it must be from 1 to 4096"
with 'vcpus: 18446744073709551617' # 2^64 + 1
refused bad-value 3:8 "'vcpus' is 18446744073709551617; it must be from 1 to 4096"
with 'vcpus: -1'
refused bad-value 3:8 "'vcpus' is '-1', which is not a number"
with 'memory: 99999999999999999999T'
refused bad-value 3:9 "'memory' is 99999999999999999999T; it must be from 64K to 1T"
with 'memory: 17179869185G' # 2^64 + 2^30
refused bad-value 3:9 "'memory' is 17179869185G; it must be from 64K to 1T"
with 'memory: 65K'
refused bad-value 3:9 "'memory' is 65K, which is not whole pages" '  fix: write a multiple of 4K: 68K'
with 'snp: {policy: 0x10000000000030000}'
refused bad-value 3:15 "'snp.policy' is 0x10000000000030000; it must be from 0x0 to 0xffffffffffffffff"
with 'timeout: 0s'
refused bad-value 3:10 "'timeout' is 0s; it must be from 1ms to 34560m"
with 'exit_port: 0x10000'
refused bad-value 3:12 "'exit_port' is 0x10000; it must be from 0x1 to 0xfffe"

begin 'nesting that is too deep'
many 10000000 '[' >"$T/m.yaml"
refused file-too-large '' "'$T/m.yaml' has 10000000 bytes; at most 1048576 are accepted here" '  why: a manifest has at most 1 MiB'
many 1000000 '[' >"$T/m.yaml"
refused syntax 1:17 'nested deeper than 16'
{ echo 'version: 1' && printf 'name: ' && many 1000000 '{'; } >"$T/m.yaml"
refused syntax 2:8 'a key must be a word, not a list or a map'

begin 'too many keys and values'
{ echo 'version: 1' && echo 'name:' && awk 'BEGIN { for (i = 0; i < 20000; i++) print "- a" }'; } >"$T/m.yaml"
refused syntax 9998:3 'more than 10000 keys and values'
with "name: $(many 1000000 a)"
refused bad-value 3:7 "'name' has 1000000 bytes; it may have 255"

begin 'bytes that are not text'
text "version: 1\n$BOOT\nname: a\\000b\n"
refused syntax 3:8 'a NUL byte' '  why: a manifest is UTF-8 text'
text "version: 1\n$BOOT\nname: a\\377b\n"
refused syntax 3:8 'byte 0xff is not UTF-8 here' '  why: a manifest is UTF-8 text'
text "version: 1\n$BOOT\nname: a\\300\\257\n" # a slash in two bytes
refused syntax 3:8 'byte 0xc0 is not UTF-8 here'
text "version: 1\n$BOOT\nname: a\\355\\240\\200\n" # half a surrogate pair
refused syntax 3:8 'byte 0xed is not UTF-8 here'
with 'name: "a\0b"'
refused syntax 3:7 'a NUL character inside a value'
with 'name: "a\x1b[2J"'
refused bad-value 3:7 "'name' has a control character (0x1b)"

begin 'invisible characters'
hidden() { # PLACE U+XXXX NAME FORMAT
  text "$4"
  refused syntax "$1" "a character that cannot be seen, $2 ($3)" '  why: it looks like a blank or like nothing' '  fix: remove it'
}
hidden 3:1 U+00A0 'no-break space' 'version: 1\nboot:\n\302\240 firmware: builtin:selftest\n'
hidden 2:8 U+00A0 'no-break space' 'version: 1\nmemory:\302\2401M\n'
hidden 2:4 U+200B 'zero width space' 'version: 1\nmem\342\200\213ory: 1M\n'
hidden 1:1 U+FEFF 'byte order mark' '\357\273\277\357\273\277version: 1\n'
hidden 2:1 U+FEFF 'byte order mark' 'version: 1\n\357\273\277memory: 1M\n'
hidden 2:9 U+202E 'a change of direction' 'version: 1\nname: "a\342\200\256b"\n'
hidden 2:8 U+3000 'ideographic space' "version: 1\\nname: '\\343\\200\\200'\\n"
hidden 2:8 U+200D 'a joiner of zero width' 'version: 1\nname: a\342\200\215b\n'
hidden 2:7 U+E0041 'a tag' 'version: 1\nname: \363\240\201\201\n'
hidden 2:12 U+00A0 'no-break space' 'version: 1\nname: "a # \302\240"\n'
text "version: 1\nmem\\302\\240ory: 1M\n$BOOT\nna\\342\\200\\213me: x\n"
call check "$T/m.yaml"
wants 2
err_has "$T/m.yaml:2:4: error: " "$T/m.yaml:4:3: error: "
[ "$(grep -c error: "$T/err")" = 2 ] || wrong 'not the two'
call check --set "name=a$(printf '\302\240')b" "$EXAMPLE"
wants 2
one_error '--set name' syntax 'a character that cannot be seen, U+00A0 (no-break space)'
text "version: 1 # \\302\\240\n# \\342\\200\\213\n$BOOT\nname: \"a\\\\u00a0b\" # it's \\302\\240\n" # in comments, and as it may be written
call check "$T/m.yaml"
wants 0
text "version: 1\n$BOOT\nname: \\360\\237\\221\\251\\342\\200\\215\\360\\237\\222\\273 \\342\\235\\244\\357\\270\\217\n" # emoji
call check "$T/m.yaml"
wants 0

begin 'colons in lists'
with 'expect:' '  console:' '    - login:'
refused bad-value 5:7 "'expect.console' must be a regular expression, not a map" '  why: a colon' "  fix: put it in quotes: 'login:'"
with 'expect:' '  console:' '    - Result: PASS'
refused bad-value 5:7 "'expect.console' must be a regular expression, not a map" "  fix: put it in quotes: 'Result: PASS'"
with 'expect: {console: [login:, x]}'
refused syntax 3:25 "a ':' where no key can stand" '  fix: put the value in quotes'

begin 'characters as JSON writes them'
printf '{"version": 1, "boot": {"firmware": "builtin:selftest"}, "name": "\\ud83d\\ude00 \\uD83D\\uDE01", "vcpus": 0}\n' >"$T/m.yaml"
refused bad-value 1:104 "'vcpus' is 0; it must be from 1 to 4096"
printf '{"version": 1, "boot": {"firmware": "builtin:selftest"}, "name": "\\ud83d\\ude00 \\uD83D\\uDE01", "vcpus": 1}\n' >"$T/m.yaml"
call check "$T/m.yaml"
wants 0
with 'name: "\ud83d x"'
refused syntax 3:10 'no character has this escape' '  fix: write both halves of a pair'
with 'name: "\\ud83d\ude00"'
refused syntax 3:17 'no character has this escape'

begin 'YAML that manifests do not use'
with 'name: &a b'
refused syntax 3:7 'anchors (&name) are not part of a manifest' '  why: a manifest is written in a subset of YAML'
with 'name: *a'
refused syntax 3:7 'aliases (*name) are not part of a manifest' '  why: '
with 'name: !!str b'
refused syntax 3:7 'tags (!name) are not part of a manifest' '  why: '
with '<<: {}'
refused syntax 3:1 'merge keys (<<) are not part of a manifest' '  why: '
with --- 'version: 1'
refused syntax 3:1 'further documents (---) are not part of a manifest' '  why: '

begin 'policies that no firmware accepts'
with 'snp: {policy: 0x10000}'
refused bad-policy 3:15 "'snp.policy': policy 0x10000 lacks bit 17" '  why: the firmware refuses a guest whose policy has bit 17 clear' '  fix: write 0x30000'
with 'snp: {policy: 0x100030000}'
refused bad-policy 3:15 "'snp.policy': policy 0x100030000 has unknown bits: 0x100000000" '  why: ' '  fix: write 0x30000'
with 'snp: {guest_features: 0x20}'
refused bad-value 3:23 "'snp.guest_features': guest features 0x20 lack bit 0 (SNP active)" '  why: ' '  fix: write 0x21'

begin 'an ID block without its authentication, and the other way round'
with "snp: {id_block: 'hex:$ZEROS$ZEROS'}"
refused bad-id-block 3:17 "'snp.id_block' without 'snp.id_auth'" '  why: ' '  fix: give both or neither'
dd if=/dev/zero of="$T/auth" bs=4096 count=1 2>/dev/null
with 'snp: {id_auth: file:auth}'
refused bad-id-block 3:16 "'snp.id_auth' without 'snp.id_block'" '  why: ' '  fix: give both or neither'

begin 'an ID block that no firmware accepts'
with "snp: {id_block: 'hex:$ZEROS$ZEROS', id_auth: file:auth}"
refused bad-id-block 3:17 'snp.id_block is all zeros'
with "snp: {id_block: 'hex:01${ZEROS#00}$ZEROS', id_auth: file:auth}"
refused bad-id-block 3:17 'snp.id_auth: ID key algorithm is 0, not 1' '  why: ' '  fix: '

begin 'bytes of the wrong length, or in an unknown form'
with 'snp: {host_data: hex:00}'
refused bad-value 3:18 "'snp.host_data' has 1 bytes; it must have 32" '  fix: give exactly 32 bytes'
with 'snp: {host_data: hex:0g}'
refused bad-value 3:18 "'snp.host_data' is '0g', which does not decode to 32 bytes" '  fix: '
with 'snp: {gosvw: 00}'
refused bad-value 3:14 "'snp.gosvw' is '00', which does not say how its bytes are written" '  fix: write hex:..., base64:... or file:PATH'

begin 'a CPU for which the digest is not known'
with 'vcpu_type: host'
refused bad-value 3:12 "'vcpu_type' cannot be 'host'" "  why: the CPU's signature is measured" '  fix: '
with 'vcpu_type: EPIC-Milan'
refused bad-value 3:12 "'vcpu_type': there is no CPU model 'EPIC-Milan'" "  fix: did you mean 'EPYC-Milan'?"

with 'vcpu_type: EPYC-Siena'
refused bad-value 3:12 "'vcpu_type': there is no CPU model 'EPYC-Siena'" '  fix: write EPYC, EPYC-Rome' 'or a signature such as 0xa00f11'

begin 'a value that is wrong causes no further errors'
printf %s no_digits. >"$T/short"
head -c 4096 /dev/zero >"$T/auth"
with 'snp: {id_block: file:short, id_auth: file:auth}'
refused bad-value 3:17 "'snp.id_block' has 10 bytes; it must have 96"
with "snp: {id_block: 'hex:01${ZEROS#00}$ZEROS', id_auth: file:short}"
refused bad-value 3:226 "'snp.id_auth' has 10 bytes; it must have 4096"
text 'version: 1\nboot: {firmware: {path: short, sha256: zz}}\n'
call check "$T/m.yaml"
wants 2
err_has "'boot.firmware.sha256' is 'zz'"
! grep -q 'file-pin' "$T/err" || wrong "$(cat "$T/err")"

begin 'units of other programs'
for size in 1GB 1gb '1 GB' 1g; do
  with "memory: $size"
  refused bad-value 3:9 "'memory' is '$size', which is not a size" '  fix: write 1G'
done
with 'timeout: 2 hours'
refused bad-value 3:10 "'timeout' is '2 hours', which is not a time" '  fix: write 120m'
with 'timeout: 90sec'
refused bad-value 3:10 "'timeout' is '90sec', which is not a time" '  fix: write 90s'
with 'memory: 1 hour'
refused bad-value 3:9 "'memory' is '1 hour', which is not a size" '  fix: write an integer with K, M'
text 'version: 2\nboot: {firmware: builtin:selftest}\n'
refused bad-value 1:10 "'version' is 2; it must be 1" '  fix: write 1'

begin 'keys that contradict each other'
text 'version: 1\nboot: {initrd: m.yaml}\n'
refused conflict 2:16 "'boot.initrd' without 'boot.kernel'" '  fix: '
text 'version: 1\nboot: {firmware: builtin:selftest, kernel_hashes: true}\n'
refused conflict 2:51 "'boot.kernel_hashes' without a kernel" '  why: ' '  fix: '
with 'exit_port: 0x3f8'
refused conflict 3:12 "'exit_port' is 0x3f8, where the serial port is" '  fix: write another port'
with 'exit_port: false'
refused conflict 2:18 'builtin:selftest reports through the exit port, but exit_port is false' '  fix: '
with "measure: {ovmf_hash: $(printf '%096d' 0)}"
refused conflict 2:18 'builtin:selftest has no OVMF pages for measure.ovmf_hash to stand for' '  fix: '
text 'version: 1\nboot: {firmware: builtin:selftest, kernel: m.yaml}\n'
refused conflict 2:18 'builtin:selftest boots no kernel, but boot.kernel is given' '  fix: '

text 'version: 1\nboot: {firmware: builtin:selftest, cmdline: quiet}\n'
refused conflict 2:45 "'boot.cmdline' without 'boot.kernel'" '  fix: give the kernel that the command line is for'
text 'version: 1\nboot: {cmdline: quiet}\n'
refused conflict 2:17 "'boot.cmdline' without 'boot.kernel'"
text 'version: 1\nboot: {firmware: builtin:selftest, cmdline: ""}\n'
call check "$T/m.yaml"
wants 0
text 'version: 1\nboot: {kernel: m.yaml}\nexit_port: false\nexpect: {exit: 0}\n'
call check "$T/m.yaml"
wants 2
err_has "$T/m.yaml:4:16: error: 'expect.exit' is 0, but 'exit_port' is false [conflict]" '  why: ' '  fix: '

begin 'a matrix over keys that cannot vary'
with 'matrix: {vcpsu: [1, 2]}'
refused unknown-key 3:10 "unknown key 'vcpsu' in 'matrix'" "  fix: did you mean 'vcpus'?"
with 'matrix: {name: [a, b]}'
refused bad-value 3:10 "'name' cannot be in 'matrix'" '  fix: write it outside'
with 'matrix: {vcpus: 4}'
refused bad-value 3:17 "'matrix: vcpus' must be a list of values, not a single value" '  fix: '
with 'matrix: {vcpus: []}'
refused bad-value 3:17 "'matrix: vcpus' is an empty list"
with 'matrix: {vcpus: [1, 2], memory: [512]}'
refused bad-value 3:34 "'memory' is '512', which is not a size" '  fix: '
tens='1, 2, 3, 4, 5, 6, 7, 8, 9, 10'
with matrix: "  vcpus: [$tens]" "  exit_port: [$tens]" "  expect.exit: [$tens]" '  boot.cmdline: [a, b]'
refused bad-value 7:3 "'matrix' stands for more than 1000 runs"

begin 'outputs that are not possible'
with 'serial: stderr'
refused bad-value 3:9 "'serial' cannot be 'stderr'" "'./stderr' is a file of that name"
with 'debug_port: ""'
refused bad-value 3:13 "'debug_port' is an empty path"

begin 'expectations that cannot be met'
with 'expect: {measurement: 00}'
refused bad-value 3:23 "'expect.measurement' is '00' (2 characters), which is not a launch digest" '  fix: write 96 hexadecimal digits'
with "expect: {measurement: \"vcpus=1  $ZEROS\\nvcpus=2  $ZEROS\"}"
refused bad-value 3:23 "'expect.measurement' is 'vcpus=1  $(printf '%059d' 0)...' (211 characters), which is not a launch digest" "  fix: 'snpvmm measure' prints a line for each run: write their digests as a map"
with 'expect: {measurement: []}'
refused bad-value 3:23 "'expect.measurement' is an empty list"
with "expect: {measurement: {0: $ZEROS}}"
refused bad-value 3:24 "'expect.measurement': 'vcpus' is 0; it must be from 1 to 4096"
with 'expect: {exit: -1}'
refused bad-value 3:16 "'expect.exit' is '-1', which is not a number" '  fix: write the status that the guest must give, any, or none'
with "expect: {console: [ready, 'a(']}"
refused bad-value 3:27 "'expect.console': 'a(': not a regular expression" '  why: missing closing parenthesis, at character 2'
with 'expect: {never: ["a{1000}{1000}"]}'
refused bad-value 3:18 "'expect.never': 'a{1000}{1000}': not a regular expression" '  why: '
with "expect: {never: ['\\y+ failed']}"
refused bad-value 3:18 "'expect.never': '\\y+ failed': not a regular expression" '  why: unrecognized character' '  fix: write \\ for a backslash'
with "expect: {never: ['\\<BUG\\>']}"
refused bad-value 3:18 "'expect.never': '\\<BUG\\>': '\\<' does not match the start of a word" '  fix: write '
with "expect: {never: ['(?<n>a)(?P=n)']}"
refused bad-value 3:18 "'expect.never': '(?<n>a)(?P=n)': a regular expression with a back reference" '  fix: write out'
with 'expect: {console: ready}'
refused bad-value 3:19 "'expect.console' must be a list of regular expressions, not a single value" '  fix: '
with 'expect: {exit: none}'
refused conflict 3:16 "'expect.exit' is none, but 'expect.console' is not given" '  why: ' '  fix: '
with 'silence: 5'
refused bad-value 3:10 "'silence' is '5', which is not a time" '  fix: add a unit: 5s if seconds are meant'

finish
