"""The browser fixtures themselves: what they must notice, they notice."""

from __future__ import annotations

import pytest


def test_a_page_of_the_application_opens(page):
    page.goto("/")
    assert page.locator("h1").count() == 1


def test_a_console_error_is_detected(page, watch):
    page.goto("/")
    page.evaluate("console.error('Nobody expected this')")
    page.wait_for_timeout(50)
    assert "Nobody expected this" in watch.problems()[0]
    watch.allow("Nobody expected this")


def test_a_violation_of_the_content_security_policy_is_detected(page, watch):
    page.goto("/")
    page.evaluate(
        "document.body.append(Object.assign(document.createElement('script'), {text: '1'}))"
    )
    page.wait_for_timeout(50)
    assert "Content Security Policy" in "".join(watch.problems())
    watch.allow("Content Security Policy")


def test_a_missing_static_file_is_detected(page, watch):
    page.goto("/")
    page.evaluate("fetch('/static/nothing.css')")
    page.wait_for_timeout(200)
    assert "/static/nothing.css" in "".join(watch.problems())
    watch.allow("/static/nothing.css")


def test_axe_reports_serious_problems(page, axe):
    page.goto("/")
    page.evaluate("document.body.append(document.createElement('button'))")
    with pytest.raises(AssertionError, match="Buttons must have discernible text"):
        axe(page)
