#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/cli/bad_image.sh: images that are truncated, damaged, hostile or of another kind are refused with name and place.
# shellcheck source=tests/cli/lib.inc disable=SC1091
. tests/cli/lib.inc
manifest "$T/m.yaml" 'boot: {firmware: i.fd}' 'memory: 1M'
fw="firmware '$T/i.fd'"

sound() {
  image "$T/i.fd" ebfe "$SECTION"
}

shorten() { # SIZE
  dd if="$T/i.fd" of="$T/cut" bs="$1" count=1 2>/dev/null
  mv "$T/cut" "$T/i.fd"
}

bad_firmware() { # SENTENCE [LINE...]
  sentence=$1
  shift
  refused bad-firmware 2:18 "$sentence" "$@"
}

begin 'a valid image is accepted'
sound
call check "$T/m.yaml"
wants 0
err_is "snpvmm: $T/m.yaml: ok"

begin 'an image that is empty'
: >"$T/i.fd"
bad_firmware "$fw: the firmware image is empty" '  fix: copy the image again'

begin 'an image that is truncated'
for size in 1 4095 65000 65535; do
  sound
  shorten $size
  bad_firmware "$fw: a firmware image of $size bytes is not whole 4 KiB pages" \
    '  why: the reset vector' '  fix: the file may be cut short'
done
for size in 4096 32768; do
  sound
  shorten $size
  bad_firmware "$fw: not an OVMF-style image: no table ahead of its end" '  why: the footer GUID' '  fix: use an image'
done

begin 'an image that is too large'
truncate -s 17M "$T/i.fd"
refused file-too-large 2:18 "boot.firmware: '$T/i.fd' has 17825792 bytes; at most 16777216 are accepted here"

damaged() { # OFFSET DIGITS SENTENCE [LINE...]
  sound
  patch "$T/i.fd" "$1" "$2"
  shift 2
  bad_firmware "$@"
}

begin 'a footer table that is truncated or too long'
damaged $FOOTER ffff "$fw: the footer table of 65535 bytes runs past the image's start" '  why: ' '  fix: '
damaged $FOOTER 1100 "$fw: the footer table of 17 bytes is too short to be one" '  why: ' '  fix: '
damaged $FOOTER 1300 "$fw: the footer table's entry that ends at 0xffce runs past the table" '  why: ' '  fix: '
damaged $((RESET_ENTRY + 4)) ffff "$fw: the footer table's entry that ends at 0xffce runs past the table" '  why: ' '  fix: '
damaged $((RESET_ENTRY + 4)) 0000 "$fw: the footer table's entry that ends at 0xffce is too short to be one" '  why: ' '  fix: '
damaged $((RESET_ENTRY + 4)) 1700 "$fw: the footer table's entry 'SEV-ES reset block' has 5 bytes of data instead of 4" '  why: ' '  fix: '

begin 'a footer table with two entries of a kind'
damaged $METADATA_ENTRY '00000000 1600 de71f7007e1acb4f890e68c77e2fb44e' "$fw: the footer table has two entries 'SEV-ES reset block'" '  why: ' '  fix: '

begin 'an image that does not say what a launch needs'
lacking() { # OFFSET DIGITS SENTENCE: refused for SNP; tests/cli/plain_firmware.sh has what a plain VM makes of it
  sound
  patch "$T/i.fd" "$1" "$2"
  for command in measure check run; do
    call $command "$T/m.yaml"
    wants 2
    one_error "$T/m.yaml:2:18" bad-firmware "$3"
    err_has '  why: ' '  fix: '
  done
}
lacking $((METADATA_ENTRY + 6)) 00 "$fw has no SEV metadata"
lacking $((RESET_ENTRY + 6)) 00 "$fw has no SEV-ES reset block"
lacking $RESET_ENTRY 00000000 "$fw has a SEV-ES reset block with address 0"

begin 'metadata outside the image'
for at in 00000200:131072 08000000:8 ffffffff:4294967295; do
  damaged $METADATA_ENTRY ${at%:*} \
    "$fw: the SEV metadata starts ${at#*:} bytes before the end, which is outside the image of 65536 bytes" '  why: ' '  fix: '
done

begin 'metadata that contradicts itself'
damaged $METADATA 00 "$fw: the SEV metadata at 0xf800 does not begin with 'ASEV'" '  why: ' '  fix: '
damaged $((METADATA + 4)) ffffffff "$fw: the SEV metadata gives its length as 4294967295, but 1 sections take 28"
damaged $((METADATA + 8)) 02 "$fw: the SEV metadata has version 2; only version 1 is known"
damaged $((METADATA + 12)) 02 "$fw: the SEV metadata gives its length as 28, but 2 sections take 40"

begin 'metadata with too many sections'
damaged $((METADATA + 12)) 41 "$fw: the SEV metadata has 65 sections; at most 64 are accepted" '  why: ' '  fix: '
damaged $((METADATA + 12)) ffffffff "$fw: the SEV metadata has 4294967295 sections; at most 64 are accepted"

section() { # SECTION SENTENCE [LINE...]
  image "$T/i.fd" ebfe "$SECTION" "$1"
  shift
  bad_firmware "$@"
}

begin 'sections that overlap'
section '0x10000 0x2000 2' "$fw: SEV metadata: section 0 ('sec mem', 0x10000+0x1000) overlaps section 1 ('secrets', 0x10000+0x2000)" '  why: ' '  fix: '
section '0xffff8000 0x2000 2' "$fw: SEV metadata: section 1 ('secrets', 0xffff8000+0x2000) overlaps the firmware image at 0xffff0000+0x10000"

