"""Runs a command at a pseudo-terminal by a script: {"words": [...], "columns": 200, "rows": 40, "steps": [[said, typed], ...]} on standard input.

Prints {"code": exit code, "screen": all that was written}. Gives up where a step's words do not come.
"""

import fcntl
import json
import os
import pty
import select
import struct
import sys
import termios
import time

WAIT_S = 20


def main():
    asked = json.load(sys.stdin)
    words = asked["words"]
    sized, size = os.pipe()
    child, terminal = pty.fork()
    if child == 0:
        os.read(sized, 1)
        os.execv(words[0], words)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", asked["rows"], asked["columns"], 0, 0))
    os.write(size, b".")
    screen = b""
    for said, typed in asked["steps"]:
        start = len(screen)
        deadline = time.monotonic() + WAIT_S
        while said.encode() not in screen[start:]:
            more = read(terminal, deadline)
            if more is None:
                os.kill(child, 9)
                raise SystemExit(f"never said {said!r}, but {screen.decode(errors='replace')!r}")
            screen += more
        os.write(terminal, typed.encode())
    while (more := read(terminal, time.monotonic() + WAIT_S)) is not None:
        screen += more
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    print(json.dumps({"code": code, "screen": screen.decode(errors="replace")}))


def read(terminal, deadline):
    """What was written meanwhile; None at the end, or where nothing comes in time."""
    ready, _, _ = select.select([terminal], [], [], max(0, deadline - time.monotonic()))
    if not ready:
        return None
    try:
        return os.read(terminal, 65536) or None
    except OSError:
        return None


main()
