#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/cli/disks.sh: which images a manifest can name as disks, who may have one at a time, and what is said of them.
# What a guest does with them: tests/snp/on_host.sh.
# shellcheck source=tests/cli/lib.inc disable=SC1091
. tests/cli/lib.inc
FAKE=${FAKE:-${B:-build}/tests/snpvmm-fake}
case $FAKE in /*) ;; *) FAKE=$PWD/$FAKE ;; esac
mkdir "$T/in"
truncate -s 1M "$T/in/a.img"
truncate -s 2M "$T/in/b.img"
mkfifo "$T/in/fifo"
printf 'out 0xf4 1 0\n' >"$T/script"

disks() { # VALUE: a manifest with these disks
  manifest "$T/in/m.yaml" 'boot: {firmware: builtin:selftest}' "disks: $1"
}
fake() { # ARGUMENT...
  run env FAKE_SCRIPT="$T/script" "$FAKE" "$@"
}

begin 'images that are sound'
disks '[a.img, {path: b.img, mode: ro, serial: data}, {path: in-place, mode: rw}]'
truncate -s 512 "$T/in/in-place"
call check "$T/in/m.yaml"
wants 0
fake run --results "$T/results" "$T/in/m.yaml"
wants 0

begin 'they are in the result, and in the manifest that is kept'
if python3 -c '' 2>/dev/null; then
  python3 - "$T/results/result.json" "$T/in" >>"$T/why" 2>&1 <<'PYTHON' || wrong 'result.json is not right'
import json, sys
disks = json.load(open(sys.argv[1]))['disks']
nothing = dict(driver=False, reads=0, writes=0, flushes=0, read_bytes=0, written_bytes=0, errors=0, exits=0)
folder = sys.argv[2]
assert disks == [dict(nothing, path=folder + '/a.img', mode='scratch', serial='disk0', size=1 << 20, dirty_bytes=0),
                 dict(nothing, path=folder + '/b.img', mode='ro', serial='data', size=2 << 20),
                 dict(nothing, path=folder + '/in-place', mode='rw', serial='disk2', size=512)], disks
PYTHON
fi
sed -n '/^disks:/,/\]/p' "$T/results/manifest.yaml" >"$T/out"
out_is "disks: [
  { path: \"$T/in/a.img\", mode: scratch, serial: \"disk0\" },
  { path: \"$T/in/b.img\", mode: ro, serial: \"data\" },
  { path: \"$T/in/in-place\", mode: rw, serial: \"disk2\" }
  ]"
call check "$T/results/manifest.yaml"
wants 0

begin 'a run that fails says which disk no driver took'
printf 'print "no root\\n"\nout 0xf4 1 1\n' >"$T/script"
fake run "$T/in/m.yaml"
wants 1
err_has 'snpvmm: disk0: no driver in the guest took it; Linux needs virtio_pci and virtio_blk' 'snpvmm: disk2: no driver'
printf 'out 0xf4 1 0\n' >"$T/script"

begin 'one that passes does not'
fake run "$T/in/m.yaml"
wants 0
err_lacks 'no driver'

begin '--stats counts what the guest asked of each'
fake run --stats "$T/in/m.yaml"
wants 0
err_has 'snpvmm: disk1: 0 reads of 0 KiB, 0 writes of 0 KiB, 0 flushes, 0 errors, 0 exits'

refused_disk() { # PLACE REASON SENTENCE [LINE...]: by check and by run
  place=$1 reason=$2 sentence=$3
  shift 3
  for command in check run; do
    fake $command "$T/in/m.yaml"
    wants 2
    one_error "$T/in/m.yaml:$place" "$reason" "$sentence"
    [ $# = 0 ] || err_has "$@"
  done
}

begin 'check -o json says which are written'
call check -o json "$T/in/m.yaml"
wants 0
tr -d ' \n' <"$T/out" | grep -q 'a.img","written":false.*b.img","written":false.*in-place","written":true' || wrong "$(cat "$T/out")"

begin 'what is no image'
disks '[none.img]'
refused_disk 3:9 file-unreadable "cannot open '$T/in/none.img': No such file or directory"
err_has "  fix: see that the file is there: a path in a manifest or of --set is relative to the manifest's folder"
disks '[fifo]'
refused_disk 3:9 file-unreadable "'$T/in/fifo' is no disk image" '  why: an image is a regular file or a block device, and this is a pipe'
disks '[{path: ., mode: rw}]'
refused_disk 3:9 file-unreadable "'$T/in/.' is no disk image" '  why: an image is a regular file or a block device, and this is a directory'
truncate -s 1000 "$T/in/odd"
disks '[odd]'
refused_disk 3:9 file-unreadable "'$T/in/odd' has 1000 bytes, which are not whole sectors of 512" \
  '  why: it may be incomplete' "  fix: if it is raw, make it longer: truncate -s +24 '$T/in/odd'"
truncate -s 0 "$T/in/odd"
disks '[odd]'
refused_disk 3:9 file-unreadable "'$T/in/odd' is empty"

begin 'an image that is packed is given as it is, with a warning'
truncate -s 0 "$T/in/packed"
printf 'QFI\373' >"$T/in/packed"
truncate -s 64K "$T/in/packed"
disks '[packed]'
for command in check run; do
  fake $command "$T/in/m.yaml"
  wants 0
  err_has "m.yaml:3:9: warning: '$T/in/packed' looks like a qcow2 disk" "  why: a disk's image is raw" \
    '  fix: unpack it, or qemu-img convert -O raw'
done

begin 'each mistake is found'
disks '[none.img, a.img, fifo]'
call check "$T/in/m.yaml"
wants 2
err_has "m.yaml:3:9: error: cannot open '$T/in/none.img'" "m.yaml:3:26: error: '$T/in/fifo' is no disk image"

begin 'one image twice, if nobody writes to it'
ln -sf a.img "$T/in/link"
ln -f "$T/in/a.img" "$T/in/hard"
disks '[a.img, {path: link, mode: ro}, {path: hard}]'
call check "$T/in/m.yaml"
wants 0
fake run "$T/in/m.yaml"
wants 0
for other in a.img link hard; do
  disks "[{path: $other, mode: rw}, a.img]"
  refused_disk "3:$((29 + ${#other}))" conflict 'disk0 and disk1 are the same image, and one is rw' '  why: the guest would write to one behind' \
    "  fix: use a copy, or 'mode: ro'"
done

begin 'a hash that is right, and one that is not'
sum=$(sha256sum "$T/in/b.img" | cut -d ' ' -f 1)
disks "[{path: b.img, sha256: $sum}]"
fake run "$T/in/m.yaml"
wants 0
disks "[{path: a.img, sha256: $sum}]"
for command in check run; do
  fake $command "$T/in/m.yaml"
  wants 2
  err_has "$T/in/m.yaml:3:9: error: '$T/in/a.img' is not the file that the manifest pins [file-differs]"
  err_has '  why: its SHA-256 is ' '  fix: restore the file'
done

begin '17 disks'
disks '[link, link, link, link, link, link, link, link, link, link, link, link, link, link, link, link, link]'
refused_disk 3:105 bad-value "'disks' has more than 16"

begin 'measure does not open them, and of their number and content nothing is measured'
disks '[none.img, fifo]'
call measure "$T/in/m.yaml"
wants 0
cp "$T/out" "$T/digest"
disks '[other]'
call measure "$T/in/m.yaml"
cmp -s "$T/out" "$T/digest" || wrong 'another disk gives another digest'

begin '--confine holds for them'
truncate -s 512 "$T/outside.img"
disks '[../outside.img]'
for command in check run; do
  fake $command --confine "$T/in" "$T/in/m.yaml"
  wants 2
  one_error "$T/in/m.yaml:3:9" outside-confine "'$T/in/../outside.img' is not below '$T/in'"
done
disks '[a.img]'
fake run --confine "$T/in" "$T/in/m.yaml"
wants 0

begin 'no output of a run may be one of them'
disks '[a.img]'
fake run --set serial=a.img "$T/in/m.yaml"
wants 2
err_has "serial would write over '$T/in/a.img', which is disks [output-conflict]"
fake run --results "$T/in" --set 'disks=[{path: result.json, mode: ro}]' "$T/in/m.yaml"
wants 2
err_has 'which is disks [output-conflict]'

begin '--set gives them as a whole, and a matrix too'
call check --set 'disks=[{path: b.img, mode: ro}, a.img]' "$T/in/m.yaml"
wants 0
call check --set disks=b.img "$T/in/m.yaml"
wants 0
manifest "$T/in/x.yaml" 'boot: {firmware: builtin:selftest}' 'matrix: {disks: [[], a.img, [a.img, {path: b.img, mode: ro}]]}'
fake run "$T/in/x.yaml"
wants 0
err_has 'pass: disks=a.img+b.img: ' 'pass: disks=a.img: '

begin 'an image that is in use'
printf 'print "here\\n"\nsleep 60000\nout 0xf4 1 0\n' >"$T/script"
disks '[{path: a.img, mode: rw}]'
env FAKE_SCRIPT="$T/script" "$FAKE" run "$T/in/m.yaml" >"$T/other" 2>&1 </dev/null &
other=$!
touch "$T/other"
await grep -q here "$T/other"
printf 'out 0xf4 1 0\n' >"$T/script"
fake run "$T/in/m.yaml"
wants 99
err_has "$T/in/m.yaml:3:9: error: the disk '$T/in/a.img' is in use [host-busy]" "  why: another program has it open, and 'mode: rw' is for one alone" '  fix: wait until that ends, or use a copy'
err_lacks doctor
fake run --set disks=a.img "$T/in/m.yaml"
wants 99
err_has '  why: another program writes to it'
call check "$T/in/m.yaml" # which says what is wrong with a manifest, not with the moment
wants 0
kill $other
wait $other
fake run "$T/in/m.yaml"
wants 0

begin 'no folder for what the guest writes'
disks '[a.img]'
run env TMPDIR=/nowhere FAKE_SCRIPT="$T/script" "$FAKE" run "$T/in/m.yaml"
wants 2
err_has "$T/in/m.yaml:3:9: error: cannot create a file in '/nowhere' for what the guest writes to a disk: No such file or directory [output-failed]" \
  "  fix: name a folder in TMPDIR, or use 'mode: ro'"

if device=$(losetup --find --show "$T/in/b.img" 2>/dev/null); then
  begin 'a block device'
  undo="losetup --detach $device"
  ln -s "$device" "$T/in/device"
  for mode in ro scratch rw; do
    disks "[{path: $device, mode: $mode}]"
    call check "$T/in/m.yaml"
    wants 0
    fake run --results "$T/results" "$T/in/m.yaml"
    wants 0
    grep -q '"size": 2097152' "$T/results/result.json" || wrong "$mode: the size in result.json"
  done
  disks "[{path: $device, mode: rw}, {path: device, mode: rw}]"
  call check "$T/in/m.yaml"
  wants 2
  if python3 -c '' 2>/dev/null; then
    begin 'a block device that another program has for itself alone'
    disks "[{path: $device, mode: rw}]"
    taken() { # SECONDS
      rm -f "$T/taken"
      python3 -c 'import os, sys, time; os.open(sys.argv[1], os.O_RDWR | os.O_EXCL); open(sys.argv[2], "w"); time.sleep(float(sys.argv[3]))' \
        "$device" "$T/taken" "$1" &
      await [ -e "$T/taken" ]
    }
    taken 0.4 # as a run that was killed has it for a moment
    fake run "$T/in/m.yaml"
    wants 0
    taken 60
    fake run --retries 1 "$T/in/m.yaml"
    wants 99
    err_has "error: the disk '$device' is in use [host-busy]" '  why: it is mounted, part of another device, or' 'trying again'
    kill $!
    wait $! 2>/dev/null || true
  fi
  losetup --detach "$device"
  undo=''
else
  skip 'a block device' 'no loop device can be set up'
fi

cp "$SNPVMM" "$T/snpvmm"
if nobody_can_run "$T/snpvmm" --version; then
  begin 'rw needs permission to write, and scratch does not'
  chmod 644 "$T/in/a.img"
  disks '[a.img]'
  as_nobody "$T/snpvmm" check "$T/in/m.yaml"
  wants 0
  disks '[{path: a.img, mode: rw}]'
  as_nobody "$T/snpvmm" check "$T/in/m.yaml"
  wants 2
  one_error "$T/in/m.yaml:3:9" file-unreadable "cannot open '$T/in/a.img': Permission denied"
  err_has "  fix: 'mode: rw' needs permission to write to the image"
else
  skip 'rw needs permission to write, and scratch does not' 'no other user can run the program'
fi

finish
