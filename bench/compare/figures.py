# SPDX-License-Identifier: Apache-2.0
"""How figures are written: units, and the spread beside every median."""

from charts import short


def time_ns(ns):
    for unit, size in (("s", 1e9), ("ms", 1e6), ("µs", 1e3)):
        if ns >= size:
            return f"{short(ns / size)} {unit}"
    return f"{short(ns)} ns"


def per_second(value):
    return f"{short(value)} /s"


def share(value):
    return f"{value * 100:.0f} %"


def byte_count(value):
    for unit, size in (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10)):
        if value >= 10 * size:
            return f"{short(value / size)} {unit}"
    return f"{value:,.0f} B"


WRITE = {
    "cpu_ns": time_ns, "server_ns": time_ns, "machine_ns": time_ns,
    "p50_us": lambda us: time_ns(us * 1e3), "p99_us": lambda us: time_ns(us * 1e3),
    "per_s": per_second, "joins_per_s": per_second, "session_joins_per_s": per_second,
    "generator_share": share,
    "user_bytes": byte_count, "kernel_bytes": byte_count, "peak_bytes": byte_count,
    "slow_bytes": byte_count,
    "delivery_ns": time_ns, "delivery_1_ns": time_ns, "delivery_10_ns": time_ns,
    "delivery_16_ns": time_ns, "delivery_100000_ns": time_ns,
}


def with_spread(spread, write=short):
    """"5.2 [5.1 to 5.4]", or a dash."""
    if spread is None:
        return "–"
    words = [write(value) for value in (spread.median, spread.q1, spread.q3)]
    if spread.count == 1:
        return words[0]
    numbers, units = zip(*(word.partition(" ")[::2] for word in words))
    if len(set(units)) == 1:
        return f"{numbers[0]} [{numbers[1]} to {numbers[2]}] {units[0]}".rstrip()
    return f"{words[0]} [{words[1]} to {words[2]}]"


def metric(spread, name):
    return with_spread(spread, WRITE.get(name, short))


# Of one judged goal: what stands in the columns.
WORDS = {"aim": "aim reached", "reach": "reached", "missed": "not reached",
         "not measured": "not measured"}


def unit_of(goal):
    return goal.unit if goal.by == "figure" and goal.unit != "times" else "×"


def judged(verdict):
    goal = verdict.goal
    if goal.by == "figure":
        return with_spread(verdict.spread, lambda value: f"{short(value)} {unit_of(goal)}")
    return with_spread(verdict.spread, lambda value: f"{value:.2f} ×")


def bound(goal, value):
    return f"{'≥' if goal.above else '≤'} {short(value)} {unit_of(goal)}"


def own_and_other(verdict):
    """madang's figure and the one beside it, in their own units."""
    if verdict.goal.by == "figure" and verdict.goal.unit == "KiB":
        return tuple(with_spread(one and one.scaled(1024), byte_count)
                     for one in (verdict.ours, verdict.theirs))
    if verdict.goal.unit == "times":
        return "–", "–"
    name = verdict.goal.metric
    return metric(verdict.ours, name), metric(verdict.theirs, name)
