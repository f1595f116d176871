"""What people write around a dataset: a collate function, spans as a fast tokenizer's BIO labels, and X, y, groups for scikit-learn."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from allegedly.dataset.load import load
from allegedly.store import UnknownIdError

Row = Mapping[str, Any]


def collate(rows: Sequence[Row]) -> dict[str, list[Any]]:
    """A batch of nested rows as columns, for a `DataLoader(…, collate_fn=allegedly.collate)`: lists, never tensors, as rows are ragged."""
    return {name: [row[name] for row in rows] for name in (rows[0] if rows else ())}


def align(
    row: Row,
    tokenizer: Any,
    spans: Iterable[Mapping[str, Any]],
    *,
    max_length: int = 512,
    stride: int = 128,
    ignore: int = -100,
) -> list[dict[str, Any]]:
    """The tokenizer's windows over a row's `text`, each with `labels`: 0 outside, 1 where a span begins, 2 inside; `ignore` for special tokens.

    Windows overlap by `stride` tokens; a span that begins in an earlier window is inside in the next. Needs a fast tokenizer. `spans` are dicts
    with `start` and `end`, code points of the text; where two overlap, the one that begins first (then the longer) has the tokens.

        windows = align(row, tokenizer, [s for a in row["attributions"] for s in a["claim"]])
    """
    if not getattr(tokenizer, "is_fast", False):
        raise UnknownIdError(
            "tokenizer", type(tokenizer).__name__, ["a fast one: AutoTokenizer.from_pretrained(…, use_fast=True)"]
        )
    encoded = tokenizer(
        row["text"],
        truncation=True,
        max_length=max_length,
        stride=min(stride, max_length // 2),
        return_overflowing_tokens=True,
        return_offsets_mapping=True,
        return_special_tokens_mask=True,
    )
    wanted = sorted({(s["start"], s["end"]) for s in spans}, key=lambda s: (s[0], -s[1]))
    windows = []
    for n, offsets in enumerate(encoded["offset_mapping"]):
        special = encoded["special_tokens_mask"][n]
        labels = [ignore if mask else 0 for mask in special]
        for start, end in wanted:
            inside = [k for k, (a, b) in enumerate(offsets) if not special[k] and a < end and b > start and b > a]
            if not inside or any(labels[k] for k in inside):
                continue
            for k in inside:
                labels[k] = 2
            earlier = any(not mask and b <= start for mask, (_, b) in zip(special, offsets, strict=True))
            if n == 0 or earlier or offsets[inside[0]][0] <= start:
                labels[inside[0]] = 1
        windows.append(
            {
                "input_ids": encoded["input_ids"][n],
                "attention_mask": encoded["attention_mask"][n],
                "labels": labels,
                "offsets": [tuple(o) for o in offsets],
            }
        )
    return windows


class XY(NamedTuple):
    """Texts, labels and groups (stories), as scikit-learn takes them: `cross_val_score(model, xy.x, xy.y, groups=xy.groups)`."""

    x: list[str]
    y: list[str]
    groups: list[str]


def xy(task: str, split: str = "train", corpus: Any = None) -> XY:
    """A labelling task for scikit-learn: `detection`, `stance` or `disputes`. Folds by `groups` keep stories whole.

    A text is the item's words; for stance `source | cue | claim`, for disputes both lines. UnknownIdError lists the tasks.
    """
    if task not in ("detection", "stance", "disputes"):
        raise UnknownIdError("task for xy", task, ["detection", "stance", "disputes"])
    rows = load(task, split, corpus=corpus)
    if task == "detection":
        texts = [r["sentence"] for r in rows]
    elif task == "stance":
        texts = [" | ".join(words(r[role]) for role in ("source", "cue", "claim")) for r in rows]
    else:
        articles = load("articles", split, corpus=corpus)
        lines = {
            f"{a['id']}/{x['id']}": " | ".join(words(x[role]) for role in ("source", "cue", "claim"))
            for a in articles
            for x in a["attributions"]
        }
        texts = [f"{lines[r['left']]} || {lines[r['right']]}" for r in rows]
    return XY(texts, [r["label"] for r in rows], [r["story"] for r in rows])


def words(spans: Sequence[Mapping[str, Any]]) -> str:
    """A role's words, its spans joined by an ellipsis."""
    return " … ".join(s["text"] for s in spans)
