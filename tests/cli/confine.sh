#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/cli/confine.sh: --confine keeps every path of a manifest below a folder; only regular files are opened.
# shellcheck source=tests/cli/lib.inc disable=SC1091
. tests/cli/lib.inc
FAKE=${FAKE:-${B:-build}/tests/snpvmm-fake}
mkdir "$T/in" "$T/in/sub"
image "$T/in/i.fd" ebfe "$SECTION"
cp "$T/in/i.fd" "$T/outside.fd"
head -c 32 /dev/zero >"$T/bytes"
cp "$T/bytes" "$T/in/bytes"

confined() { # COMMAND ARGUMENT...
  # shellcheck disable=SC2086 # a command and its options
  call $1 --confine "$T/in" "$T/in/m.yaml"
}
outside() { # PLACE SENTENCE-BEGIN PATH
  for command in measure check 'run --platform=kvm'; do
    confined "$command"
    wants 2
    one_error "$T/in/m.yaml$1" outside-confine "$2'$3' is not below '$T/in'"
    err_has '  why: --confine allows no file outside that folder' '  fix: move the file into the folder'
  done
}

begin 'a manifest whose files are inside is accepted'
manifest "$T/in/m.yaml" 'boot: {firmware: i.fd}' 'memory: 1M' 'snp: {host_data: file:bytes}'
call measure "$T/in/m.yaml"
cp "$T/out" "$T/digest"
for command in measure check; do
  confined $command
  wants 0
done
call measure --confine "$T/in" "$T/in/m.yaml"
cmp -s "$T/out" "$T/digest" || wrong 'it has another digest'

begin 'absolute paths, .. and relative links that stay inside are accepted'
ln -s ../i.fd "$T/in/sub/link.fd"
for path in "$T/in/i.fd" sub/../i.fd sub/link.fd "$T/in/sub/link.fd"; do
  manifest "$T/in/m.yaml" "boot: {firmware: $path}" 'memory: 1M'
  confined measure
  wants 0
done
run sh -c 'cd "$0/in/sub" && "$1" measure --confine .. ../m.yaml' "$T" "$SNPVMM"
wants 0
run sh -c 'cd "$0/in" && "$1" measure --confine . m.yaml' "$T" "$SNPVMM"
wants 0

begin 'each image must be inside'
manifest "$T/in/m.yaml" 'boot: {firmware: ../outside.fd}'
outside :2:18 'boot.firmware: ' "$T/in/../outside.fd"
manifest "$T/in/m.yaml" 'boot: {firmware: i.fd, kernel: /etc/passwd}'
outside :2:32 'boot.kernel: ' /etc/passwd
ln -s ../outside.fd "$T/in/out.fd"
manifest "$T/in/m.yaml" 'boot: {firmware: i.fd, kernel: i.fd, initrd: out.fd}'
outside :2:46 'boot.initrd: ' "$T/in/out.fd"

begin 'each file: value must be inside'
manifest "$T/in/m.yaml" 'boot: {firmware: i.fd}' 'snp: {host_data: file:../bytes}'
outside :3:18 "'snp.host_data': " "$T/in/../bytes"

begin 'the manifest itself must be inside'
manifest "$T/m.yaml" 'boot: {firmware: in/i.fd}'
for command in measure check run; do
  call $command --confine "$T/in" "$T/m.yaml"
  wants 2
  one_error "$T/m.yaml" outside-confine "'$T/m.yaml' is not below '$T/in'"
done

begin 'a path of --set must be inside'
manifest "$T/in/m.yaml" 'boot: {firmware: i.fd}'
call measure --confine "$T/in" --set "boot.firmware=$T/outside.fd" "$T/in/m.yaml"
wants 2
err_has 'boot.firmware: ' "'$T/outside.fd' is not below '$T/in' [outside-confine]"

