"""A wide-area network on one machine: hosts in network namespaces, joined by one process that delays and drops packets.

  python3 wan.py 'a=10.99.0.1,10.99.0.11 b=10.99.0.2 .=10.99.0.3' 'a-.:40 b-.:40 a-b:25'

Hosts are NAME=ADDRESS or NAME=ADDRESS,SPARE: a host may move to its spare address with `ip addr`. "." is the namespace
that this runs in. A link is X-Y:MS, the one-way delay in ms, or X-Y:cut. A line of links on stdin changes them while it
runs. Prints "ready"; ends with stdin, and deletes the namespaces. Linux, as root.
"""

import ctypes
import fcntl
import heapq
import os
import select
import struct
import subprocess
import sys
import time

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
DEVICE = "wan0"
libc = ctypes.CDLL(None, use_errno=True)


def sh(*words):
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)


def enter(fd):
    if libc.setns(fd, 0) != 0:
        raise OSError(ctypes.get_errno(), "setns")


def open_tun():
    fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH", DEVICE.encode(), IFF_TUN | IFF_NO_PI))
    return fd


def add_host(name, address, home):
    """Makes the host's namespace, with one device in it; returns the device."""
    if name != ".":
        subprocess.run(["ip", "netns", "del", name], stderr=subprocess.DEVNULL)
        sh("ip", "netns", "add", name)
        space = os.open(f"/run/netns/{name}", os.O_RDONLY)
        enter(space)
        os.close(space)
    try:
        device = open_tun()
        sh("ip", "addr", "add", f"{address}/24", "dev", DEVICE)
        sh("ip", "link", "set", DEVICE, "up", "mtu", "1400")
        sh("ip", "link", "set", "lo", "up")
        return device
    finally:
        enter(home)


def packets_of(device):
    while True:
        try:
            packet = os.read(device, 65_536)
        except BlockingIOError:
            return
        if packet[0] >> 4 == 4:
            yield packet


def carry(devices, by_address, delays):
    """Carries packets between devices until stdin ends. A path keeps their order."""
    queue, count, last = [], 0, {}
    while True:
        now = time.monotonic()
        while queue and queue[0][0] <= now:
            _, _, device, packet = heapq.heappop(queue)
            try:
                os.write(device, packet)
            except OSError:
                pass  # the host has no such address at the moment
        wait = max(0.0, queue[0][0] - time.monotonic()) if queue else None
        readable, _, _ = select.select([*devices, sys.stdin], [], [], wait)
        for source in readable:
            if source is sys.stdin:
                line = sys.stdin.readline()
                if not line:
                    return
                delays.update(delays_of(line))
                continue
            for packet in packets_of(source):
                name, device = by_address.get(packet[16:20], (None, None))
                path = (devices[source], name)
                delay = delays.get(path, 0.0)
                if name is None or delay is None:
                    continue
                at = max(time.monotonic() + delay, last.get(path, 0.0))
                last[path] = at
                count += 1
                heapq.heappush(queue, (at, count, device, packet))


def delays_of(links):
    """In seconds, by pair of hosts, both ways; None where the link is cut."""
    delays = {}
    for word in links.split():
        pair, value = word.split(":")
        x, y = pair.split("-")
        delays[(x, y)] = delays[(y, x)] = None if value == "cut" else float(value) / 1000
    return delays


def main():
    hosts = dict(word.split("=") for word in sys.argv[1].split())
    delays = delays_of(sys.argv[2])
    home = os.open("/proc/self/ns/net", os.O_RDONLY)
    devices, by_address = {}, {}
    try:
        for name, addresses in hosts.items():
            first, *spare = addresses.split(",")
            device = add_host(name, first, home)
            devices[device] = name
            for address in (first, *spare):
                by_address[bytes(int(part) for part in address.split("."))] = (name, device)
        print("ready", flush=True)
        carry(devices, by_address, delays)
    finally:
        for name in hosts:
            if name != ".":
                subprocess.run(["ip", "netns", "del", name], stderr=subprocess.DEVNULL)


main()
