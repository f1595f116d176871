"""Any scikit-learn classifier as a system, in one line: `allegedly benchmark -s "sklearn:LinearSVC(C=0.5)" -t stance`.

It sees the words of each part of an item (source, cue, claim; the sentence; both claims) as tf-idf of one- and two-word strings,
each marked with its part.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Self

from allegedly.schema import AllegedlyError, Article
from allegedly.systems import PREFIX
from allegedly.systems.rules import words_in
from allegedly.tasks import Item, Label, Predictions, get_task
from allegedly.text.tokens import words

_CALL = re.compile(r"^(\w+)(?:\((.*)\))?$", re.DOTALL)


class EstimatorError(AllegedlyError, ValueError):
    """A name that is no scikit-learn classifier, or arguments that are not plain values."""


class Estimator:
    """A scikit-learn classifier behind tf-idf of words that carry the name of their part."""

    tasks: ClassVar[tuple[str, ...]] = ("detection", "stance", "disputes")
    expression: ClassVar[str] = "LogisticRegression()"

    def __init__(self, task: str, seed: int = 0) -> None:
        self._task = get_task(task)
        self._seed = seed
        self._model: Any = None

    def fit(self, articles: Sequence[Article]) -> Self:
        """Learn from annotated articles."""
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.pipeline import make_pipeline

        items = list(self._texts(articles))
        answers = [i.answer for i, _ in items]
        if len(set(answers)) > 1:
            vectors = TfidfVectorizer(ngram_range=(1, 2), token_pattern=r"\S+", lowercase=False)
            self._model = make_pipeline(vectors, build(self.expression, self._seed)).fit([t for _, t in items], answers)
        return self

    def predict(self, articles: Sequence[Article]) -> Predictions:
        """Answer every item, with a probability where the classifier gives one."""
        items = list(self._texts(articles))
        if self._model is None or not items:
            return {i.id: Label(self._task.labels[0]) for i, _ in items}
        texts = [t for _, t in items]
        if not hasattr(self._model, "predict_proba"):
            return {i.id: Label(str(y)) for (i, _), y in zip(items, self._model.predict(texts), strict=True)}
        chances = self._model.predict_proba(texts)
        best = chances.argmax(axis=1)
        return {
            i.id: Label(str(self._model.classes_[b]), float(p[b]))
            for (i, _), b, p in zip(items, best, chances, strict=True)
        }

    def _texts(self, articles: Sequence[Article]) -> Iterator[tuple[Item, str]]:
        claims = {f"{a.id}/{x.id}": words_in(a, x.claim.spans) for a in articles for x in a.attributed}
        for article in articles:
            for item in self._task.items(article):
                yield item, " ".join(_marked(article, item, claims))


def _marked(article: Article, item: Item, claims: dict[str, list[str]]) -> Iterator[str]:
    """The words of an item, each with the part that it stands in."""
    if item.pair is not None:
        left, right = ({w.lower() for w in claims.get(name, ())} for name in (item.pair.left, item.pair.right))
        yield from (f"both={w}" for w in sorted(left & right))
        yield from (f"one={w}" for w in sorted(left ^ right))
    elif item.attribution is not None:
        for role, spans in item.attribution.roles.items():
            yield from (f"{role}={w.lower()}" for w in words_in(article, spans) or ["(none)"])
    elif item.sentence is not None:
        sentence = article.sentences[item.sentence - 1]
        yield from (w.lower() for w in words(article.text[sentence.start : sentence.end]))


def build(expression: str, seed: int = 0) -> Any:
    """A classifier from `Name` or `Name(argument=value, …)` with plain values; the seed where it takes one.

    EstimatorError lists scikit-learn's classifiers.
    """
    from sklearn.utils import all_estimators

    known = dict(all_estimators(type_filter="classifier"))
    match = _CALL.match(expression.strip())
    if not match or match[1] not in known:
        raise EstimatorError(f"no classifier {expression!r} in scikit-learn; there is {', '.join(sorted(known))}")
    try:
        call = ast.parse(f"f({match[2] or ''})", mode="eval").body
        if not isinstance(call, ast.Call) or call.args:
            raise ValueError("an argument without a name")
        arguments = {str(k.arg): ast.literal_eval(k.value) for k in call.keywords}
        made = known[match[1]](**arguments)
    except (SyntaxError, ValueError, TypeError) as error:
        raise EstimatorError(f"{expression}: expected Name(argument=value, …) with plain values: {error}") from None
    return made.set_params(random_state=seed) if "random_state" in made.get_params() else made


def named(name: str) -> type[Estimator]:
    """The system that `sklearn:…` names."""
    expression = name.removeprefix(PREFIX)
    build(expression)
    return type("Estimator", (Estimator,), {"expression": expression, "__module__": __name__})
