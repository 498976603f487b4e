# SPDX-License-Identifier: Apache-2.0
"""The report: one HTML file that needs nothing else."""

import html
import pathlib

import figures
from charts import Chart, Series, draw
from scenarios import SCENARIOS

STYLE = pathlib.Path(__file__).resolve().parent / "report.css"

COLUMNS = (("CPU time each", "cpu_ns"), ("of the server alone", "server_ns"), ("a second", "per_s"),
           ("p50", "p50_us"), ("p99", "p99_us"), ("generator's core", "generator_share"),
           ("user space each", "user_bytes"), ("kernel each", "kernel_bytes"))

METHOD = """
<p>All servers that take part are alive at the same time, each pinned to core 0; the generator
(<code>bench/load</code>) is pinned to core 1. In each round every server does the same work once,
in random order, for about a second after a warm-up of 0.3 s. Ratios are taken inside a round. What
is shown is the median of the rounds, with the quartiles in brackets. A machine like this drifts by
a quarter within minutes; differences under 15 % are noise.</p>
<p>CPU time is what the whole machine spent beside the generator: the server's own threads, and
whatever the kernel did for it that no process is charged for. A round in which processes that take
no part used more than 3 % of a core is repeated, up to three times. If each try was disturbed, the
quietest counts, without what those processes used, and it is listed as disturbed.</p>
<p>The generator checks that each member gets each message once and in order; a run in which one is
lost is a failure and has no figures. At most the stated number of messages is under way at a time,
so no server is measured by a backlog that it drops. Messages have 128 bytes. Latency at a fixed
rate counts from the moment at which a message should have been published. Where the generator's
core is at 100 %, it and not the server bounds what is delivered in a second.</p>
<p>madang serves the Centrifuge protocol with history and presence on. The others have neither, and
pass on what they are sent; socket.io has its own protocol. Bun's WebSocket server is uWebSockets,
which has no package of its own in the npm registry. ws frames a message once and writes it to each
member.</p>
"""


def escape(text):
    return html.escape(str(text))


def row(cells, tag="td", **attributes):
    mark = "".join(f' {key.rstrip("_")}="{escape(value)}"' for key, value in attributes.items())
    return f"<tr{mark}>" + "".join(f"<{tag}>{cell}</{tag}>" for cell in cells) + "</tr>"


def table(head, body, class_=""):
    return (f'<div class="scroll"><table class="{class_}"><thead>{row(head, "th")}</thead>'
            f'{body}</table></div>')


def goals_table(verdicts):
    body = []
    for verdict in verdicts:
        goal = verdict.goal
        against = {"bun": " against Bun", "quiet": ""}.get(goal.by, "")
        unit = f" <small>{escape(goal.unit + against)}</small>" if goal.by != "figure" else ""
        ours, theirs = figures.own_and_other(verdict)
        rounds = verdict.spread.count if verdict.spread else 0
        body.append(row([
            escape(goal.what) + unit, f"<b>{escape(figures.judged(verdict))}</b>",
            f'<span class="mark">{figures.WORDS[verdict.word]}</span>',
            escape(figures.bound(goal, goal.reach)), escape(figures.bound(goal, goal.aim)),
            escape(ours), escape(theirs), rounds,
        ], class_=verdict.word.replace(" ", "-")))
    head = ("What", "Measured", "", "Reach", "Aim", "madang", "Bun, or quiet run", "Rounds")
    return table(head, f"<tbody>{''.join(body)}</tbody>", "goals")


def points(measured, peer, metric, places):
    return [(x, measured.spread(name, peer, metric)) for x, name in places]


