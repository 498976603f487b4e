# SPDX-License-Identifier: Apache-2.0
"""Medians with quartiles, and ratios that are taken inside each round."""

import dataclasses
import math


def quantile(values, share):
    """The value below which `share` of `values` lie, between neighbours in proportion."""
    if not values:
        raise ValueError("no values")
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


@dataclasses.dataclass(frozen=True)
class Spread:
    """What several rounds came to."""

    median: float
    q1: float
    q3: float
    count: int

    @staticmethod
    def of(values):
        """The spread of those that are numbers, or None if there is none."""
        numbers = [value for value in values if value is not None and math.isfinite(value)]
        if not numbers:
            return None
        return Spread(quantile(numbers, 0.5), quantile(numbers, 0.25), quantile(numbers, 0.75),
                      len(numbers))

    def scaled(self, factor):
        return Spread(self.median * factor, self.q1 * factor, self.q3 * factor, self.count)


def paired_ratios(ours, theirs):
    """The ratio of two {round: value} in each round that has both. A zero below yields none."""
    return [
        ours[number] / theirs[number]
        for number in sorted(ours.keys() & theirs.keys())
        if ours[number] is not None and theirs[number]
    ]
