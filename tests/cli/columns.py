# SPDX-License-Identifier: MIT
"""tests/cli/columns.py: COLUMNS COMMAND...: prints what the command writes to a terminal of that width, without colours."""
import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios

master, terminal = pty.openpty()
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, int(sys.argv[1]), 0, 0))
child = subprocess.Popen(sys.argv[2:], stdin=subprocess.DEVNULL, stdout=terminal, stderr=terminal)
os.close(terminal)
said = b""
try:
    while part := os.read(master, 65536):
        said += part
except OSError:  # EIO: nobody has it open any more
    pass
child.wait()
sys.stdout.buffer.write(re.sub(rb"\x1b\[[0-9;]*m", b"", said).replace(b"\r\n", b"\n"))
