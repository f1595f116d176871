"""Commands of Label Studio: `allegedly studio …`, and contribute."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from allegedly.cli.options import CorpusOption, SplitOption, app, open_from, say

if TYPE_CHECKING:
    from allegedly.schema import Article
    from allegedly.store import Corpus
    from allegedly.studio.pull import Pulled
    from allegedly.studio.push import Pushed

studio = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="rich",
    help="Annotate in a real Label Studio: up, push, pull, agree, adjudicate.\n\nStart with: [bold]make studio[/bold], or "
    "[bold]allegedly studio up[/bold], then [bold]allegedly studio push --split train[/bold]. Who does not want a server quotes: "
    "docs/annotators.md, allegedly anchor.",
)
app.add_typer(studio, name="studio")
ProjectOption = Annotated[str, typer.Option("--project", help="The project's title in Label Studio.")]
TITLE = "allegedly"


@studio.command()
def up(
    port: Annotated[Optional[int], typer.Option(help="Default: the first free one from 8080.")] = None,  # noqa: UP045
    database_url: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(
            envvar="ALLEGEDLY_STUDIO_DATABASE_URL",
            help="postgresql://USER:PASSWORD@HOST:PORT/NAME; default: SQLite. In a process list if typed here: better the variable.",
        ),
    ] = None,
) -> None:
    """Start a private Label Studio on this machine and print its address and login. The first time it is installed (minutes)."""
    from rich.console import Console

    from allegedly.studio import server
    from allegedly.studio.home import home

    here = home()
    console = Console(stderr=True)
    with console.status("…") as status:
        found = server.up(here, port, database_url, say=lambda text: status.update(text))
    login = here.credentials()
    print(f"Label Studio {found.version}: {found.url}\nlogin {login['email']}, password {login['password']}")
    say("next: allegedly studio push --split train; to stop: allegedly studio down")


@studio.command()
def down() -> None:
    """Stop the server. Work and login stay."""
    from allegedly.studio import server
    from allegedly.studio.home import home

    print("stopped" if server.down(home()) else "no server ran")


@studio.command()
def status() -> None:
    """What runs, and how far each project is."""
    from allegedly.studio.client import connect
    from allegedly.studio.home import home
    from allegedly.studio.server import running

    here = home()
    client = connect(here)
    found = running(here)
    print(f"Label Studio at {client.url}" + (f" (process {found.pid}); files in {here.state}" if found else ""))
    for project in client.projects():
        print(
            f"  {project.title}: {project.task_number} articles, {project.num_tasks_with_annotations} annotated, "
            f"{project.total_annotations_number} annotations"
        )
    print(f"to invite a further annotator: {client.invitation()}")


@studio.command()
def doctor() -> None:
    """Look for what can be wrong, and say how to mend it. Exit status 1 if anything is."""
    from allegedly.studio.doctor import examine
    from allegedly.studio.home import home

    bad = 0
    for check in examine(home()):
        print(
            f"{'ok ' if check.well else 'BAD'} {check.name}: {check.seen}"
            + (f"\n      mend: {check.mend}" if check.mend else "")
        )
        bad += not check.well
    raise typer.Exit(bool(bad))


@studio.command()
def backup() -> None:
    """Export every project and copy the database into the backups. Pulls keep a raw export by themselves."""
    from allegedly.studio import server
    from allegedly.studio.client import connect
    from allegedly.studio.home import home, private
    from allegedly.studio.pull import fetch

    here = home()
    client = connect(here)
    private(here.backups)
    for project in client.projects():
        print(fetch(client, here, int(project.id), str(project.title)))
    if here.read("server").get("database") == "postgresql":
        say("the database is PostgreSQL's: pg_dump copies it")
    elif (here.data / "label_studio.sqlite3").exists():
        target = here.backups / f"label_studio-{time.strftime('%Y%m%d-%H%M%S')}.sqlite3"
        server.backup_database(here, target)
        print(target)


@studio.command()
def push(
    articles: Annotated[list[str] | None, typer.Option("--articles", help="Ids; may be given several times.")] = None,
    split: SplitOption = None,
    files: Annotated[
        list[Path] | None,
        typer.Option("--files", help="Texts that are in no corpus; their layers go to annotations/unregistered."),
    ] = None,
    annotators: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(
            min=1, help="How many annotate each article, blind to each other; default: as it was, at first one."
        ),
    ] = None,
    pre_annotate: Annotated[
        str, typer.Option(help="none, a system (rules, linear, …), gold, or a layer's name.")
    ] = "none",
    project: ProjectOption = TITLE,
    corpus: CorpusOption = None,
) -> None:
    """Put articles into Label Studio. Running it again adds only what is missing.

    Pre-annotation saves time and biases agreement: `studio agree` says how much of it was left as it was.
    """
    from allegedly.studio.client import connect
    from allegedly.studio.home import home
    from allegedly.studio.onboarding import instruction
    from allegedly.studio.push import push as send

    opened = open_from(corpus)
    if not (articles or split or files):
        raise typer.BadParameter("name what to push: --articles, --split or --files")
    chosen = _chosen(opened, articles, split, files)
    layers = _layers(opened, chosen, pre_annotate)
    from allegedly.studio.pull import one_at_a_time

    client = connect(home())
    with one_at_a_time(home(), "push"), _progress("pushing", len(chosen)) as step:
        done = send(
            client, chosen, layers, title=project, annotators=annotators, instruction=instruction(opened), step=step
        )
    print(f"{done.url}: {len(done.added)} added, {len(done.there)} there already")
    _changed(done)


def _changed(done: Pushed) -> None:
    for name in done.changed:
        say(
            f"error: {name}: its task shows another text than the corpus has now; push it into a new project (--project)"
        )
    if done.changed:
        raise typer.Exit(1)


def _chosen(corpus: Corpus, names: list[str] | None, split: str | None, files: list[Path] | None) -> list[Article]:
    from allegedly.annotate import article_of
    from allegedly.schema import SPLITS
    from allegedly.store import UnknownIdError, read_text
    from allegedly.studio import StudioError
    from allegedly.studio.pull import known

    if split and split not in SPLITS:
        raise UnknownIdError("split", split, SPLITS)
    found = {a.id: a for a in [*map(corpus.article, names or ()), *(corpus.articles(split) if split else ())]}
    for path in files or ():
        article = article_of(path.stem, read_text(path))
        if article.id in found or known(corpus, article.id):
            raise StudioError(f"{path}: an article {article.id!r} is there already: rename the file")
        found[article.id] = article
    return list(found.values())


def _layers(corpus: Corpus, chosen: list[Article], name: str) -> dict[str, dict[str, Any]]:
    if name == "none":
        return {}
    if name == "gold":
        return {a.id: {"gold": a.attributions} for a in chosen if a.attributions}
    folder = corpus.path("annotations", "layers", name)
    if folder.is_dir():
        have = [a for a in chosen if (folder / f"{a.id}.jsonl").exists()]
        return {a.id: {name: corpus.article(a.id, layer=name).attributions} for a in have}
    from allegedly.models import trained

    say(f"pre-annotating with {name}")
    model = trained(name, corpus)
    found = model.system.predict([a.with_attributions(()) for a in chosen])
    return {a.id: {name: found.get(a.id, ())} for a in chosen}


@contextmanager
def _progress(what: str, total: int) -> Iterator[Any]:
    """A bar where a person looks on, silence where none does."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        job = bar.add_task(what, total=total)
        yield lambda n: bar.advance(job, n)


