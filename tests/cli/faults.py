# SPDX-License-Identifier: MIT
"""tests/cli/faults.py: runs to which something happens; prints what is wrong, and at last a line "counted: ...".

    moments N SEED FOLDER      N runs that a signal or a reader that leaves meets at a random moment
    full some|all FOLDER       runs whose results meet a full disk, at each of their blocks and files (in a mount namespace)
    launches N AT-ONCE FOLDER  N runs, so many at once, and one command with a matrix of as many
FOLDER has manifests, images and scripts of the guests, as tests/cli/faults.sh makes them. PROGRAMS is the environment's
list of programs, "fake=PATH kvm=PATH"; each runs the guests on its platform.
"""
import collections
import fcntl
import hashlib
import json
import os
import pathlib
import pty
import random
import re
import select
import shutil
import signal
import subprocess
import sys
import termios
import time
import xml.etree.ElementTree

PATIENCE_S = 40
FAKE_PLATFORM, KVM_PLATFORM = "snp", "kvm"
PROGRAMS = dict(word.split("=", 1) for word in os.environ["PROGRAMS"].split())
NATURAL = {"quick": 0, "fails": 1, "flood": 0, "waits": 124, "proves": 124}  # how the guests' runs end if nothing happens
complaints = 0


def wrong(where, what):
    global complaints
    complaints += 1
    print(f"{where}: {what}", flush=True)
    if complaints > 20:
        sys.exit("too much is wrong")


def command(program, folder, guest, *options):
    platform = KVM_PLATFORM if program == "kvm" else FAKE_PLATFORM
    return [PROGRAMS[program], "run", "--platform", platform, *options, str(folder / f"{guest}.yaml")]


def environment(folder, guest):
    (folder / "tmp").mkdir(exist_ok=True)
    return {**os.environ, "FAKE_SCRIPT": str(folder / f"{guest}.script"), "TMPDIR": str(folder / "tmp")}


# --- what is left ---

def threads_left(pid):
    """Whether threads other than the first are still there, as when the kernel takes a killed guest apart."""
    try:
        return len(os.listdir(f"/proc/{pid}/task")) > 1
    except OSError:
        return False


def session_left(session):
    """The processes of a session that have not ended, with all of their threads."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            pid, rest = pathlib.Path("/proc", name, "stat").read_text().split(" ", 1)
        except OSError:
            continue
        words = rest.rsplit(")", 1)[1].split()
        if int(words[3]) == session and (words[0] not in "ZX" or threads_left(pid)):
            found.append(int(pid))
    return found


def session_ends(session):
    end = time.monotonic() + PATIENCE_S
    while session_left(session) and time.monotonic() < end:
        time.sleep(0.01)
    return session_left(session)


def sums(folder):
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.iterdir() if p.is_file()}


def hidden(results):
    return [str(p) for p in results.rglob("*") if p.name.startswith(".") or ".tail-" in p.name]


def parsed(where, path):
    """What is in a JSON or XML file: None if it isn't there; a complaint if it isn't whole."""
    try:
        if path.suffix == ".json":
            return json.loads(path.read_text("utf-8"))
        return xml.etree.ElementTree.parse(path).getroot()
    except FileNotFoundError:
        return None
    except (ValueError, xml.etree.ElementTree.ParseError) as e:
        wrong(where, f"{path} is not whole: {e}")
        return None


def whole(where, results):
    """All result files are whole; those called result.json, by folder."""
    found = {}
    for path in sorted(results.rglob("*")):
        if path.name.startswith("."):
            continue
        if path.suffix in (".json", ".xml"):
            content = parsed(where, path)
            if path.name == "result.json" and content:
                found[str(path.parent)] = content
    return found


# --- random moments ---

class Run:
    """A run in a session of its own, with pipes or a terminal, that is read until it has ended."""

    def __init__(self, argv, env, terminal):
        self.ends = {}  # reading ends by the writer's descriptor
        self.said = {1: b"", 2: b""}
        self.terminal = None
        if terminal:
            master, slave = pty.openpty()
            self.terminal, self.before = slave, termios.tcgetattr(slave)
            self.process = subprocess.Popen(argv, env=env, stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
                                            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
            self.ends = {1: master}
        else:
            self.process = subprocess.Popen(argv, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                            stderr=subprocess.PIPE, start_new_session=True)
            self.ends = {1: os.dup(self.process.stdout.fileno()), 2: os.dup(self.process.stderr.fileno())}
            self.process.stdout.close()
            self.process.stderr.close()
        self.begun = time.monotonic()

    def leave(self, which):
        if which in self.ends:
            os.close(self.ends.pop(which))

    def read(self, seconds):
        ready = select.select(list(self.ends.values()), [], [], max(0, seconds))[0]
        for which, end in list(self.ends.items()):
            if end not in ready:
                continue
            try:
                data = os.read(end, 65536)
            except OSError:
                data = b""
            self.said[which] += data
            if not data:
                self.leave(which)

    def until(self, happens_at, happen):
        """Its status, after `happen` was called so many seconds after its start, unless it had ended; None: it hangs."""
        while self.process.poll() is None:
            now = time.monotonic() - self.begun
            if happen and now >= happens_at:
                happen()
                happen = None
            if now > PATIENCE_S:
                return None
            if self.ends:
                self.read(min(0.005, happens_at - now) if happen else 0.005)
            else:
                time.sleep(0.001)
        self.read(0)
        return self.process.returncode

    def child(self):
        try:
            with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children", encoding="ascii") as f:
                return int(f.read().split()[0])
        except (OSError, IndexError):
            return None

    def close(self):
        """The terminal's modes are as they were."""
        same = self.terminal is None or termios.tcgetattr(self.terminal) == self.before
        for which in list(self.ends):
            self.leave(which)
        if self.terminal is not None:
            os.close(self.terminal)
        return same


