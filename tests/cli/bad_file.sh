#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/cli/bad_file.sh: files that do not exist, are no regular files, cannot be read, or change while they are read.
# shellcheck source=tests/cli/lib.inc disable=SC1091
. tests/cli/lib.inc
image "$T/i.fd" ebfe "$SECTION"
mkdir "$T/folder"

firmware() { # PATH
  manifest "$T/m.yaml" "boot: {firmware: $1}" 'memory: 1M'
}

begin 'a manifest that does not exist'
rm -f "$T/m.yaml"
refused file-unreadable '' "cannot open '$T/m.yaml': No such file or directory" '  fix: see that the file is there: a path on the command line'

begin 'an image that does not exist'
firmware none.fd
refused file-unreadable 2:18 "boot.firmware: cannot open '$T/none.fd': No such file or directory" \
  "  fix: see that the file is there: a path in a manifest or of --set is relative to the manifest's folder"
manifest "$T/m.yaml" 'boot: {firmware: i.fd, kernel: none}'
refused file-unreadable 2:32 "boot.kernel: cannot open '$T/none': No such file or directory"
manifest "$T/m.yaml" 'boot: {firmware: i.fd, kernel: i.fd, initrd: none}'
refused file-unreadable 2:46 "boot.initrd: cannot open '$T/none': No such file or directory"

begin 'bytes in a file that does not exist, or has the wrong length'
manifest "$T/m.yaml" 'boot: {firmware: builtin:selftest}' 'snp: {host_data: file:none}'
refused file-unreadable 3:18 "'snp.host_data': cannot open '$T/none': No such file or directory" '  fix: see that the file is there: a path in a manifest'
printf 123 >"$T/short"
manifest "$T/m.yaml" 'boot: {firmware: builtin:selftest}' 'snp: {host_data: file:short}'
refused bad-value 3:18 "'snp.host_data' has 3 bytes; it must have 32" '  fix: give exactly 32 bytes'
head -c 65536 /dev/zero >"$T/long"
manifest "$T/m.yaml" 'boot: {firmware: builtin:selftest}' 'snp: {host_data: file:long}'
refused bad-value 3:18 "'snp.host_data' has 65536 bytes; it must have 32"
manifest "$T/m.yaml" 'boot: {firmware: builtin:selftest}' 'snp: {host_data: file:i.fd}'
refused bad-value 3:18 "'snp.host_data': 'i.fd' looks like an OVMF-style firmware image; it must have 32 bytes"

begin 'a folder'
firmware folder
refused file-unreadable 2:18 "boot.firmware: '$T/folder' is not a regular file" '  why: files are read whole and once; a directory'
for command in measure check run; do
  call $command "$T/folder"
  wants 2
  one_error "$T/folder" file-unreadable "'$T/folder' is not a regular file"
  err_has '  why: it is a folder' '  fix: name the manifest itself'
done

begin 'a FIFO, without waiting for a writer'
if mkfifo "$T/fifo"; then
  firmware fifo
  refused file-unreadable 2:18 "boot.firmware: '$T/fifo' is not a regular file" '  why: files are read whole and once; a pipe or device'
  for command in measure check run; do
    run timeout -s KILL 10 "$SNPVMM" $command "$T/fifo"
    wants 2
    one_error "$T/fifo" file-unreadable "'$T/fifo' is not a regular file"
  done
fi

begin 'a device'
firmware /dev/zero
refused file-unreadable 2:18 "boot.firmware: '/dev/zero' is not a regular file" '  why: '

begin 'a link that goes in circles'
ln -s loop "$T/loop"
firmware loop
refused file-unreadable 2:18 "boot.firmware: cannot open '$T/loop': Too many levels of symbolic links"

begin 'a file that changes while it is read'
firmware /proc/self/status # which has 0 bytes until it is read
refused file-changed 2:18 "boot.firmware: '/proc/self/status' changed while it was read" '  fix: write images to a new file'
for command in measure check run; do
  call $command /proc/self/status
  wants 2
  one_error /proc/self/status file-changed "'/proc/self/status' changed while it was read"
