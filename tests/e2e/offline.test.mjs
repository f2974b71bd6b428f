// The site without a network after one visit; updates that take effect whole, with the next
// navigation; and what the service worker leaves alone.

import assert from 'node:assert/strict';
import { updatedHost } from './lib/builds.mjs';
import { seconds } from './lib/environment.mjs';
import { attribute, follow, kept, runTiny, visit } from './lib/page.mjs';
import { stage } from './lib/scene.mjs';
import { serve } from './lib/server.mjs';

// Playwright's routes answer the service worker, too, and it takes only what its build has.
const options = { context: { serviceWorkers: 'allow' }, hosted: true };
const scene = stage();

scene('offline: after one visit the page opens and trains without a host', options, async (it) => {
  const { page } = it;
  const host = await serve();
  it.t.after(() => host.close());
  await visit(page, host.url);
  await kept(page);
  await host.close();
  await it.context.setOffline(true);

  await page.reload();
  await page.locator('h1').first().waitFor();
  await runTiny(page);
  await follow(page, 'about');
  await page.reload();
  await page.locator('h1').first().waitFor();
  await visit(page, `${host.url}classify?lang=zh`);
  assert.equal(await page.locator('html').getAttribute('lang'), 'zh-Hans');
});

// There are no data at this host.
const missing = [/^Failed to load resource/];
scene('offline: data and parts of files are not its business', { ...options, allowed: missing }, async (it) => {
  const { page } = it;
  await visit(page, it.url);
  await kept(page);
  await page.reload();
  const found = await page.evaluate(async () => {
    const part = await fetch('worker_bg.wasm', { headers: { range: 'bytes=0-3' } });
    const keys = await Promise.all(
      (await caches.keys()).map(async (name) => (await caches.open(name)).keys()),
    );
    return {
      isControlled: navigator.serviceWorker.controller !== null,
      status: part.status,
      magic: [...new Uint8Array(await part.arrayBuffer())],
      data: (await fetch('data/nothing.bin')).status,
      kept: keys.flat().map(({ url }) => url),
    };
  });
  assert.ok(found.isControlled);
  assert.deepEqual([found.status, found.magic, found.data], [206, [0, 0x61, 0x73, 0x6d], 404]);
  const names = found.kept.map((url) => url.slice(it.url.length));
  assert.ok(names.includes('worker_bg.wasm') && names.includes('train/index.html'), `${names}`);
  assert.ok(!names.some((name) => name.startsWith('data/') || /\.(br|gz)$/.test(name)), `${names}`);
});

/** Changes that tell a build from another one. */
const marked = (name) => ({
  'index.html': (text) => text.replace('<body>', `<body data-build="${name}">`),
  'worker_loader.js': (text) => `${text}\n// ${name}\n`,
});
const shown = (page) => page.evaluate(() => document.body.dataset.build);
const engine = (page) =>
  page.evaluate(async () => (await (await fetch('worker_loader.js')).text()).trim().slice(-6));
const lookForUpdate = (page) =>
  page.evaluate(async () => (await navigator.serviceWorker.ready).update());

/**
 * Reloads, as a visitor does; again if the page stays as it was, for on a busy machine the browser may
 * still count a tab that was closed.
 */
async function reloadUntilNewest(page) {
  for (let tries = 1; ; tries += 1) {
    // Not Playwright's: the page that asks again for the new build overtakes it, which then counts as aborted.
    await page.evaluate(() => location.reload());
    const isNewest = page.waitForFunction(() => document.body?.dataset.build === 'newest', undefined, { timeout: seconds(10) });
    if (await isNewest.then(() => true, () => false)) return;
    assert.ok(tries < 3, 'three reloads, and still the old build');
  }
}

scene('updates: a page keeps the engine of its build; the next navigation has the new one', options, async (it) => {
  const { page } = it;
  const host = await updatedHost();
  it.t.after(() => host.close());
  host.publish(marked('oldest'));
  await visit(page, host.url);
  await kept(page);
  await page.reload();
  assert.deepEqual([await shown(page), await engine(page)], ['oldest', 'oldest']);

  host.publish(marked('newest'));
  await lookForUpdate(page);
  await page.waitForFunction(async () => (await navigator.serviceWorker.ready).waiting);
  assert.deepEqual([await shown(page), await engine(page)], ['oldest', 'oldest']);
  await runTiny(page);

  // A second tab shows what the first one shows; alone, a reload takes the new build.
  const other = await it.context.newPage();
  await visit(other, host.url);
  assert.equal(await shown(other), 'oldest');
  await other.close();
  // A tab is gone a moment after it was closed: until then it counts.
  await page.waitForFunction(async () => {
    const { held } = await navigator.locks.query();
    return held.filter(({ name }) => name.startsWith('proden page')).length === 1;
  });
  await reloadUntilNewest(page);
  await page.locator('h1').first().waitFor();
  assert.equal(await engine(page), 'newest');
  await runTiny(page);
  assert.equal(await attribute(page, 'status', 'data-state'), 'finished');
});

// The browser tells on the console why it did not install.
const allowed = [/another build|ServiceWorker/i];
scene('updates: files of two builds are not kept together', { ...options, allowed }, async (it) => {
  const { page } = it;
  const host = await updatedHost();
  it.t.after(() => host.close());
  host.publish(marked('oldest'));
  await visit(page, host.url);
  await kept(page);
  await page.reload();

  host.publish(marked('newest'), ['worker_loader.js']);
  const outcome = await page.evaluate(async () => {
    const registration = await navigator.serviceWorker.ready;
    const found = new Promise((resolve) => {
      registration.addEventListener('updatefound', () => resolve(registration.installing));
    });
    registration.update().catch(() => {});
    const installing = await found;
    await new Promise((resolve) => {
      const look = () => ['redundant', 'installed'].includes(installing.state) && resolve();
      installing.addEventListener('statechange', look);
      look();
    });
    return installing.state;
  });
  assert.equal(outcome, 'redundant');
  await page.reload();
  await page.locator('h1').first().waitFor();
  assert.deepEqual([await shown(page), await engine(page)], ['oldest', 'oldest']);
});
