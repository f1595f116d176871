"""Ten passages to practise on: short, from the train split, each with a difficulty of its own; scored against gold, each miss explained."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from allegedly.adjudicate import pair
from allegedly.annotate import article_of
from allegedly.schema import Article, Attribution, Span
from allegedly.store import Corpus
from allegedly.studio.client import Client
from allegedly.studio.convert import Drawn, read
from allegedly.studio.home import Home
from allegedly.studio.labelling import CLAIM, CUE, SOURCE
from allegedly.studio.pull import fetch, latest, load_raw

TITLE = "allegedly practice"
ITEMS = 10

Wanted = Callable[[Article, Attribution], bool]
#: What each passage is there for, and the attribution that makes it fit.
DIFFICULTIES: tuple[tuple[str, Wanted], ...] = (
    ("a plain statement, and a cue after the claim", lambda a, x: x.stance == "assert" and bool(x.cue.spans) and x.cue.spans[0].start > x.claim.spans[0].end),
    ("a denying verb: look outside the claim for the rejection", lambda a, x: x.stance == "deny" and "den" in a.slice(x.cue.spans)),
    ("words in two places: “dismissed … as”", lambda a, x: x.stance == "deny" and len(x.cue.spans) > 1),
    ("a claim that takes up another one: refers", lambda a, x: x.refers is not None),
    ("neither asserted nor denied: asked, wanted, left open", lambda a, x: x.stance == "none"),
    ("one source inside another: via", lambda a, x: x.via is not None),
    ("a claim cut in two by its cue", lambda a, x: len(x.claim.spans) > 1),
    ("nobody is named: no source words", lambda a, x: not x.source.spans),
    ("a document speaks", lambda a, x: x.source.kind == "document"),
    ("people without a name", lambda a, x: x.source.kind in ("group", "person") and not x.source.named),
)  # fmt: skip


class Item(NamedTuple):
    """A passage with its gold, as an article of its own, and what it is there for."""

    article: Article
    difficulty: str


class Miss(NamedTuple):
    """Something that a practice annotation has otherwise than gold, and why gold has it so."""

    item: str
    what: str
    why: str


def items(corpus: Corpus) -> list[Item]:
    """The passages: for each difficulty the first paragraph of the train split, in the order of the articles, that fits and is not too full.

    A paragraph fits if every attribution that touches it lies wholly in it; a different article each time.
    """
    found: list[Item] = []
    used: set[str] = set()
    articles = corpus.annotated("train")
    for difficulty, wanted in DIFFICULTIES:
        for article in articles:
            if article.id in used:
                continue
            passage = next(_passages(article, wanted), None)
            if passage is not None:
                used.add(article.id)
                found.append(_item(article, passage, len(found) + 1, difficulty))
                break
    return found


def _passages(article: Article, wanted: Wanted) -> Iterator[tuple[int, int]]:
    start = len(article.title) + 1
    for paragraph in article.text[start:].split("\n\n"):
        begin, end = start, start + len(paragraph)
        start = end + 2
        inside, crossing = [], False
        for a in article.attributed:
            extents = [(s.start, s.end) for spans in a.roles.values() for s in spans]
            within = [begin <= s and e <= end for s, e in extents]
            crossing |= any(within) and not all(within)
            if all(within):
                inside.append(a)
        ids = {a.id for a in inside}
        linked = all(getattr(a, link) in ids | {None} for a in inside for link in ("via", "refers"))
        if not crossing and linked and 2 <= len(inside) <= 5 and any(wanted(article, a) for a in inside):
            yield begin, end


def _item(article: Article, passage: tuple[int, int], number: int, difficulty: str) -> Item:
    begin, end = passage
    body = article.text[begin:end]
    lead = len(body) - len(body.lstrip())
    title = f"Practice {number} of {ITEMS}\n\n"
    text = title + body.strip() + "\n"
    shift = len(title) - begin - lead
    made = article_of(f"practice-{number:02}", text)

    def moved(span: Span) -> Span:
        start, end = span.start + shift, span.end + shift
        return Span(start=start, end=end, text=text[start:end])

    gold = []
    for a in article.attributed:
        if all(begin <= s.start and s.end <= end for spans in a.roles.values() for s in spans):
            here = a.map_spans(moved)
            source = here.source.model_copy(update={"entities": ()})
            gold.append(here.model_copy(update={"positions": (), "source": source}))
    return Item(made.with_attributions(tuple(gold)), difficulty)


def judge(item: Item, answered: Sequence[Attribution]) -> list[Miss]:
    """Every difference between an answer and gold, with the guideline that decides it. Pairs are the one matcher's."""
    article, gold = item.article, item.article.attributed
    pairs = pair(article, gold, answered)
    misses: list[Miss] = []
    for i, j in pairs:
        misses += _compared(article, gold[i], answered[j], {gold[p].id: answered[q].id for p, q in pairs})
    for i in sorted(set(range(len(gold))) - {i for i, _ in pairs}):
        misses.append(Miss(article.id, f"missed: {_line(article, gold[i])}", _why_there(gold[i])))
    for j in sorted(set(range(len(answered))) - {j for _, j in pairs}):
        misses.append(
            Miss(
                article.id, f"not in gold, or with other words: {_line(article, answered[j])}",
                "section 3 says what is an attribution, section 4 how far its parts reach",
            )
        )  # fmt: skip
    return misses


