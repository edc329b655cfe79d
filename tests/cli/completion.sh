#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/cli/completion.sh: what bash, zsh and fish offer when the user presses Tab.
# shellcheck source=tests/cli/lib.inc disable=SC1091,SC2016 # programs for other shells
. tests/cli/lib.inc

# Each program reads command lines from stdin and writes, for each, one sorted line of what is offered at its end,
# without the text before a '='. $1 is the folder with the script; the working directory has the files.

# Splits the line as readline does.
BASH_ASKS='
source "$1/bash"
while IFS= read -r COMP_LINE; do
  COMP_POINT=${#COMP_LINE} COMP_WORDS=() rest=$COMP_LINE
  while [[ $rest =~ ^[[:space:]]*([=:]+|[^[:space:]=:]+)(.*)$ ]]; do
    COMP_WORDS+=("${BASH_REMATCH[1]}") rest=${BASH_REMATCH[2]}
  done
  [[ $COMP_LINE != *" " ]] || COMP_WORDS+=("")
  COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
  _snpvmm
  printf "%s\n" "${COMPREPLY[@]}" | sort -u | paste -s -d " "
done'

FISH_ASKS='
source $argv[1]/fish
while read -l line
  complete -C $line | string replace -r "\t.*" "" | string replace -r "^.*=(.)" "\$1" |
    string replace -r "/\$" "" | sort -u | paste -s -d " "
end'

# zsh only completes on a terminal: an inner shell gets the keys and writes down what it would show.
ZSH_ASKED='
PS1= PS2=
setopt no_beep extended_glob
fpath=($DIR $fpath)
autoload -Uz compinit
compinit -u -D
compadd() {
  local -a hits
  if [[ " $*" != *" "-[a-zA-Z]#[OAD]*" "* ]]; then
    builtin compadd -A hits "$@"
    (( $#hits )) && print -rl -- $hits >>$DIR/offered
  fi
  builtin compadd "$@"
}
asked() { compstate[insert]= compstate[list]=; print -n "<asked>" }
ask() { comppostfuncs=(asked); _main_complete }
zle -C ask complete-word ask
bindkey "^I" ask
print "<ready>"'
ZSH_ASKS='
zmodload zsh/zpty
zpty inner zsh -f -i
zpty -w inner "DIR=${(q)1}; source ${(q)1}/asked"
zpty -r inner seen "*<ready>*"
while IFS= read -r line; do
  : >$1/offered
  zpty -w -n inner $line$'\''\t'\''
  zpty -r inner seen "*<asked>*"
  zpty -w -n inner $'\''\C-u'\''
  tr -d "\\\\" <$1/offered | sort -u | paste -s -d " "
done
zpty -d inner'

mkdir "$T/scripts" "$T/files" "$T/files/results"
: >"$T/files/guest.yaml" && : >"$T/files/other.yml" && : >"$T/files/kernel.img"

ask() { # SHELL <LINES
  timeout -s KILL 60 sh -c 'cd "$0" && shift && exec "$@"' "$T/files" - "$@" >"$T/offers" 2>"$T/err"
}
ask_bash() {
  COMP_WORDBREAKS=' =:' ask bash --norc -c "$BASH_ASKS" bash "$T/scripts"
}
ask_zsh() {
  mv "$T/scripts/zsh" "$T/scripts/_snpvmm"
  printf '%s\n' "$ZSH_ASKED" >"$T/scripts/asked"
  HOME=$T ask zsh -f -c "$ZSH_ASKS" zsh "$T/scripts"
}
ask_fish() {
  HOME=$T XDG_CONFIG_HOME=$T XDG_DATA_HOME=$T ask fish --no-config -c "$FISH_ASKS" "$T/scripts"
}

expect() { # LINE WORD...
  printf '%s\n' "$1" >>"$T/lines"
  shift
  printf '%s\n' "$@" | sort -u | paste -s -d ' ' >>"$T/wanted"
}

# The names, from the program itself.
begin 'help, schema and explain list everything'
call help
sed -n '/^Commands:$/,/^$/s/^  \([a-z]*\) .*/\1/p' "$T/out" >"$T/commands"
call schema
awk -f tests/cli/facts.awk "$T/out" | sort -u >"$T/facts"
sed -n 's/ is *$//p' "$T/facts" >"$T/keys"
# The booleans of a number or a policy, and the words that a sink or a key file refuses, are not words of the key.
sed -n '/^\(snp\.policy\|disks\|snp\.identity\..*\|serial\|debug_port\) /d; s/ word / /p' "$T/facts" >"$T/words"
printf '%s\n' 'serial stdout' 'serial none' 'debug_port none' 'debug_port stderr' 'snp.identity.id_key ephemeral' >>"$T/words"
call explain
sed -n '/^  none /d; s/^  \([a-z][a-z-]*\)  *[^ ].*/\1/p' "$T/out" >"$T/reasons"
call -o none doctor
sed -n "s/.* -o takes \(.*\), not 'none'.*/\1/p" "$T/err" | sed 's/ for run and verify//; s/,* or /, /; s/, /\n/g' >"$T/formats"
for list in commands:8 keys:25 words:30 reasons:40 formats:4; do
  [ "$(grep -c . "$T/${list%:*}")" -ge "${list#*:}" ] || wrong "too few ${list%:*}: $(cat "$T/${list%:*}")"
done
commands=$(cat "$T/commands") reasons=$(cat "$T/reasons") keys=$(sed 's/$/=/' "$T/keys")
formats=$(cat "$T/formats")

: >"$T/lines" && : >"$T/wanted"
# shellcheck disable=SC2086 # lists of words
{
  expect 'snpvmm ' $commands
  expect 'snpvmm mea' measure
  expect 'snpvmm -q --color=never mea' measure
  expect 'snpvmm -o json mea' measure
  expect 'snpvmm -qo js' json
  expect 'snpvmm --output=' $formats
  expect 'snpvmm --color a' auto always
  expect 'snpvmm run ' guest.yaml other.yml results
  expect 'snpvmm run gu' guest.yaml
  expect 'snpvmm check guest.yaml ' guest.yaml other.yml results
  expect 'snpvmm -v run -q --platform snp gu' guest.yaml
  expect 'snpvmm run --platform ' snp kvm
  expect 'snpvmm run --platform=k' kvm
  expect 'snpvmm run -P s' snp
  expect 'snpvmm run -vP ' snp kvm
  expect 'snpvmm run --color=' auto always never
  expect 'snpvmm run --stats=k' kernel.img
  expect 'snpvmm measure --vcpus ' ''
  expect 'snpvmm measure --format corim-' corim-veraison
  expect 'snpvmm measure --output c' cbor
  expect 'snpvmm measure --output ' text json cbor
  expect 'snpvmm run --output t' text tap
  expect 'snpvmm help ' $commands
  expect 'snpvmm run -k k' kernel.img
  expect 'snpvmm run --confine ' results
  expect 'snpvmm measure --set ' $keys
  expect 'snpvmm measure --set plat' platform=
  expect 'snpvmm measure --set platform=' snp kvm
  expect 'snpvmm measure --set=platform=k' kvm
  expect 'snpvmm measure -S measure.profile=' qemu ec2 gce svsm igvm igvmmeasure igvmmeasure-native-zero cloud-hypervisor
  expect 'snpvmm measure --set boot.kernel=' guest.yaml kernel.img other.yml results
  expect 'snpvmm measure --set boot.kernel=k' kernel.img
  expect 'snpvmm measure --set boot.kernel_hashes=' true false
  expect 'snpvmm measure --set boot.firmware=b' builtin:selftest
  expect 'snpvmm measure --set expect.exit=' any none
  expect 'snpvmm measure --set vcpus=4 gu' guest.yaml
  expect 'snpvmm schema x' ''
  expect 'snpvmm completion ' bash zsh fish
  expect 'snpvmm completion z' zsh
  expect 'snpvmm explain ' $reasons
  expect 'snpvmm explain guest-p' guest-panic guest-power-off
  expect 'snpvmm explain --want=0x1 g' guest.yaml
  expect 'snpvmm explain --want 0x1 g' guest.yaml
}

# ARGUMENT of an option, as the help text names it: what can be given for it.
argument() { # LINE COMMAND OPTION ARGUMENT
  # shellcheck disable=SC2046,SC2086 # lists of words
  case $4 in
  WHEN) expect "$1" auto always never ;;
  FORMAT) expect "$1" $(for format in $formats; do
    [ -z "$2" ] || grep -A 1 -e "$3=" "$T/help" | grep -q -w "$format" || continue
    echo "$format"
  done) ;;
  NAME) expect "$1" $(sed -n 's/^platform //p' "$T/words") ;;
  KEY=VALUE) expect "$1" $keys ;;
  FORM) expect "$1" corim corim-veraison ;;
  KEY) expect "$1k" kernel.img ;;
  WHO | WHERE) expect "$1" '' ;;
  MODE) expect "$1" on log off ;;
  KERNEL | INITRD | FIRMWARE | FILE) expect "$1k" kernel.img ;;
  DIR) expect "$1" results ;;
  PATH) expect "$1k" kernel.img ;;
  BITS) expect "$1" $("$NAMES" platform | sort) ;;
  N | N,... | DIGEST | SIZE | TIME | TEXT | T | HEX | LIST | V | MASK) expect "$1" '' ;;
  *) echo "not ok '$2 --help' has an option $3=$4, which this test knows nothing of" && any_failed=1 ;;
  esac
}

