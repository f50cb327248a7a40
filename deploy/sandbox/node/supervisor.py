"""The parent of all pod processes: a small program of its own, so that nothing of a pod outlives the sandbox.

It runs as `python -I supervisor.py FD` with one end of a SOCK_SEQPACKET pair as FD, and imports little, because it
forks for every container and every exec probe. Requests are JSON, one a packet, with file descriptors attached:

    {"id": 7, "argv": [...], "env": {...}, "cwd": "/", "nice": 0, "mark": "A=b"}   with descriptors: stdout, stderr
    {"id": 7, "signal": 15}                                                        to the whole process group
    {"quit": true}

Answers: {"id": 7, "pid": 123} or {"id": 7, "error": "..."}, later {"id": 7, "exit": code, "signal": 0}, the code being
128 + n for signal n. A process that ends takes along its group, and with a mark every process that has it in its
environment, as the end of a container's first process does.

When the socket closes, because the sandbox ended however it ended, every process is killed. Each child also asks the
kernel to be killed when this program dies, and since it is a subreaper, a process that was left behind by a container
becomes its child and is reaped here.
"""

from __future__ import annotations

import array
import contextlib
import ctypes
import json
import os
import select
import signal
import socket
import subprocess
import sys
from typing import Any

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
PACKET_BYTES = 1 << 20
LOOKS = 50

libc = ctypes.CDLL(None, use_errno=True)


def main(fd: int) -> None:
    """Serve requests until the socket closes."""
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # Ctrl-C reaches the whole terminal; the sandbox decides
    wake_read, wake_write = os.pipe()
    os.set_blocking(wake_write, False)
    signal.set_wakeup_fd(wake_write)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    Supervisor(socket.socket(fileno=fd), wake_read).serve()


class Supervisor:
    """The children by request id."""

    def __init__(self, channel: socket.socket, wake: int) -> None:
        self.channel = channel
        self.wake = wake
        self.children: dict[int, int] = {}
        self.marks: dict[int, bytes] = {}

    def serve(self) -> None:
        """Loop over requests and ended children."""
        while True:
            readable, _, _ = select.select([self.channel.fileno(), self.wake], [], [])
            if self.wake in readable:
                os.read(self.wake, 4096)
                self.reap()
            if self.channel.fileno() in readable and not self.take():
                self.kill_all()
                return

    def take(self) -> bool:
        """Handle one packet; False when the sandbox is gone or says goodbye."""
        text, fds = receive(self.channel)
        if not text:
            return False
        request = json.loads(text)
        if "argv" in request:
            self.spawn(request, fds)
        elif "signal" in request:
            self.signal(request["id"], request["signal"])
        for fd in fds:
            os.close(fd)
        return "quit" not in request

    def spawn(self, request: dict[str, Any], fds: list[int]) -> None:
        """Start a process in a session of its own."""
        try:
            child = subprocess.Popen(
                request["argv"],
                env=request["env"],
                cwd=request["cwd"],
                stdin=subprocess.DEVNULL,
                stdout=fds[0],
                stderr=fds[1],
                start_new_session=True,
                preexec_fn=lambda: prepare(request.get("nice", 0)),  # noqa: PLW1509 - this program has one thread
            )
        except (OSError, subprocess.SubprocessError, ValueError) as error:
            self.answer(id=request["id"], error=str(error))
            return
        child.returncode = 0  # reaped below, not by the Popen object
        self.children[child.pid] = request["id"]
        if request.get("mark"):
            self.marks[child.pid] = request["mark"].encode()
        self.answer(id=request["id"], pid=child.pid)

    def signal(self, number: int, what: int) -> None:
        """Signal the process group of a child."""
        for pid, known in self.children.items():
            if known == number:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(pid, what)

    def reap(self) -> None:
        """Collect ended children; what a container left in its process group ends with it."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            number = self.children.pop(pid, None)
            if number is None:
                continue  # an orphan of a container
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, signal.SIGKILL)
            kill_marked(self.marks.pop(pid, b""))
            code = os.waitstatus_to_exitcode(status)
            self.answer(id=number, exit=code if code >= 0 else 128 - code, signal=max(0, -code))

    def answer(self, **words: object) -> None:
        """Tell the sandbox, if it is still there."""
        with contextlib.suppress(OSError):
            self.channel.send(json.dumps(words).encode())

    def kill_all(self) -> None:
        """End every group and every descendant that is left."""
        for pid in self.children:
            with contextlib.suppress(OSError):
                os.killpg(pid, signal.SIGKILL)
        for pid in descendants(os.getpid()):
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)


def prepare(nice: int) -> None:
    """In the child: die with the supervisor, with ordinary signal handling, and give way if asked."""
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    os.umask(0o022)
    if nice:
        os.nice(nice)


def receive(channel: socket.socket) -> tuple[bytes, list[int]]:
    """One packet and its descriptors; empty when the other end is closed."""
    fds = array.array("i")
    try:
        text, ancillary, _, _ = channel.recvmsg(PACKET_BYTES, socket.CMSG_SPACE(4 * fds.itemsize))
    except ConnectionError:
        return b"", []
    for level, kind, content in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            fds.frombytes(content[: len(content) - len(content) % fds.itemsize])
    return text, list(fds)


def kill_marked(mark: bytes) -> None:
    """Kill all with this in their environment, and look again until none is left to make new ones."""
    for _ in range(LOOKS if mark else 0):
        found = [pid for pid in processes() if mark in environment(pid)]
        for pid in found:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        if not found:
            return


def processes() -> list[int]:
    """All process ids."""
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def environment(pid: int) -> list[bytes]:
    """The entries of a process's environment; nothing for a zombie or a stranger."""
    with contextlib.suppress(OSError), open(f"/proc/{pid}/environ", "rb") as file:
        return file.read().split(b"\0")
    return []


def descendants(root: int) -> list[int]:
    """All processes below `root`, from /proc."""
    children: dict[int, list[int]] = {}
    for pid in processes():
        with contextlib.suppress(OSError, IndexError, ValueError), open(f"/proc/{pid}/stat") as file:
            parent = int(file.read().rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(pid)
    found: list[int] = []
    waiting = [root]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


if __name__ == "__main__":
    main(int(sys.argv[1]))