def scored(client: Client, home: Home, project: int, given: Sequence[Item]) -> Iterator[str]:
    """A line for each passage that was submitted, one for each miss, and the score of each annotator."""
    from allegedly.agreement import agreement

    by_id = {i.article.id: i for i in given}
    answers: dict[str, list[tuple[Item, Drawn]]] = {}
    for task in load_raw(fetch(client, home, project, TITLE)):
        item = by_id.get(str(task["data"].get("article_id")))
        if item and task["data"].get("sha256") == item.article.record.sha256:
            for email, annotation in latest(task).items():
                drawn = read(item.article, annotation.get("result"), item.article.attributions)
                answers.setdefault(home.pseudonym(email), []).append((item, drawn))
    if not answers:
        yield "nothing was submitted yet"
    for who, done in sorted(answers.items()):
        yield f"{who}: {len(done)} of {len(given)} passages"
        for item, drawn in sorted(done, key=lambda d: d[0].article.id):
            misses = judge(item, drawn.attributions)
            yield f"  {item.article.id} ({item.difficulty}): " + (
                "all right" if not misses and not drawn.problems else ""
            )
            yield from (f"    {problem}" for problem in drawn.problems)
            yield from (f"    {miss.what}\n      why: {miss.why}" for miss in misses)
        found = agreement("practice", [(i.article, i.article.with_attributions(d.attributions)) for i, d in done])
        f1 = found.figures["AttributionF1(overlap)"] or 0.0
        same = found.figures["same(stance)"]
        yield f"  AttributionF1(overlap) {f1:.2f}" + (f", stance right {same:.0%}" if same is not None else "")


def _compared(article: Article, gold: Attribution, given: Attribution, ids: dict[str, str]) -> Iterator[Miss]:
    claim = article.slice(gold.claim.spans)
    for role, label in (("claim", CLAIM), ("source", SOURCE), ("cue", CUE)):
        wanted, got = (article.slice(a.roles[role]) for a in (gold, given))
        if wanted != got:
            yield Miss(article.id, f"{label.lower()}: you marked {got!r}, gold has {wanted!r}", BOUNDARY[role])
    if gold.stance != given.stance:
        yield Miss(
            article.id,
            f"stance of {claim!r}: you said {given.stance}, gold says {gold.stance}",
            STANCE_WHY[gold.stance],
        )
    for name in ("kind", "named"):
        wanted, got = getattr(gold.source, name), getattr(given.source, name)
        if wanted != got:
            yield Miss(
                article.id,
                f"{name} of {article.slice(gold.source.spans)!r}: you said {got}, gold says {wanted}",
                "the tables at the end of section 2",
            )
    for link in ("via", "refers"):
        wanted, got = getattr(gold, link), getattr(given, link)
        if (ids.get(wanted, wanted) if wanted else None) != got:
            what = "an arrow is missing or leads elsewhere" if wanted else "gold has no such arrow"
            yield Miss(article.id, f"{link} of {claim!r}: {what}", LINK_WHY[link])


BOUNDARY = {
    "claim": "the claim is the content alone: without that or whether, outer quotation marks and final punctuation (card, 2)",
    "source": "the source is the full noun phrase: title and apposition in, ’s and relative clause out (card, 4)",
    "cue": "the cue holds the words that attribute, with their auxiliaries and negation (card, 3)",
}
STANCE_WHY = {
    "assert": "nothing outside the claim rejects it or leaves it open (card, 5)",
    "deny": "words outside the claim reject it as not true (card, 5)",
    "none": "the claim is asked, wanted, planned or left open, not put forward (card, 5)",
}
LINK_WHY = {
    "via": "source, cue and claim reach us through another attribution: an arrow to the nearest claim that relays them (card, 6)",
    "refers": "the claim takes up what another line says: an arrow to the claim that spells it out (card, 7)",
}  # fmt: skip


def _why_there(gold: Attribution) -> str:
    if not gold.source.spans:
        return "an attribution needs no source words: “allegedly”, “an estimated 40” (section 3)"
    if gold.via:
        return "it stands inside another attribution: look into each claim for a further one (card, 8)"
    if gold.stance == "none":
        return "what is asked, wanted or planned is an attribution too, of stance none (section 3)"
    return "somebody other than the article's own voice puts a content forward or rejects it (card, 1)"


def _line(article: Article, a: Attribution) -> str:
    parts = (article.slice(spans) or "–" for spans in a.roles.values())
    return " | ".join([*parts, a.stance])
