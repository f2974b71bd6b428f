// The frame of every test: one host and one browser a file, a fresh context a test, and no errors
// in the page's console that the test did not ask for.

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { launch, watch } from './browser.mjs';
import { SCRATCH, minutes, seconds } from './environment.mjs';
import { offerNone } from './networks.mjs';
import { serve } from './server.mjs';

/**
 * Sets up a file's host and browser, and gives back the function that declares a test:
 * `scene(title, options, async ({ t, page, context, url, data, say }) => ...)`.
 *
 * `data` is a function that prepares `{ folder }` for /data/. A test's options: `timeout`,
 * `allowed` (patterns of console errors that belong to it), `context` (Playwright's options),
 * `hosted` (the site offers what it offers; else it offers no network), `skip`.
 */
export function stage({ webgpu = true, data = () => undefined } = {}) {
  const held = {};
  before(
    async () => {
      held.data = await data();
      held.server = await serve({ data: held.data?.folder });
      held.browser = await launch({ webgpu });
    },
    { timeout: minutes(5) },
  );
  after(async () => {
    await held.browser?.close();
    await held.server?.close();
  });

  return (title, { timeout = minutes(2), allowed = [], context: options = {}, hosted = false, skip = false }, body) =>
    // Ours comes first, while the page can still be looked at.
    test(title, { timeout: timeout + seconds(30), skip }, async (t) => {
      // A service worker would answer before Playwright's routes do, and each fresh context would
      // keep the whole site once more. Tests of what is kept ask for it.
      const context = await held.browser.newContext({ serviceWorkers: 'block', ...options });
      const clock = expiry(timeout);
      // node:test goes on without the body when the time is up: this runs even then.
      t.after(() => {
        clock.stop();
        return context.close();
      });
      // Waiting is bounded by the test, which names the figure; no second limit below it.
      context.setDefaultTimeout(timeout);
      const ear = watch(context, allowed);
      // What the site happens to offer is no business of a test that does not ask for it.
      if (!hosted) await offerNone(context);
      const page = await context.newPage();
      const say = (text) => {
        t.diagnostic(text);
        console.log(`${title}: ${text}`);
      };
      const scenery = { t, page, context, say, url: held.server.url, data: held.data };
      try {
        await Promise.race([body(scenery), ear.broken, clock.rung]);
        if (ear.faults.length > 0) throw new Error(`errors in the page: ${ear.faults.join('\n')}`);
      } catch (error) {
        await describe(title, error, page, ear.lines);
        throw error;
      }
    });
}

/** `rung` rejects when the time is up. */
function expiry(ms) {
  let timer;
  const rung = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done after ${ms / 1_000} s`)), ms);
  });
  return { rung, stop: () => clearTimeout(timer) };
}

/** What a person wants to see of a page that failed. */
async function describe(title, error, page, lines) {
  const folder = join(SCRATCH, 'failures');
  await mkdir(folder, { recursive: true });
  const picture = join(folder, `${title.replace(/\W+/g, '-').slice(0, 80)}.png`);
  const shown = await page
    .evaluate(() =>
      ['status', 'queue', 'error'].flatMap((id) =>
        [...document.querySelectorAll(`[data-testid="${id}"]`)].map(
          (element) => `${id}: ${element.dataset.state ?? ''} ${element.innerText}`,
        ),
      ),
    )
    .catch((error) => [`no answer from the page: ${error.message}`]);
  await page.screenshot({ path: picture, fullPage: true, timeout: 10_000 }).catch(() => {});
  console.log(`FAILED: ${title}\n  ${error.message}\n  at ${page.url()}\n  picture: ${picture}`);
  for (const line of [...shown, ...lines.slice(-20)]) console.log(`  | ${line}`);
}
