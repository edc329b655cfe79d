#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""contrib/snp-host/selftest/psp.py OUT: gives commands straight to the emulated PSP of OUT, which no kernel would give.

Nothing runs in the machine but a few instructions that switch SNP on. Memory, the RMP and the mailbox are written by
QEMU's qtest protocol. Prints a line for each command that does not end as it should, and "psp: N commands, N wrong" at the end.
"""

import base64
import os
import socket
import struct
import subprocess
import sys
import tempfile
import time

MACHINE = "q35,smm=off,snp-host=on"
CPU = "EPYC-Milan,+svm,family=25,model=17,stepping=1,phys-bits=48"
RAM = 5 << 30  # so that the RMP, which describes all below its end, describes devices too
BAR = 0xE8000000
LEGACY = 0xA0000  # as large as the BAR, which may be moved there
RMP, RMP_ENTRIES = 512 << 20, (512 << 20) + 0x4000
PAGE, TWO_MIB = 4096, 2 << 20
ASSIGNED, LARGE, IMMUTABLE, VMSA, VALIDATED = 1, 2, 4, 1 << 61, 1 << 62

# sets SYSCFG's SNP_EN, VMPL_EN and MFDM in real mode, and sleeps
CODE = bytes.fromhex("66b9100001c066b80000080366 31d2 0f30 f4ebfd")
COMMAND_BUFFER = 0x100000


class Psp:
    """A machine with a PSP, before SNP_INIT."""

    def __init__(self, out, *properties):
        self.temp = tempfile.TemporaryDirectory()
        firmware = os.path.join(self.temp.name, "firmware")
        with open(firmware, "wb") as f:
            image = bytearray(b"\xf4" * 65536)
            image[:len(CODE)] = CODE
            image[0xFFF0:0xFFF3] = b"\xe9\x0d\x00"  # the reset vector: a jump to the start
            f.write(image)
        path = os.path.join(self.temp.name, "qtest")
        server = socket.socket(socket.AF_UNIX)
        server.bind(path)
        server.listen()
        self.qemu = subprocess.Popen(
            [os.path.join(out, "bin/qemu-system-x86_64"), "-L", os.path.join(out, "bin/pc-bios"), "-M", MACHINE,
             "-accel", "tcg", "-cpu", CPU, "-m", str(RAM >> 20), "-nodefaults", "-no-user-config", "-display", "none", "-bios", firmware,
             "-device", ",".join(("amd-psp,addr=4",) + properties), "-qtest", "unix:" + path, "-qtest-log", "/dev/null"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        server.settimeout(60)
        self.socket = server.accept()[0]
        self.lines = self.socket.makefile("r")
        self.config(0x18, BAR)
        self.config(0x04, 2)
        # the CPU may not have come to its end yet
        while self.command(0x81, b"") == 3:
            time.sleep(0.02)

    def ask(self, line):
        self.socket.sendall(line.encode() + b"\n")
        answer = self.lines.readline().split()
        if not answer or answer[0] != "OK":
            raise EOFError("QEMU is gone: " + self.qemu.communicate()[1])
        return answer[1] if len(answer) > 1 else ""

    def config(self, offset, value):
        self.ask("outl 0xcf8 %#x" % (0x80000000 | 4 << 11 | offset))
        self.ask("outl 0xcfc %#x" % value)

    def write(self, address, data):
        self.ask("b64write %#x %#x %s" % (address, len(data), base64.b64encode(data).decode()))

    def read(self, address, size):
        return base64.b64decode(self.ask("b64read %#x %#x" % (address, size)))

    def rmp(self, address, lo, count=1):
        self.write(RMP_ENTRIES + address // PAGE * 16, struct.pack("<QQ", lo, 0) * count)

    def rmp_of(self, address, count):
        return [lo for lo, _ in struct.iter_unpack("<QQ", self.read(RMP_ENTRIES + address // PAGE * 16, 16 * count))]

    def command(self, number, data, at=COMMAND_BUFFER):
        """The status of a command, whose buffer is written first if it has one."""
        if data:
            self.write(at, data)
        self.ask("writel %#x %#x" % (BAR + 0x109E0, at & 0xFFFFFFFF))
        self.ask("writel %#x %#x" % (BAR + 0x109E4, at >> 32))
        self.ask("writel %#x %#x" % (BAR + 0x10980, number << 16))
        return int(self.ask("readl %#x" % (BAR + 0x10980)), 16) & 0xFFFF

    def close(self):
        self.socket.close()
        self.qemu.kill()
        self.qemu.communicate()
        self.temp.cleanup()


SUCCESS, INVALID_GUEST_STATE, POLICY_FAILURE, INVALID_ADDRESS, BAD_MEASUREMENT = 0, 2, 7, 9, 0xB
INVALID_GUEST, INVALID_COMMAND, INVALID_PARAM, INVALID_PAGE_SIZE, INVALID_PAGE_STATE = 0x10, 0x11, 0x16, 0x19, 0x1A
INVALID_PAGE_OWNER = 0x1C
FIRMWARE, PRE_GUEST, PRE_GUEST_2 = (ASSIGNED | IMMUTABLE | asid << 51 for asid in range(3))  # by ASID
FREE, RESULT, CONTEXT, GUEST, GUEST_2 = (0x200000 + i * PAGE for i in range(5))  # pages
HUGE, HUGE_PAGES = 0x400000, TWO_MIB // PAGE
TOP = 0xFFFFFFFFFFFFF000 & ~(1 << 51)  # without the C-bit
TYPE_NORMAL, TYPE_CPUID = 1, 6


def start(policy=0x30000, flags=0, context=CONTEXT):
    return struct.pack("<QQQII16x", context, policy, 0, flags, 0)


def update(page=GUEST, kind=TYPE_NORMAL, large=0, context=CONTEXT, reserved=0):
    return struct.pack("<QIIQII", context, large | kind << 1, reserved, page, 0, 0)


def finish(flags=0, block=0, auth=0):
    return struct.pack("<QQQB39x", CONTEXT, block, auth, flags)


def request(request_at, response_at, context=CONTEXT):
    return struct.pack("<QQQ", context, request_at, response_at)


def message(size, kind=5, key=0, header=0x60):
    return struct.pack("<32xQ8xBBHBBHIB35x", 1, 1, 1, header, kind, 1, size, 0, key)


def address(*addresses):
    return struct.pack("<%dQ" % len(addresses), *addresses)


class Check:
    def __init__(self, psp):
        self.psp, self.count, self.bad = psp, 0, 0

    def status(self, what, expected, number, data=b"", at=COMMAND_BUFFER):
        self.count += 1
        try:
            got = self.psp.command(number, data, at)
        except EOFError as e:
            sys.exit("not ok - %s: %s" % (what, e))
        if got != expected:
            self.bad += 1
            print("not ok - %s: status %#x, not %#x" % (what, got, expected))

    def holds(self, what, true):
        self.count += 1
        if not true:
            self.bad += 1
            print("not ok - " + what)


def platform(c):
    """Commands that anybody may give, with addresses that nobody has."""
    for number in (0, 0x06, 0x8F, 0xCD, 0x7FF):
        c.status("command %#x does not exist" % number, INVALID_COMMAND, number)
    places = {"a device": BAR, "the mailbox": BAR + 0x10980, "what PCI may have below 1 MiB": LEGACY, "the RMP": RMP,
              "no memory": 1 << 40, "the last page": TOP}
    for name, place in places.items():
        c.status("a command buffer in " + name, INVALID_ADDRESS, 0x04, at=place)
        c.status("a status to " + name, INVALID_ADDRESS, 0x83, address(place))
        c.status("a context in " + name, INVALID_ADDRESS, 0x93, address(place & ~0xFFF))
        c.status("reclaiming " + name, INVALID_ADDRESS, 0xC7, address(place & ~0xFFF))
    c.status("a status across pages", INVALID_PARAM, 0x83, address(RESULT + PAGE - 8))
    c.status("a status at the end of all addresses", INVALID_PARAM, 0x83, address(TOP + PAGE - 8))
    c.status("a status into the host's memory", INVALID_PAGE_STATE, 0x83, address(FREE))
    c.status("a status", SUCCESS, 0x83, address(RESULT))
    c.status("PLATFORM_STATUS into the host's memory", INVALID_PAGE_STATE, 0x04)
    c.status("a large page that is none", INVALID_PAGE_SIZE, 0xC7, address(RESULT | 1))
    c.psp.rmp(HUGE, FIRMWARE | LARGE, HUGE_PAGES)
    c.status("reclaiming a large page", SUCCESS, 0xC7, address(HUGE | 1))
    c.holds("all of a large page is reclaimed", set(c.psp.rmp_of(HUGE, HUGE_PAGES)) == {ASSIGNED | LARGE})
    c.psp.rmp(0, FIRMWARE | LARGE, HUGE_PAGES)
    c.status("reclaiming a large page with what PCI may have", INVALID_ADDRESS, 0xC7, address(1))
    c.psp.rmp(0, 0, HUGE_PAGES)
    c.status("unsmashing a large page with what PCI may have", INVALID_ADDRESS, 0xC8, address(0))
    c.status("unsmashing the end of RAM", INVALID_ADDRESS, 0xC8, address(1 << 40))


def guest(c):
    """A guest from its context to its decommission."""
    c.status("a context that is none", INVALID_GUEST, 0xA0, start(context=RESULT))
    c.status("a context at an odd address", INVALID_PARAM, 0xA0, start(context=CONTEXT + 8))
    c.status("a context", SUCCESS, 0x93, address(CONTEXT))
    c.status("a context twice", INVALID_PAGE_STATE, 0x93, address(CONTEXT))
    c.status("activating too early", INVALID_GUEST_STATE, 0x91, struct.pack("<QI", CONTEXT, 1))
    c.status("a policy without its bit 17", POLICY_FAILURE, 0xA0, start(policy=0x10000))
    c.status("a policy with an unknown bit", POLICY_FAILURE, 0xA0, start(policy=0x30000 | 1 << 21))
    c.status("unknown flags", INVALID_PARAM, 0xA0, start(flags=4))
    c.status("starting", SUCCESS, 0xA0, start())
    c.status("starting twice", INVALID_GUEST_STATE, 0xA0, start())
    c.status("an ASID of SEV", 0xD, 0x91, struct.pack("<QI", CONTEXT, 100))
    c.status("activating", SUCCESS, 0x91, struct.pack("<QI", CONTEXT, 1))
    for page, lo in ((GUEST, PRE_GUEST), (BAR, PRE_GUEST), (FREE, PRE_GUEST_2)):
        c.psp.rmp(page, lo)
    c.status("a page in a device", INVALID_ADDRESS, 0xA1, update(BAR))
    c.status("a page of the host", INVALID_PAGE_STATE, 0xA1, update(RESULT))
    c.status("a page of another guest", INVALID_PAGE_OWNER, 0xA1, update(FREE))
    c.status("a type that does not exist", INVALID_PARAM, 0xA1, update(kind=7))
    c.status("a large page that is a small one", INVALID_PAGE_SIZE, 0xA1, update(large=1))
    c.status("reserved fields", INVALID_PARAM, 0xA1, update(reserved=1))
    c.psp.write(GUEST, struct.pack("<I", 65).ljust(PAGE, b"\0"))
    c.status("65 functions of CPUID", INVALID_PARAM, 0xA1, update(kind=TYPE_CPUID))
    c.status("a page", SUCCESS, 0xA1, update())
    c.status("a page twice", INVALID_PAGE_STATE, 0xA1, update())
    c.status("decrypting without debug policy", POLICY_FAILURE, 0xB0, address(CONTEXT, GUEST, RESULT))
    c.status("a message too early", INVALID_GUEST_STATE, 0x94, request(FREE, RESULT))
    c.status("an ID block in a device", INVALID_ADDRESS, 0xA2, finish(1, BAR, FREE))
    c.status("an ID block that is none", BAD_MEASUREMENT, 0xA2, finish(1, FREE, FREE))
    c.status("flags that do not exist", INVALID_PARAM, 0xA2, finish(8))
    c.status("finishing", SUCCESS, 0xA2, finish())
    c.status("finishing twice", INVALID_GUEST_STATE, 0xA2, finish())


def messages(c):
    requests = {"of size 0": message(0), "longer than a page": message(0xFFF0), "of an odd size": message(17),
                "with an unknown key": message(96, key=4), "with a short header": message(96, header=0x40)}
    for name, data in requests.items():
        c.psp.write(FREE, data.ljust(PAGE, b"\0"))
        c.status("a message " + name, INVALID_PARAM, 0x94, request(FREE, RESULT))
    c.psp.write(FREE, message(4000).ljust(PAGE, b"\0"))
    c.status("a message that nobody encrypted", BAD_MEASUREMENT, 0x94, request(FREE, RESULT))
    c.status("a message in a device", INVALID_ADDRESS, 0x94, request(BAR, RESULT))
    c.status("an answer to the host's memory", INVALID_PAGE_STATE, 0x94, request(FREE, FREE))
    c.status("decommissioning", SUCCESS, 0x90, address(CONTEXT))
    c.status("decommissioning twice", INVALID_GUEST, 0x90, address(CONTEXT))


def debug(c):
    """A second guest, which the host may debug."""
    seen = b"what the guest sees".ljust(PAGE, b".")
    c.psp.rmp(FREE, 0)
    c.status("a second context", SUCCESS, 0x93, address(CONTEXT))
    c.status("a policy that lets the host debug", SUCCESS, 0xA0, start(policy=0xB0000))
    c.status("activating with another ASID", SUCCESS, 0x91, struct.pack("<QI", CONTEXT, 2))
    c.psp.rmp(GUEST_2, PRE_GUEST_2)
    c.psp.write(FREE, seen)
    c.status("encrypting into the host's memory", INVALID_PAGE_STATE, 0xB1, address(CONTEXT, FREE, FREE))
    c.status("encrypting into the page of another guest", INVALID_PAGE_STATE, 0xB1, address(CONTEXT, FREE, GUEST))
    c.status("encrypting", SUCCESS, 0xB1, address(CONTEXT, FREE, GUEST_2))
    c.status("decrypting into the host's memory", INVALID_PAGE_STATE, 0xB0, address(CONTEXT, GUEST_2, FREE))
    c.status("decrypting the page of another guest", INVALID_PAGE_OWNER, 0xB0, address(CONTEXT, GUEST, RESULT))
    c.status("decrypting", SUCCESS, 0xB0, address(CONTEXT, GUEST_2, RESULT))
    c.holds("what was encrypted is decrypted", c.psp.read(RESULT, PAGE) == seen)
    c.status("decommissioning the second guest", SUCCESS, 0x90, address(CONTEXT))


def again(c):
    """SNP_INIT_EX with lists of ranges, which may be as wrong as addresses are."""
    c.status("shutting down", SUCCESS, 0x82)
    for what, expected, count, at in (("256 ranges", INVALID_PARAM, 256, FREE), ("ranges in a device", INVALID_ADDRESS, 0, BAR),
                                      ("ranges at an odd address", INVALID_ADDRESS, 0, FREE + 8), ("255 ranges", SUCCESS, 255, FREE)):
        c.psp.write(FREE, struct.pack("<Q", count) + struct.pack("<QQ", TOP, 0xFFFFFFFF) * 255)
        c.status(what, expected, 0x85, struct.pack("<QQ48x", 3, at))


def main():
    psp = Psp(sys.argv[1])
    check = Check(psp)
    try:
        for page in (RESULT, CONTEXT):
            psp.rmp(page, FIRMWARE)
        platform(check)
        guest(check)
        messages(check)
        debug(check)
        again(check)
    finally:
        psp.close()
    print("psp: %d commands, %d wrong" % (check.count, check.bad))
    sys.exit(1 if check.bad else 0)


if __name__ == "__main__":
    main()
