"""What people do in the web UI: by keyboard, by mouse, while work goes on."""

from __future__ import annotations

import secrets

import pytest

pytestmark = pytest.mark.browser


def runs_page(browser, query: str = "", shown: str = "24 runs"):
    page = browser.open(f"/e/{browser.site.ids['experiment']}{query}")
    browser.wait(shown)
    return page


def test_the_palette_finds_and_goes(browser) -> None:
    page = browser.open("/")
    page.keyboard.press("Control+k")
    page.keyboard.type("trial-05")
    browser.wait("trial-05")
    page.wait_for_selector(".palette-item:has-text('trial-05')")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    page.wait_for_url("**/runs/*")
    browser.wait("trial-05")


def test_what_is_typed_right_after_the_palettes_key_goes_into_it(browser) -> None:
    page = browser.open("/")
    focused = page.evaluate(
        """async () => {
          const chord = { key: "k", ctrlKey: true, bubbles: true };
          document.body.dispatchEvent(new KeyboardEvent("keydown", chord));
          for (let turn = 0; turn < 10; turn += 1) await null; // Before anything is painted.
          return document.activeElement.className;
        }"""
    )
    assert focused == "palette-input"


def test_keys_go_to_pages_and_list_themselves(browser) -> None:
    page = browser.open("/")
    page.keyboard.press("g")
    page.keyboard.press("m")
    page.wait_for_url("**/models")
    page.keyboard.press("?")
    browser.wait("search and go")
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog", state="detached")


def test_the_table_works_by_keyboard(browser) -> None:
    page = runs_page(browser)
    page.focus("[aria-label=Runs][role=region]")
    for key in ("ArrowDown", "x", "ArrowDown", "x"):
        page.keyboard.press(key)
    browser.wait("2 selected")
    browser.shot("runs-selected")
    page.keyboard.press("c")
    page.wait_for_url("**/compare?ids=*")
    assert len(browser.search("ids").split(",")) == 2
    page.go_back()
    browser.wait("24 runs")
    page.focus("[aria-label=Runs][role=region]")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/runs/*")


def test_filter_order_and_back(browser) -> None:
    page = runs_page(browser)
    page.keyboard.press("/")
    page.keyboard.type("params.model = 'ridge' and metrics.auc > 0.85")
    page.keyboard.press("Enter")
    browser.wait("4 runs")
    assert "ridge" in browser.search("filter")
    page.click("th button:has-text('auc')")
    page.wait_for_function("() => location.search.includes('sort')")
    first = page.wait_for_selector("tbody tr[aria-rowindex='2'] th:has-text('trial-21')")
    assert first
    page.go_back()
    browser.wait("24 runs")


def test_a_filter_that_cannot_be_read_is_explained(browser) -> None:
    browser.expected = "400"
    page = runs_page(browser)
    page.fill("[data-filter]", "metrics.auc >")
    page.keyboard.press("Enter")
    page.wait_for_selector("[role=alert]")
    assert page.get_attribute("[data-filter]", "aria-invalid") == "true"


def test_columns_are_chosen_and_remembered(browser) -> None:
    page = runs_page(browser)
    page.click("button:has-text('Columns')")
    page.fill("[aria-label='Find a column']", "seed")
    page.click(".menu label:has-text('seed')")
    page.wait_for_selector("th:has-text('seed')")
    chosen = browser.search("cols")
    assert "params.seed" in chosen
    page.keyboard.press("Escape")
    runs_page(browser)
    page.wait_for_selector("th:has-text('seed')")


def test_notes_are_a_column(browser) -> None:
    page = runs_page(browser)
    page.click("button:has-text('Columns')")
    page.fill("[aria-label='Find a column']", "notes")
    page.click(".menu label:has-text('Notes')")
    page.wait_for_selector("th:has-text('Notes')")
    assert "tags.mlflow.note.content" in browser.search("cols")
    page.wait_for_selector("td:has-text('## Plan Try')")


def test_a_column_shows_the_best_value(browser) -> None:
    page = runs_page(browser, "?cols=metrics.train/loss")
    page.click("th .pick")
    page.click("label:has-text('The greatest')")
    page.click("dialog button:has-text('Show')")
    page.wait_for_function("() => location.search.includes('max')")
    page.wait_for_selector("th .pick:has-text('max')")


def test_differences_hide_what_all_runs_share(browser) -> None:
    page = runs_page(browser, "?cols=params.seed,params.model")
    page.wait_for_selector("th:has-text('seed')")
    page.click("button:has-text('Differences')")
    page.wait_for_selector("th:has-text('seed')", state="detached")
    assert page.query_selector("th:has-text('model')")


def test_a_group_unfolds_into_mean_and_traces(browser) -> None:
    page = runs_page(browser, "?group=params.model&cols=metrics.train/loss")
    page.click("button:has-text('forest')")
    page.wait_for_selector(".uplot")
    browser.wait("8 runs")
    browser.shot("runs-group-open")


def test_many_runs_are_tagged_deleted_and_restored(browser) -> None:
    page = runs_page(browser, "?filter=params.alpha = '10.0'", "6 runs")
    page.click("[aria-label='Select all rows']")
    browser.wait("6 selected")
    page.click(".selection-bar button:has-text('Tag')")
    page.fill("dialog [name=key]", "seen")
    page.fill("dialog [name=value]", "yes")
    page.click("dialog button.primary")
    browser.wait("Tagged 6 runs")
    found = browser.ask("/runs?filter=tags.seen%20%3D%20%27yes%27")
    assert found["total"] == 6
    page.click("[aria-label='Select all rows']")
    page.click(".selection-bar button:has-text('Delete')")
    browser.wait("Deleted 6 runs")
    browser.wait("No run matches")
    page.select_option("[aria-label='Which runs']", "deleted")
    browser.wait("6 runs")
    page.click("[aria-label='Select all rows']")
    page.click(".selection-bar button:has-text('Restore')")
    browser.wait("Restored 6 runs")
    runs_page(browser)


def test_csv_holds_what_the_table_shows(browser) -> None:
    page = runs_page(browser, "?cols=params.model,metrics.auc")
    with page.expect_download() as waiting:
        page.click("a:has-text('CSV')")
    lines = waiting.value.path().read_text().splitlines()
    assert len(lines) == 25
    assert "params.model" in lines[0] and "metrics.auc" in lines[0]


def test_a_short_link_leads_to_the_view(browser) -> None:
    runs_page(browser, "?group=params.model")
    made = browser.ask("/views", "POST", {"location": "/experiments?q=sweep", "name": "Sweeps"})
    page = browser.open(f"/v/{made['id']}")
    page.wait_for_url("**/experiments?q=sweep")
    browser.open("/settings?tab=views")
    browser.wait("Sweeps")


