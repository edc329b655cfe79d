#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/cli/man.sh: the manual pages are valid, describe every option and key, and their examples work.
# shellcheck source=tests/cli/lib.inc disable=SC1091
. tests/cli/lib.inc
PAGE=$PWD/snpvmm.1
KEYS=$PWD/snpvmm.yaml.5
ERRORS=$T/snpvmm-errors.7
awk -f share/errors.awk share/explain.txt >"$ERRORS"

if command -v mandoc >/dev/null; then
  begin 'mandoc has no warnings'
  for page in "$PAGE" "$KEYS" "$ERRORS" "$PWD/snpvmm-guest.1" "$PWD/snpvmm-mkguest.1"; do
    run mandoc -T lint -W warning "$page"
    wants 0
    out_is ''
  done

  begin 'there are no nested quotes'
  for page in "$PAGE" "$KEYS" "$ERRORS" "$PWD/snpvmm-guest.1" "$PWD/snpvmm-mkguest.1"; do
    # shellcheck disable=SC1112 # the page's quotes
    mandoc -T utf8 "$page" | sed 's/.\x08//g' | tr '\n' ' ' | grep -o -E '‘[^’]*‘[^’]*’|’’' >"$T/nested"
    [ ! -s "$T/nested" ] || wrong "$page: $(cat "$T/nested")"
  done
else
  skip 'mandoc has no warnings' 'there is no mandoc'
  skip 'there are no nested quotes' 'there is no mandoc'
fi

