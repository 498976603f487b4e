# SPDX-License-Identifier: Apache-2.0
"""Says on stderr how far a run has come, and how long it still takes."""

import sys
import time


class Progress:
    """A bar on a terminal, and a line now and then elsewhere."""

    LINE_EVERY_S = 10

    def __init__(self):
        self.expected_s = 1
        self.done_s = 0
        self.start_s = time.monotonic()
        self.bar = sys.stderr.isatty()
        self.line_s = 0

    def say(self, words):
        self.clear()
        print(words, file=sys.stderr, flush=True)

    def clear(self):
        if self.bar:
            print("\r\033[K", end="", file=sys.stderr)

    def expect(self, seconds):
        """All of it will take `seconds`, roughly."""
        self.expected_s = max(seconds, 1)

    def advance(self, seconds):
        """`seconds` of what was expected are over, however long they took."""
        self.done_s += seconds

    def left_s(self):
        elapsed_s = time.monotonic() - self.start_s
        if self.done_s < 10:
            return max(0, self.expected_s - self.done_s)
        return max(0, self.expected_s - self.done_s) * elapsed_s / self.done_s

    def step(self, sample):
        if sample.error:
            self.say(f"{sample.scenario}, {sample.peer}: {sample.error}")
        left = round(self.left_s())
        words = f"{left // 60}:{left % 60:02} left  {sample.scenario}"
        if self.bar:
            share = min(1, self.done_s / self.expected_s)
            filled = round(30 * share)
            self.clear()
            print(f"[{'=' * filled}{' ' * (30 - filled)}] {words}  {sample.peer}", end="",
                  file=sys.stderr, flush=True)
        elif time.monotonic() - self.line_s >= self.LINE_EVERY_S:
            self.line_s = time.monotonic()
            print(words, file=sys.stderr, flush=True)

    def finish(self):
        self.clear()
        elapsed = int(time.monotonic() - self.start_s)
        self.say(f"measured for {elapsed // 60}:{elapsed % 60:02}")
