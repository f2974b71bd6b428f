// The label microscope: every training image at every epoch.
//
// Its elements: microscope (the card), microscope-toggle, microscope-filter (all, undecided,
// decided, wrongly decided), microscope-filter-class, -found, -size, microscope-sort (changed,
// unsure, number), microscope-reset, microscope-epoch (a slider; data-value is the epoch),
// microscope-play (aria-pressed), microscope-decision (data-state, data-value), microscope-count,
// microscope-item (data-index, data-state; its bars have data-value), microscope-detail (a dialog).

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { minutes, seconds } from './lib/environment.mjs';
import { fakeEngine } from './lib/fake-engine.mjs';
import { longTasks, noteLongTasks } from './lib/moments.mjs';
import { attribute, link, run, start, value, visit, waitState } from './lib/page.mjs';
import { stage } from './lib/scene.mjs';

const SMALL = { 'train-limit': 300, 'test-limit': 100, epochs: 3, width: 0.0625, device: 'cpu', rate: 0.3 };

const scene = stage();

const items = (page) => page.locator('[data-testid="microscope-item"]:visible');
const count = (page) => value(page, 'microscope-count');
const indices = (page) => items(page).evaluateAll((all) => all.map((item) => Number(item.dataset.index)));
/** How many images are in a state at the epoch that is shown. */
const decided = async (page, state) =>
  Number(await page.locator(`[data-testid="microscope-decision"][data-state="${state}"]`).getAttribute('data-value'));
const bars = (item) =>
  item.locator('[data-value]:visible').evaluateAll((all) => all.map((bar) => Number(bar.dataset.value)));

/** Waits until the slider stands at an epoch. */
const waitEpoch = (page, epoch) =>
  page.locator(`[data-testid="microscope-epoch"][data-value="${epoch}"]`).waitFor({ state: 'attached' });

/** Waits until what a function gives in the page is true. */
const waitFor = (page, condition, argument) => page.waitForFunction(condition, argument);

/** Waits until all pictures on the screen are there. */
const waitPictures = (page, id = 'microscope-item') =>
  waitFor(
    page,
    (id) => {
      const canvases = [...document.querySelectorAll(`[data-testid="${id}"] canvas`)];
      const seen = canvases.filter((canvas) => canvas.getClientRects().length > 0);
      const isDrawn = (canvas) => canvas.getContext('2d').getImageData(16, 16, 1, 1).data[3] === 255;
      return seen.length > 0 && seen.every(isDrawn);
    },
    id,
  );

async function settled(page) {
  await items(page).first().waitFor();
  await waitPictures(page);
}

scene('microscope: filters, order and the epochs', { timeout: minutes(3) }, async ({ page, url }) => {
  await visit(page, link(url, SMALL));
  assert.equal(await page.getByTestId('microscope-item').count(), 0, 'there is nothing before a run');
  await run(page, minutes(2));
  await settled(page);
  assert.equal(await count(page), 300);
  await waitEpoch(page, 3);

  // The page counts from bytes what the engine counts from numbers.
  const states = {};
  for (const state of ['decided', 'undecided', 'wrongly decided']) {
    states[state] = await decided(page, state);
    await page.getByTestId('microscope-filter').selectOption(state);
    assert.equal(await count(page), states[state], state);
    for (const item of await items(page).all()) assert.equal(await item.getAttribute('data-state'), state);
  }
  assert.equal(states.decided + states.undecided + states['wrongly decided'], 300);
  await page.getByTestId('microscope-reset').click();
  assert.equal(await count(page), 300);

  await page.getByTestId('microscope-sort').selectOption('number');
  assert.deepEqual((await indices(page)).slice(0, 4), [0, 1, 2, 3]);
  await page.getByTestId('microscope-filter-size').selectOption('2');
  for (const item of await items(page).all()) assert.equal((await bars(item)).length, 2);
  const first = items(page).first();
  for (const bar of await bars(first)) assert.ok(bar >= 0 && bar <= 1);

  // Before the first epoch two candidates are trusted equally; the images stay where they are.
  const before = await indices(page);
  const slider = page.getByTestId('microscope-epoch');
  await slider.focus();
  await page.keyboard.press('Home');
  await waitEpoch(page, 0);
  for (const bar of await bars(first)) assert.ok(Math.abs(bar - 128 / 255) < 1e-6, `${bar}`);
  assert.equal(await decided(page, 'wrongly decided'), 0);
  assert.deepEqual(await indices(page), before);
  await page.keyboard.press('ArrowRight');
  await waitEpoch(page, 1);

  // It plays to the end and stops there.
  await page.getByTestId('microscope-play').click();
  await page.locator('[data-testid="microscope-play"][aria-pressed="true"]').waitFor();
  await waitEpoch(page, 3);
  await page.locator('[data-testid="microscope-play"][aria-pressed="false"]').waitFor();
});

