#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/snp/on_host.sh: runs on the SNP host, in the folder that check.sh packed, under any POSIX shell.
set -u
PATH=.:$PATH
n=0

# Only cases whose names contain one of these texts, separated by bars, are run, and none that has one of the others.
only=${1:-}
except=${4:-}
disposable=${2:-} # "yes": cases may set the host's clock
long=${3:-}       # "yes": tables of cases that take minutes, too
has_one() { # NAME TEXTS
  texts=$2
  while :; do
    case $1 in *"${texts%%|*}"*) return 0 ;; esac
    case $texts in *'|'*) texts=${texts#*|} ;; *) return 1 ;; esac
  done
}
wanted() { # NAME
  has_one "$1" "$only" && { [ -z "$except" ] || ! has_one "$1" "$except"; }
}

# NAME STATUS PATTERN... -- COMMAND...: it must end with the status, and each pattern must match a line of output.
case_run() {
  wanted "$1" || return 0
  name=$1 want=$2
  shift 2
  patterns=
  while [ "$1" != -- ]; do
    patterns="$patterns$1
"
    shift
  done
  shift
  n=$((n + 1))
  "$@" >out.log 2>&1 </dev/null
  have=$?
  problem=
  [ "$want" = any ] || [ "$have" = "$want" ] || problem="status $have, not $want"
  printf '%s' "$patterns" >patterns.log
  while IFS= read -r pattern; do
    grep -q -e "$pattern" out.log || problem="$problem; no line matches '$pattern'"
  done <patterns.log
  if [ -z "$problem" ]; then
    echo "ok $n - $name"
  else
    echo "not ok $n - $name: $problem"
    sed 's/^/    /' out.log
  fi
}

# The same with result files, which check.sh compares with WANTS: "STATUS REASON VERDICT EVENT". $also is one more pattern.
also=
kept() { # NAME WANTS COMMAND...
  wanted "$1, and its results" || return 0
  name=$1 wants=$2
  shift 2
  kept=$((${kept:-0} + 1))
  mkdir -p results
  echo "$name" >results/$kept.name
  echo "$wants" >results/$kept.wants
  set -- -- "$@" --results results/$kept
  # shellcheck disable=SC2086 # its words
  set -- $wants "$@"
  status=$1 reason=$2 verdict=$3
  shift 4
  case $verdict in pass) said='snpvmm: pass: ' ;; *) said="\[$reason\]" ;; esac
  case_run "$name, and its results" "$status" "$said" ${also:+"$also"} "$@"
  sed -n 's/^snpvmm: measurement \([0-9a-f]*\) .*/\1/p' out.log >results/$kept.digest
  sed -n '/^snpvmm: measurement /,$p' out.log | grep -a -v -e 'snpvmm: ' -e ': error: ' -e '^  why: ' -e '^  fix: ' |
    tr -d '\r' >results/$kept.said
}

example() { # ID-BLOCK-NAME OPTION...
  id=$1
  shift
  if [ "$id" = none ]; then
    snpvmm run -v "$@" snpvmm.yaml.example
  else
    snpvmm run -v --set "snp.id_block=file:$id.block" --set "snp.id_auth=file:$id.auth" "$@" snpvmm.yaml.example
  fi
}

case_run 'the example runs to its end, every step of the selftest passes' 0 \
  "measurement $(cat one.digest) (1 vcpu, EPYC-v4, profile qemu)" "launched on platform 'snp'" \
  'snpvmm selftest: AMD SEV-SNP' '^1 ok' '^2 ok' '^3 ok' '^4 ok' '^5 ok' '^6 ok' '^7 ok' '^8 ok' '^9 ok' '^10 ok' \
  'snpvmm selftest: passed' 'snpvmm: pass: ' -- example none
vouched() { # COMMAND...: and the firmware accepted its CPUID page unchanged
  "$@"
  status=$?
  grep -q 'firmware corrects' out.log || echo 'vouched for'
  return $status
}
case_run 'the firmware vouches for the CPUID page at once' 0 'selftest: passed' '^vouched for' -- vouched example none
case_run 'four vCPUs too' 0 "measurement $(cat four.digest) (4 vcpus, " '^10 ok' 'snpvmm selftest: passed' \
  -- example none --set vcpus=4
case_run 'the firmware accepts an ID block with the predicted digest' 0 'selftest: passed' -- example one
case_run 'an ID block whose key an author signed' 0 'selftest: passed' -- example author
case_run 'an ID block for four vCPUs' 0 'selftest: passed' -- example four --set vcpus=4
if grep -q debug_swap /proc/cpuinfo; then
  case_run 'an ID block for another set of SEV features' 0 'selftest: passed' \
    -- example swap --set snp.guest_features=0x21
else
  echo 'skip an ID block for another set of SEV features: this CPU has no debug_swap'
fi
case_run 'one flipped bit in the ID block is found before the launch' 3 \
  'error: snp.id_block is for another measurement \[measurement-differs\]' \
  "why: it names .*, this manifest measures as $(cat one.digest)" 'fix: ' -- example flipped
case_run 'an ID block for another policy is found before the launch' 2 \
  'error: snp.id_block is for policy .*, and snp.policy is 0x30000 \[bad-id-block\]' -- example policy
case_run 'a wrong signature is found before the launch' 2 \
  "error: snp.id_auth: the ID block signature is not the ID key.s over snp.id_block \[bad-id-block\]" 'why: ' -- example signature
proven='snpvmm: pass: .*; measurement proven by the firmware'
case_run '--prove: the firmware compares the digest' 0 'selftest: passed' "$proven" -- example none --prove
case_run '--prove: of four vCPUs' 0 'selftest: passed' "$proven" -- example none --prove --set vcpus=4
case_run 'an ID block that the launch makes and signs' 0 'selftest: passed' "$proven" -- example none \
  --set snp.identity.id_key=id.pem --set snp.identity.svn=7
case_run 'an ID block that the launch makes, with an author key and four vCPUs' 0 'selftest: passed' "$proven" -- example none \
  --set snp.identity.id_key=id.pem --set snp.identity.author_key=author.pem --set vcpus=4
made_before() { # OPTION...: by idblock, and then launched
  snpvmm idblock -d made --set snp.identity.id_key=id.pem --set snp.identity.author_key=author.pem "$@" snpvmm.yaml.example &&
    snpvmm run --set snp.id_block=file:made/id-block.bin --set snp.id_auth=file:made/id-auth.bin "$@" snpvmm.yaml.example
}
case_run 'an ID block of idblock' 0 '^id_key_digest: ' 'selftest: passed' "$proven" -- made_before --set vcpus=2
case_run 'the firmware refuses an ID block for another digest, if nobody looks before' 0 'BAD_MEASUREMENT' \
  -- otherblock snpvmm.yaml.example