@studio.command()
def pull(
    as_: Annotated[
        str | None,
        typer.Option("--as", help="The layer's name, where one person annotated; default: a pseudonym for each."),
    ] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Go on: pull whenever something changed.")] = False,
    every: Annotated[float, typer.Option(min=2, help="With --watch: seconds between looks.")] = 20,
    project: ProjectOption = TITLE,
    corpus: CorpusOption = None,
) -> None:
    """Bring annotations back as layers: checked, each fault named with a link, what is good written, nothing doubled.

    The raw export is kept as a backup. Exit status 1 if an annotation was refused.
    """
    from allegedly.studio import StudioError
    from allegedly.studio.client import connect
    from allegedly.studio.home import home
    from allegedly.studio.pull import pull as fetch

    opened = open_from(corpus)
    here, client = home(), connect(home())
    found = client.project(project)
    if found is None:
        raise StudioError(f"there is no project {project!r}: allegedly studio push")
    last = client.last_change(int(found.id))
    done = fetch(client, here, opened, int(found.id), project, as_)
    _told(done)
    if watch:
        say(f"watching {project!r}; Ctrl+C ends it")
        while True:
            time.sleep(every)
            try:
                now = client.last_change(int(found.id))
                if now != last:
                    _told(fetch(client, here, opened, int(found.id), project, as_), quiet=True)
                    last = now
            except StudioError as error:
                say(f"{error}; still watching")
    if done.of("refused") or done.messages:
        raise typer.Exit(1)


