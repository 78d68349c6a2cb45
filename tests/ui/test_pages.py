"""Every page, light and dark: what it shows, that it is accessible, that it asks nobody else."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.browser

# Path (with ids of the store in braces), and what it must show.
PAGES = {
    "home": ("/", ["Saved by reuse", "Recent runs", "trial-2", "income"]),
    "experiments": ("/experiments", ["flow:adult", "sweep", "Default"]),
    "runs": ("/e/{experiment}", ["trial-23", "24 runs", "auc", "alpha"]),
    "runs-all": ("/runs", ["flow:wide", "sweep"]),
    "runs-charts": ("/e/{experiment}?charts=train/loss", ["train/loss", "20 runs"]),
    "runs-groups": ("/e/{experiment}?group=params.model", ["ridge", "forest", "boosting", "±"]),
    "run": ("/runs/{run}", ["trial-01", "forest", "stronger", "census", "core"]),
    "run-metrics": ("/runs/{run}?tab=metrics", ["train", "val", "0.8"]),
    "run-files": ("/runs/{run}?tab=artifacts&path=table.csv", ["report.md", "clerk"]),
    "run-image": ("/runs/{run}?tab=artifacts&path=plots/dot.png", ["dot.png"]),
    "run-logs": ("/runs/{run}?tab=logs&path=logs/stdout.txt", ["epoch 2"]),
    "run-lineage": ("/runs/{edited}?tab=lineage", ["features", "computed", "reused", "Why"]),
    "run-environment": ("/runs/{edited}?tab=environment", ["Versions"]),
    "compare": ("/compare?ids={run},{other}", ["trial-01", "trial-03", "model", "ridge"]),
    "compare-all": ("/compare?ids={run},{other}&all=1&turned=1", ["seed", "7"]),
    "compare-metrics": ("/compare?ids={run},{other}&tab=metrics", ["train/loss", "2 runs"]),
    "compare-parallel": ("/compare?ids={run},{other}&tab=parallel", ["Drag along an axis"]),
    "compare-scatter": ("/compare?ids={run},{other}&tab=scatter", ["Across"]),
    "compare-lineage": ("/compare?ids={first},{edited}&tab=lineage", ["part at", "bins"]),
    "studies": ("/studies", ["Pipeline"]),
    "study": ("/studies/{study}", ["Best trial", "History", "Share of the spread of roc_auc"]),
    "study-metric": ("/studies/{study}?metric=accuracy", ["Share of the spread of accuracy"]),
    "study-slices": ("/studies/{study}?tab=slices", ["later trials are warmer", "balanced"]),
    "study-trials": ("/studies/{study}?tab=trials", ["How", "0.1"]),
    "study-reused": ("/studies/{wider}", ["Saved by reuse", "48 of 60", "reused", "Leaderboard"]),
    "study-pareto": ("/studies/{study}?tab=pareto", ["On the front", "accuracy"]),
    "study-rungs": ("/studies/{halving}?tab=curves", ["Rungs", "n_estimators", "Stopped here"]),
    "study-race": ("/studies/{race}?tab=curves", ["stopped early", "mean over the folds"]),
    "study-whole": ("/studies/{study}?tab=curves", ["evaluated in full", "HalvingSearch"]),
    "study-parallel": ("/studies/{study}?tab=parallel", ["Drag along an axis"]),
    "lineage": ("/lineage", ["Begin with a name"]),
    "lineage-graph": ("/lineage?focus={edited}&up=20", ["features", "nodes", "Rebuild"]),
    "lineage-large": ("/lineage?focus={wide}&up=20", ["451 nodes"]),
    "lineage-version": ("/lineage?focus=income@champion", ["run", "Open the run"]),
    "lineage-operation": ("/lineage?focus=flow:score", ["score", "flow:score"]),
    "lineage-outline": ("/lineage?focus={edited}&up=20&view=outline", ["load", "score"]),
    "lineage-impact": ("/lineage?impact={study}", ["What depends on"]),
    "data": ("/data", ["census"]),
    "dataset": ("/data/census", ["8f1c2d3e"]),
    "dataset-version": ("/data/census/8f1c2d3e", ["income", "double", "training"]),
    "models": ("/models", ["income", "@champion"]),
    "models-logged": ("/models?tab=logged", ["model", "ready"]),
    "model": ("/models/income", ["v2", "v1", "@champion", "Promote"]),
    "models-removed": ("/models?tab=removed", ["old-income", "a test of removal"]),
    "model-about": ("/models/income?tab=about", ["50k", "Tags"]),
    "model-removed": ("/models/income?tab=removed", ["v3", "too slow", "Restore"]),
    "model-trail": ("/models/income?tab=trail", ["ada", "alias.set", "the first one"]),
    "version": ("/models/income/1", ["auc", "alpha", "trial-00", "Promote"]),
    "version-trail": ("/models/income/1?tab=trail", ["alias.set", "the first one"]),
    "debug": ("/models/line/1/debug", ["against line/2", "What to look at", "accuracy"]),
    "debug-wrong": ("/models/line/1/debug?tab=wrong", ["Worst slices", "Rows of wrong answers"]),
    "debug-curves": ("/models/line/1/debug?tab=curves", ["ROC", "Calibration"]),
    "debug-views": ("/models/line/1/debug?tab=views", ["Rows by their inputs, pca"]),
    "debug-none": ("/models/income/1/debug", ["Nobody has reported", "clew debug income/1"]),
    "deployments": ("/deployments", ["line/1", "served", "canary running", "ms"]),
    "deployment": (
        "/deployments/line",
        ["p95", "Throughput", "From the cache", "Mean reward", "0.9", "Canary", "127.0.0.1:5090"],
    ),
    "deployment-history": ("/deployments/line?tab=history", ["set", "a first try"]),
    "deployment-configuration": ("/deployments/line?tab=configuration", ["challenger"]),
    "predictions": ("/predictions", ["30 shown", "was 1", "line/2"]),
    "predictions-wrong": ("/predictions?judged=wrong&model=line", ["1 shown", "was 1"]),
    "prediction": (
        "/predictions/{prediction}",
        [
            "Where it comes from",
            "line v2",
            "a first try",
            "rows",
            "Row 28 of",
            "the customer called",
        ],
    ),
    "settings": ("/settings", ["sqlite", "MLFLOW_TRACKING_URI"]),
    "tokens": ("/settings?tab=tokens", ["New token"]),
    "trail": ("/settings?tab=trail", ["alias.set"]),
    "views": ("/settings?tab=views", ["Forests", "params.model"]),
    "appearance": ("/settings?tab=appearance", ["dark"]),
}


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_page(open_browser, site, name: str, theme: str) -> None:
    path, texts = PAGES[name]
    runs = site.ids["runs"]
    browser = open_browser(site, theme, inject=True)
    browser.open(path.format(**{**site.ids, "run": runs[1], "other": runs[3]}))
    for text in texts:
        browser.wait(text)
    browser.page.wait_for_timeout(150)
    browser.shot(f"{name}-{theme}")
    assert not browser.accessible()
    assert browser.page.title().endswith("clew")
    wide = browser.page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 1280, "the page is wider than the screen"


EMPTY = {
    "/": "clew demo",
    "/experiments": "Default",
    "/runs": "clew demo",
    "/studies": "clew.Search",
    "/lineage": "clew lineage last",
    "/data": "clew demo",
    "/models": "clew.log_model",
    "/models?tab=removed": "clew models restore NAME",
    "/compare": "No runs chosen",
    "/deployments": "clew serve NAME@champion",
    "/predictions": "clew serve NAME@champion",
    "/settings?tab=views": "No saved views",
}


@pytest.mark.parametrize("path", EMPTY)
def test_an_empty_page_names_the_next_command(open_browser, empty_site, path: str) -> None:
    browser = open_browser(empty_site, inject=True)
    browser.open(path)
    browser.wait(EMPTY[path])
    assert not browser.accessible()


def test_an_unknown_page_and_an_unknown_run_say_so(browser) -> None:
    browser.expected = "404"
    browser.open("/nothing/here")
    assert "There is no such page" in browser.text()
    browser.page.goto(browser.site.address + "/runs/01JZZZZZZZZZZZZZZZZZZZZZZZ")
    browser.page.wait_for_selector("[role=alert]")


def test_names_and_notes_are_text(browser) -> None:
    run = browser.site.ids["runs"][2]
    for path in ("/runs", f"/runs/{run}", f"/runs/{browser.site.ids['runs'][1]}"):
        browser.open(path)
        browser.wait("<img src=x")
        assert not browser.page.query_selector("img[src=x]")
        assert browser.page.title() != "taken"


def test_no_script_runs_but_our_own(browser) -> None:
    page = browser.open("/")
    browser.expected = "Content Security Policy|violates"
    page.evaluate(
        "() => { const s = document.createElement('script'); s.textContent = 'window.taken = 1';"
        " document.body.append(s); }"
    )
    assert page.evaluate("window.taken") is None
