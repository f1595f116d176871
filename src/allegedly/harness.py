"""What evaluation harnesses share (lm-eval, Inspect): prompts from dataset rows, answers from what a model wrote, and the one scorer behind them.

Rows are those of `allegedly.load(config, as_="datasets")` or of `datasets.load_dataset`: labels are numbers there, names in `as_="rows"`; both work.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from allegedly.annotate import article_of
from allegedly.dataset.training import words
from allegedly.schema import STANCES, Article, Attribution, Claim, Cue, Source, Span
from allegedly.scoring.comparison import Comparison
from allegedly.scoring.measures import parse_measure
from allegedly.store import RecordError
from allegedly.systems.predictions import check_predictions
from allegedly.tasks import Task, detection, get_task
from allegedly.text.anchor import QuoteError, find_spans, numbered, sentence_number

Row = Mapping[str, Any]
NAMES = {"stance": STANCES, "detection": detection.LABELS}
EXTRACTION_FORM = (
    'a JSON list, one object an attribution: {"at": number of the claim\'s sentence, "source": "words of the source, or empty", "cue": "words that attribute, or empty", '
    '"claim": "words of the claim", "stance": "assert, deny or none"}; every value copied from the article, " || " between separate pieces'
)


def label(task: str, row: Row) -> str:
    """A row's answer by name."""
    given = row["label"]
    return NAMES[task][given] if isinstance(given, int) else str(given)


def around(row: Row) -> str:
    """The paragraphs of the article that an attribution's words stand in."""
    text = str(row["text"])
    spots = [*row["cue"], *row["claim"]]
    start = text.rfind("\n\n", 0, min(s["start"] for s in spots)) + 1
    end = text.find("\n\n", max(s["end"] for s in spots))
    return text[start : end if end >= 0 else len(text)].strip()


def stance_prompt(row: Row) -> str:
    """One attribution with the paragraph around it; the answer is one word."""
    return (
        f"{around(row)}\n\nSource: {words(row['source']) or '(nobody named)'}\nCue: {words(row['cue']) or '(none)'}\n"
        f"Claim: {words(row['claim'])}\nDoes the source assert the claim, deny it, or neither (none)?\nStance:"
    )


def detection_prompt(row: Row) -> str:
    """One sentence; the answer is one word."""
    return (
        f"Sentence: {row['sentence'].strip()}\nDoes it carry a claim that is attributed to a source (attributed), a contested claim of the "
        "article's own voice (narrator), or neither (none)?\nAnswer:"
    )


def extraction_prompt(row: Row) -> str:
    """One article; the answer is a list of quotes."""
    article = article_of(str(row["id"]), str(row["text"]))
    return "\n".join(numbered(article)) + f"\n\nWho says what in this article? Answer with {EXTRACTION_FORM}.\nAnswer:"


def parse_label(task: str, text: str) -> str:
    """The first of the task's labels in what a model wrote; empty where there is none."""
    forms = {
        name: rf"{name[:-1]}(?:y|ies|ied|ying)" if name.endswith("y") else f"{name}(?:s|ed|ing)?"
        for name in NAMES[task]
    }
    found = [(m.start(), name) for name, form in forms.items() if (m := re.search(rf"\b{form}\b", text.lower()))]
    return min(found)[1] if found else ""


def article_from(row: Row) -> Article:
    """A row of `articles` as an article with its gold."""
    article = article_of(str(row["id"]), str(row["text"]))
    return article.with_attributions(tuple(_attribution(x) for x in row["attributions"]))


def _attribution(x: Row) -> Attribution:
    from allegedly.schema import KINDS

    spans = {role: tuple(Span(start=s["start"], end=s["end"]) for s in x[role]) for role in ("source", "cue", "claim")}
    kind = KINDS[x["kind"]] if isinstance(x["kind"], int) else x["kind"]
    stance = STANCES[x["stance"]] if isinstance(x["stance"], int) else x["stance"]
    return Attribution.model_validate(
        {
            "id": x["id"],
            "source": Source(spans=spans["source"], kind=kind, named=x["named"], entities=tuple(x["entities"])),
            "cue": Cue(spans=spans["cue"]),
            "claim": Claim(spans=spans["claim"]),
            "stance": stance,
            "via": x["via"],
            "refers": x["refers"],
        }
    )


