#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures madang beside its peers and writes the report. bench/compare/run.sh installs and builds
what this needs."""

import argparse
import collections
import dataclasses
import json
import os
import pathlib
import re
import resource
import sys
import tempfile

import machine as this_machine
import report
import tables
import verdicts
from inprocess import (PARTS, InProcess, add_ratio_to_sadd, chosen_parts, nats_peer,
                       redis_peer)
from machine import ROOT
from peers import FILES_MAX, Missing, all_peers
from progress import Progress
from rounds import GENERATOR_CORE, SERVER_CORE, Rounds, Sample
from scenarios import SCENARIOS

QUICK = ("room-1000-flight-1", "room-1000-flight-16", "room-1000-flight-256", "rate-100", "slow-0",
         "slow-10", "idle-1000", "connect", "echo")


def parse_arguments():
    parser = argparse.ArgumentParser(description="Measures madang beside its peers.")
    parser.add_argument("--quick", action="store_true",
                        help="a smoke test of two minutes; its figures are not kept")
    parser.add_argument("--only", metavar="NAME", default="",
                        help="scenarios whose names match this regular expression; see --list")
    parser.add_argument("--list", action="store_true", help="the names of all scenarios")
    parser.add_argument("--rounds", type=int, default=0, help="so many at most")
    parser.add_argument("--peers", default="", help="these beside madang, as in bun,ws")
    parser.add_argument("--duration", type=float, default=0, help="seconds of each run")
    parser.add_argument("--patience", type=float, default=90, metavar="SECONDS",
                        help="for repeating what neighbours disturbed, in all; default 90")
    parser.add_argument("--lock", metavar="FILE", default="",
                        help="held in each round, for machines on which several people measure")
    parser.add_argument("--seed", type=int, default=None, help="of the random order")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/release")
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "build/compare",
                        help="folder of the report")
    parser.add_argument("--no-results", action="store_true", help="append nothing to bench/results")
    parser.add_argument("--redraw", action="store_true",
                        help="measure nothing; write the report of the last run again")
    options = parser.parse_args()
    if options.quick:
        options.rounds = options.rounds or 2
        options.duration = options.duration or 0.5
        options.patience = min(options.patience, 10)
    unknown = set(filter(None, options.peers.split(","))) - {peer.name for peer in all_peers()}
    if unknown:
        parser.error(f"no such peer: {', '.join(sorted(unknown))}")
    if not {SERVER_CORE, GENERATOR_CORE} <= os.sched_getaffinity(0):
        parser.error("this needs cores 0 and 1: one for the server, one for the generator")
    options.build = options.build.resolve()
    options.out = options.out.resolve()
    return options


def raise_file_limit():
    """Ten thousand connections need as many files, in the generator and in each server."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    limit = FILES_MAX if hard == resource.RLIM_INFINITY else min(hard, FILES_MAX)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
    if limit < FILES_MAX:
        print(f"this shell allows only {limit} open files; runs with more connections will fail",
              file=sys.stderr)


def chosen_scenarios(options):
    chosen = [scenario for scenario in SCENARIOS if re.search(options.only, scenario.name)]
    if options.quick:
        chosen = [scenario for scenario in chosen if scenario.name in QUICK]
    return chosen


def groups(scenarios):
    """Those that share their rounds: the slow readers and the quiet run that they are held to."""
    together = collections.defaultdict(list)
    for scenario in scenarios:
        key = "slow" if scenario.name.startswith("slow-") else scenario.name
        together[key].append(scenario)
    return list(together.values())


def measure(options, peers, scenarios, folder):
    """All samples, {peer: why it did not take part}, and {peer: the transport that it chose}."""
    progress = Progress()
    samples = []
    with Rounds(options, peers, folder, progress) as rounds:
        progress.expect(rounds.expected_s(scenarios) + sum(chosen_parts(options).values()))
        together = groups(scenarios)
        for group in together:
            samples += rounds.run(group, options.patience / len(together))
        missing = dict(rounds.missing)
    in_process = InProcess(options, folder, progress)
    samples += in_process.run()
    missing.update(in_process.missing)
    add_ratio_to_sadd(samples)
    progress.finish()
    return samples, missing, rounds.transports


def versions_of(peers, missing, transports):
    versions = {}
    for peer in peers:
        try:
            version = "" if peer.name in missing else peer.version()
            versions[peer.name] = version or transports.get(peer.name, "")
        except Missing:
            versions[peer.name] = ""
    return versions


def save(path, samples, missing, machine, versions):
    path.write_text(json.dumps({
        "machine": machine, "versions": versions, "missing": missing,
        "samples": [dataclasses.asdict(sample) for sample in samples]}), encoding="utf-8")


def load(path):
    saved = json.loads(path.read_text(encoding="utf-8"))
    return ([Sample(**sample) for sample in saved["samples"]], saved["missing"], saved["machine"],
            saved["versions"])


def write_report(options, samples, missing, machine, versions, peers):
    measured = verdicts.Measured(samples)
    judged = verdicts.judge_all(measured)
    titles = {peer.name: peer.title for peer in peers}
    named = {titles[name]: version for name, version in versions.items()
             if version and name in titles}
    (options.out / "report.html").write_text(
        report.page(measured, judged, machine, named, titles, missing), encoding="utf-8")
    table = tables.markdown(judged, machine)
    (options.out / "report.md").write_text(table, encoding="utf-8")
    print(table)
    return measured


def main():
    options = parse_arguments()
    if options.list:
        print("\n".join([scenario.name for scenario in SCENARIOS] + list(PARTS)))
        return 0
    wanted = {"madang", *options.peers.split(",")} if options.peers else None
    peers = [peer for peer in all_peers() if not wanted or peer.name in wanted]
    everybody = peers + [redis_peer(), nats_peer()]
    options.out.mkdir(parents=True, exist_ok=True)
    saved = options.out / "samples.json"
    if options.redraw:
        samples, missing, machine, versions = load(saved)
        write_report(options, samples, missing, machine, versions, everybody)
        return 0

    raise_file_limit()
    machine = this_machine.facts()
    scenarios = chosen_scenarios(options)
    with tempfile.TemporaryDirectory(prefix="madang-compare-") as folder:
        os.chmod(folder, 0o755)  # nginx's worker may be another user.
        samples, missing, transports = measure(options, peers, scenarios, pathlib.Path(folder))
    if not samples:
        print("nothing was measured", file=sys.stderr)
        return 1
    versions = versions_of(everybody, missing, transports)
    save(saved, samples, missing, machine, versions)
    measured = write_report(options, samples, missing, machine, versions, everybody)
    if measured.disturbed() > len(samples) / 2:
        print("too busy a machine: nothing is added to bench/results", file=sys.stderr)
    elif not options.quick and not options.no_results:
        tables.append_results(ROOT / "bench/results" / this_machine.results_name(machine),
                              tables.result_lines(measured, machine, versions))
    print(f"report: {os.path.relpath(options.out / 'report.html')}", file=sys.stderr)
    # A peer that loses messages or falls back is a result.
    return 1 if any(sample.error and sample.peer.startswith("madang") for sample in samples) else 0


if __name__ == "__main__":
    sys.exit(main())
