"""One self-contained HTML page of annotated articles. Texts are escaped; nothing is fetched and no script runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from allegedly.matrix import Matrix
from allegedly.report.marks import Piece, pieces, who
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
.matrix { overflow-x: auto; margin: 1rem calc(50% - min(47vw, 40rem)) 2rem } .matrix table { width: auto; margin: 0 auto }
.matrix thead th { writing-mode: vertical-rl; transform: rotate(180deg); font-weight: normal; max-height: 14rem;
  border-bottom: 0; vertical-align: bottom }
.matrix tbody th { font-weight: normal; min-width: 16rem; max-width: 24rem; position: sticky; left: 0; background: Canvas }
.matrix td { text-align: center; border-left: 1px solid #8883 } .matrix a { text-decoration: none; color: inherit; padding: 0 .2rem }
.matrix .no { background: var(--deny) } .matrix .yes { background: var(--assert) }
:target { outline: 2px solid var(--cue) }
</style></head><body>
<p class="about">{{ about }}</p>
<p class="about"><span class="source">source</span> · <span class="cue">cue</span> ·
<span class="assert">asserted claim</span> · <span class="deny">denied claim</span> ·
<span class="none">neither</span></p>
{% if matrix %}<h1>{{ matrix.title }}</h1>
<p class="about">Propositions × sources: <span class="assert">✓ holds it</span>, <span class="deny">✗ rejects it</span>, ◌ as another
relays it. Each mark leads to the words.</p>
<div class="matrix"><table><thead><tr><td></td>
{%- for source in matrix.sources %}<th scope="col">{{ source }}</th>{% endfor %}</tr></thead><tbody>
{% for row in matrix.rows %}<tr><th scope="row">{{ row.text }}</th>
{%- for source in matrix.sources %}<td>
{%- for cell in matrix.at(row.id, source) %}<a class="{{ 'yes' if cell.holds else 'no' }}" href="#{{ cell.article }}-{{ cell.attribution }}"
 title="{{ cell.article }}/{{ cell.attribution }}{% if cell.chain %} via {{ cell.chain | join(' via ') }}{% endif %}">
{{- '✓' if cell.holds else '✗' }}{{ '◌' if cell.chain }}</a>{% endfor %}</td>{% endfor %}</tr>
{% endfor %}</tbody></table></div>{% endif %}
{% for article in articles %}<article>
<div class="text">
{%- for piece, new in article.pieces -%}
{%- if piece.marks -%}{% for id in new %}<a id="{{ article.id }}-{{ id }}"></a>{% endfor -%}
<span class="{{ piece.marks | sort | join(' ') }}" title="{{ piece.ids | join(' ') }}">
{{- piece.text -}}</span>{%- else -%}{{- piece.text -}}{%- endif -%}
{%- endfor -%}</div>
<table><thead><tr><th>who</th><th>stance</th><th>cue</th><th>claim</th></tr></thead><tbody>
{% for row in article.rows %}<tr><td>{{ row.who }}{% if row.via %} <small>via {{ row.via }}</small>{% endif %}</td>
<td><span class="{{ row.stance }}">{{ row.stance }}</span></td><td>{{ row.cue }}</td><td>{{ row.claim }}</td></tr>
{% else %}<tr><td colspan="4">no attribution found</td></tr>{% endfor %}</tbody></table>
</article>{% endfor %}
</body></html>
"""


def page(articles: Sequence[Article], about: str, matrix: Matrix | None = None) -> str:
    """The page of some articles with their attributions, and the dispute matrix of their story where one is given."""
    import jinja2

    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    title = matrix.title if matrix else articles[0].title if articles else "allegedly"
    return environment.from_string(TEMPLATE).render(
        title=title[:120], about=about, articles=[_view(a) for a in articles], matrix=matrix
    )


def _view(article: Article) -> dict[str, object]:
    names = {a.id: who(article, a) for a in article.attributions}
    return {
        "id": article.id,
        "pieces": list(_first_seen(pieces(article, article.attributions))),
        "rows": [
            {
                "who": names[a.id],
                "via": names.get(a.via or ""),
                "stance": a.stance,
                "cue": article.slice(a.cue.spans),
                "claim": article.slice(a.claim.spans),
            }
            for a in article.attributed
        ],
    }


def _first_seen(found: Iterator[Piece]) -> Iterator[tuple[Piece, list[str]]]:
    """Each piece with the attributions that it is the first piece of, so that a link has one place to lead to."""
    seen: set[str] = set()
    for piece in found:
        new = [i for i in piece.ids if i not in seen]
        seen.update(new)
        yield piece, new
