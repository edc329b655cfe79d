# SPDX-License-Identifier: MIT
# tests/cli/snp_host.py SNPVMM DIR: snp-host, as far as it works without the emulated host. Prints what is wrong.
import argparse
import importlib.machinery
import importlib.util
import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True
loader = importlib.machinery.SourceFileLoader("snp_host", "contrib/snp-host/snp-host")
host = importlib.util.module_from_spec(importlib.util.spec_from_loader("snp_host", loader))
loader.exec_module(host)
snpvmm, box = os.path.abspath(sys.argv[1]), sys.argv[2]


def options(command):
    """Each option of a command, and whether its value may be the next argument."""
    said = subprocess.run([snpvmm, command, "--help"], capture_output=True, text=True, check=True).stdout
    found = {}
    for short, long, value in re.findall(r"^ {2,6}(?:-(\w)(?:, )?)?(?:--([\w-]+)(\[?=\S+)?)?", said, re.M):
        for name in ["-" + short] if short and not long else ["--" + long] + (["-" + short] if short else []) if long else []:
            found[name] = value.startswith("=")
    return found


def needs_of(*command):
    return host.look_at_command(argparse.Namespace(file=[], inside=None, command=list(command), folder=None))


def test_options():
    known = options("check")
    for name, takes in options("run").items():
        if name not in known and host.RUN_OPTIONS.get(name) is not takes:
            print("RUN_OPTIONS of snp-host is wrong about", name, "of run")


def test_needs():
    os.chdir(box)
    for name in ("vmlinuz", "initrd", "certs/ask.pem", "id.key", "far/other"):
        os.makedirs(os.path.dirname(name) or ".", exist_ok=True)
        with open(name, "w", encoding="ascii") as f:
            f.write(name)
    with open("far/guest.yaml", "w", encoding="ascii") as f:
        f.write("version: 1\nboot: { kernel: ../vmlinuz, initrd: [ ../initrd, other ] }\nserial: ../logs/con.log\n"
                "memory: 1G\ntimeout: 20s\nmatrix: { vcpus: [1, 2] }\n")
    n = needs_of(snpvmm, "run", "--results", "out", "--certs=certs", "--set", "snp.identity.id_key=id.key", "--confine", "far",
                 "-j", "2", "far/guest.yaml")
    here = {os.path.relpath(name) for _, name in n.files}
    wanted = {"vmlinuz", "initrd", "far/other", "certs", "id.key", "far/guest.yaml", os.path.relpath(snpvmm)}
    if here != wanted:
        print("taken along:", sorted(here ^ wanted), "differ")
    if {os.path.relpath(d) for d in n.returned} != {".", "out", "logs"}:
        print("brought back:", n.returned)
    if n.memory != 2 << 30 or not 40 <= n.seconds <= 200:
        print("two guests of 1G for 20 s each:", n.memory, n.seconds)
    n = needs_of(snpvmm, "run", "--timeout", "5s", "far/guest.yaml")
    if not 5 <= n.seconds < 100:
        print("a limit of 5 s for the command:", n.seconds)
    n = needs_of(snpvmm, "run", "-k", "vmlinuz", "-i", "initrd", "-m", "3G")
    if n.memory != 3 << 30:
        print("-m 3G:", n.memory)
    try:
        needs_of("no-such-program", "x")
        print("a program that is not there is no problem")
    except host.Problem:
        pass


def test_archive():
    """What is packed is found again; what comes back stays in its folders."""
    os.makedirs("back", exist_ok=True)
    archive = host.Archive("archive")
    for name in ("back/a", "back/deep/b", "elsewhere", "back/../../c", "out/d"):
        archive.data(os.path.join(os.getcwd(), name) if not name.startswith("out/") else name, name.encode() * 1000)
    archive.file("certs", "/certs")
    archive.close()
    names = [name for name, mode, _, _ in host.members("archive") if host.stat.S_ISREG(mode)]
    if "certs/ask.pem" not in names or "out/d" not in names:
        print("the archive has", names)
    needs = host.Needs()
    needs.returned = [os.path.abspath("back"), "/"]
    host.bring_back("archive", needs, "given")
    found = sorted(os.path.relpath(os.path.join(d, f)) for top in ("back", "given", "elsewhere") for d, _, files in os.walk(top) for f in files)
    if found != ["back/a", "back/deep/b", "given/d"]:
        print("came back:", found)
    if os.path.exists("../c") or os.path.exists("elsewhere"):
        print("a file came back to another folder")
    with open("back/deep/b", "rb") as f:
        if f.read() != b"back/deep/b" * 1000:
            print("a file came back with other contents")
    for size in (os.path.getsize("archive") // 2, 500):
        with open("archive", "r+b") as f:
            f.truncate(size)
        try:
            host.bring_back("archive", needs, "half")
            print("half an archive is no problem")
        except host.Problem:
            pass
    left = [f for top in ("back", "half") for _, _, files in os.walk(top) for f in files if f.startswith(".")]
    if left:
        print("left behind:", left)


test_options()
test_needs()
test_archive()
