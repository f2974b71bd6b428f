// What is told while one waits: bytes of a download, and the time that is left.

import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { seconds } from './lib/environment.mjs';
import { misbehavingHost } from './lib/misbehaving.mjs';
import { TINY, attribute, link, start, value, visit, waitState } from './lib/page.mjs';
import { stage } from './lib/scene.mjs';

const scene = stage();
let host;
before(async () => (host = await misbehavingHost()));
after(() => host.close());

scene('progress: bytes while a file is being fetched', {}, async (it) => {
  const { page } = it;
  // 20 of the 64 images come, and then nothing more.
  const settings = { ...TINY, dataset: 'cifar10', data: host.url('stall') };
  await visit(page, link(it.url, settings));
  await start(page);
  await page.locator('.status-sentence').filter({ hasText: /data_batch_1\.bin: 61 kB of 197 kB/ }).waitFor();
  assert.equal(await attribute(page, 'status', 'data-state'), 'loading');
  const bar = page.locator('.progress.is-download');
  assert.ok(await bar.isVisible());
  const share = await bar.locator('.progress-done').evaluate((done) => Number(done.style.getPropertyValue('--share')));
  assert.ok(Math.abs(share - 20 / 64) < 1e-6, `${share}`);
  // The bar of the run has not moved.
  assert.equal(await value(page, 'progress'), 0);
  await page.getByTestId('stop').click();
  await waitState(page, 'idle');
});

scene('progress: the time left is told and shrinks', {}, async (it) => {
  const { page } = it;
  await visit(page, link(it.url, { ...TINY, 'train-limit': 256, epochs: 4_000 }));
  await start(page);
  await waitState(page, 'training', seconds(60));
  const eta = page.locator('[data-testid="eta"][data-value]');
  await eta.waitFor();
  const first = await value(page, 'eta');
  assert.ok(first > 1, `${first} s for 4,000 epochs`);
  assert.match(await eta.innerText(), /\d (s|min|h)|days/);
  const before = await value(page, 'progress');
  // Fewer steps are left; the speed may vary.
  await page.waitForFunction((before) => {
    const now = Number(document.querySelector('[data-testid="progress"]').dataset.value);
    return now > 2 * before + 0.001;
  }, before);
  assert.ok((await value(page, 'eta')) < 2 * first);
  await page.getByTestId('stop').click();
  await waitState(page, 'idle');
});
