"""A person at Label Studio's screen: logs in, drags over words, presses keys, draws arrows, submits. Chromium, headless."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FIND = """
([needle, nth]) => {
  const root = document.querySelector('.lsf-htx-richtext') || document.querySelector('[class*=richtext__container]');
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  const nodes = []; let text = '';
  while (walker.nextNode()) {
    const node = walker.currentNode;
    if (node.parentElement.closest('sup')) continue;
    nodes.push([node, text.length]); text += node.data;
  }
  let at = -1;
  for (let k = 0; k < nth; k++) at = text.indexOf(needle, at + 1);
  if (at < 0) return null;
  const place = (offset, end) => {
    for (const [node, start] of nodes)
      if (end ? offset > start && offset <= start + node.length : offset >= start && offset < start + node.length)
        return [node, offset - start];
  };
  const range = document.createRange();
  range.setStart(...place(at, false)); range.setEnd(...place(at + needle.length, true));
  range.startContainer.parentElement.scrollIntoView({block: 'center'});
  const rects = [...range.getClientRects()].filter(r => r.width > 0);
  const first = rects[0], last = rects[rects.length - 1];
  return [first.left, first.top + first.height / 2, last.right, last.top + last.height / 2];
}
"""


class Screen:
    def __init__(self, page: Any, url: str) -> None:
        self.page, self.url = page, url

    def login(self, email: str, password: str) -> None:
        self.page.goto(f"{self.url}/user/login/")
        self.page.fill("input[name=email]", email)
        self.page.fill("input[name=password]", password)
        self.page.click("button[type=submit]")
        self.page.wait_for_load_state("networkidle")
        settings = json.dumps({"selectAfterCreate": True, "showLabels": True})
        self.page.evaluate(f"localStorage.setItem('labelStudio:settings', {settings!r})")

    def open(self, project: int, task: int) -> None:
        self.page.goto(f"{self.url}/projects/{project}/data?task={task}")
        self.page.wait_for_selector(
            "[data-testid=bottombar-submit-button], [data-testid=bottombar-update-button]", timeout=60_000
        )
        self.page.wait_for_selector("[class*=richtext]")
        self.page.wait_for_timeout(700)

    def mark(self, key: str, words: str, nth: int = 1) -> None:
        """Press a label's key and drag over some words; the new region is selected."""
        self.page.keyboard.press("Escape")
        self.page.keyboard.press(key)
        self.page.wait_for_timeout(300)
        self.page.evaluate(FIND, [words, nth])
        self.page.wait_for_timeout(100)
        x0, y0, x1, y1 = self.page.evaluate(FIND, [words, nth])
        self.page.mouse.move(x0 + 1, y0)
        self.page.mouse.down()
        self.page.mouse.move((x0 + x1) / 2, (y0 + y1) / 2, steps=4)
        self.page.mouse.move(x1 - 1, y1, steps=6)
        self.page.mouse.up()
        self.page.wait_for_timeout(300)

    def choose(self, *values: str) -> None:
        for value in values:
            self.page.locator(f".lsf-choices input[name='{value}']").first.check(force=True)
            self.page.wait_for_timeout(200)

    def region(self, words: str, nth: int = 1) -> Any:
        return self.page.locator(".htx-highlight", has_text=words).nth(nth - 1)

    def click(self, words: str, nth: int = 1) -> None:
        self.page.evaluate(FIND, [words, nth])
        self.page.wait_for_timeout(200)
        x0, y0, _, _ = self.page.evaluate(FIND, [words, nth])
        self.page.mouse.click(x0 + 6, y0)
        self.page.wait_for_timeout(400)

    def arrow(self, origin: str, target: str) -> None:
        self.page.keyboard.press("Escape")
        self.click(origin)
        self.page.keyboard.press("Alt+r")
        self.page.wait_for_timeout(300)
        self.click(target)

    def submit(self) -> None:
        self.page.keyboard.press("Escape")
        button = self.page.locator("[data-testid=bottombar-submit-button], [data-testid=bottombar-update-button]").first
        with self.page.expect_response(
            lambda r: "/annotations" in r.url and r.request.method in ("POST", "PATCH"), timeout=30_000
        ):
            button.click()
        self.page.wait_for_timeout(200)

    def shot(self, path: Path) -> None:
        self.page.screenshot(path=str(path))


@contextlib.contextmanager
def chromium(url: str) -> Iterator[Screen]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        path = shutil.which("chromium") or shutil.which("chromium-browser")
        browser = play.chromium.launch(executable_path=path, args=["--no-sandbox"])
        page = browser.new_context(viewport={"width": 1500, "height": 950}).new_page()
        try:
            yield Screen(page, url)
        finally:
            browser.close()
