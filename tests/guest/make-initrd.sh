#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/guest/make-initrd.sh OUT KERNELDIR TOOLS GUEST [--busybox FILE] [--module NAME]...: the test guest's initrd.
#
# OUT ends in .cpio or .cpio.gz. KERNELDIR is what fetch.sh makes of a kernel's package, TOOLS has mkcpio, and GUEST
# is snpvmm-guest (make guest-tools). Without --busybox, fetch.sh gets Debian's static one. The guest loads
# sev-guest, if its kernel has it, then each NAME, which it must have; what they depend on comes before them.
# Equal inputs give equal bytes. Status 77: no busybox to be had.
set -eu

die() {
  echo "make-initrd.sh: $*" >&2
  exit 1
}
usage() {
  sed -n 's/^# tests.guest.make-initrd.sh/usage: make-initrd.sh/p' "$0" >&2
  exit 2
}

[ $# -ge 4 ] || usage
here=$(dirname "$0")
out=$1 kernel=$2 tools=$3 guest=$4 busybox='' wanted=''
shift 4
while [ $# -gt 0 ]; do
  [ $# -ge 2 ] || usage
  case $1 in
    --busybox) busybox=$2 ;;
    --module) wanted="$wanted $2" ;;
    *) usage ;;
  esac
  shift 2
done
builtin=$(find "$kernel" -name modules.builtin)
[ -n "$builtin" ] || die "$kernel holds no kernel as fetch.sh unpacks it"
for tool in "$tools/mkcpio" "$guest"; do
  [ -x "$tool" ] || die "no $tool (make guest-tools)"
done

mkdir -p "$(dirname "$out")"
work=$(mktemp -d "$(dirname "$out")/.initrd.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' HUP INT TERM

# A module's name has underscores where its file may have dashes.
plain() {
  tr - _
}

module_file() { # NAME; empty if there is none
  find "$(dirname "$builtin")" -name '*.ko*' | while read -r file; do
    name=$(basename "$file" | sed 's/\.ko.*//' | plain)
    [ "$name" != "$1" ] || echo "$file"
  done
}

is_builtin() { # NAME
  sed 's/.*\///; s/\.ko$//' "$builtin" | plain | grep -qx "$1"
}

module_unpack() { # FILE
  case $1 in
    *.ko) cat "$1" ;;
    *.ko.xz) "$busybox" xzcat "$1" ;;
    *.ko.zst) zstd -dcq "$1" ;;
    *.ko.gz) gzip -dc "$1" ;;
    *) die "$1: packed in an unknown way" ;;
  esac
}

# A package has no modules.dep, depmod makes it when a kernel is installed; each module says what it needs.
module_needs() { # FILE
  tr '\0' '\n' <"$1" | sed -n 's/^depends=//p' | tr , ' '
}

modules=''
module_add() { # NAME: after what it depends on, and once. False if the kernel has no such module
  case " $modules " in
    *" $1 "*) return 0 ;;
  esac
  ! is_builtin "$1" || return 0
  set -- "$1" "$(module_file "$1")"
  [ -n "$2" ] || return 1
  module_unpack "$2" >"$work/$1.ko" || die "cannot unpack $2"
  for need in $(module_needs "$work/$1.ko" | plain); do
    module_add "$need" || die "$1 needs the module $need, which $kernel lacks"
  done
  modules="$modules $1"
}

busybox_find() {
  [ -z "$busybox" ] || return 0
  sh "$here/fetch.sh" busybox-static "$work/busybox"
  busybox=$(find "$work/busybox" -path '*bin/busybox')
  [ -n "$busybox" ] || die "the package busybox-static holds no busybox"
}

list() { # of the archive, for mkcpio
  for dir in bin dev lib lib/modules proc root sys tmp; do
    echo "dir $dir 755"
  done
  echo "file init 755 $here/init"
  echo "file bin/busybox 755 $busybox"
  for applet in $("$busybox" --list | LC_ALL=C sort); do
    [ "$applet" = busybox ] || echo "link bin/$applet busybox"
  done
  echo "file bin/snpvmm-guest 755 $guest"
  echo "file lib/modules/load 644 $work/load"
  for module in $modules; do
    echo "file lib/modules/$module.ko 644 $work/$module.ko"
  done
}

busybox_find
# sev-guest asks for gcm(aes) by that name, which no `depends=` says.
for module in gcm ghash_generic; do
  module_add "$module" || true
done
module_add sev_guest ||
  echo "make-initrd.sh: this kernel has no sev-guest module: guests with it cannot report their measurement" >&2
for name in $wanted; do
  name=$(echo "$name" | plain)
  module_add "$name" || die "$kernel has no module $name"
done
for module in $modules; do
  echo "$module.ko"
done >"$work/load"
list >"$work/list"
"$tools/mkcpio" <"$work/list" >"$work/cpio"
case $out in
  *.gz) gzip -9 -n <"$work/cpio" >"$work/out" ;;
  *) mv "$work/cpio" "$work/out" ;;
esac
mv "$work/out" "$out"