for wrong in digest image; do
  case_run "--prove: the firmware refuses what was not measured so: $wrong" 99 'BAD_MEASUREMENT' '\[firmware-refused\]' \
    -- env WRONG=$wrong snpvmm-wrong run --prove snpvmm.yaml.example
done
case_run 'a refused launch leaves the next one possible' 0 'selftest: passed' -- example one
# ASIDs and VMs that are in use, and processes of ours.
in_use() {
  [ -e /sys/fs/cgroup/misc.current ] || mount -t cgroup2 none /sys/fs/cgroup 2>/dev/null
  grep '^sev' /sys/fs/cgroup/misc.current
  echo "VMs: $(find /sys/kernel/debug/kvm -mindepth 1 -maxdepth 1 -name '*-*' | wc -l)"
  echo "processes: $(cat /proc/[0-9]*/status 2>/dev/null | grep -c -x 'Name:	snpvmm')"
}
available() { # MiB
  [ "$disposable" != yes ] || echo 3 >/proc/sys/vm/drop_caches
  awk '/^MemAvailable:/ { print int($2 / 1024) }' /proc/meminfo
}
launches() { # N AT-ONCE
  before=$(in_use) memory=$(available) lines=$(dmesg | wc -l) i=0
  while [ $i -lt "$1" ]; do
    i=$((i + 1))
    (snpvmm run -q --set timeout=200s snpvmm.yaml.example >"launch.$((i % $2))" 2>&1 || echo "launch $i: status $?: $(tail -n 2 "launch.$((i % $2))")") &
    [ $((i % $2)) != 0 ] || wait
  done
  wait
  memory=$((memory - $(available)))
  echo "there is $memory MiB less"
  dmesg | tail -n +$((lines + 1)) | grep -i -E 'warn|bug|leak|rmp|fail|error|sev|oom|psp' && return 1
  # on a host that others use, free memory says nothing
  [ "$disposable" != yes ] || [ $memory -lt 12 ] || return 1
  [ "$(in_use)" = "$before" ] && echo 'the host is as it was' && return
  printf 'before:\n%s\nnow:\n%s\n' "$before" "$(in_use)"
}
launches_leave_nothing() { # N AT-ONCE
  launches 2 1 >/dev/null # what the first ones cache isn't given back
  launches "$@" && ! grep '^launch ' out.log
}
if [ "$long" = yes ]; then
  case_run '200 launches in a row leave the host as it was' 0 '^the host is as it was' -- launches_leave_nothing 200 1
  case_run '16 launches at once leave the host as it was' 0 '^the host is as it was' -- launches_leave_nothing 48 16
else
  case_run 'launches in a row leave the host as it was' 0 '^the host is as it was' -- launches_leave_nothing 5 1
  echo 'skip 200 launches in a row, and 16 at once: SNP_LONG=yes asks for it'
fi
case_run 'a policy with debugging' 0 'selftest: passed' -- example none --set snp.policy=0xb0000
case_run 'a policy that KVM never takes is refused with its name' 99 '(LAUNCH_START): .* \[bad-policy\]' \
  'why: .* snp.policy 0x70000: bit 18' 'fix: write snp.policy: 0x30000' \
  -- example none --set snp.policy=0x70000
# Which policy bits KVM accepts depends on the firmware since Linux 6.19.
snpvmm doctor >doctor.log
if ! grep -q 'accept the policy bits' doctor.log; then
  echo 'skip policy bits of a newer firmware: this kernel does not tell which there are'
elif grep -q 'accept the policy bits 0x1bffff$' doctor.log; then
  case_run 'a policy bit of a newer firmware is refused, and the kernel is not to blame' 99 \
    'why: this host.s SEV firmware doesn.t know, .*: page_swap_disable' 'fix: write snp.policy: 0x30000, or update the SEV firmware' \
    -- example none --set snp.policy=0x2030000
else
  case_run 'policy bits of a newer firmware are taken' 0 'selftest: passed' -- example none --set snp.policy=0x3230000
  case_run 'a policy of a newer firmware that this platform does not meet' 99 'POLICY_FAILURE' 'rapl_dis is set, but RAPL is enabled' \
    -- example none --set snp.policy=0x830000
fi
if grep -q 'guests may have the features 0x2[0-9a-f]0$' doctor.log; then
  case_run 'Secure TSC of a newer firmware' 0 'selftest: passed' -- example none --set snp.guest_features=0x201
  case_run 'newer firmware: the doctor counts ASIDs under ciphertext hiding' 0 '10 ASIDs for SNP guests' -- snpvmm doctor
else
  echo 'skip Secure TSC of a newer firmware: this host has none'
fi
# The selftest as an IGVM file: written, read back, launched, and its digest compared by the firmware.
igvm() { # OPTIONS-OF-PLAN OPTION...: of run
  # shellcheck disable=SC2086 # its words
  snpvmm plan --igvm guest.igvm $1 snpvmm.yaml.example || return
  shift
  printf 'version: 1\nboot: { firmware: guest.igvm }\nmemory: 64M\nmeasure: { profile: cloud-hypervisor }\n' >igvm.yaml
  snpvmm run -v "$@" igvm.yaml
}
case_run 'an IGVM file' 0 'guest.igvm: [0-9]* bytes; with measure.profile cloud-hypervisor its launch digest is' '^10 ok' 'selftest: passed' \
  "$proven" -- igvm '' --prove
case_run 'an IGVM file: of four vCPUs, in the order of the specification' 0 'selftest: passed' "$proven" \
  -- igvm '--set vcpus=4' --prove --set vcpus=4 --set measure.profile=igvm
case_run 'an IGVM file: in the order of QEMU, where its zero pages are pages of zeros' 0 'selftest: passed' "$proven" \
  -- igvm '' --prove --set measure.profile=qemu
case_run 'an IGVM file: the ID block in it' 0 'selftest: passed' "$proven" \
  -- igvm '--set snp.identity.id_key=id.pem --set snp.identity.author_key=author.pem'
case_run 'an IGVM file: the ID block in it is for another number of vCPUs' 3 \
  'the ID block in the IGVM file is for another measurement' -- igvm '--set snp.identity.id_key=id.pem' --set vcpus=2
