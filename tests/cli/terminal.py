# SPDX-License-Identifier: MIT
"""tests/cli/terminal.py: runs a guest on a terminal of its own; prints how it left the terminal.

    SIGNAL[.SIGNAL] COMMAND...      0 if it was raw while the guest printed, as before at the end, and killed by the last signal
    STATUS COMMAND...               the same, but nobody kills it and it exits with STATUS
    child COMMAND...                the same, but the process of the run is killed, and it exits with 137
"""
import glob
import os
import pty
import re
import resource
import signal
import subprocess
import sys
import termios
import time


def child_of(pid):
    for path in glob.glob("/proc/[0-9]*/status"):
        try:
            with open(path) as status:
                if re.search(rf"^PPid:\s{pid}$", status.read(), re.M):
                    return int(path.split("/")[2])
        except OSError:
            continue  # it has ended
    raise SystemExit("there is no child")


def main(signals, wanted, command):
    master, terminal = pty.openpty()
    before = termios.tcgetattr(terminal)

    def prepare():
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        for s in signals:
            signal.signal(s, signal.SIG_DFL)

    child = subprocess.Popen(command, stdin=terminal, stdout=terminal, stderr=terminal, preexec_fn=prepare)
    said = b""
    while b"hello" not in said:
        said += os.read(master, 4096)
    raw = termios.tcgetattr(terminal) != before  # before the guest could speak
    time.sleep(1)  # until the guest does what comes after its word
    if sys.argv[1] == "child":
        os.kill(child_of(child.pid), signal.SIGKILL)
    for s in signals:
        child.send_signal(s)
        time.sleep(0.3)
    status = child.wait(40)
    print(f"raw: {raw}; restored: {termios.tcgetattr(terminal) == before}; status: {status}")
    return not (raw and termios.tcgetattr(terminal) == before and status == wanted)


if sys.argv[1] == "child":
    sys.exit(main([], 137, sys.argv[2:]))
if sys.argv[1].isdigit():
    sys.exit(main([], int(sys.argv[1]), sys.argv[2:]))
names = [signal.Signals[f"SIG{s}"] for s in sys.argv[1].split(".")]
sys.exit(main(names, -names[-1], sys.argv[2:]))