done

begin 'a manifest that is too large'
truncate -s 1048577 "$T/m.yaml"
refused file-too-large '' "'$T/m.yaml' has 1048577 bytes; at most 1048576 are accepted here" '  why: a manifest has at most 1 MiB'

begin 'a manifest that is a kernel, an initrd, a firmware or not text: the error says what it is and where it belongs'
no_manifest() { # REASON WHAT FIX
  for command in measure check run; do
    call $command "$T/m.yaml"
    wants 2
    one_error "$T/m.yaml" "$1" "'$T/m.yaml': not a manifest: it looks like $2"
    err_has "  fix: $3"
  done
}
for size in 5000 3000000; do
  reason=syntax
  [ $size -lt 1048577 ] || reason='file-too-large'
  rm -f "$T/m.yaml"
  truncate -s $size "$T/m.yaml"
  printf HdrS | dd of="$T/m.yaml" bs=1 seek=514 conv=notrunc 2>/dev/null
  no_manifest $reason 'a Linux kernel (bzImage)' 'give it with -k; then no manifest is needed'
  printf 070701 | dd of="$T/m.yaml" bs=1 conv=notrunc 2>/dev/null
  printf none | dd of="$T/m.yaml" bs=1 seek=514 conv=notrunc 2>/dev/null
  no_manifest $reason 'a cpio archive, as an initrd is' 'give it with -i; then no manifest is needed'
  printf '\037\213\010' | dd of="$T/m.yaml" bs=1 conv=notrunc 2>/dev/null
  no_manifest $reason 'a gzip file' 'give it with -i if it is an initrd, and a kernel with -k'
done
cp "$T/i.fd" "$T/m.yaml"
no_manifest syntax 'an OVMF-style firmware image' 'give it with -f; then no manifest is needed'
printf '<html>\n<body>a: b: c\n' >"$T/m.yaml"
no_manifest syntax 'an HTML page, perhaps of a failed download' 'download the file again'
cp "$T/i.fd" "$T/-"
run sh -c '"$0" check - <"$1/-"' "$SNPVMM" "$T"
wants 2
one_error stdin syntax "'stdin': not a manifest: it looks like an OVMF-style firmware image"

begin 'an image given by an option: the fix names the option'
call check -k "$T/i.fd"
wants 2
one_error -k bad-value "kernel '$T/i.fd': not a bzImage: it looks like an OVMF-style firmware image"
err_has '  fix: give it as boot.firmware (-f)'
call check -k "$T/none"
wants 2
one_error -k file-unreadable "boot.kernel: cannot open '$T/none': No such file or directory"
err_has '  fix: see that the file is there: a path on the command line is relative to the current folder'
printf '\037\213\010\0' >"$T/packed"
call check -k "$T/packed"
wants 2
err_has '  fix: unpack it first: gunzip' 'an initrd is given as boot.initrd (-i)'
call check -i "$T/packed"
wants 2
err_has 'give the kernel that the initrd is for (-k)'

# Another user than root, who reads everything.
firmware secret.fd
cp "$T/i.fd" "$T/secret.fd"
chmod 0 "$T/secret.fd"
if [ "$(id -u)" != 0 ]; then
  begin 'a file that this user may not read'
  refused file-unreadable 2:18 "boot.firmware: cannot open '$T/secret.fd': Permission denied"
elif cp "$SNPVMM" "$T/snpvmm" && chmod 755 "$T/snpvmm" && nobody_can_run "$T/snpvmm" --version; then
  begin 'a file that this user may not read'
  for command in measure check run; do
    as_nobody "$T/snpvmm" $command "$T/m.yaml"
    wants 2
    one_error "$T/m.yaml:2:18" file-unreadable "boot.firmware: cannot open '$T/secret.fd': Permission denied"
  done
else
  skip 'a file that this user may not read' 'root reads everything, and setpriv or a program that others can run is missing'
fi

finish
