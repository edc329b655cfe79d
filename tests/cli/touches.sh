#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/cli/touches.sh: what ARCHITECTURE.md says that adding a thing touches is what an example of it touches.
# shellcheck source=tests/cli/lib.inc disable=SC1091
. tests/cli/lib.inc

# THING: the files of its rows in the table. A row with an empty first cell continues the one above.
files_of() {
  awk -F ' *\\| *' -v thing="$1" '
    /^## / { on = $0 == "## What adding a thing touches" }
    on && /^\|/ { if ($2 != "") now = $2; if (now == thing) print $3 }' ARCHITECTURE.md |
    grep -o '`[^`]*`' | tr -d '`' | while read -r files; do ls -d $files; done | sort
}

# THING PATTERN: exactly the files of the table have a match of the pattern.
touches() {
  begin "$1"
  grep -r -l -E -e "$2" cmd config core firmware guest share examples ./*.md ./*.[15] result.schema.json |
    sed 's|^\./||' | grep -v -x -e ARCHITECTURE.md -e CHANGELOG.md | sort >"$T/have"
  files_of "$1" >"$T/said"
  [ -s "$T/said" ] || wrong 'the table has no such row'
  cmp -s "$T/said" "$T/have" || wrong "the table (-) and the files (+) differ: $(diff -u "$T/said" "$T/have" | grep '^[-+][^-+]')"
  echo "$1" >>"$T/rows"
}

touches device '[cC][mM][oO][sS]'
touches 'device of one port' 'a20_port'
touches 'key of a known kind' '[gG][oO][sS][vV][wW]'
touches 'kind of value' 'kind_port'
touches command 'command_doctor|X\(doctor\)|^\.It Cm doctor|`snpvmm doctor`|doctor explain|doctor:Say'
touches 'output format' 'tap_write|cbor.*[^a-z]tap\b|\(tap\)|^\.Cm tap|TAP'
touches platform 'platform_kvm|MANIFEST_KVM|snp kvm\b|snp, or kvm|^\.Ql kvm :'

begin 'each row of the table has its case here'
awk -F ' *\\| *' '/^## / { on = $0 == "## What adding a thing touches" }
  on && /^\|/ && $2 != "" && $2 !~ /^(a new|-*)$/ { print $2 }' ARCHITECTURE.md | sort >"$T/table"
sort "$T/rows" | cmp -s - "$T/table" || wrong "$(sort "$T/rows" | diff - "$T/table")"

begin 'a name on the page that is not there is noticed: a path, a file of a folder, a function'
run awk -f tests/pages.awk ARCHITECTURE.md
wants 0
for script in 's|core/vm/run\.c|core/vm/runs.c|' 's|^\(\* `firmware/`.*`\)images`|\1image`|' 's|`plan_replay()`|`plan_play()`|'; do
  sed "$script" ARCHITECTURE.md >"$T/page.md"
  ! cmp -s "$T/page.md" ARCHITECTURE.md || wrong "changes nothing: $script"
  run awk -f tests/pages.awk "$T/page.md"
  wants 1
  out_has "$T/page.md:" 'there is no '
done

finish