def _told(done: Pulled, quiet: bool = False) -> None:
    for outcome in done.outcomes:
        drawn = outcome.drawn
        if outcome.status == "gone":
            say(f"{outcome.name}: its annotation is no longer in Label Studio; the layer was left as it is")
        elif not (quiet and outcome.status == "same"):
            origins = ", ".join(f"{n} {origin}" for origin, n in sorted(drawn.origins.items()))
            print(
                f"{outcome.status:8} {outcome.name}: {len(drawn.attributions)} attributions ({origins or 'no region'})"
            )
        for problem in drawn.problems:
            say(f"error: {outcome.name}: {problem} [{outcome.link}]")
        for note in drawn.notes:
            say(f"note: {outcome.name}: {note}")
        if drawn.removed:
            say(f"note: {outcome.name}: deleted by the annotator: {', '.join(drawn.removed)}")
        if drawn.comment:
            say(f"note: {outcome.name}: the annotator says: {drawn.comment}")
        if flags := [f for f in drawn.flags if f != "nothing to annotate"]:
            say(f"note: {outcome.name}: flagged {', '.join(flags)}")
    for message in done.messages:
        say(f"error: {message}")
    counts = ", ".join(f"{len(done.of(s))} {s}" for s in ("new", "updated", "same", "refused", "gone") if done.of(s))
    if counts or not quiet:
        print(f"{counts or 'no annotation yet'}; raw export: {done.backup}")


@studio.command()
def agree(
    layers: Annotated[
        list[str] | None, typer.Argument(help="Two layers; default: every two pulled ones that share articles.")
    ] = None,
    project: ProjectOption = TITLE,
    corpus: CorpusOption = None,
) -> None:
    """Agreement of pulled layers (Label Studio Community has none), and how much of each pre-annotation was left untouched."""
    from collections import Counter
    from itertools import combinations

    from rich.console import Console

    from allegedly import agreement
    from allegedly.report.agreement import table
    from allegedly.studio import StudioError
    from allegedly.studio.home import home
    from allegedly.studio.pull import origins

    opened = open_from(corpus)
    counts = origins(home(), project)
    names = layers or sorted({name.split("/")[0] for name in counts})
    shown = 0
    for left, right in combinations(names, 2):
        try:
            both = agreement.pairs(opened, left, right)
        except agreement.NoAgreementError:
            continue
        print(f"{left} / {right}")
        Console().print(table([agreement.agreement("all", both)]))
        shown += 1
    for name in names:
        total = Counter[str]()
        for layer, found in counts.items():
            if layer.split("/")[0] == name:
                total += found
        if total:
            predicted = total.get("prediction", 0)
            print(
                f"{name}: {predicted / sum(total.values()):.0%} of {sum(total.values())} regions are pre-annotations left untouched"
            )
    if not shown:
        raise StudioError(f"no two layers of {project!r} share an article: push with --annotators 2, and pull")


@studio.command()
def adjudicate(
    what: Annotated[
        str, typer.Argument(metavar="push|pull", help="Put both layers up, or bring the decisions back as gold.")
    ],
    layers: Annotated[
        list[str] | None, typer.Option("--layer", help="For push, twice; default: annotator-1, annotator-2.")
    ] = None,
    articles: Annotated[
        list[str] | None, typer.Option("--articles", help="Ids; default: every article that both layers hold.")
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Also where gold has positions, which are then lost.")
    ] = False,
    project: ProjectOption = "allegedly adjudication",
    corpus: CorpusOption = None,
) -> None:
    """Adjudicate on the screen: both layers side by side as predictions; pulled back as gold, with every decision recorded."""
    from allegedly.studio.adjudication import pull_gold, push_layers
    from allegedly.studio.client import connect
    from allegedly.studio.home import home

    names = layers or ["annotator-1", "annotator-2"]
    if len(names) != 2 or what not in ("push", "pull"):
        raise typer.BadParameter("expected push or pull, and two layers")
    opened = open_from(corpus)
    here, client = home(), connect(home())
    if what == "push":
        done = push_layers(client, opened, (names[0], names[1]), articles, project)
        print(f"{done.url}: {len(done.added)} added, {len(done.there)} there already")
        _changed(done)
        return
    pulled = pull_gold(client, here, opened, articles, project, replace)
    _told(pulled)
    if pulled.of("refused") or pulled.messages:
        raise typer.Exit(1)


