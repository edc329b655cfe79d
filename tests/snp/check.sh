#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/snp/check.sh: packs program, manifests, images and ID blocks into a folder and runs tests/snp/on_host.sh in it on
# an SNP host: this one, else the emulated one (make snp-host), or the one that SNP_HOST reaches. SNP_HOST is a command
# that is called with a folder and a shell command; it runs the command in a copy of the folder on an SNP host, as root,
# and passes on output and status.
# SNP_ONLY='TEXT|TEXT' runs only cases whose names contain one of the texts, SNP_EXCEPT all others. SNP_DISPOSABLE=yes
# allows cases that set the clock of that host. SNP_LONG=yes runs those, too, that take minutes and seldom find more.
# SNP_NAME=TEXT is for one of several that run at once: it is in the names of the folders that are its own.
set -u
B=${B:-build}
images=${SNPVMM_IMAGES:-../shared/images}
name=${SNP_NAME:+-$SNP_NAME}
box=$B/snp-box$name
snpvmm=$B/snpvmm
mkid=$B/tests/tool/mkidblock

rm -rf "$box"
mkdir -p "$box"
cp "$snpvmm" "$B/tests/tool/otherblock" "$B/tests/tool/chain" "$B/tests/snpvmm-wrong" snpvmm.yaml.example tests/snp/on_host.sh "$box"
cp tests/data/keys/id_key.pem "$box/id.pem"
cp tests/data/keys/author_key.pem "$box/author.pem"
chmod 600 "$box/id.pem" "$box/author.pem"

# An ID block for a digest: NAME DIGEST POLICY [author]
id() {
  "$mkid" "$2" "$3" "$box/$1.block" "$box/$1.auth" ${4:+author}
}
measure() { "$snpvmm" measure "$@" snpvmm.yaml.example; }

one=$(measure)
flipped=$(printf '%s' "$one" | awk '{ print (substr($0, 1, 1) == "0" ? "8" : "0") substr($0, 2) }')
printf '%s\n' "$one" >"$box/one.digest"
measure --set vcpus=4 >"$box/four.digest"
id one "$one" 0x30000
id author "$one" 0x30000 author
id four "$(cat "$box/four.digest")" 0x30000
id swap "$(measure --set snp.guest_features=0x21)" 0x30000
id flipped "$flipped" 0x30000
id policy "$one" 0xb0000
id signature "$one" 0x30000
printf '\377' | dd of="$box/signature.auth" bs=1 seek=64 conv=notrunc 2>/dev/null

# A stock kernel and the test guest's initrd, if they could be downloaded.
for series in 6.12 6.1; do
  [ -r "$B/guest/vmlinuz-$series" ] && [ -r "$B/guest/initrd-$series.cpio.gz" ] || continue
  stale=$(find "$B/snpvmm-guest" tests/guest/init guest/mkguest/snpvmm-mkguest -newer "$B/guest/initrd-$series.cpio.gz")
  if [ -n "$stale" ]; then # make guest-images failed
    echo "skip Linux $series: its initrd is older than $(echo "$stale" | tr '\n' ' ')"
    continue
  fi
  cp "$B/guest/vmlinuz-$series" "$B/guest/initrd-$series.cpio.gz" "$box"
done
if [ -r "$box/vmlinuz-6.12" ]; then
  cp tests/snp/linux.yaml tests/snp/ovmf.yaml tests/snp/ovmf-stops.yaml "$B/tests/tool/flip" "$box"
  id linux "$("$snpvmm" measure "$box/linux.yaml")" 0x30000
  id prover "$("$snpvmm" measure --set 'boot.cmdline=console=ttyS0 panic=-1 quiet snpvmm.do=report' "$box/linux.yaml")" 0xb0000 author
fi

# A guest that snpvmm-mkguest makes.
if [ -r "$box/vmlinuz-6.12" ]; then
  sh guest/mkguest/snpvmm-mkguest --guest "$B/snpvmm-guest" --kernel linux-image-6.12-cloud-amd64 \
    --add tests/snp/linux.yaml:/etc/given --run 'grep kernel: /etc/given; snpvmm-guest report; exit 4' "$box/mkguest" 2>"$box/mkguest.log" || cat "$box/mkguest.log"
fi

# Scripts for the guest, disks, and one with dm-verity as snpvmm.yaml(5) has it ("Verified disks").
if [ -r "$box/linux.yaml" ]; then
  printf 'file script 644 tests/guest/log.sh\n' | "$B/tests/guest/mkcpio" >"$box/log.cpio"
  for disk in a.img b.img root.img; do head -c 4M /dev/urandom >"$box/$disk"; done
  truncate -s 4M "$box/out.img"
  sh tests/guest/verity.sh "$B/tests/guest/mkcpio" "$box"