: >"$T/long"
for command in '' $commands; do
  # shellcheck disable=SC2086 # none or one
  call $command --help
  cp "$T/out" "$T/help"
  before="snpvmm $command${command:+ }"
  sed -n 's/^  \(-.\), \(--[a-z0-9-]*\).*/\1 \2/p; s/^ *\(--[a-z0-9-]*\).*/\1/p; s/^  \(-.\)  .*/\1/p' "$T/help" >"$T/options"
  # shellcheck disable=SC2046 # a list of words
  expect "$before-" $(cat "$T/options")
  grep -o -e '--[a-z0-9-]*' "$T/options" >>"$T/long"
  [ "$(grep -c . "$T/options")" -ge 6 ] || { echo "not ok '$command --help' has its form"; any_failed=1; }
  sed -n 's/^  \(-.,\|   \) \(--[a-z0-9-]*\)\[*=\([^] ]*\).*/\2 \3/p' "$T/help" >"$T/arguments"
  while read -r option argument; do
    argument "$before$option=" "$command" "$option" "$argument"
  done <"$T/arguments"
done
while read -r key; do
  # shellcheck disable=SC2046 # lists of words
  case $key in
  boot.firmware | snp.identity.id_key | snp.certs | serial | debug_port) set -- guest.yaml kernel.img other.yml results ;;
  *) set -- ;;
  esac
  # shellcheck disable=SC2046 # a list of words
  expect "snpvmm run --set $key=" $(sed -n "s/^$key //p" "$T/words") "$@"
