#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/cli/mkguest.sh: snpvmm-mkguest, without a network; tests/snp/on_host.sh boots what it makes.
# shellcheck source=tests/cli/lib.inc disable=SC1091
. tests/cli/lib.inc
MKGUEST=guest/mkguest/snpvmm-mkguest
busybox=/bin/busybox
if ! ldd $busybox 2>&1 | grep -q 'not a dynamic'; then
  echo 'skip snpvmm-mkguest: no static busybox (in Debian: busybox-static)'
  exit 0
fi
make_guest() { # ARGUMENT...
  sh $MKGUEST --busybox $busybox --guest "$B/snpvmm-guest" "$@" >"$T/said" 2>&1
  status=$?
}
listing() { # INITRD
  gzip -dc "$1" | $busybox cpio -t 2>/dev/null
}
contents() { # INITRD NAME
  gzip -dc "$1" | (mkdir -p "$T/x" && cd "$T/x" && $busybox cpio -i -d -u "$2" 2>/dev/null; cat "$2")
}

begin 'a kernel, an initramfs and a manifest, with what was given'
kernel=${SNPVMM_KERNEL:-$B/guest/vmlinuz-6.12}
[ -r "$kernel" ] || { kernel=$T/kernel && echo kernel >"$kernel"; }
mkdir -p "$T/modules/kernel" "$T/folder/deep"
echo inside >"$T/folder/deep/file"
printf 'depends=other-one\0' >"$T/modules/kernel/first.ko"
printf 'depends=\0' | gzip >"$T/modules/kernel/other-one.ko.gz"
guest() { # DIR
  make_guest --kernel "$kernel" --modules "$T/modules" --module first --add "$T/folder" --add "$T/folder/deep/file:/etc/" \
    --add="$T/folder/deep/file:etc/other name" --run "echo 'it runs'; exit 3" "$1"
}
guest "$T/guest"
[ $status = 0 ] || wrong "status $status: $(cat "$T/said")"
listing "$T/guest/initrd.img" >"$T/list"
for name in init bin snpvmm/bin/busybox snpvmm/bin/sh snpvmm/bin/snpvmm-guest snpvmm/modules/first.ko snpvmm/modules/other_one.ko \
  folder/deep/file etc/file 'etc/other name'; do
  grep -q -x "$name" "$T/list" || wrong "no $name in it"
done
[ "$(contents "$T/guest/initrd.img" snpvmm/modules/order | tr '\n' ' ')" = 'other_one first ' ] || wrong 'not in the order of need'
[ "$(contents "$T/guest/initrd.img" etc/file)" = inside ] || wrong 'another file'
contents "$T/guest/initrd.img" snpvmm/run | tail -n 1 | grep -q -x "echo 'it runs'; exit 3" || wrong 'another command'
cmp -s "$kernel" "$T/guest/vmlinuz" || wrong 'another kernel'
[ "$(ls -A "$T/guest" | tr '\n' ' ')" = 'guest.yaml initrd.img vmlinuz ' ] || wrong "left behind: $(ls -A "$T/guest")"

begin 'what mmdebstrap lacks where an ordinary user may not have user namespaces'
mkdir -p "$T/no-ids"
printf '#!/bin/sh\necho "E: unable to pick chroot mode automatically (use --mode for manual selection)"\nexit 1\n' >"$T/no-ids/mmdebstrap"
chmod 755 "$T/no-ids/mmdebstrap"
PATH=$T/no-ids:$PATH make_guest --kernel "$kernel" --modules "$T/modules" --suite bookworm --packages iproute2 "$T/userland"
[ $status = 1 ] && grep -q 'packages needs newuidmap, and a range of IDs for .*subuid.*uidmap' "$T/said" || wrong "status $status: $(cat "$T/said")"

begin 'equal inputs give equal bytes'
sleep 1
guest "$T/again"
for file in initrd.img guest.yaml vmlinuz; do
  cmp "$T/guest/$file" "$T/again/$file" >>"$T/why" 2>&1
done

if [ "$kernel" = "$T/kernel" ]; then
  skip 'the manifest has no mistake' 'no kernel (SNPVMM_KERNEL)'
else
  begin 'the manifest has no mistake'
  call check "$T/guest/guest.yaml"
  wants 0
  call measure "$T/guest/guest.yaml"
  wants 0
fi

