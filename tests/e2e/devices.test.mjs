// WebGPU (in software) and the CPU compute the same; the page says which it uses, and why.

import assert from 'node:assert/strict';
import { cifar10 } from './lib/data.mjs';
import { minutes } from './lib/environment.mjs';
import { TINY, attribute, link, stepLosses, visit, waitState } from './lib/page.mjs';
import { stage } from './lib/scene.mjs';

const RUN = { dataset: 'cifar10', 'train-limit': 128, 'test-limit': 64, epochs: 1, batch: 32 };
const STEPS = 4;
const TOLERANCE = 1e-3;

const scene = stage({ data: cifar10 });

/** What a device made of the run. */
async function outcome({ page, url, say }, device, settings) {
  const started = Date.now();
  await visit(page, link(url, { ...settings, device, autostart: 1 }));
  await waitState(page, 'finished', minutes(8));
  const secs = ((Date.now() - started) / 1_000).toFixed(1);
  const words = (await page.getByTestId('device').innerText()).replace(/\s+/g, ' ');
  say(`device=${device}: “${words}”, page and run in ${secs} s`);
  return {
    words,
    device: await attribute(page, 'device', 'data-device'),
    digest: await attribute(page, 'candidates', 'data-digest'),
    losses: await stepLosses(page),
  };
}

scene('WebGPU and CPU give the same losses', { timeout: minutes(10) }, async (it) => {
  const cpu = await outcome(it, 'cpu', RUN);
  const gpu = await outcome(it, 'webgpu', RUN);
  assert.equal(cpu.device, 'cpu');
  assert.equal(gpu.device, 'webgpu');
  assert.ok(cpu.digest, 'candidates has no data-digest');
  assert.equal(gpu.digest, cpu.digest, 'the candidate sets differ');

  assert.equal(cpu.losses.length, STEPS);
  assert.equal(gpu.losses.length, STEPS);
  const differences = cpu.losses.map((loss, step) => Math.abs(gpu.losses[step] - loss) / loss);
  it.say(`losses ${cpu.losses}, the largest relative difference ${Math.max(...differences)}`);
  assert.ok(differences.every((difference) => difference <= TOLERANCE), `${differences}`);
});

// One step of each: flips and crops are drawn on the CPU, so that all devices see the same.
const AUGMENTED = { ...TINY, augment: 'flip-crop', 'train-limit': TINY.batch };

scene('WebGPU and CPU see the same augmented images', { timeout: minutes(5) }, async (it) => {
  const plain = await outcome(it, 'cpu', { ...AUGMENTED, augment: 'none' });
  const cpu = await outcome(it, 'cpu', AUGMENTED);
  const gpu = await outcome(it, 'webgpu', AUGMENTED);
  const [[without], [ours], [theirs]] = [plain, cpu, gpu].map(({ losses }) => losses);
  const apart = (loss) => Math.abs(loss / ours - 1);
  it.say(`first loss ${ours} on the CPU, ${theirs} on WebGPU, ${without} without augmentation`);
  assert.ok(apart(theirs) <= 1e-4, `${apart(theirs)}`);
  assert.ok(apart(without) > 1e-4, 'nothing was augmented');

  // The device in use, and what bounds it.
  const limits = (await it.page.getByTestId('device').locator('dl.limits').textContent()).replace(/\s+/g, ' ');
  it.say(`limits: ${limits}`);
  for (const part of [/Largest buffer\s*[1-9]\d* MiB/, /Workgroup memory\s*[1-9]\d* KiB/, /Workgroup size\s*[1-9]/]) {
    assert.match(limits, part);
  }
});

scene('auto prefers the CPU to a software adapter, and says so', {}, async (it) => {
  const auto = await outcome(it, 'auto', TINY);
  assert.equal(auto.device, 'cpu');
  assert.match(auto.words, /software|SwiftShader|fallback/i);
});
