/* SPDX-License-Identifier: GPL-2.0-or-later */
/* contrib/snp-host/selftest/start.S: gives the guest a stack. */
    .section .text.start, "ax"
    .globl _start
_start:
    lea stack_top(%rip), %rsp
    call _start_c
1:  hlt
    jmp 1b
    .bss
    .balign 4096
    .skip 16384
stack_top:
