"""The page in a real, headless Chromium: no request, no script but its own, keyboard, addresses, phone, dark."""

from __future__ import annotations

import shutil

import pytest

from allegedly.benchmark import run
from allegedly.report.site import site
from allegedly.results import append
from allegedly.store import Corpus
from conftest import TEXT, annotated, write_corpus

pytestmark = pytest.mark.slow
EVIL = "</script><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> str:
    """A page of two held-out articles whose text tries to run script, and has a character outside the 16-bit plane first."""
    folder = tmp_path_factory.mktemp("browser")
    text = TEXT.replace("\n", " 😀\n", 1) + f"\n\n{EVIL}\n"
    articles = [annotated(f"a{n:04}", f"s{n}", text=text, split="train" if n < 3 else "test") for n in range(1, 5)]
    corpus = Corpus(write_corpus(folder / "toy", articles))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        append(run(corpus, ["rules", "cue-only"], home=corpus.path("benchmarks"), draws=50), corpus.path("benchmarks"))
    (folder / "index.html").write_text(site(corpus), "utf-8")
    return (folder / "index.html").as_uri()


@pytest.fixture(scope="module")
def browser():
    sync = pytest.importorskip("playwright.sync_api")
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    with sync.sync_playwright() as play:
        made = play.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield made
        made.close()


@pytest.fixture
def page(browser, address):
    """A page that notes what it asks for and what goes wrong."""
    made = browser.new_page(viewport={"width": 1200, "height": 900})
    made.asked, made.wrong = [], []
    made.on("request", lambda r: made.asked.append(r.url))
    made.on("pageerror", lambda e: made.wrong.append(str(e)))
    made.on("dialog", lambda d: made.wrong.append(d.message))
    made.goto(address)
    yield made
    assert made.asked == [made.asked[0]], "only the page itself"
    assert made.wrong == []
    made.close()


def test_tabs_by_keyboard(page) -> None:
    assert page.locator(".panel:visible").count() == 1
    page.locator("nav.tabs a", has_text="stance").focus()
    page.keyboard.press("Enter")
    page.locator("#stance.panel").wait_for(state="visible")
    assert page.locator(".panel:visible").get_attribute("id") == "stance"
    assert page.locator("nav.tabs a[aria-current=true]").inner_text() == "stance"


def test_errors_are_reached_by_key_and_kept_in_the_address(page, browser) -> None:
    page.locator("nav.tabs a", has_text="errors").click()
    assert page.locator("#list button").count() > 0
    page.keyboard.press("j")
    chosen = page.locator("#list button[aria-pressed=true]")
    assert chosen.count() == 1
    here = page.url
    assert here.split("#")[1].startswith("errors/rules/a0003/")
    other = browser.new_page()
    other.goto(here)
    assert other.locator("#list button[aria-pressed=true]").inner_text() == chosen.inner_text()
    other.close()
    page.keyboard.press("n")
    assert "/a0004" in page.url


def test_filters_by_kind_and_slice(page) -> None:
    page.locator("nav.tabs a", has_text="errors").click()
    page.select_option("#kind", label="everything")
    everything = page.locator("#list button").count()
    page.select_option("#slice", label="mark:nested")
    nested = page.locator("#list button").count()
    assert 0 < nested < everything
    assert page.locator("#count").inner_text() == f"{nested} shown"


def test_offsets_are_code_points_and_texts_are_inert(page) -> None:
    page.locator("nav.tabs a", has_text="errors").click()
    shown = page.locator("#text").inner_text()
    assert "😀" in shown
    assert EVIL.split("<img")[0] in shown
    assert page.title().startswith("allegedly")
    page.select_option("#kind", label="everything")
    page.locator("#list button").nth(1).click()
    claim = page.locator("#text .g, #text .p").all_inner_texts()
    listed = page.locator("#list button").nth(1).inner_text()
    assert any(words and words in listed for words in claim)


def test_a_phone_and_the_dark(browser, address) -> None:
    for size, scheme in (((390, 800), "light"), ((1200, 900), "dark")):
        made = browser.new_page(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)
        for place in ("stance", "errors"):
            made.goto(f"{address}#{place}")
            made.reload()
            assert made.evaluate("document.documentElement.scrollWidth") <= size[0] + 1, (size, place)
        made.close()