scene('microscope: one image large, by keyboard', { timeout: minutes(3) }, async ({ page, url }) => {
  await visit(page, link(url, SMALL));
  await run(page, minutes(2));
  await settled(page);
  await page.getByTestId('microscope-sort').selectOption('number');
  const focused = () => page.evaluate(() => document.activeElement.dataset.index);
  await items(page).first().focus();
  await page.keyboard.press('ArrowRight');
  assert.equal(await focused(), '1');
  // Far beyond what was in the page.
  await page.keyboard.press('End');
  await waitFor(page, () => document.activeElement.dataset.index === '299');
  await page.keyboard.press('Home');
  await waitFor(page, () => document.activeElement.dataset.index === '0');

  const detail = page.getByTestId('microscope-detail');
  await page.keyboard.press('Enter');
  await detail.waitFor();
  assert.equal(await detail.getAttribute('data-index'), '0');
  await waitPictures(page, 'microscope-detail');
  const lines = await detail.locator('svg[role="img"] .course-line').count();
  const named = await detail.locator('.course-legend li').count();
  assert.ok(lines >= 1 && lines === named, `${lines} lines, ${named} names`);
  assert.equal(await detail.locator('.course-legend li.is-true').count(), 1, 'the true label is marked');
  const points = (await detail.locator('.course-line').first().getAttribute('d')).match(/[ML]/g).length;
  assert.equal(points, 4, 'the beginning and three epochs');
  assert.match(await detail.getByTestId('detail-story').innerText(), /true|only candidate/);
  await page.getByTestId('detail-next').click();
  assert.equal(await detail.getAttribute('data-index'), '1');
  await page.keyboard.press('Escape');
  await detail.waitFor({ state: 'hidden' });
  // Where the visitor was.
  await waitFor(page, () => document.activeElement.dataset.testid === 'microscope-item');
});

scene('microscope: a paused run still shows pictures', { timeout: minutes(3) }, async ({ page, url }) => {
  await visit(page, link(url, { ...SMALL, epochs: 2_000 }));
  await start(page);
  await waitState(page, 'training', minutes(1));
  await page.getByTestId('pause').click();
  await waitState(page, 'paused', minutes(1));
  await settled(page);
  const asked = await indices(page);
  // Others than those that were on the screen before the pause.
  await page.locator('.microscope-cards .window-grid').evaluate((grid) => (grid.scrollTop = grid.scrollHeight));
  await waitFor(
    page,
    (before) =>
      [...document.querySelectorAll('[data-testid="microscope-item"]')].every(({ dataset }) => !before.includes(Number(dataset.index))),
    asked,
  );
  await waitPictures(page);
  await page.getByTestId('stop').click();
  await waitState(page, 'idle', seconds(10));
});

scene('microscope: less motion is honoured', { context: { reducedMotion: 'reduce' } }, async (it) => {
  const { page, url, context } = it;
  await fakeEngine(context, { images: 60, tests: 10, epochs: 3, pauseMs: 0 });
  await visit(page, link(url, { device: 'cpu' }));
  await run(page, seconds(30));
  await settled(page);
  await page.getByTestId('microscope-play').click();
  await page.locator('.microscope-cards.is-playing').waitFor();
  const moves = await page
    .locator('.scope-bar .bar-fill')
    .first()
    .evaluate((bar) => Number.parseFloat(getComputedStyle(bar).transitionDuration));
  assert.ok(moves < 0.001, `bars move for ${moves} s`);
});

/** Scrolls through the grid, `px` pixels a frame; gives the time of each frame in ms. */
const scrollThrough = (page, steps, px) =>
  page.evaluate(
    ({ steps, px }) =>
      new Promise((resolve) => {
        const grid = document.querySelector('.microscope-cards .window-grid');
        const frames = [];
        let before;
        const move = (now) => {
          if (before !== undefined) frames.push(now - before);
          before = now;
          grid.scrollTop += px;
          if (frames.length < steps) requestAnimationFrame(move);
          else resolve(frames);
        };
        requestAnimationFrame(move);
      }),
    { steps, px },
  );

const listed = (tasks) => {
  const longest = tasks.slice(0, 5).map(({ ms, secsAfterReady }) => `${ms} ms at ${secsAfterReady.toFixed(1)} s`);
  return [`${tasks.length} tasks over 50 ms`, ...longest].join('; ');
};
/** Begins to count the main thread's own time, which a busy machine does not stretch as it does the
 * length of a task; gives a function that says it in ms so far. */
async function ownTime(context, page) {
  const session = await context.newCDPSession(page);
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  const total = async () => {
    const { metrics } = await session.send('Performance.getMetrics');
    return 1_000 * metrics.find(({ name }) => name === 'TaskDuration').value;
  };
  const start = await total();
  return async () => (await total()) - start;
}

