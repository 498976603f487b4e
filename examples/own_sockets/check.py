# SPDX-License-Identifier: Apache-2.0
"""Two people talk through own_sockets; a third vanishes, a fourth sends nonsense."""
import socket
import subprocess
import sys


class Person:
    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=20)
        self.lines = self.socket.makefile("r", encoding="utf-8", newline="\n")
        self.expect("ok connect")

    def say(self, line):
        self.socket.sendall(line.encode() + b"\r\n")

    def expect(self, line):
        got = self.lines.readline().rstrip("\n")
        assert got == line, f"expected {line!r}, got {got!r}"

    def ended(self):
        try:
            return self.socket.recv(1) == b""
        except ConnectionResetError:
            return True


server = subprocess.Popen([sys.argv[1], "0"], stdout=subprocess.PIPE, text=True)
try:
    port = int(server.stdout.readline().rsplit(":", 1)[1])
    ann, bob, gone = Person(port), Person(port), Person(port)
    for person in (ann, bob, gone):
        person.say("join lobby")
        person.expect("ok join")
    gone.socket.close()
    ann.say("say lobby Hello, Bob!")
    bob.expect("lobby> Hello, Bob!")
    bob.say("leave lobby")
    bob.expect("ok leave")
    bob.say("dance")
    bob.expect("! join ROOM, leave ROOM or say ROOM TEXT")
    noisy = Person(port)
    noisy.socket.sendall(b"x" * 100_000)
    assert noisy.ended(), "a line without end is not cut off"
    assert {ann.lines.readline(), ann.lines.readline()} == {"ok say\n", "lobby> Hello, Bob!\n"}
    print("ok")
finally:
    server.kill()
    server.wait()