done <<KEYS
$(cut -d ' ' -f 1 "$T/words" | sort -u)
KEYS

# Whether or not the shells are installed: each file has every name, and no option or key that does not exist.
for file in snpvmm.bash _snpvmm snpvmm.fish; do
  begin "$file has every name, and no other"
  # fish writes '-l NAME' for an option --NAME.
  sed '/^ *#/d; /^complete /s/ -l \([a-z]\)/ --\1/' "share/completion/$file" | tr -s -c 'A-Za-z0-9_.:-' '\n' |
    sed 's/[:.]*$//' | sort -u >"$T/has"
  { cat "$T/commands" "$T/keys" "$T/reasons" && sed 's/.* //' "$T/words" && echo "$formats" && cat "$T/long"; } |
    sort -u | comm -23 - "$T/has" >"$T/lacks"
  [ ! -s "$T/lacks" ] || wrong "it lacks: $(cat "$T/lacks")"
  sort -u "$T/long" "$T/keys" | comm -13 - "$T/has" | grep -E -x -e '--[a-z][a-z-]*|[a-z_]+\.[a-z_]+' >"$T/extra"
  [ ! -s "$T/extra" ] || wrong "there is no: $(cat "$T/extra")"
done

# What --help says of commands and options, a line each; -o, --color and --stats are shorter in the scripts.
for command in '' $commands; do
  # shellcheck disable=SC2086 # none or one
  call $command --help
  awk 'function flush() { if (text != "") print text; text = "" }
    /^  (-.|  )[, ] *--?[a-z]/ { flush(); on = !/--(output|color|stats)/; sub(/^ +(-., )?--?[^ ]+ */, "") ; if (on) text = $0; next }
    /^  -. / { flush(); on = 1; sub(/^  -. */, ""); text = $0; next }
    /^  [a-z]+ / && !/--/ { flush(); on = 0; sub(/^  [a-z]+ +(\[?[A-Z]+(\.\.\.)?\]? +)*/, ""); print; next }
    /^                             [^ ]/ { sub(/^ */, ""); if (on) text = text " " $0; next }
    { flush(); on = 0 }' "$T/out"
