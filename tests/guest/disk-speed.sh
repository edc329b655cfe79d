# SPDX-License-Identifier: MIT
# shellcheck shell=dash
# tests/guest/disk-speed.sh: the test guest's /script for tests/bench: how long it takes to read 256 MiB of the first disk in
# pieces of 1 MiB, and 2048 pieces of 4 KiB one after the other, neither from its own page cache. Prints microseconds.
now() {
  read -r up _ </proc/uptime # with two decimals
  echo "${up%.*}${up#*.}0000"
}

read_pieces() { # SIZE COUNT TIMES
  begin=$(now)
  for _ in $(seq "$3"); do
    dd if=/dev/vda of=/dev/null bs="$1" count="$2" iflag=direct 2>/dev/null || return
  done
  echo $(($(now) - begin))
}

read_pieces 1M 64 1 >/dev/null # so that the host has it in its page cache
say "time-disk $(read_pieces 1M 64 4)"
say "time-4k $(read_pieces 4k 2048 1)"
