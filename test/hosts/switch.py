"""
Hosts on one machine: a network namespace for each, and a switch between them that loses and delays packets as it is told.

  host ── net0 ──► read ──cut off, or unlucky──► gone
                     └──► waits for the delay ──► net0 of another host

`switch.py name=address...` prints where the namespaces are, as JSON, then takes faults on its standard input and answers each with a line:

  {"cut": [["one", "other"]], "dropPercent": 5, "delayMs": 50}

It is over when its input is, and so are the namespaces: nothing has a name, so nothing is left.

Not a bridge with tc: netem, which delays packets, is a module that not every kernel has.
"""

import ctypes, fcntl, heapq, json, os, random, selectors, socket, struct, sys, time

CLONE_NEWNET = 0x40000000
TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 0x1
SIOCSIFADDR, SIOCSIFNETMASK = 0x8916, 0x891C
libc = ctypes.CDLL(None, use_errno=True)


def set_address(sock, request, device, address):
    packed = struct.pack("16sHH4s8x", device, socket.AF_INET, 0, socket.inet_aton(address))
    fcntl.ioctl(sock, request, packed)


def bring_up(sock, device):
    flags = struct.unpack_from("16sH", fcntl.ioctl(sock, SIOCGIFFLAGS, struct.pack("16sH14x", device, 0)))[1]
    fcntl.ioctl(sock, SIOCSIFFLAGS, struct.pack("16sH14x", device, flags | IFF_UP))


def make_host(address):
    """Moves this process into a namespace of its own; gives a file of that, and one of its network device."""
    if libc.unshare(CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "unshare: " + os.strerror(ctypes.get_errno()))
    namespace = os.open("/proc/self/ns/net", os.O_RDONLY)
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH14x", b"net0", IFF_TUN | IFF_NO_PI))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        bring_up(sock, b"lo")
        set_address(sock, SIOCSIFADDR, b"net0", address)
        set_address(sock, SIOCSIFNETMASK, b"net0", "255.255.255.0")
        bring_up(sock, b"net0")
    return namespace, device


addresses = dict(arg.split("=") for arg in sys.argv[1:])
hosts = {name: make_host(address) for name, address in addresses.items()}
name_at = {socket.inet_aton(address): name for name, address in addresses.items()}
print(json.dumps({name: f"/proc/{os.getpid()}/fd/{namespace}" for name, (namespace, _) in hosts.items()}), flush=True)

selector = selectors.PollSelector()
selector.register(0, selectors.EVENT_READ)
for name, (_, device) in hosts.items():
    selector.register(device, selectors.EVENT_READ, name)

cut, drop, delay = set(), 0.0, 0.0
waiting = []  # (when it is due, its number, its host, packet)
count = 0
commands = b""


def deliver(name, packet):
    try:
        os.write(hosts[name][1], packet)
    except BlockingIOError:
        pass  # The host's own queue is full: as on a real wire, it is lost.


while True:
    wait = max(0, waiting[0][0] - time.monotonic()) if waiting else None
    for key, _ in selector.select(wait):
        if key.fd == 0:
            read = os.read(0, 65536)
            if not read:
                sys.exit()
            *lines, commands = (commands + read).split(b"\n")
            for line in lines:
                told = json.loads(line)
                cut = {pair for one, other in told["cut"] for pair in ((one, other), (other, one))}
                drop, delay = told["dropPercent"] / 100, told["delayMs"] / 1000
                print("done", flush=True)
            continue
        for _ in range(64):
            try:
                packet = os.read(key.fd, 65536)
            except BlockingIOError:
                break
            to = name_at.get(packet[16:20]) if packet[0] >> 4 == 4 else None
            if to is None or (key.data, to) in cut or random.random() < drop:
                continue
            if delay == 0:
                deliver(to, packet)
            else:
                count += 1
                heapq.heappush(waiting, (time.monotonic() + delay, count, to, packet))
    while waiting and waiting[0][0] <= time.monotonic():
        _, _, to, packet = heapq.heappop(waiting)
        deliver(to, packet)
