#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the figures of bench/compare rest on: statistics, verdicts, tables, the report."""

import json
import math
import unittest

import charts
import generator
import inprocess
import machine
import report
import rounds
import tables
import verdicts
from rounds import Sample
from scenarios import GOALS, SCENARIOS
from spread import Spread, paired_ratios, quantile

MACHINE = {"cpu": "Some CPU <fast>", "cores": 2, "memory_gib": 4.0, "kernel": "6.1",
           "date": "2026-01-02 03:04 UTC", "commit": "abcdef", "changed": False}


def goal_of(scenario, metric):
    return next(goal for goal in GOALS if (goal.scenario, goal.metric) == (scenario, metric))


def scenario_of(name):
    return next(scenario for scenario in SCENARIOS if scenario.name == name)


def pairs(ours, theirs, scenario="room-1000-flight-1", metric="cpu_ns"):
    """Samples of madang and Bun, one of each a round."""
    return [Sample(scenario, peer, number, {metric: value})
            for peer, values in (("madang", ours), ("bun", theirs))
            for number, value in enumerate(values)]


class Statistics(unittest.TestCase):
    def test_quantiles_lie_between_neighbours(self):
        self.assertEqual(quantile([3, 1, 2], 0.5), 2)
        self.assertEqual(quantile([4, 1, 2, 3], 0.5), 2.5)
        self.assertEqual(quantile([1, 2, 3, 4, 5], 0.25), 2)
        self.assertEqual(quantile([1, 2, 3, 4], 0.25), 1.75)
        self.assertEqual(quantile([7], 0.75), 7)
        with self.assertRaises(ValueError):
            quantile([], 0.5)

    def test_one_bad_round_does_not_move_the_median(self):
        self.assertEqual(Spread.of([1, 1, 1, 1, 900]).median, 1)

    def test_what_is_no_number_does_not_count(self):
        self.assertEqual(Spread.of([None, math.nan, math.inf, 2]), Spread(2, 2, 2, 1))
        self.assertIsNone(Spread.of([None]))

    def test_ratios_are_taken_inside_a_round(self):
        # The machine is twice as slow in the second round, and the ratio stays.
        self.assertEqual(paired_ratios({0: 5, 1: 10}, {0: 10, 1: 20}), [0.5, 0.5])
        self.assertEqual(paired_ratios({0: 5, 2: 7}, {0: 10, 1: 20}), [0.5])
        self.assertEqual(paired_ratios({0: 5}, {0: 0}), [])


class Neighbours(unittest.TestCase):
    PROCESSES = {
        1: (0, 1), 2: (0, 10), 9: (2, 100),      # init, and the kernel's threads
        50: (1, 1000), 51: (50, 10_000),         # this program, and a server of its own
        60: (1, 100_000),                        # somebody else
    }

    def test_kernel_threads_and_what_we_started_take_part(self):
        self.assertEqual(machine.time_of_others(self.PROCESSES, 50, set()), 100_001)

    def test_a_server_that_has_nothing_to_do_takes_no_part(self):
        self.assertEqual(machine.time_of_others(self.PROCESSES, 50, {51}), 110_001)


class Charge(unittest.TestCase):
    FIGURES = {"machine_ns": 900, "server_ns": 600, "operations": 1000, "window_s": 1e-3}

    def test_all_that_the_machine_spent_is_charged(self):
        self.assertEqual(rounds.charge(self.FIGURES, 0.0), 900)
        self.assertEqual(rounds.charge(self.FIGURES, 0.03), 900)

    def test_a_busy_neighbour_is_taken_out(self):
        self.assertAlmostEqual(rounds.charge(self.FIGURES, 0.2), 700)  # 200 ns of each operation

    def test_never_below_what_the_server_itself_used(self):
        self.assertEqual(rounds.charge(self.FIGURES, 1.5), 600)


