"""The page at the end of a job: how fast, what went wrong, who is quoted most, what is denied most. One file, no script, no network."""

from __future__ import annotations

from allegedly.scale.stats import Stats

TEMPLATE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{{ stats.rows }} articles annotated</title>
<style>
:root { color-scheme: light dark; --yes:#15803d; --no:#dc2626; --none:#ca8a04; --bar:#64748b }
body { font: 1rem/1.5 Georgia, serif; max-width: 52rem; margin: 2rem auto; padding: 0 1rem }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: 1rem; margin: 1.5rem 0 }
.figures b { display: block; font-size: 1.7rem; line-height: 1.2 } .figures span, .about { font-size: .85rem; opacity: .8 }
.share { display: flex; height: 1.6rem; border-radius: .3rem; overflow: hidden; font-size: .8rem; color: #fff }
.share div { padding: .15rem .4rem; white-space: nowrap; overflow: hidden }
table { border-collapse: collapse; width: 100%; margin: .5rem 0 2rem } td, th { text-align: left; padding: .25rem .5rem; border-bottom: 1px solid #8884 }
td.n { text-align: right; font-variant-numeric: tabular-nums; width: 5rem } td { overflow-wrap: anywhere }
.bar { display: inline-block; height: .7rem; background: var(--bar); border-radius: .2rem } .yes { background: var(--yes) } .no { background: var(--no) }
.two { display: grid; grid-template-columns: repeat(auto-fit, minmax(20rem, 1fr)); gap: 0 2rem } h2 { font-size: 1.15rem; margin: 1.5rem 0 .3rem }
</style></head><body>
<h1>{{ '{:,}'.format(stats.rows) }} articles annotated</h1>
<p class="about">{{ system }}<br>{{ out }}</p>
<div class="figures">
<div><b>{{ '{:,}'.format(stats.attributions) }}</b><span>attributions, {{ '%.1f' | format(stats.attributions / [stats.rows, 1] | max) }} an article</span></div>
<div><b>{{ '%.1f %%' | format(100 * stats.stances.deny / [stats.attributions, 1] | max) }}</b><span>of them denials</span></div>
<div><b>{{ '%.0f' | format(stats.rows / [stats.seconds, 0.001] | max) }}</b><span>articles a second and worker</span></div>
<div><b>{{ '%.2f' | format(stats.characters / 1e6 / [stats.seconds, 0.001] | max) }}</b><span>million characters a second and worker</span></div>
<div><b>{{ '{:,}'.format(errors) }}</b><span>articles with an error ({{ '%.2f %%' | format(100 * errors / [stats.rows, 1] | max) }})</span></div>
</div>
<h2>Stance</h2>
<div class="share">{% for name, colour in [('assert', 'yes'), ('deny', 'no'), ('none', 'none')] -%}
{% set share = 100 * stats.stances[name] / [stats.attributions, 1] | max %}{% if share %}<div title="{{ name }} {{ '%.1f' | format(share) }} %"
 style="flex: {{ share }}; background: var(--{{ colour }})">{{ name }} {{ '%.1f' | format(share) }} %</div>{% endif %}{% endfor %}</div>
<div class="two"><section><h2>Sources heard most</h2>
<table>{% for name, count in sources %}<tr><td>{{ name }}<br><span class="bar" style="width: {{ '%.1f' | format(100 * count / sources[0][1]) }}%"></span></td>
<td class="n">{{ '{:,}'.format(count) }}</td></tr>{% endfor %}</table></section>
<section><h2>Names that claims dispute most</h2>
<table><tr><th>in claims</th><th>asserted</th><th>denied</th></tr>{% for name, yes, no in disputed %}<tr><td>{{ name }}<br><span class="bar yes"
 style="width: {{ '%.1f' | format(100 * yes / (yes + no)) }}%"></span><span class="bar no" style="width: {{ '%.1f' | format(95 * no / (yes + no)) }}%"></span></td>
<td class="n">{{ '{:,}'.format(yes) }}</td><td class="n">{{ '{:,}'.format(no) }}</td></tr>{% else %}<tr><td colspan="3">none: no name stands in both asserted and denied claims</td></tr>{% endfor %}</table></section></div>
<h2>Errors by class</h2>
<table>{% for name, count in errors_by %}<tr><td>{{ name }}</td><td class="n">{{ '{:,}'.format(count) }}</td></tr>{% else %}<tr><td>none</td></tr>{% endfor %}</table>
<p class="about">Sources are counted as they are written, so “she” and “the minister” are sources of their own. Sources and names are summed over the {{ kept }}
commonest of each part: one that is rare in every part may be counted too low. Names are runs of capitalised words.</p>
</body></html>
"""


def page(stats: Stats, system: str, out: str) -> str:
    """The page of a job's counts."""
    from jinja2 import Environment

    from allegedly.scale.stats import KEPT

    sources = stats.sources.most_common(15)
    return (
        Environment(autoescape=True)
        .from_string(TEMPLATE)
        .render(
            stats=stats,
            system=system,
            out=out,
            sources=sources,
            disputed=stats.disputed(),
            errors=sum(stats.errors.values()),
            errors_by=stats.errors.most_common(),
            kept=KEPT,
        )
    )