def charts(measured, titles):
    def lines(metric, places, peers=None):
        return [Series(titles[peer], f"peer-{peer}", points(measured, peer, metric, places),
                       peer == "madang-asio")
                for peer in peers or titles]

    flights = [(n, f"room-1000-flight-{n}") for n in (1, 16, 64, 256, 1024, 4096)]
    members = [(n, f"room-{n}-flight-1") for n in (10, 100, 1000, 10000)]
    rates = [(n, f"rate-{n}") for n in (10, 30, 100, 300, 1000, 2000)]
    idle = [(n, f"idle-{n}") for n in (1000, 3000, 10000, 18000)]
    return "".join(draw(chart) for chart in (
        Chart("CPU time of a delivery, by messages in flight", "messages in flight",
              "ns a delivery", lines("cpu_ns", flights),
              "One room of 1,000 members. nchan, ws and socket.io are not asked for more than 64."),
        Chart("CPU time of a delivery, by members", "members", "ns a delivery",
              lines("cpu_ns", members), "One room, one message in flight."),
        Chart("p50 latency, by rate", "messages a second", "µs", lines("p50_us", rates),
              "One room of 1,000 members. A server that cannot keep up has no point."),
        Chart("p99 latency, by rate", "messages a second", "µs", lines("p99_us", rates),
              "The same runs."),
        Chart("Memory, by connections", "idle members of one room", "bytes a member, user space",
              lines("user_bytes", idle), "Without what the kernel takes for its end."),
        Chart("Publish and subscribe: CPU time of a delivery", "messages in flight",
              "ns a delivery",
              [Series(titles.get(peer, peer), f"peer-{peer}", points(
                  measured, peer, "cpu_ns",
                  [(n, ("room" if peer in ("madang", "bun") else "pubsub") + f"-1000-flight-{n}")
                   for n in (1, 16, 64)])) for peer in ("madang", "bun", "redis", "nats")],
              "1,000 subscribers. Redis and NATS over plain TCP in their own protocols."),
    ))


def figures_table(measured, titles):
    """Every figure of every scenario."""
    words = {scenario.name: scenario.title for scenario in SCENARIOS}
    body = []
    for name in measured.scenarios():
        if name == "engine" or name.startswith("redis-"):
            continue
        title = words.get(name) or name.replace("pubsub-1000-flight-", "Publish and subscribe, "
                                                "1,000 subscribers, in flight: ")
        body.append(f'<tbody><tr><th colspan="{len(COLUMNS) + 2}">{escape(title)}</th></tr>')
        for peer in measured.peers(name):
            samples = measured.of(name, peer)
            good = [sample for sample in samples if not sample.error]
            disturbed = sum(sample.disturbed for sample in good)
            cells = [escape(figures.metric(measured.spread(name, peer, metric), metric))
                     for _, metric in COLUMNS]
            rounds = f"{len(good)} of {len(samples)}" if len(good) < len(samples) else len(good)
            note = f" ({disturbed} disturbed)" if disturbed else ""
            body.append(row([escape(titles.get(peer, peer)), *cells, f"{rounds}{note}"]))
        body.append("</tbody>")
    head = ["", *(escape(title) for title, _ in COLUMNS), "Rounds"]
    return table(head, "".join(body), "all") if body else ""


def engine_table(measured):
    rows = []
    engine = (("A delivery, 1 member", "delivery_1_ns"), ("10 members", "delivery_10_ns"),
              ("1,000 members", "delivery_ns"), ("1,000 members, 16 in a turn", "delivery_16_ns"),
              ("100,000 members", "delivery_100000_ns"),
              ("Joins and leaves of a room", "joins_per_s"),
              ("The same by whole sessions", "session_joins_per_s"))
    for title, metric in engine:
        spread = measured.spread("engine", "madang", metric)
        if spread:
            rows.append(row(["madang", title, escape(figures.metric(spread, metric))]))
    for name in measured.scenarios():
        if name.startswith("redis-"):
            _, command, depth = name.split("-")
            spread = measured.spread(name, "redis", "per_s")
            if spread is None:
                continue
            deep = "one at a time" if depth == "1" else f"{depth} deep"
            rows.append(row(["Redis", f"{command.upper()}, {deep}",
                             escape(figures.metric(spread, "per_s"))]))
    return table(("", "", "Median and quartiles"), f"<tbody>{''.join(rows)}</tbody>")


