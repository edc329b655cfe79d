# SPDX-License-Identifier: MIT
"""corim.py FILE [PUBLIC_KEY]: reads a CoRIM with python3-cbor2 and prints what is in it, a line each; checks that it is
deterministic CBOR, and, of a signed one, the signature with openssl."""
import subprocess
import sys
import tempfile

import cbor2


def read(data):
    value = cbor2.loads(data)
    assert cbor2.dumps(value, canonical=True) == data, 'not deterministic'
    return value


def tagged(value, tag):
    assert isinstance(value, cbor2.CBORTag) and value.tag == tag, f'{value}: not tag {tag}'
    return value.value


def der(number):
    data = number.to_bytes(49, 'big').lstrip(b'\0') or b'\0'
    data = b'\0' + data if data[0] & 0x80 else data
    return bytes([2, len(data)]) + data


def verify(parts, key):
    protected, unprotected, payload, signature = parts
    assert unprotected == {} and len(signature) == 96
    head = read(protected)
    assert list(head) == [1, 3, 8] and head[1] == -35 and head[3] == 'application/rim+cbor', head
    meta = read(head[8])
    assert list(meta) == [0] and list(meta[0]) == [0], meta
    print('signer', meta[0][0])
    numbers = der(int.from_bytes(signature[:48], 'big')) + der(int.from_bytes(signature[48:], 'big'))
    with tempfile.NamedTemporaryFile() as tbs, tempfile.NamedTemporaryFile() as sig:
        tbs.write(cbor2.dumps(['Signature1', protected, b'', payload], canonical=True))
        sig.write(bytes([0x30, len(numbers)]) + numbers)
        tbs.flush()
        sig.flush()
        subprocess.run(['openssl', 'dgst', '-sha384', '-verify', key, '-signature', sig.name, tbs.name],
                       check=True, stdout=subprocess.DEVNULL)
    return payload


def shown(value):
    (kind, v), = value.items()
    if kind == 1:
        return f'svn>={tagged(v, 553)}'
    if kind == 2:
        (algorithm, digest), = v
        assert algorithm == 7
        return f'sha384:{digest.hex()}'
    if kind == 4:
        return tagged(v, 560).hex()
    assert kind == 15, value
    return str(v)


def triple(environment, measurements):
    assert environment[0].keys() == {0} and environment.keys() <= {0, 1}, environment
    oid = tagged(environment[0][0], 111).hex()
    words = [{'2b060104019c780301': 'vcek', '2b060104019c780302': 'vlek'}[oid]]
    if 1 in environment:
        words.append('instance=' + tagged(environment[1], 560).hex())
    keys = [m[0] for m in measurements]
    assert keys == sorted(set(keys)), keys
    return ' '.join(words + [f'{m[0]}={shown(m[1])}' for m in measurements])


data = open(sys.argv[1], 'rb').read()
if data[0] == 0xd2:
    data = verify(tagged(read(data), 18), sys.argv[2])
corim = tagged(read(data), 501)
assert list(corim) == [0, 1, 3] and len(corim[1]) == 1
comid = read(tagged(corim[1][0], 506))
assert list(comid) == [1, 4] and list(comid[4]) == [0] and list(comid[1]) == [0, 1] and comid[1][1] == 0
tag = comid[1][0]
print('id', corim[0])
print('tag', tag if isinstance(tag, str) else tag.hex())
print('profile', tagged(corim[3], 32))
for t in comid[4][0]:
    print(triple(*t))