def kill(pid, number):
    try:
        if pid:
            os.kill(pid, number)
    except ProcessLookupError:
        pass


def kill_group(pid, number):
    try:
        os.killpg(pid, number)
    except ProcessLookupError:
        pass


# What happens, and with which statuses the command may end then (negative: killed), besides its own.
EVENTS = {
    "SIGTERM": (lambda r: kill(r.process.pid, signal.SIGTERM), {143, -15}),
    "SIGHUP": (lambda r: kill(r.process.pid, signal.SIGHUP), {129, -1}),
    "SIGTERM to all": (lambda r: kill_group(r.process.pid, signal.SIGTERM), {143, -15}),
    "SIGTERM to the child": (lambda r: kill(r.child(), signal.SIGTERM), {143}),
    "SIGKILL": (lambda r: kill(r.process.pid, signal.SIGKILL), {-9}),
    "SIGKILL to the child": (lambda r: kill(r.child(), signal.SIGKILL), {137}),
    "stdout has no reader": (lambda r: r.leave(1), {1}),
    "stderr has no reader": (lambda r: r.leave(2), set()),
    "neither has a reader": (lambda r: (r.leave(1), r.leave(2)), {1}),
}
MATRIX = ("--set", "matrix={vcpus: [1, 2]}")
FORMS = ((), ("-o", "json"), MATRIX, MATRIX + ("--jobs", "2"), ("--prefix",))


def results_right(where, results, names, form, status):
    """A command that ended by itself left a result of each of its runs; whatever is there is whole and of this command."""
    found = whole(where, results)
    if status < 0:
        return
    folders = [results / f"vcpus={n}" for n in (1, 2)] if MATRIX[1] in form else [results]
    if status > 128 and found.get(str(results), {}).get("name") in names:
        return  # a signal came before it knew its runs: one result speaks for all
    for folder in folders:
        r = found.get(str(folder))
        if not r:
            wrong(where, f"status {status}, and no {folder}/result.json")
        elif r.get("name") not in names:
            wrong(where, f"{folder}/result.json is of {r.get('name')}, not {names[0]}")
        elif len(folders) == 1 and r.get("status") != status:
            wrong(where, f"status {status}, but result.json has {r.get('status')}")
        if not (folder / "junit.xml").exists():
            wrong(where, f"status {status}, and no {folder}/junit.xml")
    if hidden(results):
        wrong(where, f"left: {hidden(results)}")