# Registers that KVM sets only for such files. The VMSA is the last page of the file; no checksum covers it.
odd_registers() {
  snpvmm plan --igvm guest.igvm snpvmm.yaml.example || return
  vmsa=$(($(wc -c <guest.igvm) - 4096))
  # shellcheck disable=SC2059 # escapes
  poke() { printf "$2" | dd of=guest.igvm bs=1 seek=$((vmsa + $1)) conv=notrunc 2>/dev/null; }
  poke 0x160 '\0\0'                 # DR7
  poke 0x168 '\0\0\0\0'             # DR6
  poke 0x1f8 '\1\2\3\4\5\6\7\10'    # RAX
  poke 0x268 '\6\6\6\6\6\6\6\6'     # PAT
  poke 0x340 '\10\20\30\40'         # R8
  poke 0x378 '\17'                  # R15
  poke 0x3e8 '\3'                   # XCR0
  poke 0x408 '\0\37'               # MXCSR
  poke 0x410 '\177\2'              # FCW
  snpvmm run -v --prove igvm.yaml
}
case_run 'an IGVM file: registers with other values than after a reset' 0 'selftest: passed' "$proven" -- odd_registers
case_run 'host data and gosvw are accepted' 0 'selftest: passed' -- example none \
  --set snp.host_data=hex:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff \
  --set snp.gosvw=hex:00112233445566778899aabbccddeeff
case_run 'the plain platform runs beside SNP, when it is asked for' 0 "launched on platform 'kvm'" \
  'plain KVM, no protection' 'selftest: passed' -- example none --platform kvm

kept 'expected lines came' '0 guest-exit pass guest-exit' example none --set vcpus=4 \
  --set 'expect.console=["^snpvmm selftest: AMD SEV-SNP", "^10 ok", "passed$"]'
kept 'an expected line that never comes' '1 console-missing fail guest-exit' example none --set 'expect.console=["^11 ok"]'
kept 'a line that must not come' '1 console-forbidden fail console-forbidden' example none --set 'expect.never=["^10 ok"]'
kept 'the firmware refuses the launch' '99 firmware-refused error -' example none --set snp.policy=0x3ffff
kept 'another measurement than the expected one' '3 measurement-differs fail -' example none --set vcpus=2 \
  --set "expect.measurement=$(cat one.digest)"
silent() { # OPTION...
  snpvmm run --set timeout=60s --set silence=60s "$@" mute.yaml
}
kept 'a guest that says nothing' '124 silence timeout silence' silent --set silence=2s
kept 'a guest that takes too long' '124 timeout timeout timeout' silent --set timeout=1s
# Sets the real-time clock forward or back by SECONDS, one second after the command has started.
jumping() { # SECONDS COMMAND...
  by=$1
  shift
  (sleep 1 && date -s "@$(($(date +%s) + by))" >/dev/null) &
  from=$(cut -d . -f 1 /proc/uptime)
  "$@"
  status=$?
  wait
  [ $(($(cut -d . -f 1 /proc/uptime) - from)) -ge 3 ] && echo 'it took its time'
  return $status
}
if [ "$disposable" = yes ]; then
  for by in 86400 -86400; do
    case_run "limits are kept when the clock jumps by $by s" 124 'time limit of 4.000 s.* \[timeout\]' 'it took its time' \
      -- jumping $by silent --set timeout=4s
    case_run "so is silence, by $by s" 124 'silence limit of 4.000 s.* \[silence\]' 'it took its time' \
      -- jumping $by silent --set silence=4s
  done
else
  echo 'skip limits are kept when the clock jumps: this host keeps its clock (SNP_DISPOSABLE=yes lets it be set)'
fi
# Guests that do what they must not: tests/hostile/table has how each ends. Linux 7 ends the VM if a page-state change isn't
# refused by EINVAL.
if wanted 'hostile guests'; then
  sh hostile/run.sh snp "$PWD/snpvmm" hostile hostile.work || echo "not ok hostile guests: run.sh ended with status $?"
fi
case_run 'the doctor finds nothing missing' 0 'this host can launch: kvm, snp' -- snpvmm doctor

seen() { # PATTERN FILE: waits for it; for five minutes, as the guest may have ended without
  tries=1500
  until grep -q -s "$1" "$2"; do
    tries=$((tries - 1))
    [ $tries -gt 0 ] || return
    sleep 0.2
  done
}
at_prompt() { # FILE LINE: types it after the shell's prompt; before the terminal is set up it would be lost
  seen 'snpvmm-guest#' "$1"
  echo "$2"
}
# CMDLINE-WORDS OPTION...: boots the stock kernel; the guest's report must have our digest.
linux_run() {
  words=$1
  shift
  snpvmm run -v --set "boot.cmdline=console=ttyS0 panic=-1 quiet $words" "$@" linux.yaml
}
# The same through a firmware, with kernel hashes if it verifies them.
ovmf_run() { # IMAGE OPTION...
  image=$1
  shift
  snpvmm run -v --set "boot.firmware=$image" "$@" ovmf.yaml
}
attested() { # RUN-FUNCTION ARGUMENT...: the measurement in the guest's report must be the one printed before the launch
  "$@"
  status=$?
  said=$(sed -n 's/^snpvmm: measurement \([0-9a-f]*\) .*/\1/p' out.log)
  [ -n "$said" ] && grep -q "^snpvmm-guest: measurement $said" out.log && echo 'the report agrees'
  return $status
}

# Runs a guest that prints its report, which has to be of this launch, and fresh. check.sh verifies what is kept of it, with
# the same arguments.
reports=0
verified() { # NAME MANIFEST OPTION...
  wanted "$1" || return 0
  also='report verified: of this launch and fresh; nothing proves who signed it'
  called=$1
  shift
  kept "$called" '0 guest-exit pass guest-exit' snpvmm run -v --set expect.report=true --set snp.host_data=random "$@"
  also=
  reports=$((reports + 1))
  cp results/$kept/report.bin results/$reports-report.bin
  printf '%s\n' "$@" >results/$kept.verify
}

# Extracts the report that snpvmm-guest printed: it must have our digest, the guest's data, and the CRC that is printed.
report_read() { # RUN-FUNCTION ARGUMENT...
  attested "$@"
  status=$?
  sed -n 's/.*snpvmm-report: [0-9][0-9] //p' out.log | tr -d '\r' | base64 -d >report.bin
  crc=$(gzip -c <report.bin | tail -c 8 | od -An -tx4 -N4 | tr -d ' ')
  [ "$(grep -c "snpvmm-report: [a-z]* $(wc -c <report.bin) bytes, crc32 0x$crc" out.log)" = 2 ] && echo 'the frame is whole'
  snpvmm inspect report.bin >report.txt 2>&1
  grep -q "measurement.* $said" report.txt && echo 'the frame has our measurement'
  tr -d ' \n' <report.txt | grep -q "00112233445566778899aabbccddeeff" && echo 'the frame has our data'
  return $status
}

