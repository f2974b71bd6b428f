// Who has no mouse, sees little, or reads another language: what tests ask of the page for them.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import assert from 'node:assert/strict';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Asserts that axe-core finds nothing to complain of in the page as it stands. */
export async function assertAccessible(page, where) {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(AXE);
  const violations = await page.evaluate(async () => {
    const { violations } = await window.axe.run(document, { resultTypes: ['violations'] });
    return violations.map(({ id, help, nodes }) => ({
      rule: `${id}: ${help}`,
      nodes: nodes.slice(0, 5).map(({ html, any }) => `${html.slice(0, 160)} ${any[0]?.message ?? ''}`),
    }));
  });
  assert.deepEqual(violations, [], where);
}

/** What reaches beyond the right edge, if the page scrolls sideways. */
export const stickingOut = (page) =>
  page.evaluate(() => {
    const root = document.documentElement;
    if (root.scrollWidth <= root.clientWidth) return [];
    return [...document.body.querySelectorAll('*')]
      .filter((element) => element.getBoundingClientRect().right > root.clientWidth + 1)
      .slice(0, 8)
      .map((element) => `${element.localName}.${element.className}`)
      .concat(`${root.scrollWidth} px wide`);
  });

/** More stops than any page should have. */
const MAX_STOPS = 250;

/** The test id of what has the focus. */
export const focused = (page) =>
  page.evaluate(() => document.activeElement?.dataset.testid ?? document.activeElement?.localName);

/** Presses Tab until an element with the test id has the focus. */
export async function tabTo(page, id) {
  for (let stops = 0; stops < MAX_STOPS; stops++) {
    if ((await focused(page)) === id) return;
    await page.keyboard.press('Tab');
  }
  assert.fail(`${id} cannot be reached with the Tab key`);
}

/**
 * Goes through the page with the Tab key, from its beginning to its end. Gives back the visible
 * controls that were not reached, and the stops at which no focus can be seen.
 */
export async function walk(page) {
  await page.evaluate(() => {
    // Tab leads on from here, whatever was clicked before.
    const first = document.querySelector('a[href], button, input, select, textarea, summary');
    first.focus();
    window.visited = new Set([first]);
    window.unseen = [];
  });
  for (let stops = 0; stops < MAX_STOPS; stops++) {
    await page.keyboard.press('Tab');
    const goesOn = await page.evaluate(() => {
      const at = document.activeElement;
      if (!at || at === document.body || window.visited.has(at)) return false;
      window.visited.add(at);
      const shows = (element) => {
        const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(element);
        return (outlineStyle !== 'none' && parseFloat(outlineWidth) > 0) || boxShadow !== 'none';
      };
      // An input that is drawn by what stands around or beside it.
      const drawn = [at, at.closest('label'), at.nextElementSibling].filter(Boolean);
      if (!drawn.some(shows)) window.unseen.push(at.outerHTML.slice(0, 120));
      return true;
    });
    if (!goesOn) break;
  }
  return page.evaluate(() => {
    const isReached = (control) => {
      // Of a group of radio buttons, and of what the arrow keys lead through, one is reached.
      const group = control.type === 'radio' && document.getElementsByName(control.name);
      return window.visited.has(control) || [...(group || [])].some((it) => window.visited.has(it));
    };
    const controls = [...document.querySelectorAll('a[href], button, input, select, textarea, summary')];
    const missed = controls.filter(
      (control) =>
        control.checkVisibility({ visibilityProperty: true }) &&
        !control.matches(':disabled') &&
        control.tabIndex >= 0 &&
        !isReached(control),
    );
    return {
      stops: window.visited.size,
      missed: missed.map((control) => control.outerHTML.slice(0, 120)),
      unseen: window.unseen,
    };
  });
}
