"""`encoder` with tiny models made here: it learns, answers alike after saving, and goes on where it was cut off."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")

import tokenizers
import torch
import transformers

from allegedly.evaluation import evaluate
from allegedly.store import open_corpus
from allegedly.systems import get_system
from allegedly.systems import network as n
from allegedly.systems.encoder import Encoder, EncoderMissingError
from allegedly.systems.linear import _training
from allegedly.systems.reading import Words, paragraphs, read
from allegedly.systems.windows import Pieces, windows
from allegedly.tasks import get_task
from conftest import TEXT, annotated, make_article

pytestmark = pytest.mark.slow

TASKS = ("extraction", "detection", "stance")
TRAIN = open_corpus(Path(__file__).parents[2]).annotated("train")[:4]
FEW = [annotated(f"a{i}", f"s{i}", TEXT + f"\nThe next ferry is number {i}.\n") for i in range(4)]
MANY = [annotated(f"a{i:02}", f"s{i:02}", TEXT + f"\nThe next ferry is number {i}.\n") for i in range(12)]
SIZES = {
    "hidden_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 128,
    "initializer_range": 0.1,
}
SPECIAL = {"unk_token": "[UNK]", "sep_token": "[SEP]", "pad_token": "[PAD]", "cls_token": "[CLS]", "mask_token": "[MASK]"}  # fmt: skip


def pretrained(folder: Path, kind: str = "bert", cased: bool = False) -> str:
    """An encoder that nobody trained, with a vocabulary of the training texts."""
    texts = [a.text for a in (*TRAIN, *FEW)]
    if kind == "roberta":
        bpe = tokenizers.ByteLevelBPETokenizer(add_prefix_space=True)
        bpe.train_from_iterator(texts, 600, special_tokens=["<s>", "<pad>", "</s>", "<unk>", "<mask>"])
        names = {"bos_token": "<s>", "eos_token": "</s>", "cls_token": "<s>", "sep_token": "</s>"}
        fast = transformers.PreTrainedTokenizerFast(
            tokenizer_object=bpe._tokenizer, unk_token="<unk>", pad_token="<pad>", mask_token="<mask>", **names
        )
    else:
        pieces = tokenizers.BertWordPieceTokenizer(lowercase=not cased)
        pieces.train_from_iterator(texts, 800)
        pieces._tokenizer.post_processor = None
        fast = transformers.PreTrainedTokenizerFast(tokenizer_object=pieces._tokenizer, **SPECIAL)
    fast.save_pretrained(folder)
    more = {"electra": {"embedding_size": 16}}.get(kind, {})
    config = transformers.AutoConfig.for_model(
        kind, vocab_size=len(fast), max_position_embeddings=200, pad_token_id=fast.pad_token_id, **SIZES, **more
    )
    torch.manual_seed(0)
    transformers.AutoModel.from_config(config).save_pretrained(folder)
    return str(folder)


@pytest.fixture(scope="module")
def bert(tmp_path_factory) -> str:
    return pretrained(tmp_path_factory.mktemp("bert"))


@pytest.fixture(autouse=True)
def tiny(bert, tmp_path, monkeypatch) -> Path:
    """Fast to fit; checkpoints in a folder of the test's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("ALLEGEDLY_ENCODER", bert)
    monkeypatch.setattr(Encoder, "bits", 12)
    monkeypatch.setattr(Encoder, "epochs", 3)
    monkeypatch.setattr(n, "BATCH", 2)
    return tmp_path / "cache" / "allegedly" / "encoder"


def fitted(articles=FEW, seed: int = 0, task: str = "extraction") -> Encoder:
    return Encoder(task, seed).fit(articles)


def weights(system: Encoder) -> dict:
    return system._network.state_dict()


def same(one: dict, two: dict) -> bool:
    return one.keys() == two.keys() and all(torch.equal(one[k], two[k]) for k in one)


def blank(articles) -> list:
    return [a.with_attributions(()) for a in articles]


def test_one_fit_answers_every_task() -> None:
    system = fitted()
    for task in TASKS:
        predictions = system.for_task(task).predict(FEW)
        assert evaluate(get_task(task), FEW, predictions).missing == 0
        assert get_system("encoder", task).fit(FEW).predict(FEW) == predictions


