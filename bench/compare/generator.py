# SPDX-License-Identifier: Apache-2.0
"""Runs bench/load against one server, and reads what it says."""

import json
import math
import subprocess

# What bench/load counts in each mode.
OPERATIONS = ("deliveries", "connects", "rounds")

# Our names of other figures, and its keys for them: the first that is there counts.
KEYS = {
    "p50_us": ("latency_p50_us",),
    "p99_us": ("latency_p99_us",),
    "generator_share": ("generator_cpu_share",),
    "window_s": ("measured_s",),
    "slow_caught_up": ("slow_caught_up",),
    "slow_closed": ("slow_closed",),
    "slow_told": ("slow_told",),
    "slow_silent_loss": ("slow_silent_loss",),
}

# Those which need a server that has had no connections before.
FRESH_KEYS = {
    "user_bytes": ("server_anonymous_bytes_per_connection", "server_bytes_per_connection"),
    "kernel_bytes": ("kernel_slab_bytes_per_end",),
}
KEEPS_UP = 0.97


class Failed(Exception):
    """A run that came to nothing, and why."""


def command(load, scenario, server, core, seconds):
    """The command line of one run. `seconds` stands for the scenario's duration if it is given."""
    words = server.peer.words(scenario.kind)
    return [
        str(load), "--server", f"127.0.0.1:{server.port}", *words,
        *(str(word) for word in scenario.arguments),
        "--warmup", str(scenario.warmup_s), "--duration", str(seconds or scenario.duration_s),
        "--core", str(core), "--server-pids", ",".join(map(str, server.pids())), "--json", "-",
    ]


def number(value):
    good = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    return value if good else None


def machine_cpu_ns(report):
    """What the machine spent beside the generator.

    The kernel has two accounts. One is exact and lacks what interrupts did on an idle core; the
    other has that, but looks only at each tick of the clock. The greater one counts.
    """
    tasks_ns = (number(report.get("machine_tasks_ns")) or 0) - report["generator_cpu_ns"]
    return max(number(report.get("machine_cpu_ns")) or 0, tasks_ns)


def read_report(text, scenario):
    """{our name: number} of the JSON that the generator printed."""
    try:
        report = json.loads(text)
    except ValueError:
        raise Failed("the generator printed no JSON") from None
    if not report.get("ok"):
        raise Failed("; ".join(report.get("failures") or ["the generator found a fault"]))
    figures = {}
    for name, keys in {**KEYS, **(FRESH_KEYS if scenario.fresh else {})}.items():
        key = next((key for key in keys if number(report.get(key)) is not None), None)
        if key:
            figures[name] = report[key]
    operations = next((report[key] for key in OPERATIONS if report.get(key)), None)
    if operations:
        figures["operations"] = operations
        figures["server_ns"] = report["server_cpu_ns"] / operations
        figures["machine_ns"] = machine_cpu_ns(report) / operations
        per_s = [report[key + "_per_s"] for key in OPERATIONS if report.get(key + "_per_s")]
        figures["per_s"] = per_s[0]
    if scenario.per_s and figures.get("per_s", 0) < KEEPS_UP * scenario.per_s:
        raise Failed(f"fell behind: {figures.get('per_s', 0):,.0f} of {scenario.per_s:,}/s")
    return figures


def run(arguments, timeout_s):
    try:
        done = subprocess.run(arguments, capture_output=True, text=True, timeout=timeout_s)
    except subprocess.TimeoutExpired:
        raise Failed(f"no end within {timeout_s:.0f} s") from None
    except OSError as error:
        raise Failed(str(error)) from None
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
        raise Failed(lines[-1].removeprefix("load: ").removeprefix("FAILED: ")[:200])
    return done.stdout
