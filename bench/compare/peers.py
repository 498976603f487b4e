# SPDX-License-Identifier: Apache-2.0
"""The servers that are compared: how each is started, and how the generator talks to it."""

import dataclasses
import pathlib
import shutil
import signal
import socket
import subprocess
import time

from machine import output_of

PEERS = pathlib.Path(__file__).resolve().parent / "peers"
MODULES = PEERS / "node_modules"
NGINX_MODULES = ("/usr/lib/nginx/modules", "/usr/lib64/nginx/modules")
FILES_MAX = 20_000
START_TIMEOUT_S = 15

ROOMS_BY_PATH = ("--protocol", "template", "--path", "/room/{room}", "--publish", "{message}",
                 "--self", "yes")
SOCKETIO_PATH = "/socket.io/?EIO=4&transport=websocket"


class Missing(Exception):
    """Why a peer cannot take part."""


def program(name):
    found = shutil.which(name)
    if not found:
        raise Missing(f"{name} is not installed")
    return found


def node_script(name, package):
    if not (MODULES / package).is_dir():
        raise Missing(f"the npm package {package} is not installed")
    return [program("node"), str(PEERS / name)]


def bun_binary():
    """Bun's own binary: the npm package bun only links to it, in a script that we do not run."""
    for path in sorted(MODULES.glob("@oven/bun-linux-*/bin/bun")):
        if output_of(str(path), "--version"):
            return str(path)
    raise Missing("the npm package bun is not installed, or its binary does not run here")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def madang_command(transport):
    def command(build, _folder):
        server = build / "bench/server/server"
        if not server.exists():
            raise Missing(f"{server.name} is not built")
        arguments = [str(server), "--port", "0", "--lanes", "1"]
        if "--transport" in output_of(str(server), "--help"):
            arguments += ["--transport", transport]
        elif transport != "auto":
            raise Missing("the server knows no --transport")
        return arguments, None
    return command


def script_command(make):
    return lambda _build, _folder: (make(), None)


def nchan_command(_build, folder):
    """nginx says nothing when it is ready, so its port is chosen here and knocked at."""
    modules = next((path for path in NGINX_MODULES
                    if pathlib.Path(path, "ngx_nchan_module.so").exists()), None)
    nginx = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
    if not modules or not nginx:
        raise Missing("nginx with its module nchan is not installed")
    port = free_port()
    text = (PEERS / "nginx.conf.in").read_text()
    for key, value in {"MODULES": modules, "FOLDER": folder, "PORT": port, "FILES": FILES_MAX,
                       "CONNECTIONS": 2 * FILES_MAX}.items():
        text = text.replace(f"@{key}@", str(value))
    config = pathlib.Path(folder, "nginx.conf")
    config.write_text(text)
    return [nginx, "-p", str(folder), "-c", str(config), "-e", str(folder / "error.log")], port


@dataclasses.dataclass(frozen=True)
class Peer:
    name: str
    title: str
    command: object        # (build folder, own folder) -> (arguments, port or None)
    rooms: tuple           # What the generator is told when it drives rooms ...
    echo: tuple = None     # ... and echoes, if the server has them.
    version: object = lambda: ""
    workers: int = 0       # Processes that it starts before it is ready.
    enter: tuple = None    # The quickest way into a room; None: as for rooms.

    def words(self, kind):
        """What the generator is told in a scenario of this kind; None: the server has no such."""
        if kind == "echo":
            return self.echo
        if kind == "enter" and self.enter:
            return self.enter
        return self.rooms

    def start(self, build, folder, core):
        return Running(self, build, folder, core)


