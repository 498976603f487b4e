# SPDX-License-Identifier: Apache-2.0
"""Rounds: every server does the same in each, in random order, while all of them are alive."""

import contextlib
import dataclasses
import fcntl
import itertools
import random
import time

import generator
from machine import Neighbours, wait_for_quiet
from peers import Missing
from scenarios import PLAIN

NEIGHBOUR_SHARE_MAX = 0.03
TRIES_MAX = 3
SERVER_CORE = 0
GENERATOR_CORE = 1


@dataclasses.dataclass
class Sample:
    """One run of the generator against one server."""

    scenario: str
    peer: str
    round: int
    figures: dict = dataclasses.field(default_factory=dict)
    neighbour: float = 0.0   # Cores that processes which take no part used meanwhile.
    tries: int = 1
    took_s: float = 0.0      # With connecting, warming up and closing.
    error: str = ""

    @property
    def disturbed(self):
        return self.neighbour > NEIGHBOUR_SHARE_MAX


def charge(figures, neighbour):
    """CPU time of an operation in ns: all that the machine spent beside the generator.

    What a neighbour used is left in while it is less than NEIGHBOUR_SHARE_MAX. A run that was
    disturbed in spite of all tries has it taken out, by its share of the whole run, down to what
    the server's own threads used.
    """
    machine_ns, server_ns = figures.get("machine_ns"), figures.get("server_ns")
    if machine_ns is None or neighbour <= NEIGHBOUR_SHARE_MAX:
        return machine_ns if machine_ns is not None else server_ns
    if not figures.get("operations") or not figures.get("window_s"):
        return server_ns
    neighbour_ns = neighbour * figures["window_s"] * 1e9 / figures["operations"]
    return max(machine_ns - neighbour_ns, server_ns or 0)


@contextlib.contextmanager
def locked(path):
    """Holds the lock file `path` if there is one, so that measurements do not meet."""
    if not path:
        yield
        return
    with open(path, "a", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


class Rounds:
    """Starts the servers as they are needed and runs scenarios on them."""

    def __init__(self, options, peers, folder, progress):
        self.options = options
        self.peers = {peer.name: peer for peer in peers}
        self.folder = folder
        self.progress = progress
        self.servers = {}
        self.missing = {}
        self.transports = {}
        self.patience_s = 0.0
        self.random = random.Random(options.seed)
        self.numbers = itertools.count()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for server in self.servers.values():
            server.close()

    def start(self, name):
        folder = self.folder / f"{name}-{next(self.numbers)}"
        return self.peers[name].start(self.options.build, folder, SERVER_CORE)

    def available(self, scenario):
        """Those peers that can do it. Who cannot be started is asked once."""
        names = []
        for name, peer in self.peers.items():
            if name not in PLAIN + scenario.others or name in self.missing:
                continue
            if peer.words(scenario.kind) is None:
                continue
            try:
                if name not in self.servers or not self.servers[name].alive():
                    self.servers[name] = self.start(name)
                    self.transports[name] = self.servers[name].transport()
                names.append(name)
            except Missing as why:
                self.missing[name] = str(why)
                self.progress.say(f"without {peer.title}: {why}")
        return names

    def rounds_of(self, scenario, name):
        rounds = scenario.rounds if name in PLAIN else min(scenario.others_rounds, scenario.rounds)
        return min(rounds, self.options.rounds or rounds)

    def plan(self, scenarios):
        """[(round, [(scenario, peer), ...])]: in each round in another order."""
        runs = [(scenario, name) for scenario in scenarios for name in self.available(scenario)]
        count = max((self.rounds_of(*run) for run in runs), default=0)
        plan = []
        for number in range(count):
            turn = [run for run in runs if number < self.rounds_of(*run)]
            self.random.shuffle(turn)
            plan.append((number, turn))
        return plan

    def expected_s(self, scenarios):
        return sum(scenario.expected_s(self.options.duration) * self.rounds_of(scenario, name)
                   for scenario in scenarios for name in self.available(scenario))

    def run(self, scenarios, patience_s):
        """Runs `scenarios` in common rounds, with so much more time to repeat. Yields samples."""
        self.patience_s += patience_s
        for number, turn in self.plan(scenarios):
            with locked(self.options.lock):
                for scenario, name in turn:
                    yield self.sample(scenario, name, number)

    def sample(self, scenario, name, number):
        """The first try that nobody disturbed, or else the one that was disturbed the least."""
        best = None
        for tries in range(1, TRIES_MAX + 1):
            sample = self.one_try(scenario, name, number)
            sample.tries = tries
            if best is None or (best.error, best.neighbour) > (sample.error, sample.neighbour):
                best = sample
            if not best.disturbed or self.patience_s <= 0:
                break
            start_s = time.monotonic()
            wait_for_quiet(NEIGHBOUR_SHARE_MAX, min(3.0, self.patience_s))
            self.patience_s -= time.monotonic() - start_s + scenario.duration_s
        self.progress.advance(scenario.expected_s(self.options.duration))
        self.progress.step(best)
        return best

    def one_try(self, scenario, name, number):
        sample = Sample(scenario.name, name, number)
        server = None
        start_s = time.monotonic()
        try:
            server = self.start(name) if scenario.fresh else self.servers[name]
            idle = [other.process.pid for other in self.servers.values() if other is not server]
            arguments = generator.command(self.options.build / "bench/load/load", scenario, server,
                                          GENERATOR_CORE, self.options.duration)
            neighbours = Neighbours(idle)
            text = generator.run(arguments, timeout_s=60)
            sample.neighbour = round(neighbours.share(), 4)
            sample.figures = generator.read_report(text, scenario)
            sample.figures["cpu_ns"] = charge(sample.figures, sample.neighbour)
            sample.figures["peak_bytes"] = server.memory_peak_bytes()
        except (generator.Failed, Missing, OSError) as error:
            sample.error = str(error) or type(error).__name__
        finally:
            if scenario.fresh and server:
                server.close()
            sample.took_s = round(time.monotonic() - start_s, 3)
        return sample
