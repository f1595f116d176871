"""What `encoder` needs no torch for: its windows, its name, and what it says where the extra is missing."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from allegedly.systems import answers, get_system, spec
from allegedly.systems.encoder import EncoderMissingError
from allegedly.systems.reading import Units, Words, paragraphs, read
from allegedly.systems.windows import LOOKS, PIECES, Pieces, windows
from allegedly.text.tokens import surfaces
from conftest import TEXT, make_article


class Tokenizer:
    """Two letters a piece; knows no figures."""

    unk_token_id, bos_token_id, eos_token_id = 3, None, None

    def __init__(self, specials: bool = True) -> None:
        self.cls_token_id, self.sep_token_id = (1, 2) if specials else (None, None)

    def __call__(self, texts, add_special_tokens):
        assert not add_special_tokens
        words = [t.removeprefix(" ") for t in texts]
        return {"input_ids": [[] if w.isdigit() else [9 + ord(c) for c in w[::2]] for w in words]}


def check(batch, units, tokenizer) -> list:
    pieces = Pieces(tokenizer)
    made = windows(batch, units, pieces)
    words = [pieces.of([w])[0] for a in batch.articles for w in surfaces(a.text, a.tokens)]
    seen = np.concatenate([w.tokens for w in made]) if made else np.zeros(0)
    assert seen.tolist() == units.positions().tolist()
    assert [r for w in made for r in w.rows.tolist()] == list(range(len(seen)))
    window_of = np.repeat(np.arange(len(made)), [len(w.rows) for w in made])
    for w in made:
        assert 0 < len(w.tokens) == len(w.first)
        assert len(w.looks) == len(w.pieces) <= PIECES
        assert all(0 <= look < LOOKS for look in w.looks)
        assert all(w.pieces[f : f + len(words[t])] == words[t] for t, f in zip(w.tokens, w.first, strict=True))
        assert len(set(np.searchsorted(batch.firsts, w.tokens, "right"))) == 1
    stops = np.cumsum(units.lengths)
    for start, end, stop in zip(units.starts, units.ends, stops, strict=True):
        size = len(pieces.start) + sum(map(len, words[start:end])) + len(pieces.end)
        if size <= PIECES:
            assert len(set(window_of[stop - (end - start) : stop])) == 1
    return made


TEXTS = st.lists(
    st.one_of(
        st.text("aZ 9“”\".\n😀'", max_size=300),
        st.lists(st.sampled_from(["said ", "x" * 30 + " ", "7 ", "“No,” ", "\n", "word " * 100]), max_size=12).map("".join),
    ),
    max_size=4,
)  # fmt: skip


@given(TEXTS, st.booleans(), st.data())
def test_every_token_of_every_unit_is_in_one_window(texts, specials, data) -> None:
    batch = read([make_article(t, f"a{n}") for n, t in enumerate(texts)], Words())
    check(batch, paragraphs(batch), Tokenizer(specials))
    inner = [
        (low + a, low + b)
        for low, high in zip(batch.firsts[:-1].tolist(), batch.firsts[1:].tolist(), strict=True)
        if high - low > 1
        for a, b in data.draw(st.lists(st.tuples(*[st.integers(0, high - low)] * 2), max_size=4))
        if a < b
    ]
    starts, ends = np.array(sorted(inner), np.int32).reshape(-1, 2).T
    check(batch, Units(starts, ends, 1), Tokenizer(specials))


def test_short_units_share_a_window_and_a_long_one_is_cut() -> None:
    batch = read([make_article(TEXT), make_article("word " * 390 + "\nEnd.", "a0002")], Words())
    sizes = [len(w.tokens) for w in check(batch, paragraphs(batch), Tokenizer())]
    assert sizes[0] > 40
    assert sizes[-1] > 2
    assert len(sizes) < 3 + 2 * 780 // PIECES


def test_a_unit_that_just_fits_is_whole() -> None:
    for specials, room in ((True, PIECES - 2), (False, PIECES)):
        for size, expected in ((room, 1), (room + 1, 2)):
            batch = read([make_article("a " * size)], Words())
            assert len(check(batch, paragraphs(batch), Tokenizer(specials))) == expected


def test_nothing_has_no_windows() -> None:
    for articles in ([], [make_article("")]):
        batch = read(articles, Words())
        assert check(batch, paragraphs(batch), Tokenizer()) == []


@pytest.mark.parametrize("name", ["encoder", "encoder:any/model"])
@pytest.mark.parametrize("trouble", ["absent", "broken"])
def test_without_the_extra_it_says_what_to_install(name, trouble, monkeypatch) -> None:
    if trouble == "absent":
        monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    else:
        monkeypatch.setitem(sys.modules, "allegedly.systems.network", None)
    for ask in (answers, get_system):
        with pytest.raises(EncoderMissingError, match=r"allegedly\[encoder\]"):
            ask(name, "extraction")


def test_a_cache_knows_the_model(tmp_path, monkeypatch) -> None:
    assert spec("encoder:any/model").split()[0] == "encoder:any/model"
    monkeypatch.setenv("ALLEGEDLY_ENCODER", "other/model")
    assert spec("encoder").split()[0] == "encoder:other/model"
    monkeypatch.setenv("ALLEGEDLY_ENCODER", str(tmp_path))
    seen = set()
    for content in ("1", "2"):
        (tmp_path / "config.json").write_text(content)
        assert spec("encoder") == spec(f"encoder:{tmp_path}")
        seen.add(spec("encoder"))
    assert len(seen) == 2
    assert all(s.startswith(f"encoder:{tmp_path.parent.name}/{tmp_path.name}@") for s in seen)