class Running:
    """A server that runs, on one core. Close it."""

    def __init__(self, peer, build, folder, core):
        self.peer = peer
        folder.mkdir(parents=True, exist_ok=True)
        arguments, self.port = peer.command(build, folder)
        self.log = open(folder / "log", "w+", encoding="utf-8")
        self.process = subprocess.Popen(["taskset", "-c", str(core)] + arguments,
                                        stdout=self.log, stderr=subprocess.STDOUT, cwd=folder)
        try:
            self.await_ready()
        except Missing:
            self.close()
            raise

    def await_ready(self):
        deadline_s = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline_s and self.process.poll() is None:
            if self.port is None:
                self.port = self.announced_port()
            elif len(self.pids()) > self.peer.workers and self.knock():
                return
            time.sleep(0.02)
        self.log.seek(0)
        raise Missing(f"{self.peer.title} did not start: {self.log.read()[-300:].strip()}")

    def said(self, word):
        """The first line that the server printed and that starts with `word`, or ""."""
        lines = pathlib.Path(self.log.name).read_text(encoding="utf-8").splitlines()
        return next((line for line in lines if line.startswith(word)), "")

    def announced_port(self):
        """Of "ready 8000" or "ready at http://127.0.0.1:8000/"."""
        line = self.said("ready ")
        return int(line.rstrip("/").replace(":", " ").split()[-1]) if line else None

    def transport(self):
        """Of "transport: uring"; madang's server says so."""
        return self.said("transport: ").partition(": ")[2]

    def knock(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            return True
        except OSError:
            return False

    def pids(self):
        """The process and its children: nginx has a master and a worker."""
        pid = self.process.pid
        try:
            children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text()
        except OSError:
            children = ""
        return [pid] + [int(child) for child in children.split()]

    def memory_peak_bytes(self):
        """The most that was resident since the start."""
        peak = 0
        for pid in self.pids():
            for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
                if line.startswith("VmHWM:"):
                    peak += int(line.split()[1]) * 1024
        return peak

    def alive(self):
        return self.process.poll() is None

    def close(self):
        if self.alive():
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(timeout=3)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.log.close()


CENTRIFUGE = ("--protocol", "centrifuge", "--path", "/connection/websocket")
# The others take the room out of the handshake too.
ENTER_EARLY = CENTRIFUGE + ("--early",)


def all_peers():
    """madang first, then Bun, with which it is paired, then the others."""
    return [
        Peer("madang", "madang", madang_command("auto"), CENTRIFUGE, CENTRIFUGE,
             enter=ENTER_EARLY),
        Peer("bun", "Bun (uWebSockets)", script_command(
                 lambda: [bun_binary(), str(PEERS / "bun_server.js")]),
             ROOMS_BY_PATH, ("--protocol", "template", "--path", "/echo", "--echo", "{message}"),
             lambda: output_of(bun_binary(), "--version")),
        Peer("madang-asio", "madang on Asio", madang_command("asio"), CENTRIFUGE, CENTRIFUGE,
             enter=ENTER_EARLY),
        Peer("nchan", "nchan", nchan_command,
             ("--protocol", "template", "--path", "/room/{room}", "--publish", "{message}",
              "--publish-path", "/publish/{room}", "--self", "no"), None, nchan_version, workers=1),
        Peer("ws", "ws", script_command(lambda: node_script("ws_server.js", "ws")),
             ROOMS_BY_PATH, ("--protocol", "template", "--path", "/echo", "--echo", "{message}"),
             lambda: node_version("ws")),
        Peer("socketio", "socket.io",
             script_command(lambda: node_script("socketio_server.js", "socket.io")),
             ("--protocol", "template", "--path", SOCKETIO_PATH + "&room={room}", "--open", "40",
              "--ready", "40{", "--publish", '42["publish",{message}]', "--pong", "2=3",
              "--self", "yes"),
             ("--protocol", "template", "--path", SOCKETIO_PATH, "--open", "40", "--ready", "40{",
              "--echo", '42["echo",{message}]', "--pong", "2=3"),
             lambda: node_version("socket.io")),
    ]


def node_version(package):
    version = output_of("node", "-p", f"require('{MODULES / package / 'package.json'}').version")
    return f"{version} on Node {output_of('node', '--version').lstrip('v')}"


def debian_version(package):
    return output_of("dpkg-query", "-W", "-f", "${Version}", package)


def nchan_version():
    return f"{debian_version('libnginx-mod-nchan')} in nginx {debian_version('nginx-common')}"
