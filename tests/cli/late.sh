#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/cli/late.sh: starting the program relocates nothing of libcrypto (link/late.c), which works when it is used.
# shellcheck source=tests/cli/lib.inc disable=SC1091
. tests/cli/lib.inc
late=${B:=build}/link/late

of_dynamic() { # NAME: a decimal or hexadecimal number
  LC_ALL=C readelf -dW "$SNPVMM" | sed -n "s/.*($1) *\\(0x[0-9a-f]*\\|[0-9]*\\).*/\\1/p"
}
of_section() { # NAME COLUMN: a hexadecimal number
  LC_ALL=C readelf -SW "$SNPVMM" | sed 's/^ *\[ *[0-9]*\] *//' | awk -v name="$1" -v column="$2" '$1 == name { print $column }'
}

if [ ! -x "$late" ] || [ -z "$(of_section .data.rel.ro.late 3)" ]; then
  skip 'libcrypto is relocated when it is used' 'it is a shared library here, or the sanitizers are in the program'
  finish
fi

begin 'the loader sees none of the relocations of libcrypto, and all others'
all=$((0x$(of_section .rela.dyn 5) / 24)) seen=$(($(of_dynamic RELASZ) / 24))
hidden=$(($(of_dynamic RELA) - 0x$(of_section .rela.dyn 3)))
[ $((hidden / 24 + seen)) = $all ] || wrong "$hidden bytes are hidden, and $seen of $all relocations are not"
[ $((seen * 4)) -lt $all ] || wrong "the loader sees $seen of $all"
from=0x$(of_section .data.rel.ro.late 3) size=0x$(of_section .data.rel.ro.late 5)
[ $((from % 4096)) = 0 ] && [ $((size % 4096)) = 0 ] || wrong 'the tables share a page with something'
LC_ALL=C readelf -lW "$SNPVMM" | sed -n 's/^ *GNU_RELRO *//p' >"$T/relro"
read -r _ relro _ _ relro_size _ <"$T/relro"
[ $((relro)) -le $((from)) ] && [ $((from + size)) -le $((relro + relro_size)) ] || wrong 'the tables can be written to'

begin 'keys and signatures work'
call idblock --set snp.identity.id_key="$PWD"/tests/data/keys/id_key.pem -d "$T/made" "$EXAMPLE"
wants 0
[ "$(wc -c <"$T/made/id-auth.bin")" = 4096 ] || wrong 'there is no ID authentication'

begin 'and in a program that was stripped'
strip -o "$T/stripped" "$SNPVMM"
run "$T/stripped" idblock --set snp.identity.id_key="$PWD"/tests/data/keys/id_key.pem -d "$T/made-2" "$EXAMPLE"
wants 0

begin 'what cannot be linked so stays as it is'
printf 'echo no program\n' >"$T/script"
for file in "$SNPVMM" "$B/snpvmm-guest" "$B/tests/snpvmm-fake" "$T/script"; do
  cp "$file" "$T/same"
  "$late" "$T/same" >>"$T/why" 2>&1 || wrong "$file: status $?"
  cmp "$file" "$T/same" >>"$T/why" 2>&1
done
finish
