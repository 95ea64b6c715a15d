"""Copies of the running lab, by fork: seed once, then one copy per test.

The operating system copies memory only where it is written to, so a copy with
all its state takes milliseconds. A copy dies with the lab it came from.

Forks are made by the main thread alone, which does nothing else: the kernel
ends a child that asked for it (PR_SET_PDEATHSIG) when the *thread* that made
it ends, and the threads of requests end with their connections.
"""

from __future__ import annotations

import ctypes
import gc
import os
import queue
import signal
import socket
import sys
import threading
from typing import Any

_PR_SET_PDEATHSIG = 1


class _Job:
    """One fork that was asked for."""

    def __init__(self) -> None:
        self.listener = listen()
        self.done = threading.Event()
        self.pid = 0
        self.error: Any = None


_JOBS: "queue.SimpleQueue[_Job]" = queue.SimpleQueue()


def listen(port: int = 0) -> socket.socket:
    """A listening socket on the loopback interface."""
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind(("127.0.0.1", port))
    made.listen(128)
    return made


def request() -> tuple[int, int]:
    """Have the main thread fork; the copy's port and process id.

    The socket listens before the fork: who is told the port can connect.
    """
    job = _Job()
    port = job.listener.getsockname()[1]
    _JOBS.put(job)
    job.done.wait()
    job.listener.close()
    if job.error:
        raise job.error
    return port, job.pid


def wait_for_child() -> socket.socket:
    """Make forks until the end. Returns only in a copy: its socket."""
    while True:
        job = _JOBS.get()
        parent = os.getpid()
        try:
            pid = os.fork()
        except OSError as error:
            job.error = error
            job.done.set()
            continue
        if pid == 0:
            return _become_child(job.listener, parent)
        job.pid = pid
        job.done.set()


def _become_child(listener: socket.socket, parent: int) -> socket.socket:
    """Let go of everything of the parent's, and tie our life to its."""
    global _JOBS
    _JOBS = queue.SimpleQueue()
    gc.freeze()  # what is shared stays shared: looking for garbage in it would copy it
    os.set_inheritable(listener.fileno(), False)
    keep = listener.fileno()
    # The parent's sockets are let go of by putting nothing in their place, not
    # by closing their numbers: objects of the parent's threads still own the
    # numbers here and close them whenever they are collected, and by then a
    # freed number would be somebody else's connection.
    null = os.open(os.devnull, os.O_RDWR)
    for number in _open_numbers():
        if number not in (1, 2, keep, null):
            os.dup2(null, number, inheritable=False)
    os.close(null)
    die_with(parent)
    return listener


def _open_numbers() -> list[int]:
    """The open file descriptors of this process."""
    try:
        return [int(name) for name in os.listdir("/dev/fd")]
    except OSError:
        return list(range(min(os.sysconf("SC_OPEN_MAX"), 4096)))


def die_with(parent: int) -> None:
    """End this process when its parent ends."""
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it ended before we asked
            os._exit(0)
        return
    threading.Thread(target=_watch_parent, args=(parent,), daemon=True).start()


def _watch_parent(parent: int) -> None:
    """Where the kernel has no such signal, look every half second."""
    pause = threading.Event()
    while os.getppid() == parent:
        pause.wait(0.5)
    os._exit(0)


def watch_stdin() -> None:
    """End when whoever started us ends, and with it our standard input."""

    def wait() -> None:
        while os.read(0, 4096):
            pass
        os._exit(0)

    threading.Thread(target=wait, name="watch stdin", daemon=True).start()
