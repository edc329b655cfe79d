#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""tests/cli/gdb.py ADDRESS WORD...: a debugger. ADDRESS is PORT or the path of a UNIX socket.

A WORD is a packet, whose reply is printed, or one of these:
  bytes:TEXT   sends it as it is, with Python's escapes
  tell:PACKET  doesn't wait for a reply
  hear         prints the next packet
  again        closes the connection, and connects anew
  other        connects a second time, and prints what comes of it
  sleep:S
At the end the connection is closed without a word. A connection that the other side has closed is "(gone)".
"""
import socket
import sys
import time


def connect(address):
    family, at = (socket.AF_INET, ("127.0.0.1", int(address))) if address.isdigit() else (socket.AF_UNIX, address)
    for _ in range(600):
        try:
            s = socket.socket(family)
            s.connect(at)
            s.settimeout(30)
            return s
        except OSError:
            time.sleep(0.05)
    sys.exit("nobody listens at " + address)


def hear(s):
    data = b""
    try:
        while not data.startswith(b"$") or data[-3:-2] != b"#":
            byte = s.recv(1)
            if not byte:
                return "(gone)"
            if data or byte == b"$":
                data += byte
    except ConnectionError:
        return "(gone)"
    try:
        s.send(b"+")
    except ConnectionError:
        pass  # for the next one to find out
    return data[1:-3].decode()


def tell(s, packet):
    s.send(b"$%s#%02x" % (packet.encode(), sum(packet.encode()) & 255))


client = connect(sys.argv[1])
for word in sys.argv[2:]:
    if word.startswith("bytes:"):
        client.send(word[6:].encode().decode("unicode_escape").encode("latin-1"))
    elif word.startswith("tell:"):
        tell(client, word[5:])
    elif word.startswith("sleep:"):
        time.sleep(float(word[6:]))
    elif word == "again":
        client.close()
        client = connect(sys.argv[1])
    elif word == "other":
        print(hear(connect(sys.argv[1])))
    else:
        if word != "hear":
            tell(client, word)
        print(hear(client), flush=True)
