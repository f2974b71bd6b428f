// More threads for the CPU, where the page may share memory between them: the numbers stay those of
// one, whatever becomes of the helpers.

import assert from 'node:assert/strict';
import { THREADS, minutes } from './lib/environment.mjs';
import { kept, link, run, stepLosses, visit } from './lib/page.mjs';
import { result } from './lib/results.mjs';
import { stage } from './lib/scene.mjs';
import { ISOLATING, plainHost } from './lib/server.mjs';

/** Steps long enough for helpers to be worth it, and enough of them for the helpers to come in. */
const WORTHWHILE = { 'train-limit': 1_280, 'test-limit': 64, epochs: 1, batch: 32, width: 0.25, device: 'cpu' };
const STEPS = 40;

const scene = stage({ webgpu: false });
const timeout = minutes(4);
// One core has no room for helpers.
const skip = THREADS < 2;

/** A host whose helpers have a script of the test's in them; Playwright's routes do not reach those. */
async function hostOfHelpers(it, change) {
  const host = await plainHost({ redirects: true, headers: ISOLATING, changes: { 'helper.js': change } });
  it.t.after(() => host.close());
  return host.url;
}
const after = (script) => (text) => `${text}\n${script}`;

/** Tells the page of each part that a helper does. */
const COUNT_PARTS = `
  let parts = 0;
  const channel = new BroadcastChannel('helpers');
  const { notify } = Atomics;
  Atomics.notify = (...args) => {
    parts += 1;
    channel.postMessage(parts);
    return notify(...args);
  };`;
/** Is gone with a part that it has taken, and nobody hears of it. */
const DIE_AFTER_40_PARTS = `
  const { compareExchange } = Atomics;
  Atomics.compareExchange = (...args) => {
    const before = compareExchange(...args);
    if (parts < 40) return before;
    close();
    throw new Error('gone');
  };`;

const listen = (page) =>
  page.evaluate(() => {
    window.parts = 0;
    new BroadcastChannel('helpers').onmessage = () => (window.parts += 1);
  });

const threads = async (page) => {
  const limits = page.getByTestId('device').locator('dl.limits');
  return Number(await limits.locator('dd').first().textContent());
};

/** What the run comes to, step by step. */
async function outcome(page) {
  await run(page, minutes(2));
  const steps = await stepLosses(page);
  assert.equal(steps.length, STEPS);
  return { ...(await result(page)), steps };
}

let alone;
/** What it comes to on one thread: on a host that does not isolate the page. */
async function onOneThread({ context }) {
  if (alone) return alone;
  const host = await plainHost({ redirects: true });
  const page = await context.newPage();
  await visit(page, link(host.url, WORTHWHILE));
  assert.equal(await page.evaluate(() => window.crossOriginIsolated), false);
  alone = await outcome(page);
  assert.equal(await threads(page), 1);
  await page.close();
  await host.close();
  return alone;
}

scene('threads: helpers do parts of the work, and the numbers stay', { timeout, skip }, async (it) => {
  const { page } = it;
  const expected = await onOneThread(it);
  await visit(page, link(await hostOfHelpers(it, after(COUNT_PARTS)), WORTHWHILE));
  await listen(page);
  const came = await outcome(page);
  assert.deepEqual(came, expected);
  assert.equal(await threads(page), THREADS);
  const parts = await page.evaluate(() => window.parts);
  it.say(`helpers did ${parts} parts`);
  assert.ok(parts > 0, 'no helper did anything');
});

scene('threads: a helper that dies at its work costs seconds, and nothing else', { timeout, skip }, async (it) => {
  const { page } = it;
  const expected = await onOneThread(it);
  await visit(page, link(await hostOfHelpers(it, after(COUNT_PARTS + DIE_AFTER_40_PARTS)), WORTHWHILE));
  await listen(page);
  assert.deepEqual(await outcome(page), expected);
  assert.ok((await page.evaluate(() => window.parts)) >= 40, 'no helper has died');
});

const allowed = [/^Failed to load resource/];
scene('threads: without the helpers’ file the engine trains alone', { timeout, skip, allowed }, async (it) => {
  const { page } = it;
  const expected = await onOneThread(it);
  let asked = 0;
  page.on('request', (request) => (asked += request.url().endsWith('/helper.js')));
  await visit(page, link(await hostOfHelpers(it, undefined), WORTHWHILE));
  assert.deepEqual(await outcome(page), expected);
  assert.ok(asked > 0, 'nobody asked for the file');
});

scene('threads: a host without headers has them from the second visit on', { timeout, skip, context: { serviceWorkers: 'allow' }, hosted: true }, async (it) => {
  const { page } = it;
  const host = await plainHost({ redirects: true });
  it.t.after(() => host.close());
  await visit(page, host.url);
  assert.equal(await page.evaluate(() => window.crossOriginIsolated), false);
  await kept(page);
  await page.reload();
  await page.locator('h1').first().waitFor();
  assert.equal(await page.evaluate(() => window.crossOriginIsolated), true);
});
