#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/bench/linux_on_host.sh: runs on the SNP host, in the folder that linux.sh packed, with any POSIX shell.
# Prints "result NAME NUMBER" (or "result skip|fail NAME WHY"), and other lines for the log.
set -u
line='snpvmm-guest: init'
entry='Linux version' # in the kernel's first line
rounds=${BENCH_ROUNDS:-3}
cmdline=$(cat cmdline)
kernel=$(ls vmlinuz-*)
initrd=$(ls initrd-*)

# The QEMU of the folder, if it runs here. Debian's has KVM built in.
qemu=
for file in ./qemu-system-x86_64 qemu-system-x86_64; do
  [ -n "$qemu" ] || { "$file" --version >/dev/null 2>&1 && qemu=$file; }
done

qemu_options='-L roms -accel kvm -cpu host,arch-capabilities=off -m 256M -nodefaults -no-user-config -display none -monitor none -serial stdio -no-reboot'

under_qemu() { # LINE CMDLINE OPTION...
  until=$1 words=$2
  shift 2
  # shellcheck disable=SC2086
  ./boot until "$until" "$qemu" "$@" $qemu_options -kernel "$kernel" -initrd "$initrd" -append "$words"
}

# KVM's count of QEMU's port and MMIO exits up to the kernel's first line.
count_qemu() {
  mount -t debugfs none /sys/kernel/debug 2>/dev/null
  # shellcheck disable=SC2086
  "$qemu" -M q35 -bios OVMF.fd $qemu_options -kernel "$kernel" -initrd "$initrd" -append "$(cat cmdline-entry)" >q35.out 2>&1 &
  pid=$!
  waited=0
  while [ "$waited" -lt 150 ] && ! grep -q "$entry" q35.out; do
    sleep 1
    waited=$((waited + 1))
  done
  cat /sys/kernel/debug/kvm/"$pid"-*/io_exits /sys/kernel/debug/kvm/"$pid"-*/mmio_exits 2>/dev/null | awk '{ n += $1 } END { if (n) print "result exits-q35", n }'
  kill "$pid"
  wait "$pid" 2>/dev/null
}

# Microseconds from a guest's first instruction to that of its kernel, which is all that stage0 does in a plain VM.
stage0() {
  rm -rf entry
  ./snpvmm -q run --platform kvm --results entry entry.yaml >/dev/null || return
  sed -n 's/.*"first_byte": *\([0-9]*\).*/\1000/p' entry/result.json # milliseconds
}

start() { # CONTENDER: microseconds until init's first line
  case $1 in
    stage0) stage0 ;;
    copy) ./bench copy noise ;;
    kvm | snp) ./boot until "$line" ./snpvmm -q run --platform "$1" linux.yaml ;;
    microvm) under_qemu "$line" "$cmdline" -M microvm ;;
    q35) under_qemu "$line" "$cmdline" -M q35 -bios OVMF.fd ;;
    eager-entry | lazy-entry) ./boot until "$entry" ./snpvmm -q run "${1%-entry}.yaml" ;;
    ovmf-entry) ./boot until "$entry" ./snpvmm -q run --platform kvm ovmf.yaml ;;
    q35-entry) under_qemu "$entry" "$(cat cmdline-entry)" -M q35 -bios OVMF.fd ;;
  esac
}

# PLATFORM; ovmf: through the firmware, to the kernel's first line; eager and lazy: under SNP, to the same line
count_exits() {
  case $1 in
    ovmf) set -- ovmf "$entry" ovmf.yaml kvm ;;
    eager | lazy) set -- "$1" "$entry" "$1.yaml" snp ;;
    *) set -- "$1" "$line" linux.yaml "$1" ;;
  esac
  if ./boot exits "$2" "$3" "$4" >"exits-$1"; then
    echo "result exits-$1 $(head -n 1 "exits-$1")"
    sed '1d; s/^/  /' "exits-$1"
  else
    echo "result fail exits-$1 the guest did not come to init"
  fi
}

median() { # FILE
  sort -n "$1" | sed -n "$((($(wc -l <"$1") + 1) / 2))p"
}

contenders='kvm snp eager-entry lazy-entry stage0 copy'
if [ -z "$qemu" ]; then
  echo 'result skip time-microvm install qemu-system-x86 to compare'
  echo 'result skip time-q35 install qemu-system-x86 to compare'
else
  contenders="$contenders microvm"
  if [ -e OVMF.fd ]; then
    contenders="$contenders q35 ovmf-entry q35-entry"
  else
    echo 'result skip time-q35 install ovmf to compare'
  fi
fi

# This comes first, as it also warms up what all share: the host's kernel and page cache.
count_exits kvm
count_exits snp
count_exits eager
count_exits lazy
if [ -e OVMF.fd ]; then
  count_exits ovmf
  [ -z "$qemu" ] || count_qemu
fi
# In turns, so that a machine that is busy for a while slows all of them.
round=0
while [ "$round" -lt "$rounds" ]; do
  round=$((round + 1))
  for name in $contenders; do
    if us=$(start "$name"); then
      echo "round $round: $name $us"
      echo "$us" >>"times-$name"
    else
      echo "round $round: $name failed"
    fi
  done
done
for name in $contenders; do
  if [ -e "times-$name" ]; then
    echo "result time-$name $(median "times-$name")"
  else
    echo "result fail time-$name the guest did not come to init"
  fi
done
. ./disks_on_host.sh
echo 'end of results'
