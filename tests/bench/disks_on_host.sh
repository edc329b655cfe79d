#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/bench/disks_on_host.sh: how long a guest takes to read a disk, of snpvmm and of QEMU (virtio-blk-pci, as a plain
# VM), in turns. Runs at the end of linux_on_host.sh, or alone in its folder; prints "result NAME NUMBER" like that.
set -u
rounds=${BENCH_ROUNDS:-3}
words='console=ttyS0 quiet panic=-1 snpvmm.do=script'
kernel=$(ls vmlinuz-*)
qemu=
for file in ./qemu-system-x86_64 qemu-system-x86_64; do
  [ -n "$qemu" ] || { "$file" --version >/dev/null 2>&1 && qemu=$file; }
done
[ -e disk.img ] || head -c 67108864 /dev/urandom >disk.img

disk_read() { # CONTENDER: the guest's lines
  case $1 in
    kvm)
      ./snpvmm -q run --platform kvm --set boot.initrd=disk-initrd --set "boot.cmdline=$words" \
        --set 'disks={path: disk.img, mode: ro}' linux.yaml
      ;;
    qemu)
      "$qemu" -M pc -L roms -accel kvm -cpu host,arch-capabilities=off -m 256M -nodefaults -no-user-config -display none \
        -monitor none -serial stdio -no-reboot -device isa-debug-exit,iobase=0xf4,iosize=4 -kernel "$kernel" \
        -initrd disk-initrd -append "$words" -drive file=disk.img,format=raw,if=none,id=d,readonly=on \
        -device virtio-blk-pci,drive=d,disable-legacy=on
      ;;
  esac
}

if [ -z "$qemu" ]; then
  for name in disk 4k; do
    echo "result skip time-$name-kvm install qemu-system-x86 to compare"
  done
  return 0 2>/dev/null || exit 0
fi
round=0
while [ "$round" -lt "$rounds" ]; do
  round=$((round + 1))
  for contender in kvm qemu; do
    disk_read $contender 2>&1 </dev/null | tr -d '\r' | sed -n 's/^snpvmm-guest: \(time-[a-z0-9]* [0-9][0-9]*\)$/\1/p' >disk.times
    sed "s/^/round $round: $contender /" disk.times
    while read -r name us; do echo "$us" >>"$name-$contender.list"; done <disk.times
  done
done
for contender in kvm qemu; do
  for name in time-disk time-4k; do
    if [ -e "$name-$contender.list" ]; then
      echo "result $name-$contender $(sort -n "$name-$contender.list" | sed -n "$((($(wc -l <"$name-$contender.list") + 1) / 2))p")"
    else
      echo "result fail $name-$contender the guest read nothing"
    fi
  done
done
