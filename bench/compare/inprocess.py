# SPDX-License-Identifier: Apache-2.0
"""The engine alone (bench_micro), and beside it Redis and NATS."""

import csv
import json
import re

import generator
from machine import Neighbours
from peers import FILES_MAX, Missing, Peer, debian_version, free_port, program
from rounds import GENERATOR_CORE, SERVER_CORE, Sample, charge, locked
from spread import quantile

# Our names of the engine's figures: the benchmark, what is taken of it, and by what that is
# multiplied.
MICRO = {
    "delivery_1_ns": ("publish/members:1/messages:1", "per_delivery", 1e9),
    "delivery_10_ns": ("publish/members:10/messages:1", "per_delivery", 1e9),
    "delivery_ns": ("publish/members:1000/messages:1", "per_delivery", 1e9),
    "delivery_16_ns": ("publish/members:1000/messages:16", "per_delivery", 1e9),
    "delivery_100000_ns": ("publish/members:100000/messages:1", "per_delivery", 1e9),
    "joins_per_s": ("room_joins_and_leaves/others:1000000", "items_per_second", 1),
    "session_joins_per_s": ("session_joins_and_leaves/others:100000", "items_per_second", 1),
    "one_lane_per_s": ("lanes/lanes:1/process_time/real_time", "items_per_second", 1),
    "two_lanes_per_s": ("lanes/lanes:2/process_time/real_time", "items_per_second", 1),
}
MICRO_FILTER = ("^(publish/|room_joins_and_leaves/others:1000000"
                "|session_joins_and_leaves/others:100000|lanes/)")

# What Redis is asked to do, and how often with 64 commands under way and with one.
REDIS_COMMANDS = {
    "sadd": ("SADD", "room", "member:__rand_int__"),
    "srem": ("SREM", "room", "member:__rand_int__"),
    "zadd": ("ZADD", "ranking", "__rand_int__", "member:__rand_int__"),
    "incr": ("INCR", "counter"),
}
REDIS_COUNTS = {64: 1_000_000, 1: 25_000}
WINDOWS = (1, 16, 64)


def pinned(core, *arguments):
    return ["taskset", "-c", str(core), *map(str, arguments)]


def micro_figures(text):
    """[{our name: figure}], one for each repetition, of google-benchmark's JSON."""
    repetitions = {}
    for entry in json.loads(text)["benchmarks"]:
        if entry.get("run_type") != "iteration" or entry.get("error_occurred"):
            continue
        figures = repetitions.setdefault(entry.get("repetition_index", 0), {})
        for name, (benchmark, key, factor) in MICRO.items():
            if entry["run_name"] == benchmark and key in entry:
                figures[name] = entry[key] * factor
    for figures in repetitions.values():
        derive(figures)
    return [repetitions[index] for index in sorted(repetitions)]


def derive(figures):
    def ratio(name, over, under):
        if figures.get(over) and figures.get(under):
            figures[name] = figures[over] / figures[under]

    ratio("growth", "delivery_100000_ns", "delivery_10_ns")
    ratio("two_lanes", "two_lanes_per_s", "one_lane_per_s")


