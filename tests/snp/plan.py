# SPDX-License-Identifier: MIT
# tests/snp/plan.py: how the ioctls of a launch (TRACE, of tests/snp/trace.c) differ from those of `plan -o json` (PLAN),
# a line each. Every byte is compared, with these exceptions:
#
# - Addresses and descriptors. Of both sides it is compared whether they are 0, and that one name stands for one number.
# - The CPUID of KVM_SET_CPUID2, which is the host's. What a launch sets there itself is compared: see check_cpuid().
# - ID authentication, if the launch signs it (VARIES: the names of what may vary besides): the signatures are random.
# - Calls that the host made the launch repeat: interrupted ones, the rest of one that was done in part, and the CPUID page
#   once the firmware has corrected it.
# - What a call returns and what it fills in, such as KVM_GET_SREGS: that is not what a launch passes. What it makes of it
#   is, and is compared: the registers that KVM_SET_SREGS leaves as they are come from there.
import json
import struct
import sys

CREATE_VCPU, SET_CPUID2, ENCRYPT_OP, PRE_FAULT = 0xae41, 0x4008ae90, 0xc008aeba, 0xc040aed5
LAUNCH_UPDATE, LAUNCH_FINISH = 101, 102
# Offset and size of each address and descriptor, by request or, in the struct that a command passes, by its id.
MASKS = {
    0x4020ae46: [(24, 8)],  # KVM_SET_USER_MEMORY_REGION: userspace_addr
    0x40a0ae49: [(24, 8), (40, 4)],  # KVM_SET_USER_MEMORY_REGION2: and guest_memfd
    0x4018aee2: [(16, 8)],  # KVM_GET_DEVICE_ATTR: addr
    ENCRYPT_OP: [(8, 8), (20, 4)],  # data, sev_fd
    LAUNCH_UPDATE: [(8, 8)],  # uaddr
    LAUNCH_FINISH: [(0, 8), (8, 8)],  # id_block_uaddr, id_auth_uaddr
}
NAMED = {(0x4020ae46, 0): 'userspace_addr', (0x40a0ae49, 0): 'userspace_addr', (0x40a0ae49, 1): 'guest_memfd',
         (ENCRYPT_OP, 1): 'sev_fd'}


class Call:
    """An ioctl of the trace."""

    def __init__(self, line):
        request, *words = line.split()
        self.request = int(request, 16)
        self.number, self.structs = None, []
        if self.request >> 16 & 0x3fff:
            self.structs = [bytearray.fromhex(w) for w in words]
        elif words:
            self.number = int(words[0], 16)
        self.masked = {}
        for i, data in enumerate(self.structs[:2]):
            kind = self.request if i == 0 else self.structs[0][0]
            for j, (at, size) in enumerate(MASKS.get(kind, [])):
                self.masked[kind, j] = int.from_bytes(data[at:at + size], 'little')
                if self.masked[kind, j]:
                    data[at:at + size] = b'\xff' * size

    def repeats(self, before):
        """The same again, or what was left of it."""
        if before is None or self.request != before.request or self.number != before.number:
            return False
        if self.request == ENCRYPT_OP and self.structs[0][0] == before.structs[0][0] == LAUNCH_UPDATE:
            (gfn, _, size), (gfn_before, _, size_before) = (struct.unpack('<QQQ', c.structs[1][:24]) for c in (self, before))
            return gfn >= gfn_before and gfn + size // 4096 == gfn_before + size_before // 4096
        if self.request == PRE_FAULT:
            (gpa, size), (gpa_before, size_before) = (struct.unpack('<QQ', c.structs[0][:16]) for c in (self, before))
            return gpa > gpa_before and gpa < gpa_before + size_before and gpa + size <= gpa_before + size_before
        return self.structs == before.structs


def entries(data):
    """A kvm_cpuid2 as {(function, index): registers}."""
    found = {}
    for at in range(8, len(data), 40):
        function, index, _, *registers = struct.unpack('<7I', data[at:at + 28])
        found[function, index] = registers
    return found


