#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/snp/vsock.sh: a file comes from a guest to the host over vsock, under SNP and from a plain VM. The host needs
# vhost-vsock: modules that an emulated host lacks come from the Debian package of its kernel. It takes minutes, so
# nothing calls it; SNP_LONG=yes says that this is wanted.
#
#   SNP_LONG=yes SNP_HOST='...' sh tests/snp/vsock.sh     (SNP_HOST: see tests/snp/check.sh)
set -u
B=${B:-build}
box=$B/vsock-box
modules='vhost_iotlb vhost vsock vmw_vsock_virtio_transport_common vhost_vsock'

came() { # NAME OPTION...
  name=$1
  shift
  ./vsock listen 9000 >came &
  if ./snpvmm run -v --results "results-$name" --set vsock=auto --set timeout=200s -k vmlinuz-6.12 -m 512M \
    --set 'boot.initrd=[initrd-6.12.cpio.gz, vsock.cpio]' -a 'console=ttyS0 panic=-1 quiet snpvmm.do=script' "$@" >run.log 2>&1 </dev/null &&
    wait $! && cmp -s came sent && grep -q 'snpvmm: vsock cid [0-9]' run.log &&
    grep -q '"cid": [0-9]' "results-$name/result.json"; then
    echo "ok - a file comes over vsock: $name"
    grep -a 'vsock' run.log | sed 's/^/    /'
  else
    echo "not ok - a file comes over vsock: $name"
    tail -n 30 run.log | sed 's/^/    /'
  fi
}

if [ "${1:-}" = on-host ]; then
  for module in $modules; do
    [ ! -e "$module.ko" ] || insmod "$module.ko"
  done
  came snp
  came snp-4 -c 4
  came plain --platform kvm
  exit 0
fi
[ "${SNP_LONG:-}" = yes ] || { echo 'skipped: SNP_LONG'; exit 0; }
host() { # COMMAND
  ${SNP_HOST:-$B/snp-host/snp-host run --timeout 1200 --in} "$box" "$1"
}
rm -rf "$box"
mkdir -p "$box/package"
cp "$0" "$box"
release=$(host 'uname -r' | tr -d '\r' | grep -m 1 '^[0-9]')
# In the archive, a kernel's package may have been replaced by a newer one; the unsigned one often stays.
(cd "$box/package" && { apt-get -qq download "linux-image-$release" || apt-get -qq download "linux-image-$release-unsigned"; }) >/dev/null 2>&1 ||
  { echo "skip: apt has no package of the host's kernel, $release"; exit 0; }
dpkg-deb -x "$box"/package/*.deb "$box/package"
for module in $modules; do
  file=$(find "$box/package" -name "$module.ko*" | head -n 1)
  case $file in
    *.xz) xz -dc "$file" >"$box/$module.ko" ;;
    *.zst) zstd -dcq "$file" >"$box/$module.ko" ;;
    ?*) cp "$file" "$box/$module.ko" ;;
  esac
done
rm -rf "$box/package"
${CC:-cc} -O2 -static tests/guest/vsock.c -o "$box/vsock" || exit
head -c 1000000 /dev/urandom >"$box/sent"
cat >"$box/script" <<'SCRIPT'
/bin/vsock send 2 9000 </sent && say 'vsock: sent'
SCRIPT
printf '%s\n' "file script 644 $box/script" "file bin/vsock 755 $box/vsock" "file sent 644 $box/sent" |
  "$B/tests/guest/mkcpio" >"$box/vsock.cpio"
cp "$B/snpvmm" "$B/guest/vmlinuz-6.12" "$B/guest/initrd-6.12.cpio.gz" "$box"
host 'sh vsock.sh on-host'