if [ -e linux.yaml ]; then
  case_run 'snpvmm-guest prints the report, and ends the guest with a status' 3 'the report agrees' 'the frame is whole' \
    'the frame has our measurement' 'the frame has our data' 'the guest exited with status 3' \
    -- report_read linux_run 'snpvmm.do=report snpvmm.data=00112233445566778899aabbccddeeff snpvmm.status=3' --guest-status
  [ ! -s report.bin ] || echo "report: $(base64 -w 0 report.bin)" # for check.sh to verify
  printing='console=ttyS0 panic=-1 quiet snpvmm.do=report'
  for vcpus in 1 4; do
    verified "the run verifies the guest's report, and that it is fresh: Linux, vCPUs: $vcpus" linux.yaml \
      --set "boot.cmdline=$printing" --set vcpus=$vcpus
  done
  [ ! -e mkguest/guest.yaml ] ||
    case_run 'a guest of snpvmm-mkguest: it boots, and its report is of this launch' 4 '^ *kernel: vmlinuz' 'report verified: of this launch; ' \
      -- snpvmm run --guest-status --set expect.report=true mkguest/guest.yaml
  # Two signatures tell the host's key. check.sh holds the same reports against the key that the host itself gives.
  mkdir -p chip
  if ! wanted 'run --certs'; then
    :
  elif ! ./chain chip results/1-report.bin results/2-report.bin; then
    echo 'skip run --certs: there are no two reports of this host'
  else
    case_run 'run --certs: the report is authentic, of this launch, and fresh' 0 \
      'report verified: authentic by your --root, of this launch and fresh$' \
      -- linux_run snpvmm.do=report --set expect.report=true --set snp.host_data=random --certs chip --root chip/ark.pem
    case_run 'run --certs: a root that is not of AMD is not trusted' 1 \
      "the guest's report: .*\[root-not-trusted\]" \
      -- linux_run snpvmm.do=report --set expect.report=true --certs chip
    case_run 'run --certs: certificates of another chip prove nothing' 1 \
      "the guest's report: .*\[\(signature-bad\|chip-mismatch\)\]" \
      -- linux_run snpvmm.do=report --set expect.report=true --certs certs --root certs/ark.pem
  fi
  kept "a report that the guest doesn't print" '1 report-missing fail guest-exit' linux_run '' --set expect.report=true
  case_run 'a policy and an identity in the report' 0 'report verified: of this launch; ' \
    -- linux_run snpvmm.do=report --set snp.id_block=file:prover.block --set snp.id_auth=file:prover.auth \
    --set snp.policy=0xb0000 --set expect.report=true
  # Extracts the certificates that snpvmm-guest printed. They must be those of the file.
  certs_read() { # OPTION...
    linux_run 'snpvmm.do=certs' "$@"
    status=$?
    sed -n 's/.*snpvmm-certs: [0-9][0-9][0-9] //p' out.log | tr -d '\r' | base64 -d >got.bin
    cmp -s got.bin certs.bin && echo 'the certificates are those of the file'
    return $status
  }
  # The table becomes garbage while the guest boots.
  certs_spoilt() { # OPTION...
    cp certs.bin garbage.bin
    (seen '^snpvmm-guest: init' out.log; echo garbage >garbage.bin) &
    certs_read "$@"
  }
  { cat certs.bin && head -c 20000 /dev/zero; } >large.bin
  if grep -q '^ok *certificates ' doctor.log; then
    case_run 'certificates: the guest gets the table of snp.certs with its report' 0 'the certificates are those of the file' \
      'snpvmm-report: end 1184 bytes' 'snpvmm: pass' -- certs_read --set snp.certs=certs.bin
    case_run 'certificates: with four vCPUs too' 0 'the certificates are those of the file' -- certs_read --set snp.certs=certs.bin --set vcpus=4
    case_run 'certificates: none without snp.certs, which the guest can tell' 0 'snpvmm-report: end 1184 bytes' \
      'error: the host gave no certificates' -- certs_read
    case_run 'certificates: a table that became garbage is an empty one, and the report comes' 0 'snpvmm-report: end 1184 bytes' \
      'the guest gets no certificates with its report: .*garbage.bin.: the file ends before' 'error: the host gave no certificates' \
      -- certs_spoilt --set snp.certs=garbage.bin
    case_run 'certificates: more than Linux takes, which it is told' 0 \
      'warning: snp.certs: the table has' 'error: Linux takes 0x4000 bytes of certificates, and the host has: 0x' \
      -- certs_read --set snp.certs=large.bin
  else
    ! wanted 'certificates: the guest gets' || echo 'skip certificates for the guest: this kernel cannot hand any out'
    case_run 'certificates: a kernel that cannot ask for them is named' 99 \
      "error: this host's KVM can't hand out 'snp.certs' \\[host-unsupported\\]" 'fix: use Linux 7.0' \
      -- example none --set snp.certs=certs.bin
    case_run 'certificates: and skipped, if that is wanted' 77 'host-unsupported' \
      -- example none --skip-unsupported --set snp.certs=certs.bin
  fi
  case_run 'a status of more than a byte' 1 'the guest exited with status 65537' -- linux_run 'snpvmm.status=0x10001'
  case_run 'snpvmm-guest in a plain VM: a status, and why there is no report' 3 \
    '^snpvmm-guest: no measurement: this is not an SEV-SNP guest' '^snpvmm-guest: ready' 'the guest exited with status 3' \
    -- linux_run 'snpvmm.status=3' --guest-status --platform kvm
  case_run 'Linux boots directly, and its attestation report has our measurement' 0 \
    'sev: .*SEV-SNP' '^snpvmm-guest: cpus 1' '^snpvmm-guest: ready' 'the report agrees' 'snpvmm: pass' \
    -- attested linux_run ''
  case_run 'Linux with four vCPUs, attested' 0 'sev: .*SEV-SNP' '^snpvmm-guest: cpus 4' 'the report agrees' \
    "$proven" -- attested linux_run '' --prove --set vcpus=4
  case_run 'no more than 64 KiB pass through the firmware' 0 'snpvmm: [1-5]\{0,1\}[0-9] KiB are measured page by page' \
    -- linux_run '' --set snp.id_block=file:linux.block --set snp.id_auth=file:linux.auth --set 'boot.cmdline=console=ttyS0 panic=-1 quiet'
  case_run "the guest's status becomes ours" 1 'exited with status 7 \[guest-exit\]' -- linux_run snpvmm.status=7
  case_run 'a status that was expected' 0 'snpvmm: pass' -- linux_run snpvmm.status=7 --set expect.exit=7
  case_run 'ACPI power-off' 0 'snpvmm: pass: the guest powered off' -- linux_run snpvmm.do=poweroff
  case_run 'reboot' 0 'snpvmm: pass: the guest asked for a reset' -- linux_run snpvmm.do=reboot
  kept 'a panic' '1 guest-panic fail guest-panic' linux_run snpvmm.do=panic
  case_run 'a panic that is allowed ends the run at once' 0 'the guest asked for a reset' 'Kernel panic' \
    -- linux_run snpvmm.do=panic --set 'expect.never=[]'
  kept 'a guest that may keep running' '0 console-complete pass console-complete' linux_run snpvmm.do=shell \
    --set 'expect.console=["^snpvmm-guest: ready", "snpvmm-guest#"]' --set expect.exit=none
  case_run 'a kernel that changed after the measuring is refused by name' 0 'stage0 refused to start the kernel: kernel: ' \
    -- flip linux.yaml kernel
  case_run 'an initrd that changed after the measuring is refused by name' 0 'stage0 refused to start the kernel: initrd: ' \
    -- flip linux.yaml initrd
  case_run 'the same on the plain platform' 0 'stage0 refused to start the kernel: initrd: ' -- flip linux.yaml initrd kvm
  case_run 'Linux on the plain platform' 0 'memory in anonymous memory' '^snpvmm-guest: cpus 1' '^snpvmm-guest: ready' -- linux_run '' --platform kvm
  case_run 'Linux on the plain platform, four vCPUs' 0 'memory in anonymous memory' '^snpvmm-guest: cpus 4' -- linux_run '' --platform kvm --set vcpus=4
  case_run 'memory on both sides of the hole' 0 '^snpvmm-guest: memory 4[01][0-9]\{5\} kB' \
    -- linux_run '' --platform kvm --set memory=4G
  # The emulated host has 3 GiB.
  case_run 'a kernel that accepts memory itself: 64G, four vCPUs, attested' 0 'memory is accepted lazily: this kernel accepts memory itself' \
    '^snpvmm-guest: cpus 4' '^snpvmm-guest: memory 65[0-9]\{6\} kB' 'the report agrees' "$proven" \
    -- attested linux_run swiotlb=noforce --prove --set memory=64G --set vcpus=4
  case_run 'a kernel that accepts memory itself: 8G, and ACPI power-off' 0 'memory is accepted lazily' 'snpvmm: pass: the guest powered off' \
    -- linux_run 'swiotlb=noforce snpvmm.do=poweroff' --set memory=8G
  # MEMORY ACCEPT: page-state changes and milliseconds from the guest's first instruction to the kernel's first byte. (Other
  # exits go on until the guest is stopped, so they don't compare.) Without nokaslr, the decompressor of a lazy guest prints a
  # line before that.
  entry() {
    snpvmm run --stats --set "memory=$1" --set "boot.accept=$2" --set 'expect.console=["Linux version"]' --set expect.exit=none \
      --set 'boot.cmdline=console=ttyS0 earlyprintk=serial,ttyS0,115200 nokaslr' linux.yaml >entry.log 2>&1 || return
    sed -n 's/.*page states \([0-9]*\),.*/\1/p; s/^snpvmm: first serial byte after \([0-9]*\)\.\([0-9]*\) s/\1\2/p' entry.log | tr '\n' ' '
  }
  entries() { # the start doesn't depend on memory, as little of it is touched; 250 ms are for a machine that is busy
    entry 64G lazy >lazy.entry && entry 512M eager >eager.entry
    cat lazy.entry eager.entry
    cat lazy.entry eager.entry | awk '{ if ($1 <= 1.1 * $3 && $2 <= 1.1 * $4 + 250) print "as fast" }'
  }
  case_run 'the kernel of 64G starts as fast as that of 512M' 0 'as fast$' -- entries
  # ACCEPT: what Linux says above info level, without numbers. On a machine that is busy it complains of time.
  log_of() {
    snpvmm run --set "boot.accept=$1" --set memory=2G --set 'boot.initrd=[initrd-6.12.cpio.gz, log.cpio]' \
      --set 'boot.cmdline=console=ttyS0 panic=-1 quiet swiotlb=noforce snpvmm.do=script' linux.yaml >log.run 2>&1
    sed -n 's/^snpvmm-guest: log //p' log.run | tr -d '\r' | sed 's/0x[0-9a-f]*/N/g; s/[0-9][0-9]*/N/g' |
      grep -v -e ': hrtimer: ' -e ': clocksource: ' -e ': rcu: ' -e ': sched_clock: ' -e ': watchdog: ' -e 'APIC calibration' >"$1.lines"
    grep -q '^notice: Linux version ' "$1.lines" && echo "$1: $(grep -c . "$1.lines") lines"
  }
  logs() { # the second has no more than the first
    log_of eager
    log_of lazy
    grep -v -x -F -f eager.lines lazy.lines || echo 'nothing else'
  }
  if [ "$long" = yes ]; then
    case_run 'a kernel that accepts memory itself complains of nothing else' 0 '^eager: [1-9]' '^lazy: [1-9]' '^nothing else' -- logs
  fi
  # Disks: what the guest says of them, what becomes of its writes, and how it makes sure of what it reads.
  disk_run() { # WORDS DISKS OPTION...
    words=$1 disks=$2
    shift 2
    snpvmm run -v --stats --set "boot.initrd=[initrd-6.12.cpio.gz, disks.cpio]" --set "disks=$disks" \
      --set "boot.cmdline=console=ttyS0 panic=-1 quiet snpvmm.do=script $words" "$@" linux.yaml
  }
  sum_of() { # FILE
    sha256sum "$1" | cut -d ' ' -f 1
  }
  disks_kept() { # OPTION...: three disks, one of each mode, and what the images are afterwards
    before="$(sum_of a.img) $(sum_of b.img)"
    dd if=/dev/zero of=out.img bs=1M count=4 2>/dev/null
    disk_run 'disks.do=keep disks.do=tar' '[a.img, {path: b.img, mode: ro}, {path: out.img, mode: rw, serial: out}]' "$@"
    status=$?
    [ "$before" = "$(sum_of a.img) $(sum_of b.img)" ] && echo 'the images are as they were'
    echo "the file is $(tar -xOf out.img greeting)"
    [ "$(tar -xOf out.img busybox | sha256sum | cut -d ' ' -f 1)" = "$(sed -n 's/^snpvmm-guest: tar //p' out.log | tr -d '\r')" ] &&
      echo 'the file came back whole'
    return $status
  }
  # No notification of a request leaves the kernel, which the line about exits to the device would count.
  disks_want() { # for case_run
    printf '%s\n' "^snpvmm-guest: disk vda disk0 sectors 8192 ro 0 sha256 $(sum_of a.img)" \
      "^snpvmm-guest: disk vdb disk1 sectors 8192 ro 1 sha256 $(sum_of b.img)" '^snpvmm-guest: disk vdc out sectors 8192 ro 0' \
      '^snpvmm-guest: vda has what was written' '^snpvmm-guest: vdb takes no writes' '^snpvmm-guest: vdc has what was written' \
      'snpvmm: disk0: [1-9][0-9]* reads of .* KiB, [1-9][0-9]* writes of .* KiB, [1-9][0-9]* flushes, 0 errors, 0 exits' \
      'snpvmm: disk1: [1-9][0-9]* reads of .* KiB, 0 writes of 0 KiB, 0 flushes, 0 errors, 0 exits' \
      '^the images are as they were' '^the file is made in the guest: 6.12' '^the file came back whole'
  }
  disks_case() { # NAME OPTION...
    name=$1
    shift
    set -- -- disks_kept "$@"
    while IFS= read -r pattern; do set -- "$pattern" "$@"; done <<WANT
$(disks_want)
WANT
    case_run "$name" 0 "$@"
  }
  disks_case 'disks: scratch, ro and rw, four vCPUs' --set vcpus=4
  verity_run() { # OPTION...
    disk_run "disks.do=verity disks.root=$(cat root.hash)" \
      '[{path: root.img, mode: ro, serial: root}, {path: hash.img, mode: ro, serial: hash}]' \
      --set 'boot.initrd=[initrd-6.12.cpio.gz, disks.cpio, verity.cpio.gz]' --set memory=512M "$@"
  }
  changed() { # FILE COMMAND...: with one byte of the file changed
    cp "$1" kept.img
    file=$1
    shift
    dd if="$file" bs=1 skip=1000000 count=1 2>/dev/null | tr '\000-\377' '\001-\377\000' |
      dd of="$file" bs=1 seek=1000000 conv=notrunc 2>/dev/null
    "$@"
    status=$?
    mv kept.img "$file"
    return $status
  }
  if [ -e verity.cpio.gz ]; then
    case_run 'dm-verity: the guest reads what the measured root hash stands for' 0 "^snpvmm-guest: verity passes $(sum_of root.img)" \
      -- verity_run
    case_run 'dm-verity: the guest refuses a byte that has changed, four vCPUs' 0 '^snpvmm-guest: verity refuses what is on the disk' \
      -- changed root.img verity_run --platform kvm --set vcpus=4
  else
    echo 'skip dm-verity: there is no veritysetup (in Debian: cryptsetup-bin)'
  fi
  in_small_folder() { # COMMAND...: with 1 MiB for what it writes
    mkdir -p small && mount -t tmpfs -o size=1M none small || return
    (export TMPDIR="$PWD/small" && "$@")
    status=$?
    umount small
    return $status
  }
  if [ "$long" = yes ]; then
    disks_case 'disks: scratch, ro and rw, a plain VM' --platform kvm
    disks_case 'disks: scratch, ro and rw, one vCPU'
    for vcpus in 1 4; do
      [ -e verity.cpio.gz ] || break
      case_run "dm-verity under SNP, vCPUs: $vcpus" 0 "^snpvmm-guest: verity passes $(sum_of root.img)" -- verity_run --set vcpus=$vcpus
      case_run "dm-verity under SNP refuses a byte that has changed, vCPUs: $vcpus" 0 \
        '^snpvmm-guest: verity refuses what is on the disk' -- changed root.img verity_run --set vcpus=$vcpus
    done
    case_run 'a scratch disk that is full gives errors, and the guest goes on' 0 '^snpvmm-guest: vda is full' \
      'snpvmm: disk0: no room for what the guest writes' -- in_small_folder disk_run disks.do=full a.img --platform kvm
    case_run 'a kernel without the driver: a failed run says so' 1 'snpvmm: disk0: no driver in the guest took it' \
      -- linux_run snpvmm.status=1 --platform kvm --set disks=a.img --set 'boot.cmdline=console=ttyS0 panic=-1 quiet pci=off snpvmm.status=1'
  fi
  if [ -e vmlinuz-6.1 ]; then
    wrong_guess() { # the table's GUID at the end of a kernel that doesn't know the table
      cp vmlinuz-6.1 vmlinuz-guid
      printf '\074\336\321\325\134\020\371\104\236\251\274\357\230\022\000\061' >>vmlinuz-guid
      linux_run '' --set boot.kernel=vmlinuz-guid --set boot.initrd=initrd-6.1.cpio.gz --set memory=2G
    }
    case_run "a kernel that seems to accept memory, and can't, is told from others" 1 "one that can.t ends like this \[guest-terminated\]" \
      'hint: write boot.accept: eager' -- wrong_guess
    case_run "a kernel that can't accept memory is not asked to" 2 "this kernel can.t accept memory itself" -- linux_run '' \
      --set boot.kernel=vmlinuz-6.1 --set boot.initrd=initrd-6.1.cpio.gz --set boot.accept=lazy
    older() { # OPTION...
      linux_run '' --set boot.kernel=vmlinuz-6.1 --set boot.initrd=initrd-6.1.cpio.gz "$@"
    }
    case_run 'an older kernel' 0 'sev: .*SEV-SNP' '^snpvmm-guest: kernel 6\.1\.' '^snpvmm-guest: ready' 'snpvmm: pass' -- older
    case_run 'an older kernel with four vCPUs' 0 'sev: .*SEV-SNP' '^snpvmm-guest: cpus 4' 'snpvmm: pass' -- older --set vcpus=4
    case_run 'an older kernel on the plain platform' 0 '^snpvmm-guest: kernel 6\.1\.' '^snpvmm-guest: ready' -- older --platform kvm
  else
    echo 'skip an older kernel: this distribution has no Linux 6.1'
  fi
  # hvc0: the kernel's lines come on COM1, and on hvc0 once that is there.
  hvc_run() { # WORDS OPTION...
    words=$1
    shift
    snpvmm run --stats --set hvc=true --set "boot.cmdline=$words panic=-1" "$@" linux.yaml
  }
  hvc_once() {
    hvc_run 'earlyprintk=ttyS0,115200 console=hvc0' --set 'expect.console=["hvc0. enabled", "^snpvmm-guest: ready"]' >hvc.log 2>&1
    status=$?
    tr -d '\r' <hvc.log | sed -n 's/^\[ *\([0-9.]*\)\].*/\1/p' >hvc.times
    [ "$(wc -l <hvc.times)" -gt 200 ] && sort -nc hvc.times && echo 'in order'
    [ -z "$(tr -d '\r' <hvc.log | grep -a '^\[' | sort | uniq -d)" ] && echo 'each once'
    cat hvc.log
    return $status
  }
  case_run 'hvc0: every line once and in order' 0 '^in order' '^each once' '^snpvmm-guest: ready' \
    '^snpvmm: hvc: [1-9][0-9]* requests, [1-9][0-9]* bytes of output, 0 of input, 0 exits' -- hvc_once
  hvc_typed() { # CONSOLE HVC: 19 KB of output
    : >typed.log
    # shellcheck disable=SC2016 # for the guest
    at_prompt typed.log 'echo typed-$((6 * 7)); seq 4000; exit 5' |
      hvc_run "console=$1 quiet snpvmm.do=shell" --set "hvc=$2" --set expect.exit=5 >typed.log 2>&1
    status=$?
    tr -d '\r' <typed.log | grep -a '^[0-9][0-9]*$' | cmp - seq.txt && echo "whole on $1"
    grep -a '^typed\|^snpvmm: ' typed.log
    return $status
  }
  hvc_both() { # the same on either console
    seq 4000 >seq.txt
    hvc_typed ttyS0 false && hvc_typed hvc0 true || return
    sed -n 's/^snpvmm: exits: \([0-9]*\):.*/\1/p' out.log | awk '{ n[NR] = $1 } END { if (n[2] * 10 < n[1]) print "few exits" }'
  }
  case_run 'hvc0: a shell takes input, and prints with few exits' 0 '^whole on ttyS0' '^whole on hvc0' '^typed-42' \
    '^snpvmm: hvc: .* [1-9][0-9]* of input' '^few exits' -- hvc_both
  if [ "$long" = yes ]; then
    case_run 'hvc0: a panic is on COM1, too' 1 'Kernel panic' 'exits: serial port [1-9][0-9][0-9][0-9]' '\[guest-panic\]' \
      -- hvc_run 'console=ttyS0 console=hvc0 quiet snpvmm.do=panic'
  fi
  n=$((n + 1))
  # shellcheck disable=SC2016 # for the guest
  if ! wanted 'a shell on the console takes input'; then
    :
  elif at_prompt shell.log 'echo typed-$((6 * 7)); exit 5' |
    linux_run snpvmm.do=shell --set expect.exit=5 >shell.log 2>&1 && grep -q '^typed-42' shell.log; then
    echo "ok $n - a shell on the console takes input"
  else
    echo "not ok $n - a shell on the console takes input"
    sed 's/^/    /' shell.log
  fi
  # KVM reports whether interrupts are off for protected guests, too.
  halted() { # OPTION...
    at_prompt out.log 'halt -f' | linux_run snpvmm.do=shell "$@"
  }
  case_run 'a guest that halts need not be waited for' 1 'the vCPU is halted .*System halted.* \[guest-halted\]' -- halted
  case_run 'nor one with four vCPUs' 1 'all vCPUs are halted .*System halted.* \[guest-halted\]' -- halted --set vcpus=4
  # Its parent is the only thread that isn't confined.
  sleeps() {
    linux_run snpvmm.do=hang --set timeout=40s &
    seen '^snpvmm-guest: ready' out.log
    cat /proc/[0-9]*/task/*/status 2>/dev/null | awk '/^Name:/ { name = $2 } /^CapEff:/ { cap = $2 } /^NoNewPrivs:/ { new = $2 }
      /^Seccomp:/ && name == "snpvmm" { n[$2 == 2 && new == 1 && cap ~ /^0*$/]++ } END { print "confined: " n[1] ", not: " n[0] }'
    wait $!
  }
  case_run 'one that sleeps is waited for, and its run is confined' 124 "time limit .*last line is '.*ready' \[timeout\]" \
    '^confined: [2-9], not: 1$' -- sleeps
else
  echo 'skip Linux: no kernel could be fetched (make guest-images)'
fi

# The UEFI shell: types each LINE at its next prompt, and before that a key that ends its countdown.
typing() { # LINE...
  prompts=0
  until grep -q 'any other key to continue' out.log; do sleep 0.3; done
  printf '\r'
  for line; do
    prompts=$((prompts + 1))
    until [ "$(grep -c 'Shell>' out.log)" -ge $prompts ]; do sleep 0.3; done
    printf '%s\r' "$line"
  done
  sleep 100 # the end of input is none of the guest's
}
shell_run() { # FIRMWARE LINE OPTION...
  firmware=$1 line=$2
  shift 2
  typing "$line" 'reset -s' >keys &
  typist=$!
  snpvmm run -v --set boot.firmware="$firmware" "$@" shell.yaml <keys
  status=$?
  kill $typist
  return $status
}
mkfifo keys
variable='setvar snpvmm -guid 6c1ab1a6-3c0d-4e4c-8ff0-3b8ab57b1e5a'
if [ -e OVMF_VARS.fd ]; then
  case_run 'the UEFI shell is on COM1, and reads it' 0 'BdsDxe: starting .*EFI Internal Shell' 'snpvmm: pass: the guest powered off' \
    -- shell_run OVMF_CODE.fd "$variable -nv -bs =\"kept\"" --platform kvm --set boot.vars.path=OVMF_VARS.fd --set boot.vars.keep=kept.fd \
    --set 'expect.console=["^UEFI Interactive Shell", "^Shell> setvar snpvmm", "^Shell> reset -s"]'
  case_run 'a variable that was kept is there in the next run' 0 'snpvmm - 0004 Bytes' 'snpvmm: pass: the guest powered off' \
    -- shell_run OVMF_CODE.fd "$variable" --platform kvm --set boot.vars.path=kept.fd --set 'expect.console=["^6B 65 70 74"]'
else
  echo 'skip the UEFI shell is on COM1: no /usr/share/OVMF of Debian 12 (apt-get install ovmf)'
fi
if [ "$long" = yes ] && [ -e ovmf-2025.02.fd ]; then
  case_run 'the UEFI shell under SNP' 0 "launched on platform 'snp'" 'snpvmm: pass: the guest powered off' \
    -- shell_run ovmf-2025.02.fd "$variable -bs =\"lost\"" --set 'expect.console=["^UEFI Interactive Shell", "^Shell> reset -s"]'
else
  echo 'skip the UEFI shell under SNP: SNP_LONG=yes and SNPVMM_IMAGES ask for it'
fi

# EFI programs beside a firmware.
efi_run() { # FIRMWARE OPTION...
  firmware=$1
  shift
  snpvmm run -v --set boot.firmware="$firmware" "$@" efi.yaml
}
if [ -e ovmf-2022.11.fd ]; then
  case_run 'an EFI program is booted by a firmware' 0 'an EFI program runs' 'snpvmm: pass' \
    -- efi_run ovmf-2022.11.fd --platform kvm --set boot.kernel_hashes=false
fi
if [ "$long" = yes ] && [ -e ovmf-2026.08-amdsev.fd ]; then
  case_run 'an EFI program is verified by a firmware, and booted' 0 'an EFI program runs' "$proven" \
    -- efi_run ovmf-2026.08-amdsev.fd --prove
else
  echo 'skip an EFI program is verified by a firmware: SNP_LONG=yes and SNPVMM_IMAGES ask for it'
fi

# Firmware that boots a kernel from fw_cfg.
unverified='--set boot.kernel_hashes=false'
if [ -e linux.yaml ] && [ -e ovmf-2022.11.fd ]; then
  for vcpus in 1 4; do
    # shellcheck disable=SC2086 # an option and its value
    case_run "OVMF of 2022 boots Linux on the plain platform, vCPUs: $vcpus" 0 \
      "launched on platform 'kvm'" "^snpvmm-guest: cpus $vcpus" '^snpvmm-guest: ready' 'snpvmm: pass' \
      -- ovmf_run ovmf-2022.11.fd $unverified --platform kvm --set vcpus=$vcpus
  done
  # shellcheck disable=SC2086
  case_run 'that boot, Linux and all, takes no more than 10,000 exits' 0 '^snpvmm: exits: [0-9]\{1,4\}: ports ' \
    '^snpvmm: fw_cfg: [0-9]* transfers of 1[0-9]* KiB, 0 refused' \
    -- ovmf_run ovmf-2022.11.fd $unverified --platform kvm --stats
  # From the reset vector on; breakpoints are left to tests/vm, as an emulated host may not deliver them.
  debugged() {
    # shellcheck disable=SC2086
    ovmf_run ovmf-2022.11.fd $unverified --platform kvm --gdb=unix:gdb.sock >guest.log 2>&1 &
    while [ ! -S gdb.sock ] && kill -0 $! 2>/dev/null; do sleep 0.2; done
    gdb/ld-linux-x86-64.so.2 --library-path gdb gdb/gdb -nx -batch -ex 'set confirm off' -ex 'set architecture i386:x86-64' \
      -ex 'target remote gdb.sock' -ex 'info registers rip cs_base cr0' -ex 'x/2xb $cs_base + $rip' \
      -ex 'stepi' -ex 'stepi' -ex 'x/i $cs_base + $rip' -ex 'stepi 40' -ex 'info registers cs_base cr0' \
      -ex 'x/4xb 0xffffffd0' -ex 'print/x $rsp' -ex 'continue' </dev/null
    wait $!
    status=$?
    cat guest.log
    return $status
  }
  if [ -e gdb ]; then
    case_run 'GDB: OVMF on the plain platform, from the reset vector to its end' 0 '^rip  *0xfff0 ' 'cs_base  *0xffff0000 ' \
      '^0xfffffff0:' '^ *0xfffffff[1-9a-f]:' 'cs_base  *0x0 ' 'cr0  .* PE ' '^0xffffffd0:' 'exited normally' \
      '^snpvmm-guest: ready' 'a debugger has connected' 'snpvmm: pass' -- debugged
  else
    echo "skip GDB: OVMF on the plain platform: $(cat gdb.missing)"
  fi
  # shellcheck disable=SC2086
  case_run 'OVMF of 2022 ends under SNP at the local APIC, which is explained with its cure' 1 \
    'the firmware seems older than edk2-stable202405' \
    'private access to 0xfee00000, .*: the local APIC.s page; firmware before edk2-stable202405 .* newer build \[memory-fault\]' \
    -- ovmf_run ovmf-2022.11.fd $unverified
else
  echo 'skip OVMF of 2022: no kernel, or no /usr/share/ovmf/OVMF.fd (Debian 12: apt-get install ovmf)'
fi
if [ -e linux.yaml ] && [ -e ovmf-2025.02.fd ] && [ -e ovmf-2026.08-amdsev.fd ]; then
  for vcpus in 1 4; do
    # shellcheck disable=SC2086
    case_run "OVMF boots Linux under SNP, vCPUs: $vcpus, attested" 0 'kernel_hashes is false' 'sev: .*SEV-SNP' \
      "^snpvmm-guest: cpus $vcpus" '^snpvmm-guest: ready' 'the report agrees' 'snpvmm: pass' \
      -- attested ovmf_run ovmf-2025.02.fd $unverified --set vcpus=$vcpus
    case_run "OVMF that verifies kernel hashes boots Linux, vCPUs: $vcpus, attested" 0 'sev: .*SEV-SNP' \
      "^snpvmm-guest: cpus $vcpus" '^snpvmm-guest: ready' 'the report agrees' 'snpvmm: pass' \
      "$proven" -- attested ovmf_run ovmf-2026.08-amdsev.fd --prove --set vcpus=$vcpus
  done
  # The hashes of kernel, initrd and command line are a page of the file.
  igvm_ovmf() {
    snpvmm plan --igvm ovmf.igvm --set boot.firmware=ovmf-2026.08-amdsev.fd --set vcpus=2 ovmf.yaml || return
    # shellcheck disable=SC2086
    ovmf_run ovmf.igvm $unverified --set measure.profile=cloud-hypervisor --set vcpus=2 "$@"
  }
  case_run 'OVMF as an IGVM file boots Linux' 0 '^snpvmm-guest: cpus 2' '^snpvmm-guest: ready' "$proven" -- igvm_ovmf --prove
  for vcpus in 1 4; do
    verified "the run verifies the guest's report, and that it is fresh: OVMF, vCPUs: $vcpus" ovmf.yaml \
      --set "boot.cmdline=$printing" --set vcpus=$vcpus
  done
  for file in kernel initrd; do
    case_run "OVMF refuses a changed $file, and which one is said" 0 \
      "time limit .*; the firmware stopped after reading the $file, which it does if that is not the $file that was measured.* \[timeout\]" \
      -- flip ovmf-stops.yaml $file
  done
  case_run 'a firmware without a page for hashes cannot verify a kernel' 2 \
    'has no page for the kernel.s hashes' -- ovmf_run ovmf-2025.02.fd
else
  echo 'skip OVMF and Linux: no kernel, or no images (SNPVMM_IMAGES names their folder)'
fi

if [ -e images.list ]; then
  while read -r image vcpus type digest; do
    printf 'version: 1\nboot: { firmware: %s }\nvcpus: %s\nvcpu_type: %s\ntimeout: 4s\n' \
      "$image" "$vcpus" "$type" >image.yaml
    printf 'snp: { id_block: "file:%s-%s.block", id_auth: "file:%s-%s.auth" }\n' \
      "$image" "$vcpus" "$image" "$vcpus" >>image.yaml
    case_run "$image, $vcpus vCPUs, launches pinned to a digest that another tool computed" any \
      "measurement $digest " "launched on platform 'snp'" -- snpvmm run -v image.yaml
  done <images.list
else
  echo 'skip OVMF images: none were packed (SNPVMM_IMAGES names their folder)'
fi
# Launches whose ioctls are traced. How their guests end is of no interest.
traced() { # KEY OPTION...
  trace=plans/$1
  shift
  SNPVMM_TRACE=$trace LD_PRELOAD=$PWD/trace.so snpvmm run -v --set timeout=3s "$@"
}
mkdir -p plans
while read -r key options; do
  # shellcheck disable=SC2086 # its words
  case_run "a launch is traced: $key" any 'launched on platform' -- traced "$key" $options
done <plans.list
# The results for the caller: archives as lines of text.
for folder in results plans; do
  [ ! -d $folder ] || tar -cf - $folder | gzip | od -A n -v -t x1 | tr -d ' ' | sed "s/^/$folder: /"
done
echo 'end of tests'
