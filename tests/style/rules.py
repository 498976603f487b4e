# SPDX-License-Identifier: Apache-2.0
"""The rules of the tree. Each takes all files as {path: text} and yields "path:line: complaint"."""

import re

from arrows import arrows

COLUMNS_MAX = 100
LINES_MAX = 600

CPP = (".h", ".cc")
SCRIPTS = (".cmake", ".cmake.in", "CMakeLists.txt", ".py", ".sh", ".ci/run")
CODE = CPP + SCRIPTS + (".js", ".mjs", ".css", ".html")

LIMITS = "include/madang/base/limits.h"
EXAMPLE = "examples/embed_without_network/main.cc"


def lines_of(tree, suffixes, prefix=""):
    for path, text in tree.items():
        if path.startswith(prefix) and path.endswith(suffixes):
            for number, line in enumerate(text.splitlines(), 1):
                yield path, number, line


def matching(tree, pattern, complaint, suffixes="", prefix=""):
    for path, number, line in lines_of(tree, suffixes, prefix):
        if pattern.search(line):
            yield f"{path}:{number}: {complaint}"


def spdx(tree):
    """The licence is the first line, or the one after #!."""
    for path, text in tree.items():
        if not path.endswith(CPP + SCRIPTS + (".js", ".mjs")):
            continue
        lines = text.splitlines() + ["", ""]
        first = 1 if lines[0].startswith("#!") else 0
        mark = "#" if path.endswith(SCRIPTS) else "//"
        if lines[first] != f"{mark} SPDX-License-Identifier: Apache-2.0":
            yield f"{path}:{first + 1}: no SPDX line"


def columns(tree):
    """No line is wider than 100 columns."""
    return matching(tree, re.compile(".{%d}" % (COLUMNS_MAX + 1)), "too wide", CODE)


def file_length(tree):
    """No file is longer than 600 lines."""
    for path, text in tree.items():
        count = len(text.splitlines())
        if path.endswith(CODE) and count > LINES_MAX:
            yield f"{path}:{count}: longer than {LINES_MAX} lines"


def pragma_once(tree):
    """Every header has #pragma once."""
    for path, text in tree.items():
        if path.endswith(".h") and not re.search(r"^#pragma once$", text, re.MULTILINE):
            yield f"{path}:1: no #pragma once"


def clocks(tree):
    """A Scheduler tells the time; only those over event loops of their own ask a clock."""
    now = re.compile(r"_clock::now\(|absl::Now\(|\b(clock_gettime|gettimeofday|time_t|std::time)\b")
    for prefix in ("include/", "src/"):
        for complaint in matching(tree, now, "asks a clock", CPP, prefix):
            if not complaint.startswith(("src/transport/asio/", "src/transport/uring/",
                                         "src/backend/clock.h", "src/storage/postgres/clock.h")):
                yield complaint


def regex_on_input(tree):
    """std::regex is recursive and slow, so input never meets it."""
    for prefix in ("include/", "src/"):
        yield from matching(tree, re.compile(r"std::regex|<regex>"), "std::regex", CPP, prefix)


def sleeps(tree):
    """A test in C++ waits for a condition, not for luck."""
    sleep = re.compile(r"\b(u|nano)?sleep(_for|_until)?\s*\(|\bSleepFor\s*\(")
    return matching(tree, sleep, "sleeps", CPP, "tests/")


def machine_paths(tree):
    """Nothing names a folder of somebody's machine."""
    home = re.compile(r"(?<![\w./~-])/(home|root|Users|work|mnt)/[\w.]")
    return matching(tree, home, "a path of one machine")


def registries(tree):
    """Nothing says where packages are fetched from; that is the machine's business."""
    address = re.compile(r"https?://[\w.-]*(registry|npmjs|pypi|artifactory|nexus)|\"resolved\":")
    return matching(tree, address, "an address of a package registry")


def limits_tested(tree):
    """A test names each bound of Limits."""
    tests = "\n".join(
        text for path, text in tree.items()
        if path.startswith("tests/") and path.endswith(CPP + (".mjs",))
    )
    field = re.compile(r"^  [\w:]+ (\w+) = [^;]+;")
    for path, number, line in lines_of(tree, LIMITS):
        name = field.match(line)
        if name and not re.search(rf"\b{name[1]}\b", tests):
            yield f"{path}:{number}: no test mentions {name[1]}"


def readme_example(tree):
    """The first code block of the README is the example that the tests build and run."""
    block = re.search(r"^```\w*\n(.*?)^```$", tree.get("README.md", ""), re.MULTILINE | re.DOTALL)
    if not block or block[1] != tree.get(EXAMPLE):
        yield f"README.md:1: the first code block is not {EXAMPLE}"


RULES = (arrows, spdx, columns, file_length, pragma_once, clocks, regex_on_input, sleeps,
         machine_paths, registries, limits_tested, readme_example)
