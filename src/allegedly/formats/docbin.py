"""spaCy's DocBin (extra `spacy`): blank English docs with span groups, for training a spancat or reading in a pipeline.

One file, `corpus.spacy`. Writing alone: spaCy's tokens are its own, so reading back could not be exact.
What maps: span groups `source`, `cue` and `claim`, label SOURCE, CUE or CLAIM, with the record's id as the span's id; the records themselves are in
`doc.user_data["allegedly"]`, offsets and all.
What is lost: a span that cuts one of spaCy's tokens is widened to it in the group (not in the records), and reported.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from allegedly.formats import ImportFailedError, Skipped
from allegedly.schema import Article
from allegedly.store import dump_line, write_atomic


def write(articles: Sequence[Article], folder: Path) -> list[Skipped]:
    """Write `corpus.spacy` into the folder; gives the spans that were widened to whole tokens."""
    try:
        import spacy
        from spacy.tokens import DocBin
    except ImportError:
        raise ImportFailedError("writing DocBin needs spaCy: pip install 'allegedly[spacy]'") from None
    nlp = spacy.blank("en")
    bin_ = DocBin(store_user_data=True)
    lost: list[Skipped] = []
    for article in articles:
        doc = nlp.make_doc(article.text)
        groups: dict[str, list[Any]] = {"source": [], "cue": [], "claim": []}
        for a in article.attributed:
            for role, spans in a.roles.items():
                for s in spans:
                    made = doc.char_span(s.start, s.end, label=role.upper(), span_id=a.id, alignment_mode="expand")
                    if made is None:
                        lost.append(Skipped("corpus.spacy", 0, "no token there", f"{article.id}/{a.id} {role}"))
                        continue
                    if (made.start_char, made.end_char) != (s.start, s.end):
                        lost.append(
                            Skipped("corpus.spacy", 0, "widened to whole tokens", f"{article.id}/{a.id} {role}")
                        )
                    groups[role].append(made)
        for role, group in groups.items():
            doc.spans[role] = group
        doc.user_data["article"] = article.id
        doc.user_data["allegedly"] = dump_line([a.plain() for a in article.attributions])
        bin_.add(doc)
    write_atomic(folder / "corpus.spacy", bin_.to_bytes())
    return lost
