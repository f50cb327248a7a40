"""The API's documentation in a real browser, under the platform's own content policy."""

from playwright.sync_api import expect

from tests.pages.eyes import Eyes


def test_a_person_reads_what_a_request_needs_and_tries_it_out(eyes: Eyes) -> None:
    page = eyes.page
    eyes.go("/docs")
    operation = page.locator("#operations-platform-health_live_retrieve, [id^=operations-platform]").first
    operation.scroll_into_view_if_needed()
    operation.locator("button").first.click()
    expect(operation.get_by_text("Responses", exact=True).first).to_be_visible()
    eyes.page.set_viewport_size({"width": 1280, "height": 900})


def test_a_script_that_somebody_has_put_into_a_page_does_not_run(eyes: Eyes) -> None:
    page = eyes.page
    eyes.go("/docs")
    page.evaluate(
        """() => {
            const script = document.createElement("script");
            script.textContent = "window.broken = true";
            document.body.append(script);
        }"""
    )

    assert page.evaluate("window.broken") is None
    assert any("Content Security Policy" in each for each in eyes.trouble)
    eyes.trouble.clear()
