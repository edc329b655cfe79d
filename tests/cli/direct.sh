#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/cli/direct.sh: a kernel without a firmware: what is measured, which kernels are refused, and a run of a tiny one.
# shellcheck source=tests/cli/lib.inc disable=SC1091
. tests/cli/lib.inc

# Offsets of the setup header (Linux, Documentation/arch/x86/boot.rst).
SETUP_SECTS=0x1f1
BOOT_FLAG=0x1fe
VERSION=0x206
LOADFLAGS=0x211
INITRD_MAX=0x22c
ALIGNMENT=0x230
RELOCATABLE=0x234
XLOADFLAGS=0x236
PREF_ADDRESS=0x258
INIT_SIZE=0x260

bzimage "$T/sound" ebfe # jmp $
kernel() {
  cp "$T/sound" "$T/k"
}
k="kernel '$T/k'"
WHERE=2:16 # of the kernel in these manifests

direct() { # LINE...
  manifest "$T/m.yaml" 'boot: {kernel: k}' "$@"
}
with_initrd() { # LINE...
  manifest "$T/m.yaml" 'boot: {kernel: k, initrd: i}' "$@"
}

digest() { # the digest of $T/m.yaml, to stdout
  "$SNPVMM" -q measure "$T/m.yaml" 2>&1
}

sum_of_pages() { # of a listing in $T/out, in KiB
  awk '$1 ~ /^0x/ { sum += $2 } END { print sum + 0 }' "$T/out"
}

begin 'a kernel without an initrd is valid, and has a digest'
kernel
direct
call check "$T/m.yaml"
wants 0
err_is "snpvmm: $T/m.yaml: ok"
call measure "$T/m.yaml"
wants 0
err_is ''
grep -q -x -E '[0-9a-f]{96}' "$T/out" || wrong "not a digest: $(cat "$T/out")"

begin '--pages: a few regions, in the order of the launch'
for vcpus in 1 2 3 4; do
  call measure --pages --set vcpus=$vcpus "$T/m.yaml"
  wants 0
  [ "$(sed 1d "$T/out" | sed 's/.*[0-9a-f]\{16\}\.\.\.  //' | grep -v '^vcpu ' | tr '\n' ,)" = \
    'stage0 page tables,stage0 parameters,boot_params,command line,ACPI tables,stage0 code,stage0 stack,stage0 secrets,stage0 cpuid,' ] ||
    wrong "other regions: $(cat "$T/out")"
  [ "$(grep -c ' vmsa ' "$T/out")" = $vcpus ] || wrong "not $vcpus VMSAs: $(cat "$T/out")"
  [ "$(sum_of_pages)" -le 64 ] || wrong "$vcpus vCPUs: $(sum_of_pages) KiB are measured"
  [ "$(sum_of_pages)" -ge 32 ] || wrong "$vcpus vCPUs: only $(sum_of_pages) KiB are listed"
done

begin 'an initrd of 1 GiB adds no regions'
truncate -s 1G "$T/i"
with_initrd 'memory: 2G' 'vcpus: 4'
call measure --pages "$T/m.yaml"
wants 0
[ "$(sum_of_pages)" -le 64 ] || wrong "$(sum_of_pages) KiB are measured"
rm "$T/i"

begin 'each byte changes the digest'
echo initrd >"$T/i"
with_initrd
digest >"$T/digests"
patch "$T/k" 0x25ff 01 # the last one
digest >>"$T/digests"
patch "$T/k" 0x25ff 00
patch "$T/i" 6 00
digest >>"$T/digests"
printf x >"$T/i"
digest >>"$T/digests"
: >"$T/i"
digest >>"$T/digests"
for line in "memory: 64M" "vcpus: 2" "exit_port: false" "vcpu_type: EPYC-Milan"; do
  with_initrd "$line"
  digest >>"$T/digests"
done
manifest "$T/m.yaml" 'boot: {kernel: k, cmdline: " "}'
digest >>"$T/digests"
[ "$(grep -c -x -E '[0-9a-f]{96}' "$T/digests")" = 10 ] || wrong "not ten digests: $(cat "$T/digests")"
[ "$(sort -u "$T/digests" | grep -c .)" = 10 ] || wrong "two are equal: $(cat "$T/digests")"