begin 'snpvmm-errors(7) has the text of explain'
# Only the words: line breaks, capitals and list marks differ.
words() { tr -s ' \n' '\n' | sed 's/^-$//' | grep .; }
for name in none bad-value outside-confine console-missing; do
  awk -v name="$name" '/^\.Ss / { on = $2 == name } on && !/^\./' "$ERRORS" |
    sed 's/\\(aq/'\''/g; s/\\(ha/^/g; s/\\-/-/g; s/\\e/\\/g; s/^\\&//' | words | tail -n +2 >"$T/said"
  call explain "$name"
  sed 's/^[a-z-]*: //; 1s/$/./' "$T/out" | words | tail -n +2 >"$T/wanted"
  cmp -s "$T/said" "$T/wanted" || wrong "$name: $(diff "$T/said" "$T/wanted")"
done

has_option() { # "-n" or "-", "--vcpus", as mdoc writes them
  short=${1#-} long=${2#--}
  if [ -n "$short" ]; then
    grep -q -E -e "^\.It Fl $short .*Fl -$long( |\$)" -e "^\.It Fl (\\\\&)?[$short] , -$long\$" "$PAGE"
  else
    grep -q -E "^\.It Fl -$long( |\$)" "$PAGE"
  fi || wrong "$1, $2 is not in it"
}

begin 'snpvmm(1) has each command and each option'
call --help
commands=$(sed -n '/^Commands:$/,/^$/s/^  \([a-z]*\) .*/\1/p' "$T/out")
[ "$(echo "$commands" | grep -c .)" -ge 5 ] || wrong "--help has another form: $commands"
for command in '' $commands; do
  # shellcheck disable=SC2086 # none or one
  call $command --help
  sed -n -e 's/^  \(-.\), \(--[a-z0-9-]*\).*/\1 \2/p' -e 's/^      \(--[a-z0-9-]*\).*/- \1/p' "$T/out" >"$T/options"
  [ "$(grep -c . "$T/options")" -ge 6 ] || wrong "$command --help has another form"
  while read -r short long; do
    has_option "$short" "$long"
  done <"$T/options"
  [ -z "$command" ] || grep -q "^\.It Cm $command\( \|\$\)" "$PAGE" || wrong "$command is not in it"
done

begin 'README, SECURITY and ARCHITECTURE name no option that is not there'
grep -o -h -e '--[a-z][a-z-]*' README.md SECURITY.md ARCHITECTURE.md | sort -u >"$T/named"
[ "$(grep -c . "$T/named")" -ge 10 ] || wrong "they name only $(cat "$T/named")"
while read -r option; do
  grep -q -E "^\.It Fl (.* )?-${option#--}( |\$)" "$PAGE" snpvmm-mkguest.1 snpvmm-guest.1 || wrong "$option"
done <"$T/named"

begin 'snpvmm(1) has each variable that the program reads'
grep -r -h -o 'getenv("[A-Z_]*")' cmd core config firmware | sed 's/.*"\(.*\)".*/\1/' | sort -u >"$T/read"
[ "$(grep -c . "$T/read")" -ge 3 ] || wrong "only $(cat "$T/read")"
while read -r name; do
  grep -q "^\.It Ev .*$name" "$PAGE" || wrong "$name"
done <"$T/read"

begin 'the schema can be read'
call schema
wants 0
awk -f tests/cli/facts.awk "$T/out" | sed 's/ *$//' | sort -u >"$T/facts"
for fact in 'version is' 'vcpus default 1' 'platform word kvm' 'boot.cmdline default console=ttyS0 panic=-1' \
  'snp.policy default 0x30000' 'expect.exit word any'; do
  grep -q -x -F "$fact" "$T/facts" || wrong "it does not say '$fact': $(cat "$T/facts")"
done
sed -n 's/ is$//p' "$T/facts" >"$T/have"
"$NAMES" keys | sort | cmp -s - "$T/have" || wrong "other keys: $(cat "$T/have")"

# The same facts from the page; the text about a key ends at the next one.
key_says() { # KEY
  awk -v key="$1" '/^\.It Sy / || /^\.Ss / { on = $0 == ".It Sy " key; next } on' "$KEYS" | sed 's/\\(dq/"/g'
}

begin 'snpvmm.yaml(5) has each key, and no other'
sed -n 's/^\.It Sy //p' "$KEYS" | sort >"$T/said"
sed -n 's/ is$//p' "$T/facts" | sort >"$T/wanted"
cmp -s "$T/said" "$T/wanted" || wrong "$(diff "$T/said" "$T/wanted")"

begin 'snpvmm.yaml(5) has the default of each key, and no other'
while read -r key; do
  key_says "$key" | sed -n '/^Default:$/{n;s/^\.Ql \(.*\) \.$/\1/p;}' >"$T/said"
  sed -n "s/^$key default //p" "$T/facts" >"$T/wanted"
  cmp -s "$T/said" "$T/wanted" || wrong "$key has the default '$(cat "$T/wanted")', and '$(cat "$T/said")' is said"
done <<KEYS
$(sed -n 's/ is$//p' "$T/facts")
KEYS

begin 'snpvmm.yaml(5) has each word that a key takes'
grep ' word ' "$T/facts" | grep -v -e ' true$' -e ' false$' >"$T/words"
[ "$(grep -c . "$T/words")" -gt 20 ] || wrong "too few: $(cat "$T/words")"
while read -r key _ word; do
  key_says "$key" | grep -q -E "Ql (\./)?$word( |\$)" || wrong "$key: $word is not in it"
done <"$T/words"
for word in $("$NAMES" policy); do
  key_says snp.policy | grep -q -x -F ".It Ql $word" || wrong "snp.policy: $word is not in it"
done

begin 'snpvmm(1) has the exit statuses'
for status in 0 1 2 3 77 99 124 128+N; do
  grep -q -x -F ".It $status" "$PAGE" || wrong "$status is not in it"
done

begin 'the examples work'
mkdir "$T/bin" "$T/there"
ln -s "$SNPVMM" "$T/bin/snpvmm"
image "$T/there/OVMF.fd" ebfe "$SECTION"
sed -n '/^version: 1$/,/^\.Ed$/{/^\.Ed$/!p;}' "$PAGE" >"$T/there/guest.yaml"
bzimage "$T/there/vmlinuz"
echo initrd >"$T/there/initrd.img"
truncate -s 4096 "$T/there/root.img" "$T/there/hash.img"
sum=$(sha256sum "$T/there/vmlinuz" | cut -d ' ' -f 1)
cp "$EXAMPLE" "$T/there/"
sed -n 's/^\$ \(\(snpvmm\|openssl\) .*\)/\1/p' "$PAGE" >"$T/examples"
[ "$(grep -c . "$T/examples")" -ge 6 ] || wrong 'there are none'
while read -r example; do
  case $example in
  'snpvmm run --platform kvm '*' &') # it would wait for a debugger longer than this script
    kvm_usable || continue
    # shellcheck disable=SC2016 # for the inner shell
    run sh -c 'cd "$0" && PATH=$1:$PATH && eval "$2 --timeout 500ms"' "$T/there" "$T/bin" "${example% &}"
    wants 124
    case $(cat "$T/err") in
    *'waiting for a debugger: target remote 127.0.0.1:1234'*) ;;
    *' was reached before the launch [timeout]'*) ;; # another program has the port
    *) wrong "$last: $(cat "$T/err")" ;;
    esac
    continue
    ;;
  'snpvmm run --platform kvm '*) kvm_usable || continue ;;
  'snpvmm run '*) continue ;; # needs SEV-SNP
  'snpvmm verify '* | 'snpvmm certs '*) continue ;; # tests of that name have them
  openssl\ * | *id.pub* | *id.pem*) command -v openssl >/dev/null || continue ;;
  'snpvmm doctor') continue ;; # its status is the host's; doctor.sh has it
  esac
  # shellcheck disable=SC2016 # for the inner shell
  run sh -c 'cd "$0" && PATH=$1:$PATH && eval "$2"' "$T/there" "$T/bin" "$example"
  wants 0
