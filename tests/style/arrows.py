# SPDX-License-Identifier: Apache-2.0
"""Which folder may include what. The house has arrows that point down only; see ARCHITECTURE.md."""

import re

# A folder of include/madang/ and src/, and the folders it may include beside itself. A new folder
# needs a line here.
ARROWS = {
    "base": (),
    "room": ("base",),
    "storage": ("base", "room"),
    "storage/memory": ("base", "room", "storage"),
    "storage/sqlite": ("base", "room", "storage"),
    "storage/postgres": ("base", "room", "storage"),
    "storage/archive": ("base", "room", "storage"),
    "storage/any": ("base", "storage", "storage/memory", "storage/sqlite", "storage/postgres",
                    "storage/archive"),
    "pipeline": ("base", "storage"),
    "auth": ("base",),
    "engine": ("base", "room", "storage", "pipeline"),
    "access": ("base", "room", "auth", "engine"),
    "protocol": ("base", "room", "engine"),
    "http": ("base",),
    "api": ("base", "room", "engine", "protocol", "http"),
    "transport": ("base", "room", "engine"),
    "transport/websocket": ("base", "room", "engine", "transport"),
    "transport/http_stream": ("base", "room", "engine", "transport"),
    "transport/tcp": ("base", "engine", "transport"),
    "transport/asio": ("base", "engine", "transport", "transport/tcp"),
    "transport/uring": ("base", "engine", "transport", "transport/tcp"),
    "doors": ("base", "room", "engine", "protocol", "http", "transport", "transport/websocket",
              "transport/http_stream", "transport/asio", "transport/uring"),
    "testing": ("base", "room", "storage", "engine", "transport"),
}

SOCKET_FOLDERS = ("src/transport/tcp/", "src/transport/asio/", "src/transport/uring/", "src/doors/")
FILE_FOLDERS = SOCKET_FOLDERS + ("src/storage/sqlite/", "src/storage/postgres/",
                                 "src/storage/archive/", "src/storage/descriptor",
                                 "src/storage/set_aside_", "src/auth/key_file")

# Every header that is not of the C++ library, and where it may be seen. What is missing is refused.
OUTSIDE = {
    "absl/": ("include/", "src/"),
    "fmt/": ("src/",),
    "xxhash.h": ("src/base/",),
    "google/protobuf/": ("src/protocol/centrifuge/",),
    "simdjson.h": ("src/auth/", "src/base/", "src/protocol/", "src/storage/"),
    "sqlite3.h": ("src/storage/sqlite/",),
    "libpq-fe.h": ("src/storage/postgres/",),
    "zstd.h": ("src/storage/archive/",),
    "http_parser.h": ("src/http/",),
    "openssl/": ("src/auth/", "src/transport/websocket/"),
    "zlib.h": ("src/transport/websocket/",),
    "asio.hpp": ("src/transport/asio/",),
    "asio/": ("src/transport/asio/", "include/madang/transport/asio/"),
    "liburing.h": ("src/transport/uring/",),
    "arpa/": SOCKET_FOLDERS,
    "netdb.h": SOCKET_FOLDERS,
    "netinet/": SOCKET_FOLDERS,
    "fcntl.h": FILE_FOLDERS,
    "poll.h": FILE_FOLDERS,
    "pthread.h": SOCKET_FOLDERS,
    "sys/": FILE_FOLDERS,
    "unistd.h": FILE_FOLDERS + ("src/storage/any/",),
}

# What is told the time and what to do: no lock, no thread, no socket.
PURE = ("room", "protocol", "http", "transport/websocket")
IMPURE_HEADER = re.compile(
    r"mutex|shared_mutex|thread|stop_token|condition_variable|future|semaphore|latch|barrier"
    r"|absl/synchronization/.*|absl/time/clock\.h"
)

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
SOURCE = re.compile(r"^(include/madang|src)/(.+)$")


def folder_of(path):
    """The longest entry of ARROWS that `path`, as written in an include, lies in; or None."""
    below = path.removesuffix(".h")  # madang/engine.h stands for the folder
    folders = [folder for folder in ARROWS if (below + "/").startswith(folder + "/")]
    return max(folders, key=len, default=None)


def beside(path, header):
    return f"{path.rpartition('/')[0]}/{header}"


def judge(path, quote, header):
    """Why the file at `path` must not include `header`, or None."""
    source = SOURCE.match(path)
    inside = header.startswith("madang/") or (quote == '"' and folder_of(header) is not None)
    if not source:
        # The small benchmarks measure parts, as tests test them.
        host = path.startswith(("examples/", "bench/")) and not path.startswith("bench/micro/")
        if host and inside and not header.startswith("madang/"):
            return f"{header} is private to src/; a host includes madang/..."
        return None

    folder = folder_of(source[2])
    if folder is None:
        return "this folder has no line in ARROWS in tests/style/arrows.py"
    if folder in PURE and IMPURE_HEADER.fullmatch(header):
        return f"{folder}/ holds no lock, thread or clock: {header}"
    if inside:
        to = folder_of(header.removeprefix("madang/"))
        if to != folder and to not in ARROWS[folder]:
            return f"{folder}/ must not include {header}"
        if path.startswith("include/") and not header.startswith("madang/"):
            return f"a public header must not include the private {header}"
        return None
    if not re.search(r"[./]", header):
        return None  # of the C++ library
    for prefix, places in OUTSIDE.items():
        if header.startswith(prefix):
            return None if path.startswith(places) else f"{header} must not be seen here"
    return f"{header} has no line in OUTSIDE in tests/style/arrows.py"


def arrows(tree):
    """Includes between folders point down, and a library is seen only where it is used."""
    for path, text in tree.items():
        if not path.endswith((".h", ".cc")):
            continue
        for number, line in enumerate(text.splitlines(), 1):
            include = INCLUDE.match(line)
            if not include or (include[1] == '"' and beside(path, include[2]) in tree):
                continue
            complaint = judge(path, include[1], include[2])
            if complaint:
                yield f"{path}:{number}: {complaint}"
