#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/cli/install.sh: make install installs each file where it belongs, readable by everyone, and make uninstall removes it.
# shellcheck source=tests/cli/lib.inc disable=SC1091
. tests/cli/lib.inc
: "${B:=build}"

# Without the flags of an outer make: its jobserver, and variables of another build.
make_() { # UMASK TARGET...
  umask "$1" && shift
  run env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL -u MAKEOVERRIDES -u PREFIX -u UDEVDIR make B="$B" SAN="${SAN-}" "$@"
  umask 022
}

files() { # FOLDER: mode and path of all that is below it
  (cd "$1" && find . -mindepth 1 -printf '%m %P%y\n') | sed 's/d$/\//; s/f$//' | LC_ALL=C sort -k 2
}

wanted() { # PREFIX
  {
    echo "755 $1/bin/snpvmm"
    echo "755 $1/bin/snpvmm-guest"
    echo "755 $1/bin/snpvmm-mkguest"
    echo "644 $1/share/snpvmm/guest-init"
    for page in snpvmm.1 snpvmm.yaml.5 snpvmm-guest.1 snpvmm-mkguest.1; do
      [ ! -e "$page" ] || echo "644 $1/share/man/man${page##*.}/$page"
    done
    echo "644 $1/share/man/man7/snpvmm-errors.7"
    echo "644 $1/share/bash-completion/completions/snpvmm"
    echo "644 $1/share/zsh/site-functions/_snpvmm"
    echo "644 $1/share/fish/vendor_completions.d/snpvmm.fish"
    echo "644 $1/share/snpvmm/manifest.schema.json"
    [ ! -e result.schema.json ] || echo "644 $1/share/snpvmm/result.schema.json"
    for file in examples/* README.md CHANGELOG.md snpvmm.yaml.example LICENSE; do echo "644 $1/share/doc/snpvmm/$file"; done
    echo "644 $1/lib/udev/rules.d/60-snpvmm.rules"
  } | awk '{
    print
    while (sub(/\/[^\/]*$/, "", $2)) if (!seen[$2]++) print "755 " $2 "/"
  }' | LC_ALL=C sort -k 2
}

begin 'make all builds everything that is installed'
make_ 022 all
wants 0

for prefix in usr opt/a; do
  begin "PREFIX=/$prefix has every file, whatever the umask"
  mkdir "$T/root"
  make_ 077 install DESTDIR="$T/root" PREFIX="/$prefix"
  wants 0
  files "$T/root" >"$T/have"
  wanted $prefix >"$T/want"
  diff -u "$T/want" "$T/have" >>"$T/why"

  begin "PREFIX=/$prefix: a second time changes nothing"
  make_ 022 install DESTDIR="$T/root" PREFIX="/$prefix"
  wants 0
  files "$T/root" | diff -u "$T/have" - >>"$T/why"

  begin "PREFIX=/$prefix: no file names another place"
  if grep -r -l -F /usr/local "$T/root" --exclude=snpvmm --exclude=CHANGELOG.md >"$T/others"; then
    wrong "these name /usr/local: $(cat "$T/others")"
  fi
  for where in "bin/snpvmm:share/doc/snpvmm/examples/snpvmm-smoke.service" \
    "share/doc/snpvmm/examples/smoke.yaml:share/doc/snpvmm/examples/snpvmm-smoke.service" \
    "share/doc/snpvmm/examples/snpvmm-guest:share/man/man1/snpvmm-guest.1"; do
    grep -q -F -e "/$prefix/${where%:*}" "$T/root/$prefix/${where#*:}" || wrong "${where#*:} does not name /$prefix/${where%:*}"
  done

  begin "PREFIX=/$prefix: program, completion and schema are those of this build"
  there=$T/root/$prefix
  run "$there/bin/snpvmm" measure "$EXAMPLE"
  wants 0
  cp "$T/out" "$T/digest"
  call measure "$EXAMPLE"
  cmp -s "$T/out" "$T/digest" || wrong 'it measures something else'
  for said in 'completion bash:bash-completion/completions/snpvmm' 'completion zsh:zsh/site-functions/_snpvmm' \
    'completion fish:fish/vendor_completions.d/snpvmm.fish' 'schema:snpvmm/manifest.schema.json'; do
    # shellcheck disable=SC2086 # a command and its argument
    call ${said%:*}
    cmp -s "$T/out" "$there/share/${said#*:}" || wrong "${said#*:} is not what '${said%:*}' prints"
  done

  begin "PREFIX=/$prefix: uninstall removes all our files and folders, and no others"
  : >"$T/root/$prefix/bin/other"
  make_ 022 uninstall DESTDIR="$T/root" PREFIX="/$prefix"
  wants 0
  [ -z "$(find "$T/root" ! -type d ! -name other)" ] || wrong "there are still: $(find "$T/root" ! -type d)"
  [ -z "$(find "$T/root" -name 'snpvmm*')" ] || wrong "there is still: $(find "$T/root" -name 'snpvmm*')"
  [ -e "$T/root/$prefix/bin/other" ] || wrong "another's file is gone"
  make_ 022 uninstall DESTDIR="$T/root" PREFIX="/$prefix"
  wants 0
  rm -rf "$T/root"
done

begin 'UDEVDIR moves only the rule'
make_ 022 install DESTDIR="$T/a b" UDEVDIR=/etc/udev
wants 0
[ -e "$T/a b/etc/udev/rules.d/60-snpvmm.rules" ] || wrong 'it is not there'
[ -e "$T/a b/usr/local/bin/snpvmm" ] || wrong 'the program is not in /usr/local/bin'
[ ! -e "$T/a b/usr/local/lib" ] || wrong 'it is in the usual place as well'

if udevadm verify --help >/dev/null 2>&1; then
  begin 'udev accepts the rule'
  run udevadm verify --no-summary udev/60-snpvmm.rules
  wants 0
else
  skip 'udev accepts the rule' 'there is no udevadm verify'
fi

if command -v man >/dev/null; then
  begin 'man finds the page'
  make_ 022 install DESTDIR="$T/man" PREFIX=/usr
  run man -M "$T/man/usr/share/man" -w snpvmm
  wants 0
  out_is "$T/man/usr/share/man/man1/snpvmm.1"
else
  skip 'man finds the page' 'there is no man'
fi

finish
