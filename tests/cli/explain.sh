#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/cli/explain.sh: a complete page for each name of an error, a verdict or an SNP firmware status.
# shellcheck source=tests/cli/lib.inc disable=SC1091
. tests/cli/lib.inc

# The tables of the program.
"$NAMES" reasons >"$T/reasons"
"$NAMES" statuses >"$T/statuses"

begin 'the tables are found'
[ "$(grep -c . "$T/reasons")" -gt 40 ] || wrong "too few reasons: $(cat "$T/reasons")"
[ "$(grep -c . "$T/statuses")" -ge 40 ] || wrong "too few statuses: $(cat "$T/statuses")"
grep -q -x BAD_MEASUREMENT "$T/statuses" || wrong 'no BAD_MEASUREMENT'

# Prints what a page lacks. Each HEADING must begin a list that is not empty.
page_faults() { # FILE HEADING...
  awk -v headings="$(shift; printf '%s|' "$@")" '
    BEGIN { n = split(headings, heading, "|") - 1; part = 0 }
    length > 76 { print "longer than 76 columns: " $0 }
    /[ \t]$/ || /[^ -~]/ { print "spaces at its end, or not ASCII: " $0 }
    NR == 1 && !/^[A-Za-z_-]+: [^ ].*[^.]$/ { print "no heading: " $0 }
    NR == 3 && !/^[\047A-Za-z]/ { print "no paragraph: " $0 }
    part < n && $0 == heading[part + 1] { part++; items[part] = 0; next }
    part > 0 && /^  [^ ]/ { items[part]++ }
    END {
      for (i = 1; i <= n; i++) if (!items[i]) print "nothing below " heading[i]
      if (NR < 10 || NR > 25) print NR " lines"
    }' "$1"
}

begin 'each name has a page with all its parts'
while read -r name; do
  call explain "$name"
  wants 0
  err_is ''
  [ "$(head -n 1 "$T/out" | cut -d : -f 1)" = "$name" ] || wrong "$name has the page $(head -n 1 "$T/out")"
  page_faults "$T/out" 'Likely causes:' 'What to do:' 'More:' >"$T/faults"
  [ ! -s "$T/faults" ] || wrong "$name: $(cat "$T/faults")"
  [ "$(grep -c '^Exit status of run: [0-9]' "$T/out")" = 1 ] || wrong "$name: no exit status"
done <"$T/reasons"

begin 'the text has a page for each name in the order of the table, and no other'
sed -n 's/^\[\([^]]*\)\] .*/\1/p' share/explain.txt >"$T/headings"
cmp -s "$T/headings" "$T/reasons" || wrong "$(diff "$T/headings" "$T/reasons")"

begin 'each page of the text has its fields, in their order'
awk '
  function ended() { if (page && fields !~ /^exit(,cause)+(,fix)+(,see)+$/) print page ": " fields }
  /^\[/ { ended(); page = $1; fields = ""; next }
  page && /^[a-z]*:/ { fields = fields (fields ? "," : "") substr($1, 1, length($1) - 1); next }
  page && fields && !/^(  [^ ]|$)/ { print page ": text behind the fields: " $0 }
  END { ended() }' share/explain.txt >"$T/faults"
[ ! -s "$T/faults" ] || wrong "$(cat "$T/faults")"

begin 'each command that a page names exists'
sed -n 's/^see: //p' share/explain.txt | sort -u >"$T/see"
[ "$(grep -c '^snpvmm ' "$T/see")" -ge 10 ] || wrong "too few: $(cat "$T/see")"
# Other sentences name commands in quotes.
awk '/^\[/ { page = 1 } page && !/^see:/' share/explain.txt | tr '\n' ' ' | grep -o "'snpvmm [^']*'" | tr -d "'" |
  sed 's/  */ /g; s/ NAME\| STATUS//' | sort -u >"$T/quoted"
sort -u "$T/see" "$T/quoted" >"$T/named"
while read -r program first rest; do
  case $program in
  snpvmm)
    case $first in
    -*) command='' rest="$first $rest" ;;
    COMMAND) command=run ;;
    *) command=$first ;;
    esac
    # shellcheck disable=SC2086 # none or one
    call $command --help
    wants 0
    cp "$T/out" "$T/help"
    [ "$command" != explain ] || [ -z "$rest" ] || [ "$rest" = STATUS ] || [ "$rest" = '--want DIGEST MANIFEST' ] ||
      { call explain "$rest" && wants 0; }
    for word in $rest; do
      case $word in -*) grep -q -E -e "^ +(-., )?${word%%=*}([=,[ ]|$)" "$T/help" || wrong "$command has no $word" ;; esac
    done
    ;;
  man) rest=${rest%%,*} && [ -e "${rest%%,*}.$first" ] || wrong "there is no $rest($first)" ;;
  cat | df | dmesg | free | ls | sha256sum | ulimit) ;; # every system has them
  *) wrong "$program $first $rest: what is that?" ;;
  esac
done <"$T/named"

begin 'no two pages are equal'
while read -r name; do
  call explain "$name"
  sed -n '1s/^[^:]*//p; 3p' "$T/out"