scene('microscope: 2,000 images while the run trains', { timeout: minutes(6) }, async (it) => {
  const { page, url, context, say } = it;
  await noteLongTasks(page);
  const settings = { 'train-limit': 2_000, 'test-limit': 200, epochs: 3, width: 0.0625, device: 'cpu' };
  await visit(page, link(url, settings));
  await start(page);
  await settled(page);
  const spent = await ownTime(context, page);
  let scrolls = 0;
  while ((await attribute(page, 'status', 'data-state')) !== 'finished') {
    await scrollThrough(page, 30, 120);
    await page.getByTestId('microscope-filter').selectOption(scrolls % 2 ? 'all' : 'undecided');
    scrolls += 1;
  }
  await waitState(page, 'finished', minutes(5));
  const msAFrame = (await spent()) / (scrolls * 30);
  // The goal is none over 50 ms. What there was is said, not asserted: a machine that trains on its
  // two cores, and does other things too, can stretch any task over the line.
  say(`2,000 images, ${scrolls} scrolls while training: ${listed(await longTasks(page))}`);
  say(`all that the main thread did: ${msAFrame.toFixed(1)} ms of its own time a frame`);
  assert.ok((await count(page)) > 0);
  assert.ok(msAFrame < 50, `${msAFrame} ms`);
});

/** Megabytes of the tab: of its process, of the page's WebAssembly, of JavaScript. */
async function memory(context, page) {
  const session = await context.newCDPSession(page);
  await session.send('HeapProfiler.collectGarbage');
  await session.send('Performance.enable');
  const { metrics } = await session.send('Performance.getMetrics');
  const browser = await context.browser().newBrowserCDPSession();
  const { processInfo } = await browser.send('SystemInfo.getProcessInfo');
  const resident = [];
  for (const { id, type } of processInfo.filter(({ type }) => type === 'renderer')) {
    const status = await readFile(`/proc/${id}/status`, 'utf8').catch(() => '');
    const kilobytes = Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0);
    resident.push({ type, megabytes: kilobytes / 1_000 });
  }
  const wasm = await page.evaluate(() => window.wasmMemory?.buffer.byteLength ?? 0);
  return {
    process: Math.max(...resident.map(({ megabytes }) => megabytes)),
    wasm: wasm / 1e6,
    js: metrics.find(({ name }) => name === 'JSHeapUsedSize').value / 1e6,
  };
}

scene('microscope: 50,000 images and 100 epochs', { timeout: minutes(6) }, async (it) => {
  const { page, url, context, say } = it;
  await fakeEngine(context, { images: 50_000, tests: 10_000, epochs: 100, pauseMs: 30 });
  await noteLongTasks(page);
  await page.addInitScript(() => {
    const { instantiateStreaming } = WebAssembly;
    WebAssembly.instantiateStreaming = async (...given) => {
      const made = await instantiateStreaming.apply(WebAssembly, given);
      window.wasmMemory = made.instance.exports.memory;
      return made;
    };
  });
  await visit(page, link(url, { device: 'cpu' }));
  await page.getByTestId('microscope-toggle').waitFor();
  const empty = await memory(context, page);
  await run(page, minutes(5));
  await settled(page);
  await waitEpoch(page, 100);
  assert.equal(await count(page), 50_000);
  assert.ok((await page.getByTestId('microscope-item').count()) < 200, 'only what is seen is in the page');

  const frames = (await scrollThrough(page, 120, 400)).sort((a, b) => a - b);
  await settled(page);
  const median = frames[Math.floor(frames.length / 2)];
  const slow = frames.filter((ms) => ms > 50).length;
  say(`scrolling, 400 pixels a frame: 120 frames, median ${median.toFixed(1)} ms, slowest ${frames.at(-1).toFixed(0)} ms, ${slow} over 50 ms`);
  assert.ok(median < 34, `a frame takes ${median} ms`);

  await page.getByTestId('microscope-filter').selectOption('wrongly decided');
  const wrong = await count(page);
  assert.ok(wrong > 0 && wrong < 1_000, `${wrong} are wrongly decided`);
  await page.getByTestId('microscope-filter').selectOption('all');
  await page.getByTestId('microscope-play').click();
  await waitEpoch(page, 100);

  const full = await memory(context, page);
  const tasks = await longTasks(page);
  const rounded = ({ process, wasm, js }) =>
    `${process.toFixed(0)} MB of the tab's process, of them ${wasm.toFixed(1)} MB WebAssembly and ${js.toFixed(1)} MB JavaScript`;
  say(`before the run: ${rounded(empty)}`);
  say(`after it: ${rounded(full)}`);
  say(`main thread: ${listed(tasks)}`);
  assert.ok(full.wasm > 10, 'the memory of the page was not found');
  assert.ok(full.process < 300, `${full.process} MB`);
});
