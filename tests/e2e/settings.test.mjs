// Every network, method and augmentation trains in the page; what they change shows in the numbers.

import assert from 'node:assert/strict';
import { minutes, seconds } from './lib/environment.mjs';
import { TINY, errors, link, run, stepLosses, value, visit } from './lib/page.mjs';
import { epochs } from './lib/results.mjs';
import { stage } from './lib/scene.mjs';

const SETTINGS = { ...TINY, rate: 0.5, epochs: 2 };
const STEPS = 4;

const scene = stage();

/** What a run with these settings comes to. */
async function outcome({ page, url }, settings) {
  await visit(page, link(url, { ...SETTINGS, ...settings }));
  await run(page, seconds(90));
  assert.equal(await errors(page), '');
  const losses = await stepLosses(page);
  assert.equal(losses.length, STEPS);
  assert.ok(losses.every((loss) => Number.isFinite(loss) && loss > 0), `${losses}`);
  const [last] = await epochs(page);
  return {
    losses,
    parameters: await value(page, 'parameters'),
    labels: await value(page, 'label-accuracy'),
    confidence: Number(last[3]),
  };
}

scene('settings: each network trains', { timeout: minutes(3) }, async (it) => {
  const found = {};
  for (const model of ['convnet', 'resnet18', 'resnet32']) {
    found[model] = await outcome(it, { model });
    it.say(`${model}: ${found[model].parameters} parameters, losses ${found[model].losses}`);
  }
  const sizes = Object.values(found).map(({ parameters }) => parameters);
  assert.equal(new Set(sizes).size, 3, 'they are one network');
});

scene('settings: each method does what it says', { timeout: minutes(3) }, async (it) => {
  const proden = await outcome(it, { method: 'proden' });
  const average = await outcome(it, { method: 'average' });
  const supervised = await outcome(it, { method: 'supervised' });
  it.say(JSON.stringify({ proden, average, supervised }));
  // Until the first epoch has ended, all candidates are equal to both.
  assert.deepEqual(average.losses.slice(0, 2), proden.losses.slice(0, 2));
  assert.notDeepEqual(average.losses.slice(2), proden.losses.slice(2));
  assert.ok(average.confidence < proden.confidence, 'confidences must stay uniform');
  assert.notEqual(supervised.losses[0], proden.losses[0]);
  assert.equal(supervised.labels, 1);
  assert.equal(supervised.confidence, 1);
});

scene('settings: augmentation shows other images in each epoch', {}, async (it) => {
  const plain = await outcome(it, {});
  const augmented = await outcome(it, { augment: 'flip-crop' });
  assert.notEqual(augmented.losses[0], plain.losses[0]);
  // The same seed, the same images.
  const again = await outcome(it, { augment: 'flip-crop' });
  assert.deepEqual(again, augmented);
});
