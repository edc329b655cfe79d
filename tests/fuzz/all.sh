#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/fuzz/all.sh [TARGET...]: runs all fuzzers, or those named, and ends with what they found.
#
# B is the build folder, FOR how many seconds each runs, JOBS how many run at once. A fuzzer runs in a folder of its own, and
# begins with the seeds in tests/fuzz/corpus/TARGET and with what earlier runs came across.
set -u
cd "$(dirname "$0")/../.." || exit 1
case ${B:=build} in /*) ;; *) B=$PWD/$B ;; esac
export B FOR="${FOR:-20}"
out=$B/fuzz/out

last() { sed -n "s/$1/\\1/p" "$2" | tail -n 1; }

# --- run one fuzzer; print its line of the table ---

if [ "${1:-}" = --one ]; then
  target=$2 log=$out/$2.log
  seeds=$PWD/tests/fuzz/corpus/$target
  [ -d "$seeds" ] || seeds=
  mkdir -p "$out/$target/scratch" "$out/$target/corpus" "$out/$target/found" && cd "$out/$target/scratch" || exit 255
  # Allowed is what a busy machine needs for a second of work, as libFuzzer's clock goes on while others run, and memory far
  # beyond what any input may ask for.
  timeout --foreground $((FOR + 300)) "$B/fuzz/$target" -max_total_time="$FOR" -timeout=240 -rss_limit_mb=2048 -print_final_stats=1 \
    -artifact_prefix="$out/$target/found/" "$out/$target/corpus" ${seeds:+"$seeds"} >"$log" 2>&1 </dev/null
  status=$?
  runs=$(last '^stat::number_of_executed_units: *\([0-9]*\).*' "$log")
  cover=$(last '.* cov: \([0-9]*\) .*' "$log")
  verdict=
  if [ $status -ne 0 ]; then
    verdict="  FOUND $(last '^SUMMARY: \(.*\)' "$log") (status $status)"
    echo "$target" >>"$out/failed"
  elif [ "${runs:-0}" -eq 0 ]; then
    verdict='  it ran nothing'
    echo "$target" >>"$out/failed"
  fi
  printf '%-14s %12s %9s%s\n' "$target" "${runs:-?}" "${cover:-?}" "$verdict"
  exit 0
fi

# shellcheck disable=SC2046 # a word for each
[ $# -gt 0 ] || set -- $(cd tests/fuzz && ls -- *.c | sed 's/\.c$//')
mkdir -p "$out" || exit
rm -f "$out/failed"
printf '%-14s %12s %9s\n' target executions coverage
printf '%s\n' "$@" | xargs -n 1 -P "${JOBS:-2}" sh tests/fuzz/all.sh --one || exit
[ -e "$out/failed" ] || exit 0
while read -r target; do
  echo "$target: $(ls "$out/$target/found/"* 2>/dev/null | tr '\n' ' ')"
  echo "  again: $B/fuzz/$target FILE; all it said: $out/$target.log"
done <"$out/failed"
exit 1
