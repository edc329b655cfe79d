#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/guest/make-disk.sh OUT: a disk image with Debian 13 that UEFI boots, for tests; needs root.
#
# OUT gets a GPT with an EFI system partition (systemd-boot, kernel, initrd) and an ext4 root that brings up systemd
# and a login prompt on ttyS0. All is packages of Debian's archive, by mmdebstrap. The image is kept in the same cache
# as the packages of snpvmm-mkguest, by the hash of this script; to get newer packages, remove it there. The same root
# is also mounted read-only from dm-verity: it has no fstab, and blocks of dm-verity's size. Status 77: not to be had
# here.
set -eu

cannot() {
  echo "make-disk.sh: cannot make a disk image: $*" >&2
  exit 77
}
[ $# = 1 ] || {
  echo "usage: make-disk.sh OUT" >&2
  exit 2
}
out=$1
cache=${SNPVMM_CACHE:-${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}/snpvmm}
kept=$cache/debian-13-$(sha256sum "$0" | cut -c 1-16).img.gz
work=''
trap '[ -z "$work" ] || rm -rf "$work"' EXIT
trap 'exit 130' HUP INT TERM

# Sizes in MiB: the image has a MiB before the first partition and one behind the last.
esp=48 root=256

# What apt may leave out is left out: the image lies in the memory of an emulated host.
system() { # OUTDIR
  cat >"$work/initramfs.conf" <<EOF
MODULES=list
COMPRESS=gzip
EOF
  mmdebstrap --variant=minbase --mode=root --quiet \
    --include=systemd-sysv,udev,login,linux-image-cloud-amd64,systemd-boot-efi-amd64-signed \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/lib/modules/*/kernel/net/*' \
    --dpkgopt='path-include=/usr/lib/modules/*/kernel/net/vmw_vsock/*' \
    --dpkgopt='path-exclude=/usr/lib/modules/*/kernel/drivers/net/*' \
    --essential-hook='mkdir -p "$1/etc/initramfs-tools/conf.d"' \
    --essential-hook="copy-in $work/initramfs.conf /etc/initramfs-tools/conf.d" \
    --essential-hook='printf "virtio_blk\nvirtio_pci\next4\n" >"$1/etc/initramfs-tools/modules"' \
    --customize-hook='echo debian >"$1/etc/hostname"' \
    --customize-hook='rm -f "$1/etc/fstab"' \
    --customize-hook='echo root:snpvmm | chroot "$1" chpasswd' \
    --customize-hook='rm -rf "$1"/var/cache/apt/* "$1"/var/lib/apt/lists/* "$1"/usr/share/zoneinfo' \
    trixie "$1" >"$work/log" 2>&1
}

partition_boot() { # ROOTDIR FILE
  truncate -s ${esp}M "$2"
  mkfs.vfat -F 32 -n ESP "$2" >/dev/null
  mmd -i "$2" ::/EFI ::/EFI/BOOT ::/loader ::/loader/entries
  printf 'timeout 0\n' >"$work/loader.conf"
  printf '%s\n' 'title Debian 13' 'linux /vmlinuz' 'initrd /initrd.img' \
    'options root=/dev/vda2 rw console=ttyS0 panic=-1' >"$work/debian.conf"
  mcopy -i "$2" "$1/usr/lib/systemd/boot/efi/systemd-bootx64.efi.signed" ::/EFI/BOOT/BOOTX64.EFI
  mcopy -i "$2" "$work/loader.conf" ::/loader/loader.conf
  mcopy -i "$2" "$work/debian.conf" ::/loader/entries/debian.conf
  mcopy -i "$2" "$1"/boot/vmlinuz-* ::/vmlinuz
  mcopy -i "$2" "$1"/boot/initrd.img-* ::/initrd.img
}

image() { # FILE
  system "$work/root" || cannot "mmdebstrap failed: $(grep -m 1 '^E:' "$work/log" || tail -n 1 "$work/log")"
  partition_boot "$work/root" "$work/esp"
  rm -rf "$work/root/boot"
  mkdir "$work/root/boot"
  truncate -s ${root}M "$work/ext4"
  mkfs.ext4 -q -b 4096 -d "$work/root" -L root "$work/ext4"
  truncate -s $((esp + root + 2))M "$1"
  printf '%s\n' 'label: gpt' "start=1MiB, size=${esp}MiB, type=uefi" "size=${root}MiB, type=linux" |
    sfdisk -q "$1"
  dd if="$work/esp" of="$1" bs=1M seek=1 conv=notrunc,sparse status=none
  dd if="$work/ext4" of="$1" bs=1M seek=$((esp + 1)) conv=notrunc,sparse status=none
}

if [ ! -s "$kept" ]; then
  [ "$(id -u)" = 0 ] || cannot 'this takes root'
  for tool in mmdebstrap mkfs.vfat mkfs.ext4 mcopy sfdisk; do
    command -v $tool >/dev/null 2>&1 || cannot "there is no $tool (packages mmdebstrap, dosfstools, e2fsprogs, mtools, fdisk)"
  done
  mkdir -p "$cache" 2>/dev/null || cannot "cannot make $cache (SNPVMM_CACHE names another folder)"
  work=$(mktemp -d "$cache/.disk.XXXXXX") || cannot "cannot write to $cache"
  image "$work/image"
  gzip -1 <"$work/image" >"$work/image.gz"
  mv "$work/image.gz" "$kept" # within one folder: whole, or not at all
fi
mkdir -p "$(dirname "$out")"
gzip -dc "$kept" | dd of="$out.new" bs=1M iflag=fullblock conv=sparse status=none
mv "$out.new" "$out"
