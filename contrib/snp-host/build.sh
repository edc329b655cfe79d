#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# contrib/snp-host/build.sh OUT [KERNEL]...: makes the emulated SNP host in the folder OUT, for snp-host to run.
#
# KERNEL is a series of Linux, such as 6.12 (the default) or 7.3, or the name of a package, such as
# linux-image-6.18.15+deb13-amd64. What is there already is not made again, unless a source here has changed. QEMU is built
# in the folder OUT-work, which is removed afterwards; KEEP=yes keeps it, for whoever changes the emulation.
#
# QEMU's source, the kernels, and what else the host consists of are packages of Debian, which apt downloads and whose
# signatures it checks. It works in a folder of its own, so it needs no root, changes nothing on this machine, and takes
# the same packages everywhere. The folder is $SNPVMM_CACHE, else ${XDG_CACHE_HOME:-$HOME/.cache}/snpvmm. The mirror is
# $SNPVMM_MIRROR, else the one that this machine uses. JOBS is how many compilers run at once. Status 77: not to be had here.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
cache=${SNPVMM_CACHE:-${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}/snpvmm}/snp-host
case $cache in /*) ;; *) cache=$PWD/$cache ;; esac # apt is called from other folders
# Debian's name for whichever mirror is near, for machines that use no mirror of Debian, such as Ubuntu.
any_mirror=http://deb.debian.org/debian
qemu_release=bookworm # its QEMU is the one that qemu/qemu.patch is for
newer_release=trixie  # and this one has newer kernels, in its backports
key=/usr/share/keyrings/debian-archive-keyring.gpg

say() {
  echo "snp-host: $*" >&2
}
die() { # STATUS WHAT...
  status=$1
  shift
  say "error: $*"
  exit "$status"
}
cannot() { # WHAT [WHY]: apt could not get it
  [ ! -s "$work/unread" ] ||
    die 77 "cannot get $1: $mirror cannot be read: $(cat "$work/unread") (is there a network? SNPVMM_MIRROR names another mirror)"
  why=$(grep -m 1 -h '^E:' "$work/why" 2>/dev/null || true)
  die 77 "cannot get $1${2:+: $2}${why:+ (apt: $why)}"
}

# --- apt, in a folder of its own ---

mirror_here() { # of Debian, that this machine uses
  # shellcheck disable=SC2016 # apt's variables
  apt-get indextargets --format '$(ORIGIN) $(CODENAME) $(REPO_URI)' 2>/dev/null |
    awk '$1 == "Debian" && $2 !~ /-/ && $3 ~ /^http/ { print $3; exit }'
}

apt_check() {
  for tool in apt-get apt-cache dpkg-deb dpkg-source; do
    command -v $tool >/dev/null 2>&1 || die 77 "there is no $tool: the emulated host is made of Debian's packages (in Debian and Ubuntu: apt-get install dpkg-dev)"
  done
  [ -r $key ] || die 77 "there is no $key, with which apt checks packages of Debian (in Debian and Ubuntu: apt-get install debian-archive-keyring)"
  mkdir -p "$cache/apt/lists/partial" "$cache/apt/archives/partial" 2>/dev/null || true
  [ -w "$cache/apt/archives/partial" ] || die 77 "cannot write to $cache (SNPVMM_CACHE names another folder)"
}

apt_sources() { # which releases, as a sources.list
  while read -r type suite; do
    case $suite in *-security) where=$mirror-security ;; *) where=$mirror ;; esac
    echo "$type [signed-by=$key] $where $suite main"
  done <<LIST
deb $qemu_release
deb $qemu_release-security
deb $newer_release-backports
deb-src $qemu_release
deb-src $qemu_release-security
LIST
}

apt_setup() { # once, before the first package
  [ -z "${mirror:-}" ] || return 0
  apt_check
  mirror=${SNPVMM_MIRROR:-$(mirror_here)}
  mirror=${mirror:-$any_mirror}
  mirror=${mirror%/}
  apt_sources >"$work/sources.list"
  cmp -s "$work/sources.list" "$cache/apt/sources.list" || rm -f "$cache/apt/fresh"
  cp "$work/sources.list" "$cache/apt/sources.list"
  cat >"$work/apt.conf" <<CONF
Dir::State "$cache/apt";
Dir::State::Lists "$cache/apt/lists";
Dir::State::status "/dev/null";
Dir::Cache "$cache/apt";
Dir::Etc::SourceList "$cache/apt/sources.list";
Dir::Etc::SourceParts "/dev/null";
Dir::Etc::Preferences "/dev/null";
Dir::Etc::PreferencesParts "/dev/null";
APT::Architecture "amd64";
APT::Architectures { "amd64"; };
APT::Sandbox::User "root";
APT::Get::List-Cleanup "false";
Acquire::Languages "none";
Acquire::Retries "2";
Acquire::http::Timeout "30";
Acquire::https::Timeout "30";
CONF
  export APT_CONFIG="$work/apt.conf"
}

lists_update() {
  say "reading Debian's lists of packages ($mirror)"
  apt-get -qq update >/dev/null 2>"$work/why" || true
  sed -n 's/^[EW]: Failed to fetch [^ ]* *//p' "$work/why" | head -n 1 >"$work/unread"
  [ ! -s "$work/unread" ] && ! grep -q '^E:' "$work/why" && touch "$cache/apt/fresh"
}

