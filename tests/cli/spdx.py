# SPDX-License-Identifier: MIT
"""tests/cli/spdx.py SBOM TARBALL BUILD: checks an SPDX 2.3 document against the tarball and the programs that it describes,
and prints the libraries of snpvmm."""
import hashlib, json, re, sys, tarfile

sbom, tarball, build = sys.argv[1:]
with open(sbom, encoding='utf-8') as f:
    doc = json.load(f)
digests = lambda data: {'SHA1': hashlib.sha1(data).hexdigest(), 'SHA256': hashlib.sha256(data).hexdigest()}
checksums = lambda element: {c['algorithm']: c['checksumValue'] for c in element['checksums']}

# What the specification requires of a document, a package and a file.
for key in ('spdxVersion', 'dataLicense', 'SPDXID', 'name', 'documentNamespace', 'creationInfo'):
    assert doc[key], key
assert doc['spdxVersion'] == 'SPDX-2.3' and doc['dataLicense'] == 'CC0-1.0' and doc['SPDXID'] == 'SPDXRef-DOCUMENT'
assert re.fullmatch(r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ', doc['creationInfo']['created'])
assert all(re.match(r'(Person|Organization|Tool): .', c) for c in doc['creationInfo']['creators'])
assert '#' not in doc['documentNamespace'] and doc['documentNamespace'].startswith('https://')
ids = ['SPDXRef-DOCUMENT'] + [e['SPDXID'] for e in doc['packages'] + doc['files']]
assert len(ids) == len(set(ids)) and all(re.fullmatch(r'SPDXRef-[A-Za-z0-9.-]+', i) for i in ids)
for relation in doc['relationships']:
    assert relation['spdxElementId'] in ids and relation['relatedSpdxElement'] in ids, relation
    assert relation['relationshipType'] in ('DESCRIBES', 'CONTAINS', 'GENERATED_FROM', 'STATIC_LINK', 'DYNAMIC_LINK', 'BUILD_TOOL_OF')
for package in doc['packages']:
    assert package['name'] and package['downloadLocation'] and package['versionInfo'], package
    assert package['filesAnalyzed'] == ('packageVerificationCode' in package), package

# The files are those of the tarball, each in the package.
source = next(p for p in doc['packages'] if p['SPDXID'] == 'SPDXRef-source')
contained = {r['relatedSpdxElement'] for r in doc['relationships'] if r['relationshipType'] == 'CONTAINS'}
files = {e['fileName'].removeprefix('./'): e for e in doc['files'] if e['SPDXID'] in contained}
with open(tarball, 'rb') as f:
    assert checksums(source)['SHA256'] == hashlib.sha256(f.read()).hexdigest()
sha1s, licences = [], set()
with tarfile.open(tarball) as tar:
    members = {m.name.partition('/')[2]: m for m in tar if m.isfile()}
    assert set(members) == set(files), set(members) ^ set(files)
    for name, member in members.items():
        assert checksums(files[name]) == digests(tar.extractfile(member).read()), name
        sha1s.append(checksums(files[name])['SHA1'])
        licences |= set(files[name]['licenseInfoInFiles'])
code = hashlib.sha1(''.join(sorted(sha1s)).encode()).hexdigest()
assert source['packageVerificationCode']['packageVerificationCodeValue'] == code
assert set(source['licenseInfoFromFiles']) == licences
assert set(re.findall(r'[A-Za-z0-9.+-]+', source['licenseDeclared'])) - {'AND'} == licences - {'NONE'}
assert files['README.md']['licenseInfoInFiles'] == ['NONE'] and files['core/snp/digest.c']['licenseInfoInFiles'] == ['MIT']

# The programs, and what they are linked with.
for program in ('snpvmm', 'snpvmm-guest'):
    entry = next(e for e in doc['files'] if e['SPDXID'] == 'SPDXRef-program-' + program)
    with open(f'{build}/{program}', 'rb') as f:
        assert checksums(entry) == digests(f.read()), program
names = {p['SPDXID']: p['name'] for p in doc['packages']}
links = [(r['relationshipType'], names[r['relatedSpdxElement']]) for r in doc['relationships']
         if r['spdxElementId'] == 'SPDXRef-program-snpvmm' and r['relationshipType'].endswith('_LINK')]
for link in sorted(links, key=lambda l: (l[0] != 'STATIC_LINK', l[1])):
    print(*link)