def test_a_note_is_written_and_drawn(browser) -> None:
    page = browser.open(f"/runs/{browser.site.ids['runs'][4]}")
    page.click("button:has-text('Write')")
    page.fill("textarea", "# Found\nthe **cause**")
    page.click("button:has-text('Save')")
    page.wait_for_selector(".prose strong:has-text('cause')")
    page.reload()
    page.wait_for_selector(".prose strong:has-text('cause')")


def test_a_live_run_shows_what_it_logs(browser) -> None:
    run = browser.site.ids["runs"][-1]
    page = browser.open(f"/runs/{run}")
    page.wait_for_selector(".live-dot.on")
    point = {"run_id": run, "key": "live/loss", "value": 0.125, "timestamp": 1, "step": 1}
    browser.ask("/api/2.0/mlflow/runs/log-metric", "POST", point)
    browser.wait("live/loss")
    browser.wait("0.125")


def test_a_version_is_promoted_with_its_reason(browser) -> None:
    page = browser.open("/models/income")
    page.click("tr:has-text('v2') button:has-text('Promote')")
    page.fill("dialog [name=reason]", "better on new data")
    browser.shot("promote")
    page.click("dialog button.primary")
    browser.wait("@champion is v2 now")
    page.click("[role=tab]:has-text('Trail')")
    browser.wait("better on new data")
    assert browser.ask("/models/income")["model"]["aliases"] == {"champion": 2}


@pytest.fixture
def model(browser) -> str:
    """A registered model of this test's own, with two versions."""
    name = f"m-{secrets.token_hex(4)}"
    browser.ask("/models", "POST", {"name": name})
    for number in (1, 2):
        browser.ask(f"/models/{name}/versions", "POST", {"source": f"s3://x/{number}"})
    browser.ask(f"/models/{name}/aliases/champion", "PUT", {"version": 2})
    return name


def test_a_model_is_renamed_described_and_tagged(browser, model) -> None:
    browser.expected = "409"
    page = browser.open(f"/models/{model}?tab=about")
    page.click("button:has-text('Write')")
    page.fill("textarea", "Who **earns**")
    page.click("button:text-is('Save')")
    page.wait_for_selector(".prose strong:has-text('earns')")
    page.fill("[aria-label='New tag']", "team")
    page.fill("[aria-label='Value of the new tag']", "core")
    page.click("[aria-label='Add the tag']")
    page.wait_for_selector("[aria-label='Remove the tag team']")
    page.click("button:has-text('Rename')")
    browser.dialog("Rename", name="income")
    browser.wait("already exists")  # and the dialog stays, with what was written
    browser.dialog("Rename", name=f"{model}-b")
    page.wait_for_url(f"**/models/{model}-b")
    found = browser.ask(f"/models/{model}-b")["model"]
    assert (found["description"], found["tags"]) == ("Who **earns**", {"team": "core"})
    page.click("[role=tab]:has-text('Trail')")
    browser.wait("model.rename")


