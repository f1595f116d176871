"""What an annotator reads first: the page of the docs, and the short form that Label Studio shows before the first article.

Made from the labelling config and the guidelines' decision card, so that keys and rules cannot drift apart.
"""

from __future__ import annotations

import html
import re

from allegedly.store import Corpus, read_text
from allegedly.studio import StudioError, labelling

SETTINGS = (
    "Settings (the sliders at the top right of the text) → **Select region after creating it**: on. The stance and kind keys then "
    "work at once.",
    "The same place → **Show labels inside regions**: on.",
)
FLOW = (
    "Read the article to its end.",
    "Press `c`, drag over a claim; press `a`, `d` or `n` for its stance.",
    "Press `s`, drag over its source; a number for the kind; `y` or `o` for named. One region serves every claim of that mention.",
    "Press `v`, drag over its cue. Two places (*dismissed … as*): two cue regions.",
    "Click the claim, press Alt+R, click the source: an arrow from the claim to it. The same for each cue. No label is needed: the ends of an arrow tell what it means.",
    "A claim cut in two: press `x`, drag over its second part, and draw an arrow to it from the first.",
    "**via**: an arrow from the inner claim to the claim that relays it and holds its words. **refers**: an arrow from a claim (*the charge*) to the claim that spells it out. "
    "An arrow to a claim that lies around the first is read as via, any other as refers; label it if you mean the other.",
    "Two sources that take different stances to the same words: two claim regions, one over the other, each with its arrows.",
    "Submit with Ctrl+Enter. An article that attributes nothing: tick *nothing to annotate*.",
)


def card(corpus: Corpus) -> str:
    """The decision card of the guidelines. StudioError where they have none."""
    text = read_text(corpus.path("annotations", "guidelines.md"))
    found = re.search(r"^## 1\. Decision card\n+(.*?)(?=^## )", text, re.MULTILINE | re.DOTALL)
    if not found:
        raise StudioError("annotations/guidelines.md has no section “1. Decision card”")
    return found[1].strip()


def page(corpus: Corpus) -> str:
    """The annotators' page, Markdown."""
    lines = [
        "# For annotators",
        "",
        "*Made by `allegedly studio page`; edit `studio/onboarding.py` or the guidelines, not this page.*",
        "",
    ]
    lines += [
        "Nobody needs a server: [quote authoring](../CONTRIBUTING.md) is a text file in which you quote the words, and `allegedly anchor` finds them. "
        "Label Studio is for those who would rather draw.",
        "",
        "`make studio` starts it and prints the address and the login; `make practice` gives you ten short passages and tells you what you missed.",
        "",
        "![the screen](annotating.png)",
        "",
        "## Two settings to turn on",
        "",
    ]
    lines += [f"{n}. {setting}" for n, setting in enumerate(SETTINGS, 1)]
    lines += ["", "## The flow", ""]
    lines += [f"{n}. {step}" for n, step in enumerate(FLOW, 1)]
    lines += ["", "## Keys", "", "| key | | what |", "|---|---|---|"]
    for title, choices in KEYS:
        lines += [f"| `{c.key}` | {title} **{c.value}** | {c.hint} |" for c in choices]
    lines += [
        "| Alt+R | arrow | from the selected region to the one clicked next |",
        "| Ctrl+Enter | submit | |",
        "| Backspace | delete | the selected region, with its arrows |",
        "",
        "Label Studio marks whole words; what it takes along of quotation marks and punctuation is trimmed when the work is pulled, and the trimming is reported.",
        "",
        "## What is drawn and what is not",
        "",
        "Drawn: claims with their stance, sources with kind and named, cues, and the arrows between them. Not drawn, as they are decided later for a whole story: "
        "entities, positions, the narrator. Where an article was pushed with them they travel along and come back as they were.",
        "",
        "Everyone with a login to a Label Studio can open everyone's work in it: for independent layers annotate from the stream (*Label All Tasks*), which hides it, "
        "and do not look into the table.",
        "",
        "## Decision card",
        "",
        card(corpus),
        "",
        "The whole [guidelines](../annotations/guidelines.md) decide.",
        "",
    ]
    return "\n".join(lines)


KEYS = (
    ("label", labelling.LABELS),
    ("stance", labelling.STANCE_CHOICES),
    ("kind", labelling.KIND_CHOICES),
    ("named", labelling.NAMED_CHOICES),
    ("flag", labelling.FLAG_CHOICES),
)


def instruction(corpus: Corpus) -> str:
    """The short form, HTML, that Label Studio shows before labelling."""
    steps = "".join(f"<li>{_inline(s)}</li>" for s in (*SETTINGS, *FLOW))
    rules = "".join(
        f"<li>{_inline(re.sub(r'^[0-9]+[.] ', '', line))}</li>"
        for line in re.findall(r"^\d+\. .*$", card(corpus), re.MULTILINE)
    )
    return f"<h3>How</h3><ol>{steps}</ol><h3>Decision card</h3><ol>{rules}</ol>"


def _inline(markdown: str) -> str:
    """The little Markdown that those lines hold, as HTML."""
    text = html.escape(markdown, quote=False)
    for mark, tag in ((r"\*\*(.+?)\*\*", "b"), (r"\*(.+?)\*", "i"), (r"`(.+?)`", "code")):
        text = re.sub(mark, rf"<{tag}>\1</{tag}>", text)
    return text
