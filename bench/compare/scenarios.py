# SPDX-License-Identifier: Apache-2.0
"""What is measured, and the goals: the one table of both."""

import dataclasses

# All peers beside madang and Bun.
OTHERS = ("madang-asio", "nchan", "ws", "socketio")
PLAIN = ("madang", "bun")
# Who gets so many messages out in time. The rest takes 8 µs and more for each of a million.
FAST = ("madang-asio",)


@dataclasses.dataclass(frozen=True)
class Goal:
    """What a figure of madang is to reach. Less is better, but where `above` says otherwise."""

    what: str
    scenario: str
    metric: str
    unit: str
    reach: float
    aim: float
    # "bun": the ratio to Bun inside a round. "quiet": to its own run without slow readers.
    # "figure": the figure itself.
    by: str = "bun"
    above: bool = False
    peer: str = "madang"

    def met(self, value, bound):
        return value >= bound if self.above else value <= bound


@dataclasses.dataclass(frozen=True)
class Scenario:
    """One thing that the generator does to every server."""

    name: str
    title: str
    arguments: tuple
    connections: int
    kind: str = "rooms"       # Peer.words() has what it means: "rooms", "enter", "echo"
    rounds: int = 8           # of madang and Bun; 0: as many as the others
    others_rounds: int = 2
    others: tuple = OTHERS
    fresh: bool = False       # Every run gets a server of its own.
    warmup_s: float = 0.3
    duration_s: float = 1.0
    per_s: float = 0          # Deliveries that it takes to keep up; 0: as many as it can.

    def expected_s(self, duration_s):
        """How long a run takes, roughly. `duration_s` stands for its own if it is given."""
        return (duration_s or self.duration_s) + self.warmup_s + 0.4 + self.connections * 1.5e-4


def fan_out(rooms, members, in_flight, title, **more):
    name = f"room-{members}" if rooms == 1 else f"rooms-{rooms}x{members}"
    return Scenario(
        f"{name}-flight-{in_flight}", title,
        ("--mode", "fanout", "--rooms", rooms, "--members", members, "--in-flight", in_flight),
        rooms * members, **more)


def rate(per_s, **more):
    return Scenario(f"rate-{per_s}", f"{per_s} messages/s to 1,000 members",
                    ("--mode", "rate", "--rooms", 1, "--members", 1000, "--rate", per_s), 1000,
                    per_s=per_s * 1000, **more)


def slow_readers(slow, **more):
    title = f"{slow} of 100 stop reading" if slow else "nobody stops reading"
    return Scenario(f"slow-{slow}", f"300 messages/s of 16 KiB, {title}",
                    ("--mode", "rate", "--rooms", 1, "--members", 100, "--rate", 300, "--size",
                     16384, "--slow", slow), 100, fresh=True, duration_s=2.0, **more)


def idle(members, **more):
    return Scenario(f"idle-{members}", f"{members:,} idle members of one room",
                    ("--mode", "idle", "--rooms", 1, "--members", members), members, fresh=True,
                    duration_s=0.5, **more)