@dataclass(frozen=True)
class Parsed:
    """The attributions that a model's text gives, and how many of its items could not be read or found in the article."""

    attributions: tuple[Attribution, ...]
    lost: int


def parse_extraction(row: Row, text: str) -> Parsed:
    """A model's list of quotes, each put at its place in the article. What is not in the article, or is said twice, is lost and counted."""
    article = article_of(str(row["id"]), str(row["text"]))
    start, end = text.find("["), text.rfind("]")
    try:
        given = json.loads(text[start : end + 1]) if 0 <= start < end else None
    except ValueError:
        given = None
    if not isinstance(given, list):
        return Parsed((), 1)
    kept: list[dict[str, Any]] = []
    made: tuple[Attribution, ...] = ()
    for item in given:
        try:
            line = {"id": f"a{len(kept) + 1:02}", **_line(article, item)}
            record = {"article": article.id, "attributions": [*kept, line]}
            made = check_predictions(iter([(1, record)]), get_task("extraction"), [article], "answer").predictions[
                article.id
            ]
            kept.append(line)
        except (RecordError, TypeError, ValueError, KeyError, AttributeError):
            continue
    return Parsed(made, len(given) - len(kept))


def _line(article: Article, item: Row) -> dict[str, Any]:
    """One answered object as a prediction's attribution: the claim where it first stands, source and cue where they stand nearest to it."""
    stance = str(item.get("stance", "assert"))
    at = item.get("at")
    places = at if isinstance(at, dict) else {"claim": at}
    claim = _spans(article, str(item["claim"]), places.get("claim"), 1)
    near = sentence_number(article, claim[0].start)
    spans = {role: _spans(article, str(item.get(role) or ""), places.get(role), near) for role in ("source", "cue")}
    given = {role: {"spans": [{"start": s.start, "end": s.end} for s in some]} for role, some in spans.items()}
    return {
        "source": given["source"],
        "cue": given["cue"],
        "claim": {"spans": [{"start": s.start, "end": s.end} for s in claim]},
        "stance": stance if stance in STANCES else "assert",
    }


def _spans(article: Article, quote: str, at: Any, near: int) -> tuple[Span, ...]:
    """A quote's spans: at its address, else where it stands once, else in the sentence nearest to `near`. QuoteError where it is not."""
    if not quote.strip():
        return ()
    numbers = sorted(range(1, len(article.sentences) + 1), key=lambda n: (abs(n - near), n))
    for address in (*([at] if at is not None else []), None, *(a for n in numbers for a in (n, f"{n}#1"))):
        try:
            return find_spans(article, quote, address)
        except QuoteError:
            continue
    raise QuoteError(f"{quote!r} is not in the text")


def extraction_target(row: Row) -> str:
    """The gold answer in the form that the prompt asks for; `at` says more where a quote stands twice."""
    from allegedly.text.quote import draft_line

    article = article_from(row)
    lines = [draft_line(article, a) for a in article.attributed]
    return json.dumps(
        [{k: x[k] for k in ("at", "source", "cue", "claim", "stance")} for x in lines], ensure_ascii=False
    )


class _Labelled:
    """Gold and predicted labels as a measure takes them."""

    def __init__(self, task: Task, pairs: Sequence[tuple[str, str]]) -> None:
        self.task, self.labels = task, list(pairs)
        self.probabilities = [None] * len(self.labels)


def label_score(task: str, pairs: Sequence[tuple[str, str]], measure: str | None = None) -> float:
    """A labelling task's measure over (gold, predicted) labels: what `allegedly score` says of the same."""
    chosen = parse_measure(measure or get_task(task).main)
    return float(chosen.score(chosen.counts(_Labelled(get_task(task), pairs))))  # type: ignore[arg-type]


def extraction_counts(
    row: Row, predicted: Sequence[Attribution], measure: str = "AttributionF1(overlap)"
) -> list[float]:
    """One article's count vector; the vectors' sum is scored by `extraction_score`."""
    article = article_from(row)
    comparison = Comparison(get_task("extraction"), article, {article.id: tuple(predicted)})
    return [float(x) for x in parse_measure(measure).counts(comparison)]


def extraction_score(counts: Sequence[Sequence[float]], measure: str = "AttributionF1(overlap)") -> float:
    """The measure of summed counts."""
    return float(parse_measure(measure).score(np.sum(np.asarray(counts, dtype=float), axis=0)))
