# SPDX-License-Identifier: MIT
"""tests/cli/action.py ACTION [INPUT=VALUE]...: runs the steps of a composite action as GitHub does, in this folder: its shell
steps, with inputs and outputs. A step that uses another action is only printed. Prints the action's outputs; status: that
of the first step that failed."""
import os, re, subprocess, sys, tempfile, yaml

with open(sys.argv[1], encoding='utf-8') as f:
    action = yaml.safe_load(f)
given = dict(a.split('=', 1) for a in sys.argv[2:])
assert set(given) <= set(action['inputs']), given
for name, about in action['inputs'].items():
    assert about['description'] and (about.get('required') or isinstance(about['default'], str)), name
    assert not about.get('required') or name in given, name
inputs = {name: given.get(name, about.get('default')) for name, about in action['inputs'].items()}
path = os.path.dirname(os.path.abspath(sys.argv[1]))
outputs = {}


def value_of(name):
    if name.startswith("'"):
        return name[1:-1]
    if name == 'always()':
        return True
    if name == 'github.action_path':
        return path
    if m := re.fullmatch(r'inputs\.([\w-]+)', name):
        return inputs[m[1]]
    m = re.fullmatch(r'steps\.([\w-]+)\.outputs\.([\w-]+)', name)
    return outputs[m[1]].get(m[2], '')


def true(condition):
    def term(t):
        m = re.fullmatch(r'(\S+) (==|!=) (\S+)', t)
        return (value_of(m[1]) == value_of(m[3])) == (m[2] == '==') if m else bool(value_of(t))
    return all(term(t.strip()) for t in condition.split('&&'))


def filled(text):
    return re.sub(r'\$\{\{ (.*?) \}\}', lambda m: value_of(m[1]), str(text))


assert action['runs']['using'] == 'composite'
status = 0
for step in action['runs']['steps']:
    condition = step.get('if', 'success()')
    if status and 'always()' not in condition:
        continue
    if condition != 'success()' and not true(condition):
        continue
    if 'uses' in step:
        assert re.fullmatch(r'[\w-]+/[\w-]+@v\d+', step['uses']), step['uses']
        print(step['uses'], *(f'{k}={filled(v)}' for k, v in step['with'].items()), flush=True)
        continue
    assert step['shell'] == 'bash' and '${{' not in step['run'], step['name']  # an input is never part of a script
    with tempfile.NamedTemporaryFile('r') as said:
        env = dict(os.environ, GITHUB_ACTIONS='true', GITHUB_ACTION_PATH=path, GITHUB_OUTPUT=said.name)
        env.update({k: filled(v) for k, v in step.get('env', {}).items()})
        ended = subprocess.run(['bash', '--noprofile', '--norc', '-e', '-o', 'pipefail', '-c', step['run']], env=env, check=False)
        if 'id' in step:
            outputs[step['id']] = dict(line.rstrip('\n').split('=', 1) for line in said)
    status = status or ended.returncode
for name, about in action['outputs'].items():
    if all(i in outputs for i in re.findall(r'steps\.([\w-]+)', about['value'])):
        print(f"{name}={filled(about['value'])}")
sys.exit(status)
