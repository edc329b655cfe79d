#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/guest/try.sh DIR [SERIES]...: boots the guest images of DIR (make guest-images) in QEMU without KVM, and sees
# that they do what a test will ask of them. It tests the guest, not snpvmm; a boot takes some ten seconds.
set -u
dir=${1:?usage: try.sh DIR [SERIES]...}
shift
[ $# -gt 0 ] || set -- 6.12 6.1
qemu='qemu-system-x86_64'
command -v $qemu >/dev/null 2>&1 || {
  echo "skip guest: there is no $qemu (Debian: qemu-system-x86)"
  exit 0
}
log=$(mktemp)
trap 'rm -f "$log"' EXIT
bad=0 patience=180

boot() { # SERIES APPEND; stdin is the console's; QEMU's status
  timeout $patience $qemu -M q35 -accel tcg -cpu max -m 512 -smp 2 -display none -monitor none -serial stdio \
    -no-reboot -device isa-debug-exit,iobase=0xf4,iosize=4 \
    -kernel "$dir/vmlinuz-$1" -initrd "$dir/initrd-$1.cpio.gz" -append "console=ttyS0 panic=-1 $2" >"$log" 2>&1
}

has() { # PATTERN: a line of the console, whole
  tr -d '\r' <"$log" | grep -q -x -E "$1"
}

verdict() { # NAME STATUS WANTED PATTERN...
  name=$1 status=$2 wanted=$3
  shift 3
  for pattern in 'snpvmm-guest: init' 'snpvmm-guest: kernel .*' 'snpvmm-guest: cpus 2' \
    'snpvmm-guest: memory [0-9]+ kB' 'snpvmm-guest: command line .*' 'snpvmm-guest: no measurement: .*' 'snpvmm-guest: ready' "$@"; do
    has "$pattern" && continue
    echo "not ok $name: the console has no line '$pattern'" && bad=1
    return
  done
  if [ "$status" != "$wanted" ]; then
    echo "not ok $name: ended with $status instead of $wanted" && bad=1
  else
    echo "ok $name"
  fi
}

# Waits until the console has a text; false if it never does.
await() { # PATTERN
  for _ in $(seq 120); do
    grep -q "$1" "$log" && return
    sleep 1
  done
  return 1
}

# The keyboard is a FIFO that we hold open: at its end QEMU would see the end of its input.
type_in() { # SERIES LINE...
  mkfifo "$log.keys"
  boot "$1" 'snpvmm.do=shell' <"$log.keys" &
  exec 3>"$log.keys"
  rm "$log.keys"
  shift
  await 'snpvmm-guest# ' && printf '%s\n' "$@" >&3
  wait $!
  status=$?
  exec 3>&-
  return $status
}

# isa-debug-exit turns a value N into the status 2 N + 1.
for series in "$@"; do
  boot "$series" '' </dev/null
  verdict "$series: exit is the default" $? 1
  boot "$series" 'snpvmm.status=42' </dev/null
  verdict "$series: exit with a status" $? 85
  boot "$series" 'snpvmm.do=poweroff' </dev/null
  verdict "$series: poweroff" $? 0
  boot "$series" 'snpvmm.do=reboot' </dev/null
  verdict "$series: reboot" $? 0
  boot "$series" 'snpvmm.do=panic' </dev/null
  verdict "$series: panic" $? 0 '.*Kernel panic.*'
  boot "$series" 'snpvmm.do=dance' </dev/null
  verdict "$series: what it does not know" $? 5 'snpvmm-guest: unknown: snpvmm.do=dance'
  boot "$series" 'snpvmm.port=0x2f0 snpvmm.status=3' </dev/null
  verdict "$series: an exit port that nobody serves" $? 0 'snpvmm-guest: the exit port 0x2f0 did not .*'
  type_in "$series" 'expr 6 \* 7' 'exit 7'
  verdict "$series: a shell that reads" $? 15 '42'
  patience=30 # then timeout says 124
  boot "$series" 'snpvmm.do=hang' </dev/null
  verdict "$series: hang" $? 124
  patience=180
done
exit $bad
