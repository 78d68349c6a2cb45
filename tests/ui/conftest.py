"""A served store in a real browser. What a page must never do fails every test that opens one."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
SHOTS = ROOT / "build/screenshots"
AXE = ROOT / "frontend/node_modules/axe-core/axe.min.js"
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
READY = "main h1, main .empty"


@dataclass
class Site:
    """A running server, and what its store holds."""

    address: str
    ids: dict[str, Any]


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[bool], Site]]:
    """Start a server on a store, filled or empty; end it with the session."""
    running: list[subprocess.Popen[str]] = []

    def start(filled: bool) -> Site:
        folder = tmp_path_factory.mktemp("site")
        home = {"HOME": str(folder), "CLEW_STORE": str(folder / "store")}
        environment = {**os.environ, **home, "OMP_NUM_THREADS": "1", "TZ": "UTC"}
        ids = {}
        if filled:
            fill = [sys.executable, str(Path(__file__).parent / "fill.py")]
            made = subprocess.run(
                fill, cwd=folder, env=environment, check=True, capture_output=True, text=True
            )
            ids = json.loads(made.stdout.splitlines()[-1])
        serve = [sys.executable, "-m", "clew", "server", "--port", "0"]
        server = subprocess.Popen(
            serve, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True
        )
        running.append(server)
        for line in server.stdout:
            found = re.search(r"http://127\.0\.0\.1:\d+", line)
            if found:
                return Site(found[0], ids)
        raise RuntimeError("the server ended before it was ready")

    yield start
    for server in running:
        server.terminate()
        server.stdout.close()
        server.wait()


@pytest.fixture(scope="session")
def site(place) -> Site:
    return place(True)


@pytest.fixture(scope="session")
def empty_site(place) -> Site:
    return place(False)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    program = next(filter(None, map(shutil.which, CHROMIUMS)), None)
    if not AXE.exists():
        pytest.fail("the web UI is not compiled: python3 dev.py browser")
    if program is None:
        missing = "Chromium is not installed (on Debian: apt install chromium)"
        pytest.fail(missing) if os.environ.get("CI") else pytest.skip(missing)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()


class Browser:
    """One page at a site. It notes errors, and requests to anywhere else."""

    def __init__(self, site: Site, page: Any) -> None:
        self.site = site
        self.page = page
        self.problems: list[str] = []
        self.expected = ""
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.problems.append(f"error: {error}"))
        page.on("request", self._asked)

    def _said(self, message: Any) -> None:
        if self.expected and re.search(self.expected, message.text):
            return
        if message.type in ("error", "warning"):
            self.problems.append(f"console: {message.text}")

    def _asked(self, request: Any) -> None:
        if not request.url.startswith((self.site.address + "/", "data:", "blob:")):
            self.problems.append(f"asked another host: {request.url}")

    def open(self, path: str) -> Any:
        self.page.goto(self.site.address + path)
        self.page.wait_for_selector(READY)
        self.page.wait_for_function("() => !document.querySelector('.skeleton')")
        return self.page

    def text(self) -> str:
        return self.page.inner_text("#app")

    def wait(self, text: str) -> None:
        """Wait until the page shows a text."""
        self.page.wait_for_function("text => document.body.innerText.includes(text)", arg=text)

    def search(self, name: str) -> str | None:
        """Return a part of the address's query."""
        return self.page.evaluate("n => new URLSearchParams(location.search).get(n)", name)

    def ask(self, path: str, method: str = "GET", body: object = None) -> Any:
        """Ask the server itself: our REST interface, unless the path names another."""
        request = urllib.request.Request(
            self.site.address + (path if path.startswith("/api/") else "/api/v1" + path),
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"content-type": "application/json"},
        )
        with urllib.request.urlopen(request) as answer:
            return json.loads(answer.read())

    def dialog(self, action: str, **fields: str) -> None:
        """Fill the fields of the dialog that is open, and do what it offers."""
        for name, value in fields.items():
            self.page.fill(f"dialog [name={name}]", value)
        self.page.click(f"dialog footer button:text-is('{action}')")

    def accessible(self) -> list[str]:
        """Return what axe finds wrong, one line each."""
        self.page.evaluate(AXE.read_text())
        return self.page.evaluate(
            "axe.run(document, {resultTypes: ['violations']}).then(r => r.violations.map("
            "v => v.id + ': ' + v.nodes.slice(0, 3).map(n => n.html.slice(0, 200)).join(' | ')))"
        )

    def shot(self, name: str) -> None:
        SHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SHOTS / f"{name}.png")


@pytest.fixture
def open_browser(chromium) -> Iterator[Callable[..., Browser]]:
    contexts, opened = [], []

    def start(site: Site, theme: str = "light", *, inject: bool = False) -> Browser:
        context = chromium.new_context(
            viewport={"width": 1280, "height": 800}, color_scheme=theme, bypass_csp=inject
        )
        contexts.append(context)
        opened.append(Browser(site, context.new_page()))
        return opened[-1]

    yield start
    problems = [problem for browser in opened for problem in browser.problems]
    for context in contexts:
        context.close()
    assert not problems


@pytest.fixture
def browser(open_browser, site: Site) -> Browser:
    return open_browser(site)
