#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""digest.py RAM CODE-BYTES TEST: the launch digest of launch.c, predicted from what it gave to KVM (launch --dump RAM).

Written from the SEV-SNP firmware ABI (PAGE_INFO, section 8.17) and the AMD64 manual (VMSA, volume 2, appendix B) alone.
"""

import hashlib
import struct
import sys

NORMAL, VMSA, ZERO, UNMEASURED, SECRETS, CPUID = 1, 2, 3, 4, 5, 6
VMSA_GPA = 0xFFFFFFFFF000


def chain(digest, kind, gpa, page=None):
    contents = hashlib.sha384(page).digest() if page else bytes(48)
    return hashlib.sha384(digest + contents + struct.pack("<HBBIQ", 0x70, kind, 0, 0, gpa)).digest()


def vmsa(test):
    """The state that KVM makes of the registers that launch.c sets."""
    page = bytearray(4096)
    data = (16, 0xC93, 0xFFFFFFFF, 0)
    code = (8, 0xA9B, 0xFFFFFFFF, 0)
    segments = {0x00: data, 0x10: code, 0x20: data, 0x30: data, 0x40: data, 0x50: data, 0x60: (0, 0, 23, 0xF000),
                0x70: (0, 0x82, 0xFFFF, 0), 0x80: (0, 0, 0xFFFF, 0), 0x90: (0, 0x83, 0xFFFF, 0)}
    for at, segment in segments.items():
        struct.pack_into("<HHIQ", page, at, *segment)
    registers = {0xD0: 0x1500, 0x148: 0x660, 0x150: 0x10000 | 1 << 51, 0x158: 0x80000011, 0x160: 0x400, 0x168: 0xFFFF0FF0,
                 0x170: 2, 0x178: 0x100000, 0x268: 0x7040600070406, 0x338: test, 0x3B0: 1, 0x3E8: 1}
    for at, value in registers.items():
        struct.pack_into("<Q", page, at, value)
    struct.pack_into("<I", page, 0x408, 0x1F80)  # MXCSR
    struct.pack_into("<H", page, 0x410, 0x37F)  # x87 control word
    return bytes(page)


def main():
    with open(sys.argv[1], "rb") as f:
        ram = f.read()
    code = (int(sys.argv[2]) + 4095) // 4096
    pages = [0xF000] + [0x10000 + i * 4096 for i in range(9)] + [0x100000 + i * 4096 for i in range(code)]
    digest = bytes(48)
    for gpa in pages:
        digest = chain(digest, NORMAL, gpa, ram[gpa:gpa + 4096])
    for kind, gpa in ((SECRETS, 0xD000), (CPUID, 0xE000), (ZERO, 0x8000), (ZERO, 0x9000), (UNMEASURED, 0xB000)):
        digest = chain(digest, kind, gpa)
    print(chain(digest, VMSA, VMSA_GPA, vmsa(int(sys.argv[3]))).hex())


main()
