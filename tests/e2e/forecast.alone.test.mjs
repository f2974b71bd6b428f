// How long it takes, what to do if that is long, and what the page does while nobody looks.

import assert from 'node:assert/strict';
import { minutes, seconds } from './lib/environment.mjs';
import { link, run, setting, value, visit, waitState } from './lib/page.mjs';
import { SHORT, waitQueue } from './lib/runs.mjs';
import { stage } from './lib/scene.mjs';

const scene = stage();

const waitForecast = (page) =>
  page.locator('[data-testid="forecast"][data-value]').waitFor({ state: 'attached', timeout: seconds(90) });

scene('forecast: what is foretold is about what it takes', { timeout: minutes(4) }, async ({ page, url, say }) => {
  await visit(page, link(url, { ...SHORT, 'train-limit': 500, epochs: 8 }));
  await page.getByTestId('start').click();
  await waitForecast(page);
  const early = await value(page, 'forecast');
  await page.locator('[data-testid="epoch-table"] tbody tr').nth(2).waitFor({ state: 'attached' });
  const late = await value(page, 'forecast');
  const began = Date.now();
  const left = await value(page, 'eta');
  await waitState(page, 'finished', minutes(2));
  const took = (Date.now() - began) / 1_000;
  const text = await page.locator('[data-testid="status"]').innerText();
  say(`foretold ${early.toFixed(1)} s at first, ${late.toFixed(1)} s after three epochs; ${text.replace(/\s+/g, ' ')}`);
  say(`left after three epochs: ${left.toFixed(1)} s; it took ${took.toFixed(1)} s`);
  // A busy machine may be three times slower from one moment to the next.
  assert.ok(took < 3 * left + 2 && left < 3 * took + 2, `${left} s were foretold, ${took} s it took`);
  assert.ok(await page.getByTestId('offer').count() === 0, 'a short run is offered to be made shorter');
});

scene('forecast: a long run is said to be long, and a smaller one is a click away', { timeout: minutes(4) }, async ({ page, url }) => {
  await visit(page, link(url, { epochs: 2_000, device: 'cpu' }));
  await page.getByTestId('start').click();
  await waitForecast(page);
  const total = await value(page, 'forecast');
  assert.ok(total > 600, `${total} s`);
  const offers = page.getByTestId('offer');
  await offers.first().waitFor();
  const times = await offers.evaluateAll((all) => all.map((it) => Number(it.dataset.value)));
  assert.ok(times.length >= 3 && times.every((time) => time > 0 && time < total), `${times}`);
  assert.ok(Math.min(...times) <= 600, `${times}`);
  await offers.filter({ hasText: /^\d+ epochs/ }).first().click();
  await page.waitForFunction(() => document.querySelector('[name="epochs"]').value !== '2000');
  assert.ok(Number(await setting(page, 'epochs')) < 2_000);
  await waitState(page, ['loading', 'compiling', 'training'], seconds(30));
  await page.getByTestId('stop').click();
});

scene('forecast: the tab’s title shows progress', {}, async ({ page, url }) => {
  await page.addInitScript(() => {
    window.titles = [];
    new MutationObserver(() => {
      if (window.titles.at(-1) !== document.title) window.titles.push(document.title);
    }).observe(document, { subtree: true, childList: true, characterData: true });
  });
  await visit(page, link(url, SHORT));
  await page.waitForFunction(() => document.title.startsWith('Train · PRODEN'));
  await run(page, seconds(60));
  await page.waitForFunction(() => document.title.startsWith('Finished - Train'));
  const titles = await page.evaluate(() => window.titles);
  const shares = titles.flatMap((title) => /^(\d+) % - Training/.exec(title)?.[1] ?? []).map(Number);
  assert.ok(shares.length >= 2, `${titles}`);
  assert.ok(shares.every((share, at) => at === 0 || share > shares[at - 1]), `${shares}`);
});

