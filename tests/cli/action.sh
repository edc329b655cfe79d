#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/cli/action.sh: action.yml and packaging/ci.sh, the steps of CI jobs, with a host that snpvmm-fake plays.
# shellcheck source=tests/cli/lib.inc disable=SC1091
. tests/cli/lib.inc
: "${B:=build}"
case $B in /*) ;; *) B=$PWD/$B ;; esac

# The action's folder: its own files, a Makefile that tells what was asked of it, and programs that say what they were given.
mkdir -p "$T/action/packaging" "$T/action/contrib/snp-host" "$T/action/build/snp-host" "$T/action/tests" "$T/job/guests"
cp action.yml "$T/action/"
cp packaging/ci.sh "$T/action/packaging/"
# shellcheck disable=SC2016 # for make
printf 'all deps:\n\t@echo "make $@" >>%s\nsnp-host:\n\t@echo "make $@" >>%s && cp %s build/snp-host/\n' "$T/made" "$T/made" "$T/snp-host" \
  >"$T/action/Makefile"
cat >"$T/action/build/snpvmm" <<STUB
#!/bin/sh
[ "\$1" != doctor ] || exit "\$DOCTOR"
printf '%s\n' "\$@" >$T/given
exec $B/tests/snpvmm-fake "\$@"
STUB
# The emulated host: its command is run here.
echo 'its sources' >"$T/action/contrib/snp-host/build.sh"
cat >"$T/snp-host" <<STUB
#!/bin/sh
echo emulated >>$T/made
while [ "\$1" != -- ]; do echo "\$1" >>$T/made && shift; done
shift
exec "\$@"
STUB
chmod +x "$T/action/build/snpvmm" "$T/snp-host"
echo ': "$@"' >"$T/action/tests/deps.sh"
cp examples/smoke.yaml "$T/job/guests/"
sed 's/exit: 0/exit: 3/' examples/smoke.yaml >"$T/job/guests/three.yaml"
printf '%s\n' 'print "::error::from the guest\n"' 'out 0xf4 1 0' >"$T/script"
grep -q -x '  exit: 3' "$T/job/guests/three.yaml" || exit 1

action() { # DOCTOR'S-STATUS INPUT=VALUE...
  rm -rf "$T/made" "$T/given" "$T/job/results"
  doctor=$1
  shift
  # shellcheck disable=SC2016 # for the inner shell
  run env -u B -u MAKEFLAGS -u MAKELEVEL -u MFLAGS DOCTOR="$doctor" FAKE_SCRIPT="$T/script" sh -c 'here=$PWD && cd "$0" && exec python3 "$here/tests/cli/action.py" ../action/action.yml "$@"' \
    "$T/job" "$@"
}
made() { # LINE...
  printf '%s\n' "$@" | cmp -s - "$T/made" || wrong "other steps: $(cat "$T/made")"
}

if python3 -c 'import yaml' 2>/dev/null; then
  begin 'on a runner with SEV-SNP the action launches there'
  action 0 manifest=guests/smoke.yaml
  wants 0
  made 'make deps' 'make all'
  out_is 'actions/upload-artifact@v4 name=snpvmm path=results if-no-files-found=error
host=snp
status=0'
  [ -s "$T/job/results/junit.xml" ] || wrong 'there are no results'

  begin 'on another it builds the emulated host, with a cache, and says that it protects nothing'
  action 1 manifest=guests/smoke.yaml artifact=
  wants 0
  made 'make deps' 'make all' 'make snp-host' emulated run --env GITHUB_ACTIONS=true
  grep -q -E "^actions/cache@v4 path=$T/action/build/snp-host key=snp-host-[a-z]+[0-9.]*-[0-9a-f]{16}\$" "$T/out" || wrong "no cache: $(cat "$T/out")"
  out_has 'host=emulated
status=0'
  ! grep -q upload-artifact "$T/out" || wrong 'it uploads'
  err_has '::notice::The SEV-SNP host is emulated: nothing is encrypted'

  begin 'an emulated host that was kept is not built again'
  action 1 manifest=guests/smoke.yaml artifact=
  wants 0
  made 'make deps' 'make all' emulated run --env GITHUB_ACTIONS=true

  begin "the guest's console is not in the job's log"
  ! grep -q 'from the guest' "$T/out" "$T/err" || wrong 'it is'
  grep -q '::error::from the guest' "$T/job/results/serial.log" || wrong 'nor in the results'

  begin 'a guest that fails fails the step, is an annotation, and leaves its results'
  action 0 manifest=guests/three.yaml results=kept/here
  wants 1
  err_has '::error file=guests/three.yaml'
  out_has 'actions/upload-artifact@v4 name=snpvmm path=kept/here' 'status=1'
  [ -s "$T/job/kept/here/result.json" ] || wrong 'there are no results'

  begin 'skip-unsupported: a guest that the host cannot launch does not fail the step'
  printf 'flags no-snp\n' >"$T/script"
  action 0 manifest=guests/smoke.yaml skip-unsupported=true
  wants 0
  err_has '::notice::skipped: this machine cannot launch the guest'
  out_has 'status=77'
  action 0 manifest=guests/smoke.yaml
  wants 99
  out_has 'status=99'

  begin 'each input is an argument, whatever is in it, and a manifest outside of the folder is refused'
  # shellcheck disable=SC2016 # nobody expands it
  action 0 manifest='guests/smoke.yaml
guests/$(id);three.yaml' confine=guests timeout=5m arguments='--set
name="a b"'
  wants 2
  # shellcheck disable=SC2016
  printf '%s\n' run --timeout 5m --confine guests --results results --set 'name="a b"' -- guests/smoke.yaml 'guests/$(id);three.yaml' |
    cmp -s - "$T/given" || wrong "other arguments: $(cat "$T/given")"
  action 0 manifest=guests/smoke.yaml confine="$T/action"
  wants 2
  err_has '[outside-confine]'

  begin 'host: emulated never runs on this machine, and an unknown host is an error'
  action 0 manifest=guests/smoke.yaml host=emulated
  grep -q -x emulated "$T/made" || wrong 'it was not asked'
  action 0 manifest=guests/smoke.yaml host=fast
  wants 2
  err_has 'packaging/ci.sh: no such host: fast (auto, snp, emulated)'
else
  skip 'the action runs' 'python3 lacks yaml'
fi

begin "the key of the cache changes with the emulated host's sources"
key() { env -u B -u MAKEFLAGS -u MAKELEVEL -u MFLAGS sh "$T/action/packaging/ci.sh" key; }
key >"$T/key"
key | cmp -s - "$T/key" || wrong 'it changes by itself'
echo '# more' >>"$T/action/contrib/snp-host/build.sh"
! key | cmp -s - "$T/key" || wrong 'it does not'

begin 'the examples use this version'
version=$(sed -n 's/^## \([0-9][^ ]*\).*/\1/p' CHANGELOG.md | head -n 1)
for said in "github-actions.yml:OWNER/snpvmm@v$version" "gitlab-ci.yml:--branch v$version" "gitlab-ci.yml:key: snp-host-$version"; do
  grep -q -F -e " ${said#*:} " -e " ${said#*:}" "examples/${said%%:*}" || wrong "examples/${said%%:*} lacks ${said#*:}"
done

finish