begin 'an empty initrd counts as none; the platform changes nothing'
direct
none=$(digest)
with_initrd
[ "$(digest)" = "$none" ] || wrong "with an empty initrd: $(digest), without one: $none"
with_initrd 'platform: kvm'
[ "$(digest)" = "$none" ] || wrong "for platform kvm: $(digest), for snp: $none"

begin '0 setup sectors mean 4'
direct
dd if=/dev/zero of="$T/longer" bs=512 count=21 2>/dev/null
dd if="$T/k" of="$T/longer" conv=notrunc 2>/dev/null
mv "$T/longer" "$T/k"
patch "$T/k" $SETUP_SECTS 00
call check "$T/m.yaml"
wants 0

begin 'a file that is not a bzImage'
direct
printf 'just text' >"$T/k"
refused bad-value $WHERE "$k: not a bzImage: no 'HdrS' at 0x202 in this file of 9 bytes" '  why: ' '  fix: give the bzImage'
: >"$T/k"
refused bad-value $WHERE "$k: the kernel file is empty" '  fix: '
head -c 5000 /dev/zero >"$T/k"
refused bad-value $WHERE "$k: not a bzImage: no 'HdrS' at 0x202 in this file of 5000 bytes" '  why: ' '  fix: '
patch "$T/k" 0 7f454c46
refused bad-value $WHERE "$k: not a bzImage: it looks like an ELF file, as vmlinux is" '  fix: give the bzImage'
patch "$T/k" 0 4d5a0000
refused bad-value $WHERE "$k: not a bzImage: it looks like an EFI program (PE)" '  fix: '
patch "$T/k" 0 1f8b
refused bad-value $WHERE "$k: not a bzImage: it looks like a gzip file" '  fix: unpack it'

damaged() { # OFFSET DIGITS KIND SENTENCE [LINE...]
  kernel
  patch "$T/k" "$1" "$2"
  kind=$3 sentence=$4
  shift 4
  refused "$kind" $WHERE "$k: $sentence" '  fix: ' "$@"
}

begin 'a file that is not an initrd'
kernel
with_initrd
initrd_named() { # LOOKS CURE: of $T/i
  refused bad-value 2:27 "boot.initrd: '$T/i': not an initrd: it looks like $1" "  fix: $2"
}
printf 'version https://git-lfs.github.com/spec/v1\n' >"$T/i"
initrd_named 'a Git LFS pointer' 'fetch the file that it points to: git lfs pull'
printf '<html>' >"$T/i"
initrd_named 'an HTML page, perhaps of a failed download' 'download the file again'
cp "$T/sound" "$T/i"
initrd_named 'a Linux kernel (bzImage)' 'give it as boot.kernel (-k)'
printf '!<arch>\ndebian-binary   ' >"$T/i"
initrd_named 'a Debian package' 'extract the file'
printf '\177ELF' >"$T/i"
initrd_named 'an ELF file, as vmlinux is' 'give a cpio archive, compressed or not'

begin 'each compression of an initrd'
for mark in 1f8b08 425a6839 fd377a585a00 28b52ffd 5d000080 02214c18 894c5a4f000d0a1a0a 303730373031 68737173; do
  hex $mark >"$T/i"
  call check "$T/m.yaml"
  wants 0
  err_is "snpvmm: $T/m.yaml: ok"
done

begin 'an empty initrd is a warning'
: >"$T/i"
call measure "$T/m.yaml"
wants 0
err_is "$T/m.yaml:2:27: warning: boot.initrd: '$T/i' is empty, so the guest gets no initrd"

begin 'a kernel is complete if only its last 16 bytes are cut'
direct
kernel
for size in 9727 9713; do
  truncate -s $size "$T/k"
  call check "$T/m.yaml"
  wants 0
done
truncate -s 9712 "$T/k"
refused bad-value $WHERE "$k: the kernel is cut short: 8176 bytes follow its setup part instead of 8192" '  fix: '

