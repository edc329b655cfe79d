#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/hostile/run.sh PLATFORM SNPVMM GUESTS WORK: runs the guests of the table, whose images are in the folder GUESTS,
# one after the other in one command, between two guests that are sane. The folder WORK gets manifests and results. Prints a
# line "ok ..." or "not ok ..." for each; its status is 0 unless it could not do so.
set -u
platform=$1 snpvmm=$(realpath "$2") guests=$(realpath "$3") work=$4
table=$(dirname "$0")/table
mkdir -p "$work" && ln -sfn "$guests" "$work/guests" || exit
began=$(cut -d ' ' -f 1 /proc/uptime)

report() { # NAME: what is in $work/why is wrong with it
  if [ -s "$work/why" ]; then
    echo "not ok hostile guests, $platform: $1"
    sed 's/^/  /' "$work/why"
  else
    echo "ok hostile guests, $platform: $1"
  fi
  : >"$work/why"
}
: >"$work/why"

# --- a manifest for each row ---

manifest() { # NAME LINES
  case $2 in *timeout:*) limit='' ;; *) limit='timeout: 100s' ;; esac
  printf '%s\n' 'version: 1' "name: $1" "$limit" "$2" | tr ';' '\n' | sed 's/^ *//; /^$/d' >"$work/$1.yaml"
  manifests="$manifests $1.yaml"
}
manifests='' # names in $work, without blanks
for disk in disk-a.img disk-b.img; do
  dd if=/dev/zero of="$work/$disk" bs=65536 count=16 2>/dev/null
done
sed -n "s/^$platform //p" "$table" >"$work/rows"
manifest sane-1 'boot: {firmware: "builtin:selftest"}'
while read -r name _ lines; do
  case $platform in kvm) kind=firmware ;; *) kind=kernel ;; esac
  case $lines in *memory:*) memory='' ;; *) memory='memory: 32M' ;; esac
  manifest "$name" "boot: {$kind: guests/$name}; $memory; $lines"
done <"$work/rows"
manifest sane-2 'boot: {firmware: "builtin:selftest"}'

# --- all runs, and what their parent holds meanwhile ---

(
  cd "$work" || exit
  # shellcheck disable=SC2086 # words
  exec "$snpvmm" run --platform "$platform" --results results $manifests >out 2>err </dev/null
) &
parent=$!
trap 'kill $parent 2>/dev/null; exit 129' HUP INT TERM # in the background, it ignores SIGINT
while kill -0 $parent 2>/dev/null; do
  # shellcheck disable=SC2012 # numbers
  fds=$(ls /proc/$parent/fd 2>/dev/null | wc -l)
  sed -n "s/^RssAnon:[^0-9]*\([0-9]*\).*/$fds \1/p" /proc/$parent/status 2>/dev/null
  sleep 0.2
done >"$work/held"
wait $parent

# --- how each ended ---

said() { # NAME KEY: what its result says
  sed -n "s/^  \"$2\": \"\{0,1\}\([^\",]*\).*/\1/p" "$work/results/$1/result.json" 2>/dev/null
}
ended() { # NAME STATUS:REASON[|...]
  have="$(said "$1" status):$(said "$1" reason)"
  case "|$2|" in
  *"|$have|"*) ;;
  *) echo "it ended as $have, not as $2: $(said "$1" sentence)" >>"$work/why" ;;
  esac
  report "$1"
}
ended sane-1 0:guest-exit
n=0 operations=0
while read -r name end _; do
  ended "$name" "$end"
  n=$((n + 1))
  counted=$({ tr -d '\r' <"$work/results/$name/serial.log"; } 2>/dev/null | sed -n 's/^.*operations: \([0-9a-f]*\)$/\1/p' | tail -n 1)
  operations=$((operations + 0x${counted:-0}))
done <"$work/rows"
ended sane-2 0:guest-exit

# --- what they left behind ---

! grep -a -E 'Sanitizer|runtime error:' "$work/err" >>"$work/why"
report 'a sane guest runs after them, and no sanitizer found anything'
# Of each run it keeps what the summary says of it; a sanitizer keeps what is freed. The first look may be too early.
kept=128
[ -z "${SAN:-}" ] || kept=4096
awk -v kept=$((kept * (n + 2))) '{ fds[NR] = $1; kib[NR] = $2 } END {
  if (NR < 4) print "nothing was seen of it"
  if (fds[NR] > fds[2] + 1) print "it had " fds[2] " descriptors at first, and " fds[NR] " at last"
  if (kib[NR] > kib[2] + kept) print "it had " kib[2] " KiB at first, and " kib[NR] " at last"
}' "$work/held" >>"$work/why"
report 'their parent keeps no descriptors and no memory of them'
if dmesg >"$work/dmesg" 2>/dev/null; then
  # A process that is killed for lack of memory leaves a trace, too: other tests, beside this one, see to that.
  awk -F '[][]' -v began="$began" '$2 + 0 >= began + 0 {
    killed += /invoked oom-killer/
    if (!killed) print
    killed -= killed && /oom-kill:/
  }' "$work/dmesg" |
    grep -E 'WARNING|BUG|Oops|Call Trace|general protection|unable to handle|refcount|lockup|hung task|stall|Leaking|Failed to update RMP' >>"$work/why"
  report "the kernel's log has no warning"
else
  echo "skip hostile guests, $platform: the kernel's log: this user may not read it"
fi
[ $n -gt 0 ] && [ $operations -gt 0 ] || echo 'none of them ran' >"$work/why"
report "$n guests, $operations operations"
exit 0
