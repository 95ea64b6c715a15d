"""python -m cordonlab: start the lab and say where it listens."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="cordonlab", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0: any free port")
    parser.add_argument("--token-file", help="file with the control token (or CORDON_LAB_TOKEN)")
    parser.add_argument(
        "--watch-stdin", action="store_true", help="end when standard input ends"
    )
    return parser.parse_args()


def _token(arguments: argparse.Namespace) -> str:
    if arguments.token_file:
        with open(arguments.token_file, encoding="ascii") as file:
            return file.read().strip()
    return os.environ.get("CORDON_LAB_TOKEN", "")


def main() -> int:
    """Run until killed."""
    arguments = _arguments()
    token = _token(arguments)
    if len(token) < 16:
        print("cordonlab: no control token (at least 16 characters)", file=sys.stderr)
        return 2
    # Calls that moto makes go to this very process, never through a proxy,
    # and never with somebody's real credentials.
    for name in list(os.environ):
        if name.lower() in ("http_proxy", "https_proxy", "all_proxy") or name.startswith("AWS_"):
            del os.environ[name]
    os.environ["AWS_CONFIG_FILE"] = os.environ["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull
    os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
    os.environ.pop("CORDON_LAB_TOKEN", None)

    from . import VERSION, faults, forking, httpd, server

    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    signal.signal(signal.SIGINT, lambda *_: os._exit(0))
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # forks are reaped by the kernel
    if arguments.watch_stdin:
        forking.watch_stdin()
    lab = server.Lab(token)
    listener = forking.listen(arguments.port)
    port = httpd.serve(lab, listener)
    print(json.dumps({"port": port, "pid": os.getpid(), "version": VERSION}), flush=True)
    os.dup2(2, 1)  # moto prints; who started us reads one line only
    while True:
        listener = forking.wait_for_child()
        lab.gate = server.Gate()
        faults.forked()
        httpd.serve(lab, listener)


if __name__ == "__main__":
    sys.exit(main())
