#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/snp/accept.sh: a table of direct boots that accept memory eagerly and lazily, for people: exits, page states, host
# memory, time. It takes many minutes on an emulated host, so nothing calls it; SNP_LONG=yes says that this is wanted.
#
#   SNP_LONG=yes SNP_HOST='...' sh tests/snp/accept.sh [KERNEL...]     (SNP_HOST: see tests/snp/check.sh)
#
# KERNEL: names in $B/guest after vmlinuz- (6.1 6.12). The last row is a guest that uses 1.5 GiB and compares what it
# wrote.
set -u
B=${B:-build}
box=$B/accept-box

host_memory() { # MiB that guests hold: no page of guest_memfd can be swapped
  awk '$1 == "Unevictable:" { print int($2 / 1024) }' /proc/meminfo
}

first_of() { # PATTERN: the first number that it finds in the log
  sed -n "s/$1/\\1/p" row.log | head -n 1
}

# The guest stands at the end of its init while the host's memory is looked at.
row() { # KERNEL MEMORY ACCEPT VCPUS
  before=$(host_memory) held=-
  : >row.log
  ./snpvmm run -v --stats --prove -k "vmlinuz-$1" -i "initrd-$1.cpio.gz" -m "$2" -c "$4" --set "boot.accept=$3" --set timeout=2000s \
    -a 'console=ttyS0 panic=-1 quiet swiotlb=noforce snpvmm.do=hang' --set expect.exit=any >row.log 2>&1 </dev/null &
  pid=$!
  while kill -0 $pid 2>/dev/null; do
    if grep -q '^snpvmm-guest: ready' row.log; then
      held=$(($(host_memory) - before))
      kill $pid
      break
    fi
    sleep 1
  done
  wait $pid
  said=$(first_of '.*measurement \([0-9a-f]*\) (.*')
  agrees=no
  [ -n "$said" ] && grep -q "^snpvmm-guest: measurement $said" row.log && agrees=yes
  printf '%-8s %7s %-6s %5s %8s %8s %8s %8s %10s %s\n' "$1" "$2" "$3" "$4" "$(first_of 'snpvmm: exits: \([0-9]*\): .*')" \
    "$(first_of '.*page states \([0-9]*\),.*')" "$(first_of '.* \([0-9]*\) made private')" "$held" \
    "$(first_of 'snpvmm: first serial byte after \(.*\) s')" "$agrees"
}

# 96 files of 16 MiB, no two pages of which are alike, and their sums when all are written.
used() { # KERNEL MEMORY
  (
    while ! grep -q 'snpvmm-guest#' row.log; do sleep 1; done
    # shellcheck disable=SC2016
    echo 'mkdir /u; mount -t tmpfs -o size=1700m u /u; head -c 16777216 /dev/urandom >/u/0; i=1; while [ $i -lt 96 ]; do' \
      '{ printf %08d $i; head -c 16777208 /u/$((i - 1)); } >/u/$i; i=$((i + 1)); done; md5sum /u/* >/s; md5sum -c -s /s && echo same-$((90 + 6));' \
      'i=1; while [ $i -lt 96 ]; do tail -c +9 /u/$i | cmp -s -n 16777208 - /u/$((i - 1)) || echo differs-$((i + 0)); i=$((i + 1)); done; exit 0'
  ) | ./snpvmm run --stats -k "vmlinuz-$1" -i "initrd-$1.cpio.gz" -m "$2" --set timeout=900s \
    -a 'console=ttyS0 panic=-1 quiet swiotlb=noforce snpvmm.do=shell' >row.log 2>&1
  if grep -q '^same-96' row.log && ! grep -q '^differs-' row.log; then
    echo "$1, $2: 1.5 GiB were written and read back"
  else
    echo "$1, $2: memory is not what was written"
    cat row.log
  fi
}

if [ "${1:-}" = on-host ]; then
  shift
  left=$(awk '$1 == "MemAvailable:" { print int($2 / 1024) }' /proc/meminfo)
  : >row.log
  printf '%-8s %7s %-6s %5s %8s %8s %8s %8s %10s %s\n' kernel memory accept vcpus exits states private 'host MiB' 'byte s' 'report agrees'
  for kernel in "$@"; do
    for memory in 512 2048 8192 65536; do # what is accepted eagerly must be there, and some for all else
      [ "$left" -lt $((memory + 350)) ] || row "$kernel" ${memory}M eager 1
    done
    ./snpvmm inspect "vmlinuz-$kernel" | grep -q 'accepts_memory.*yes\|accepts_memory.*true' || continue
    for memory in 512 2048 8192 65536; do
      row "$kernel" ${memory}M lazy 1
    done
    row "$kernel" 65536M lazy 4
    used "$kernel" 8G
  done
  exit 0
fi
[ "${SNP_LONG:-}" = yes ] || { echo 'skipped: SNP_LONG'; exit 0; }
[ $# -gt 0 ] || set -- 6.1 6.12
rm -rf "$box"
mkdir -p "$box"
cp "$B/snpvmm" "$0" "$box"
for kernel in "$@"; do
  cp "$B/guest/vmlinuz-$kernel" "$B/guest/initrd-$kernel.cpio.gz" "$box" || exit
done
${SNP_HOST:-$B/snp-host/snp-host run --timeout 7200 --in} "$box" "sh accept.sh on-host $*"