begin 'a protocol that is too old'
damaged $VERSION 0b02 unsupported 'the kernel has boot protocol 2.11, and the oldest supported one is 2.12' '  why: only 2.12 (Linux 3.8) and later' '  fix: use a newer kernel'
damaged $VERSION 0000 unsupported 'the kernel has boot protocol 0.0, and the oldest supported one is 2.12'

begin 'a kernel without a 64-bit entry'
damaged $XLOADFLAGS 7e00 unsupported 'the kernel is a 32-bit one: it has no 64-bit entry (xloadflags 0x007e)' '  fix: use a kernel for x86-64'
damaged $LOADFLAGS 00 unsupported 'the kernel is a zImage, made to be loaded below 1 MiB (loadflags 0x00)'

begin 'a header that contradicts itself or the file'
damaged $BOOT_FLAG 3412 bad-value "not a bzImage: 0x1234 instead of 0xaa55 at 0x1fe, though 'HdrS' is at 0x202"
damaged 0x201 00 bad-value "the kernel's setup header ends at 0x202; in protocol 2.15 it ends between 0x268 and 0x290"
damaged 0x201 ff bad-value "the kernel's setup header ends at 0x301; in protocol 2.15 it ends between 0x268 and 0x290"
damaged $SETUP_SECTS 00 bad-value 'the kernel is cut short: 7168 bytes follow its setup part instead of 8192'
damaged $SETUP_SECTS ff bad-value "the kernel's setup part is 131072 bytes long, and the file 9728"
damaged $INIT_SIZE 00000000 bad-value 'the kernel asks for 0 bytes to unpack itself (init_size); it has to ask for at least the 8192 of the file, and at most 1073741824'
damaged $INIT_SIZE ffffffff bad-value 'the kernel asks for 4294967295 bytes to unpack itself (init_size); it has to ask for at least the 8192 of the file, and at most 1073741824'
damaged $ALIGNMENT 00000000 bad-value 'the kernel asks for an alignment of 0x0 (kernel_alignment), which is not a power of two up to 1 GiB'
damaged $ALIGNMENT 01000080 bad-value 'the kernel asks for an alignment of 0x80000001 (kernel_alignment), which is not a power of two up to 1 GiB'

begin 'a kernel that must be loaded where there is no memory'
kernel
patch "$T/k" $PREF_ADDRESS ffffffffffffffff
refused unsupported $WHERE "$k: the kernel (4194304 bytes from 0xffffffffffffffff on) and the initrd (0 bytes) do not fit any guest's memory" '  why: ' '  fix: '
patch "$T/k" $RELOCATABLE 00
refused unsupported $WHERE "$k: the kernel is not relocatable and must be loaded at 0xffffffffffffffff (pref_address), which is not possible" '  why: ' '  fix: '

begin 'a kernel that is truncated'
for size in 1 512 517 518 600 615 616 1536 2048 9712; do
  kernel
  truncate -s $size "$T/k"
  for command in measure check 'run -v --platform=kvm'; do
    # shellcheck disable=SC2086 # a command and its options
    call $command "$T/m.yaml"
    wants 2
    grep -q "^$T/m.yaml:$WHERE: error: $k: .* \[bad-value\]\$" "$T/err" || wrong "$size bytes: $(cat "$T/err")"
    err_has '  fix: '
  done
done

too_small() { # MEMORY SENTENCE ENOUGH: refused, with what would do, which does
  direct_or_initrd=$(sed -n 2p "$T/m.yaml")
  manifest "$T/m.yaml" "$direct_or_initrd" "memory: $1"
  refused memory-too-small $WHERE "$k: $2" '  why: the kernel unpacks itself' "  fix: set 'memory' to at least $3"
  call check --set "memory=$3" "$T/m.yaml"
  wants 0
  call check --set "memory=$((${3%M} - 1))M" "$T/m.yaml"
  wants 2
}

begin 'memory that is too small: how much is enough'
kernel
direct
too_small 64K 'the kernel (4194304 bytes from 0x1000000 on) and the initrd (0 bytes) need memory up to 0x1400000, and it ends at 0x10000' 20M
patch "$T/k" $INIT_SIZE 00000004
too_small 64M 'the kernel (67108864 bytes from 0x1000000 on) and the initrd (0 bytes) need memory up to 0x5000000, and it ends at 0x4000000' 80M

