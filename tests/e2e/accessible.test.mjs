// axe-core finds nothing on any page, in any state, in both themes and both languages; and nothing
// sticks out of any screen from a telephone's to one of 4K.

import assert from 'node:assert/strict';
import { assertAccessible, stickingOut } from './lib/access.mjs';
import { minutes, seconds } from './lib/environment.mjs';
import { TINY, link, run, start, visit, waitState } from './lib/page.mjs';
import { stage } from './lib/scene.mjs';

const scene = stage();
const DESKTOP = { width: 1_280, height: 900 };
const PHONE = { width: 360, height: 740 };
const LOCALES = { en: 'en-US', zh: 'zh-CN' };

/** Goes to an address of the app that it does not have. */
async function getLost(page) {
  await page.evaluate(() => {
    const link = document.createElement('a');
    link.href = 'nowhere';
    document.body.append(link);
    link.click();
    link.remove();
  });
  await page.waitForURL('**/nowhere');
  await page.locator('.prose').waitFor();
}

for (const [language, locale] of Object.entries(LOCALES)) {
  for (const colorScheme of ['light', 'dark']) {
    const context = { colorScheme, locale, viewport: DESKTOP };
    const title = `accessible: ${language}, ${colorScheme}`;
    scene(title, { context, timeout: minutes(4) }, async ({ page, url }) => {
      for (const route of ['train', 'classify', 'about']) {
        await visit(page, `${url}${route}`);
        await assertAccessible(page, route);
        await page.setViewportSize(PHONE);
        await assertAccessible(page, `${route} on a phone`);
        await page.setViewportSize(DESKTOP);
      }
      await getLost(page);
      await assertAccessible(page, 'not found');

      await visit(page, link(url, { ...TINY, epochs: 1_000, rate: 7, colour: 'red' }));
      await assertAccessible(page, 'a link with mistakes');

      await visit(page, link(url, { ...TINY, epochs: 1_000, rate: 0.5 }));
      await start(page);
      await waitState(page, 'training', seconds(60));
      await page.getByTestId('epoch-table').locator('tbody tr').first().waitFor();
      await assertAccessible(page, 'while it trains');
      await page.getByTestId('stop').click();
      await waitState(page, 'idle');

      await visit(page, link(url, { ...TINY, rate: 0.5 }));
      await run(page, seconds(60));
      await page.locator('details').evaluateAll((all) => all.forEach((it) => (it.open = true)));
      await assertAccessible(page, 'when it is done, all unfolded');
      await page.getByTestId('microscope-item').first().click();
      await page.getByTestId('microscope-detail').locator('.course svg').first().waitFor();
      await assertAccessible(page, 'one image in the microscope');
    });
  }
}

const WIDTHS = [360, 700, 1_024, 1_920, 3_840];

for (const [language, locale] of Object.entries(LOCALES)) {
  const context = { locale, viewport: { width: WIDTHS[0], height: 900 } };
  scene(`widths: ${language}, 360 px to 4K`, { context }, async ({ page, url }) => {
    const assertFits = async (where) => {
      for (const width of WIDTHS) {
        await page.setViewportSize({ width, height: 900 });
        assert.deepEqual(await stickingOut(page), [], `${where} at ${width} px`);
      }
    };
    for (const route of ['classify', 'about']) {
      await visit(page, `${url}${route}`);
      await assertFits(route);
    }
    await visit(page, link(url, TINY));
    await run(page, seconds(60));
    await assertFits('a run');
  });
}
