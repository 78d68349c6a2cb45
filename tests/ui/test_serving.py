"""Deployments and predictions in the web UI: what people change, and what they look for."""

from __future__ import annotations

import secrets

import pytest

pytestmark = pytest.mark.browser


@pytest.fixture
def deployment(browser) -> str:
    """A deployment of this test's own, with a canary."""
    name = f"d-{secrets.token_hex(4)}"
    configuration = {
        "name": name,
        "arms": {"champion": "line/1", "challenger": "line/2"},
        "canary": {"arm": "challenger", "share": 0.1},
    }
    browser.ask("/deployments", "POST", {"configuration": configuration, "reason": "to begin"})
    return name


def test_an_arm_is_promoted_and_rolled_back_with_reasons(browser, deployment) -> None:
    page = browser.open(f"/deployments/{deployment}")
    browser.wait("No process serves it now")
    page.click("button:text-is('Promote')")
    browser.shot("deployment-promote")
    browser.dialog("Promote", reason="fewer errors")
    browser.wait("Promoted")
    page.click("[role=tab]:has-text('History')")
    for text in ("fewer errors", "to begin", "line/2"):
        browser.wait(text)
    page.click("button:text-is('Roll back')")
    browser.dialog("Roll back", reason="it was the data")
    browser.wait("it was the data")
    found = browser.ask(f"/deployments/{deployment}")
    assert found["history"][0]["reason"] == "it was the data"
    arms = {arm["part"]: arm["key"] for arm in found["deployment"]["arms"]}
    assert arms["champion"] == "line/1"


def test_a_canary_is_stopped_with_its_reason(browser, deployment) -> None:
    page = browser.open(f"/deployments/{deployment}")
    page.click("button:text-is('Stop the canary')")
    browser.dialog("Stop", reason="it is slow")
    browser.wait("canary stopped")
    page.click("[role=tab]:has-text('History')")
    browser.wait("it is slow")
    assert browser.ask(f"/deployments/{deployment}")["deployment"]["canary"]["state"] == "stopped"


def test_predictions_are_found_and_lead_to_their_rows(browser) -> None:
    page = browser.open("/predictions?model=line")
    browser.wait("30 shown")
    page.select_option("label:has-text('Feedback') select", "wrong")
    browser.wait("1 shown")
    assert browser.search("judged") == "wrong"
    page.click("tbody th a")
    page.wait_for_url("**/predictions/*")
    browser.wait("Row 28 of")
    page.click("a:text-is('rows')")
    page.wait_for_url("**/lineage?focus=*")
    page.go_back()
    page.go_back()
    browser.wait("1 shown")
    page.fill("[aria-label='Column of the row']", "a=nothing")
    page.keyboard.press("Enter")
    browser.wait("No prediction matches")
    page.click("a:text-is('Show all predictions')")
    browser.wait("30 shown")


def test_an_unknown_deployment_and_prediction_say_so(browser) -> None:
    browser.expected = "404"
    for path in ("/deployments/nothing", "/predictions/01JZZZZZZZZZZZZZZZZZZZZZZZ"):
        browser.page.goto(browser.site.address + path)
        browser.page.wait_for_selector("[role=alert]")