SCENARIOS = (
    fan_out(1, 1000, 1, "1 room of 1,000, 1 in flight", others_rounds=3),
    fan_out(1, 1000, 16, "1 room of 1,000, 16 in flight"),
    fan_out(1, 1000, 64, "1 room of 1,000, 64 in flight"),
    fan_out(1, 1000, 256, "1 room of 1,000, 256 in flight", others=FAST),
    fan_out(1, 1000, 1024, "1 room of 1,000, 1,024 in flight", others=FAST),
    fan_out(1, 1000, 4096, "1 room of 1,000, 4,096 in flight", others=FAST),
    fan_out(1, 10, 1, "1 room of 10, 1 in flight", rounds=3, others=FAST),
    fan_out(1, 100, 1, "1 room of 100, 1 in flight", rounds=3, others=FAST),
    fan_out(1, 10000, 1, "1 room of 10,000, 1 in flight"),
    fan_out(1000, 10, 16, "1,000 rooms of 10, 16 in flight"),
    rate(10, rounds=2, duration_s=2.0),
    rate(30, rounds=2),
    rate(100, others_rounds=3, duration_s=1.5),
    rate(300, rounds=3, others=()),
    rate(1000, rounds=3, others=()),
    rate(2000, rounds=3, others=()),
    slow_readers(0, rounds=5, others_rounds=1),
    slow_readers(10, rounds=5, others_rounds=1),
    idle(1000, rounds=1, others_rounds=1),
    idle(3000, rounds=1, others_rounds=1),
    idle(10000, rounds=3),
    idle(18000, rounds=1, others_rounds=1),
    Scenario("connect", "connect and enter a room",
             ("--mode", "storm", "--rooms", 1, "--members", 1000), 1000, kind="enter",
             others_rounds=2),
    Scenario("connect-then-enter", "connect, and enter a room by a message after the handshake",
             ("--mode", "storm", "--rooms", 1, "--members", 1000), 1000, rounds=3, others=()),
    Scenario("echo", "100 connections, each sends and waits for its echo",
             ("--mode", "echo", "--connections", 100), 100, kind="echo", others_rounds=3),
)

GOALS = (
    Goal("1 room of 1,000, 128 B, 1 in flight", "room-1000-flight-1", "cpu_ns", "CPU", 0.95, 0.8),
    Goal("16 in flight", "room-1000-flight-16", "cpu_ns", "CPU", 1.0, 0.85),
    Goal("64 in flight", "room-1000-flight-64", "cpu_ns", "CPU", 0.65, 0.5),
    Goal("256 in flight", "room-1000-flight-256", "cpu_ns", "CPU", 0.35, 0.25),
    Goal("1,024 in flight", "room-1000-flight-1024", "cpu_ns", "CPU", 0.35, 0.25),
    Goal("4,096 in flight", "room-1000-flight-4096", "cpu_ns", "CPU", 0.35, 0.25),
    Goal("1 room of 10,000, 1 in flight", "room-10000-flight-1", "cpu_ns", "CPU", 0.95, 0.8),
    Goal("1,000 rooms of 10, 16 in flight", "rooms-1000x10-flight-16", "cpu_ns", "CPU", 0.95, 0.8),
    Goal("100 messages/s to 1,000 members", "rate-100", "cpu_ns", "CPU", 0.95, 0.8),
    Goal("p50 there", "rate-100", "p50_us", "latency", 0.95, 0.85),
    Goal("p99 there", "rate-100", "p99_us", "latency", 1.0, 1.0),
    Goal("10 of 100 stop reading, 300/s of 16 KiB: p99 of the others", "slow-10", "p99_us",
         "own quiet run", 1.1, 1.1, by="quiet"),
    Goal("and memory of a slow reader", "slow-10", "slow_bytes", "KiB", 128, 128, by="figure"),
    Goal("and of those, who lost something without a word", "slow-10", "slow_silent_loss",
         "readers", 0, 0, by="figure"),
    Goal("user-space memory of an idle member", "idle-10000", "user_bytes", "bytes", 600, 450,
         by="figure"),
    Goal("the same on Asio", "idle-10000", "user_bytes", "bytes", 900, 450, by="figure",
         peer="madang-asio"),
    Goal("connect and enter a room", "connect", "cpu_ns", "CPU", 1.15, 0.9),
    Goal("echo on 100 connections", "echo", "cpu_ns", "CPU", 1.0, 0.85),
    Goal("engine alone: a delivery to 1,000 members", "engine", "delivery_ns", "ns", 20, 8,
         by="figure"),
    Goal("engine alone: joins and leaves of a room of a million against SADD, 64 deep", "engine",
         "joins_to_sadd", "times", 3, 6, by="figure", above=True),
    Goal("engine alone: two lanes against one", "engine", "two_lanes", "times", 1.7, 1.95,
         by="figure", above=True),
    Goal("engine alone: a delivery to 100,000 members against 10", "engine", "growth", "times",
         1.5, 1.0, by="figure"),
)
