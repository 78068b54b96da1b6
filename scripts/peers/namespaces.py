# SPDX-License-Identifier: BSD-2-Clause
"""Namespaces that live as long as their object, or as this process."""

import ctypes
import os
import subprocess
import time
from pathlib import Path

CLONE_NEWNS = 0x00020000
CLONE_NEWNET = 0x40000000
COMMAND_SECONDS = 150

_libc = ctypes.CDLL(None, use_errno=True)


class CommandFailed(Exception):
    pass


class Namespace:
    """A network namespace with its own /run (locks), /sys and BPF file system (pins).

    A process holds it that ends when its standard input does: with this object, or with this process.
    """

    def __init__(self):
        prepare = (
            "mount -t tmpfs tmpfs /run && mount -t sysfs sysfs /sys && mount -t bpf bpf /sys/fs/bpf"
            " && ip link set lo up && echo ready && exec cat"
        )
        self._holder = subprocess.Popen(
            ["unshare", "--net", "--mount", "--propagation", "private", "sh", "-c", prepare],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        if self._holder.stdout.readline() != b"ready\n":
            raise CommandFailed("cannot make a namespace")

    @property
    def pid(self):
        return self._holder.pid

    @property
    def network_file(self):
        return f"/proc/{self.pid}/ns/net"

    def close(self):
        self._holder.stdin.close()
        self._holder.wait()

    def run(self, *command, text=""):
        """What the command prints; `text` is its standard input."""
        return self._execute(command, text).stdout

    def seconds(self, *command, text=""):
        """How long the command takes."""
        start = time.monotonic()
        self._execute(command, text)
        return time.monotonic() - start

    def _execute(self, command, text):
        kinds = {"net": CLONE_NEWNET, "mnt": CLONE_NEWNS}
        files = {kind: os.open(f"/proc/{self.pid}/ns/{kind}", os.O_RDONLY) for kind in kinds}

        def enter():
            for kind, file in files.items():
                if _libc.setns(file, kinds[kind]) != 0:
                    raise OSError(ctypes.get_errno(), f"setns {kind}")

        try:
            result = subprocess.run(
                command, input=text, capture_output=True, text=True, timeout=COMMAND_SECONDS, preexec_fn=enter
            )
        except subprocess.TimeoutExpired:
            raise CommandFailed(f"{command[0]} took more than {COMMAND_SECONDS} s") from None
        finally:
            for file in files.values():
                os.close(file)
        if result.returncode != 0:
            reason = (result.stderr.strip() or result.stdout.strip() or "no message").splitlines()[0]
            raise CommandFailed(f"{Path(command[0]).name} {' '.join(command[1:])[:60]}: {reason[:200]}")
        return result


class Line:
    """A veth pair from one namespace into another, silent until used; frames come to a NAPI thread, as GRO is on."""

    def __init__(self, sender, receiver, name):
        self._sender = sender
        self._receiver = receiver
        self.device = name
        sender.run(*f"ip link add s{name} type veth peer name {name} netns {receiver.pid}".split())
        for namespace, device in ((sender, f"s{name}"), (receiver, name)):
            namespace.run(*f"ip link set {device} addrgenmode none".split())
            namespace.run(*f"ip link set {device} up".split())
            # On a device that is down this would not let frames be redirected to its peer.
            namespace.run("ethtool", "-K", device, "gro", "on", "txvlan", "off")

    @property
    def sending_end(self):
        return f"{self._sender.network_file}:s{self.device}"

    @property
    def receiving_end(self):
        return f"{self._receiver.network_file}:{self.device}"