scene('forecast: the screen stays awake while it trains', {}, async ({ page, url }) => {
  await page.addInitScript(() => {
    window.locks = [];
    const request = async (kind) => {
      const lock = Object.assign(new EventTarget(), {
        released: false,
        kind,
        async release() {
          lock.released = true;
        },
      });
      window.locks.push(lock);
      return lock;
    };
    Object.defineProperty(navigator, 'wakeLock', { value: { request } });
  });
  await visit(page, link(url, { ...SHORT, epochs: 300 }));
  assert.equal(await page.evaluate(() => window.locks.length), 0);
  await page.getByTestId('start').click();
  const waitHeld = (kinds) =>
    page.waitForFunction(
      (kinds) => window.locks.filter((lock) => !lock.released).map((lock) => lock.kind).join() === kinds,
      kinds,
    );
  await waitHeld('screen');
  await waitState(page, 'training', seconds(60));
  await page.getByTestId('pause').click();
  await waitHeld('');
  await page.getByTestId('resume').click();
  await waitHeld('screen');
  // The browser takes it from a hidden tab; it is asked for again.
  await page.evaluate(() => {
    window.locks.at(-1).released = true;
    document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
  });
  await waitHeld('screen');
  await page.getByTestId('stop').click();
  await waitHeld('');
});

scene('forecast: a browser without these things trains all the same', {}, async ({ page, url }) => {
  await page.addInitScript(() => {
    Object.defineProperty(navigator, 'wakeLock', { value: undefined });
    delete window.Notification;
  });
  await visit(page, link(url, SHORT));
  await run(page, seconds(60));
  assert.ok(await page.getByTestId('notify').isHidden());
});

scene('forecast: a notification at the end, for who asked for it', { timeout: minutes(3) }, async ({ page, url }) => {
  await page.addInitScript(() => {
    window.asked = 0;
    window.notices = [];
    window.Notification = class {
      static permission = localStorage.granted ?? 'default';
      static async requestPermission() {
        window.asked += 1;
        return (this.permission = localStorage.granted = 'granted');
      }
      constructor(title, { body }) {
        window.notices.push({ title, body });
      }
    };
    document.hasFocus = () => false;
  });
  await visit(page, link(url, SHORT));
  await run(page, seconds(60));
  assert.deepEqual(await page.evaluate(() => [window.asked, window.notices]), [0, []], 'it asked unasked');

  await page.getByTestId('start').click();
  const notify = page.getByTestId('notify');
  await notify.click();
  await page.waitForFunction(() => document.querySelector('[data-testid="notify"]').ariaPressed === 'true');
  await page.waitForFunction(() => window.notices.length === 1, undefined, { timeout: seconds(60) });
  const [notice] = await page.evaluate(() => window.notices);
  assert.equal(notice.title, 'Training has finished');
  assert.match(notice.body, /test accuracy \d+\.\d %/);

  // The wish is remembered; a queue tells once, at its end.
  await page.reload();
  await page.getByTestId('twins').click();
  await waitQueue(page, 'over', 3);
  const notices = await page.evaluate(() => window.notices);
  assert.deepEqual(notices.map((it) => it.title), ['The queue is done']);
});

scene('forecast: a hidden tab trains on, queues too', { timeout: minutes(3) }, async ({ page, url }) => {
  // What a browser does to a tab that nobody sees: no frames, and timers once a minute.
  await page.addInitScript(() => {
    window.requestAnimationFrame = () => 0;
    const later = window.setTimeout;
    window.setTimeout = (task, ms, ...args) => later(task, ms > 0 ? Math.max(ms, 60_000) : ms, ...args);
    Object.defineProperty(document, 'hidden', { get: () => true });
    Object.defineProperty(document, 'visibilityState', { get: () => 'hidden' });
  });
  await visit(page, link(url, SHORT));
  await page.getByTestId('twins').click();
  await waitQueue(page, 'over', 3, seconds(55));
});
