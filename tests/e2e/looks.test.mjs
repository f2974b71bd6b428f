// What can be measured of the looks: nothing sticks out on a phone, both themes are themes, and
// the page can be used without a mouse and without eyes.

import assert from 'node:assert/strict';
import { stickingOut } from './lib/access.mjs';
import { seconds } from './lib/environment.mjs';
import { TINY, link, run, state, visit, waitState } from './lib/page.mjs';
import { stage } from './lib/scene.mjs';

const PHONE = { width: 360, height: 740 };
const ROUTES = ['', 'classify', 'about'];
const named = (route) => `/${route}`;

const scene = stage();

/** Brightness of the background, from 0 to 1. */
const background = (page) =>
  page.evaluate(() => {
    const colours = [document.body, document.documentElement].map(
      (element) => getComputedStyle(element).backgroundColor,
    );
    const pixel = new OffscreenCanvas(1, 1).getContext('2d');
    // What neither sets is the browser's own canvas.
    pixel.fillStyle = matchMedia('(prefers-color-scheme: dark)').matches ? '#121212' : '#fff';
    pixel.fillRect(0, 0, 1, 1);
    for (const colour of colours.reverse()) {
      pixel.fillStyle = colour;
      pixel.fillRect(0, 0, 1, 1);
    }
    const [red, green, blue] = pixel.getImageData(0, 0, 1, 1).data;
    return (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255;
  });

for (const colorScheme of ['light', 'dark']) {
  const context = { viewport: PHONE, colorScheme };
  scene(`looks: ${colorScheme}, 360 px wide`, { context }, async ({ page, url }) => {
    for (const route of ROUTES) {
      await visit(page, `${url}${route}`);
      assert.deepEqual(await stickingOut(page), [], named(route));
      const brightness = await background(page);
      const fits = colorScheme === 'dark' ? brightness < 0.3 : brightness > 0.7;
      assert.ok(fits, `${named(route)} has a background of brightness ${brightness}`);
    }
    // Tables, charts and samples come with a run.
    await visit(page, link(url, TINY));
    await run(page, seconds(60));
    assert.deepEqual(await stickingOut(page), [], 'after a run');
  });
}

scene('looks: each page has one h1, and headings in order', {}, async ({ page, url }) => {
  for (const route of ROUTES) {
    await visit(page, `${url}${route}`);
    const levels = await page
      .locator('h1, h2, h3, h4, h5, h6')
      .evaluateAll((all) => all.map((heading) => Number(heading.localName[1])));
    assert.equal(levels.filter((level) => level === 1).length, 1, named(route));
    levels.forEach((level, at) => {
      assert.ok(at === 0 || level <= levels[at - 1] + 1, `${named(route)}: levels ${levels}`);
    });
    assert.notEqual(await page.title(), '');
  }
});

scene('looks: every control has a name', {}, async ({ page, url }) => {
  for (const route of ROUTES) {
    await visit(page, `${url}${route}`);
    const nameless = await page
      .locator('input:not([type="hidden"]), select, textarea, button')
      .evaluateAll((all) =>
        all
          .filter((element) => {
            // Not what is rendered: what is far below the fold is not yet.
            const said = element.ariaLabel || element.title || element.textContent.trim();
            const label = element.labels?.length || element.getAttribute('aria-labelledby');
            return element.localName === 'button' ? !said : !label && !element.ariaLabel;
          })
          .map((element) => element.outerHTML.slice(0, 120)),
      );
    assert.deepEqual(nameless, [], named(route));
  }
});

scene('looks: the keyboard reaches start, and starts', {}, async ({ page, url }) => {
  await visit(page, url);
  const atStart = () =>
    page.evaluate(() => document.activeElement?.closest('[data-testid="start"]') !== null);
  // More stops than any form should have.
  for (let stops = 0; stops < 100 && !(await atStart()); stops++) await page.keyboard.press('Tab');
  assert.ok(await atStart(), 'start cannot be reached with the Tab key');
  const outlined = await page.getByTestId('start').evaluate((start) => {
    const style = getComputedStyle(start);
    return style.outlineStyle !== 'none' || style.boxShadow !== 'none';
  });
  assert.ok(outlined, 'the focus on start cannot be seen');

  assert.equal(await state(page), 'idle');
  await page.keyboard.press('Enter');
  await waitState(page, ['loading', 'compiling', 'training'], seconds(30));
});
