#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/bench/linux_on_host.sh: runs on the SNP host, in the folder that linux.sh packed; any POSIX shell will do.
# Prints "result NAME NUMBER" (or "result skip|fail NAME WHY"), and around that what is worth reading in the log.
set -u
line='snpvmm-guest: init'
rounds=${BENCH_ROUNDS:-3}
cmdline=$(cat cmdline)
kernel=$(ls vmlinuz-*)
initrd=$(ls initrd-*)

# The folder's own, if it runs here. Debian keeps all of KVM in the one binary.
qemu=
for file in ./qemu-system-x86_64 qemu-system-x86_64; do
  [ -n "$qemu" ] || { "$file" --version >/dev/null 2>&1 && qemu=$file; }
done

under_qemu() { # OPTION...
  ./boot until "$line" "$qemu" "$@" -L roms -accel kvm -cpu host -m 256M -nodefaults -no-user-config -display none \
    -monitor none -serial stdio -no-reboot -kernel "$kernel" -initrd "$initrd" -append "$cmdline"
}

start() { # CONTENDER: microseconds until init's first line
  case $1 in
    kvm | snp) ./boot until "$line" ./snpvmm -q run --platform "$1" linux.yaml ;;
    microvm) under_qemu -M microvm ;;
    q35) under_qemu -M q35 -bios OVMF.fd ;;
  esac
}

count_exits() { # PLATFORM
  if ./boot exits "$line" linux.yaml "$1" >"exits-$1"; then
    echo "result exits-$1 $(head -n 1 "exits-$1")"
    sed '1d; s/^/  /' "exits-$1"
  else
    echo "result fail exits-$1 the guest did not come to init"
  fi
}

median() { # FILE
  sort -n "$1" | sed -n "$((($(wc -l <"$1") + 1) / 2))p"
}

contenders='kvm snp'
if [ -z "$qemu" ]; then
  echo 'result skip time-microvm install qemu-system-x86 to compare'
  echo 'result skip time-q35 install qemu-system-x86 to compare'
else
  contenders="$contenders microvm"
  if [ -e OVMF.fd ]; then
    contenders="$contenders q35"
  else
    echo 'result skip time-q35 install ovmf to compare'
  fi
fi

# First, for it also warms up what all of them share: the host's kernel, and the files in its memory.
count_exits kvm
count_exits snp
# In turns: a machine that is busy for a while slows all of them.
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
echo 'end of results'
