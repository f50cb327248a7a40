"""A person without a mouse: what has the focus, whether they see it, and how they get to something."""

from playwright.sync_api import Locator, Page, TimeoutError

MOST_TABS = 80

# A ring, or the border that a field gets; and it must lie in the window, beneath nothing.
_SEEN = """() => {
  const at = document.activeElement;
  if (!at || at === document.body) return 'nothing has the focus';
  const name = `${at.tagName} "${at.getAttribute('aria-label') ?? at.id}${at.textContent.slice(0, 40)}"`;
  if (!at.matches(':focus-visible')) return `${name} has the focus and doesn't show it`;
  const look = getComputedStyle(at);
  const ring = look.outlineStyle !== 'none' && parseFloat(look.outlineWidth) >= 1;
  const probe = document.createElement('i');
  probe.style.color = 'var(--mantine-primary-color-filled)';
  document.body.append(probe);
  const blue = getComputedStyle(probe).color;
  probe.remove();
  // The border of a field with a button in it is that of the box around both.
  const field = at.matches('input, select') &&
    [at, at.parentElement].some((each) => getComputedStyle(each).borderTopColor === blue);
  if (!ring && !field) return `${name} has neither ring nor border`;
  const {left, top, width, height} = at.getBoundingClientRect();
  const there = document.elementFromPoint(left + width / 2, top + Math.min(height / 2, 20));
  // A switch is drawn by a label above its input.
  const labelled = [...at.labels ?? []].some((label) => label.contains(there));
  return there && (at.contains(there) || there.contains(at) || labelled) ? '' : `${name} is covered or out of sight`;
}"""


def tab_to(page: Page, target: Locator, *, back: bool = False) -> None:
    """Press Tab until the target has the focus, which must be seen at every stop on the way."""
    target.wait_for()
    for _ in range(MOST_TABS):
        page.keyboard.press("Shift+Tab" if back else "Tab")
        _require_sight(page)
        if target.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError(f"{target} isn't reached by {MOST_TABS} presses of Tab.")


def _require_sight(page: Page) -> None:
    """Raises AssertionError that says what is not seen; a border fades in, and a page scrolls, in its own time."""
    try:
        page.wait_for_function(f"() => ({_SEEN})() === ''", timeout=30_000)
    except TimeoutError:
        raise AssertionError(page.evaluate(_SEEN)) from None