printf '%s\n' 'print "hello\n"' 'out 0xf4 1 0' >"$T/script"
faked() { # ARGUMENT...
  run env FAKE_SCRIPT="$T/script" "$FAKE" run --confine "$T/in" "$@" "$T/in/m.yaml"
}
begin 'outputs must be inside, and are not created elsewhere'
for key in serial debug_port; do
  for path in ../made "$T/made" link; do
    ln -sf ../made "$T/in/link"
    manifest "$T/in/m.yaml" 'boot: {firmware: builtin:selftest}' "$key: $path"
    faked
    wants 2
    case $path in
    link) err_has "it is a symbolic link [output-failed]" ;; # no output is, confined or not
    *) err_has "is not below '$T/in' [outside-confine]" ;;
    esac
    [ ! -e "$T/made" ] || wrong "$key: $path was made"
  done
done

begin 'check reports it too, at the place of each key'
manifest "$T/in/m.yaml" 'boot: {firmware: builtin:selftest}' 'serial: ../made' 'debug_port: /tmp/made'
for command in check run; do
  call $command --confine "$T/in" "$T/in/m.yaml"
  wants 2
  err_has "$T/in/m.yaml:3:9: error: serial: '$T/in/../made' is not below '$T/in' [outside-confine]" \
    "$T/in/m.yaml:4:13: error: debug_port: '/tmp/made' is not below '$T/in' [outside-confine]" '  fix: name a file inside of that folder'
done
manifest "$T/in/m.yaml" 'boot: {firmware: builtin:selftest}'
for set in serial=../made "matrix={serial: [in.log, $T/made]}"; do
  call check --confine "$T/in" --set "$set" "$T/in/m.yaml"
  wants 2
  err_has "--set ${set%%=*}: error: serial: '$T/" "made' is not below '$T/in' [outside-confine]"
done
call check --confine "$T/in" --set serial=sub/x.log "$T/in/m.yaml"
wants 0

begin 'outputs inside are written; --results and --stats are the user'\''s own'
manifest "$T/in/m.yaml" 'boot: {firmware: builtin:selftest}' 'serial: console.txt' 'platform: kvm'
faked --results "$T/results" --stats="$T/stats.json"
wants 0
[ "$(cat "$T/in/console.txt")" = hello ] || wrong "$(cat "$T/in/console.txt")"
for file in results/result.json stats.json; do
  [ -s "$T/$file" ] || wrong "$file is missing"
done

begin 'the runs of a matrix are confined, too'
manifest "$T/in/m.yaml" 'boot: {firmware: builtin:selftest}' 'platform: kvm' "matrix: {boot.firmware: [builtin:selftest, $T/outside.fd]}"
faked --jobs 2 --results "$T/results"
wants 2
err_has '1 passed' "'$T/outside.fd' is not below '$T/in' [outside-confine]"
grep -q '"reason": "outside-confine"' "$T"/results/*/result.json || wrong 'no result says so'

begin 'a path that is not a folder is refused'
call measure --confine "$T/none" "$T/in/m.yaml"
wants 2
one_error snpvmm file-unreadable "--confine: cannot open the folder '$T/none': No such file or directory"
err_has '  fix: name an existing folder'

# In a mount namespace without /proc, a file can only be opened by its name.
manifest "$T/in/m.yaml" 'boot: {firmware: i.fd}' 'memory: 1M' 'snp: {host_data: file:bytes}'
# shellcheck disable=SC2016 # for the inner shell
without_proc='mount -t tmpfs none /proc && exec "$0" "$@"'
if unshare -rm sh -c "$without_proc" "$SNPVMM" version >/dev/null 2>&1; then # a sanitizer needs /proc
  begin 'files are read without /proc, too'
  run unshare -rm sh -c "$without_proc" "$SNPVMM" measure --confine "$T/in" "$T/in/m.yaml"
  wants 0
  cmp -s "$T/out" "$T/digest" || wrong 'it has another digest'
else
  skip 'files are read without /proc, too' 'no mount namespaces here, or a sanitizer that needs /proc'
fi

finish
