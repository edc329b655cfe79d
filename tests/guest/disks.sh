# SPDX-License-Identifier: MIT
# shellcheck shell=dash
# tests/guest/disks.sh: the test guest's /script for disks: says what each is and has, then does what the words
# disks.do= of the command line ask for:
#
#   keep     writes to each disk that can be written, and reads it again
#   tar      writes a file to the disk with the serial number out, as tar does
#   full     writes all of the first disk, and says how that ended
#   verity   opens the disk `root` with the hashes on the disk `hash` and the root hash disks.root=, and reads it
#   boot     opens it likewise, and boots what is on it
root='' words=$(cat /proc/cmdline)
for word in $words; do
  case $word in disks.root=*) root=${word#*=} ;; esac
done

disk_of() { # SERIAL
  for d in /sys/block/vd*; do
    [ "$(cat "$d/serial")" != "$1" ] || echo "/dev/${d##*/}"
  done
}
sum() { # FILE
  sha256sum "$1" | cut -d ' ' -f 1
}

[ -d /sys/block/vda ] || say 'no disk'
for d in /sys/block/vd*; do
  [ ! -d "$d" ] || say "disk ${d##*/} $(cat "$d/serial") sectors $(cat "$d/size") ro $(cat "$d/ro") sha256 $(sum "/dev/${d##*/}")"
done

for word in $words; do
  case $word in
    disks.do=keep)
      for d in /sys/block/vd*; do
        dev=/dev/${d##*/}
        if ! dd if=/bin/busybox of="$dev" bs=3584 seek=3 count=200 conv=notrunc,fsync 2>/dev/null; then
          say "${d##*/} takes no writes"
          continue
        fi
        echo 3 >/proc/sys/vm/drop_caches
        dd if=/bin/busybox bs=3584 count=200 2>/dev/null | sha256sum >/tmp/written
        dd if="$dev" bs=3584 skip=3 count=200 2>/dev/null | sha256sum | cmp -s - /tmp/written && say "${d##*/} has what was written"
      done
      ;;
    disks.do=tar)
      mkdir -p /tmp/out
      echo "made in the guest: $(uname -r)" >/tmp/out/greeting
      cp /bin/busybox /tmp/out/busybox
      tar -C /tmp/out -cf "$(disk_of out)" greeting busybox && sync
      say "tar $(sum /tmp/out/busybox)"
      ;;
    disks.do=full)
      if dd if=/dev/urandom of=/dev/vda bs=1M conv=fsync 2>/tmp/why; then
        say 'vda took all'
      else
        say "vda is full: $(sed -n 's/^dd: //p' /tmp/why | head -n 1)"
      fi
      ;;
    disks.do=boot)
      mkdir -p /sysroot
      veritysetup open "$(disk_of root)" root "$(disk_of hash)" "$root" && mount -t ext4 -o ro /dev/mapper/root /sysroot &&
        exec switch_root /sysroot /sbin/init
      say "verity refuses the root: $(dmesg | tail -n 1)"
      ;;
    disks.do=verity)
      if ! veritysetup open "$(disk_of root)" root "$(disk_of hash)" "$root" >/tmp/why 2>&1; then
        say "verity refuses the disk: $(head -n 1 /tmp/why)"
      elif got=$(dd if=/dev/mapper/root bs=1M 2>/tmp/why | sha256sum) && ! grep -q -i error /tmp/why; then
        say "verity passes ${got%% *}"
      else
        say "verity refuses what is on the disk"
      fi
      ;;
  esac
done