done <"$T/examples"

# The manifests, which begin with a version, each in a file of its own.
awk -v to="$T/there/manifest" '
  /^\.Bd/ { open = 1; next }
  /^\.Ed/ { open = writing = 0 }
  open && /^version: 1$/ { writing = 1; n++ }
  writing { gsub(/\\e/, "\\"); print > (to n ".yaml") }' "$KEYS"
n=0
for example in "$T"/there/manifest*.yaml; do
  n=$((n + 1)) what="manifest $n in snpvmm.yaml(5) is valid"
  sed "s/^\( *sha256: \).*/\1$sum/" "$example" >"$T/there/m.yaml"
  begin "$what"
  call check "$T/there/m.yaml"
  wants 0
  err_has ": ok"
  ! grep -v -q "^snpvmm: $T/there/m.yaml: .*ok\$" "$T/err" || wrong "$(cat "$T/err")"
done
# And those of README.md and examples/ovmf.yaml, with files of the names that they use.
begin 'each manifest in README.md is valid, and so is examples/ovmf.yaml'
image "$T/there/OVMF.amdsev.fd" ebfe "$SECTION" '0x20000 0x1000 0x10'
# The table's entry for a kernel's hashes, in front of the others: address, size, u16 length, GUID.
patch "$T/there/OVMF.amdsev.fd" $((METADATA_ENTRY - 26)) "$(le32 0x20c00)$(le32 0x400)1a00 1f3755723b3a044b927b1da6efa8d454"
patch "$T/there/OVMF.amdsev.fd" $FOOTER 5800
awk -v to="$T/there/readme" '
  /^```yaml$/ { writing = 1; n++; next }
  /^```/ { writing = 0 }
  writing { print > (to n ".yaml") }' README.md
cp examples/ovmf.yaml "$T/there/readme-ovmf.yaml"
for example in "$T"/there/readme*.yaml; do
  call check "$example"
  wants 0
  ! grep -v -q "^snpvmm: $example: .*ok\$" "$T/err" || wrong "$(cat "$example" "$T/err")"
done
[ -e "$T/there/readme1.yaml" ] || wrong 'there is none'

begin 'the digest in README.md is the one that is printed'
call measure "$EXAMPLE"
[ "$(grep -c -x -F -e "$(cat "$T/out")" README.md)" = 1 ] || wrong "README.md lacks $(cat "$T/out")"
grep -q -x -F -e "snpvmm: measurement $(cat "$T/out") (1 vcpu, EPYC-v4, profile qemu)" README.md || wrong 'run shows another'

begin 'snpvmm(1) has each kind of file that inspect knows'
for kind in $("$NAMES" kinds); do
  [ "$kind" = text ] || grep '^\.Cm ' "$PAGE" | tr ' ' '\n' | grep -q -x -e "$kind" || wrong "$kind is not in it"
done

begin 'snpvmm.yaml(5) has manifests'
[ "$n" -ge 4 ] || wrong "only $n"

finish