begin 'a module that a module needs is missing'
printf 'depends=gone\0' >"$T/modules/kernel/bad.ko"
make_guest --kernel "$kernel" --modules "$T/modules" --module bad "$T/none"
[ $status = 1 ] && grep -q 'the module bad needs the module gone' "$T/said" || wrong "status $status: $(cat "$T/said")"
[ -z "$(ls -A "$T/none")" ] || wrong "left behind: $(ls -A "$T/none")"

begin 'what is not there is said, and the guest that was there stays'
for row in '1:no module nothing:--module nothing' '1:there is no /none:--add /none' '1:cannot read the kernel /none:--kernel /none' \
  '77:no name of a package:--kernel no_package' '2:Usage:--surprise x' '2:Usage:other' '1:no snpvmm-guest:--guest /none'; do
  options=${row#*:*:} pattern=${row#*:}
  # shellcheck disable=SC2086 # its words
  make_guest --kernel "$kernel" --modules "$T/modules" $options "$T/guest"
  [ $status = "${row%%:*}" ] && grep -q -e "${pattern%%:*}" "$T/said" || wrong "$options: status $status: $(cat "$T/said")"
done
cmp "$T/guest/initrd.img" "$T/again/initrd.img" >>"$T/why" 2>&1
grep -q '^snpvmm-mkguest: error: ' "$T/said" || wrong "not said by it: $(cat "$T/said")"

# --- packages, which a stand-in for apt has ---

command -v dpkg-deb >/dev/null || { skip 'packages' 'no dpkg-deb'; finish; }
mkdir "$T/archive" "$T/apt"
deb() { # NAME FIELDS FILE...: a package with files that have their own names in them
  mkdir -p "$T/deb/DEBIAN"
  printf 'Package: %s\nVersion: 1\nArchitecture: amd64\nMaintainer: nobody <nobody@example.org>\nDescription: none\n%s' "$1" "$2" >"$T/deb/DEBIAN/control"
  name=$1
  shift 2
  for file; do
    mkdir -p "$T/deb/$(dirname "$file")"
    printf '%s\0depends=\0' "$file" >"$T/deb/$file"
  done
  dpkg-deb -Znone -b "$T/deb" "$T/archive/$name.deb" >/dev/null
  rm -r "$T/deb"
}
old=lib/modules/6.7.9-cloud-amd64 new=lib/modules/6.7.10-cloud-amd64
deb linux-image-6.7.9-cloud-amd64 '' boot/vmlinuz-6.7.9-cloud-amd64 $old/virtio_rng.ko
deb linux-image-6.7.10-cloud-amd64 '' boot/vmlinuz-6.7.10-cloud-amd64 $new/virtio_rng.ko $new/sev-guest.ko
deb linux-image-6.7.11-rt-amd64 '' boot/vmlinuz-6.7.11-rt-amd64
deb linux-image-parts 'Depends: kmod, linux-base (>= 4), linux-binary-parts (= 1), linux-modules-parts (= 1)
Suggests: linux-tools, linux-modules-extra-parts
'
deb linux-binary-parts '' boot/vmlinuz-parts
deb linux-modules-parts '' usr/lib/modules/parts/virtio_rng.ko
deb linux-modules-extra-parts '' usr/lib/modules/parts/extra/sev-guest.ko
# Which lists are asked: this machine's, own ones of the same places, or Debian's. $T/places says which of them have packages.
cat >"$T/apt/apt-get" <<STUB
#!/bin/sh
if grep -q SourceList "\$APT_CONFIG"; then place=debian; elif grep -q Dir::State::Lists "\$APT_CONFIG"; then place=fresh; else place=machine; fi
[ \$place != debian ] || cp "\${APT_CONFIG%/*}/sources.list" "$T/sources"
grep -q -w "\$place" "$T/places" || { echo "\${0##*/} \$1 in \$place" >>"$T/asked"; [ ! -e "$T/complaint" ] || cat "$T/complaint" >&2; exit 100; }
case "\${0##*/} \$*" in
*download*) for name; do :; done; cp "$T/archive/\$name.deb" "\${name}_1_amd64.deb" ;;
apt-cache\ depends*) [ ! -e "$T/archive/\$2.deb" ] || echo "\$2" ;;
apt-cache\ pkgnames*) cd "$T/archive" && ls "\$2"*.deb | sed 's/[.]deb\$//' ;;
esac
STUB
chmod +x "$T/apt/apt-get"
cp "$T/apt/apt-get" "$T/apt/apt-cache"
packaged() { # KERNEL PLACE...: makes a guest of a package that only these places have
  rm -rf "$T/cache" "$T/asked" "$T/packaged"
  package=$1
  shift
  echo "$*" >"$T/places"
  (export PATH="$T/apt:$PATH" SNPVMM_CACHE="$T/cache" && make_guest --kernel "$package" --run true "$T/packaged" && exit $status)
  status=$?
}

