# SPDX-License-Identifier: MIT
"""tests/cli/progress.py: runs a command with standard error on a terminal; prints what it wrote there, with \\r, \\n and escapes written out.

    [--both] COMMAND...      exits with the command's status; --both: standard output is on the terminal, too
"""
import os
import pty
import subprocess
import sys

master, terminal = pty.openpty()
both = sys.argv[1] == "--both"
out = terminal if both else subprocess.DEVNULL
child = subprocess.Popen(sys.argv[1 + both:], stdin=subprocess.DEVNULL, stdout=out, stderr=terminal)
os.close(terminal)
said = b""
while True:
    try:
        piece = os.read(master, 4096)
    except OSError:  # the terminal's last user is gone
        break
    if not piece:
        break
    said += piece
text = said.decode("ascii", "replace").encode("unicode_escape").decode()
sys.stdout.write(text and text + "\n")
sys.exit(child.wait())
