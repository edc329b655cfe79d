#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/cli/check.sh: a word for each manifest that is right; what is wrong with others is in bad_*.sh.
# shellcheck source=tests/cli/lib.inc disable=SC1091
. tests/cli/lib.inc
manifest "$T/bad.yaml" 'boot: {firmware: builtin:selftest}' 'vcpus: 0'

begin 'the example is right'
call check "$EXAMPLE"
wants 0
out_is ''
err_is "snpvmm: $EXAMPLE: ok"

begin 'each of several is checked'
call check "$EXAMPLE" "$T/bad.yaml" "$EXAMPLE" "$T/none.yaml"
wants 2
out_is ''
err_is "snpvmm: $EXAMPLE: ok
$T/bad.yaml:3:8: error: 'vcpus' is 0; it must be from 1 to 255 [bad-value]
snpvmm: $EXAMPLE: ok
$T/none.yaml: error: cannot open '$T/none.yaml': No such file or directory [file-unreadable]"

begin 'each run of a matrix is checked, whatever the others are'
manifest "$T/matrix.yaml" 'boot: {firmware: builtin:selftest}' 'matrix: {vcpus: [1, 4], memory: [16M, 64K]}'
call check "$T/matrix.yaml"
wants 2
err_has "snpvmm: $T/matrix.yaml: vcpus=1,memory=16M: ok" 'error: vcpus=1,memory=64K: ' \
  "snpvmm: $T/matrix.yaml: vcpus=4,memory=16M: ok" 'error: vcpus=4,memory=64K: '
call check --set memory=16M "$T/matrix.yaml"
wants 0
err_is "snpvmm: $T/matrix.yaml: vcpus=1,memory=16M: ok
snpvmm: $T/matrix.yaml: vcpus=4,memory=16M: ok"
call check --set 'matrix={vcpus: [2, 0, 3]}' "$T/matrix.yaml"
wants 2
err_is "snpvmm: $T/matrix.yaml: vcpus=2: ok
--set matrix: error: 'vcpus' is 0; it must be from 1 to 255 [bad-value]
snpvmm: $T/matrix.yaml: vcpus=3: ok"
call check --set 'matrix={vcpus: [0, 3]}' "$T/matrix.yaml"
wants 2
err_is "--set matrix: error: 'vcpus' is 0; it must be from 1 to 255 [bad-value]
snpvmm: $T/matrix.yaml: vcpus=3: ok"

begin 'what is wrong with several runs of a matrix is said once'
call check --set timeout=0s "$T/matrix.yaml"
wants 2
one_error '--set timeout' bad-value "'timeout' is 0s; it must be from 1ms to 34560m"
call check --set 'matrix={memory: [16M, 32M], vcpus: [0, 256, 1]}' "$T/matrix.yaml"
wants 2
[ "$(grep -c 'error: ' "$T/err")" = 2 ] || wrong "not two errors: $(cat "$T/err")"
err_has "'vcpus' is 0;" "'vcpus' is 256;" 'memory=16M,vcpus=1: ok' 'memory=32M,vcpus=1: ok'
call check --set 'matrix={vcpu: [1, 2]}' "$T/matrix.yaml"
wants 2
one_error '--set matrix' unknown-key "unknown key 'vcpu' in 'matrix'"

begin 'what can only be measured is right, with a word about it'
image "$T/i.fd" ebfe "$SECTION"
echo kernel >"$T/k"
manifest "$T/m.yaml" 'boot: {firmware: i.fd, kernel: k, kernel_hashes: false}' 'memory: 1M'
call check "$T/m.yaml"
wants 0
err_is "snpvmm: $T/m.yaml: ok to measure, not to run: boot.kernel is not a bzImage that a firmware could boot"
call check --set measure.profile=gce "$EXAMPLE"
wants 0
err_is "snpvmm: $EXAMPLE: ok to measure, not to run: measure.profile gce is another launcher's order of pages and registers"

begin 'a firmware that seems too old for SNP is doubted, where it matters'
image "$T/old.fd" ebfe "$SECTION" '0x20000 0x1000 2' '0x21000 0x1000 3'
image "$T/new.fd" ebfe "$SECTION" '0x20000 0x1000 2' '0x21000 0x1000 3' '0x22000 0x1000 4'
manifest "$T/m.yaml" 'boot: {firmware: old.fd}' 'memory: 1M'
call check "$T/m.yaml"
wants 0
err_has "snpvmm: $T/m.yaml: ok" "snpvmm: $T/m.yaml: the firmware seems older than edk2-stable202405"
call check --platform kvm "$T/m.yaml"
wants 0
err_is "snpvmm: $T/m.yaml: ok"
call check --set "boot.firmware=$T/new.fd" "$T/m.yaml"
wants 0
err_is "snpvmm: $T/m.yaml: ok"

begin 'a measurement that is expected is not held against this one'
call check --set "expect.measurement=$ZEROS" "$EXAMPLE"
wants 0

begin 'needs no host'
run env -i "$SNPVMM" check --platform=snp "$EXAMPLE"
wants 0

finish
