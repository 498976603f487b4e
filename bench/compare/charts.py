# SPDX-License-Identifier: Apache-2.0
"""Line charts with logarithmic axes, as SVG text. Colours come from the page's style."""

import dataclasses
import html
import math

WIDTH, HEIGHT = 620, 380
LEFT, RIGHT, TOP, BOTTOM = 62, 16, 14, 50


@dataclasses.dataclass(frozen=True)
class Series:
    """One line: points (x, Spread), and the class that colours it."""

    name: str
    colour: str
    points: list
    dashed: bool = False


@dataclasses.dataclass(frozen=True)
class Chart:
    title: str
    x_label: str
    y_label: str
    series: list
    note: str = ""


def decades(low, high):
    """The powers of ten about `low` to `high`, and a fraction of one where few fit."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    steps = (1, 2, 5) if last - first <= 3 else (1,)
    return [step * 10.0**power for power in range(first, last + 1) for step in steps]


def short(value):
    """A number for an axis or a table: three digits that count."""
    if value == 0:
        return "0"
    if abs(value) >= 1e6:
        return f"{value / 1e6:.3g} M"
    if abs(value) >= 1000:
        return f"{float(f'{value:.3g}'):,.0f}"
    return f"{float(f'{value:.3g}'):g}"


class Axis:
    """Values onto pixels, by their logarithm, with ticks (value, words) at round numbers."""

    def __init__(self, values, start, end, ticks=None):
        low, high = min(values), max(values)
        if low == high:
            low, high = low / 2, high * 2
        margin = (high / low) ** 0.06
        self.low, self.high = math.log10(low / margin), math.log10(high * margin)
        self.start, self.end = start, end
        found = [(tick, f"{tick:,}") for tick in ticks] if ticks else [
            (tick, short(tick)) for tick in decades(low, high)]
        self.ticks = [tick for tick in found if self.low <= math.log10(tick[0]) <= self.high]

    def place(self, value):
        share = (math.log10(value) - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)


def element(name, content=None, **attributes):
    text = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{html.escape(str(value))}"'
        for key, value in attributes.items())
    return f"<{name}{text}/>" if content is None else f"<{name}{text}>{content}</{name}>"


def text(x, y, words, **attributes):
    return element("text", html.escape(words), x=f"{x:.1f}", y=f"{y:.1f}", **attributes)


def line(x1, y1, x2, y2, class_):
    return element("line", x1=f"{x1:.1f}", y1=f"{y1:.1f}", x2=f"{x2:.1f}", y2=f"{y2:.1f}",
                   class_=class_)


def draw_axes(x, y, chart):
    parts = []
    for tick, words in y.ticks:
        at = y.place(tick)
        parts.append(line(LEFT, at, WIDTH - RIGHT, at, "grid"))
        parts.append(text(LEFT - 8, at + 4, words, text_anchor="end"))
    for tick, words in x.ticks:
        at = x.place(tick)
        parts.append(line(at, HEIGHT - BOTTOM, at, HEIGHT - BOTTOM + 5, "axis"))
        parts.append(text(at, HEIGHT - BOTTOM + 20, words, text_anchor="middle"))
    parts.append(line(LEFT, HEIGHT - BOTTOM, WIDTH - RIGHT, HEIGHT - BOTTOM, "axis"))
    parts.append(text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, chart.x_label, class_="label",
                      text_anchor="middle"))
    return parts


def draw_series(series, x, y, chart):
    places = [(x.place(at), y.place(spread.median)) for at, spread in series.points]
    dash = " dashed" if series.dashed else ""
    parts = [element("polyline", points=" ".join(f"{a:.1f},{b:.1f}" for a, b in places),
                     class_=f"line {series.colour}{dash}")]
    for (at, spread), (a, b) in zip(series.points, places):
        if spread.q1 > 0 and spread.q3 > spread.q1:
            parts.append(line(a, y.place(spread.q1), a, y.place(spread.q3),
                              f"whisker {series.colour}"))
        words = (f"{series.name}: {short(spread.median)} [{short(spread.q1)} to "
                 f"{short(spread.q3)}] {chart.y_label} at {short(at)} {chart.x_label}")
        parts.append(element("circle", element("title", html.escape(words)), cx=f"{a:.1f}",
                             cy=f"{b:.1f}", r=4, class_=f"dot {series.colour}"))
    return parts


def legend(series):
    """The names of the lines, as HTML, so that they wrap."""
    def key(one):
        dash = " dashed" if one.dashed else ""
        swatch = element("svg", line(0, 6, 22, 6, f"line {one.colour}{dash}"), width=22, height=12,
                         aria_hidden="true")
        return f"<li>{swatch}{html.escape(one.name)}</li>"
    return f'<ul class="legend">{"".join(map(key, series))}</ul>'


def draw(chart):
    """A <figure> with the chart, or "" if there is nothing to show."""
    series = [dataclasses.replace(one, points=[p for p in one.points if p[1] and p[1].median > 0])
              for one in chart.series]
    series = [one for one in series if one.points]
    if not series:
        return ""
    xs = sorted({at for one in series for at, _ in one.points})
    spreads = [spread for one in series for _, spread in one.points]
    ys = [value for s in spreads for value in (s.median, s.q1, s.q3) if value > 0]
    x = Axis(xs, LEFT + 10, WIDTH - RIGHT - 10, xs if len(xs) <= 10 else None)
    y = Axis(ys, HEIGHT - BOTTOM, TOP)
    parts = draw_axes(x, y, chart)
    for one in reversed(series):  # The first lies on top.
        parts += draw_series(one, x, y, chart)
    svg = element("svg", "".join(parts), viewBox=f"0 0 {WIDTH} {HEIGHT}", role="img",
                  aria_label=chart.title)
    note = f"<p>{html.escape(chart.note)}</p>" if chart.note else ""
    return (f'<figure><figcaption><strong>{html.escape(chart.title)}</strong>'
            f'<span>{html.escape(chart.y_label)}</span></figcaption>'
            f'{legend(series)}<div class="plot">{svg}</div>{note}</figure>')
