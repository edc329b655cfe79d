#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/cli/man.sh: the manual page is sound, names every option and key, and its examples work.
# shellcheck source=tests/cli/lib.inc disable=SC1091
. tests/cli/lib.inc
PAGE=$PWD/snpvmm.1

if command -v mandoc >/dev/null; then
  begin 'mandoc has nothing to warn of'
  run mandoc -T lint -W warning "$PAGE"
  wants 0
  out_is ''
else
  skip 'mandoc has nothing to warn of' 'there is no mandoc'
fi

has_option() { # "-n" "--vcpus", as mdoc writes them
  grep -q -e "Fl ${1#-} .*Fl -${2#--}\\b" -e "Fl \\\\&${1#-} , -${2#--}\$" -e "Fl ${1#-} , -${2#--}\$" "$PAGE" ||
    wrong "$1, $2 is not in it"
}

begin 'each command and each option is in it'
for command in '' run measure inspect check schema; do
  # shellcheck disable=SC2086 # none or one
  call $command --help
  sed -n 's/^  \(-.\), \(--[a-z]*\).*/\1 \2/p' "$T/out" >"$T/options"
  [ "$(grep -c . "$T/options")" -ge 5 ] || wrong "$command --help has another form"
  while read -r short long; do
    has_option "$short" "$long"
  done <"$T/options"
  [ -z "$command" ] || grep -q "^\.It Cm $command\$" "$PAGE" || wrong "$command is not in it"
done

begin 'each key that there is so far is in it, with its default'
sed -n '/^\t\[KEY_/,/},$/p' config/keys.c | tr -d '\n\t' | sed 's/\[KEY_/\n&/g' | grep -v -e VALUE_LATER -e '^$' |
  sed 's/^[^"]*"\([a-z_.]*\)", *\([A-Z_]*\).*/\1 \2 &/; s/^\([^ ]* [^ ]*\) .*\.fallback = "\([^"]*\)".*/\1 \2/; s/^\([^ ]* [^ ]*\) \[.*/\1/' >"$T/keys"
[ "$(grep -c . "$T/keys")" -gt 20 ] || wrong "config/keys.c has another form: $(cat "$T/keys")"
while read -r key _ fallback; do
  grep -q "^\.It Sy $key Ta " "$PAGE" || wrong "$key is not in it"
  [ -z "$fallback" ] || grep -q -F "$fallback" "$PAGE" || wrong "the default of $key, $fallback, is not in it"
done <"$T/keys"

begin 'the exit statuses are in it'
for status in 0 1 2 3 99 124 128+N; do
  grep -q -x -F ".It $status" "$PAGE" || wrong "$status is not in it"
done

begin 'the examples work'
mkdir "$T/bin" "$T/there"
ln -s "$SNPVMM" "$T/bin/snpvmm"
image "$T/there/OVMF.fd" ebfe "$SECTION"
sed -n '/^version: 1$/,/^\.Ed$/{/^\.Ed$/!p;}' "$PAGE" >"$T/there/guest.yaml"
cp "$EXAMPLE" "$T/there/"
sed -n 's/^\$ \(snpvmm .*\)/\1/p' "$PAGE" >"$T/examples"
[ "$(grep -c . "$T/examples")" -ge 6 ] || wrong 'there are none'
while read -r example; do
  case $example in
  'snpvmm run --platform kvm '*) kvm_usable || continue ;;
  'snpvmm run '*) continue ;; # needs SEV-SNP
  esac
  # shellcheck disable=SC2016 # for the inner shell
  run sh -c 'cd "$0" && PATH=$1:$PATH && eval "$2"' "$T/there" "$T/bin" "$example"
  wants 0
done <"$T/examples"

finish
