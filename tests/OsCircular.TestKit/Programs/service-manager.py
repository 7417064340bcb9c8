#!/usr/bin/env python3
"""What systemd does for a unit with a file descriptor store and Restart=on-failure, and no more: service-manager.py SOCKET PROGRAM [ARGUMENT]...

Prints "started PID" for each process, "stored NAME" and "dropped NAME", and ends as the program does when that ends by itself."""
import array
import os
import select
import signal
import socket
import sys

FIRST, HIGH = 3, 500


def receive(notify, stored):
    message, ancillary, _, _ = notify.recvmsg(4096, socket.CMSG_SPACE(16))
    files = array.array("i")
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            files.frombytes(data)
    lines = dict(line.split("=", 1) for line in message.decode().splitlines() if "=" in line)
    if "FDSTORE" in lines:
        stored.append((lines["FDNAME"], files[0]))
        print("stored", lines["FDNAME"], flush=True)
    elif "FDSTOREREMOVE" in lines:
        drop(stored, lambda name, _: name == lines["FDNAME"])


def drop(stored, which):
    for name, file in [entry for entry in stored if which(*entry)]:
        stored.remove((name, file))
        os.close(file)
        print("dropped", name, flush=True)


def ended(file):
    poll = select.poll()
    poll.register(file, 0)
    return any(event & (select.POLLERR | select.POLLHUP) for _, event in poll.poll(0))


def start(command, path, stored):
    process = os.fork()
    if process:
        print("started", process, flush=True)
        return process
    for number, (_, file) in enumerate(stored):
        os.dup2(file, HIGH + number)
    for number in range(len(stored)):
        os.dup2(HIGH + number, FIRST + number, inheritable=True)
        os.close(HIGH + number)
    environment = dict(os.environ, NOTIFY_SOCKET=path, FDSTORE="4")
    if stored:
        environment |= {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": str(len(stored)), "LISTEN_FDNAMES": ":".join(name for name, _ in stored)}
    os.execve(command[0], command, environment)


def main():
    path, command = sys.argv[1], sys.argv[2:]
    notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    notify.bind(path)
    notify.settimeout(0.05)
    stored = []
    process = start(command, path, stored)
    signal.signal(signal.SIGTERM, lambda *_: os.kill(process, signal.SIGTERM))
    while True:
        try:
            receive(notify, stored)
            continue
        except TimeoutError:
            pass
        drop(stored, lambda name, file: ended(file))
        done, status = os.waitpid(process, os.WNOHANG)
        if done and os.WIFSIGNALED(status):
            process = start(command, path, stored)
        elif done:
            sys.exit(os.waitstatus_to_exitcode(status))


main()
