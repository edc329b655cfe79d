#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/cli/examples.sh: examples/ works: the manifests, the jobs for schedulers, and each command line, which is run.
# shellcheck source=tests/cli/lib.inc disable=SC1091
. tests/cli/lib.inc
HERE='/usr/\(local/\)*share/doc/snpvmm' # where `make install` puts examples/, and the package

begin 'the manifest for a smoke test is valid'
call check examples/smoke.yaml
wants 0
err_is 'snpvmm: examples/smoke.yaml: ok'

begin 'the manifest of a kernel is valid, but for the files that the reader provides'
mkdir "$T/linux"
cp examples/linux.yaml "$T/linux/"
call check "$T/linux/linux.yaml"
wants 2
sed -i '/^  fix: /d' "$T/err"
err_is "$T/linux/linux.yaml:7:11: error: boot.kernel: cannot open '$T/linux/vmlinuz': No such file or directory [file-unreadable]
$T/linux/linux.yaml:8:11: error: boot.initrd: cannot open '$T/linux/initrd.img': No such file or directory [file-unreadable]"

begin 'debian.yaml agrees with the script in the initramfs and with snpvmm-guest'
cp examples/debian.yaml "$T/linux/"
call check "$T/linux/debian.yaml"
wants 2
[ "$(grep -c -v -e '^  fix: ' -e 'boot\.\(kernel\|initrd\): cannot open' "$T/err")" = 0 ] || wrong "$(cat "$T/err")"
grep -q '^  cmdline: .* snpvmm\.test$' examples/debian.yaml || wrong 'no snpvmm.test'
"${SNPVMM%/snpvmm}/snpvmm-guest" ready >"$T/ready"
expression=$(sed -n "s/^    - '\(.*\)' #.*/\1/p" examples/debian.yaml)
grep -q -e "$expression" "$T/ready" || wrong "'$expression' is not what snpvmm-guest prints: $(cat "$T/ready")"

if [ -e /usr/share/initramfs-tools/hook-functions ]; then
  begin 'the hook finds the program where make install puts it, and reports if it is missing'
  mkdir -p "$T/dest" "$T/there"
  sed "s|/usr/local/bin|$T/there|" examples/snpvmm-guest.initramfs-hook >"$T/hook"
  run env PATH=/usr/bin:/sbin:/bin DESTDIR="$T/dest" CONFDIR="$T" version="$(uname -r)" verbose=n sh "$T/hook"
  if ! env PATH=/usr/bin:/sbin:/bin sh -c 'command -v snpvmm-guest' >"$T/found"; then
    wants 1
    err_has 'install snpvmm first (make install)'
  fi
  cp "${SNPVMM%/snpvmm}/snpvmm-guest" "$T/there/"
  run env PATH=/usr/bin:/sbin:/bin DESTDIR="$T/dest" CONFDIR="$T" version="$(uname -r)" verbose=n sh "$T/hook"
  err_lacks 'install snpvmm first'
  [ -x "$T/dest/usr/bin/snpvmm-guest" ] || wrong "it did not copy it: $(cat "$T/err")"
else
  skip 'the hook finds the program' 'there is no initramfs-tools'
fi

if python3 -c 'import yaml' 2>/dev/null; then
  for file in examples/*.yml examples/*.yaml; do
    begin "$file is YAML"
    run python3 -c 'import sys, yaml; assert isinstance(yaml.safe_load(open(sys.argv[1])), dict)' "$file"
    wants 0
  done
else
  skip 'examples are YAML' 'python3 lacks yaml'
fi

# The one command line of a file, as words, without the scheduler's syntax.
command_of() { # FILE
  sed -n '/^ *#/d; s/ >.*//; s/.*snpvmm\(,* run\)/snpvmm\1/p' "$1" | tr -d '],'
}

SCHEDULERS='github-actions.yml gitlab-ci.yml snpvmm-smoke.service kubernetes-job.yaml'
for name in $SCHEDULERS; do
  file=examples/$name
  begin "$name: its command line works and leaves results"
  command_of "$file" >"$T/command"
  [ "$(grep -c . "$T/command")" = 1 ] || wrong "it has not one command: $(cat "$T/command")"
  results=$(sed -n 's/.* --results \([^ ]*\).*/\1/p' "$T/command")
  [ -n "$results" ] || wrong 'it keeps no results'
  grep -q -e ' --confine ' "$T/command" || wrong 'it is not confined'
  set -f
  # shellcheck disable=SC2046 # words
  set -- $(sed "s|^snpvmm ||; s| --results [^ ]*| --results $T/results/$name|; s|$HERE/||g" "$T/command")
  set +f
  for word; do last_word=$word; done
  [ -e "$last_word" ] || wrong "there is no $last_word"
  if kvm_usable; then
    call "$@" --platform kvm
    wants 0
    for result in result.json junit.xml serial.log; do
      [ -s "$T/results/$name/$result" ] || wrong "there is no $result in what it leaves"
    done
  else
    call "$@" --platform kvm --help # nothing is run, and an option that there isn't is still an error
    wants 0
  fi
  file_has "$file" "$name" "$results"
