# SPDX-License-Identifier: MIT
"""tests/cli/background.py: a shell with job control, and a run that is moved between background and foreground.

    SCENE COMMAND...      the guest of COMMAND prints "hello" and then nothing; prints what is wrong, or nothing
"""
import array
import fcntl
import os
import pty
import select
import signal
import subprocess
import sys
import termios
import threading
import time

PATIENCE = 30  # seconds, for what comes at once


def modes():
    return termios.tcgetattr(terminal)[:4]


def wrong(what):
    print(what)
    os._exit(1)


def until(condition, what):
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            wrong(f"never: {what}")
        time.sleep(0.02)


def unread():
    count = array.array("i", [0])
    fcntl.ioctl(terminal, termios.FIONREAD, count)
    return count[0]


def start(foreground):
    """As a shell starts a job: in a process group of its own, with job control's signals as they are by default."""
    def prepare():
        os.setpgrp()
        if foreground:
            os.tcsetpgrp(0, os.getpgrp())
        for s in (signal.SIGTTOU, signal.SIGTTIN, signal.SIGTSTP, signal.SIGINT, signal.SIGQUIT):
            signal.signal(s, signal.SIG_DFL)
    return subprocess.Popen(command, stdin=terminal, stdout=terminal, stderr=terminal, preexec_fn=prepare)


def ended(job, status):
    """It ends with this status, and isn't stopped meanwhile."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        pid, has = os.waitpid(job.pid, os.WNOHANG | os.WUNTRACED)
        if pid and os.WIFSTOPPED(has):
            os.kill(job.pid, signal.SIGKILL)
            wrong(f"stopped by {signal.Signals(os.WSTOPSIG(has)).name}")
        if pid:
            has = os.waitstatus_to_exitcode(has)
            if has != status:
                wrong(f"it ended with {has}, not {status}")
            return
        time.sleep(0.02)
    wrong("it never ended")


def untouched(seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if modes() != before:
            wrong("a run in the background changed the terminal")
        time.sleep(0.02)


def heard():
    until(lambda: b"hello" in said, "hello")


def is_raw():
    until(lambda: not modes()[3] & (termios.ICANON | termios.ECHO), "raw in the foreground")


def is_restored():
    until(lambda: modes() == before, "the terminal as it was")


def foreground(job):
    os.tcsetpgrp(terminal, job.pid)


def ours():
    os.tcsetpgrp(terminal, os.getpgrp())


def limit():
    """`snpvmm run m.yaml &`: the time limit ends it, without a keyboard."""
    job = start(False)
    os.write(master, b"typed\n")
    untouched(0.5)
    ended(job, 124)
    is_restored()
    if unread() != 6:
        wrong("it read what was typed for another job")


def tostop():
    """The same after `stty tostop`."""
    flags = termios.tcgetattr(terminal)
    flags[3] |= termios.TOSTOP
    termios.tcsetattr(terminal, termios.TCSANOW, flags)
    global before
    before = modes()
    job = start(False)
    heard()
    ended(job, 124)
    is_restored()


def killed():
    """Signals in the background that kill: the first of its kind, and the second of others."""
    for signals in ((signal.SIGTERM, signal.SIGTERM), (signal.SIGQUIT,)):
        said.clear()
        job = start(False)
        heard()
        for s in signals:
            os.kill(job.pid, s)
            untouched(0.3)
        ended(job, -signals[-1])
        is_restored()


def fetched():
    """`fg` of a run in the background: it takes its input, and leaves the terminal as it was."""
    job = start(False)
    heard()
    os.write(master, b"typed\n")
    untouched(0.3)
    foreground(job)
    is_raw()
    until(lambda: unread() < 6, "what was typed is read")
    os.kill(job.pid, signal.SIGTERM)
    ended(job, 143)
    is_restored()


def stopped(job, how):
    how()
    until(lambda: os.waitpid(job.pid, os.WNOHANG | os.WUNTRACED)[0], "stopped by Ctrl-Z")
    if modes() != before:
        wrong("stopped, it left the terminal raw")
    ours()


def moved():
    """Ctrl-Z, `bg`, `fg`, Ctrl-Z, `fg`."""
    job = start(True)
    heard()
    is_raw()
    stopped(job, lambda: os.write(master, b"\x1a"))
    os.kill(job.pid, signal.SIGCONT)
    untouched(0.5)
    foreground(job)
    is_raw()
    stopped(job, lambda: os.kill(job.pid, signal.SIGTSTP))
    foreground(job)
    os.kill(job.pid, signal.SIGCONT)
    is_raw()
    os.kill(job.pid, signal.SIGTERM)
    ended(job, 143)
    is_restored()


def left():
    """SIGSTOP can't be caught; what follows is seen by SIGCONT."""
    job = start(True)
    heard()
    is_raw()
    os.kill(job.pid, signal.SIGSTOP)
    until(lambda: os.waitpid(job.pid, os.WNOHANG | os.WUNTRACED)[0], "stopped")
    ours()
    termios.tcsetattr(terminal, termios.TCSANOW, shell)
    os.kill(job.pid, signal.SIGCONT)
    untouched(0.5)
    foreground(job)
    is_raw()
    os.kill(job.pid, signal.SIGTERM)
    ended(job, 143)
    is_restored()


def listen():
    """The terminal's user: reads all that is written, else writers wait."""
    while True:
        select.select([master], [], [])
        said.extend(os.read(master, 4096))


command = sys.argv[2:]
master, terminal = pty.openpty()
if os.fork():
    os.close(terminal)
    said = bytearray()
    status = os.wait()[1]
    sys.exit(os.waitstatus_to_exitcode(status))
os.setsid()
fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)
for s in (signal.SIGTTOU, signal.SIGTTIN, signal.SIGTSTP):
    signal.signal(s, signal.SIG_IGN)
shell = termios.tcgetattr(terminal)
before = modes()
said = bytearray()
threading.Thread(target=listen, daemon=True).start()
{"limit": limit, "tostop": tostop, "killed": killed, "fetched": fetched, "moved": moved, "left": left}[sys.argv[1]]()
