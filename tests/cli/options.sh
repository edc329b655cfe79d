#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/cli/options.sh: --help, --version, global options, --set, and mistakes in them.
# shellcheck source=tests/cli/lib.inc disable=SC1091
. tests/cli/lib.inc
VERSION=$(sed -n 's/^## \([0-9][^ ]*\).*/\1/p' CHANGELOG.md | head -n 1)
GLOBAL='--quiet --verbose --color --help --usage --version'

has_words() { # WORD...: stdout names each
  for word; do out_has "$word"; done
}

begin '--help lists options and commands'
call --help
wants 0
err_is ''
# shellcheck disable=SC2086 # a list of words
has_words $GLOBAL --output
out_has '  run        [MANIFEST...]     Launch the guest and wait for its end' \
  '  measure    [MANIFEST...]     Print the launch digest, offline' \
  '  plan       [MANIFEST...]     List the steps of a launch, offline' \
  '  inspect    FILE...           Show what an image, ID block or report contains' \
  '  verify     REPORT [MANIFEST] Verify an attestation report' \
  '  certs      DIR FILE          Make a certificate table for guests' \
  '  check      [MANIFEST...]     Find what is wrong with a manifest' \
  '  doctor                       Say what this host can launch and what it lacks' \
  "  explain    [NAME]            Explain an error's name, or a digest" \
  "  schema                       Print the manifest's JSON Schema" \
  '  completion SHELL             Print a script for bash, zsh or fish' 'snpvmm(1)'