class Verdicts(unittest.TestCase):
    def judge(self, ours, theirs):
        goal = goal_of("room-1000-flight-1", "cpu_ns")  # reach 0.95, aim 0.8
        return verdicts.judge(goal, verdicts.Measured(pairs(ours, theirs)))

    def test_words(self):
        self.assertEqual(self.judge([79, 80, 81], [100] * 3).word, "aim")
        self.assertEqual(self.judge([94, 95, 96], [100] * 3).word, "reach")
        self.assertEqual(self.judge([96, 96, 96], [100] * 3).word, "missed")
        self.assertEqual(self.judge([], [100]).word, "not measured")

    def test_a_failed_run_has_no_figures(self):
        samples = pairs([10, 100], [100, 100])
        samples[0].error = "lost 3 messages"
        measured = verdicts.Measured(samples)
        verdict = verdicts.judge(goal_of("room-1000-flight-1", "cpu_ns"), measured)
        self.assertEqual(verdict.spread, Spread(1, 1, 1, 1))
        self.assertEqual(measured.errors(),
                         [("room-1000-flight-1", "madang", "lost 3 messages", 1)])

    def test_slow_readers_are_held_to_the_quiet_run_of_their_round(self):
        samples = [
            Sample("slow-0", "madang", 0, {"p99_us": 100, "peak_bytes": 50_000_000}),
            Sample("slow-10", "madang", 0, {"p99_us": 120, "peak_bytes": 50_000_000 + 1024_000}),
        ]
        measured = verdicts.Measured(samples)
        late = verdicts.judge(goal_of("slow-10", "p99_us"), measured)
        self.assertAlmostEqual(late.spread.median, 1.2)
        self.assertEqual(late.word, "missed")
        memory = verdicts.judge(goal_of("slow-10", "slow_bytes"), measured)
        self.assertAlmostEqual(memory.spread.median, 100)  # KiB
        self.assertEqual(memory.word, "aim")

    def test_more_is_better_where_the_goal_says_so(self):
        goal = goal_of("engine", "joins_to_sadd")
        for value, word in ((2.9, "missed"), (3.0, "reach"), (6.5, "aim")):
            measured = verdicts.Measured([Sample("engine", "madang", 0, {"joins_to_sadd": value})])
            self.assertEqual(verdicts.judge(goal, measured).word, word)

    def test_memory_on_asio_has_a_bound_of_its_own(self):
        samples = [Sample("idle-10000", name, 0, {"user_bytes": 800})
                   for name in ("madang", "madang-asio")]
        words = [verdict.word for verdict in verdicts.judge_all(verdicts.Measured(samples))
                 if verdict.goal.metric == "user_bytes"]
        self.assertEqual(words, ["missed", "reach"])

    def test_every_goal_is_measured_by_a_scenario(self):
        names = {scenario.name for scenario in SCENARIOS} | {"engine"}
        self.assertEqual({goal.scenario for goal in GOALS} - names, set())
        self.assertEqual(len(names), len(SCENARIOS) + 1)


class Reading(unittest.TestCase):
    REPORT = {"ok": True, "failures": [], "deliveries": 100, "deliveries_per_s": 50.0,
              "server_cpu_ns": 500, "generator_cpu_ns": 300, "measured_s": 2.0,
              "machine_cpu_ns": 600, "machine_tasks_ns": 1000, "latency_p99_us": 7.0,
              "server_bytes_per_connection": 900.0}

    def read(self, scenario="room-1000-flight-1", **changes):
        report = json.dumps({**self.REPORT, **changes})
        return generator.read_report(report, scenario_of(scenario))

    def test_a_fault_that_the_generator_found_is_a_failure(self):
        with self.assertRaisesRegex(generator.Failed, "3 lost"):
            self.read(ok=False, failures=["3 lost"])
        with self.assertRaisesRegex(generator.Failed, "no JSON"):
            generator.read_report("Segmentation fault", scenario_of("echo"))

    def test_who_does_not_keep_up_with_the_rate_has_failed(self):
        self.assertEqual(self.read("rate-100", deliveries_per_s=98_000)["per_s"], 98_000)
        with self.assertRaisesRegex(generator.Failed, "fell behind: 61,000 of 100,000/s"):
            self.read("rate-100", deliveries_per_s=61_000)

    def test_memory_counts_only_on_a_fresh_server(self):
        self.assertNotIn("user_bytes", self.read())
        self.assertEqual(self.read("idle-1000")["user_bytes"], 900)

    def test_the_greater_account_of_the_machine_counts(self):
        figures = self.read()
        self.assertEqual((figures["server_ns"], figures["machine_ns"]), (5, 7))
        self.assertEqual((figures["operations"], figures["per_s"]), (100, 50))
        self.assertEqual(figures["p99_us"], 7)
        self.assertEqual(self.read(machine_cpu_ns=900)["machine_ns"], 9)

    def test_redis_benchmark(self):
        text = '"test","rps","avg_latency_ms"\n"SADD room x","1500000.00","0.2"\n'
        self.assertEqual(inprocess.read_redis_benchmark(text), 1_500_000)
        with self.assertRaises(generator.Failed):
            inprocess.read_redis_benchmark("")

    def test_google_benchmark(self):
        def entry(name, **more):
            return {"run_type": "iteration", "run_name": name, "repetition_index": 0, **more}
        text = json.dumps({"benchmarks": [
            entry("publish/members:10/messages:1", per_delivery=20e-9),
            entry("publish/members:100000/messages:1", per_delivery=3e-8),
            entry("lanes/lanes:1/process_time/real_time", items_per_second=5e7),
            entry("lanes/lanes:2/process_time/real_time", items_per_second=9e7),
            {"run_type": "aggregate", "run_name": "publish/members:10/messages:1",
             "per_delivery": 1.0},
        ]})
        figures, = inprocess.micro_figures(text)
        self.assertAlmostEqual(figures["delivery_10_ns"], 20)
        self.assertAlmostEqual(figures["growth"], 1.5)
        self.assertAlmostEqual(figures["two_lanes"], 1.8)

    def test_a_results_file_bears_no_name_of_the_machine(self):
        self.assertEqual(
            machine.results_name({"cpu": "Intel(R) Xeon(R) CPU @ 2.20GHz", "cores": 4}),
            "intel-xeon-4-cores.ndjson")