def test_stance_does_not_depend_on_what_was_read_before() -> None:
    system = fitted(TRAIN[:2])
    alone = system.for_task("stance").predict(TRAIN[:2])
    both = system.for_task("stance")
    both.for_task("extraction").predict(TRAIN[:2])
    assert both.predict(TRAIN[:2]) == alone
    assert both._stance._seen is None
    assert both._stance._owner is both
    said = n.stances(system._network, [torch.randn(9, 64)], [n.Ask(0, (1, 2), ()), n.Ask(0, (), (3,))])
    assert said.shape == (2, 3)
    assert np.allclose(np.exp(said).sum(1), 1, atol=1e-5)


def test_a_seed_decides_and_a_second_fit_forgets_the_first() -> None:
    one, two, other = fitted(), fitted(), fitted(seed=1)
    assert same(weights(one), weights(two))
    assert one.predict(blank(FEW)) == two.predict(blank(FEW))
    assert not same(weights(one), weights(other))
    two.fit(TRAIN[:2]).fit(FEW)
    assert same(weights(one), weights(two))
    made, _ = tagging(FEW, two)
    exact, fast = (n.read(network, made).scores for network in (one._fast, two._fast))
    assert all(np.array_equal(a, b) for a, b in zip(exact, fast, strict=True))


@pytest.mark.parametrize("kind", ["bert", "roberta", "electra", "distilbert"])
def test_any_encoder_by_name_and_the_same_once_saved(kind, tmp_path) -> None:
    folder = pretrained(tmp_path / "model", kind, cased=True)
    (home := tmp_path / "saved").mkdir()
    system = get_system(f"encoder:{folder}", "extraction").fit(FEW)
    system.save(home)
    read_back = type(system).load(home)
    assert same(weights(system), weights(read_back))
    for task in TASKS:
        assert read_back.for_task(task).predict(FEW) == system.for_task(task).predict(FEW)
    file = home / "encoder" / "network.safetensors"
    file.write_bytes(file.read_bytes()[:-9])
    with pytest.raises(ValueError, match="cannot be read"):
        Encoder.load(home)


class Cut(Exception):
    pass


@pytest.fixture
def steps(monkeypatch) -> list[int]:
    """Every step taken; the fit is cut off before the step whose number stands first, negative."""
    taken: list[int] = []
    loss = n.loss

    def counted(*given):
        if taken and taken[0] == -len(taken):
            raise Cut
        taken.append(len(taken) + 1)
        return loss(*given)

    monkeypatch.setattr(n, "loss", counted)
    monkeypatch.setattr(n, "SAVE", -1.0)
    return taken


@pytest.mark.parametrize("share", [0.1, 1 / 3, 0.5, 0.95])
def test_a_fit_that_was_cut_off_goes_on_to_the_same_weights(share, steps, tiny, monkeypatch) -> None:
    def grown(network, held):
        return 1 / (1 + network.looks.weight.abs().sum().item())  # so the first epoch is the best

    monkeypatch.setattr(n, "held_out", grown)
    whole = fitted(MANY)
    total = len(steps)
    assert list(tiny.iterdir()) == []
    stop = round(share * total)
    steps[:] = [-stop - 1]
    with pytest.raises(Cut):
        fitted(MANY)
    assert len(list(tiny.iterdir())) == 1
    steps.clear()
    again = fitted(MANY)
    assert len(steps) == total - stop
    assert same(weights(whole), weights(again))
    assert list(tiny.iterdir()) == []


@pytest.mark.parametrize("trouble", ["garbage", "short", "flipped", "other"])
def test_a_checkpoint_that_cannot_be_read_is_begun_anew(trouble, steps, tiny) -> None:
    whole = fitted()
    total = len(steps)
    steps[:] = [-4]
    with pytest.raises(Cut):
        fitted()
    (file,) = tiny.iterdir()
    data = file.read_bytes()
    half = len(data) // 2
    torch.save({"epoch": 2}, file)
    wrong = {"garbage": b"garbage", "short": data[:half], "flipped": data[:half] + bytes(200) + data[half + 200 :]}
    file.write_bytes(wrong.get(trouble, file.read_bytes()))
    steps.clear()
    assert same(weights(whole), weights(fitted()))
    assert len(steps) == total


def test_a_cache_that_cannot_be_written_costs_nothing(steps, tiny) -> None:
    whole = fitted()
    tiny.rmdir()
    tiny.write_text("a file where the folder should be")
    assert same(weights(whole), weights(fitted()))