for command in 'run --set --platform --stats --prefix --results --jobs' 'measure --set --platform --vcpus --pages --output' \
  'plan --set --platform --pages --output' 'inspect --output' 'verify --certs --crl --root --time --set --output' certs 'check --set --platform' 'doctor --output' \
  'explain --want --firmware --kernel --initrd --budget --set --output' schema completion; do
  begin "${command%% *} --help names each of its options"
  call "${command%% *}" --help
  wants 0
  err_is ''
  # shellcheck disable=SC2086 # a list of words
  has_words "Usage: snpvmm ${command%% *} [OPTION...]" $GLOBAL
  for word in ${command#"${command%% *}"}; do out_has "$word"; done
done

begin '--version prints the version of the changelog, for every command'
for command in '' run measure plan inspect verify certs check doctor explain schema completion; do
  # shellcheck disable=SC2086 # none or one
  call $command --version
  wants 0
  out_is "snpvmm $VERSION"
  err_is ''
done

begin 'no command is a usage error with the whole help text'
call
wants 2
out_is ''
err_has 'Usage: snpvmm [OPTION...] COMMAND [OPTION...] FILE...' '  run        [MANIFEST...]     '

begin 'an unknown command is named, with a fix'
call mesure "$EXAMPLE"
usage_error "there is no command 'mesure'" "did you mean 'measure'?"
call frobnicate
usage_error "there is no command 'frobnicate'" "'snpvmm --help' lists the commands"
call "$EXAMPLE"
usage_error "there is no command '$EXAMPLE'" "write 'snpvmm run $EXAMPLE', if it is a manifest"

begin 'help and version print what --help and --version do'
call help
wants 0
cp "$T/out" "$T/help"
for option in --help -h '-?'; do
  call "$option"
  wants 0
  cmp -s "$T/out" "$T/help" || wrong "$option says something else"
done
for command in run measure plan inspect verify certs check doctor explain schema completion help version; do
  call help "$command"
  wants 0
  err_is ''
  cp "$T/out" "$T/help"
  for option in --help -h '-?'; do
    call "$command" "$option"
    wants 0
    cmp -s "$T/out" "$T/help" || wrong "$command $option says something else"
  done
done
call version
wants 0
out_is "snpvmm $VERSION"
call help mesure
usage_error "there is no command 'mesure'" "did you mean 'measure'?"
call help run check
usage_error 'help: one command at a time'

begin 'an unknown option is named'
call --foo measure "$EXAMPLE"
usage_error "there is no option '--foo'" "'snpvmm --help' lists the options"
call measure --foo "$EXAMPLE"
usage_error "measure: there is no option '--foo'"
call run --result-files "$T/results" "$EXAMPLE"
usage_error "run: there is no option '--result-files'"
[ ! -e "$T/results" ] || wrong 'it was made all the same'

begin 'a similar option is suggested'
call measure --pagse "$EXAMPLE"
usage_error "measure: there is no option '--pagse'" "did you mean '--pages'?"
call --colour=never check "$EXAMPLE"
usage_error "there is no option '--colour'" "did you mean '--color'?"

begin 'a long option needs two dashes, and its letters do not become a file'
for option in '-results --results' '-kernel --kernel' '-append --cmdline' '-serial --set serial=FILE' '-smp --cpus'; do
  run sh -c 'cd "$0" && "$1" run "$2" guest.yaml' "$T" "$SNPVMM" "${option%% *}"
  usage_error "run: there is no option '${option%% *}'" "write '${option#* }'"
done
call run -sx "$EXAMPLE"
usage_error "run: there is no option '-x', in '-sx'"
[ "$(find "$T" -name 'erial' -o -name x)" = '' ] || wrong 'a file was made'

begin 'an option without its value, or with a value that it does not take'
call run --jobs
usage_error "run: '--jobs' has no value" "write '--jobs N'"
call run -j
usage_error "run: '-j' has no value" "write '-j N'"
call measure --pages=all "$EXAMPLE"
usage_error "measure: '--pages' takes no value"

begin 'an unambiguous abbreviation is an option'
call measure --vcp=2 "$EXAMPLE"
wants 0
call measure --ver "$EXAMPLE"
usage_error "measure: '--ver' could be one of several options"

begin 'a command without its manifest is a usage error'
for command in run measure check; do
  call $command
  usage_error "$command: a manifest is missing, or a kernel: -k KERNEL"
done

begin 'inspect without a file is a usage error'
call inspect
usage_error 'inspect: a file is missing'

begin 'schema and doctor take no argument'
call schema "$EXAMPLE"
usage_error "schema: unexpected argument '$EXAMPLE'"
call doctor "$EXAMPLE"
usage_error "doctor: unexpected argument '$EXAMPLE'"

begin '-- ends the options'
call measure -- --pages
wants 2
one_error --pages file-unreadable "cannot open '--pages': No such file or directory"

begin '-q prints only errors and results'
call check -q "$EXAMPLE"
wants 0
err_is ''
call -q check "$EXAMPLE"
err_is ''
call --quiet check "$T/none.yaml"
wants 2
one_error "$T/none.yaml" file-unreadable "cannot open '$T/none.yaml': No such file or directory"

begin '-v does not change results'
call -v -v measure "$EXAMPLE"
wants 0
cp "$T/out" "$T/loud"
call measure "$EXAMPLE"
cmp -s "$T/out" "$T/loud" || wrong 'the digest differs under -v'

esc=$(printf '\033')
fix='  fix: see that the file is there: a path on the command line is relative to the current folder'
red="$T/none.yaml: ${esc}[1;31merror:${esc}[0m cannot open '$T/none.yaml': No such file or directory [file-unreadable]
$fix"
plain="$T/none.yaml: error: cannot open '$T/none.yaml': No such file or directory [file-unreadable]
$fix"

begin '--color=always colours, even under NO_COLOR'
for option in --color=always '-c always'; do
  # shellcheck disable=SC2086 # one or two words
  call $option check "$T/none.yaml"
  wants 2
  err_is "$red"
done
run env NO_COLOR=1 "$SNPVMM" check --color=always "$T/none.yaml"
err_is "$red"

begin '--color=never and auto write no colours to a file'
for option in --color=never --color=auto -q; do
  call check "$option" "$T/none.yaml"
  err_is "$plain"
done
call --color=always check --color=never "$T/none.yaml"
err_is "$plain"

if ! command -v script >/dev/null; then
  skip 'a terminal is coloured unless NO_COLOR is set' "there is no script(1) to make one"
else
  begin 'a terminal is coloured unless NO_COLOR is set'
  run script -qec "'$SNPVMM' check none.yaml" /dev/null
  out_has "${esc}[1;31merror:"
  run env NO_COLOR=1 script -qec "'$SNPVMM' check none.yaml" /dev/null
  out_has 'none.yaml: error: '
  run env NO_COLOR= script -qec "'$SNPVMM' check none.yaml" /dev/null
  out_has "${esc}[1;31merror:"
fi

begin 'a verdict has the colours of an error'
if kvm_usable; then
  for option in '--color=always' '--color=never' '--color=auto'; do
    green="${esc}[1;32mpass:${esc}[0m"
    [ "$option" = --color=always ] || green=pass:
    call run "$option" --platform kvm "$EXAMPLE"
    wants 0
    [ "$(tail -n 1 "$T/err")" = "snpvmm: $green the guest exited with status 0" ] || wrong "$(cat "$T/err")"
  done
fi

begin '--color accepts three words'
call --color=red check "$EXAMPLE"
usage_error "--color takes auto, always or never, not 'red'"
call check --color red "$EXAMPLE"
usage_error "check: --color takes auto, always or never, not 'red'"

begin '-o can come before the command'
call -o json measure "$EXAMPLE"
wants 0
cp "$T/out" "$T/before"
call measure -o json "$EXAMPLE"
cmp -s "$T/out" "$T/before" || wrong 'and gives something else there'
call -o json measure --output=text "$EXAMPLE"
[ "$(wc -l <"$T/out")" = 1 ] || wrong 'the later one does not win'

if ! command -v script >/dev/null; then
  skip 'what is binary is not written to a terminal' "there is no script(1) to make one"
else
  begin 'what is binary is not written to a terminal'
  for what in '-o cbor' '--format corim' '--format corim-veraison'; do
    run script -qec "'$SNPVMM' --color=never measure $what '$EXAMPLE'" /dev/null
    wants 2
    out_has ': the result is binary, and standard output is a terminal [usage]' '  fix: write it to a file or a pipe'
    run script -qec "'$SNPVMM' measure $what '$EXAMPLE' >'$T/binary'" /dev/null
    wants 0
    [ -s "$T/binary" ] || wrong "$what: nothing was written"
  done
fi

begin '-o accepts four words, for commands with a result'
call -o xml measure "$EXAMPLE"
usage_error "-o takes text, json, cbor, or tap for run and verify, not 'xml'"
call measure --output=xml "$EXAMPLE"
usage_error "measure: -o takes text, json, cbor, or tap for run and verify, not 'xml'"
call inspect -o xml "$EXAMPLE"
usage_error "inspect: -o takes text, json, cbor, or tap for run and verify, not 'xml'"
call measure -o tap "$EXAMPLE"
wants 2
err_is 'snpvmm: error: -o tap is only for run and verify [usage]'
for command in explain schema completion; do
  call -o json "$command"
  wants 2
  err_is "snpvmm: error: -o: the command '$command' has no result to print [usage]"
done

begin '--set overrides the manifest, and the last one wins'
call measure --vcpus=4 "$EXAMPLE"
want=$(cut -c 4- "$T/out")
for set in '--set vcpus=4' '--set=vcpus=0x4' '-S vcpus=2 -S vcpus=4' '--set snp.policy=0xb0000 --set vcpus=4'; do
  # shellcheck disable=SC2086 # options
  call measure $set "$EXAMPLE"
  wants 0
  out_is "$want"
done
manifest "$T/m.yaml" 'boot: {firmware: builtin:selftest}' 'vcpus: 4'
call measure "$T/m.yaml"
out_is "$want"

begin '--set accepts what the manifest accepts'
call measure --set vcpu_type=EPYC-Milan "$EXAMPLE"
cp "$T/out" "$T/milan"
call measure --set vcpu_type=0xa00f11 "$EXAMPLE"
cmp -s "$T/out" "$T/milan" || wrong 'the model and its signature differ'
call check --set 'snp.policy={debug: true, abi: "1.51"}' --set 'name=a: b # c' --set 'timeout=5s' "$EXAMPLE"
wants 0

set_refused() { # SETTING PLACE KIND SENTENCE [FIX]
  for command in measure check run; do
    call "$command" --set "$1" "$EXAMPLE"
    wants 2
    one_error "$2" "$3" "$4"
    [ -z "${5-}" ] || err_has "  fix: $5"
  done
}

begin '--set refuses an unknown key'
set_refused vcpsu=1 '--set vcpsu' unknown-key "unknown key 'vcpsu'" "did you mean 'vcpus'?"
set_refused boot.igvm=x '--set boot.igvm' unknown-key "unknown key 'boot.igvm'" 'the keys here are: firmware, kernel, initrd, cmdline, kernel_hashes'
set_refused snp=1 '--set snp' unknown-key "'snp' is a group of keys, not one"
set_refused snp.policy.debug=true '--set snp.policy.debug' unknown-key "unknown key 'snp.policy.debug'" "set 'snp.policy' as a whole"
set_refused 'disks[0].mode=ro' '--set disks[0].mode' unknown-key "unknown key 'disks[0].mode'" "set 'disks' as a whole"

begin '--set refuses a value that does not fit'
set_refused vcpus=0 '--set vcpus' bad-value "'vcpus' is 0; it must be from 1 to 4096"
set_refused vcpus=2x '--set vcpus' bad-value "'vcpus' is '2x', which is not a number"
set_refused vcpus= '--set vcpus' bad-value "'vcpus' is '', which is not a number"
set_refused 'vcpus=[1' '--set vcpus' syntax 'a list in brackets is not closed'
set_refused version=2 '--set version' bad-value "'version' is 2; it must be 1"
set_refused platform=tdx '--set platform' bad-value "'platform' cannot be 'tdx'" 'write one of: snp, kvm'

begin '--set without key or value is a usage error'
call measure --set vcpus "$EXAMPLE"
usage_error "measure: --set takes KEY=VALUE, not 'vcpus'"
call run --set =1 "$EXAMPLE"
usage_error "run: --set takes KEY=VALUE, not '=1'"
call check --set
usage_error "check: '--set' has no value" "write '--set KEY=VALUE'"

begin '64 settings are accepted, more are refused'
i=0 sets=''
while [ $i -lt 64 ]; do
  sets="$sets --set vcpus=1" i=$((i + 1))
done
# shellcheck disable=SC2086 # options
call check $sets "$EXAMPLE"
wants 0
# shellcheck disable=SC2086 # options
call check $sets --set vcpus=1 "$EXAMPLE"
usage_error 'check: more than 64 settings'

begin '--platform is short for --set platform='
call run --platform tdx "$EXAMPLE"
wants 2
one_error '--set platform' bad-value "'platform' cannot be 'tdx'"
err_has '  fix: write one of: snp, kvm'
call check --platform=kvm "$EXAMPLE"
wants 0

begin 'the platform does not change the measurement'
call measure --platform=kvm "$EXAMPLE"
cp "$T/out" "$T/kvm"
call measure -P snp "$EXAMPLE"
cmp -s "$T/out" "$T/kvm" || wrong 'it does'

finish
