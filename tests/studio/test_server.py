"""A real Label Studio: up, push, annotate in a browser, pull, agree, adjudicate, down; and what can go wrong on the way."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.studio
pytest.importorskip("label_studio_sdk")

from fixtures import client, corpus, faulty, gold_bytes, layer_path, studio, submit_predictions, through, title  # noqa: E402
from screen import chromium  # noqa: E402

from allegedly.schema import Attribution  # noqa: E402
from allegedly.store import Corpus, open_corpus, parse, surface  # noqa: E402
from allegedly.studio import StudioError, server  # noqa: E402
from allegedly.studio.client import Client, connect  # noqa: E402
from allegedly.studio.convert import read, results  # noqa: E402
from allegedly.studio.doctor import examine  # noqa: E402
from allegedly.studio.home import Home  # noqa: E402
from allegedly.studio.pull import fetch, load_raw, pull  # noqa: E402
from allegedly.studio.push import push  # noqa: E402
from conftest import annotated, make_article, write_corpus  # noqa: E402

ROOT = Path(__file__).parents[2]


def gold(corpus: Corpus) -> dict:
    return {a.id: {"gold": a.attributions} for a in corpus.articles()}


# ------------------------------------------------------------ the server


def test_up_again_gives_the_running_one_and_nothing_listens_elsewhere(studio) -> None:
    first = server.running(studio)
    started = time.monotonic()
    assert server.up(studio) == first
    assert time.monotonic() - started < 5
    listening = subprocess.run(
        ["ps", "-ww", "-p", str(first.pid), "-o", "args="], capture_output=True, text=True, check=True
    ).stdout
    assert "--internal-host 127.0.0.1" in listening
    login = studio.credentials()
    assert login["token"] not in listening
    assert login["password"] not in listening
    log = studio.log.read_text("utf-8", "replace")
    assert login["token"] not in log
    assert login["password"] not in log


def test_a_second_server_starts_from_the_template_within_25_seconds_and_a_taken_port_is_named(studio, tmp_path) -> None:
    taken = int(server.running(studio).url.rsplit(":", 1)[1])
    other = Home(tmp_path / "state", studio.cache)
    with pytest.raises(StudioError, match=f"port {taken} is taken"):
        server.up(other, port=taken)
    started = time.monotonic()
    found = server.up(other)
    took = time.monotonic() - started
    try:
        assert found.url != server.running(studio).url
        assert took < 25
        os.kill(found.pid, signal.SIGKILL)
        time.sleep(1)
        seen = {c.name: c for c in examine(other)}
        assert seen["server"].seen == "it died"
        assert "studio up" in seen["server"].mend
        with pytest.raises(StudioError, match="studio up"):
            connect(other)
        assert server.up(other).pid != found.pid  # the database is whole
    finally:
        assert server.down(other)
        assert not server.down(other)


def test_doctor_finds_what_was_broken(studio) -> None:
    assert all(c.well for c in examine(studio) if c.name not in ("project",))
    path = studio.state / "credentials.json"
    good = path.read_bytes()
    try:
        path.chmod(0o644)
        assert "chmod 600" in {c.name: c for c in examine(studio)}["credentials"].mend
        studio.write("credentials", json.loads(good) | {"token": "0" * 40})
        seen = {c.name: c for c in examine(studio)}
        assert not seen["token"].well
        with pytest.raises(StudioError, match="refuses the token"):
            connect(studio).projects()
    finally:
        path.write_bytes(good)
        path.chmod(0o600)


# ------------------------------------------------------------ out and back


def test_the_corpus_comes_back_byte_for_byte(studio, client, title, tmp_path) -> None:
    """Nested, discontinuous, shared spans, coordinations, sourceless, via, refers, kind and named, entities, positions, narrator."""
    ours = open_corpus(ROOT)
    articles = ours.annotated("test")
    done = push(client, articles, {a.id: {"gold": a.attributions} for a in articles}, title=title)
    assert len(done.added) == len(articles)
    assert push(client, articles, {}, title=title).there == [a.id for a in articles]
    submit_predictions(client, done.project)
    for folder in ("corpus", "annotations/gold"):
        (tmp_path / folder).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / folder).symlink_to(ROOT / folder)
    there = Corpus(tmp_path)
    pulled = pull(client, studio, there, done.project, title, "back")
    assert {o.status for o in pulled.outcomes} == {"new"}
    for article in articles:
        assert layer_path(there, "back", article.id).read_bytes() == gold_bytes(ours, article.id)
    assert {o.status for o in pull(client, studio, there, done.project, title, "back").outcomes} == {"same"}


NASTY = [
    "plain", "emoji 😀", "👩‍👩‍👧 family", "🇫🇷🇩🇪 flags", "e\u0301 combining", "é composed", "𝔐𝔞𝔱𝔥 astral", "日本語の文", "한국어 문장",
    "שלום עולם", "مرحبا بالعالم", "mixed عربي and latin", "tab\there", "no\u00a0break", "thin\u2009space", "line\u2028sep",
    "two  spaces   three", "<b>bold</b>", "<script>alert(1)</script>", "&amp; &lt; &#x41;", "a < b > c && d", '"quotes" \'and\' “curly” ‘single’',
    "back\\slash \\n", "{{ jinja }} ${js} $text", "soft\u00adhyphen", "ﬁ ligature", "ß Ǆ ŉ", "x" * 300, "para one\n\npara two", "½ ² ™ €",
]  # fmt: skip


def test_offsets_agree_with_the_live_server_on_thirty_nasty_texts(studio, client, title) -> None:
    """Words drawn in the browser after nasty ones come back at the offsets that Python counts."""
    texts = [
        f"Title {n}\n\n{nasty} Then Brok denied the dam would fail and {nasty} left.\n" for n, nasty in enumerate(NASTY)
    ]
    articles = [make_article(t, f"n{n:02}") for n, t in enumerate(texts)]
    project = push(client, articles, {}, title=title).project
    stored = {t.article: t.id for t in client.tasks(project)}
    login = studio.credentials()
    with chromium(client.url) as screen:
        screen.login(login["email"], login["password"])
        for article in articles:
            screen.open(project, stored[article.id])
            screen.mark("c", "the dam would fail")
            screen.choose("deny")
            screen.submit()
    seen = 0
    for task in load_raw(fetch(client, studio, project, title)):
        article = next(a for a in articles if a.id == task["data"]["article_id"])
        assert task["data"]["text"] == article.text
        found = read(article, task["annotations"][-1]["result"])
        assert not found.problems, (article.text, found.problems)
        (record,) = found.attributions
        start = article.text.index("the dam would fail")
        assert (record.claim.spans[0].start, record.claim.spans[0].end, record.stance) == (start, start + 18, "deny")
        seen += 1
    assert seen == len(NASTY) >= 25


TEXT = (
    "Port body denies second leak\n\nThe dock union says the Merrow had a second leak below the car deck.\n\n"
    "The Harbour Authority 😀 dismissed reports of a second leak as speculation.\n"
)


def test_a_person_annotates_from_nothing_and_then_edits(studio, client, title, tmp_path) -> None:
    there = Corpus(write_corpus(tmp_path / "c", [make_article(TEXT)]))
    project = push(client, there.articles(), {}, title=title, annotators=2).project
    (task,) = client.tasks(project)
    login = studio.credentials()
    with chromium(client.url) as screen:
        outside: list[str] = []
        screen.page.on(
            "request",
            lambda r: outside.append(r.url) if r.url.startswith("http") and not r.url.startswith(client.url) else None,
        )
        screen.login(login["email"], login["password"])
        screen.open(project, task.id)
        screen.mark("c", "the Merrow had a second leak below the car deck")
        screen.choose("assert")
        screen.mark("s", "The dock union")
        screen.choose("organization", "named")
        screen.mark("v", "says")
        screen.arrow("the Merrow", "The dock union")
        screen.arrow("the Merrow", "says")
        screen.mark("c", "reports of a second leak")
        screen.choose("deny")
        screen.mark("s", "The Harbour Authority")
        screen.choose("government", "named")
        screen.mark("v", "dismissed")
        screen.mark("v", "as speculation")
        for words in ("The Harbour", "dismissed", "as spec", "the Merrow"):
            screen.arrow("reports of", words)
        if shots := os.environ.get("ALLEGEDLY_SCREENSHOTS"):
            screen.click("reports of")
            screen.shot(Path(shots) / "annotating.png")
        screen.submit()
        first = pull(client, studio, there, project, title, "ines")
        assert [o.status for o in first.outcomes] == ["new"], first.outcomes[0].drawn.problems
        article = there.article("a0001", layer="ines")
        found = [
            [article.slice(s) for s in a.roles.values()] + [a.stance, a.source.kind, a.source.named]
            for a in article.attributions
        ]
        assert found == [
            [
                "The dock union",
                "says",
                "the Merrow had a second leak below the car deck",
                "assert",
                "organization",
                True,
            ],
            [
                "The Harbour Authority",
                "dismissed || as speculation",
                "reports of a second leak",
                "deny",
                "government",
                True,
            ],
        ]
        assert article.attributions[1].refers == article.attributions[0].id
        before = layer_path(there, "ines", "a0001").read_text("utf-8").splitlines()
        screen.open(project, task.id)
        screen.click("the Merrow")
        screen.choose("none")
        screen.submit()
        assert [o.status for o in pull(client, studio, there, project, title, "ines").outcomes] == ["updated"]
        after = layer_path(there, "ines", "a0001").read_text("utf-8").splitlines()
        assert [old == new for old, new in zip(before, after, strict=True)] == [False, True]
        assert before[0].replace('"stance":"assert"', '"stance":"none"') == after[0]
        assert outside == []


def test_a_submission_without_stance_is_refused_by_the_screen(studio, client, title) -> None:
    project = push(client, [make_article(TEXT)], {}, title=title).project
    (task,) = client.tasks(project)
    login = studio.credentials()
    with chromium(client.url) as screen:
        screen.login(login["email"], login["password"])
        screen.open(project, task.id)
        screen.mark("c", "the Merrow had")
        screen.page.keyboard.press("Escape")
        screen.page.locator("[data-testid=bottombar-submit-button]").click()
        screen.page.wait_for_selector("text=Every claim needs a stance", timeout=5000)
    assert client._raw("GET", f"tasks/{task.id}/annotations/") == []


# ------------------------------------------------------------ agreement and adjudication


def test_agreement_and_adjudication(studio, client, title, tmp_path) -> None:
    from allegedly.studio.adjudication import pull_gold, push_layers

    narrator = {
        "id": "n01", "source": {"spans": [], "kind": "narrator", "named": False}, "cue": {"spans": []},
        "claim": {"spans": [{"start": 0, "end": 4}]}, "stance": "assert", "positions": [{"proposition": "p1", "polarity": "+"}],
    }  # fmt: skip
    first = annotated()
    voice = surface(parse(Attribution, narrator, "n"), first.text)
    root = write_corpus(tmp_path / "c", [first.with_attributions((*first.attributions, voice)), annotated("a0002")])
    there = Corpus(root)
    names = ("one", "two")
    for name in names:
        for article in there.articles():
            plain = [
                a.model_copy(update={"positions": (), "source": a.source.model_copy(update={"entities": ()})})
                for a in article.attributed
            ]
            if name == "two":
                plain[2] = plain[2].model_copy(update={"stance": "assert"})
                plain = plain[:-1]
            from allegedly.store import write_records

            write_records(layer_path(there, name, article.id), plain)
    pushed = push_layers(client, there, names, ["a0001"], title)
    assert pushed.added == ["a0001"]
    (task,) = client._raw("GET", "tasks/", params={"project": pushed.project, "fields": "all"})["tasks"]
    assert sorted(p["model_version"] for p in task["predictions"]) == ["one", "two"]
    login = studio.credentials()
    if shots := os.environ.get("ALLEGEDLY_SCREENSHOTS"):
        with chromium(client.url) as screen:
            screen.login(login["email"], login["password"])
            screen.open(pushed.project, task["id"])
            screen.page.get_by_text("Compare All").click()
            screen.page.wait_for_timeout(2500)
            screen.shot(Path(shots) / "adjudicating.png")
    second = next(p for p in task["predictions"] if p["model_version"] == "two")
    note = {
        "id": "n",
        "from_name": "note",
        "to_name": "text",
        "type": "textarea",
        "value": {"text": ["the cue rejects nothing"]},
    }
    client._raw("POST", f"tasks/{task['id']}/annotations/", json={"result": [*second["result"], note]})
    refused = pull_gold(client, studio, there, None, title)
    assert "--replace" in str(refused.outcomes[0].drawn.problems[0])
    assert pull_gold(client, studio, there, ["a0002"], title, replace=True).outcomes == []
    done = pull_gold(client, studio, there, None, title, replace=True)
    assert [o.status for o in done.outcomes] == ["updated"]
    assert [a.stance for a in there.article("a0001").attributed] == [
        a.stance for a in there.article("a0001", layer="two").attributions
    ]
    log = [json.loads(x) for x in there.path("annotations", "adjudication.jsonl").read_text("utf-8").splitlines()]
    assert len(log) == 2  # the stance of one, and the line that only the first had
    assert {x["reason"] for x in log} == {"in Label Studio: the cue rejects nothing"}
    assert [x["gold"] is None for x in log] == [False, True]
    assert [o.status for o in pull_gold(client, studio, there, None, title).outcomes] == ["same"]
    assert [a.id for a in there.article("a0001").attributions if a.is_narrator] == ["n01"]  # it stays
    layer_path(there, "one", "a0001").write_bytes(layer_path(there, "two", "a0001").read_bytes())
    changed = pull_gold(client, studio, there, None, title, replace=True)
    assert "changed since the adjudicator saw it" in str(changed.outcomes[0].drawn.problems[0])
    layer_path(there, "one", "a0001").unlink()
    gone = pull_gold(client, studio, there, None, title, replace=True)
    assert "is not in this corpus" in str(gone.outcomes[0].drawn.problems[0])


# ------------------------------------------------------------ faults


def test_errors_of_the_server_are_tried_again_and_lost_answers_double_nothing(
    studio, through, faulty, corpus, title
) -> None:
    faulty.plan = [("GET /api/projects", 500), ("/import", "drop")]
    done = push(through, corpus.articles(), gold(corpus), title=title)
    assert faulty.plan == []
    assert sorted(t.article for t in through.tasks(done.project)) == ["a0001", "a0002", "a0003"]


def test_a_push_that_fails_says_so_and_the_next_completes_it(studio, client, through, faulty, corpus, title) -> None:
    faulty.plan = [("/import", 500)] * 3
    with pytest.raises(StudioError, match="answered 500: an error page"):
        push(through, corpus.articles(), gold(corpus), title=title)
    done = push(client, corpus.articles(), gold(corpus), title=title)
    assert done.added == ["a0001", "a0002", "a0003"]
    assert len(client.tasks(done.project)) == 3


def test_no_answer_in_time(through, faulty) -> None:
    faulty.plan = [("GET /api/projects", "hang")] * 3
    with pytest.raises(StudioError, match="no answer"):
        through.projects()


def test_a_pull_cut_short_leaves_layers_and_backups_as_they_were(
    studio, client, through, faulty, corpus, title
) -> None:
    done = push(client, corpus.articles(), gold(corpus), title=title)
    submit_predictions(client, done.project)
    kept = sorted(studio.backups.glob("*"))
    for act in ("cut", 500, "drop"):
        faulty.plan = [("/download", act)] * 3
        with pytest.raises(StudioError):
            pull(through, studio, corpus, done.project, title, "ines")
        assert not corpus.path("annotations", "layers").exists()
        assert sorted(studio.backups.glob("*")) == kept
        faulty.plan = []
    assert {o.status for o in pull(through, studio, corpus, done.project, title, "ines").outcomes} == {"new"}


def test_a_full_disk_for_the_backup(studio, client, corpus, title, monkeypatch) -> None:
    import gzip

    done = push(client, corpus.articles(), gold(corpus), title=title)
    submit_predictions(client, done.project)
    kept = sorted(studio.backups.glob("*"))

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(gzip, "open", full)
    with pytest.raises(StudioError, match=r"No space left on device; earlier backups are as they were"):
        pull(client, studio, corpus, done.project, title, "ines")
    monkeypatch.undo()
    assert sorted(studio.backups.glob("*")) == kept
    assert not corpus.path("annotations", "layers").exists()
    assert {o.status for o in pull(client, studio, corpus, done.project, title, "ines").outcomes} == {"new"}


def test_two_pulls_at_once(studio, client, corpus, title) -> None:
    from allegedly.studio.pull import one_at_a_time

    done = push(client, corpus.articles(), gold(corpus), title=title)
    submit_predictions(client, done.project)
    held, free = threading.Event(), threading.Event()

    def hold():
        with one_at_a_time(studio, "pull"):
            held.set()
            free.wait(20)

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait(5)
    with pytest.raises(StudioError, match="another push or pull is at work"):
        pull(client, studio, corpus, done.project, title, "ines")
    free.set()
    holder.join()
    assert {o.status for o in pull(client, studio, corpus, done.project, title, "ines").outcomes} == {"new"}


def test_the_server_dies_while_pushing_and_while_pulling(studio, corpus, title, tmp_path) -> None:
    other = Home(tmp_path / "state", studio.cache)
    found = server.up(other)
    try:
        client = connect(other)
        client.add, add = lambda *a: (os.kill(found.pid, signal.SIGKILL), time.sleep(0.5), add(*a)), client.add
        with pytest.raises(StudioError, match=r"connection to .* failed"):
            push(client, corpus.articles(), gold(corpus), title=title)
        server.up(other)
        client = connect(other)
        done = push(client, corpus.articles(), gold(corpus), title=title)
        assert len(client.tasks(done.project)) == 3
        submit_predictions(client, done.project)
        os.kill(server.running(other).pid, signal.SIGKILL)
        with pytest.raises(StudioError, match=r"connection to .* failed"):
            pull(client, other, corpus, done.project, title, "ines")
        assert not corpus.path("annotations", "layers").exists()
        server.up(other)
        assert {o.status for o in pull(connect(other), other, corpus, done.project, title, "ines").outcomes} == {"new"}
    finally:
        server.down(other)


def test_a_later_push_changes_nothing_that_it_does_not_name(studio, client, corpus, title) -> None:
    """Double annotation and shown predictions stay, and one project's exports clear no other's away."""
    first = push(client, corpus.articles()[:1], gold(corpus), title=title, annotators=2)
    push(client, corpus.articles(), {}, title=title)
    settings = client.sdk.projects.get(first.project)
    assert (settings.maximum_annotations, settings.show_collab_predictions) == (2, True)
    other = (
        studio.backups / f"{''.join(c if c.isalnum() else '-' for c in title)}-practice-20330101-000000-000000.json.gz"
    )
    other.parent.mkdir(exist_ok=True)
    other.write_bytes(b"x")
    from allegedly.studio import pull as pulling

    for _ in range(pulling.KEPT + 2):
        latest_export = fetch(client, studio, first.project, title)
        assert latest_export.exists()
    assert other.exists()


def test_one_name_for_two_annotators_is_refused_before_anything_is_written(studio, client, corpus, title) -> None:
    done = push(client, corpus.articles(), gold(corpus), title=title)
    submit_predictions(client, done.project)
    raw = load_raw(fetch(client, studio, done.project, title))
    raw[1]["annotations"][0]["completed_by"] = {"email": "bo@x.org"}

    def forged(project, to, patience=0):
        to.write_text(json.dumps(raw))

    client.export = forged
    with pytest.raises(StudioError, match="2 annotators"):
        pull(client, studio, corpus, done.project, title, "ines")
    assert not corpus.path("annotations", "layers").exists()


def test_an_edited_text_is_not_pushed_over_the_old_one(studio, client, corpus, title) -> None:
    push(client, corpus.articles(), {}, title=title)
    changed = (
        annotated("a0001", text=corpus.article("a0001").text.replace("Brill", "Brull"))
        if False
        else make_article("Other\n\nText.\n", "a0001")
    )
    done = push(client, [changed], {}, title=title)
    assert done.changed == ["a0001"]
    assert done.added == []


def test_what_the_server_accepts_we_refuse(studio, client, corpus, title) -> None:
    """The server takes any offsets, labels and arrows; the pull names each and writes the good article."""
    done = push(client, corpus.articles(), gold(corpus), title=title)
    first, second, third = sorted(client.tasks(done.project), key=lambda t: t.article)
    article = corpus.article("a0001")
    good = results(article, article.attributions)

    def spoiled(change):
        made = json.loads(json.dumps(good))
        change(made)
        return {"result": made}

    def everything(made):
        values = [r["value"] for r in made if r["type"] == "labels"]
        values[0] |= {"end": 10**6}
        values[1] |= {"start": values[1]["end"], "end": values[1]["start"]}
        values[2] |= {"start": str(values[2]["start"])}
        values[3] |= {"labels": ["<img src=x onerror=alert(1)>"]}
        made.append({"type": "relation", "from_id": "a01", "to_id": "nowhere", "direction": "right"})

    client._raw("POST", f"tasks/{first.id}/annotations/", json=spoiled(everything))
    client._raw("POST", f"tasks/{second.id}/annotations/", json={"result": good})
    many = [r | {"id": f"{r.get('id')}-{k}"} for k in range(300) for r in good if r["type"] == "labels"][:10_000]
    client._raw("POST", f"tasks/{third.id}/annotations/", json={"result": many})
    pulled = pull(client, studio, corpus, done.project, title, "ines")
    assert [o.status for o in sorted(pulled.outcomes, key=lambda o: o.article)] == ["refused", "new", "refused"]
    told = "\n".join(str(p) for p in pulled.of("refused")[0].drawn.problems)
    for words in ("outside the text", "must end after", "whole numbers", "expected one label", "not there"):
        assert words in told


def test_a_config_that_would_orphan_annotations_is_refused(studio, client, corpus, title, monkeypatch) -> None:
    from allegedly.studio import labelling

    done = push(client, corpus.articles(), gold(corpus), title=title)
    submit_predictions(client, done.project)
    changed = labelling.config().replace('value="deny"', 'value="reject"')
    monkeypatch.setattr(labelling, "config", lambda: changed)
    with pytest.raises(StudioError, match="stance: 'deny'"):
        push(client, corpus.articles(), {}, title=title)


# ------------------------------------------------------------ the command line, speed


def cli(studio: Home, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"ALLEGEDLY_STUDIO_HOME": str(studio.state), "ALLEGEDLY_STUDIO_CACHE": str(studio.cache)}
    done = subprocess.run(
        [sys.executable, "-m", "allegedly", *arguments],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done


def test_the_commands_from_push_to_contribute(studio, client, corpus, title) -> None:
    run = lambda *a: cli(studio, *a, cwd=corpus.root)  # noqa: E731
    (corpus.root / "annotations" / "guidelines.md").write_text((ROOT / "annotations/guidelines.md").read_text("utf-8"))
    assert "3 added" in run("studio", "push", "--split", "train", "--pre-annotate", "gold", "--project", title).stdout
    assert "0 added, 3 there already" in run("studio", "push", "--split", "train", "--project", title).stdout
    submit_predictions(client, int(client.project(title).id))
    before = run("validate").stdout
    done = run("studio", "pull", "--project", title)
    assert done.returncode == 0, done.stderr
    assert "3 new" in done.stdout
    assert "3 same" in run("studio", "pull", "--project", title).stdout
    who = studio.pseudonym(studio.credentials()["email"])
    assert run("validate").stdout == before  # three toy articles share a title; nothing else is found
    assert "are pre-annotations left untouched" in run("studio", "agree", "gold", who, "--project", title).stdout
    assert title in run("studio", "status").stdout
    assert ".sqlite3" in run("studio", "backup").stdout
    packed = run("contribute", who, "--name", "ines")
    assert "commit it" in packed.stdout, packed.stderr
    assert "sound" in run("contribute", "ines", "--check").stdout
    assert run("studio", "practice").returncode in (0, 2)


def test_watching_pulls_when_something_changed(studio, client, corpus, title) -> None:
    done = push(client, corpus.articles(), gold(corpus), title=title)
    environment = os.environ | {"ALLEGEDLY_STUDIO_HOME": str(studio.state), "ALLEGEDLY_STUDIO_CACHE": str(studio.cache)}
    watcher = subprocess.Popen(
        [sys.executable, "-m", "allegedly", "studio", "pull", "--as", "ines", "--watch", "--every", "2", "--project", title],
        cwd=corpus.root, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        for line in watcher.stdout:
            if "watching" in line:
                break
        submit_predictions(client, done.project)
        wanted = layer_path(corpus, "ines", "a0003")
        for _ in range(100):
            if wanted.exists():
                break
            time.sleep(0.2)
        assert wanted.read_bytes() == gold_bytes(corpus, "a0003")
    finally:
        watcher.send_signal(signal.SIGINT)
    assert watcher.wait(20) == 130
    assert "Traceback" not in watcher.stdout.read()


def test_the_practice_project_scores_itself(studio, client) -> None:
    from allegedly.studio.practice import TITLE, items, scored

    found = items(open_corpus(ROOT))
    if old := client.project(TITLE):
        client.remove(int(old.id))
    blank = [i.article.with_attributions(()) for i in found]
    project = push(client, blank, {}, title=TITLE).project
    assert list(scored(client, studio, project, found)) == ["nothing was submitted yet"]
    for task in client.tasks(project):
        item = next(i for i in found if i.article.id == task.article)
        answer = item.article.attributed[:-1] if task.article == "practice-03" else item.article.attributed
        client._raw("POST", f"tasks/{task.id}/annotations/", json={"result": results(item.article, answer)})
    told = "\n".join(scored(client, studio, project, found))
    assert told.count("all right") == 9
    assert told.count("missed: ") == 1
    assert "10 of 10 passages" in told


def test_a_thousand_articles_go_out_and_come_back_in_a_minute_each(studio, client, title, tmp_path) -> None:
    base = annotated()
    body = (base.text + "\n" + "Nothing was said about the weather, which was fine. " * 80)[:5000].strip() + "\n"
    articles = [annotated(f"k{n:04}", text=body) for n in range(1000)]
    there = Corpus(write_corpus(tmp_path / "c", articles))
    started = time.monotonic()
    push(client, articles, {a.id: {"gold": a.attributions} for a in articles}, title=f"{title} out")
    pushed = time.monotonic() - started
    from allegedly.studio.push import prepare, task

    project = prepare(client, title)
    for some in range(0, 1000, 100):
        made = [task(a, {"gold": a.attributions}) for a in articles[some : some + 100]]
        client.add(project, [m | {"annotations": [{"result": m["predictions"][0]["result"]}]} for m in made])
    code = (
        "import sys, resource, time\nfrom allegedly.studio import client, home, pull\nfrom allegedly.store import Corpus\n"
        "h = home.home(); c = client.connect(h); t = time.monotonic()\n"
        f"p = pull.pull(c, h, Corpus({str(there.root)!r}), {project}, {title!r}, 'ines')\n"
        "print(len(p.of('new')), time.monotonic() - t, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)\n"
    )
    environment = os.environ | {"ALLEGEDLY_STUDIO_HOME": str(studio.state), "ALLEGEDLY_STUDIO_CACHE": str(studio.cache)}
    told = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    ).stdout
    count, pulled, memory = map(float, told.split())
    print(f"push {pushed:.1f} s, pull {pulled:.1f} s, {memory:.0f} MB")
    assert count == 1000
    assert pushed < 60
    assert pulled < 60
    assert memory < 500


def test_a_client_of_another_machine_needs_its_token(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("ALLEGEDLY_STUDIO_URL", "http://localhost:1")
    monkeypatch.delenv("LABEL_STUDIO_API_KEY", raising=False)
    with pytest.raises(StudioError, match="LABEL_STUDIO_API_KEY"):
        connect(Home(tmp_path, tmp_path))
    with pytest.raises(StudioError, match="Is it up"):
        Client("http://localhost:1", "x" * 40, timeout=1).projects()