def test_a_model_is_removed_and_restored_with_reasons(browser, model) -> None:
    page = browser.open(f"/models/{model}")
    page.click("[aria-label='Remove this model']")
    browser.shot("remove-model")
    browser.dialog("Remove", reason="by mistake")
    page.wait_for_url("**/models?tab=removed")
    browser.wait("by mistake")
    page.click(f"tr:has-text('{model}') button:has-text('Restore')")
    page.wait_for_url(f"**/models/{model}")
    page.wait_for_selector("li.chip:has-text('@champion') a:text-is('v2')")
    page.click("[role=tab]:has-text('Trail')")
    for text in ("model.restore", "model.delete", "2 versions", "by mistake"):
        browser.wait(text)


def test_a_version_is_staged_removed_and_restored(browser, model) -> None:
    page = browser.open(f"/models/{model}/2")
    page.click("button:text-is('Stage')")
    page.select_option("dialog [name=stage]", "Production")
    browser.dialog("Move", reason="it passed")
    browser.wait("v2 is in Production now")
    page.fill("[aria-label='New tag']", "seen")
    page.click("[aria-label='Add the tag']")
    page.wait_for_selector("[aria-label='Remove the tag seen']")
    page.click("[role=tab]:has-text('Trail')")
    browser.wait("it passed")
    page.click("[aria-label='Remove this version']")
    browser.wait("@champion would point nowhere")
    browser.dialog("Remove", reason="too slow")
    page.wait_for_url(f"**/models/{model}?tab=removed")
    page.click("tr:has-text('too slow') button:has-text('Restore')")
    browser.wait("Restored v2")
    back = browser.ask(f"/models/{model}/versions/2")
    assert (back["stage"], back["tags"], back["aliases"]) == ("Production", {"seen": ""}, [])
    page.wait_for_selector("tr:has-text('v2') button:has-text('Promote')")


def test_an_alias_is_removed_with_its_reason(browser, model) -> None:
    page = browser.open(f"/models/{model}")
    page.click("[aria-label='Remove the alias champion']")
    browser.dialog("Remove", reason="nobody asks for it")
    page.wait_for_selector("[aria-label='Remove the alias champion']", state="detached")
    page.click("[role=tab]:has-text('Trail')")
    browser.wait("nobody asks for it")


def test_a_promotion_that_was_overtaken_is_refused(browser, model) -> None:
    browser.expected = "409"
    page = browser.open(f"/models/{model}/1")
    page.click("button:has-text('Promote')")
    browser.ask(f"/models/{model}/aliases/champion", "DELETE")
    browser.dialog("Promote", reason="late")
    browser.wait("was moved meanwhile")
    assert page.query_selector("dialog[open]"), "what was written is still there"
    assert browser.ask(f"/models/{model}")["model"]["aliases"] == {}


def test_an_experiment_is_renamed_tagged_deleted_and_restored(browser) -> None:
    name = f"e-{secrets.token_hex(4)}"
    id = browser.ask("/experiments", "POST", {"name": name})["id"]
    page = browser.open(f"/e/{id}")
    page.click("button:has-text('Notes and tags')")
    page.fill("[aria-label='New tag']", "team")
    page.fill("[aria-label='Value of the new tag']", "core")
    page.click("[aria-label='Add the tag']")
    page.wait_for_selector("[aria-label='Remove the tag team']")
    page.click("button:has-text('Write')")
    page.fill("textarea", "the **plan**")
    page.click("button:text-is('Save')")
    page.wait_for_selector(".prose strong:has-text('plan')")
    browser.shot("experiment-about")
    page.click("[aria-label='Change this experiment']")
    page.click(".menu .item:has-text('Rename')")
    browser.dialog("Rename", name=f"{name}-b")
    browser.wait(f"{name}-b")
    page.click("[aria-label='Change this experiment']")
    page.click(".menu .item:has-text('Delete')")
    browser.dialog("Delete")
    page.wait_for_url("**/experiments?view=deleted")
    page.click(f"[aria-label='Restore {name}-b']")
    browser.wait("Restored")
    found = browser.ask(f"/experiments/{id}")
    assert (found["lifecycle"], found["note"]) == ("active", "the **plan**")
    assert found["tags"]["team"] == "core"