# With the lists that are there; if that fails, once more with today's.
with_lists() { # COMMAND...
  if [ -e "$cache/apt/fresh" ] && "$@" 2>"$work/why"; then return 0; fi
  [ "${updated:-no}" = no ] || return 1
  updated=yes
  lists_update && "$@" 2>"$work/why"
}

package_get() { # PACKAGE: downloads it, unless it is there, and prints where it is
  with_lists package_download "$1" || cannot "the package $1"
  echo "$cache/$file"
}
package_download() {
  file=$(apt-get -qq download --print-uris "$1" | awk '{ print $2 }') && [ -n "$file" ] && (cd "$cache" && apt-get -qq download "$1" >&2)
}
package_unpack() { # PACKAGE DIR
  deb=$(package_get "$1")
  mkdir -p "$2"
  dpkg-deb -x "$deb" "$2" || die 1 "$deb is damaged; remove it"
}

# --- QEMU ---

source_download() {
  dsc=$(apt-get -qq source --print-uris qemu | awk '$2 ~ /\.dsc$/ { print $2 }') && [ -n "$dsc" ] &&
    (cd "$cache" && apt-get -qq source --download-only qemu >&2)
}

own_sources() { # copies those that have changed to where QEMU has its likes
  for file in "$here"/qemu/*; do
    case ${file##*/} in
      amd-psp*) to=hw/misc ;;
      snp-emu.h) to=target/i386 ;;
      snp-*.c) to=target/i386/tcg/sysemu ;;
      snp-host.mak) to=configs/devices/x86_64-softmmu ;;
      qemu.patch) continue ;;
      *) die 1 "$file: own_sources in $here/build.sh does not say where in QEMU it goes" ;;
    esac
    cmp -s "$file" "$qemu/$to/${file##*/}" || cp "$file" "$qemu/$to/"
  done
}

qemu_unpack() { # DSC
  say "unpacking $1"
  rm -rf "$work_dir"
  mkdir -p "$work_dir"
  dpkg-source --no-check --no-copy -x "$cache/$1" "$qemu" >/dev/null 2>"$work/why" || die 1 "cannot unpack $cache/$1: $(tail -n 1 "$work/why")"
  patch -d "$qemu" -p1 -s -F 0 <"$here/qemu/qemu.patch" >"$work/why" 2>&1 ||
    die 1 "qemu/qemu.patch does not fit $1: $(head -n 3 "$work/why" | tr '\n' ' ')"
}

qemu_source() {
  with_lists source_download || cannot "QEMU's source" "Debian's archive at $mirror has none for $qemu_release"
  case $dsc in
    qemu_7.2*) ;;
    *) die 77 "the source is $dsc, and qemu/qemu.patch is for QEMU 7.2" ;;
  esac
  wanted="$dsc $(cksum <"$here/qemu/qemu.patch")"
  if [ "$(cat "$qemu/.source" 2>/dev/null)" != "$wanted" ]; then
    qemu_unpack "$dsc"
    echo "$wanted" >"$qemu/.source"
  fi
  own_sources
}

