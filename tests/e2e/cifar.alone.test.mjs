// The main job from end to end: real CIFAR-10 images on the CPU, and a page that stays responsive.

import assert from 'node:assert/strict';
import { cifar10 } from './lib/data.mjs';
import { minutes } from './lib/environment.mjs';
import { longTasks, noteLongTasks } from './lib/moments.mjs';
import { link, value, visit, waitState } from './lib/page.mjs';
import { stage } from './lib/scene.mjs';

// PyTorch gets 0.318 to 0.370 and 0.837 to 0.846 with these settings (DESIGN.md, part 5).
const LEAST_TEST_ACCURACY = 0.3;
const LEAST_LABEL_ACCURACY = 0.8;
const MOST_SLIPS = 5;
const MOST_MS_OF_A_SLIP = 500;

const scene = stage({ data: cifar10 });

scene('CIFAR-10 is learned on the CPU without a long task', { timeout: minutes(15) }, async (it) => {
  const { page, say } = it;
  await noteLongTasks(page);
  const started = Date.now();
  const settings = { dataset: 'cifar10', 'train-limit': 2_000, 'test-limit': 500, device: 'cpu' };
  await visit(page, link(it.url, { ...settings, autostart: 1 }));
  await waitState(page, 'finished', minutes(14));

  const secs = Math.round((Date.now() - started) / 1_000);
  const accuracy = await value(page, 'test-accuracy');
  const labels = await value(page, 'label-accuracy');
  const images = it.data.real ? 'CIFAR-10, JPEG copy' : 'generated pictures';
  say(`${images}: ${accuracy} test accuracy, ${labels} label accuracy in ${secs} s`);
  const long = await longTasks(page);
  const each = long.map(({ ms, secsAfterReady }) => `${ms} ms, ${secsAfterReady.toFixed(1)} s after the page was ready`);
  say(`main thread: ${long.length} tasks over 50 ms${each.map((task) => `; ${task}`).join('')}`);

  if (it.data.real) {
    assert.ok(accuracy >= LEAST_TEST_ACCURACY, `test accuracy ${accuracy}`);
    assert.ok(labels >= LEAST_LABEL_ACCURACY, `label accuracy ${labels}`);
  }
  // The goal is none, and what there was stands above. Asserted is what a page of bad manners would
  // do: a machine that is busy with something else can stretch any task over the line.
  const slips = long.length <= MOST_SLIPS && long.every(({ ms }) => ms < MOST_MS_OF_A_SLIP);
  assert.ok(slips, `long tasks on the main thread: ${each}`);
});