begin 'sections that are not whole pages'
section '0x20000 0 2' "$fw: SEV metadata: section 1 ('secrets', 0x20000+0x0) is empty"
section '0x20001 0x1000 2' "$fw: SEV metadata: section 1 ('secrets', 0x20001+0x1000) is not whole 4 KiB pages"
section '0x20000 0xfff 2' "$fw: SEV metadata: section 1 ('secrets', 0x20000+0xfff) is not whole 4 KiB pages"
section '0xfffff000 0x2000 2' "$fw: SEV metadata: section 1 ('secrets', 0xfffff000+0x2000) runs past 4 GiB"

begin 'two pages of a kind that a guest has only once'
image "$T/i.fd" ebfe "$SECTION" '0x20000 0x1000 3' '0x30000 0x1000 3'
refused bad-layout 2:18 'two cpuid regions' '  why: a guest has one page of this kind' '  fix: '

begin 'sections outside memory'
image "$T/i.fd" ebfe "$SECTION" '0x200000 0x1000 2'
refused memory-too-small 2:18 "secrets (0x200000..0x201000) lies outside the guest's memory" "  fix: raise 'memory'"
image "$T/i.fd" ebfe "$SECTION" '0xff000 0x2000 2'
refused memory-too-small 2:18 "secrets (0xff000..0x101000) lies outside the guest's memory" "  fix: raise 'memory'"

begin 'memory that is too small for the image'
sound
manifest "$T/m.yaml" 'boot: {firmware: i.fd}' 'memory: 64K'
refused memory-too-small 2:18 "sec mem (0x10000..0x11000) lies outside the guest's memory" "  fix: raise 'memory'"
manifest "$T/m.yaml" 'boot: {firmware: builtin:selftest}' 'memory: 64K'
refused memory-too-small 2:18 'builtin:selftest needs 256 KiB of memory'
manifest "$T/m.yaml" 'boot: {firmware: i.fd}' 'memory: 1M'

begin 'files of another kind'
printf '\177ELF' >"$T/i.fd"
bad_firmware "$fw: not an OVMF-style image: it looks like an ELF file, as vmlinux is" '  fix: '
printf 'MZ' >"$T/i.fd"
bad_firmware "$fw: not an OVMF-style image: it looks like an EFI program (PE)" '  fix: '
printf 'IGVM' >"$T/i.fd"
bad_firmware "$fw: an IGVM file of 4 bytes is cut short" '  why: ' '  fix: copy the file again'

named() { # LOOKS CURE: of $T/i.fd
  bad_firmware "$fw: not an OVMF-style image: it looks like $1" "  fix: $2"
}
printf 'version https://git-lfs.github.com/spec/v1\noid sha256:%064d\nsize 4194304\n' 0 >"$T/i.fd"
named 'a Git LFS pointer' 'fetch the file that it points to: git lfs pull'
printf '<!DOCTYPE html>\n<title>Sign in</title>\n' >"$T/i.fd"
named 'an HTML page, perhaps of a failed download' 'download the file again'
gzip -c "$EXAMPLE" >"$T/i.fd"
named 'a gzip file' 'unpack it first: gunzip'
printf '!<arch>\ndebian-binary   ' >"$T/i.fd"
named 'a Debian package' 'extract the file: dpkg-deb -x'
printf -- '-----BEGIN CERTIFICATE-----\n' >"$T/i.fd"
named 'a certificate or key in PEM form' "give the firmware's raw image"

begin 'an SVSM, and a build for TDX only'
sound
patch "$T/i.fd" $METADATA_ENTRY '00000000 1600 12a689a797054b4ca49fcbb1fe9d1ddd'
bad_firmware "$fw is an SVSM image" '  why: an SVSM runs below a firmware' '  fix: give the firmware alone'
sound
lacking 0x8000 3066d96964eb334b849113a5cf023dcf "$fw is built for Intel TDX"
err_has '  fix: use an OvmfPkgX64 or AmdSevX64 build'

begin 'a file that is not a kernel, with a firmware'
sound
manifest "$T/m.yaml" 'boot: {firmware: i.fd, kernel: k, kernel_hashes: false}' 'memory: 1M'
printf 'version https://git-lfs.github.com/spec/v1\n' >"$T/k"
refused bad-value 2:32 "kernel '$T/k': not a bzImage: it looks like a Git LFS pointer" '  fix: fetch the file that it points to: git lfs pull'
manifest "$T/m.yaml" 'boot: {firmware: i.fd}' 'memory: 1M'

begin 'a kernel with a firmware that has no page of hashes'
echo kernel >"$T/k"
manifest "$T/m.yaml" 'boot: {firmware: i.fd, kernel: k}' 'memory: 1M'
sound
refused no-hash-page 2:18 "$fw has no page for the kernel's hashes, so it can't verify a kernel" '  why: ' "'kernel_hashes: false'"
image "$T/i.fd" ebfe "$SECTION" '0x20000 0x1000 0x10' # the page, but no place in it
refused no-hash-page 2:18 "$fw has no page for the kernel's hashes, so it can't verify a kernel" '  why: ' "'kernel_hashes: false'"

begin 'a file that is not a kernel, without a firmware'
manifest "$T/m.yaml" 'boot: {kernel: k}'
refused bad-value 2:16 "kernel '$T/k': not a bzImage: no 'HdrS' at 0x202 in this file of 7 bytes" '  why: ' '  fix: '

begin 'an image that differs from its pin'
sound
manifest "$T/m.yaml" "boot: {firmware: {path: i.fd, sha256: $(printf '%064d' 0)}}" 'memory: 1M'
refused file-differs 2:18 "boot.firmware: '$T/i.fd' is not the file that the manifest pins" \
  "  why: its SHA-256 is $(sha256sum <"$T/i.fd" | cut -c -64), the manifest says 000000" '  fix: restore the file'

finish
