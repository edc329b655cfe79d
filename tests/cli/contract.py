# SPDX-License-Identifier: MIT
"""tests/cli/contract.py: checks the result.json of every row of contract.inc; prints what is wrong, or nothing.

    fields ROWS           it has the values that the row expects ("a|b": either)
    schema ROWS SCHEMA    it is valid by the JSON Schema
"""
import json
import pathlib
import sys


def beside(folder, what):
    return folder.parent / f"{folder.name}.{what}"


def results(rows):
    """Of each row: its name, what it wanted, its folder, and what is in its result.json."""
    found = 0
    for wants in sorted(pathlib.Path(rows).rglob("*.wants")):
        folder = wants.with_suffix("")
        name = beside(folder, "name").read_text().strip()
        found += 1
        try:
            yield name, wants.read_text().split(), folder, json.loads((folder / "result.json").read_text("utf-8"))
        except (OSError, ValueError) as e:
            print(f"{name}: result.json: {e}")
    if not found:
        print("no row left a result")


def launched(folder):
    """The measurement in launch.json, and the regions it is made of; "-" without the file."""
    try:
        launch = json.loads((folder / "launch.json").read_text("utf-8"))
    except OSError:
        return "-"
    except ValueError as e:
        return str(e)
    return launch.get("measurement") if launch.get("regions") else "without regions"


def fields(rows):
    for name, (status, reason, verdict, event), folder, r in results(rows):
        digest = beside(folder, "digest")
        digest = digest.read_text().strip() if digest.exists() else "-"
        for what, has, wanted in (("schema", r.get("schema"), "snpvmm.result/1"),
                                  ("status", str(r.get("status")), status),
                                  ("reason", r.get("reason"), reason),
                                  ("verdict", r.get("verdict"), verdict),
                                  ("guest.event", (r.get("guest") or {}).get("event") or "-", event),
                                  ("measurement.expected",
                                   (r.get("measurement") or {}).get("expected") or "-", digest),
                                  ("launch.json's measurement", launched(folder), digest)):
            if has not in wanted.split("|"):
                print(f"{name}: {what} is {has}, not {wanted}")


def schema(rows, path):
    import jsonschema
    with open(path, encoding="utf-8") as f:
        check = jsonschema.Draft7Validator(json.load(f))
    for name, _, _, r in results(rows):
        for e in check.iter_errors(r):
            print(f"{name}: {'.'.join(map(str, e.absolute_path))}: {e.message[:200]}")


{"fields": fields, "schema": schema}[sys.argv[1]](*sys.argv[2:])
