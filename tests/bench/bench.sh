#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/bench/bench.sh: measures speed and size, each against a reference in the same run. B is the build folder.
#
# Compare the ratios: both sides take turns, so a slow or busy machine slows both. No number makes it fail.
# SNPVMM_IMAGES may name a folder with ovmf-2026.08-amdsev.fd, and SNP_HOST a command that reaches an SNP host
# (CONTRIBUTING.md), on which Linux boots. The exit status tells whether something could not run.
set -u
B=${B:-build}
snpvmm=$B/snpvmm tool=$B/tests/tool/bench work=$B/bench
failed=0
row_form='%-38s %10s %10s %7s  %-24s %s\n'
mkdir -p "$work" || exit 1

skip() { # ROW WHY
  printf '%-38s skipped: %s\n' "$1" "$2"
}

fail() { # ROW
  printf '%-38s failed, see above\n' "$1"
  failed=1
}

calc() { # AWK-EXPRESSION
  awk "BEGIN { $1 }" </dev/null
}

time_of() { # MICROSECONDS
  calc "printf $1 < 1e6 ? \"%.2f ms\" : \"%.2f s\", $1 < 1e6 ? $1 / 1e3 : $1 / 1e6"
}

# Times are in microseconds. The limit is FACTOR times the reference plus SPARE-MS.
row() { # NAME OURS REFERENCE FACTOR SPARE-MS GOAL
  limit=$(calc "printf \"%.0f\", $4 * $3 + 1000 * $5")
  # shellcheck disable=SC2059
  printf "$row_form" "$1" "$(time_of "$2")" "$(time_of "$3")" "$(calc "printf \"%.3f\", $2 / $3")" "$6" \
    "$([ "$2" -le "$limit" ] && echo holds || echo missed) ($(time_of "$limit"))"
}

# A number without a reference.
limit_row() { # NAME SHOWN NUMBER LIMIT GOAL
  # shellcheck disable=SC2059
  printf "$row_form" "$1" "$2" - - "$5" "$([ "$3" -le "$4" ] && echo holds || echo missed)"
}

first_of() { # FILE...: the first that can be read
  for file in "$@"; do
    [ -r "$file" ] && { printf '%s' "$file"; return; }
  done
}