fi

# A table of certificates; whose they are doesn't matter, as the guest only prints them.
mkdir -p "$box/certs"
"$B/tests/tool/chain" "$box/certs" 3 vcek genoa && "$snpvmm" certs "$box/certs" "$box/certs.bin" 2>/dev/null

# Hostile guests, and one that says nothing.
mkdir -p "$box/hostile"
cp tests/hostile/run.sh tests/hostile/table "$B"/hostile/snp/* "$box/hostile"
printf 'version: 1\nboot: { kernel: hostile/mute }\nmemory: 128M\nvcpus: 2\ntimeout: 6s\n' >"$box/mute.yaml"

"$B/tests/tool/efi" "$box/program.efi"
printf 'version: 1\nboot: { firmware: none, kernel: program.efi }\nexpect: { console: ["^an EFI program runs$"] }\n' >"$box/efi.yaml"
printf 'timeout: 400s\n' | tee -a "$box/efi.yaml" >"$box/shell.yaml"
printf 'version: 1\nboot: { firmware: none }\n' >>"$box/shell.yaml"

# Debian 12's OVMF: it boots plain VMs, but not under SNP.
# shellcheck disable=SC2016 # dpkg's variable
case $(dpkg-query -W -f '${Version}' ovmf 2>/dev/null) in
2022.11-*)
  [ ! -r /usr/share/ovmf/OVMF.fd ] || cp /usr/share/ovmf/OVMF.fd "$box/ovmf-2022.11.fd"
  [ ! -r /usr/share/OVMF/OVMF_VARS.fd ] || cp /usr/share/OVMF/OVMF_CODE.fd /usr/share/OVMF/OVMF_VARS.fd "$box"
  ;;
esac

# A GDB with its libraries. One that is linked with Python would need files of Python, too.
gdb=${SNPVMM_GDB:-$(command -v gdb)}
if [ -z "$gdb" ]; then
  echo 'there is no gdb (SNPVMM_GDB names one; in Debian: gdb-minimal)' >"$box/gdb.missing"
elif ldd "$gdb" | grep -q libpython; then
  echo "$gdb needs Python, and Debian's gdb-minimal, which SNPVMM_GDB could name, does not" >"$box/gdb.missing"
else
  mkdir -p "$box/gdb"
  ldd "$gdb" | awk '/=> \// { print $3 } $1 ~ /^\// { print $1 }' | while read -r library; do cp -L "$library" "$box/gdb"; done
  cp -L "$gdb" "$box/gdb/gdb"
fi

# Digests from another tool (sev-snp-measure 0.0.13, profile qemu, guest_features 0x1, no kernel).
while read -r image vcpus type digest; do
  [ -r "$images/$image" ] || continue
  cp -n "$images/$image" "$box"
  id "$image-$vcpus" "$digest" 0x30000
  printf '%s %s %s %s\n' "$image" "$vcpus" "$type" "$digest" >>"$box/images.list"
done <<'LIST'
ovmf-2025.02.fd 1 EPYC-v4 6eef547a9fcf5720c5c04883fe85788d29de46b55a51e554467029b554a3352e66d2f3c71b84cea937d19a1a6c41596f
ovmf-2025.02.fd 4 EPYC-v4 676826e902524799a067f7c43b3ab0101dce73a2506d41436dd2f8472fa208081f11f9e65ca5d2439785732a0bfd8339
ovmf-2026.08-amdsev.fd 1 EPYC-v4 d74bd3ea40b240c3228edc5177ce6193561ebff633dbd0be76d6c143b876d65102425c0e2e8a930857c48daa5eacda58
ovmf-2026.08-amdsev.fd 4 EPYC-Genoa d505c9acd20a52ed0afd3e763d3b7b1bdd695d54d588a3e9d7957b803b457602332d5911781485b552cbbed90a20f235
LIST

# Launches that are traced, and compared with what plan says of them: KEY OPTION...
cp "$B/tests/snp/trace.so" "$box"
signed='--set snp.identity.id_key=id.pem --set snp.identity.author_key=author.pem'
{
  echo 'selftest snpvmm.yaml.example'
  echo 'selftest-plain --platform kvm snpvmm.yaml.example'
  echo 'features --set vcpus=3 --set snp.policy=0xb0000 --set memory=5G snpvmm.yaml.example'
  echo "signed $signed snpvmm.yaml.example"
  echo 'id-block --set snp.id_block=file:author.block --set snp.id_auth=file:author.auth snpvmm.yaml.example'
  if [ -r "$box/linux.yaml" ]; then
    echo 'linux linux.yaml'
    echo 'linux-4 --set vcpus=4 linux.yaml'
    echo 'linux-plain --platform kvm --set vcpus=2 linux.yaml'
    [ ! -r "$box/ovmf-2026.08-amdsev.fd" ] || echo 'ovmf-kernel --set vcpus=4 ovmf.yaml'
  fi
  if [ -r "$box/ovmf-2025.02.fd" ]; then
    echo 'ovmf -c 2 -f ovmf-2025.02.fd'
    echo 'ovmf-plain --platform kvm -f ovmf-2025.02.fd'
  fi
} >"$box/plans.list"

out=$box.log
real=$(cat /sys/module/kvm_amd/parameters/sev_snp 2>/dev/null)
emulated=$B/snp-host/snp-host
if [ -z "${SNP_HOST:-}" ] && [ "$real" != Y ] && [ -x "$emulated" ]; then
  echo "this machine has no SEV-SNP; the tests run on the emulated host ($emulated)"
  SNP_DISPOSABLE=yes SNP_KEY=$B/snp-key$name.hex
  SNP_HOST="$emulated run --timeout 3600 --psp key-out=$(realpath "$B")/snp-key$name.hex --in"
fi
if [ -n "${SNP_HOST:-}" ]; then
  $SNP_HOST "$box" "sh on_host.sh '${SNP_ONLY:-}' '${SNP_DISPOSABLE:-}' '${SNP_LONG:-}' '${SNP_EXCEPT:-}'" >"$out" 2>&1
elif [ "$real" = Y ]; then
  (cd "$box" && sh on_host.sh "${SNP_ONLY:-}" "${SNP_DISPOSABLE:-}" "${SNP_LONG:-}" "${SNP_EXCEPT:-}") >"$out" 2>&1
else
  echo "skip: this machine has no SEV-SNP, and there is no emulated host (make snp-host) and no SNP_HOST (CONTRIBUTING.md)"
  echo "0 passed, 0 failed, 1 skipped"
  exit 0
fi
status=$?
grep -a -v -e '^results: ' -e '^plans: ' -e '^report: ' "$out"

# The results of the runs are compared with what was expected, and checked by the schemas.
kept=$B/snp-results$name
rm -rf "$kept"
mkdir -p "$kept"
judge() { # NAME COMMAND...: fails if it prints anything, or fails
  what=$1
  shift
  if "$@" >"$kept/judged" 2>&1 && [ ! -s "$kept/judged" ]; then
    echo "ok - $what"
  else
    echo "not ok - $what"
    sed 's/^/    /; 20q' "$kept/judged"
  fi
}
junit_valid() { xmllint --noout --schema tests/schema/junit.xsd "$kept"/results/*/junit.xml 2>&1 | grep -v ' validates$'; return 0; }
consoles_kept() { # each line of the console is in serial.log; without a guest there is neither
  for said in "$kept"/results/*.said; do
    cat "${said%.said}/serial.log" 2>/dev/null | tr -d '\r' >"$kept/console"
    grep -a . "$said" | grep -a -v -x -F -f "$kept/console"
  done
  grep -q -e 'selftest: passed' -e '^snpvmm-guest: ready' "$kept"/results/*.said || echo 'no console was seen'
}
archive() { # WORD: what came back in lines that begin with it
  sed -n "s/^$1: //p" "$out" | python3 -c 'import sys; sys.stdout.buffer.write(bytes.fromhex(sys.stdin.read()))'
}
archive results >"$kept/archive"
if [ -n "${SNP_ONLY:-}" ] && [ ! -s "$kept/archive" ]; then
  echo 'skip the result files: none of the cases that leave some was wanted' | tee -a "$out"
elif gzip -d <"$kept/archive" | tar -xf - -C "$kept" 2>/dev/null; then
  {
    judge 'the result files of the runs above say what was wanted' python3 tests/cli/contract.py fields "$kept/results"
    if python3 -c 'import jsonschema' 2>/dev/null; then
      judge 'each result.json is valid' python3 tests/cli/contract.py schema "$kept/results" result.schema.json
    else
      echo 'skip each result.json is valid: there is no python3-jsonschema'
    fi
    if command -v xmllint >/dev/null; then
      judge 'each junit.xml is valid' junit_valid
    else
      echo 'skip each junit.xml is valid: there is no xmllint'
    fi
    judge 'each serial.log has what the console showed' consoles_kept
  } | tee -a "$out"
else
  echo 'not ok - the result files of the runs did not come back' | tee -a "$out"
fi

# The ioctls of each traced launch are those of its plan, which is made here, without that host.
archive plans | gzip -d 2>/dev/null | tar -xf - -C "$kept" 2>/dev/null
plan_compare() { # KEY OPTION...
  trace=$1
  shift
  case $trace in signed) varies='ID authentication' ;; *) varies= ;; esac
  (cd "$box" && ./snpvmm plan -o json "$@") >"$kept/plan.json" && python3 tests/snp/plan.py "$kept/plans/$trace" "$kept/plan.json" ${varies:+"$varies"}
}
while read -r key options; do
  [ -e "$kept/plans/$key" ] || continue
  # shellcheck disable=SC2086 # its words
  judge "plan has every ioctl of a launch, byte for byte: $key" plan_compare "$key" $options
done <"$box/plans.list" | tee -a "$out"
if [ -e "$kept/plans/selftest" ]; then
  another_plan() { # and that it would be noticed if not
    for other in '--set vcpus=2' '--set memory=32M' '--set snp.policy=0xb0000' '--set vcpu_type=EPYC-Genoa' '--platform kvm'; do
      # shellcheck disable=SC2086 # an option and its value
      [ -n "$(plan_compare selftest $other snpvmm.yaml.example)" ] || echo "$other is not noticed"
    done
  }
  judge 'a plan of another launch is told from it' another_plan | tee -a "$out"
fi

# The guest's report is authentic, if we are told the key of the host's VCEK: SNP_KEY names a file with X and Y in hex.
# Certificates for it are made here, so a root of tests has to be trusted.
report_proven() {
  "$B/tests/tool/chain" "$kept" "$kept/report.bin" "$(cat "$SNP_KEY")" || return 1
  "$snpvmm" verify "$kept/report.bin" "$box/linux.yaml" --certs "$kept" --root "$kept/ark.pem" \
    --report-data 00112233445566778899aabbccddeeff --set "boot.cmdline=$report_cmdline" >"$kept/verified" 2>&1 || cat "$kept/verified"
  grep -q 'the report is authentic and matches this launch$' "$kept/verified" || echo 'it is not said to be authentic'
}
report_forged() { # one bit of it
  printf '\1' | dd of="$kept/report.bin" bs=1 seek=$((0x50)) conv=notrunc 2>/dev/null
  "$snpvmm" verify "$kept/report.bin" --certs "$kept" --root "$kept/ark.pem" >"$kept/verified" 2>&1
  status=$?
  [ $status = 1 ] && grep -q 'signature-bad' "$kept/verified" || echo "status $status: $(tail -n 1 "$kept/verified")"
}
reports_proven() { # those that the runs have kept, with the arguments of each
  for wants in "$kept"/results/*.verify; do
    of=${wants%.verify}
    set --
    while IFS= read -r word; do set -- "$@" "$word"; done <"$wants"
    host_data=$(sed -n 's/.*"host_data": *"\([0-9a-f]\{64\}\)".*/\1/p' "$of/result.json")
    mkdir -p "$of.chip"
    "$B/tests/tool/chain" "$of.chip" "$of/report.bin" "$(cat "$SNP_KEY")" || return 1
    manifest=$1
    shift
    "$snpvmm" verify --certs "$of.chip" --root "$of.chip/ark.pem" "$@" --set "snp.host_data=hex:$host_data" \
      "$of/report.bin" "$box/$manifest" >"$kept/verified" 2>&1
    grep -q 'the report is authentic and matches this launch$' "$kept/verified" || { cat "$of.name" "$kept/verified"; }
    "$snpvmm" verify --certs "$of.chip" --root "$of.chip/ark.pem" "$@" "$of/report.bin" "$box/$manifest" >"$kept/verified" 2>&1 &&
      echo "another run's host data passed, too"
  done
  return 0
}
report_cmdline='console=ttyS0 panic=-1 quiet snpvmm.do=report snpvmm.data=00112233445566778899aabbccddeeff snpvmm.status=3'
sed -n 's/^report: //p' "$out" | base64 -d >"$kept/report.bin"
if [ ! -s "$kept/report.bin" ] || [ ! -r "${SNP_KEY:-}" ]; then
  echo "skip a guest's report verifies: there is no report, or SNP_KEY names no file with the host's key" | tee -a "$out"
else
  {
    judge "a guest's report is authentic, and of the launch that the manifest describes" report_proven
    judge 'and is not with one bit changed' report_forged
    if [ -n "${SNP_ONLY:-}" ] && ! find "$kept/results" -name '*.verify' 2>/dev/null | grep -q .; then
      echo 'skip reports of other guests: none of the cases that leave one was wanted'
    else
      judge 'so are those of other guests: booted directly and by a firmware, with one and four vCPUs' reports_proven
    fi
  } | tee -a "$out"
fi
bad=$(grep -c '^not ok' "$out")
good=$(grep -c '^ok' "$out")
skips=$(grep -c '^skip' "$out")
if ! grep -q '^end of tests' "$out" && [ "$bad" = 0 ]; then
  echo "not ok - the tests on the SNP host did not come to their end (status $status)"
  bad=1
fi
echo "$good passed, $bad failed, $skips skipped"
[ "$bad" = 0 ]