done | sed '/^$/d' | sort -u >"$T/descriptions"
for file in _snpvmm snpvmm.fish; do
  begin "$file describes commands and options as --help does"
  [ "$(grep -c . "$T/descriptions")" -gt 30 ] || wrong "too few: $(cat "$T/descriptions")"
  sed 's/\\//g' "share/completion/$file" >"$T/plain"
  while read -r text; do
    grep -q -F -e "$text" "$T/plain" || wrong "it lacks: $text"
  done <"$T/descriptions"
done

for shell in bash zsh fish; do
  begin "$shell has a script"
  call completion "$shell"
  wants 0
  err_is ''
  cp "$T/out" "$T/scripts/$shell"
  file=snpvmm.$shell
  [ "$shell" != zsh ] || file=_snpvmm
  cmp -s "$T/out" "share/completion/$file" || wrong "it is not share/completion/$file"
  if ! command -v "$shell" >/dev/null; then
    skip "$shell accepts the script" "there is no $shell"
    skip "$shell offers what can follow" "there is no $shell"
    continue
  fi

  begin "$shell accepts the script"
  run "$shell" -n "$T/scripts/$shell"
  wants 0
  err_is ''

  begin "$shell offers what can follow"
  "ask_$shell" <"$T/lines"
  status=$? last="ask $shell"
  wants 0
  err_is ''
  [ "$(grep -c '' "$T/offers")" = "$(grep -c '' "$T/lines")" ] || wrong "$shell did not answer all: $(cat "$T/offers")"
  paste -d '|' "$T/lines" "$T/wanted" "$T/offers" | awk -F '|' '
    $1 ~ / -$/ { gsub(/[^ ]*=( |$)/, "", $3) } # what takes a value may stand there twice, in fish with its =
    $2 != $3 { print "at \"" $1 "\" there should be: " $2; print "and there is: " $3 }' >>"$T/why"
done

if command -v shellcheck >/dev/null; then
  begin 'shellcheck accepts the script for bash'
  run shellcheck -s bash -S warning "$T/scripts/bash"
  wants 0
  out_is ''
else
  skip 'shellcheck accepts the script for bash' 'there is no shellcheck'
fi

if command -v fish >/dev/null; then
  begin 'a quote in a description is shown as one'
  HOME=$T run fish --no-config -c 'source $argv[1]; complete -C "snpvmm sche"' "$T/scripts/fish"
  out_is "schema$(printf '\t')Print the manifest's JSON Schema"
else
  skip 'a quote in a description is shown as one' 'there is no fish'
fi

begin 'bash: the text before a colon is not inserted twice'
printf '%s\n' 'snpvmm run --set boot.firmware=builtin:s' 'snpvmm run --set=boot.firmware=builtin:' >"$T/lines"
ask_bash <"$T/lines"
[ "$(cat "$T/offers")" = "selftest
selftest" ] || wrong "$(cat "$T/offers" "$T/err")"

begin 'another shell is refused by name'
call completion tcsh
usage_error "completion: there are scripts for bash, zsh and fish, not for 'tcsh'"
call completion
usage_error 'completion: a shell is missing: bash, zsh or fish'
call completion bash zsh
usage_error 'completion: one shell at a time'

finish