begin 'an initrd that is too large for the memory: how much is enough'
kernel
truncate -s 30M "$T/i"
with_initrd
too_small 32M 'the kernel (4194304 bytes from 0x1000000 on) and the initrd (31457280 bytes) need memory up to 0x3200000, and it ends at 0x2000000' 50M

begin 'an initrd that is too large for the kernel'
patch "$T/k" $INITRD_MAX ffffff01
with_initrd
refused unsupported $WHERE "$k: the initrd (31457280 bytes) does not fit between the kernel's end at 0x1400000 and 0x1ffffff, the highest address that this kernel accepts for one" '  fix: use a smaller initrd'
rm "$T/i"

begin 'an initrd that does not exist'
kernel
refused file-unreadable 2:27 "boot.initrd: cannot open '$T/i': No such file or directory"

begin 'more memory than direct boot supports'
direct 'memory: 512G'
for command in measure check; do # run may also say that this machine has less
  call "$command" "$T/m.yaml"
  wants 2
  one_error "$T/m.yaml:$WHERE" bad-value "stage0 can't accept memory above 512 GiB"
  err_has '  fix: use a kernel that accepts memory itself (Linux 6.5 or later), or at most 511G of memory'
done
direct 'memory: 511G'
call check "$T/m.yaml"
wants 0

begin 'a command line that is one byte too long'
manifest "$T/m.yaml" "boot: {kernel: k, cmdline: $(printf '%02047d' 0)}"
call check "$T/m.yaml"
wants 0
manifest "$T/m.yaml" "boot: {kernel: k, cmdline: $(printf '%02048d' 0)}"
refused bad-value 2:28 'the command line has 2048 bytes, and this kernel takes at most 2047' '  fix: shorten boot.cmdline by 1 bytes'

begin 'the same with a firmware'
image "$T/hash.fd" ebfe "$SECTION"
manifest "$T/m.yaml" "boot: {firmware: hash.fd, kernel: k, kernel_hashes: false, cmdline: $(printf '%02047d' 0)}" 'memory: 4M'
call check "$T/m.yaml"
wants 0
manifest "$T/m.yaml" "boot: {firmware: hash.fd, kernel: k, kernel_hashes: false, cmdline: $(printf '%02048d' 0)}" 'memory: 4M'
refused bad-value 2:69 'the command line has 2048 bytes, and this kernel takes at most 2047' '  fix: shorten boot.cmdline by 1 bytes'

warned() { # PLACE SENTENCE: measure, check and run say so, and -q leaves it out
  for command in measure check; do
    call $command "$T/m.yaml"
    wants 0
    err_has "$T/m.yaml:$1: warning: $2"
    [ "$(grep -c warning: "$T/err")" = 1 ] || wrong 'not one warning'
    call -q $command "$T/m.yaml"
    wants 0
    err_is ''
  done
}
quiet() { # no warning
  call check "$T/m.yaml"
  wants 0
  err_is "snpvmm: $T/m.yaml: ok"
}

begin 'a console= that does not exist'
for console in hvc0 ttyS1,115200 ttyAMA0 uart,io,0x2f8 uart8250,mmio32,0xfe000000; do
  manifest "$T/m.yaml" "boot: {kernel: k, cmdline: 'quiet console=$console'}"
  warned 2:28 "'boot.cmdline' has the kernel write to '$console', which the guest does not have"
  err_is ''
done
manifest "$T/m.yaml" 'boot: {kernel: k, cmdline: console=hvc0}' 'hvc: true'
quiet
manifest "$T/m.yaml" 'boot: {kernel: k, cmdline: console=tty0}'
warned 2:28 "'boot.cmdline' has the kernel write to 'tty0', a screen, which the guest does not have"
for line in console=ttyS0 console=ttyS0,115200n8 'console=tty0 console=ttyS0' 'console=hvc0 console=ttyS0' \
  console=uart,io,0x3f8 console=uart8250,io,0x3f8,115200 console=null console= quiet 'a="b console=hvc0"' '-- console=hvc0'; do
  manifest "$T/m.yaml" "boot: {kernel: k, cmdline: '$line'}"
  quiet