def slow_table(measured, titles):
    """What 10 of 100 who stop reading do to the others, and what becomes of them."""
    words = (("slow_caught_up", "caught up"), ("slow_told", "told"), ("slow_closed", "closed"),
             ("slow_silent_loss", "lost something silently"))
    body = []
    for peer in measured.peers("slow-10"):
        fates = []
        for metric, word in words:
            spread = measured.spread("slow-10", peer, metric)
            if spread and spread.median > 0:
                fates.append(f"{spread.median:g} {word}")
        cells = [measured.spread(scenario, peer, metric) for scenario, metric in (
            ("slow-0", "p99_us"), ("slow-10", "p99_us"), ("slow-10", "slow_bytes"))]
        body.append(row([escape(titles.get(peer, peer)), *(
            escape(figures.metric(spread, metric))
            for spread, metric in zip(cells, ("p99_us", "p99_us", "slow_bytes"))),
            escape(", ".join(fates)) or "–"]))
    if not body:
        return ""
    head = ("", "p99, nobody slow", "p99 of the others", "memory a slow reader", "slow readers")
    return ("<h2>10 of 100 members stop reading</h2><p>300 messages a second of 16 KiB, to a room "
            "of 100. Memory is the peak of the process in user space, less that of the run in "
            "which all read.</p>" + table(head, f"<tbody>{''.join(body)}</tbody>"))


def warnings(measured, missing, titles):
    lines = [f"{titles.get(name, name)} did not take part: {why}" for name, why in missing.items()]
    disturbed = measured.disturbed()
    if disturbed:
        lines.append(f"{disturbed} of {len(measured.samples)} runs were disturbed by other "
                     "processes of the machine in each of their tries; they are charged for little "
                     "more than the server's own threads.")
    if not lines:
        return ""
    return f'<ul class="warnings">{"".join(f"<li>{escape(one)}</li>" for one in lines)}</ul>'


def failures(measured, titles):
    """The runs without figures, and why."""
    words = {scenario.name: scenario.title for scenario in SCENARIOS}
    rows = [row([escape(words.get(scenario, scenario)), escape(titles.get(peer, peer)), count,
                 escape(error)])
            for scenario, peer, error, count in measured.errors()]
    if not rows:
        return "<p>No run failed.</p>"
    return table(("", "", "Runs", "Why"), f'<tbody>{"".join(rows)}</tbody>', "failures")


def machine_list(machine, versions):
    commit = machine["commit"] + (" with changes" if machine["changed"] else "")
    facts = {"Processor": f"{machine['cpu']}, {machine['cores']} cores",
             "Memory": f"{machine['memory_gib']} GiB", "Kernel": machine["kernel"],
             "Commit": commit, "Date": machine["date"], **versions}
    return "<dl>" + "".join(
        f"<div><dt>{escape(key)}</dt><dd>{escape(value)}</dd></div>"
        for key, value in facts.items()) + "</dl>"


def page(measured, verdicts, machine, versions, titles, missing):
    judged = [verdict for verdict in verdicts if verdict.spread]
    good = sum(verdict.word in ("aim", "reach") for verdict in judged)
    aims = sum(verdict.word == "aim" for verdict in judged)
    return f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>madang beside its peers</title>
<style>
{STYLE.read_text(encoding="utf-8")}</style>
<main>
<h1>madang beside its peers</h1>
<p class="lead">{good} of the {len(judged)} goals that were measured are reached, {aims} of them
with their aim. Measured on {escape(machine["cpu"])}, {machine["cores"]} cores,
{escape(machine["date"])}.</p>
{warnings(measured, missing, titles)}
<h2>Goals</h2>
{goals_table(verdicts)}
<h2>Charts</h2>
<p>Points are medians, bars reach from one quartile to the other. Less is better.</p>
<div class="charts">{charts(measured, titles)}</div>
{slow_table(measured, titles)}
<h2>The engine alone, and Redis</h2>
{engine_table(measured)}
<h2>Runs that failed</h2>
{failures(measured, titles)}
<h2>Method</h2>
{METHOD}
<h2>Machine and versions</h2>
{machine_list(machine, versions)}
<h2>All figures</h2>
{figures_table(measured, titles)}
</main>
</html>
"""
