#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/cli/result_schema.sh: results are valid by their schemas, and the schemas refuse what is wrong.
# shellcheck source=tests/cli/lib.inc disable=SC1091
. tests/cli/lib.inc
D=$T/results
XSD=tests/schema/junit.xsd

begin 'results of every verdict, of a minimal run and with hostile text are written'
run "${B:-build}/tests/tool/results" "$D"
wants 0
[ "$(find "$D" -name '*.json' | wc -l)" -ge 40 ] || wrong "too few: $(ls "$D")"
[ -z "$(find "$D" -name '.?*')" ] || wrong "left: $(find "$D" -name '.?*')"

# FROM SCRIPT...: 1.xml after sed's SCRIPT must be refused.
refused_xml() {
  for script; do
    sed "$script" "$D/1.xml" >"$T/bad.xml"
    ! cmp -s "$T/bad.xml" "$D/1.xml" || wrong "changes nothing: $script"
    run xmllint --noout --schema "$XSD" "$T/bad.xml"
    wants 3
  done
}

if command -v xmllint >/dev/null; then
  begin 'the JUnit XML is valid'
  run xmllint --noout --schema "$XSD" "$D"/*.xml
  wants 0

  begin 'its counts are true'
  for what in tests:testcase failures:failure errors:error skipped:skipped; do
    run xmllint --xpath "count(//${what#*:}) = //testsuite/@${what%:*} and count(//${what#*:}) = /testsuites/@${what%:*}" "$D/all.xml"
    wants 0
    out_is true
  done
  run xmllint --xpath 'count(//failure) > 5 and count(//error) > 10 and count(//skipped) > 5 and count(//testcase[not(*)]) > 5' "$D/all.xml"
  out_is true

  begin 'its schema refuses what is wrong'
  refused_xml 's/tests="1"//' 's/time="1.235"/time="1.2"/' 's/ classname="one"//' 's/type="console-forbidden"//' \
    's/<property name="vcpus"/<property/' 's/failure\( \|>\)/failed\1/' 's/<testcase /<testcase line="1" /' \
    's/console-forbidden/no reason/' '/<properties>/,/<\/properties>/d' 's/failures="1"/failures="-1"/'
else
  skip 'JUnit XML against its schema' 'no xmllint (libxml2-utils)'
fi

if python3 -c 'import jsonschema' 2>/dev/null; then
  begin 'result.json is valid, and its schema refuses what is wrong'
  python3 - result.schema.json "$D" <<'PYTHON' >>"$T/why" 2>&1 || wrong 'result.schema.json does not hold'
import copy, glob, json, sys
import jsonschema
schema = json.load(open(sys.argv[1]))
jsonschema.Draft7Validator.check_schema(schema)
validator = jsonschema.Draft7Validator(schema)

documents = [json.load(open(name, encoding='utf-8')) for name in glob.glob(sys.argv[2] + '/*.json')]
for document in documents:
    for error in validator.iter_errors(document):
        print(error.message[:200], list(error.path))
        sys.exit(1)

def known(have, rules, at):
    """Every key that is written stands in the schema."""
    rules = dict(rules, **schema['definitions'][rules['$ref'].split('/')[-1]]) if '$ref' in rules else rules
    for key, value in have.items() if isinstance(have, dict) else []:
        assert key in rules['properties'], at + [key]
        known(value, rules['properties'][key], at + [key])
    for value in have if isinstance(have, list) else []:
        known(value, rules['items'], at)
for document in documents:
    known(document, schema, [])

full = json.load(open(sys.argv[2] + '/1.json'))
def refused(change):
    bad = copy.deepcopy(full)
    change(bad)
    assert bad != full and not validator.is_valid(bad), bad
for key in schema['required']:
    refused(lambda d: d.pop(key))
for path in schema['properties']:
    refused(lambda d: d.__setitem__(path, None))
for outer in 'at', 'measurement', 'guest', 'time_ms', 'host':
    for key in schema['properties'][outer]['properties']:
        refused(lambda d: d[outer].__setitem__(key, []))
refused(lambda d: d.update(status=0))
refused(lambda d: d.update(verdict='pass'))
refused(lambda d: d.update(verdict='passed'))
refused(lambda d: d.update(schema='snpvmm.result/2'))
refused(lambda d: d['measurement'].update(pinned='AB' * 48))
refused(lambda d: d['measurement'].update(expected='ab' * 32))
refused(lambda d: d['guest'].update(code='0x7fffffffffffffff'))
refused(lambda d: d['inputs'][0].pop('sha256'))
full['later'] = 1 # keys may be added
full['guest']['later'] = 1
assert validator.is_valid(full)
PYTHON
else
  skip 'result.json against its schema' 'no jsonschema (python3-jsonschema)'
fi
finish
