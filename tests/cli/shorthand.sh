#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/cli/shorthand.sh: -k, -i, -a, -f, -m and -c instead of a manifest, and with one.
# shellcheck source=tests/cli/lib.inc disable=SC1091
. tests/cli/lib.inc
FAKE=${FAKE:-${B:-build}/tests/snpvmm-fake}
case $FAKE in /*) ;; *) FAKE=$PWD/$FAKE ;; esac
mkdir "$T/here" "$T/there"
image "$T/here/i.fd" ebfe "$SECTION"
for folder in here there; do bzimage "$T/$folder/vmlinuz-6.12"; done
patch "$T/there/vmlinuz-6.12" 0x2400 bb
echo initrd >"$T/here/initrd.img"

here() { # ARGUMENT...: where the files are
  # shellcheck disable=SC2016 # for the inner shell
  run sh -c 'cd "$0" && shift && exec "$@"' "$T/here" - "$SNPVMM" "$@"
}
here_error() { # PLACE NAME SENTENCE
  wants 2
  one_error "$@"
}

begin 'options have the digest of the manifest that they stand for'
manifest "$T/here/m.yaml" 'boot: {kernel: vmlinuz-6.12, initrd: initrd.img, cmdline: "console=ttyS0 a: b # c"}' 'memory: 1G' 'vcpus: 2'
here measure m.yaml
wants 0
cp "$T/out" "$T/digest"
here measure -k vmlinuz-6.12 -i initrd.img -a 'console=ttyS0 a: b # c' -m 1G -c 2
wants 0
cmp -s "$T/out" "$T/digest" || wrong 'short options have another digest'
here measure --kernel=vmlinuz-6.12 --initrd initrd.img --cmdline 'console=ttyS0 a: b # c' --memory=1G --cpus=2
wants 0
cmp -s "$T/out" "$T/digest" || wrong 'long options have another digest'
here check -k vmlinuz-6.12 -c 2
wants 0
err_is 'snpvmm: command line: ok'

begin '--print-manifest prints it, and it can be read again'
here measure -k vmlinuz-6.12 -i initrd.img -a 'console=ttyS0 a: b # c' -m 1G -c 2 --print-manifest
wants 0
out_is 'version: 1
boot:
  kernel: vmlinuz-6.12
  initrd: initrd.img
  cmdline: "console=ttyS0 a: b # c"
vcpus: 2
memory: 1G'
cp "$T/out" "$T/here/printed.yaml"
here measure printed.yaml
cmp -s "$T/out" "$T/digest" || wrong 'it has another digest'
awkward='[x] "y" \ {z}: #	é null ~ - '
for command in run check; do
  here $command -f builtin:selftest --set 'name=a: "b" \ #' --set 'expect.console=["^a: b", "c"]' --set snp.policy=0xb0000 --print-manifest
  wants 0
  out_is 'version: 1
name: "a: \"b\" \\ #"
boot:
  firmware: "builtin:selftest"
snp:
  policy: 0xb0000
expect:
  console: ["^a: b", "c"]'
done

begin 'a command line is taken literally'
for text in "$awkward" '"quoted"' '{a: b}' '[1' "it's" null '~' ''; do
  here measure -k vmlinuz-6.12 -a "$text"
  wants 0
  cp "$T/out" "$T/digest"
  here measure -k vmlinuz-6.12 -a "$text" --print-manifest
  wants 0
  cp "$T/out" "$T/here/printed.yaml"
  here measure printed.yaml
  cmp -s "$T/out" "$T/digest" || wrong "'$text' is different in the manifest: $(cat "$T/here/printed.yaml")"
done

begin '--print-manifest does not print an invalid manifest, and takes no manifest'
here measure -k vmlinuz-6.12 -m 1 --print-manifest
here_error -m bad-value "'memory' is '1', which is not a size"
here measure -k vmlinuz-6.12 --print-manifest m.yaml
usage_error "--print-manifest takes no manifest, but 'm.yaml' is given" 'leave the manifest out'

begin 'they override a manifest, and their paths are relative to the current directory'
manifest "$T/there/m.yaml" 'boot: {kernel: vmlinuz-6.12}'
here measure ../there/m.yaml
cp "$T/out" "$T/digest"
here measure --set boot.kernel=vmlinuz-6.12 ../there/m.yaml
cmp -s "$T/out" "$T/digest" || wrong 'the path of --set is not relative to the manifest any more'
here measure -k vmlinuz-6.12
cp "$T/out" "$T/digest"
here measure -k vmlinuz-6.12 ../there/m.yaml
cmp -s "$T/out" "$T/digest" || wrong 'the path of -k is not relative to the current folder'
here measure -k vmlinuz-6.12 -c 2 --set vcpus=1 ../there/m.yaml
cmp -s "$T/out" "$T/digest" || wrong 'the later one does not win'

begin 'errors name the option'
here check -k none
here_error -k file-unreadable "boot.kernel: cannot open 'none': No such file or directory"
here check -k initrd.img
wants 2
err_has "-k: error: kernel 'initrd.img': "
here check -k vmlinuz-6.12 -i none
here_error -i file-unreadable "boot.initrd: cannot open 'none': No such file or directory"
here check -k vmlinuz-6.12 -c 0
here_error -c bad-value "'vcpus' is 0; it must be from 1 to 4096"
here check -k vmlinuz-6.12 -m 1024
here_error -m bad-value "'memory' is '1024', which is not a size"
err_has '  fix: add a unit: 1024M'
here check -i initrd.img
here_error -i conflict "'boot.initrd' without 'boot.kernel'"
here check -m 1G
here_error 'command line' missing-key 'nothing to boot: neither a kernel nor a firmware is given'
err_has '  fix: give -k KERNEL, or -f FIRMWARE, or both'
here check -f i.fd --set boot.kernel=none
here_error '--set boot.kernel' file-unreadable "boot.kernel: cannot open 'none': No such file or directory"
here check -k vmlinuz-6.12 --confine ../there
wants 2
err_has "-k: error: boot.kernel: 'vmlinuz-6.12' is not below '../there' [outside-confine]"

begin 'each further -i appends a file to the initrd'
echo more >"$T/here/more, [img]"
manifest "$T/here/list.yaml" 'boot: {kernel: vmlinuz-6.12, initrd: [initrd.img, "more, [img]", initrd.img]}'
here measure list.yaml
wants 0
cp "$T/out" "$T/digest"
here measure -k vmlinuz-6.12 -i initrd.img -i 'more, [img]' --initrd=initrd.img
wants 0
cmp -s "$T/out" "$T/digest" || wrong 'the digest is not that of the list'
here measure -k vmlinuz-6.12 -i none --set boot.initrd=none -i initrd.img -m 1G -i 'more, [img]' -m 512M -i initrd.img --print-manifest
wants 0
out_is 'version: 1
boot:
  kernel: vmlinuz-6.12
  initrd: [initrd.img, "more, [img]", initrd.img]
memory: 512M'
cp "$T/out" "$T/here/printed.yaml"
here measure printed.yaml
cmp -s "$T/out" "$T/digest" || wrong 'the printed manifest has another digest'
here measure -i initrd.img -i 'more, [img]' -i initrd.img list.yaml
cmp -s "$T/out" "$T/digest" || wrong 'they are added to the list of the manifest, not instead of it'
here check -k vmlinuz-6.12 -i initrd.img -i none
here_error -i file-unreadable "boot.initrd: cannot open 'none': No such file or directory"
err_has '  fix: see that the file is there: a path on the command line is relative to the current folder'
# shellcheck disable=SC2046 # words
here check -k vmlinuz-6.12 $(seq -f '-i%g' 17)
wants 2
err_has "-i: error: 'boot.initrd' has more than 16 files [bad-value]"

begin '-c with a word is still the colour'
here check -c always -k none
wants 2
err_has "$(printf '\033')[1;31merror:"

begin 'JSON has a name for it, too'
here measure -o json -k vmlinuz-6.12
wants 0
out_has '"manifest": "command line"'

printf '%s\n' 'print "hello\n"' 'out 0xf4 1 0' >"$T/script"
begin 'run accepts them, and its result has the name of the kernel'
# shellcheck disable=SC2016 # for the inner shell
run sh -c 'cd "$0" && FAKE_SCRIPT=$2 exec "$1" run -P kvm -k ./vmlinuz-6.12 --results results' "$T/here" "$FAKE" "$T/script"
wants 0
out_is hello
file_has "$T/here/results/result.json" result.json '"name": "vmlinuz-6.12"' '"verdict": "pass"' '"role": "kernel"'
! grep -q '"role": "manifest"' "$T/here/results/result.json" || wrong 'a manifest is among the inputs'
here check results/manifest.yaml
wants 0
# shellcheck disable=SC2016 # for the inner shell
run sh -c 'cd "$0" && GITHUB_ACTIONS=true FAKE_SCRIPT=$2 exec "$1" run -k none --results failed' "$T/here" "$FAKE" "$T/script"
wants 2
err_has '::error title=none::boot.kernel: ' "-k: error: boot.kernel: cannot open 'none'"
file_has "$T/here/failed/result.json" result.json '"name": "none"' '"reason": "file-unreadable"'

begin 'a matrix with --set'
# shellcheck disable=SC2016 # for the inner shell
run sh -c 'cd "$0" && FAKE_SCRIPT=$2 exec "$1" run -P kvm -k vmlinuz-6.12 --set "matrix={vcpus: [1, 2]}" -j 2 -o json' "$T/here" "$FAKE" "$T/script"
wants 0
out_has '"variant": "vcpus=2"' '"name": "vmlinuz-6.12"'

finish