@pytest.mark.parametrize(
    ("scores", "ran", "best"),
    [([0.1, 0.5, 0.4, 0.5, 0.9, 0.9], 4, 2), ([0, 0, 0, 0.2, 0.3, 0.1], 6, 5), ([0] * 6, 6, 6), ([0.1, 0, 0], 3, 1)],
)
def test_it_stops_when_nothing_is_gained_and_keeps_the_best(scores, ran, best, monkeypatch) -> None:
    seen: list[dict] = []

    def held_out(network, held):
        seen.append({k: v.clone() for k, v in network.state_dict().items()})
        return scores[len(seen) - 1]

    monkeypatch.setattr(n, "held_out", held_out)
    monkeypatch.setattr(Encoder, "epochs", 6)
    system = fitted()
    assert len(seen) == ran
    assert same(weights(system), seen[best - 1])


def test_few_stories_are_all_learned_from_to_the_end(monkeypatch) -> None:
    held: list[int] = []
    monkeypatch.setattr(n, "held_out", lambda network, part: held.append(len(part.windows)) or 0.0)
    fitted(FEW)
    assert held == [0, 0, 0]
    fitted(MANY)
    assert held[3] > 0


def tagging(articles, system):
    """The windows of some articles at depth 0 and their gold labels."""
    batch = read(articles, Words())
    labels = _training(batch)[1]
    made = windows(batch, paragraphs(batch), system._pieces)
    return made, np.concatenate([labels[0][w.tokens] for w in made])


def test_it_learns_and_eight_bits_say_nearly_the_same(monkeypatch) -> None:
    monkeypatch.setattr(Encoder, "epochs", 30)
    monkeypatch.setattr(n, "RATE", 2e-3)
    monkeypatch.setattr(n, "HEAD_RATE", 5e-3)
    monkeypatch.setenv("ALLEGEDLY_ENCODER_INT8", "1")
    system = fitted(TRAIN[:3])
    made, gold = tagging(TRAIN[:3], system)
    exact, fast = (
        np.concatenate([s.argmax(1) for s in n.read(network, made).scores])
        for network in (system._network, system._fast)
    )
    right = ((exact == gold) & (gold > 0)).sum()
    assert 2 * right / ((exact > 0).sum() + (gold > 0).sum()) > 0.9
    assert (exact == fast).mean() > 0.97
    assert system._fast is not system._network
    stances = system.for_task("stance").predict(TRAIN[:3])
    assert np.mean([stances[i.id].label == i.answer for a in TRAIN[:3] for i in get_task("stance").items(a)]) > 0.9


def test_articles_without_tokens_and_odd_ones() -> None:
    empty = make_article("", "a0009")
    system = fitted([*FEW, empty])
    odd = [
        make_article(t, f"b{i}") for i, t in enumerate(["", "?!", "x" * 5000, "word " * 2000, "😀\n\n😀", "A\n" * 500])
    ]
    for articles in ([], [empty], odd):
        assert system.predict(articles).keys() == {a.id for a in articles}
        assert system.for_task("stance").predict(articles) == {}
    for nothing in ([], [empty]):
        assert fitted(nothing).predict([empty]) == {"a0009": ()}


def test_a_model_that_cannot_be_had_is_said_before_anything_is_learned(tmp_path, monkeypatch) -> None:
    seq2seq = tmp_path / "t5"
    sizes = {"d_model": 16, "d_kv": 8, "d_ff": 16, "num_layers": 1, "num_heads": 2, "vocab_size": 900}
    pretrained(seq2seq)
    transformers.AutoModel.from_config(transformers.T5Config(**sizes)).save_pretrained(seq2seq)
    monkeypatch.setattr("allegedly.systems.tagger.Tagger.fit", None)
    for model in (tmp_path / "none", tmp_path, seq2seq):
        with pytest.raises(EncoderMissingError, match=f"{model} cannot be loaded: .+"):
            get_system(f"encoder:{model}", "stance").fit(FEW)


def test_padding_and_company_do_not_change_what_is_said() -> None:
    system = fitted()
    made, _ = tagging(TRAIN, system)
    together = n.read(system._network, made, vectors=True)
    for number in (0, len(made) - 1):
        alone = n.read(system._network, [made[number]], vectors=True)
        assert np.allclose(alone.scores[0], together.scores[number], atol=1e-4)
        assert torch.allclose(alone.hidden[0], together.hidden[number], atol=1e-4)


def test_words_stay_where_they_were_pretrained(bert) -> None:
    before = transformers.AutoModel.from_pretrained(bert).get_input_embeddings().weight
    network = fitted()._network
    assert torch.equal(network.encoder.get_input_embeddings().weight, before)
    assert Pieces(transformers.AutoTokenizer.from_pretrained(bert)).of(["leak", "zzz😀"])[0]