done <"$T/reasons" | sort | uniq -d >"$T/twice"
[ ! -s "$T/twice" ] || wrong "$(cat "$T/twice")"

begin 'the statuses of run agree with the manual'
while read -r name wanted; do
  call explain "$name"
  out_has "Exit status of run: $wanted"
done <<'STATUSES'
usage 2
file-differs 2
measurement-differs 3
host-unsupported 99, or 77 with
firmware-refused 99
guest-panic 1
guest-terminated 1
kvm-entry-failed 99
guest-rejected 1
console-complete 0
console-missing 1
timeout 124
silence 124
signal 128 + N
STATUSES

begin 'each status of the firmware has a page, by name in any case and by number'
while read -r name; do
  call explain "$name"
  wants 0
  err_is ''
  grep -q -x "$name: status 0x[0-9a-f]* of the SNP firmware" "$T/out" || wrong "$name: $(head -n 1 "$T/out")"
  page_faults "$T/out" 'It means:' 'What to do:' 'More:' >"$T/faults"
  [ ! -s "$T/faults" ] || wrong "$name: $(cat "$T/faults")"
  cp "$T/out" "$T/page"
  for word in "$(sed -n '1s/.* \(0x[0-9a-f]*\) .*/\1/p' "$T/page")" "$(echo "$name" | tr '[:upper:]' '[:lower:]')"; do
    grep -q -x -e "$word" "$T/reasons" && continue # the name is ours, exactly so spelt
    call explain "$word"
    wants 0
    cmp -s "$T/out" "$T/page" || wrong "$word has another page than $name"
  done
done <"$T/statuses"
call explain 0x00b
out_has 'BAD_MEASUREMENT: status 0x0b of the SNP firmware' 'the ID block expects another launch digest'

begin 'a name that is both a reason and a status is distinguished by its case'
call explain unsupported
out_has 'unsupported: asked for' "0x15"
call explain UNSUPPORTED
out_has 'UNSUPPORTED: status 0x15'

begin 'without a name, all of them are listed, and nothing else'
call explain
wants 0
err_is ''
sed -n 's/^  \([a-z][a-z-]*\)  *[^ ].*/\1/p' "$T/out" >"$T/listed"
cmp -s "$T/listed" "$T/reasons" || wrong "listed: $(cat "$T/listed")"
sed -n 's/^  0x[0-9a-f]* \([A-Z_]*\).*/\1/p' "$T/out" >"$T/listed"
cmp -s "$T/listed" "$T/statuses" || wrong "listed: $(cat "$T/listed")"
[ -z "$(awk 'length > 76 || / $/' "$T/out")" ] || wrong "lines: $(awk 'length > 76 || / $/' "$T/out")"
cp "$T/out" "$T/list"
while read -r name; do
  call explain "$name"
  meaning=$(sed -n '1s/^[^:]*: //p' "$T/out")
  grep -q -E "^  $name +$meaning\$" "$T/list" || wrong "$name: '$meaning' is not in the list"
done <"$T/reasons"

refused_word() { # WORD SENTENCE FIX
  call explain "$1"
  wants 2
  out_is ''
  err_is "snpvmm: error: $2 [usage]
  fix: $3"
}

begin 'a word that is similar to a name gets a suggestion'
for pair in 'bad-polcy bad-policy' 'measurment-differs measurement-differs' 'BAD_MEASURMENT BAD_MEASUREMENT' \
  'bad_signatur BAD_SIGNATURE' 'guest-paniced guest-panic' 'Bad-Policy bad-policy'; do
  refused_word "${pair% *}" "'${pair% *}' is neither an error's name nor a status of the firmware" \
    "did you mean '${pair#* }'?"
done

begin 'other words are refused'
for word in zebra '' 0x 0x2a9 0x1ffffffff 0xbg -1 11 "$(printf 'a\033[2J')"; do
  call explain -- "$word"
  wants 2
  out_is ''
  err_has 'is neither an error'
  err_has "  fix: 'snpvmm explain' lists them"
  ! grep -q "$(printf '\033')" "$T/err" || wrong 'control characters are passed on'
done

begin 'one name at a time'
call explain timeout silence
usage_error 'explain: one name at a time'

begin 'there is only a text form'
call -o json explain timeout
wants 2
err_is "snpvmm: error: -o: the command 'explain' has no result to print [usage]"

begin 'explain knows the names in errors'
for command in 'mesure' 'check none.yaml' 'plan x' 'check --set vcpus=0 snpvmm.yaml.example'; do
  # shellcheck disable=SC2086 # a command and its options
  call $command
  name=$(sed -n '1s/.*\[\([a-z-]*\)\]$/\1/p' "$T/err")
  call explain "$name"
  wants 0
done

begin 'the page on permissions has the udev rule that is installed'
call explain host-permission
wants 0
tr -s '\n ' ' ' <"$T/out" >"$T/line"
sed -n 's/.*\(KERNEL==.*\)/\1/p' udev/60-snpvmm.rules >"$T/rule"
[ -s "$T/rule" ] || wrong 'there is no rule'
file_has "$T/line" 'the page' "$(cat "$T/rule")" 'read /dev/sev.'

finish
