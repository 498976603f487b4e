#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds the tree to the rules in rules.py, and each rule to a violation planted here.

Usage: style_test.py [unittest options]
"""

import os
import pathlib
import unittest

from arrows import ARROWS
from rules import EXAMPLE, LIMITS, RULES

ROOT = pathlib.Path(__file__).resolve().parents[2]
NOT_OURS = {".git", ".cache", "build", "node_modules", "__pycache__"}

SPDX = "// SPDX-License-Identifier: Apache-2.0\n"
FIELD = "struct Limits {\n  std::size_t names_max = 7;\n};\n"
BLOCK = "madang.\n\n```cpp\nint main() {}\n```\n"

# For each rule trees that break it, and trees that nearly do.
BREAKS = {
    "arrows": [
        {"src/room/room.cc": '#include "madang/engine/engine.h"'},
        {"src/room/room.cc": '#include "engine/shard.h"'},
        {"src/room/room.cc": "#include <mutex>"},
        {"src/protocol/centrifuge/a.cc": '#include "absl/synchronization/mutex.h"'},
        {"src/protocol/centrifuge/a.cc": '#include "madang/http/request.h"'},
        {"src/http/router.cc": "#include <sys/socket.h>"},
        {"src/engine/engine.cc": "#include <asio/io_context.hpp>"},
        {"include/madang/engine/engine.h": "  #  include <fmt/core.h>"},
        {"include/madang/engine/engine.h": '#include "engine/shard.h"'},
        {"include/madang/doors/server.h": "#include <asio.hpp>"},
        {"src/base/json.cc": "#include <unheard_of.h>"},
        {"src/base/json.cc": '#include "b.h"', "src/room/b.h": ""},
        {"src/cellar/wine.cc": "#include <string>"},
        {"src/transport/websocket/a.cc": '#include "madang/transport/asio/lanes.h"'},
        {"examples/chat/main.cc": '#include "engine/shard.h"'},
    ],
    "spdx": [{"src/a.cc": "int a;\n"}, {"a.sh": "#!/bin/sh\necho\n"}, {"src/a.h": ""}],
    "columns": [{"src/a.cc": "x" * 101}],
    "file_length": [{"tests/a.mjs": "\n" * 601}],
    "pragma_once": [{"src/a.h": "// #pragma once\n"}],
    "clocks": [
        {"src/engine/a.cc": "auto t = std::chrono::steady_clock::now();"},
        {"include/madang/room/a.h": "auto t = absl::Now();"},
        {"src/storage/postgres/pool.cc": "std::chrono::steady_clock::now()"},
    ],
    "regex_on_input": [{"src/http/a.cc": "#include <regex>"}],
    "sleeps": [
        {"tests/engine/a.cc": "std::this_thread::sleep_for(1ms);"},
        {"tests/engine/a.h": "usleep (100);"},
    ],
    "machine_paths": [{"README.md": "see /ho" + "me/ann/madang"}, {".ci/run": "cd /ro" + "ot/x"}],
    "registries": [
        {"tests/sdk/package-lock.json": '  "resol' + 'ved": "file:x"'},
        {".npmrc": "https://npm" + "js.example/x"},
    ],
    "limits_tested": [{LIMITS: FIELD}, {LIMITS: FIELD, "tests/a.cc": "other_names_max"}],
    "readme_example": [
        {"README.md": BLOCK, EXAMPLE: "int main() { }\n"},
        {"README.md": "```sh\nls\n```\n" + BLOCK, EXAMPLE: "int main() {}\n"},
        {"README.md": "no block\n", EXAMPLE: "int main() {}\n"},
    ],
}
KEEPS = {
    "arrows": [
        {"src/room/room.cc": '#include "madang/room/room.h"\n#include "madang/base/time.h"'},
        {"include/madang/room/room.h": '#include "absl/container/flat_hash_map.h"'},
        {"include/madang/engine.h": '#include "madang/engine/engine.h"'},
        {"src/engine/shard.cc": '#include <mutex>\n#include "engine/shard.h"'},
        {"src/transport/asio/lane.cc": "#include <asio.hpp>\n#include <sys/socket.h>"},
        {"src/transport/websocket/a.cc": "#include <zlib.h>"},
        {"src/room/a.cc": '#include "b.h"', "src/room/b.h": ""},
        {"tests/http/a.cc": '#include "http/ascii.h"'},
        {"examples/chat/main.cc": '#include "madang/engine.h"'},
    ],
    "spdx": [{"src/a.cc": SPDX}, {"a.sh": "#!/bin/sh\n" + SPDX.replace("//", "#")}],
    "columns": [{"src/a.cc": "ü" * 100 + "\n" + "x" * 100}, {"README.md": "x" * 300}],
    "file_length": [{"src/a.cc": "\n" * 600}],
    "pragma_once": [{"src/a.h": SPDX + "#pragma once\n"}, {"src/a.cc": ""}],
    "clocks": [
        {"src/transport/asio/a.cc": "steady_clock::now()"},
        {"src/storage/postgres/clock.h": "std::chrono::steady_clock::now()"},
        {"src/a.cc": "lane.now();"},
    ],
    "regex_on_input": [{"tests/a.cc": "std::regex()"}],
    "sleeps": [{"tests/a.cc": "// No sleep here.\nbool asleep();"}, {"src/a.cc": "sleep(1);"}],
    "machine_paths": [{"tests/a.cc": '"http://host/home/ann"'}, {"a.md": "/usr/bin/python3"}],
    "registries": [{"a.md": "https://www.rfc-editor.org/rfc/rfc6455"}],
    "limits_tested": [{LIMITS: FIELD, "tests/a.cc": "limits.names_max = 3;"}],
    "readme_example": [{"README.md": BLOCK + BLOCK, EXAMPLE: "int main() {}\n"}],
}


def read_tree():
    """All text files of the tree."""
    tree = {}
    for folder, folders, files in os.walk(ROOT):
        folders[:] = sorted(set(folders) - NOT_OURS)
        for name in sorted(set(files) - NOT_OURS):
            path = pathlib.Path(folder, name)
            try:
                tree[path.relative_to(ROOT).as_posix()] = path.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                pass
    return tree


class Tree(unittest.TestCase):
    def test_was_read(self):
        tree = read_tree()
        self.assertIn(LIMITS, tree)
        self.assertGreater(tree[LIMITS].count(" = "), 30)

    def test_arrows_have_no_circle(self):
        above = list(ARROWS)
        for folder, below in ARROWS.items():
            for other in below:
                self.assertLess(above.index(other), above.index(folder), f"{folder} on {other}")


class SelfTest(unittest.TestCase):
    def test_every_rule_is_tested(self):
        names = {rule.__name__ for rule in RULES}
        self.assertEqual(names, set(BREAKS))
        self.assertEqual(names, set(KEEPS))


def add_tests(rule):
    def holds(self):
        """The tree keeps to the rule."""
        complaints = list(rule(read_tree()))
        if complaints:
            self.fail("\n".join([rule.__doc__] + complaints))

    def notices(self):
        """The rule notices what is planted and nothing else."""
        for tree in BREAKS[rule.__name__]:
            with self.subTest(tree):
                self.assertNotEqual(list(rule(tree)), [])
        for tree in KEEPS[rule.__name__]:
            with self.subTest(tree):
                self.assertEqual(list(rule(tree)), [])

    setattr(Tree, f"test_{rule.__name__}", holds)
    setattr(SelfTest, f"test_{rule.__name__}", notices)


for each in RULES:
    add_tests(each)

if __name__ == "__main__":
    unittest.main()
