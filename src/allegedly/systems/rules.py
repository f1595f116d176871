"""Rules: reporting words of a lexicon, quotation marks, and the nearest noun phrase. It learns nothing."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import Self

from allegedly.schema import Article, Attribution, Spans
from allegedly.systems import judge, lexicon
from allegedly.systems.found import Found, attribution, in_order, link_via
from allegedly.tasks import Label, Predictions, detection, get_task
from allegedly.text.tokens import surfaces, words

OPENING, CLOSING = frozenset('“"«'), frozenset('”"»')
_MARKS = OPENING | CLOSING
_Ranges = tuple[tuple[int, int], ...]
LONGEST_SENTENCE = 400  # tokens; what is longer is no sentence of a newsroom
_SAYING = {"say", "deny", "believe", "admit", "accuse", "ask", "plan", "refuse"}
_TRIGGERS = {*lexicon.VERB_CLASS, *lexicon.NOUN_CLASS, *lexicon.SOURCELESS_ADVERBS, "according"}
_COMMA = frozenset(",;:—–-()")
_THAT = frozenset(("that", "whether", "if"))


class Rules:
    """The lexicon baseline."""

    tasks = ("detection", "extraction", "stance")

    def __init__(self, task: str, seed: int = 0) -> None:
        self._task = get_task(task)

    def fit(self, articles: Sequence[Article]) -> Self:
        """Nothing is learned."""
        return self

    def predict(self, articles: Sequence[Article]) -> Predictions:
        """Answer every item."""
        if self._task.name == "extraction":
            return {a.id: extract(a) for a in articles}
        if self._task.name == "detection":
            return {
                f"{a.id}/s{n}": Label(label)
                for a in articles
                for n, label in enumerate(detection.labels(a, extract(a)), 1)
            }
        return {
            item.id: Label(stance_of(a, item.attribution))
            for a in articles
            for item in self._task.items(a)
            if item.attribution
        }


def words_in(article: Article, spans: Spans) -> list[str]:
    """The words of some spans."""
    return [w for s in spans for w in words(article.text[s.start : s.end])]


def stance_of(article: Article, attribution: Attribution) -> str:
    """The lexicon's stance for a cue that is given."""
    cue = [w.lower() for w in words_in(article, attribution.cue.spans)]
    return judge.stance(cue, before=negation_before(article, attribution))


def negation_before(article: Article, attribution: Attribution) -> list[str]:
    """The two words ahead of the cue, unless the claim or the sentence begins there."""
    if not attribution.cue.spans:
        return []
    start = attribution.cue.spans[0].start
    low = max([s.end for s in attribution.claim.spans if s.end <= start], default=0)
    number = bisect_right(article.sentences, (start, len(article.text))) - 1
    low = max(low, article.sentences[number].start if number >= 0 else 0)
    return [w.lower() for w in article.text[low:start].split()[-2:]]


def extract(article: Article) -> tuple[Attribution, ...]:
    """All attributions that the rules find."""
    return link_via([attribution(article, n, f) for n, f in enumerate(find(article), 1)])


def find(article: Article, words: list[str] | None = None) -> list[Found]:
    """What the rules find, as token ranges, in order. `words`: the surfaces of the article's tokens, where they are at hand."""
    words = surfaces(article.text, article.tokens) if words is None else words
    lower = [w.lower() for w in words]
    marks = [i for i, w in enumerate(words) if w in _MARKS]
    starts = [start for start, _ in article.tokens]
    found: list[Found] = []
    token = 0
    speaker: _Ranges = ()
    inside = False
    for start, end in article.sentences:
        low = token
        while token < len(starts) and starts[token] < end:
            token += 1
        if "\n" in article.text[(article.tokens[low - 1].end if low else 0) : start]:
            speaker, inside = (), False
        if token - low > LONGEST_SENTENCE:
            continue
        own = marks[bisect_left(marks, low) : bisect_left(marks, token)]
        made = _Sentence(words, lower[low:token], own, low, inside, speaker).read()
        inside = made[1]
        found += made[0]
        if made[0] and made[0][0].source:
            speaker = made[0][0].source
    return in_order(found)