manifest() { # NAME FIRMWARE [LINE...]: paths are relative to the manifest
  to=$work/$1.yaml
  printf 'version: 1\nboot:\n  firmware: "%s"\n' "$2" >"$to"
  shift 2
  [ $# = 0 ] || printf '%s\n' "$@" >>"$to"
}

# The floor is the hashing that can't be avoided, by the same library, on one core, in one process.
measure_row() { # NAME RUNS MANIFEST FIRMWARE INITRD
  # shellcheck disable=SC2046
  set -- "$1" $("$tool" floor "$2" "$4" "$5" "$snpvmm" -q measure "$work/$3.yaml")
  [ $# = 3 ] || { fail "$1"; return; }
  row "$1" "$2" "$3" 1.2 1 '<= 1.2 x floor + 1 ms'
}

measure_firmware() {
  name='measure OVMF.fd : hashing'
  [ -n "$ovmf" ] || { skip "$name" 'no OVMF.fd; install the package ovmf'; return; }
  measure_row "$name" 41 ovmf "$ovmf" -
}

measure_kernel() {
  image=$(first_of "${SNPVMM_IMAGES:+$SNPVMM_IMAGES/ovmf-2026.08-amdsev.fd}")
  if [ -n "$image" ]; then
    image=$(realpath "$image")
  else
    image=$(realpath "$work")/hashes.fd
    "$tool" image "$image" 2048 || { fail 'an image with kernel hashes'; return; }
  fi
  [ -s "$work/initrd" ] || "$tool" noise "$work/initrd" 65536 || return
  [ -s "$work/kernel" ] || "$tool" noise "$work/kernel" 64 || return
  manifest hashes "$image" '  kernel: kernel' '  initrd: initrd'
  measure_row 'measure +64 MiB initrd : hashing' 15 hashes "$image" "$work/initrd"
}

# From the process's start to its end, with our own small guest: little but starting. The reference is the same program
# without keys and certificates, which `measure` doesn't use. Both are copied, as the linker's output is mapped slower.
start_rows() {
  name='measure, all : without X.509'
  cp "$snpvmm" "$work/program" && cp "$B/bench/no-x509" "$work/program-no-x509" || return
  # shellcheck disable=SC2046
  set -- $("$tool" race 301 0 0 "$work/program" -q measure snpvmm.yaml.example -- \
    "$work/program-no-x509" -q measure snpvmm.yaml.example)
  if [ $# = 4 ]; then
    row "$name" "$3" "$4" 1.1 0 '<= 1.1 x'
  else
    fail "$name"
  fi
  strip -o "$work/stripped" "$snpvmm"
  size=$(stat -c %s "$work/stripped")
  limit_row 'the program, without debug information' "$(calc "printf \"%.2f MiB\", $size / 1048576")" "$size" 6291456 '<= 6 MiB'
}

measure_other() {
  name='measure OVMF.fd : sev-snp-measure'
  other=$(command -v sev-snp-measure) || { skip "$name" 'sev-snp-measure is not installed'; return; }
  [ -n "$ovmf" ] || { skip "$name" 'no OVMF.fd; install the package ovmf'; return; }
  set -- "$other" --mode snp --vcpus 1 --vcpu-type EPYC-v4 --guest-features 0x1 --ovmf "$ovmf"
  ours=$("$snpvmm" -q measure "$work/ovmf.yaml")
  theirs=$("$@")
  if [ -z "$ours" ] || [ "$ours" != "$theirs" ]; then
    echo "bench: the digests differ: ours '$ours', theirs '$theirs'" >&2
    fail "$name"
    return
  fi
  # shellcheck disable=SC2046
  set -- $("$tool" race 15 0 0 "$snpvmm" -q measure "$work/ovmf.yaml" -- "$@")
  [ $# = 4 ] || { fail "$name"; return; }
  row "$name" "$3" "$4" 1 0 '<= 1 x the other'
}

# Each golden case is asked for with the manifests of others. A pair takes milliseconds, so one that is disturbed
# doesn't move the median.
search_rows() {
  SEARCH_TIMES=1 "$B/tests/firmware/search_test" >"$work/search" 2>"$work/search.err" || { cat "$work/search.err"; fail 'explain --want'; }
  for part in '50 100000' '95 1000000'; do
    us=$(sed -n 's/^\([0-9]*\) us, .*/\1/p' "$work/search" | sort -n | awk -v part="${part% *}" '{ us[NR] = $1 } END { print us[int((NR * part + 99) / 100)] }')
    limit_row "explain --want, ${part% *} % of golden pairs" "$(time_of "$us")" "$us" "${part#* }" "<= $(time_of "${part#* }")"
  done
}

# The guest's first instructions send a line to COM1, the next ones write the exit port. QEMU's machine is its
# leanest, without what this guest doesn't use. Its isa-debug-exit turns the guest's 0 into status 1. Nested, QEMU
# fails at MSR 0x10a, which the host offers but doesn't let it set, unless it is told not to use it.
run_rows() {
  name='run to first byte : QEMU microvm'
  command -v qemu-system-x86_64 >/dev/null 2>&1 ||
    { skip "$name" 'install qemu-system-x86 to compare'; return; }
  set -- qemu-system-x86_64 -M microvm,pit=off,pic=off,rtc=off,isa-serial=on -cpu host,arch-capabilities=off -m 512M \
    -accel kvm -bios "$work/exit.fd" -nodefaults -no-user-config -display none -monitor none -serial stdio \
    -no-reboot -device isa-debug-exit,iobase=0xf4,iosize=4
  timeout 20 "$@" </dev/null >"$work/qemu.log" 2>&1
  [ $? = 1 ] || { skip "$name" "QEMU doesn't run this guest here: $(tail -n 1 "$work/qemu.log")"; return; }
  # shellcheck disable=SC2046
  set -- $("$tool" race 25 0 1 "$snpvmm" -q run --platform kvm "$work/exit.yaml" -- "$@")
  [ $# = 4 ] || { fail "$name"; return; }
  row "$name" "$1" "$2" 0.1 0 '<= 1/10 of QEMU'
  row 'run, whole process : QEMU microvm' "$3" "$4" 1 0 '<= QEMU'
}

# The floor makes the same system calls but for those of the sandbox, and nothing else.
floor_row() {
  name='run to first byte : floor'
  # shellcheck disable=SC2046
  set -- $("$tool" race 101 0 0 "$snpvmm" -q run --platform kvm "$work/exit.yaml" -- \
    "$B/tests/tool/floor" "$work/exit.yaml" "$work/exit.fd")
  [ $# = 4 ] || { fail "$name"; return; }
  row "$name" "$1" "$2" 2 0 '<= 2 x floor'
}

# Guest memory that was touched is resident in this process, too, as it is mapped here. So the image's 64 KiB, all
# that this guest uses, are subtracted.
peak_row() {
  name='run, peak memory without the guest'
  kib=$("$tool" peak "$snpvmm" -q run --platform kvm "$work/exit.yaml")
  case $? in
    0) ;;
    77) skip "$name" 'this process may not trace another (ptrace)'; return ;;
    *) fail "$name"; return ;;
  esac
  kib=$((kib - 64))
  limit_row "$name" "$(calc "printf \"%.2f MiB\", $kib / 1024")" "$kib" 8192 '<= 8 MiB'
}

# What the sandbox costs, up to the guest's first byte. The two differ by less than other programs disturb them, so there
# are many.
sandbox_row() {
  # shellcheck disable=SC2046
  set -- $("$tool" race 301 0 0 "$snpvmm" -q run --platform kvm "$work/exit.yaml" -- \
    "$snpvmm" -q --sandbox=off run --platform kvm "$work/exit.yaml")
  [ $# = 4 ] || { fail 'run to first byte : --sandbox=off'; return; }
  row 'run to first byte : --sandbox=off' "$1" "$2" 1 0.3 '<= off + 0.3 ms'
}

# Compared with a run that keeps no files. They are small, so their number is the cost.
results_row() {
  name='run --results : run'
  # shellcheck disable=SC2046
  set -- $("$tool" race 25 0 0 "$snpvmm" -q run --platform kvm --results "$work/results" "$work/exit.yaml" -- \
    "$snpvmm" -q run --platform kvm "$work/exit.yaml")
  [ $# = 4 ] || { fail "$name"; return; }
  row "$name" "$3" "$4" 1 10 '<= run + 10 ms'
}

# Lines of a kernel's log against two expected and two forbidden patterns. Each byte is an exit, which takes at least a microsecond.
console_row() {
  name='console held against 4 patterns, a byte'
  ns=$("$tool" console 5 100000) || { fail "$name"; return; }
  limit_row "$name" "$ns ns" "$ns" 100 '<= 100 ns'
}

kvm_rows() {
  if ! (: <>/dev/kvm) 2>/dev/null; then
    skip 'run : QEMU microvm' '/dev/kvm cannot be opened'
    skip 'run : --sandbox=off' '/dev/kvm cannot be opened'
    skip 'run, peak memory' '/dev/kvm cannot be opened'
    return
  fi
  "$tool" image "$work/exit.fd" 64 || { fail 'a guest that exits at once'; return; }
  manifest exit exit.fd
  run_rows
  floor_row
  sandbox_row
  results_row
  peak_row
}

# A number that linux.sh printed. If it printed why there is none: says so (unless linux_rows() has), and is false.
linux_number() { # NAME ROW
  number=$(sed -n "s/^$1 //p" "$work/linux.list")
  [ -z "$number" ] || return 0
  why=$(sed -n "s/^skip $1 //p" "$work/linux.list")
  if [ -n "$why" ]; then
    skip "$2" "$why"
  elif ! grep -q '^skip all ' "$work/linux.list"; then
    sed -n "s/^fail $1 /bench: $1: /p" "$work/linux.list" >&2
    fail "$2"
  fi
  return 1
}

linux_limit() { # NAME ROW LIMIT GOAL [DIVISOR UNIT]
  linux_number "$1" "$2" && limit_row "$2" "$((number / ${5:-1}))${6:-}" "$number" "$3" "$4"
}

linux_race() { # PLATFORM REFERENCE ROW [FACTOR GOAL]
  linux_number "time-$1" "$3" || return
  ours=$number
  linux_number "time-$2" "$3" || return
  if [ $# = 5 ]; then
    row "$3" "$ours" "$number" "$4" 0 "$5"
  else
    # shellcheck disable=SC2059
    printf "$row_form" "$3" "$(time_of "$ours")" "$(time_of "$number")" "$(calc "printf \"%.3f\", $ours / $number")" - -
  fi
}

# A stock kernel, from the process's start to init's first line. The references protect nothing, so under SNP the
# ratio is the cost of the protection and has no goal. On an emulated host it is mostly the cost of emulation.
linux_rows() {
  sh tests/bench/linux.sh >"$work/linux.list" || failed=1
  if grep -q '^skip all ' "$work/linux.list"; then
    skip 'Linux to init' "$(sed -n 's/^skip all //p' "$work/linux.list")"
  fi
  linux_limit bytes 'Linux, measured by the firmware' 65536 '<= 64 KiB' 1024 ' KiB'
  linux_limit exits-kvm 'Linux to init, exits, platform kvm' 2000 '<= 2000'
  linux_limit exits-snp 'Linux to init, exits, platform snp' 2000 '<= 2000'
  linux_number exits-eager 'Linux entry, 512M eager, exits' && linux_limit exits-lazy 'Linux entry, 64G lazy, exits' $((number * 11 / 10)) '<= 1.1 x 512M eager'
  linux_race lazy-entry eager-entry 'Linux entry, 64G lazy : 512M eager' 1.1 '<= 1.1 x'
  linux_race stage0 copy 'stage0, 16 MiB initrd : copy + hash' 1.2 '<= 1.2 x'
  linux_race kvm microvm 'Linux to init, kvm : QEMU microvm' 1 '<= QEMU'
  linux_race kvm q35 'Linux to init, kvm : QEMU q35 + OVMF' 0.3333 '<= 1/3 of QEMU'
  linux_limit exits-ovmf 'OVMF to kernel entry, exits' 6000 '<= 6000'
  qemu_exits=$(sed -n 's/^exits-q35 //p' "$work/linux.list")
  [ -z "$qemu_exits" ] || linux_limit exits-q35 'the same, QEMU q35, for comparison' 1000000000 '-'
  linux_race ovmf-entry q35-entry 'OVMF to kernel entry : QEMU q35' 0.3333 '<= 1/3 of QEMU'
  linux_race disk-kvm disk-qemu 'disk, 1 MiB reads, kvm : QEMU' 1 '<= QEMU'
  linux_race 4k-kvm 4k-qemu 'disk, 4 KiB reads, kvm : QEMU' 1 '<= QEMU'
  linux_race snp microvm 'Linux to init, snp : plain microvm'
  linux_race snp q35 'Linux to init, snp : plain q35 + OVMF'
}

for program in "$snpvmm" "$tool"; do
  [ -x "$program" ] || { echo "bench: $program is not built; call make bench" >&2; exit 1; }
done
ovmf=$(first_of /usr/share/ovmf/OVMF.fd /usr/share/OVMF/OVMF.fd)
manifest ovmf "$ovmf"
# shellcheck disable=SC2059
printf "$row_form" 'row : reference' ours reference ratio goal 'verdict (limit)'
measure_firmware
measure_kernel
measure_other
search_rows
start_rows
console_row
kvm_rows
linux_rows
exit "$failed"
