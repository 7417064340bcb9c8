"""A classroom of network namespaces: hosts on one LAN, and a mirror behind the uplink that they share."""
import os
import pathlib
import subprocess

from .lab import run

UPLINK = 100e6 / 8  # bytes a second


def inside(space):
    """Only the network of the namespace: `ip netns exec` would hide our mounts as well."""
    return ("nsenter", f"--net={pathlib.Path('/run/netns') / space}")


class Classroom:
    """Host i is 10.77.0.i. The uplink carries 100 Mbit/s each way, each host's line 1 Gbit/s."""

    MIRROR = "10.88.0.1"

    def __init__(self, lab, hosts):
        self._lab = lab
        self._room_for_neighbours()
        self._name = f"oscb-{os.getpid()}-"
        self.router, self.mirror = self._space("router"), self._space("mirror")
        self.hosts = [self._space(str(number)) for number in range(1, hosts + 1)]
        self._script = []
        self._uplink()
        for number, space in enumerate(self.hosts, 1):
            self._host(number, space)
        subprocess.run(["bash", "-eu"], input="\n".join(self._script), text=True, check=True)
        self.on = [inside(space) for space in self.hosts]
        self.on_mirror = inside(self.mirror)

    def uplink_bytes(self):
        """What crossed the uplink towards the hosts so far, headers and all."""
        return int(run(*self.on_mirror, "cat", "/proc/net/dev").split("eth0:")[1].split()[8])

    def _room_for_neighbours(self):
        # One kernel holds the neighbours of all hosts here, and by default 1024 of each family: of 32 hosts some would never reach each other.
        for family in ("ipv4", "ipv6"):
            for number, most in ((3, 32768), (2, 16384), (1, 8192)):
                key = f"net.{family}.neigh.default.gc_thresh{number}"
                before = run("sysctl", "-n", key).strip()
                if int(before) < most:
                    run("sysctl", "-qw", f"{key}={most}")
                    self._lab.callback(run, "sysctl", "-qw", f"{key}={before}")

    def _space(self, name):
        space = self._name + name
        run("ip", "netns", "add", space)
        self._lab.callback(run, "ip", "netns", "del", space)
        run("ip", "-n", space, "link", "set", "lo", "up")
        run(*inside(space), "sysctl", "-qw", "net.ipv6.conf.default.accept_dad=0", "net.ipv4.ip_forward=1")
        return space

    def _uplink(self):
        router, mirror = self.router, self.mirror
        self._script += [
            f"ip -n {router} link add br0 up address 02:00:00:00:00:01 type bridge mcast_snooping 0",
            f"ip -n {router} addr add 10.77.0.254/24 dev br0",
            f"ip link add wan netns {router} type veth peer name eth0 netns {mirror}",
            f"ip -n {router} addr add 10.88.0.254/24 dev wan", f"ip -n {router} link set wan up",
            f"ip -n {mirror} addr add {self.MIRROR}/24 dev eth0", f"ip -n {mirror} link set eth0 up",
            f"ip -n {mirror} route add default via 10.88.0.254",
        ]
        for space, line in ((router, "wan"), (mirror, "eth0")):
            # Segments as a real line carries them, or bytes would not be counted as on one.
            self._script.append(f"nsenter --net=/run/netns/{space} ethtool -K {line} tso off gso off gro off")
            self._shape(space, line, 100)

    def _host(self, number, space):
        self._script += [
            f"ip link add h{number} netns {self.router} type veth peer name eth0 netns {space}",
            f"ip -n {self.router} link set h{number} master br0 up",
            f"ip -n {space} addr add 10.77.0.{number}/24 brd + dev eth0",
            f"ip -n {space} link set eth0 up", f"ip -n {space} route add default via 10.77.0.254",
        ]
        self._shape(space, "eth0", 1000)
        self._shape(self.router, f"h{number}", 1000)

    def _shape(self, space, line, mbit):
        # 20 ms of the line, so that the kernel's timer does not limit the rate.
        burst = max(mbit * 125_000 // 50, 64 * 1024)
        self._script.append(f"tc -n {space} qdisc replace dev {line} root tbf rate {mbit}mbit burst {burst} latency 200ms")
