// Takes the pictures of the site for the documentation: `node screenshots.mjs [FOLDER] [--full]`.
//
// A quick-start run on the CPU in each of two sizes, side by side, looked at in two themes. `--full`
// takes whole pages instead of what fits the window: to look at a design, not to show it.

import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { launch } from './lib/browser.mjs';
import { ROOT, minutes } from './lib/environment.mjs';
import { follow, link, start, visit, waitState } from './lib/page.mjs';
import { givePhotos } from './lib/photos.mjs';
import { discPng, file } from './lib/pictures.mjs';
import { serve } from './lib/server.mjs';

const SIZES = { wide: { width: 1440, height: 900 }, narrow: { width: 390, height: 844 } };
const THEMES = ['light', 'dark'];

const args = process.argv.slice(2);
const fullPage = args.includes('--full');
const folder = resolve(args.find((arg) => !arg.startsWith('--')) ?? join(ROOT, 'docs/screenshots'));

/** A visit in one size: a page may look at its size when it opens. */
async function visitor(browser, url, size) {
  const page = await browser.newPage({ viewport: SIZES[size] });
  const shoot = async (name) => {
    for (const colorScheme of THEMES) {
      await page.emulateMedia({ colorScheme });
      const path = join(folder, `${name}-${size}-${colorScheme}.png`);
      await page.screenshot({ path, fullPage, animations: 'disabled' });
      console.log(path);
    }
  };
  await visit(page, link(url, { device: 'cpu' }));
  // What is far below the fold is not drawn, and a picture of the whole page does not scroll.
  if (fullPage) await page.addStyleTag({ content: '.results > * { content-visibility: visible; }' });
  await shoot('train-idle');
  await start(page);
  // Late enough for curves, early enough for labels that are still undecided.
  await page
    .locator('[data-testid="epoch-table"] tbody tr')
    .nth(2)
    .waitFor({ state: 'attached', timeout: minutes(10) });
  await shoot('train-running');
  await waitState(page, 'finished', minutes(15));
  await shoot('train-finished');
  if (size === 'narrow') await page.getByTestId('microscope-toggle').click();
  await page.locator('#microscope').evaluate((heading) => heading.scrollIntoView());
  await page.getByTestId('microscope-item').first().waitFor();
  // The engine sends a picture when its card comes into view.
  await page.waitForFunction(() => {
    const canvas = document.querySelector('[data-testid="microscope-item"] canvas');
    return canvas.getContext('2d').getImageData(0, 0, 1, 1).data[3] > 0;
  });
  await shoot('microscope');
  await page.getByTestId('microscope-item').first().click();
  await page.getByTestId('microscope-detail').waitFor();
  await shoot('microscope-detail');
  await page.keyboard.press('Escape');
  await page.getByTestId('confusion').evaluate((section) => section.scrollIntoView());
  await shoot('mix-ups');

  await follow(page, 'classify');
  await givePhotos(page, file('disc.png', 'image/png', discPng()));
  await page.getByTestId('prediction').filter({ hasText: /\S/ }).first().waitFor();
  await shoot('classify');
  await follow(page, 'about');
  await shoot('about');
}

await mkdir(folder, { recursive: true });
const server = await serve();
const browser = await launch();
try {
  await Promise.all(Object.keys(SIZES).map((size) => visitor(browser, server.url, size)));
} finally {
  await browser.close();
  await server.close();
}