qemu_configure() {
  say "configuring QEMU"
  (cd "$work_dir/obj" && ../qemu/configure --cc="${CC:-gcc}" --target-list=x86_64-softmmu --without-default-features \
    --without-default-devices --with-devices-x86_64=snp-host --enable-tcg --enable-gcrypt --enable-trace-backends=log \
    --disable-werror --disable-docs --disable-tools --disable-guest-agent --enable-membarrier --enable-pie --disable-debug-info) >"$work_dir/configure.log" 2>&1 || {
    rm -f "$work_dir/obj/build.ninja"
    tail -n 5 "$work_dir/configure.log" >&2
    die 1 "QEMU cannot be configured; all that was said is in $work_dir/configure.log"
  }
}

qemu_build() {
  mkdir -p "$work_dir/obj" "$out/bin"
  [ -e "$work_dir/obj/build.ninja" ] || qemu_configure
  say "building QEMU; on two cores this takes about 8 minutes the first time"
  ninja -C "$work_dir/obj" -j "${JOBS:-$(nproc)}" qemu-system-x86_64 >"$work_dir/build.log" 2>&1 || {
    grep -m 5 -E 'error|FAILED' "$work_dir/build.log" >&2
    die 1 "QEMU cannot be built; all that was said is in $work_dir/build.log"
  }
  strip -o "$out/bin/.new" "$work_dir/obj/qemu-system-x86_64"
  mv "$out/bin/.new" "$out/bin/qemu-system-x86_64"
  echo "$sources" >"$out/bin/.sources"
  [ "${KEEP:-no}" = yes ] || rm -rf "$work_dir"
}

tsc_khz() {
  # shellcheck disable=SC2086 # CC may have words, as in ccache gcc
  ${CC:-gcc} -O2 -o "$out/bin/tsc-khz" "$here/tsc-khz.c" || die 1 'the C compiler does not work'
}

roms() { # what the machine runs before Linux
  [ ! -e "$out/bin/pc-bios/bios-256k.bin" ] || return 0
  package_unpack seabios "$work/roms"
  package_unpack qemu-system-data "$work/roms"
  mkdir -p "$out/bin/pc-bios"
  cp -L "$work"/roms/usr/share/qemu/linuxboot_dma.bin "$work"/roms/usr/share/qemu/kvmvapic.bin "$out/bin/pc-bios/"
  cp -L "$work"/roms/usr/share/seabios/bios-256k.bin "$out/bin/pc-bios/"
}

# --- the host's kernels ---

# The version in the name of a package, or the newest of a series.
kernel_versions() { # KERNEL
  case $1 in
    linux-image-*) apt-cache pkgnames "$1" | grep -F -x "$1" ;;
    *) apt-cache pkgnames "linux-image-$1" | grep -x "linux-image-$1[.+][^ ]*-amd64" | grep -v -E -e '-(cloud|rt)-amd64' | sort -V | tail -n 1 ;;
  esac | sed 's/^linux-image-//' >"$work/version"
  [ -s "$work/version" ]
}

module_file() { # NAME, which has underscores where its file may have dashes
  find "$work/kernel" -name "$(echo "$1" | sed 's/_/[_-]/g').ko*" | head -n 1
}
modules=''
module_add() { # NAME: after what it depends on, and once. False if this kernel has none of that name
  case " $modules " in *" $1 "*) return 0 ;; esac
  set -- "$1" "$(module_file "$1")"
  [ -n "$2" ] || return 1
  case $2 in
    *.xz) "$busybox" xzcat "$2" ;;
    *.ko) cat "$2" ;;
    *) die 1 "$2 is packed in an unknown way" ;;
  esac >"$root/lib/modules/$1.ko"
  for need in $(tr '\0' '\n' <"$root/lib/modules/$1.ko" | sed -n 's/^depends=//p' | tr ,- ' _'); do
    module_add "$need" || die 1 "the module $1 needs $need, which this kernel lacks"
  done
  modules="$modules $1"
}

