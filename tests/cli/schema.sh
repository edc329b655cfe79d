#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/cli/schema.sh: the JSON Schema is valid, has every key, and agrees with check.
# shellcheck source=tests/cli/lib.inc disable=SC1091
. tests/cli/lib.inc
keys=$("$NAMES" keys)

begin 'it is the same each time'
call schema
wants 0
err_is ''
cp "$T/out" "$T/schema"
call schema
cmp -s "$T/out" "$T/schema" || wrong 'a second time it differs'
# shellcheck disable=SC2016 # a key of that name
out_has '"$schema": "http://json-schema.org/draft-07/schema#"' '"additionalProperties": false'

begin 'each key is in it'
[ "$(echo "$keys" | grep -c .)" -ge 25 ] || wrong "too few: $keys"
for key in $keys; do
  out_has "\"${key##*.}\": {"
done

if command -v python3 >/dev/null; then
  begin 'it is valid JSON, with each key in its place'
  # shellcheck disable=SC2086 # a word a key
  python3 - "$T/schema" $keys <<'PYTHON' >>"$T/why" 2>&1 || wrong 'the schema is not right'
import json, sys
schema = json.load(open(sys.argv[1]))
assert schema['required'] == ['version'] and schema['type'] == 'object'
found = set()
def level(properties, before):
    for key, value in properties.items():
        assert value['description'], before + key
        if key != 'matrix' and value.get('type') == 'object' and 'properties' in value:
            level(value['properties'], before + key + '.')
            assert value['additionalProperties'] is False, before + key
        else:
            found.add(before + key)
level(schema['properties'], '')
assert found == set(sys.argv[2:]), found ^ set(sys.argv[2:])
PYTHON
else
  skip 'it is valid JSON, with each key in its place' 'there is no python3 to read it'
fi

if python3 -c 'import jsonschema, yaml' 2>/dev/null; then
  begin 'the example is valid by it, and what check refuses is not'
  manifest "$T/a.yaml" 'boot: {firmware: builtin:selftest}' 'vcpsu: 1'
  manifest "$T/b.yaml" 'boot: {firmware: builtin:selftest}' 'vcpus: 4097'
  manifest "$T/c.yaml" 'boot: {firmware: builtin:selftest}' 'memory: 512'
  manifest "$T/d.yaml" 'boot: {firmware: builtin:selftest}' 'disks: {mode: ro}'
  manifest "$T/e.yaml" 'boot: {firmware: builtin:selftest}' 'snp: {identity: {svn: 3}}'
  for bad in a b c d e; do
    call check "$T/$bad.yaml"
    wants 2
  done
  python3 - "$T/schema" "$EXAMPLE" "$T"/[abcde].yaml <<'PYTHON' >>"$T/why" 2>&1 || wrong 'the schema is not right'
import json, jsonschema, sys, yaml
schema = json.load(open(sys.argv[1]))
jsonschema.Draft7Validator.check_schema(schema)
jsonschema.validate(yaml.safe_load(open(sys.argv[2])), schema)
for bad in sys.argv[3:]:
    assert list(jsonschema.Draft7Validator(schema).iter_errors(yaml.safe_load(open(bad)))), bad
PYTHON
else
  skip 'the example is valid by it, and what check refuses is not' 'python3 lacks jsonschema or yaml'
fi

full_disk 2 'cannot write the schema' schema

finish