@studio.command()
def practice(
    score: Annotated[bool, typer.Option("--score", help="Score what was submitted, and explain each miss.")] = False,
    corpus: CorpusOption = None,
) -> None:
    """Ten short passages to practise on. First without --score: it makes the project; annotate; then with --score."""
    from allegedly.studio import StudioError
    from allegedly.studio.client import connect
    from allegedly.studio.home import home
    from allegedly.studio.onboarding import instruction
    from allegedly.studio.practice import TITLE as PRACTICE
    from allegedly.studio.practice import items, scored
    from allegedly.studio.push import push as send

    opened = open_from(corpus)
    client = connect(home())
    found = items(opened)
    if not score:
        blank = [i.article.with_attributions(()) for i in found]
        done = send(client, blank, {}, title=PRACTICE, instruction=instruction(opened))
        print(f"{done.url}: {len(done.added)} passages added, {len(done.there)} there already")
        _changed(done)
        return
    project = client.project(PRACTICE)
    if project is None:
        raise StudioError("there is no practice project yet: allegedly studio practice")
    for line in scored(client, home(), int(project.id), found):
        print(line)


@studio.command()
def backend(
    system: Annotated[str, typer.Argument(help="rules, linear, or any registered system.")] = "rules",
    port: Annotated[int, typer.Option(help="Loopback alone.")] = 9090,
    connect_to: Annotated[
        str | None, typer.Option("--connect", metavar="PROJECT", help="Have this project ask it.")
    ] = None,
    corpus: CorpusOption = None,
) -> None:
    """Serve a system as an ML backend of Label Studio: predictions when an article is opened. Ctrl+C ends it."""
    from allegedly.models import trained
    from allegedly.studio import StudioError
    from allegedly.studio.backend import serve

    model = trained(system, open_from(corpus))
    say(model.about)
    if connect_to:
        import threading

        from allegedly.studio.client import connect
        from allegedly.studio.home import home

        client = connect(home())
        found = client.project(connect_to)
        if found is None:
            raise StudioError(f"there is no project {connect_to!r}: allegedly studio push")

        if not client.url.startswith(("http://localhost:", "http://127.0.0.1:")):
            raise StudioError(f"{client.url} could not reach a backend on this machine's loopback")

        def tell() -> None:
            time.sleep(2)  # the server asks back at once, so it has to answer already
            try:
                client.connect_backend(int(found.id), f"http://localhost:{port}", f"allegedly {system}")
            except StudioError as error:
                say(f"error: {error}")

        threading.Thread(target=tell, daemon=True).start()
    print(f"http://localhost:{port}", flush=True)
    serve(model.system.predict, f"allegedly-{system}", port)


@studio.command()
def page(corpus: CorpusOption = None) -> None:
    """Print the annotators' page (docs/annotators.md): settings, flow, keys, decision card."""
    from allegedly.studio.onboarding import page as made

    print(made(open_from(corpus)), end="")


@app.command()
def contribute(
    layer: Annotated[str, typer.Argument(help="A layer's name; with --check or --land a contribution's folder.")],
    name: Annotated[
        str | None, typer.Option("--name", help="How the contribution is called; default: as the layer.")
    ] = None,
    articles: Annotated[Optional[list[str]], typer.Option("--articles", help="Ids; default: the whole layer.")] = None,  # noqa: UP045
    pre_annotated: Annotated[str, typer.Option(help="The system whose pre-annotation was mended, or no.")] = "no",
    check: Annotated[bool, typer.Option("--check", help="Check a contribution instead.")] = False,
    land: Annotated[bool, typer.Option("--land", help="Make a layer of a checked contribution instead.")] = False,
    corpus: CorpusOption = None,
) -> None:
    """Pack a layer for a pull request: quote drafts that read well in a diff, and who made them on which texts.

    Example: allegedly contribute ls-1f0c22ab90 --name ines && git add annotations/contributions/ines
    """
    from allegedly import contribute as contribution

    opened = open_from(corpus)
    if check or land:
        folder = Path(layer) if Path(layer).is_dir() else opened.path(*contribution.FOLDER, layer)
        problems = contribution.check(opened, folder)
        for problem in problems:
            say(f"error: {problem}")
        if problems:
            raise typer.Exit(1)
        made = contribution.land(opened, folder) if land else []
        print(
            f"{folder.name}: {contribution.drafts(folder)} attributions, sound"
            + (f"; {len(made)} layers written" if land else "")
        )
        return
    out = contribution.pack(opened, layer, name, articles or (), pre_annotated)
    if problems := contribution.check(opened, out):
        raise contribution.ContributionError("\n".join(problems))
    print(f"{out}: {contribution.drafts(out)} attributions; commit it and open a pull request")