def redis_peer():
    def command(_build, _folder):
        port = free_port()
        return [program("redis-server"), "--port", str(port), "--bind", "127.0.0.1", "--save", "",
                "--appendonly", "no", "--maxclients", str(FILES_MAX // 2),
                "--client-output-buffer-limit", "pubsub 0 0 0"], port
    return Peer("redis", "Redis", command, (), None, lambda: debian_version("redis-server"))


def nats_peer():
    def command(_build, _folder):
        port = free_port()
        return [program("nats-server"), "-a", "127.0.0.1", "-p", str(port)], port
    return Peer("nats", "NATS", command, (), None, lambda: debian_version("nats-server"))


# The parts, and how long they take in seconds.
PARTS = {"engine": 30, "redis": 30, "pubsub": 30}


def chosen_parts(options):
    return {name: seconds for name, seconds in PARTS.items() if re.search(options.only, name)}


class InProcess:
    """Runs them all. Yields samples."""

    def __init__(self, options, folder, progress):
        self.options = options
        self.folder = folder
        self.progress = progress
        self.missing = {}
        self.rounds = 1 if options.quick else min(3, options.rounds or 3)

    def run(self):
        runs = {"engine": self.run_micro, "redis": self.run_redis, "pubsub": self.run_pubsub}
        for name, seconds in chosen_parts(self.options).items():
            try:
                for sample in runs[name]():
                    self.progress.step(sample)
                    yield sample
            except (Missing, generator.Failed) as why:
                self.progress.say(f"without {name}: {why}")
            self.progress.advance(seconds)

    def run_micro(self):
        micro = self.options.build / "bench/micro/bench_micro"
        if not micro.exists():
            raise Missing("bench_micro is not built")
        repetitions = 2 if self.options.quick else 5
        with locked(self.options.lock):
            neighbours = Neighbours()
            text = generator.run(
                pinned(f"{SERVER_CORE},{GENERATOR_CORE}", micro, "--benchmark_format=json",
                       "--benchmark_min_time=0.1", f"--benchmark_filter={MICRO_FILTER}",
                       f"--benchmark_repetitions={repetitions}"), 120)
            share = round(neighbours.share(), 4)
        for number, figures in enumerate(micro_figures(text)):
            yield Sample("engine", "madang", number, figures, share)

    def start(self, peer):
        try:
            return peer.start(self.options.build, self.folder / peer.name, SERVER_CORE)
        except Missing as why:
            self.missing[peer.name] = str(why)
            raise

    def run_redis(self):
        server = self.start(redis_peer())
        try:
            for number in range(self.rounds):
                for depth, count in REDIS_COUNTS.items():
                    for name, command in REDIS_COMMANDS.items():
                        with locked(self.options.lock):
                            yield self.redis_sample(server, number, name, command, depth, count)
        finally:
            server.close()

    def redis_sample(self, server, number, name, command, depth, count):
        sample = Sample(f"redis-{name}-{depth}", "redis", number)
        neighbours = Neighbours()
        try:
            text = generator.run(
                pinned(GENERATOR_CORE, program("redis-benchmark"), "-p", server.port, "-n", count,
                       "-P", depth, "-c", 1 if depth == 1 else 8, "-r", 1_000_000, "--csv",
                       *command), 60)
            sample.figures = {"per_s": read_redis_benchmark(text)}
        except generator.Failed as error:
            sample.error = str(error)
        sample.neighbour = round(neighbours.share(), 4)
        return sample

    def run_pubsub(self):
        client = self.options.build / "bench/compare/pubsub/pubsub"
        if not client.exists():
            raise Missing("bench/compare/pubsub is not built")
        servers = {}
        try:
            for peer in (nats_peer(), redis_peer()):
                try:
                    servers[peer.name] = self.start(peer)
                except Missing as why:
                    self.progress.say(f"without {peer.title}: {why}")
            for number in range(self.rounds):
                for window in WINDOWS:
                    for name, server in servers.items():
                        with locked(self.options.lock):
                            yield self.pubsub_sample(client, name, server, number, window)
        finally:
            for server in servers.values():
                server.close()

    def pubsub_sample(self, client, name, server, number, window):
        sample = Sample(f"pubsub-1000-flight-{window}", name, number)
        neighbours = Neighbours()
        try:
            report = json.loads(generator.run(
                [str(client), "--protocol", name, "--port", str(server.port), "--members", "1000",
                 "--in-flight", str(window), "--server-pid", str(server.process.pid), "--core",
                 str(GENERATOR_CORE), "--duration", str(self.options.duration or 1.0)], 60))
            sample.neighbour = round(neighbours.share(), 4)
            sample.figures = {
                "machine_ns": report["machine_cpu_ns_per_delivery"],
                "server_ns": report["server_cpu_ns_per_delivery"],
                "per_s": report["deliveries_per_s"],
                "generator_share": report["generator_cpu_share"],
                "window_s": report["duration_s"],
                "operations": report["deliveries"],
            }
            sample.figures["cpu_ns"] = charge(sample.figures, sample.neighbour)
        except generator.Failed as error:
            sample.error = str(error)
        return sample


def read_redis_benchmark(text):
    """Commands a second, of redis-benchmark's CSV."""
    for row in csv.DictReader(text.splitlines()):
        return float(row["rps"])
    raise generator.Failed("redis-benchmark printed no figures")


def add_ratio_to_sadd(samples):
    """Joins and leaves a second of the engine, by the median of Redis's SADD 64 deep."""
    sadd = [sample.figures["per_s"] for sample in samples
            if sample.scenario == "redis-sadd-64" and not sample.error]
    for sample in samples:
        if sample.scenario == "engine" and sadd and "joins_per_s" in sample.figures:
            sample.figures["joins_to_sadd"] = sample.figures["joins_per_s"] / quantile(sadd, 0.5)
