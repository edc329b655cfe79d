# SPDX-License-Identifier: MIT
# tests/cli/plan.py: what is wrong with plans in JSON, a line each. FILE of `plan --pages -o json`, FILE of `measure
# --pages -o json` for the same runs.
import hashlib
import json
import struct
import sys

TYPES = {'normal': 1, 'zero': 3, 'unmeasured': 4, 'secrets': 5, 'cpuid': 6, 'vmsa': 2}


def as_list(path):
    with open(path) as f:
        value = json.load(f)
    return value if isinstance(value, list) else [value]


def chain(digest, page_type, page):
    """PAGE_INFO of the SEV-SNP firmware ABI, 8.17.2: the digest with this page in it."""
    info = digest + bytes.fromhex(page['contents']) + struct.pack('<HB5xQ', 0x70, page_type, int(page['gpa'], 16))
    assert len(info) == 0x70
    return hashlib.sha384(info).digest()


def check_regions(plan, measured):
    """The regions are those of `measure`, and their pages lead from one digest to the next."""
    snp = plan['platform'] == 'snp'
    digest = bytes(48)
    parts = [s for s in plan['steps'] if s['step'] == 'region' or snp and s['step'] == 'vcpu']
    if snp:
        keys = 'gpa', 'size', 'type', 'label', 'sha384', 'digest_after'
        if [[p.get(k) for k in keys] for p in parts] != [[r.get(k) for k in keys] for r in measured['regions']]:
            yield 'the regions are not those of measure --pages'
        if plan['measurement'] != measured['measurement']:
            yield 'another measurement than that of measure'
        if parts[-1]['digest_after'] != plan['measurement']:
            yield 'the last digest is not the measurement'
    for part in parts:
        if len(part['pages']) * 4096 != part['size']:
            yield f"{part['label']}: {len(part['pages'])} pages of {part['size']} bytes"
        for page in part['pages']:
            if ('digest_after' in page) != snp:
                yield f"{part['label']}: a plain VM has digests, or another one has none"
            digest = chain(digest, TYPES[part['type']], page)
            if snp and digest.hex() != page['digest_after']:
                yield f"{part['label']}: the digest after {page['gpa']} does not follow from the one before"
        if snp and digest.hex() != part['digest_after']:
            yield f"{part['label']}: the digest after its last page is not the region's"


def check_calls(plan):
    """Every ioctl has a name, all of what it passes is there, and descriptors were made before they are used."""
    made = set()
    for step in plan['steps']:
        what = step.get('name', step['step'])
        if step['step'] == 'ioctl' and 'name' not in step:
            yield f"ioctl {step['request']} has no name"
        if what == 'KVM_MEMORY_ENCRYPT_OP' and 'command' not in step:
            yield 'a command has no name'
        if step['step'] in ('ioctl', 'cloexec', 'madvise') and step['on'] not in made:
            yield f"{what}: nothing made {step['on']}"
        made.add(step.get('returns'))
        for argument in step.get('arguments', []):
            if ('raw' in argument) == ('varies' in argument):
                yield f'{what}: an argument has both bytes and a reason to vary, or neither'
            if 'varies' in argument and argument.get('struct', argument.get('bytes')) not in (
                    'kvm_cpuid2', 'kvm_sev_snp_launch_finish', 'ID authentication'):
                yield f'{what}: {argument} varies'


plans, measured = as_list(sys.argv[1]), as_list(sys.argv[2])
if len(plans) != len(measured):
    print(f'{len(plans)} plans of {len(measured)} launches')
for plan, of in zip(plans, measured):
    if plan['schema'] != 'snpvmm.plan/1' or plan['vcpus'] != of['vcpus'] or plan.get('variant') != of.get('variant'):
        print('another schema, variant or number of vCPUs')
    for fault in (*check_regions(plan, of), *check_calls(plan)):
        print(fault)
