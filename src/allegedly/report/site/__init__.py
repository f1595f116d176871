"""The benchmark's page: one self-contained HTML file with the leaderboard, its pictures, and every error in its text.

It holds no reference to anything outside itself, works from `file://`, and runs one script of its own, which the page's policy names by
digest; texts and ids are data to it, never markup.
"""

from __future__ import annotations

import base64
import hashlib
import json
from importlib.resources import files
from typing import Any

from allegedly.evaluation import protocol
from allegedly.report.cards import cards
from allegedly.report.leaderboard import by_task, external, notes
from allegedly.report.site.errors import viewer
from allegedly.report.site.pictures import bars, curve, heat, reliability
from allegedly.results import current, latest, read
from allegedly.store import Corpus
from allegedly.tasks import TASKS


def site(corpus: Corpus, split: str | None = None) -> str:
    """The page of a corpus's kept results (`benchmarks/`); what was not measured is said to be so."""
    home = corpus.path("benchmarks")
    every = read(home)
    rows = current(every, corpus.label)
    chosen = protocol(corpus, split)
    shown = [r for r in rows if r.split in (chosen.name, "external")]
    groups = {group[0].task: (signature, group) for signature, group in by_task(shown).items()}
    made = {c.task: c for c in cards(corpus, chosen)}
    tasks = [
        {
            "card": made[name],
            "signature": groups[name][0] if name in groups else None,
            "bars": bars(groups[name][1], external(shown, name)) if name in groups else [],
            "heat": heat(groups[name][1]) if name in groups else None,
            "curve": curve([r for r in latest(every) if r.task == name], corpus.label, chosen.name),
        }
        for name in TASKS
        if name in made
    ]
    return render(
        tasks=tasks,
        reliability=reliability(home, shown, chosen.articles),
        notes=notes(shown),
        data=viewer(home, shown, chosen.articles),
        about=f"{corpus.info.name} {corpus.label}, split {chosen.name}: {len(chosen.articles)} articles",
    )


def render(**context: Any) -> str:
    """The template filled; every value is escaped, and data for the script cannot end its element."""
    from jinja2 import Environment

    folder = files(__package__)
    script, style = ((folder / name).read_text("utf-8") for name in ("site.js", "site.css"))
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    data = json.dumps(context.pop("data"), ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string((folder / "site.html.j2").read_text("utf-8"))
    return template.render(script=script, style=style, digest=digest, data=data, **context)
