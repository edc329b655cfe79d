#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# contrib/snp-host/selftest/run.sh [--once] OUT MKIDBLOCK [SNPVMM]: whether the emulated host in OUT does what a real one does.
# MKIDBLOCK makes signed ID blocks (build/tests/tool/mkidblock). Ends with "N passed, N failed". --once: not if this host and
# this selftest have passed before.
set -u
usage='usage: run.sh [--once] OUT MKIDBLOCK [SNPVMM]'
once=no
[ "${1:-}" != --once ] || {
  once=yes
  shift
}
out=$(realpath "${1:?$usage}") && mkidblock=$(realpath "${2:?$usage}") || exit
snpvmm=${3:+$(realpath "$3")}
here=$(cd "$(dirname "$0")" && pwd)
tested=$(cat "$out/bin/.sources" "$out/snp-host" "$out/init" "$here"/* | cksum)
if [ $once = yes ] && [ "$(cat "$out/.passed" 2>/dev/null)" = "$tested" ]; then
  echo 'the emulated host has been built, and its selftest has passed'
  exit 0
fi
work=$(mktemp -d) || exit
trap 'rm -rf "$work"' EXIT
trap 'exit 130' HUP INT TERM
good=0 bad=0

build() {
  ${CC:-gcc} -c -o "$work/start.o" "$here/start.S" &&
    ${CC:-gcc} -O1 -Wall -Wextra -ffreestanding -fno-stack-protector -fno-pic -fno-pie -mno-red-zone -mgeneral-regs-only \
      -fcf-protection=none -fno-asynchronous-unwind-tables -mcmodel=large -c -o "$work/guest.o" "$here/guest.c" &&
    (cd "$work" && ld -nostdlib -static -T "$here/guest.ld" -o guest.elf start.o guest.o) &&
    objcopy -O binary --set-section-flags .bss=alloc,load,contents "$work/guest.elf" "$work/guest.bin" &&
    ${CC:-gcc} -D_GNU_SOURCE -O1 -Wall -Wextra -Wa,-I"$work" -o "$work/launch" "$here/launch.c"
}
host() { # OPTION... -- COMMAND: its output is in $work/said
  "$out/snp-host" run --timeout 240 --file "$work/launch" "$@" >"$work/said" 2>&1
}
said() { # NAME PATTERN [SECTION]: a line of the section, which begins with "== SECTION"
  awk -v section="== ${3:-}" 'section == "== " { print; next } /^== / { shown = $0 == section; next } shown' "$work/said" >"$work/section"
  if grep -q -E -e "$2" "$work/section"; then
    good=$((good + 1))
  else
    bad=$((bad + 1))
    echo "not ok - $1: no line has '$2' in:"
    tail -n 30 "$work/section"
  fi
}

build || exit 1
host --psp trace=on --out "$work/out" -- 'cat /sys/module/kvm_amd/parameters/sev_snp
  for t in 1 2 3 4 5 6 7; do echo "== $t"; timeout 30 ./launch -t $t; done
  ./launch -t 5 --dump /out/ram.bin
  for a in "-p 0x3ff00" -b -a -u "-f 8"; do echo "== $a"; timeout 30 ./launch -t 5 $a; done' 2>&1
said 'the host has SNP' '^Y'
for line in 'sev_status=0*7$' 'pvalidate.rc=0*$' 'pvalidate.cf=0*$' 'again.cf=0*1$' 'lazy=1122334455667788' 'pvalidate2M.rc=0*6' \
  'rmpadjust_vmpl0.rc=0*2' 'cpuid.#VC=0*72' 'rdmsr.#VC=0*7c' 'in.#VC=0*7b' 'mmio.#VC=0*400' 'type 6 data 0x100;'; do
  said 'a guest, its instructions and exceptions' "$line" 1
done
said 'a page that was not validated' 'code=0*404' 2
said 'a page becomes shared again' 'shared_again=' 3
said 'its contents are lost' 'private=0*1234' 3
said 'a shared access to a private page' 'memory fault flags 0 gpa 0x100000' 4
said 'HLT' '\[hlt\]' 5
said 'a private access to a shared page' 'memory fault flags 0x8 gpa 0x380000' 6
said 'thousands of exits' 'type 6 data 0x100;' 7
said 'a policy for a newer firmware' 'LAUNCH_START.*fw_error 0x7' '-p 0x3ff00'
said 'a CPUID page that the firmware refuses' 'fw_error 0x16' -b
said 'and corrects' 'corrected 00000001' -b
said 'a page that is not private' 'LAUNCH_UPDATE gdt.*Input/output' -a
said 'a page twice' 'code again.*Input/output' -u
said 'an unknown feature' 'INIT2: Invalid' '-f 8'

digest=$(python3 "$here/digest.py" "$work/out/ram.bin" "$(wc -c <"$work/guest.bin")" 5)
said 'the launch digest is the predicted one' "launch digest ${digest:-missing}"

mkdir -p "$work/ids"
id() { # NAME DIGEST POLICY [author]
  "$mkidblock" "$2" "$3" "$work/block" "$work/auth" ${4:+author} && cat "$work/block" "$work/auth" >"$work/ids/$1"
}
id good "$digest" 0x30000
id author "$digest" 0x30000 author
id policy "$digest" 0xb0000
id digest "$(echo "$digest" | tr 0-9a-f 1-9a-f0)" 0x30000
cp "$work/ids/good" "$work/ids/signature"
printf '\377' | dd of="$work/ids/signature" bs=1 seek=$((96 + 64)) conv=notrunc 2>/dev/null
host --file "$work/ids:/root/ids" -- 'for a in good author signature policy digest; do echo "== $a"; ./launch -t 5 -i ids/$a; done'
said 'an ID block' launched good
said 'an ID block with an author key' launched author
said 'an ID block with a wrong signature' 'fw_error 0xa$' signature
said 'an ID block for another policy' 'fw_error 0x7$' policy
said 'an ID block for another digest' 'fw_error 0xb$' digest

host --psp fail-cmd=0xa2,fail-code=0x15 -- 'echo "== 1"; ./launch -t 5; echo "== 2"; ./launch -t 5'
said 'a command of the firmware that is made to fail' 'LAUNCH_FINISH.*fw_error 0x15' 1
said 'once' launched 2

printf 'in\n' | "$out/snp-host" run --timeout 120 --file "$here/run.sh:/out/file" --out "$work/out2" -- 'cat; echo err >&2; exit 7' \
  >"$work/said" 2>"$work/err"
echo "status $?" >>"$work/said"
said 'input and output' '^in$'
said 'the status' '^status 7$'
cp "$work/err" "$work/said"
said 'messages' '^err$'
cmp "$here/run.sh" "$work/out2/file" >"$work/said" 2>&1 && echo same >"$work/said"
said 'a file that comes back' '^same$'

python3 "$here/psp.py" "$out" >"$work/said" 2>&1
said 'commands that no kernel gives' '^psp: [0-9]* commands, 0 wrong$'

# snpvmm itself, if it is there: its files are taken along, the firmware compares its digest, its results come back.
if [ -n "$snpvmm" ]; then
  mkdir -p "$work/guest"
  "$snpvmm" run --print-manifest --firmware builtin:selftest >"$work/guest/guest.yaml"
  (cd "$work/guest" && "$out/snp-host" run -- "$snpvmm" run --prove --results results guest.yaml) >"$work/said" 2>&1
  said 'a guest of snpvmm' 'pass: .*; measurement proven by the firmware'
  said 'and its console' 'selftest: passed'
  cat "$work/guest/results/result.json" >"$work/said"
  said 'and its results' '"verdict": *"pass"'
  (cd "$work/guest/results" && echo ./*) >"$work/said"
  said 'all of them' '\./junit\.xml \./launch\.json \./manifest\.yaml \./result\.json \./serial\.log$'
fi

echo "the emulated host: $good passed, $bad failed"
[ "$bad" = 0 ] && echo "$tested" >"$out/.passed"
