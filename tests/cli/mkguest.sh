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
finish