def moment(i, pick, folder, counts):
    program = pick.choice(sorted(PROGRAMS))
    guest = pick.choice(["quick", "flood", "waits"] + ["proves"] * (program == "fake"))
    event = pick.choice(sorted(EVENTS))
    form = pick.choice(FORMS)
    terminal = "reader" not in event and pick.random() < 0.3
    at = pick.uniform(0, 0.04) if pick.random() < 0.7 else pick.uniform(0, 0.5)
    happen, statuses = EVENTS[event]
    name, results = f"moment-{i}", folder / "results" / f"{'several' if MATRIX[1] in form else 'one'}-{i % 3}"
    where = f"{name}: {program}, {guest} {' '.join(form)}, {event} after {at * 1000:.1f} ms{' on a terminal' * terminal}"
    env = environment(folder, guest)
    if "child" in event:  # LeakSanitizer has a child, too, and waits for ever if that is killed
        env["ASAN_OPTIONS"] = env.get("ASAN_OPTIONS", "") + ":detect_leaks=0"
    run = Run(command(program, folder, guest, "--set", f"name={name}", "--results", str(results), *form), env, terminal)
    status = run.until(at, lambda: happen(run))
    same = run.close()
    if status is None:
        wrong(where, "it has not ended")
        kill_group(run.process.pid, signal.SIGKILL)
        return
    counts[f"{event}: {status}"] += 1
    if status != NATURAL[guest] and status not in statuses:
        wrong(where, f"status {status}: {run.said[1][-200:]!r} {run.said[2][-600:]!r}")
    if not same and event != "SIGKILL":
        wrong(where, "the terminal is not as it was")
    at_once = event == "SIGKILL" and pick.random() < 0.5
    if not at_once and session_ends(run.process.pid):
        wrong(where, f"these processes are left: {session_left(run.process.pid)}")
        kill_group(run.process.pid, signal.SIGKILL)
    # a signal may come before the settings are read
    results_right(where, results, [name] if status == NATURAL[guest] else [name, guest], form, status)
    # the next run in the same folder, sometimes before a child that was killed with its parent is gone
    form = MATRIX if MATRIX[1] in form else ()
    after = Run(command(program, folder, "quick", "--set", f"name=after-{i}", "--results", str(results), *form),
                environment(folder, "quick"), False)
    status = after.until(0, None)
    after.close()
    if status is None:
        kill_group(after.process.pid, signal.SIGKILL)
    if at_once and session_ends(run.process.pid):
        wrong(where, f"these processes are left: {session_left(run.process.pid)}")
    if status != 0:
        wrong(where, f"the next run has status {status}: {after.said[2]!r}")
    else:
        results_right(f"{where}; the next run", results, [f"after-{i}"], form, 0)


def moments(n, seed, folder):
    pick = random.Random(seed)
    before, counts = sums(folder), collections.Counter()
    for i in range(n):
        moment(i, pick, folder, counts)
    if sums(folder) != before:
        wrong("inputs", "they have changed")
    if list((folder / "tmp").iterdir()):
        wrong("temporary files", f"{list((folder / 'tmp').iterdir())}")
    return f"{n} moments (seed {seed}): " + ", ".join(f"{k} ({v})" for k, v in sorted(counts.items()))


# --- a full disk ---