done
kvm_usable || skip 'the command lines of examples/ are run' 'there is no /dev/kvm for this user'

said() { # FILE LINE...: each of them is one of the file's
  file=examples/$1
  shift
  for line; do grep -q -x -F -e "$line" "$file" || wrong "$file lacks the line: $line"; done
}

begin 'the results are where the scheduler looks for them'
said github-actions.yml '          path: results/' '        if: always()'
said gitlab-ci.yml '    paths: [results/]' '    when: always'
glob=$(sed -n 's/^      junit: \([^ ]*\).*/\1/p' examples/gitlab-ci.yml)
if kvm_usable; then # each test once
  for matrix in '{}' '{vcpus: [1, 2]}'; do
    rm -rf "$T/shown"
    call run --platform kvm ${matrix:+--set "matrix=$matrix"} --results "$T/shown/results" examples/smoke.yaml
    # shellcheck disable=SC2016 # for bash, whose globstar is as GitLab's
    run bash -O globstar -c 'cd "$0" && cat $1' "$T/shown" "$glob"
    [ "$(grep -c '<testcase ' "$T/out")" = "$(find "$T/shown" -name result.json | wc -l)" ] || wrong "of $matrix '$glob' has: $(cat "$T/out")"
  done
fi
said snpvmm-smoke.service 'StateDirectory=snpvmm-smoke'
grep -q ' --results %S/snpvmm-smoke/' examples/snpvmm-smoke.service || wrong 'the service keeps them elsewhere'
said kubernetes-job.yaml '              mountPath: /results'

begin 'a skipped run is distinguished from a failed one'
said gitlab-ci.yml '    exit_codes: 77 # this runner cannot launch SNP guests: a warning'
said snpvmm-smoke.service SuccessExitStatus=77
for name in github-actions.yml gitlab-ci.yml snpvmm-smoke.service; do
  command_of "examples/$name" | grep -q -e ' --skip-unsupported ' || wrong "$name does not ask for it"
done

begin "github-actions.yml: the job's status is that of snpvmm, except 77"
sed -n '/^        run: |$/,/^$/{/run: |$/d; s/^          //p;}' examples/github-actions.yml >"$T/step"
mkdir "$T/stub"
# shellcheck disable=SC2016 # for the stub
printf '#!/bin/sh\nexit "$STATUS"\n' >"$T/stub/snpvmm" && chmod +x "$T/stub/snpvmm"
for pair in 0:0 1:1 77:0 99:99 124:124; do
  run env STATUS="${pair%:*}" PATH="$T/stub:$PATH" bash -e "$T/step"
  wants "${pair#*:}"
  case $pair in 77:*) out_has '::notice::skipped' ;; *) out_is '' ;; esac
done

begin "a guest cannot command the scheduler through the job's log"
for name in github-actions.yml gitlab-ci.yml; do
  grep -q '^[^#]*snpvmm run .* >/dev/null' "examples/$name" || wrong "$name has the console in the log"
done
said snpvmm-smoke.service StandardOutput=null

begin 'the README has a paragraph about each'
for file in examples/*; do
  name=${file##*/}
  [ "$name" = README.md ] || grep -q -F "**[$name]($name)**" examples/README.md || wrong "there is none about $name"
done
grep -o ']([^)]*)' examples/README.md | sed 's/](\(.*\))/\1/' >"$T/links"
while read -r link; do
  [ -e "examples/$link" ] || wrong "it points at $link, which is not there"
done <"$T/links"

if command -v systemd-analyze >/dev/null; then
  begin 'systemd accepts service and timer'
  mkdir "$T/units"
  cp examples/snpvmm-smoke.timer "$T/units/"
  sed "s|^ExecStart=/usr/local/bin/snpvmm |ExecStart=$SNPVMM |" examples/snpvmm-smoke.service >"$T/units/snpvmm-smoke.service"
  run systemd-analyze verify --man=no "$T/units/snpvmm-smoke.service" "$T/units/snpvmm-smoke.timer"
  wants 0
  out_is ''
  grep snpvmm "$T/err" >>"$T/why"
else
  skip 'systemd accepts service and timer' 'there is no systemd-analyze'
fi

finish
