# SPDX-License-Identifier: Apache-2.0
"""What other programs read: a Markdown table, and a line of JSON for each measurement."""

import json

import figures


def markdown_row(cells):
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"


def markdown(verdicts, machine):
    """The goals as a table, with the machine above it."""
    lines = [
        f"{machine['cpu']}, {machine['cores']} cores, kernel {machine['kernel']}, "
        f"{machine['date']}, commit {machine['commit']}"
        + (" with changes." if machine["changed"] else "."),
        "",
        markdown_row(("what", "measured", "", "reach", "aim", "madang", "Bun, or quiet run",
                      "rounds")),
        "|---|---|---|---|---|---|---|---|",
    ]
    for verdict in verdicts:
        goal = verdict.goal
        what = goal.what if goal.by == "figure" else f"{goal.what} ({goal.unit})"
        ours, theirs = figures.own_and_other(verdict)
        lines.append(markdown_row((
            what, figures.judged(verdict), figures.WORDS[verdict.word],
            figures.bound(goal, goal.reach), figures.bound(goal, goal.aim), ours, theirs,
            verdict.spread.count if verdict.spread else 0)))
    return "\n".join(lines) + "\n"


def rounded(value):
    return value if isinstance(value, int) else float(f"{value:.4g}")


def result_lines(measured, machine, versions):
    """A JSON object for each scenario and server: medians, quartiles, and the count of rounds."""
    for scenario in measured.scenarios():
        for peer in measured.peers(scenario):
            samples = measured.of(scenario, peer)
            good = [sample for sample in samples if not sample.error]
            metrics = list(dict.fromkeys(key for sample in good for key in sample.figures))
            spreads = {metric: measured.spread(scenario, peer, metric) for metric in metrics}
            yield json.dumps({
                "date": machine["date"], "commit": machine["commit"],
                "changed": machine["changed"], "kernel": machine["kernel"],
                "scenario": scenario, "peer": peer, "version": versions.get(peer, ""),
                "rounds": len(good), "failed": len(samples) - len(good),
                "disturbed": sum(sample.disturbed for sample in good),
                **{metric: [rounded(spread.median), rounded(spread.q1), rounded(spread.q3)]
                   for metric, spread in spreads.items() if spread},
            })


def append_results(path, lines):
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "a", encoding="utf-8") as file:
        file.writelines(line + "\n" for line in lines)
