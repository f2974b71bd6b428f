// A browser without WebGPU: asked for it, the page says what to do instead, and does it.

import assert from 'node:assert/strict';
import { THREADS, seconds } from './lib/environment.mjs';
import { TINY, attribute, link, run, setSettings, visit, waitError, waitState } from './lib/page.mjs';
import { stage } from './lib/scene.mjs';

const scene = stage({ webgpu: false });

scene('device=webgpu fails in words, and the CPU is one choice away', {}, async (it) => {
  const { page } = it;
  await visit(page, link(it.url, { ...TINY, device: 'webgpu', autostart: 1 }));
  await waitState(page, 'failed', seconds(60));
  it.say(await waitError(page, [/WebGPU/i, /\bCPU\b|automatic|\bauto\b/i]));

  await setSettings(page, { device: 'cpu' });
  await run(page, seconds(60));
  assert.equal(await attribute(page, 'device', 'data-device'), 'cpu');
});

scene('auto takes the CPU', {}, async (it) => {
  await visit(it.page, link(it.url, { ...TINY, device: 'auto', autostart: 1 }));
  await waitState(it.page, 'finished', seconds(60));
  assert.equal(await attribute(it.page, 'device', 'data-device'), 'cpu');
});

/** A worker whose browser has never heard of WebGPU. */
async function withoutGpu(page) {
  await page.route('**/worker_loader.js*', async (route) => {
    const response = await route.fetch();
    const body = `Object.defineProperty(WorkerNavigator.prototype, 'gpu', { get: () => undefined });\n${await response.text()}`;
    await route.fulfill({ response, body });
  });
}

scene('a browser without navigator.gpu', {}, async (it) => {
  const { page } = it;
  await withoutGpu(page);
  await visit(page, link(it.url, { ...TINY, device: 'webgpu', autostart: 1 }));
  await waitState(page, 'failed', seconds(60));
  it.say(await waitError(page, [/WebGPU was asked for, but this browser does not have it/, /Choose the device/]));

  await setSettings(page, { device: 'auto' });
  await run(page, seconds(60));
  assert.equal(await attribute(page, 'device', 'data-device'), 'cpu');
  assert.match(await page.getByTestId('device').innerText(), /This browser has no WebGPU, so the CPU trains/);
  assert.equal(await page.getByTestId('device').locator('dl.limits').textContent(), `Threads${THREADS}`);
});