def mounted(disk, limits, argv, env):
    """A run whose results are on an empty, small disk: its status, standard output and error, and the results."""
    subprocess.run(["umount", "-l", disk], check=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", limits, "none", disk], check=True)
    ran = subprocess.run(argv, env=env, stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE_S, check=False)
    return ran.returncode, ran.stdout, ran.stderr.decode(errors="replace"), disk / "r"


def full_checks(where, guest, form, outcome):
    status, out, err, results = outcome
    text = f"\n{err[-800:]}"
    natural = NATURAL[guest]
    failed = "[output-failed]" in err
    if status not in ({natural} if natural else {0}) | ({1, 2} if failed else set()):
        wrong(where, f"status {status}, {'output-failed' if failed else 'no failure'} is told{text}")
    if status == 0 and failed:
        wrong(where, f"it passes, but an output failed{text}")
    found = whole(where, results)
    launched = status in (0, 1)
    if launched and natural == 1 and "[guest-exit]" not in err:
        wrong(where, f"the guest's own verdict is lost{text}")
    if launched and not form and b"0123456789" not in out:
        wrong(where, "the console on standard output is lost")
    for folder, r in found.items():
        if not form and r.get("status") != status:
            wrong(where, f"status {status}, but result.json has {r.get('status')}{text}")
        if r.get("verdict") == "pass" and status != 0 and not form:
            wrong(where, f"{folder}: a pass, but the status is {status}")
        suites = parsed(where, pathlib.Path(folder) / "junit.xml")
        if suites is not None and (int(suites.get("failures")) + int(suites.get("errors")) == 0) != (r.get("verdict") == "pass"):
            wrong(where, f"{folder}: junit.xml says something else than result.json")
    files = {p.name for p in results.rglob("*")}
    if status == 0 and not files >= {"result.json", "junit.xml", "launch.json", "manifest.yaml", "serial.log"}:
        wrong(where, f"status 0, and only {sorted(files)}")
    if hidden(results):
        wrong(where, f"left: {hidden(results)}")
    return status


def full(every, folder):
    """Walks the limits until the run is whole: of blocks, and of files."""
    walks = [(p, g, f) for p in sorted(PROGRAMS) for g in ("quick", "fails", "flood") for f in ((), MATRIX)]
    if not every:
        walks = [(max(PROGRAMS), "fails", ()), (max(PROGRAMS), "quick", MATRIX)]
    disk = folder / "disk"
    disk.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64M", "none", disk], check=True)
    counts = collections.Counter()
    for program, guest, form in walks:
        for limit in ("size={}k,nr_inodes=1000", "size=64M,nr_inodes={}"):
            for n in range(2, 200):
                limits = limit.format(4 * n) if "size={" in limit else limit.format(n)
                where = f"{program}, {guest} {' '.join(form)}, {limits}"
                options = ["--set", "debug_port=debug.out", "--results", str(disk / "r"), *form]
                outcome = mounted(disk, limits, command(program, folder, guest, *options), environment(folder, guest))
                counts[full_checks(where, guest, form, outcome)] += 1
                if "[output-failed]" not in outcome[2] and outcome[0] == NATURAL[guest]:
                    break
            else:
                wrong(where, "it is never whole")
    return f"{sum(counts.values())} limits: " + ", ".join(f"status {k} ({v})" for k, v in sorted(counts.items()))


# --- many launches ---

def held(pid):
    """How many descriptors and mappings a process has; None: it has ended."""
    try:
        mappings = pathlib.Path(f"/proc/{pid}/maps").read_text(encoding="utf-8").count("\n")
        return (len(os.listdir(f"/proc/{pid}/fd")), mappings) if mappings else None
    except OSError:
        return None


def finished(running, program):
    """Takes one run that has ended, or that hangs, off the list."""
    while True:
        for r in running:
            status = r.process.poll()
            if status is None and time.monotonic() - r.begun < PATIENCE_S:
                r.read(0.001)
                continue
            r.read(0)
            r.close()
            if status is None:
                wrong(program, "a launch has not ended")
                kill_group(r.process.pid, signal.SIGKILL)
            elif status != 0:
                wrong(program, f"a launch ended with status {status}: {r.said[2]!r}")
            if session_ends(r.process.pid):
                wrong(program, f"processes are left: {session_left(r.process.pid)}")
            running.remove(r)
            return


def launches(n, at_once, folder):
    for program in sorted(PROGRAMS):
        running = []
        begun = time.monotonic()
        mine = held(os.getpid())[0]
        for _ in range(n):
            running.append(Run(command(program, folder, "quick", "-q"), environment(folder, "quick"), False))
            if len(running) == at_once:
                finished(running, program)
        while running:
            finished(running, program)
        if held(os.getpid())[0] != mine:
            wrong(program, "this test leaks descriptors itself")
        # and as runs of one command, which must not hold more at its end than at its beginning
        count = min(n, 250)
        matrix = f"matrix={{timeout: [{', '.join(f'{i + 20}s' for i in range(count))}]}}"
        run = Run(command(program, folder, "quick", "-q", "--jobs", str(at_once), "--set", matrix, "--results",
                          str(folder / "many")), environment(folder, "quick"), False)
        most = []
        while run.process.poll() is None:
            run.read(0.005)
            now = held(run.process.pid)
            if now:
                most.append(now)
            if time.monotonic() - begun > 600:
                kill_group(run.process.pid, signal.SIGKILL)
        if run.process.returncode != 0:
            wrong(program, f"a matrix of {count}: status {run.process.returncode}: {run.said[2][-300:]!r}")
        half = len(most) // 2
        # AddressSanitizer has mappings of its own
        for i, of in enumerate(("descriptors",) if os.environ.get("SAN") else ("descriptors", "mappings")):
            first, second = (max(m[i] for m in part) for part in (most[:half + 1], most[half:]))
            if second > first + 4:
                wrong(program, f"its {of} grow: {first}, then {second}")
        run.close()
        if len(whole(program, folder / "many")) != count or hidden(folder / "many"):
            wrong(program, f"a matrix of {count}: not as many results")
        shutil.rmtree(folder / "many")
    if list((folder / "tmp").iterdir()):
        wrong("temporary files", f"{list((folder / 'tmp').iterdir())}")
    return f"{n} launches, {at_once} at once, on {' and '.join(sorted(PROGRAMS))}"


what, *words = sys.argv[1:]
place = pathlib.Path(words.pop())
if what == "moments":
    line = moments(int(words[0]), int(words[1]), place)
elif what == "full":
    line = full(words[0] == "all", place)
else:
    line = launches(int(words[0]), int(words[1]), place)
print(f"counted: {line}")
sys.exit(complaints > 0)