kernel_there() { # KERNEL
  for there in "$out/kernels/${1#linux-image-}" "$out/kernels/$1".* "$out/kernels/$1"+*; do
    [ ! -e "$there/base.cpio" ] || return 0
  done
  return 1
}

kernel_unpack() { # VERSION: into $work/kernel; since 6.19 what was one package is several
  rm -rf "$work/kernel"
  for part in image binary modules; do
    if apt-cache pkgnames "linux-$part-$1" | grep -q -F -x "linux-$part-$1"; then
      package_unpack "linux-$part-$1" "$work/kernel"
    fi
  done
}

base_busybox() { # the userland, in $root
  package_unpack busybox-static "$work/busybox"
  busybox=$(find "$work/busybox" -path '*bin/busybox')
  mkdir -p "$root/bin"
  cp "$busybox" "$root/bin/busybox"
  for applet in $("$busybox" --list); do
    [ "$applet" = busybox ] || ln -s busybox "$root/bin/$applet"
  done
  (cd "$root" && mkdir -p dev etc mnt out proc root run sbin sys tmp && ln -s lib lib64)
}

base_modules() { # VERSION: KVM and what it needs, and what tests like to have
  mkdir -p "$root/lib/modules"
  for module in ccp kvm_amd; do
    module_add $module || die 1 "the kernel $1 has no module $module: choose a generic kernel, not one for guests"
  done
  for module in msr cpuid vhost_vsock; do
    module_add $module || true
  done
  echo "$modules" >"$root/lib/modules/order"
}

base_pack() { # the same bytes each time
  find "$root" -exec touch -h -d @0 {} +
  (cd "$root" && find . | LC_ALL=C sort | "$busybox" cpio -o -H newc -R 0:0 --ignore-devno --renumber-inodes) 2>"$work/why" || die 1 "$(cat "$work/why")"
}

kernel_add() { # KERNEL: OUT/kernels/VERSION gets vmlinuz, and base.cpio with modules and busybox
  with_lists kernel_versions "$1" || cannot "a kernel $1" "Debian's $qemu_release and $newer_release-backports have none of that name"
  version=$(cat "$work/version")
  say "making the host's kernel $version"
  rm -rf "$work/root" "$work/new"
  mkdir -p "$work/new" "$out/kernels"
  root=$work/root modules=''
  kernel_unpack "$version"
  base_busybox
  base_modules "$version"
  base_pack >"$work/new/base.cpio"
  vmlinuz=$(find "$work/kernel" -name 'vmlinuz*' -type f)
  [ -n "$vmlinuz" ] || die 1 "the packages of $version have no kernel"
  cp "$vmlinuz" "$work/new/vmlinuz"
  rm -rf "$out/kernels/$version"
  mv "$work/new" "$out/kernels/$version"
}

[ $# -ge 1 ] || {
  sed -n 's/^# contrib.snp-host.build.sh \([^:]*\):.*/usage: build.sh \1/p' "$0" >&2
  exit 2
}
mkdir -p "$1"
out=$(cd "$1" && pwd)
shift
[ $# -gt 0 ] || set -- 6.12
work=$(mktemp -d "$out/.new.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' HUP INT TERM
case $(uname -m) in x86_64) ;; *) die 77 'the emulated host is only for x86-64 machines' ;; esac

work_dir=$out-work qemu=$out-work/qemu
sources=$(cat "$here"/qemu/* "$here/tsc-khz.c" "$here/build.sh" | cksum)
for kernel; do
  kernel_there "$kernel" && continue
  apt_setup
  kernel_add "$kernel"
done
if [ "$(cat "$out/bin/.sources" 2>/dev/null)" != "$sources" ]; then
  apt_setup
  roms
  tsc_khz
  qemu_source
  qemu_build
fi
# Last: whoever finds snp-host there takes the host to be complete.
install -m 644 "$here/init" "$out/init"
install -m 755 "$here/snp-host" "$out/snp-host"
