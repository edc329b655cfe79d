# SPDX-License-Identifier: MIT
# shellcheck shell=dash
# tests/guest/disk-speed.sh: the test guest's /script for tests/bench: how fast it reads the first disk, without its own
# page cache: in pieces of 1 MiB, and of 4 KiB one after the other. Prints bytes and requests a second.
now() { # in hundredths of a second
  read -r up _ </proc/uptime
  echo "${up%.*}${up#*.}"
}

read_for() { # HUNDREDTHS SIZE COUNT: reads the first COUNT pieces again and again; prints pieces a second
  begin=$(now) pieces=0 end=0
  while [ "$end" -lt $((begin + $1)) ]; do
    dd if=/dev/vda of=/dev/null bs="$2" count="$3" iflag=direct 2>/dev/null || return
    pieces=$((pieces + $3))
    end=$(now)
  done
  echo $((100 * pieces / (end - begin)))
}

read_for 50 1M 16 >/dev/null # the host reads the image once
say "speed sequential $(($(read_for 400 1M 16) * 1048576))"
say "speed 4k $(read_for 400 4k 512)"