class Writing(unittest.TestCase):
    def setUp(self):
        samples = pairs([4000, 4400, 4200], [5000, 5500, 5000]) + pairs(
            [300, 310, 290], [200, 200, 200], "room-1000-flight-16")
        samples.append(Sample("room-1000-flight-16", "ws", 0, error="lost <many>"))
        self.measured = verdicts.Measured(samples)
        self.verdicts = verdicts.judge_all(self.measured)

    def test_markdown(self):
        text = tables.markdown(self.verdicts, MACHINE)
        rows = [line for line in text.splitlines() if line.startswith("|")]
        self.assertEqual(len(rows), len(GOALS) + 2)
        self.assertEqual({row.count(" | ") for row in rows if "---" not in row}, {7})
        first = rows[2]
        for part in ("0.80 [0.80 to 0.82] ×", "≤ 0.95 ×", "≤ 0.8 ×", "aim reached",
                     "4.2 [4.1 to 4.3] µs"):
            self.assertIn(part, first)
        self.assertIn("not reached", rows[3])
        self.assertIn("not measured", rows[4])

    def test_result_lines(self):
        lines = [json.loads(line)
                 for line in tables.result_lines(self.measured, MACHINE, {"bun": "1.2"})]
        self.assertEqual(len(lines), 5)
        bun = lines[1]
        self.assertEqual((bun["peer"], bun["version"], bun["commit"]), ("bun", "1.2", "abcdef"))
        self.assertEqual(bun["cpu_ns"], [5000, 5000, 5250])
        self.assertEqual((lines[-1]["rounds"], lines[-1]["failed"]), (0, 1))

    def test_page_is_whole_and_needs_nothing_else(self):
        titles = {"madang": "madang", "bun": "Bun", "ws": "ws"}
        page = report.page(self.measured, self.verdicts, MACHINE, {"Bun": "1.2"}, titles,
                           {"nchan": "not installed"})
        self.assertIn("1 of the 2 goals that were measured are reached", page)
        self.assertIn("Some CPU &lt;fast&gt;", page)
        self.assertIn("lost &lt;many&gt;", page)
        self.assertIn("nchan did not take part: not installed", page)
        self.assertIn("<polyline", page)
        for needs in ("<script", "<link", "src=", "@import", "url(", "http://", "https://"):
            self.assertNotIn(needs, page)

    def test_axis_is_logarithmic(self):
        axis = charts.Axis([1, 100], 0, 300)
        self.assertAlmostEqual(axis.place(10), 150)
        self.assertEqual([words for tick, words in axis.ticks if tick in (1, 10, 100)],
                         ["1", "10", "100"])

    def test_chart_without_points_is_left_out(self):
        empty = charts.Chart("x", "x", "y", [charts.Series("a", "a", [(1, None)])])
        self.assertEqual(charts.draw(empty), "")

    def test_short_numbers(self):
        for value, words in ((0, "0"), (0.123456, "0.123"), (12345, "12,300"), (2.5e6, "2.5 M")):
            self.assertEqual(charts.short(value), words)


if __name__ == "__main__":
    unittest.main()
