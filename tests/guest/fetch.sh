#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/guest/fetch.sh PACKAGE OUTDIR: unpacks a Debian package into OUTDIR and installs nothing.
#
# linux-image-SERIES-cloud-amd64 (SERIES: 6.12, 6.1) stands for the newest such kernel that the distribution has,
# also where its metapackage is called linux-image-cloud-amd64. Of a kernel's package OUTDIR gets vmlinuz and the
# modules that a guest of ours can use.
#
# Packages are kept in $SNPVMM_CACHE, else ${XDG_CACHE_HOME:-$HOME/.cache}/snpvmm, as PACKAGE.deb; what lies
# there is used as it is, without network. To get newer ones, remove it. Status 77: not to be had here.
set -eu

cannot() { # WHY...
  echo "fetch.sh: cannot get $package: $*" >&2
  exit 77
}

[ $# = 2 ] || {
  echo "usage: fetch.sh PACKAGE OUTDIR" >&2
  exit 2
}
package=$1 out=$2
case $package in
  '' | *[!a-z0-9.+-]*) cannot "that is no package's name" ;;
esac
cache=${SNPVMM_CACHE:-${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}/snpvmm}
deb=$cache/$package.deb
work='' new=''
trap 'rm -rf ${work:+"$work"} ${new:+"$new"}' EXIT
trap 'exit 130' HUP INT TERM

# The kernel that a metapackage stands for; any other name stands for itself. Fails if apt knows no such name.
real_name() { # PACKAGE
  list=$(apt-cache depends "$1" 2>/dev/null) || return 1
  kernel=$(echo "$list" | sed -n 's/^ *|\{0,1\}Depends: \(linux-image-[^ ]*\)$/\1/p' | head -n 1)
  echo "${kernel:-$1}"
}

resolve() {
  real_name "$package" && return
  series=$(echo "$package" | sed -n 's/^linux-image-\([0-9.]*\)-cloud-amd64$/\1/p')
  name=$(real_name linux-image-cloud-amd64) || return 1
  case $name in
    "linux-image-${series:-none}".*) echo "$name" ;;
    *) return 1 ;;
  esac
}

download() { # into $work, by apt, which checks the archive's signatures
  name=$(resolve) && (cd "$work" && apt-get -qq download "$name" >/dev/null 2>>"$work/why")
}

# Lists of our own: this machine's may be missing or so old that the archive has dropped what they name.
lists_refresh() {
  mkdir -p "$work/lists/partial" "$work/archives/partial"
  cat >>"$APT_CONFIG" <<EOF
Dir::State::Lists "$work/lists";
Dir::Cache "$work";
EOF
  apt-get -qq update >/dev/null 2>>"$work/why"
}

to_cache() {
  command -v apt-get >/dev/null 2>&1 || cannot "there is no apt-get (put $deb there by hand)"
  mkdir -p "$cache" 2>/dev/null || cannot "cannot make $cache (SNPVMM_CACHE names another folder)"
  work=$(mktemp -d "$cache/.new.XXXXXX" 2>/dev/null) || cannot "cannot write to $cache"
  export APT_CONFIG="$work/apt.conf"
  cat >"$APT_CONFIG" <<EOF
APT::Sandbox::User "root";
Acquire::Retries "1";
Acquire::http::Timeout "20";
Acquire::https::Timeout "20";
EOF
  download || { lists_refresh && download; } ||
    cannot "apt has no such package, or no network: $(grep -m 1 '^E:' "$work/why" || echo 'not in its lists')"
  mv "$work"/*.deb "$deb" # within one folder: whole, or not at all
}

# What a guest of ours can use of a kernel; the rest is a hundred megabytes.
prune() {
  find "$new" -type f ! -path '*/boot/vmlinuz-*' ! -name modules.builtin \
    ! -path '*/kernel/fs/configfs/*' ! -path '*/crypto/gcm*' ! -path '*/crypto/ghash-generic*' ! -path '*/crypto/crypto_null*' ! -path '*/crypto/gf128mul*' ! -path '*/kernel/drivers/virt/*' ! -path '*/kernel/drivers/virtio/*' \
    ! -path '*/net/vmw_vsock/*' ! -path '*/drivers/md/dm-*' ! -path '*/reed_solomon/*' ! -path '*/crypto/sha256*' ! -name 'virtio*' -exec rm -f {} +
  find "$new" -depth -type d -exec rmdir {} + 2>/dev/null || true
}

command -v dpkg-deb >/dev/null 2>&1 || cannot "there is no dpkg-deb to unpack it"
[ -s "$deb" ] || to_cache
parent=$(dirname "$out")
mkdir -p "$parent"
new=$(mktemp -d "$parent/.new.XXXXXX")
dpkg-deb -x "$deb" "$new" || {
  echo "fetch.sh: $deb is damaged; remove it" >&2
  exit 1
}
case $package in
  linux-image-*) prune ;;
esac
rm -rf "$out"
mv "$new" "$out"
new=''
