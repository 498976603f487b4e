#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a member costs a server that says nothing: over WebSocket, HTTP-streaming and SSE.

    bench/load/idle_streams.py --server build/release/bench/server/server --members 20000

Starts a fresh bench/server for each transport, has the members connect and enter one room, and
divides what the server's own memory (RssAnon) grew by. The kernel's part, which is the same for
all, is not in it.
"""

import argparse
import base64
import json
import os
import re
import resource
import socket
import struct
import subprocess
import urllib.parse

CONNECT = '{"id":1,"connect":{}}'
SUBSCRIBE = '{"id":2,"subscribe":{"channel":"idle"}}'
WARM_UP = 200
PER_ADDRESS = 10_000


def private_bytes(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return int(re.search(r"RssAnon:\s+(\d+) kB", status.read())[1]) * 1024


def connect(port, number):
    connection = socket.socket()
    connection.bind((f"127.0.1.{1 + number // PER_ADDRESS}", 0))
    connection.connect(("127.0.0.1", port))
    connection.settimeout(30)
    return connection


def read_until(connection, what):
    seen = b""
    while what not in seen:
        some = connection.recv(65536)
        if not some:
            raise ConnectionError(f"ended before {what!r}: {seen[-300:]!r}")
        seen += some
    return seen


def enter_by_websocket(port, number, _beside):
    connection = connect(port, number)
    key = base64.b64encode(os.urandom(16)).decode()
    connection.sendall(
        f"GET /connection/websocket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n"
        .encode())
    read_until(connection, b"\r\n\r\n")
    message = f"{CONNECT}\n{SUBSCRIBE}".encode()
    connection.sendall(struct.pack("!BB4x", 0x81, 0x80 | len(message)) + message)
    read_until(connection, b'"subscribe"')
    return connection


def enter_by_stream(request):
    def enter(port, number, beside):
        connection = connect(port, number)
        connection.sendall(request.encode())
        reply = read_until(connection, b"\r\n{" if b"POST" in request.encode() else b"data: ")
        while b"}}" not in reply.partition(b'"connect"')[2]:
            reply += connection.recv(65536)
        session, node = (re.search(rf'"{name}":"(\w+)"'.encode(), reply)[1].decode()
                         for name in ("session", "node"))
        body = json.dumps({"session": session, "node": node, "data": SUBSCRIBE})
        beside.sendall(f"POST /emulation HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
                       f"{body}".encode())
        read_until(beside, b"\r\n\r\n")
        read_until(connection, b'"subscribe"')
        return connection
    return enter


TRANSPORTS = {
    "websocket": enter_by_websocket,
    "http_stream": enter_by_stream(f"POST /connection/http_stream HTTP/1.1\r\nHost: x\r\n"
                                   f"Content-Length: {len(CONNECT)}\r\n\r\n{CONNECT}"),
    "sse": enter_by_stream(f"GET /connection/sse?cf_connect={urllib.parse.quote(CONNECT)} "
                           f"HTTP/1.1\r\nHost: x\r\n\r\n"),
}


def measure(server, enter, members):
    with subprocess.Popen([server, "--port", "0", "--ping-interval", "600"],
                          stdout=subprocess.PIPE, text=True) as process:
        try:
            return grown_by(process, enter, members) / members
        finally:
            process.terminate()


def grown_by(process, enter, members):
    port = next(int(match[1]) for line in process.stdout
                if (match := re.search(r"http://[^/]+:(\d+)", line)))
    beside = connect(port, 0)
    open_ones = [enter(port, number, beside) for number in range(WARM_UP)]
    before = private_bytes(process.pid)
    for number in range(members):
        open_ones.append(enter(port, number, beside))
        if number % 5000 == 4999:  # before the server ends it for its many requests
            beside.close()
            beside = connect(port, 0)
    return private_bytes(process.pid) - before


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--server", required=True)
    parser.add_argument("--members", type=int, default=20_000)
    options = parser.parse_args()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    first = None
    for name, enter in TRANSPORTS.items():
        each = measure(options.server, enter, options.members)
        first = first or each
        print(f"{name:12} {each:7.0f} bytes a member, {each / first:.2f} of the first", flush=True)


if __name__ == "__main__":
    main()
