#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/bench/linux.sh: measures direct boots for bench.sh; prints lines "NAME NUMBER", "skip NAME WHY" or "fail NAME WHY".
#
# The number of bytes that the firmware measures needs no host. For the rest it packs a folder and runs
# linux_on_host.sh in it on an SNP host, this one or the one that SNP_HOST reaches, as tests/snp/check.sh does. Times
# are in microseconds, the median of BENCH_ROUNDS (3).
set -u
B=${B:-build}
box=$B/bench-box
log=$B/bench-box.log
kernel=$B/guest/vmlinuz-6.12
initrd=$B/guest/initrd-6.12.cpio.gz

skip() { # WHY: ends the script, with the rows printed so far
  echo "skip all $1"
  exit 0
}

find_rom() { # NAME: QEMU's own are in one folder of the distribution, SeaBIOS's in the other
  for folder in /usr/share/qemu /usr/share/seabios; do
    [ -r "$folder/$1" ] && { cp -L "$folder/$1" "$box/roms"; return; }
  done
}

# QEMU boots the same kernel for comparison, if this machine has it. Another SNP host may have its own.
pack_qemu() {
  mkdir -p "$box/roms"
  qemu=$(command -v qemu-system-x86_64) && cp "$qemu" "$box"
  for rom in bios-microvm.bin bios-256k.bin linuxboot_dma.bin kvmvapic.bin; do
    find_rom "$rom"
  done
  for ovmf in /usr/share/ovmf/OVMF.fd /usr/share/OVMF/OVMF.fd; do
    [ -r "$ovmf" ] && { cp "$ovmf" "$box/OVMF.fd"; return; }
  done
}

# All boot with this command line. The guest is killed at init's first line; it does nothing after that anyway.
pack() {
  rm -rf "$box"
  mkdir -p "$box"
  cp "$B/snpvmm" "$B/tests/tool/boot" "$B/tests/tool/bench" "$kernel" "$initrd" tests/bench/linux_on_host.sh tests/bench/disks_on_host.sh "$box"
  { cat "$initrd"; printf 'file script 644 tests/guest/disk-speed.sh\n' | "$B/tests/guest/mkcpio" | gzip -n; } >"$box/disk-initrd"
  echo 'console=ttyS0 quiet panic=-1 8250.nr_uarts=1 no5lvl swiotlb=2048 pci=off snpvmm.do=hang' >"$box/cmdline"
  cat >"$box/linux.yaml" <<MANIFEST
version: 1
boot:
  kernel: ${kernel##*/}
  initrd: ${initrd##*/}
  cmdline: "$(cat "$box/cmdline")"
memory: 256M
timeout: 170s
MANIFEST
  # The same through a firmware, until the kernel's first line.
  echo 'console=ttyS0 panic=-1 earlyprintk=serial,0x3f8,115200 8250.nr_uarts=1 no5lvl nokaslr snpvmm.do=hang' >"$box/cmdline-entry"
  sed -e "s|^boot:|boot:\n  firmware: OVMF.fd\n  kernel_hashes: false|" \
    -e "s|cmdline: .*|cmdline: \"$(cat "$box/cmdline-entry")\"|" "$box/linux.yaml" >"$box/ovmf.yaml"
  # To the kernel's first byte, with little memory and with much.
  sed -e "s|cmdline: .*|cmdline: \"$(cat "$box/cmdline-entry")\"|" -e 's|^memory: .*|memory: 512M|' "$box/linux.yaml" >"$box/eager.yaml"
  sed -e 's|^memory: .*|memory: 64G|' "$box/eager.yaml" >"$box/lazy.yaml"
  # To the first instruction of a kernel, with an initrd that outweighs all else.
  "$B/tests/tool/bench" kernel "$box/entry.kernel" && "$B/tests/tool/bench" noise "$box/noise" 16384
  printf 'version: 1\nboot: { kernel: entry.kernel, initrd: noise }\n' >"$box/entry.yaml"
  pack_qemu
}

[ -r "$kernel" ] && [ -r "$initrd" ] || skip "no kernel to boot; 'make guest-images' fetches Debian's"
pack
pages=$("$B/snpvmm" measure -o json "$box/linux.yaml" | sed -n 's/.*"pages": \([0-9]*\).*/\1/p')
if [ -n "$pages" ]; then
  echo "bytes $((pages * 4096))"
else
  echo "fail bytes snpvmm measure said nothing"
fi
if [ -n "${SNP_HOST:-}" ]; then
  $SNP_HOST "$box" "BENCH_ROUNDS=${BENCH_ROUNDS:-3} sh linux_on_host.sh" >"$log" 2>&1
elif [ "$(cat /sys/module/kvm_amd/parameters/sev_snp 2>/dev/null)" = Y ]; then
  (cd "$box" && sh linux_on_host.sh) >"$log" 2>&1
else
  skip 'no SEV-SNP here; set SNP_HOST=COMMAND (CONTRIBUTING.md)'
fi
status=$?
sed -n 's/^result //p' "$log"
grep -q '^end of results' "$log" && exit 0
cat "$log" >&2
echo "linux.sh: the SNP host did not come to the end of it (status $status), see above" >&2
exit 1
