"""Draws docs/who-says-what.svg, the README's picture: the head of an article with its marks, and its dispute matrix.

Run it as `python docs/picture.py` after the gold of the article has changed.
"""

from __future__ import annotations

import re
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

from allegedly.matrix import Matrix, matrix
from allegedly.report.terminal import disputes, marked
from allegedly.store import open_corpus

ARTICLE = "a0019"
PARAGRAPHS = 7
ROWS = 6
LIGHT = TerminalTheme(
    (255, 255, 255),
    (40, 40, 40),
    [(0, 0, 0), (190, 20, 40), (20, 120, 50), (150, 100, 0), (20, 70, 190), (150, 20, 140), (0, 120, 130), (90, 90, 90)],
    [(90, 90, 90), (210, 30, 50), (20, 140, 60), (170, 120, 0), (30, 90, 220), (170, 30, 160), (0, 140, 150), (40, 40, 40)],
)


def main() -> None:
    """Write the picture."""
    corpus = open_corpus(Path(__file__).parents[1])
    article = corpus.article(ARTICLE)
    found = matrix(corpus.stories[article.story], [article])
    disputed = [r for r in found.rows if found.who(r.id, holds=False)]
    rows = tuple(dict.fromkeys([*disputed, *found.rows]))[:ROWS]
    text = marked(article, article.attributed)
    end = "\n\n".join(article.text.split("\n\n")[:PARAGRAPHS])
    console = Console(record=True, width=132, file=open("/dev/null", "w"))
    console.print(text[: len(end)], Text(), sep="\n")
    console.print(disputes(Matrix("Who holds it, who rejects it", rows, found.sources, found.cells)))
    picture = console.export_svg(title=article.record.publisher, theme=LIGHT)
    picture = re.sub(r"@font-face \{.*?\}", "", picture, flags=re.DOTALL)  # no request leaves the picture
    Path(__file__).with_name("who-says-what.svg").write_text(picture, "utf-8")


if __name__ == "__main__":
    main()
