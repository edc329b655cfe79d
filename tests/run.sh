#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/run.sh: every unit test and every tests/cli/*.sh; B is the build folder. Ends with the count of all.
#
# A criterion program reports in TAP; a shell test prints lines of its own: "ok ...", "not ok ...", "skip ...".
set -u
export B="${B:-build}"
passed=0 failed=0 skipped=0
log=$B/tests/log
mkdir -p "$log"

count() { # FILE PATTERN
  grep -c -E "$2" "$1" || true
}

tally() { # NAME FILE EXIT
  bad=$(count "$2" '^not ok')
  skips=$(count "$2" '^(skip|ok .*# *SKIP)')
  good=$(($(count "$2" '^ok') - $(count "$2" '^ok .*# *SKIP')))
  if [ "$3" != 0 ] && [ "$bad" = 0 ]; then
    bad=1
    echo "not ok - $1 ended with status $3"
  fi
  if [ $((good + bad + skips)) = 0 ]; then
    bad=1
    echo "not ok - $1 ran no test"
  fi
  [ "$bad" = 0 ] || sed 's/^/    /' "$2"
  grep -E '^skip|skipped: |^ok .*# *SKIP' "$2" | sort -u | sed 's/^/  /'
  printf '  %-8s %-40s %s passed, %s failed, %s skipped\n' TEST "$1" "$good" "$bad" "$skips"
  passed=$((passed + good)) failed=$((failed + bad)) skipped=$((skipped + skips))
}

for test in "$B"/tests/*/*_test; do
  name=${test#"$B"/tests/}
  out=$log/$(echo "$name" | tr / -).tap
  "$test" --tap >"$out" 2>&1
  tally "$name" "$out" $?
done
for test in tests/cli/*.sh tests/firmware/*.sh; do
  [ -e "$test" ] || continue
  out=$log/$(basename "$test").tap
  SNPVMM="$B/snpvmm" sh "$test" >"$out" 2>&1
  tally "${test#tests/}" "$out" $?
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
