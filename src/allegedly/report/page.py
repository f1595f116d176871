"""One self-contained HTML page of annotated articles. Texts are escaped; nothing is fetched and no script runs."""

from __future__ import annotations

from collections.abc import Sequence

from allegedly.report.marks import pieces, who
from allegedly.schema import Article

TEMPLATE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{{ title }}</title>
<style>
:root { color-scheme: light dark; --source:#1d4ed8; --cue:#a21caf; --assert:#15803d22; --deny:#dc262638; --none:#ca8a0430 }
@media (prefers-color-scheme: dark) {
  :root { --source:#93c5fd; --cue:#f0abfc; --assert:#22c55e33; --deny:#ef444459; --none:#eab30840 } }
body { font: 1rem/1.6 Georgia, serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem }
.text { white-space: pre-wrap; overflow-wrap: anywhere }
.source { color: var(--source); font-weight: bold } .cue { color: var(--cue); font-style: italic }
.assert { background: var(--assert) } .none { background: var(--none) }
.deny { background: var(--deny); text-decoration: underline wavy 1px #dc2626 }
table { border-collapse: collapse; width: 100%; font-size: .9rem; margin: 1rem 0 3rem }
td, th { text-align: left; vertical-align: top; padding: .3rem .5rem; border-bottom: 1px solid #8884;
  overflow-wrap: anywhere }
.about { font-size: .85rem; opacity: .8; overflow-wrap: anywhere }
</style></head><body>
<p class="about">{{ about }}</p>
<p class="about"><span class="source">source</span> · <span class="cue">cue</span> ·
<span class="assert">asserted claim</span> · <span class="deny">denied claim</span> ·
<span class="none">neither</span></p>
{% for article in articles %}<article>
<div class="text">
{%- for piece in article.pieces -%}
{%- if piece.marks -%}<span class="{{ piece.marks | sort | join(' ') }}" title="{{ piece.ids | join(' ') }}">
{{- piece.text -}}</span>{%- else -%}{{- piece.text -}}{%- endif -%}
{%- endfor -%}</div>
<table><thead><tr><th>who</th><th>stance</th><th>cue</th><th>claim</th></tr></thead><tbody>
{% for row in article.rows %}<tr><td>{{ row.who }}{% if row.via %} <small>via {{ row.via }}</small>{% endif %}</td>
<td><span class="{{ row.stance }}">{{ row.stance }}</span></td><td>{{ row.cue }}</td><td>{{ row.claim }}</td></tr>
{% else %}<tr><td colspan="4">no attribution found</td></tr>{% endfor %}</tbody></table>
</article>{% endfor %}
</body></html>
"""


def page(articles: Sequence[Article], about: str) -> str:
    """The page of some articles with their attributions."""
    import jinja2

    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    return environment.from_string(TEMPLATE).render(
        title=articles[0].title[:120] if articles else "allegedly", about=about, articles=[_view(a) for a in articles]
    )


def _view(article: Article) -> dict[str, object]:
    names = {a.id: who(article, a) for a in article.attributions}
    return {
        "pieces": list(pieces(article, article.attributions)),
        "rows": [
            {
                "who": names[a.id],
                "via": names.get(a.via or ""),
                "stance": a.stance,
                "cue": article.slice(a.cue.spans),
                "claim": article.slice(a.claim.spans),
            }
            for a in article.attributions
        ],
    }