class _Sentence:
    """One sentence of an article, as a range of its tokens."""

    def __init__(
        self, words: list[str], lower: list[str], marks: list[int], low: int, inside: bool, speaker: _Ranges
    ) -> None:
        self.words, self.lower, self.low, self.speaker = words, lower, low, speaker
        self.high = high = low + len(lower)
        self.quotes: list[tuple[int, int]] = []
        open_at = low if inside else -1
        for i in marks:
            if open_at < 0 and words[i] in OPENING:
                open_at = i + 1
            elif open_at >= 0 and words[i] in CLOSING:
                self.quotes.append((open_at, i))
                open_at = -1
        self.open = open_at >= 0
        if self.open and high > open_at:
            self.quotes.append((open_at, high))

    def word(self, i: int) -> str:
        return self.lower[i - self.low] if self.low <= i < self.high else ""

    def quoted(self, i: int) -> bool:
        return any(a <= i < b for a, b in self.quotes)

    def read(self) -> tuple[list[Found], bool]:
        """The attributions of the sentence, and whether a quotation is still open at its end."""
        found = [
            f
            for i, word in enumerate(self.lower, self.low)
            if word in _TRIGGERS and not self.quoted(i)
            for f in self.at(i)
        ]
        long = [q for q in self.quotes if q[1] - q[0] >= 4]
        covered = [(a, b) for f in found for a, b in f.claim]
        loose = [q for q in long if not any(a < q[1] and q[0] < b for a, b in covered)]
        if not found and loose and len(loose[0]) and self.speaker:
            spans = tuple(filter(None, (self.trim(a, b) for a, b in loose)))
            if spans:
                found.append(Found(self.speaker, (), spans))
        return found, self.open

    def at(self, i: int) -> list[Found]:
        """What the word at i attributes."""
        word = self.word(i)
        if word == "according" and self.word(i + 1) == "to":
            source = self.phrase(i + 2)
            left = self.trim(self.low, i)
            right = self.trim(source[1] if source else i + 2, self.high)
            claim = left if left and left[1] - left[0] > 2 else right
            return [Found((source,) if source else (), ((i, i + 2),), (claim,))] if claim else []
        if word in lexicon.SOURCELESS_ADVERBS:
            left, right = self.trim(self.low, i), self.trim(i + 1, self.high)
            around = tuple(filter(None, (left, right)))
            return [Found((), ((i, i + 1),), around)] if around else []
        if word in lexicon.NOUN_CLASS and word not in lexicon.VERB_CLASS and self.word(i + 1) in ("that", "of"):
            right = self.trim(i + 2, self.high)
            owner = self.subject(i - 1) if self.word(i - 1) in ("'s", "’s") else None
            return [Found((owner,) if owner else (), ((i, i + 1),), (right,))] if right else []
        if lexicon.VERB_CLASS.get(word) in _SAYING and self.is_verb(i):
            return self.verb(i)
        return []

    def is_verb(self, i: int) -> bool:
        """Whether a form that may be a noun or a plain infinitive stands as a finite verb here."""
        before = self.word(i - 1)
        if before in lexicon.DETERMINERS - {"'s", "’s", "all", "many", "some", "two", "three"}:
            return False
        slot = lexicon.SLOT[self.word(i)]
        if slot == 0:
            return before in lexicon.MODALS | lexicon.NEGATION | {"they", "we", "i"} or before.endswith("s")
        return slot != 4 or before in lexicon.AUXILIARIES | {","}

    def verb(self, i: int) -> list[Found]:
        begin = i
        while self.word(begin - 1) in lexicon.NEGATION or (
            self.word(begin - 1) in lexicon.AUXILIARIES and self.word(begin) in lexicon.NEGATION
        ):
            begin -= 1
        cue: _Ranges = ((begin, i + 1),)
        nearest = [q for q in self.quotes if q[1] - q[0] >= 2]
        left = [q for q in nearest if q[1] < i and i - q[1] <= 14]
        right = [q for q in nearest if q[0] > i and q[0] - i <= 3]
        if left and not any(self.word(k) in lexicon.BOUNDARIES for k in range(left[-1][1] + 1, i)):
            source = self.subject(begin - 1, left[-1][1] + 1) or self.phrase(i + 1)
            after = [q for q in nearest if q[0] > i and self.words[q[0] - 2] == ","]
            said = tuple(filter(None, (self.trim(*q) for q in [left[-1], *after[:1]])))
            return [Found((source,) if source else (), cue, said)] if said else []
        source = self.subject(begin - 1, self.low)
        if self.tail(i) and source and self.word(source[0] - 1) in _COMMA:
            claim_left = self.trim(self.low, source[0])
            return [Found((source,), cue, (claim_left,))] if claim_left else []
        start = i + 1
        for k in range(i + 1, min(i + 9, self.high)):
            if self.word(k) in _THAT:
                start = k + 1
                break
        claim_right = self.trim(*right[0]) if right and start == i + 1 else self.trim(start, self.high)
        if not claim_right or not source:
            return []
        if lexicon.VERB_CLASS[self.word(i)] == "deny":
            for k in range(claim_right[0] + 1, claim_right[1]):
                if self.word(k) == "as":
                    return [Found((source,), (*cue, (k, claim_right[1])), ((claim_right[0], k),))]
        return [Found((source,), cue, (claim_right,))]

    def tail(self, i: int) -> bool:
        """Whether little but punctuation follows: the cue closes its sentence."""
        return sum(w.isalnum() for w in self.lower[i + 1 - self.low :]) <= 1

    def phrase(self, start: int) -> tuple[int, int] | None:
        """The noun phrase that starts here, up to a stop, a verb or a boundary word."""
        end = start
        while end < self.high and end - start < 12:
            word = self.word(end)
            if (
                not (word[:1].isalnum() or word in ("'s", "’s", "-", "."))
                or word in lexicon.BOUNDARIES - {"and"}
                or word in lexicon.AUXILIARIES
            ):
                break
            end += 1
        while end > start and not self.word(end - 1)[:1].isalnum():
            end -= 1
        return (start, end) if end > start else None

    def subject(self, end: int, low: int | None = None) -> tuple[int, int] | None:
        """The noun phrase that ends at token `end`, auxiliaries skipped."""
        low = self.low if low is None else low
        while end >= low and (
            self.word(end) in lexicon.AUXILIARIES | {"also", "'s", "’s"} or self.word(end).endswith("ly")
        ):
            end -= 1
        start = end + 1
        while start > low and end - start < 12:
            word = self.word(start - 1)
            if not (word[:1].isalnum() or word in ("'s", "’s", "-", ".", "'", "’")) or word in lexicon.BOUNDARIES - {
                "and"
            }:
                break
            start -= 1
            if word in lexicon.PRONOUNS:
                break
        while start <= end and self.word(start) in {"and", "in", "on", "at"} | lexicon.BOUNDARIES:
            start += 1
        return (start, end + 1) if start <= end else None

    def trim(self, start: int, end: int) -> tuple[int, int] | None:
        """A claim's range without punctuation and quotation marks at its edges."""
        while start < end and not self.words[start][:1].isalnum():
            start += 1
        while end > start and not self.words[end - 1][-1:].isalnum():
            end -= 1
        return (start, end) if end > start else None
