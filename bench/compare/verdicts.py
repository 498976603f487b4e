# SPDX-License-Identifier: Apache-2.0
"""What the samples of all rounds come to, and whether the goals are met."""

import dataclasses
import re

from scenarios import GOALS
from spread import Spread, paired_ratios

SLOW_READERS = 10


class Measured:
    """All samples of a run, by scenario, peer and round."""

    def __init__(self, samples):
        self.samples = list(samples)
        add_slow_memory(self.samples)

    def values(self, scenario, peer, metric):
        """{round: value} of the runs that went well."""
        return {
            sample.round: sample.figures[metric] for sample in self.samples
            if (sample.scenario, sample.peer) == (scenario, peer) and not sample.error
            and sample.figures.get(metric) is not None
        }

    def spread(self, scenario, peer, metric):
        return Spread.of(self.values(scenario, peer, metric).values())

    def of(self, scenario, peer):
        return [sample for sample in self.samples
                if (sample.scenario, sample.peer) == (scenario, peer)]

    def scenarios(self):
        """The names of all scenarios, in the order in which they were run."""
        return list(dict.fromkeys(sample.scenario for sample in self.samples))

    def peers(self, scenario):
        """Those who were measured there: madang, Bun, and the others by name."""
        names = {sample.peer for sample in self.samples if sample.scenario == scenario}
        return sorted(names, key=lambda name: (not name.startswith("madang"), name != "bun", name))

    def disturbed(self):
        return sum(sample.disturbed for sample in self.samples)

    def errors(self):
        """[(scenario, peer, one error of a kind, how often)]."""
        counts, examples = {}, {}
        for sample in self.samples:
            if sample.error:
                kind = re.sub(r"[\d,]*\d", "N", sample.error)
                key = (sample.scenario, sample.peer, kind)
                counts[key] = counts.get(key, 0) + 1
                examples.setdefault(key, sample.error)
        return [(*key[:2], examples[key], count) for key, count in counts.items()]


def add_slow_memory(samples):
    """What a slow reader costs in memory: the peak with them, less the peak of the quiet run."""
    quiet = {(sample.peer, sample.round): sample.figures.get("peak_bytes")
             for sample in samples if sample.scenario == "slow-0" and not sample.error}
    for sample in samples:
        before = quiet.get((sample.peer, sample.round))
        if sample.scenario == "slow-10" and not sample.error and before:
            sample.figures["slow_bytes"] = max(
                0, sample.figures["peak_bytes"] - before) / SLOW_READERS


@dataclasses.dataclass(frozen=True)
class Verdict:
    """A goal, and how madang stands to it."""

    goal: object
    spread: Spread = None     # Of what is judged: ratios, or figures.
    ours: Spread = None       # madang's own figure, ...
    theirs: Spread = None     # ... and the one that it is compared with.

    @property
    def word(self):
        """"aim", "reach", "missed" or "not measured"."""
        if not self.spread:
            return "not measured"
        if self.goal.met(self.spread.median, self.goal.aim):
            return "aim"
        return "reach" if self.goal.met(self.spread.median, self.goal.reach) else "missed"


def judge(goal, measured):
    ours = measured.values(goal.scenario, goal.peer, goal.metric)
    if goal.by == "figure":
        scale = 1 / 1024 if goal.unit == "KiB" else 1
        own, theirs = (spread and spread.scaled(scale) for spread in (
            Spread.of(ours.values()), measured.spread(goal.scenario, "bun", goal.metric)))
        return Verdict(goal, own, own, theirs)
    scenario, other = ("slow-0", goal.peer) if goal.by == "quiet" else (goal.scenario, "bun")
    theirs = measured.values(scenario, other, goal.metric)
    return Verdict(goal, Spread.of(paired_ratios(ours, theirs)), Spread.of(ours.values()),
                   Spread.of(theirs.values()))


def judge_all(measured):
    return [judge(goal, measured) for goal in GOALS]
