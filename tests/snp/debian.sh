#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/snp/debian.sh: Debian 13 from a disk up to its login prompt: through OVMF, and by direct boot with dm-verity. It
# makes the image first (tests/guest/make-disk.sh) and takes minutes, so nothing calls it; SNP_LONG=yes says that this
# is wanted.
#
#   SNP_LONG=yes SNP_HOST='...' sh tests/snp/debian.sh [firmware|verity]     (SNP_HOST: see tests/snp/check.sh)
set -u
B=${B:-build}
box=$B/debian-box

sum_of() { # FILE
  sha256sum "$1" | cut -d ' ' -f 1
}

# NAME COMMAND...: the run passes, and leaves the image as it was
booted() {
  name=$1
  shift
  if ./snpvmm run -v --stats --set expect.exit=none --set timeout=400s "$@" >run.log 2>&1 </dev/null &&
    [ "$(sum_of "$disk")" = "$before" ]; then
    echo "ok - $name"
    grep -a -e '^snpvmm: measurement' -e '^snpvmm: disk' -e '^snpvmm: exits' -e '^snpvmm: first serial' run.log | sed 's/^/    /'
  else
    echo "not ok - $name"
    tail -n 90 run.log | sed 's/^/    /'
  fi
}

prompt="expect.console=['^Debian GNU/Linux 13', 'debian login: ']"
by_firmware() { # NAME OPTION...
  name=$1
  shift
  booted "$name" -f ovmf.fd -m 768M --set 'disks=debian.img' --set "$prompt" "$@"
}
by_verity() { # NAME OPTION...
  name=$1
  shift
  booted "$name" -k vmlinuz-6.12 -m 768M --set 'boot.initrd=[initrd-6.12.cpio.gz, disks.cpio, verity.cpio.gz]' \
    --set 'disks=[{path: root.img, mode: ro, serial: root}, {path: hash.img, mode: ro, serial: hash}]' --set "$prompt" \
    -a "console=ttyS0 panic=-1 snpvmm.do=boot disks.do=boot disks.root=$(cat root.hash)" "$@"
}

if [ "${1:-}" = on-host ]; then
  if [ -e debian.img ]; then
    disk=debian.img before=$(sum_of debian.img)
    by_firmware 'Debian 13 from a disk through OVMF, a plain VM' --platform kvm
    by_firmware 'Debian 13 from a disk through OVMF, under SNP'
  else
    disk=root.img before=$(sum_of root.img)
    by_verity 'Debian 13 by direct boot, root verified by dm-verity, a plain VM' --platform kvm
    for vcpus in 1 4; do by_verity "Debian 13 by direct boot, root verified by dm-verity, under SNP, vCPUs: $vcpus" -c $vcpus; done
  fi
  exit 0
fi
[ "${SNP_LONG:-}" = yes ] || { echo 'skipped: SNP_LONG'; exit 0; }
images=${SNPVMM_IMAGES:-../shared/images}
host() { # what is in the box lies in the emulated host's memory, so each box has only what it needs
  ${SNP_HOST:-$B/snp-host/snp-host run --timeout 3600 --in} "$box" "sh debian.sh on-host"
}
rm -rf "$box"
mkdir -p "$box"
sh tests/guest/make-disk.sh "$box/debian.img" || exit
cp "$B/snpvmm" "$0" "$box"
if [ "${1:-firmware}" = firmware ]; then
  cp "$images/ovmf-2025.02.fd" "$box/ovmf.fd"
  host
fi
if [ "${1:-verity}" = verity ]; then
  # The second partition, the root, begins behind one of 48 MiB.
  dd if="$box/debian.img" of="$box/root.img" bs=1M skip=49 count=256 conv=sparse status=none
  rm -f "$box/debian.img" "$box/ovmf.fd"
  cp "$B/guest/vmlinuz-6.12" "$B/guest/initrd-6.12.cpio.gz" "$box"
  sh tests/guest/verity.sh "$B/tests/guest/mkcpio" "$box" || exit
  host
fi
