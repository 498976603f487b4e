#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A host that includes madang/engine.h gets no library of the edges with it.

Usage: engine_header_test.py COMPILER INCLUDE_DIR
"""

import re
import subprocess
import sys
import unittest

COMPILER, INCLUDE_DIR = sys.argv[1:3]

# Folders and files that a header of the edges would bring in.
FORBIDDEN = re.compile(
    r"(^|/)(asio|openssl|sqlite3\w*|libpq\w*|postgresql|hiredis|nats|librdkafka|fmt|google)/"
    r"|(^|/)(asio|zlib|zconf|simdjson|http_parser|xxhash|sqlite3|libpq-fe|doctest)\.(h|hpp)$"
    r"|(^|/)(sys/socket|netinet/\w+)\.h$"
)


def headers_of(source):
    """Every header that the compiler reads for `source`."""
    command = [COMPILER, "-std=c++20", "-M", "-I", INCLUDE_DIR, "-x", "c++", "-"]
    rule = subprocess.run(command, input=source, capture_output=True, text=True, check=True).stdout
    return rule.replace("\\\n", " ").split()[1:]


def forbidden_in(source):
    return [header for header in headers_of(source) if FORBIDDEN.search(header)]


class EngineHeader(unittest.TestCase):
    def test_brings_the_engine_alone(self):
        self.assertEqual(forbidden_in('#include "madang/engine.h"\n'), [])

    def test_was_read_at_all(self):
        headers = headers_of('#include "madang/engine.h"\n')
        self.assertTrue(any(header.endswith("madang/engine/session.h") for header in headers))

    def test_would_notice(self):
        for header in (
            "asio/buffer.hpp", "openssl/ssl.h", "zlib.h", "simdjson.h", "http_parser.h",
            "fmt/core.h", "xxhash.h", "sys/socket.h", "google/protobuf/arena.h",
        ):
            with self.subTest(header):
                self.assertNotEqual(
                    forbidden_in(f'#include "madang/engine.h"\n#include <{header}>\n'), []
                )

    def test_would_notice_a_database(self):
        for path in ("/usr/include/postgresql/libpq-fe.h", "/usr/include/sqlite3.h",
                     "/usr/include/hiredis/hiredis.h", "/usr/local/include/nats/nats.h"):
            with self.subTest(path):
                self.assertRegex(path, FORBIDDEN)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