done

begin 'expect.console without a console'
manifest "$T/m.yaml" 'boot: {kernel: k, cmdline: quiet}' 'expect: {console: [login]}'
warned 2:28 "'expect.console' waits for lines, but 'boot.cmdline' has no console=ttyS0"
manifest "$T/m.yaml" 'boot: {kernel: k, cmdline: earlyprintk=serial}' 'expect: {console: [login]}'
quiet
manifest "$T/m.yaml" 'boot: {kernel: k}' 'expect: {console: [login]}'
quiet

begin 'an initrd of several files is measured as one'
printf '070701one' >"$T/a" # 9 bytes: three zeros follow
printf '070701two' >"$T/b"
printf '070701one\000\000\000070701two' >"$T/i"
with_initrd
whole=$(digest)
manifest "$T/m.yaml" 'boot: {kernel: k, initrd: [a, b]}'
[ "$(digest)" = "$whole" ] || wrong 'not the digest of the two files, concatenated'
manifest "$T/m.yaml" 'boot: {kernel: k, initrd: [b, a]}'
[ "$(digest)" != "$whole" ] || wrong 'the order makes no difference'
manifest "$T/m.yaml" 'boot: {kernel: k, initrd: [a]}'
one=$(digest)
manifest "$T/m.yaml" 'boot: {kernel: k, initrd: a}'
[ "$(digest)" = "$one" ] || wrong 'a list of one file differs from the file'
a=$(sha256sum <"$T/a" | cut -d' ' -f1) b=$(sha256sum <"$T/b" | cut -d' ' -f1)
manifest "$T/m.yaml" "boot: {kernel: k, initrd: [{path: a, sha256: $a}, {path: b, sha256: $b}]}"
[ "$(digest)" = "$whole" ] || wrong 'pinned: another digest'
echo 'out 0xf4 1 0' >"$T/script"
run env "FAKE_SCRIPT=$T/script" "${B:-build}/tests/snpvmm-fake" run --results "$T/r" "$T/m.yaml"
grep -q "\"sha256\": \"$a\"" "$T/r/result.json" && grep -q "\"sha256\": \"$b\"" "$T/r/result.json" ||
  wrong 'result.json lacks one of the two'
call measure "$T/r/manifest.yaml"
out_is "$whole"
manifest "$T/m.yaml" "boot: {kernel: k, initrd: [a, {path: b, sha256: $a}, none]}"
call check "$T/m.yaml"
wants 2
err_has "$T/m.yaml:2:31: error: boot.initrd: '$T/b' is not the file that the manifest pins [" \
  "error: boot.initrd: cannot open '$T/none': No such file or directory [file-unreadable]" \
  "  fix: see that the file is there: a path in a manifest or of --set is relative to the manifest's folder"
manifest "$T/m.yaml" 'boot: {kernel: k}' 'matrix: {boot.initrd: [a, [a, b], [b, {path: a}]]}'
call measure "$T/m.yaml"
wants 0
[ "$(sed -n '2s/ .*//p' "$T/out") $(grep -c . "$T/out")" = 'boot.initrd=a+b 3' ] || wrong "not its name: $(cat "$T/out")"
grep -q "^boot.initrd=a+b  $whole\$" "$T/out" || wrong 'not its digest in a matrix'
manifest "$T/m.yaml" 'boot: {kernel: k, initrd: []}'
refused bad-value 2:27 "'boot.initrd' is an empty list"

begin 'memory that is too small for the unpacked initrd'
head -c 208000000 /dev/zero | gzip -1 >"$T/i"
with_initrd 'memory: 200M'
warned 3:9 'the initrd unpacks to about 198 MiB, which is too much for a guest with memory: 200M'
call check "$T/m.yaml"
err_has '  fix: write memory: 512M or more'
with_initrd 'memory: 512M'
quiet
with_initrd # the default, in which half would do
quiet
with_initrd 'memory: 300M'
warned 3:9 'the initrd unpacks to about 198 MiB, which is too much for a guest with memory: 300M'
manifest "$T/m.yaml" "boot: {kernel: k, initrd: i, cmdline: 'console=ttyS0 root=/dev/vda'}" 'memory: 300M' # into a ramfs
quiet