def check_cpuid(call, planned, platform):
    """The parts that a launch sets: hypervisor and numbers of vCPUs and cores, APIC ids, SEV's leaf."""
    have = entries(call.structs[0])
    want = {(int(e['function'], 16), e['index']): [int(e[r], 16) for r in ('eax', 'ebx', 'ecx', 'edx')]
            for e in planned['entries']}
    whole, none = 0xffffffff, 0
    for leaf, mask in {
            (0x1, 0): (none, 0xffff0000, 1 << 31, 1 << 28), (0xb, 0): (whole,) * 4, (0xb, 1): (whole,) * 4,
            (0x80000008, 0): (none, none, whole, none), (0x8000001e, 0): (whole,) * 4, (0x8000001f, 0): (whole,) * 4}.items():
        if leaf not in have and platform == 'kvm':
            continue  # the host's KVM has no such leaf, and the launch needs none
        if leaf not in want or leaf not in have:
            yield f'CPUID 0x{leaf[0]:x}.{leaf[1]} is missing'
            continue
        for register, bits in enumerate(mask):
            if (want[leaf][register] ^ have[leaf][register]) & bits:
                yield f'CPUID 0x{leaf[0]:x}.{leaf[1]}: {have[leaf]} differ from {want[leaf]}'
    sev = want.get((0x8000001f, 0), [None])[0]
    if (platform == 'snp') != bool(sev):
        yield f'CPUID 0x8000001f.0 has {sev} on platform {platform}'


def check_call(call, step, platform, varies):
    if call.request != int(step['request'], 16) or call.number not in (None, step.get('number', 0)):
        yield f'it is 0x{call.request:x} {call.number}'
        return
    arguments = step.get('arguments', [])
    if len(arguments) != len(call.structs):
        yield f'it passes {len(call.structs)} structs, not {len(arguments)}'
    for argument, data in zip(arguments, call.structs):
        name = argument.get('struct', argument.get('bytes'))
        if call.request == SET_CPUID2:
            yield from check_cpuid(call, argument, platform)
        elif 'varies' in argument:
            if name not in varies:
                yield f'{name} varies'
        elif data.hex() != argument['raw']:
            yield f"{name} is {data.hex()}, not {argument['raw']}"


def check_names(call, step, known):
    """One name stands for one descriptor or mapping, and one of these has one name."""
    for (kind, i), field in NAMED.items():
        number = call.masked.get((kind, i))
        name = step['arguments'][0]['fields'].get(field) if kind == call.request else None
        if not number:
            continue
        of = 'address' if field == 'userspace_addr' else 'descriptor'
        if known.setdefault((of, name), number) != number or known.setdefault((of, number), name) != name:
            yield f'{name} is {number}, {known}'


def faults(trace, plan, varies):
    before, at, known = None, 0, {}
    steps = [s for s in plan['steps'] if s['step'] == 'ioctl']
    for call in trace:
        same = []
        if at < len(steps):
            same = list(check_call(call, steps[at], plan['platform'], varies))
        if (at == len(steps) or same) and call.repeats(before):
            continue
        before = call
        if at == len(steps):
            yield f'the launch goes on with 0x{call.request:x}'
            return
        step = steps[at]
        what = f"ioctl {at}, {step.get('command', step['name'])}"
        for fault in same or check_names(call, step, known):
            yield f'{what}: {fault}'
        at += 1
    for step in steps[at:]:
        yield f"the launch has no {step.get('command', step['name'])}"
        return


with open(sys.argv[1]) as lines:
    calls = [Call(line) for line in lines]
with open(sys.argv[2]) as text:
    wanted = json.load(text)
if not any(c.request == CREATE_VCPU for c in calls):
    print('there was no launch')
for said in faults(calls, wanted, sys.argv[3:]):
    print(said)
