"""The command `orchestrator-gql` of a shell, as a fork of `support.fork_server`: it gives the fork all that it has.

Its arguments are the socket of the fork server, the folder of the installed command, and then those of the command. It
runs without the packages of the environment, so it starts in a tenth of the time of the command.
"""

import json
import os
import signal
import socket
import sys

FORWARDED = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)


def main(address: str, first: str, *arguments: str) -> int:
    """Run the command; the exit code of the fork, which is negative if a signal ended it."""
    command = {
        "arguments": arguments,
        "environment": dict(os.environ),
        "folder": os.getcwd(),  # noqa: PTH109 - pathlib takes as long to import as all the rest
        "first": first,
        "change": "",
    }
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as server:
        signal.pthread_sigmask(signal.SIG_BLOCK, FORWARDED)
        server.connect(address)
        socket.send_fds(server, [json.dumps(command).encode()], [0, 1, 2])
        fork = int(server.recv(64))
        for number in FORWARDED:
            if signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, lambda number, _: os.kill(fork, number))
        signal.pthread_sigmask(signal.SIG_UNBLOCK, FORWARDED)
        return int(server.recv(64))


if __name__ == "__main__":
    code = main(*sys.argv[1:])
    if code < 0:
        signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code)
