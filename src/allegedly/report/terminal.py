"""The terminal view of an annotated article: coloured text and a table of who says what."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from allegedly.matrix import Matrix
from allegedly.report.marks import pieces, who
from allegedly.schema import Article, Attribution

STYLES = {"source": "bold blue", "cue": "magenta", "assert": "green", "deny": "bold red", "none": "yellow"}
_STRONGEST = ("source", "cue", "deny", "none", "assert")


def _plain(text: str) -> str:
    """Text without the control characters that would steer a terminal."""
    return "".join(c if c in "\n\t" or (ord(c) >= 32 and not 0x7F <= ord(c) < 0xA0) else "\ufffd" for c in text)


def marked(article: Article, attributions: Sequence[Attribution]) -> Text:
    """The article's text in colours."""
    text = Text()
    for piece in pieces(article, attributions):
        style = next((STYLES[m] for m in _STRONGEST if m in piece.marks), "")
        text.append(_plain(piece.text), style=style)
    return text


def view(article: Article, attributions: Sequence[Attribution]) -> RenderableType:
    """The article with its marks, a legend, and the table."""
    text = marked(article, attributions)
    legend = Text("  ".join(STYLES), style="dim")
    for name, style in STYLES.items():
        legend.highlight_words([name], style)
    return Group(text, Text(), legend, table(article, attributions))


def table(article: Article, attributions: Sequence[Attribution]) -> Table:
    """Who says what, one attribution a row; a nested one is indented under the one that relays it."""
    made = Table(box=None, pad_edge=False, show_header=True, header_style="bold")
    made.add_column("who", overflow="fold", ratio=3)
    made.add_column("stance", no_wrap=True)
    made.add_column("cue", overflow="fold", ratio=2)
    made.add_column("claim", overflow="fold", ratio=7)
    by_id = {a.id: a for a in attributions}
    for attribution in attributions:
        depth, outer = 0, attribution.via
        while outer in by_id and depth < 9:
            depth, outer = depth + 1, by_id[outer].via
        made.add_row(
            "  " * depth + ("└ " if depth else "") + _plain(who(article, attribution)),
            Text(attribution.stance, style=STYLES[attribution.stance]),
            _plain(article.slice(attribution.cue.spans)),
            _plain(article.slice(attribution.claim.spans)),
        )
    return made


def show(article: Article, attributions: Sequence[Attribution], console: Console) -> None:
    """Print the view."""
    console.print(view(article, attributions))


def disputes(matrix: Matrix) -> Table:
    """The dispute matrix, one proposition a row: who holds it, who rejects it, each with where it stands."""
    made = Table(title=_plain(matrix.title), box=None, pad_edge=False, header_style="bold", title_justify="left")
    made.add_column("proposition", overflow="fold", ratio=5)
    made.add_column("holds", overflow="fold", ratio=5)
    made.add_column("rejects", overflow="fold", ratio=5)
    for row in matrix.rows:
        sides = [Text(_side(matrix, row.id, holds=h), style=STYLES["assert" if h else "deny"]) for h in (True, False)]
        made.add_row(_plain(row.text), *sides)
    return made


def _side(matrix: Matrix, proposition: str, *, holds: bool) -> str:
    """The sources on one side, each with its places; a relayed position names who relays it."""
    places: dict[str, list[str]] = {}
    for cell in matrix.cells:
        if cell.proposition == proposition and cell.holds == holds:
            name = " via ".join((cell.source, *cell.chain))
            places.setdefault(name, []).append(f"{cell.article}/{cell.attribution}")
    return _plain("\n".join(f"{name} ({', '.join(where)})" for name, where in places.items()))