begin 'a series is its newest kernel of that flavour'
packaged linux-image-6.7-cloud-amd64 machine
grep -q vmlinuz-6.7.10-cloud-amd64 "$T/packaged/vmlinuz" || wrong "status $status: $(cat "$T/said")"
! grep warning "$T/said" >>"$T/why" || wrong 'it warns'

begin 'a kernel in several packages has its modules, also those that are only suggested'
packaged linux-image-parts machine
grep -q vmlinuz-parts "$T/packaged/vmlinuz" || wrong "status $status: $(cat "$T/said")"
listing "$T/packaged/initrd.img" >"$T/list"
for module in sev_guest virtio_rng; do
  grep -q -x "snpvmm/modules/$module.ko" "$T/list" || wrong "no $module"
done

begin 'the cache may have a relative path, and a file two blanks at its end'
echo odd >"$T/odd  "
rm -rf "$T/cache"
echo machine >"$T/places"
(here=$PWD guest=$(realpath "$B/snpvmm-guest") && cd "$T" &&
  PATH="$T/apt:$PATH" SNPVMM_CACHE=cache sh "$here/$MKGUEST" --busybox $busybox --guest "$guest" \
    --kernel linux-image-parts --add 'odd  ' relative >said 2>&1) || wrong "status $?: $(cat "$T/said")"
[ -s "$T/cache/linux-image-parts.deb" ] || wrong 'nothing is in the cache'
[ "$(contents "$T/relative/initrd.img" 'odd  ')" = odd ] || wrong 'another file'

begin 'what is in the cache needs no apt'
(export PATH="$T/apt:$PATH" SNPVMM_CACHE="$T/cache" && : >"$T/places" && make_guest --kernel linux-image-parts --run true "$T/cached")
cmp "$T/packaged/initrd.img" "$T/cached/initrd.img" >>"$T/why" 2>&1

begin 'a kernel without the sev-guest driver is said to be one'
packaged linux-image-6.7.9-cloud-amd64 machine
grep -q 'warning: this kernel lacks the sev-guest driver' "$T/said" || wrong "status $status: $(cat "$T/said")"

begin "what this machine's lists lack is looked for in fresh ones"
packaged linux-image-parts fresh
[ $status = 0 ] || wrong "status $status: $(cat "$T/said")"
! grep -q debian "$T/asked" || wrong "Debian's archive was asked, too"

if [ -r /usr/share/keyrings/debian-archive-keyring.gpg ]; then
  begin "and then in Debian's archive, at the mirror that is named"
  SNPVMM_MIRROR=http://mirror.example/debian/ packaged linux-image-parts debian
  [ $status = 0 ] || wrong "status $status: $(cat "$T/said")"
  for line in '/debian trixie main' '/debian-security trixie-security main'; do
    grep -q "^deb .* http://mirror.example$line\$" "$T/sources" || wrong "not '$line': $(cat "$T/sources")"
  done
else
  begin 'without the keys of Debian, its archive is not asked'
  packaged linux-image-parts debian
  [ $status = 77 ] && grep -q 'apt-get install debian-archive-keyring' "$T/said" || wrong "status $status: $(cat "$T/said")"
fi

begin 'without a network, or without space, that is said'
for complaint in 'W: Failed to fetch http://deb.example/ Could not resolve it' 'E: Write error - write (28: No space left on device)'; do
  printf 'E: Unable to locate package\n%s\n' "$complaint" >"$T/complaint"
  packaged linux-image-parts
  [ $status = 77 ] && grep -q -F "snpvmm-mkguest: error: cannot get the package linux-image-parts: $complaint" "$T/said" || wrong "status $status: $(cat "$T/said")"
  [ -z "$(find "$T/cache" "$T/packaged" -mindepth 1)" ] || wrong "left behind: $(ls -A "$T/cache" "$T/packaged")"
done
finish
