#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/run.sh [NAME...]: runs all tests, or those named ("vm/run_test", "cli/run"), and ends with a count.
#
# B is the build folder; JOBS is how many test programs run at once (default: the number of CPUs); V=1 shows all output.
# A criterion program reports in TAP; a shell test prints lines "ok ...", "not ok ..." and "skip ...".
set -u
cd "$(dirname "$0")/.." || exit 1
export B="${B:-build}"
log=$B/tests/log

# --- run one test program; keep its output and its status ---

if [ "${1:-}" = --one ]; then
  name=$2 out=$log/$(echo "$2" | tr / -)
  begun=$(date +%s)
  case $name in
  *_test) "$B/tests/$name" --tap >"$out.tap" 2>&1 ;;
  *) SNPVMM="$B/snpvmm" sh "tests/$name.sh" >"$out.tap" 2>&1 ;;
  esac
  echo $? >"$out.new"
  echo $(($(date +%s) - begun)) >"$out.seconds"
  mv "$out.new" "$out.status"
  exit 0
fi

# --- which tests ---

all_names() {
  for test in "$B"/tests/*/*_test tests/cli/*.sh tests/firmware/*.sh; do
    [ ! -e "$test" ] || echo "$test"
  done | sed "s|^$B/tests/||; s|^tests/||; s|\.sh\$||"
}

# Each can be a name, a path, or the source of a test.
names_of() { # NAME...
  for wanted; do
    name=$(echo "$wanted" | sed "s|^\./||; s|^$B/tests/||; s|^tests/||; s|\.sh\$||; s|\.c\$||")
    all_names | grep -F -x -e "$name" || {
      echo "run.sh: no test '$wanted'; the tests are (make testbins builds those in C):" >&2
      all_names | sed 's/^/  /' >&2
      return 1
    }
  done
}

mkdir -p "$log" || exit
if [ $# -gt 0 ]; then
  names=$(names_of "$@") || exit 2
else
  names=$(all_names)
fi
for name in $names; do
  rm -f "$log/$(echo "$name" | tr / -).status"
done

# Tests that took longest last time start first, so that none of them runs alone at the end. At first those are shell tests.
by_duration() {
  for name in $names; do
    case $name in cli/*) usual=10 ;; *) usual=5 ;; esac
    echo "$(cat "$log/$(echo "$name" | tr / -).seconds" 2>/dev/null || echo $usual) $name"
  done | sort -s -r -n -k 1,1 | sed 's/^[^ ]* //'
}

# --- report, in the order of their names ---

passed=0 failed=0 skipped=0

count() { # FILE PATTERN
  grep -c -E "$2" "$1" || true
}

# The failures and the lines below them; if a test names none, the end of its output.
show_failures() { # FILE
  if [ "${V:-0}" = 1 ]; then
    cat "$1"
  elif grep -q '^not ok' "$1"; then
    awk '/^not ok/ { show = 1 } /^(ok|skip|#|1\.\.)/ { show = 0 } show' "$1"
  else
    tail -n 40 "$1"
  fi | sed 's/^/    /'
}

how_alone() { # NAME FILE
  folder=''
  [ "$B" = build ] || folder="B=$B "
  echo "    alone: $folder${SAN:+SAN=$SAN }sh tests/run.sh $1"
  case $1 in
  *_test)
    sed -n "s|^not ok - \([^ :]*\)::\([^ :]*\).*|    one test of it: $B/tests/$1 --filter '\1/\2'|p" "$2" | sort -u
    ;;
  esac
}

tally() { # NAME FILE EXIT
  bad=$(count "$2" '^not ok')
  skips=$(count "$2" '^(skip|ok .*# *SKIP)')
  good=$(($(count "$2" '^ok') - $(count "$2" '^ok .*# *SKIP')))
  wrong=''
  if [ "$3" != 0 ] && [ "$bad" = 0 ]; then
    bad=1 wrong="ended with status $3"
  elif [ $((good + bad + skips)) = 0 ]; then
    bad=1 wrong='ran no test'
  fi
  if [ "$bad" != 0 ]; then
    [ -z "$wrong" ] || echo "not ok - $1 $wrong"
    show_failures "$2"
    how_alone "$1" "$2"
  fi
  grep -E '^skip|skipped: |^ok .*# *SKIP' "$2" | sort -u | sed 's/^/  /'
  printf '  %-8s %-40s %s passed, %s failed, %s skipped\n' TEST "$1" "$good" "$bad" "$skips"
  passed=$((passed + good)) failed=$((failed + bad)) skipped=$((skipped + skips))
}

report() {
  for name in $names; do
    out=$log/$(echo "$name" | tr / -)
    while [ ! -e "$out.status" ]; do
      sleep 0.1
    done
    tally "$name" "$out.tap" "$(cat "$out.status")"
  done
  echo "$passed passed, $failed failed, $skipped skipped"
  [ "$failed" = 0 ]
}

# The tests run in the foreground, because background jobs of a shell ignore SIGINT.
report &
reporter=$!
trap 'kill $reporter 2>/dev/null' EXIT
trap 'exit 130' HUP INT TERM
by_duration | B=$B xargs -P "${JOBS:-$(nproc)}" -n 1 sh tests/run.sh --one || exit 1
wait $reporter