def test_a_view_is_saved_found_and_opened_by_its_link(open_browser, site) -> None:
    browser = open_browser(site)
    page = runs_page(browser)
    page.click("button:has-text('Columns')")
    page.fill("[aria-label='Find a column']", "seed")
    page.click(".menu label:has-text('seed')")
    page.wait_for_selector("th:has-text('seed')")
    page.keyboard.press("Escape")
    page = runs_page(browser, "?filter=params.model = 'ridge'&sort=metrics.auc DESC", "8 runs")
    page.click("button:has-text('Views')")
    page.click(".menu .item:has-text('Save this view')")
    name = f"Ridges {secrets.token_hex(2)}"
    browser.dialog("Save", name=name)
    browser.wait("Saved")
    (view,) = [one for one in browser.ask("/views")["items"] if one["name"] == name]
    # Somebody else, whose browser remembers no columns, sees the same.
    other = open_browser(site)
    page = other.open(f"/v/{view['id']}")
    other.wait("8 runs")
    page.wait_for_selector("th:has-text('seed')")
    page.wait_for_selector("tbody tr[aria-rowindex='2'] th:has-text('trial-21')")
    page.wait_for_selector(f"button:has-text('{name}')")
    runs_page(other)
    page.click("button:has-text('Views')")
    other.shot("views-menu")
    page.click(f".menu .item:has-text('{name}')")
    other.wait("8 runs")
    page.click(f"button:has-text('{name}')")
    page.click(f"[aria-label='Remove the view {name}']")
    other.wait("Removed")
    assert name not in {one["name"] for one in other.ask("/views")["items"]}


def test_a_token_is_made_and_revoked(browser) -> None:
    page = browser.open("/settings?tab=tokens")
    page.click("button:has-text('New token')")
    page.fill("dialog [name=name]", "ci")
    page.click("dialog button.primary")
    browser.wait("This is shown once")
    page.click("dialog button:has-text('Done')")
    page.click("tr:has-text('ci') button:has-text('Revoke')")
    browser.wait("revoked")


def test_tabs_and_theme_by_keyboard(open_browser, site) -> None:
    browser = open_browser(site, "light")
    page = browser.open(f"/runs/{site.ids['runs'][1]}")
    page.focus("[role=tab][aria-selected=true]")
    page.keyboard.press("ArrowRight")
    page.wait_for_function("() => location.search.includes('tab=metrics')")
    page.click("button[aria-label^='Theme']")
    page.click("button[aria-label^='Theme']")
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert dark == "rgb(18, 18, 23)"
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_the_graph_is_walked_and_mirrored(browser) -> None:
    page = browser.open(f"/lineage?focus={browser.site.ids['edited']}:features&up=9&down=9")
    page.wait_for_selector(".g-node")
    drawn = page.locator(".g-node").count()
    page.focus(".graph")
    page.keyboard.press("ArrowRight")
    page.wait_for_function("() => location.search.includes('at=')")
    before = browser.search("at")
    page.keyboard.press("ArrowLeft")
    page.wait_for_function("b => !location.search.includes(b)", arg=before)
    page.click("button:has-text('Came from')")
    page.wait_for_selector(".g-edge.lit", state="attached")
    browser.shot("lineage-thread")
    page.click("button:has-text('Outline')")
    page.wait_for_selector("nav.outline")
    names = page.locator("nav.outline li > button:not(:has-text('(above)'))").count()
    assert names == drawn


def test_a_node_says_what_it_changes(browser) -> None:
    page = browser.open(f"/lineage?focus={browser.site.ids['first']}:load")
    page.click(".inspector button:has-text('Impact')")
    browser.wait("depend on it in all")


def test_a_graph_of_hundreds_is_a_canvas(browser) -> None:
    page = browser.open(f"/lineage?focus={browser.site.ids['wide']}&up=9")
    page.wait_for_selector(".graph[data-drawn] canvas")
    assert not page.query_selector(".g-node")
    page.focus(".graph")
    page.keyboard.press("ArrowRight")
    page.wait_for_function("() => location.search.includes('at=')")
    for key in ("+", "-", "0"):
        page.keyboard.press(key)
    page.click("summary:has-text('Outline of the graph')")
    page.wait_for_selector(".inspector nav.outline button")


def test_charts_are_not_loaded_before_they_are_seen(browser) -> None:
    asked = []
    browser.page.on("request", lambda r: "/runs/metrics" in r.url and asked.append(r.url))
    runs_page(browser)
    assert not asked
    browser.page.click("button:has-text('Charts')")
    browser.page.wait_for_selector(".uplot")
    assert asked