begin 'a command line with a NUL'
manifest "$T/m.yaml" 'boot: {kernel: k, cmdline: "a\0b"}'
refused syntax 2:28 'a NUL character inside a value'

begin 'a kernel that differs from its pin'
manifest "$T/m.yaml" "boot: {kernel: {path: k, sha256: $(printf '%064d' 0)}}"
refused file-differs $WHERE "boot.kernel: '$T/k' is not the file that the manifest pins" '  why: its SHA-256 is ' '  fix: '

begin 'a kernel that prints nothing: the likely cause; no such cause if it printed something'
kernel
silent() { # COMMAND-LINE 'PRINT' TEXT...
  direct 'memory: 64M' 'timeout: 200ms'
  printf '%s\nwait\n' "$2" >"$T/script"
  run env FAKE_SCRIPT="$T/script" "${SNPVMM%/snpvmm}/tests/snpvmm-fake" run --set "boot.cmdline=$1" "$T/m.yaml"
  wants 124
  shift 2
  err_has "$@"
  case $(tail -n 1 "$T/err") in 'snpvmm: fail: '*) ;; *) wrong "the last line is no verdict: $(cat "$T/err")" ;; esac
}
no_byte='; the console got no byte [timeout]'
silent 'root=/dev/vda quiet' '' "$no_byte" 'snpvmm: hint: add console=ttyS0 to boot.cmdline'
silent 'console=tty0 xconsole=ttyS0' '' "$no_byte" 'snpvmm: hint: add console=ttyS0 to boot.cmdline'
silent 'console=ttyS0,115200 quiet' '' "$no_byte" 'snpvmm: hint: remove quiet from boot.cmdline'
silent 'console=ttyS0' '' "$no_byte" 'snpvmm: hint: add earlyprintk=serial,ttyS0'
silent 'console=uart8250,io,0x3f8 earlyprintk=serial,ttyS0' '' "$no_byte"
err_lacks 'hint: '
silent 'root=/dev/vda' 'print "a word\n"' "; the console's last line is 'a word' [timeout]"
err_lacks 'hint: ' 'no byte'

begin 'a kernel that validates what stage0 has validated: what to write'
direct 'memory: 64M'
for code in 1 2; do
  printf '%s\n' 'print "a word\n"' "terminate 1 $code" >"$T/script"
  run env FAKE_SCRIPT="$T/script" "${SNPVMM%/snpvmm}/tests/snpvmm-fake" run "$T/m.yaml"
  wants 1
  if [ $code = 1 ]; then
    err_has 'snpvmm: hint: with a kernel older than Linux 6.9, write boot.accept: lazy'
  else
    err_lacks 'hint: '
  fi
done

if kvm_usable; then
  begin 'a tiny kernel runs: its output and its status are reported'
  kernel
  patch "$T/k" $KERNEL_ENTRY 'ba f8030000 b0 41 ee' # mov edx, 0x3f8; mov al, 'A'; out dx, al
  patch "$T/k" $((KERNEL_ENTRY + 8)) 'b0 05 e6 f4 ebfe' # mov al, 5; out 0xf4, al; jmp $
  direct 'memory: 64M'
  call run --platform=kvm --set expect.exit=5 "$T/m.yaml"
  wants 0
  [ "$(cat "$T/out")" = A ] || wrong "the console is '$(cat "$T/out")'"
  err_has 'snpvmm: pass: the guest exited with status 5'
  head -c 70000 /dev/zero >"$T/i" # with an initrd, which stage0 has to find in order
  with_initrd 'memory: 64M'
  call run --platform=kvm --set expect.exit=5 "$T/m.yaml"
  wants 0
  call run --platform=kvm --set expect.exit=5 --set vcpus=4 --set memory=4G "$T/m.yaml"
  wants 0
else
  skip 'a tiny kernel runs' '/dev/kvm is missing or not for this user'
fi

finish
