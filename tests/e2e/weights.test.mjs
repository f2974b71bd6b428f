// Networks and whole runs as files: what is opened again is what was saved, to the last bit, and
// what is no such file is refused without harm.

import assert from 'node:assert/strict';
import { minutes, seconds } from './lib/environment.mjs';
import { give, open, saveCheckpoint, saveEarly, saveModel, transferOf } from './lib/files.mjs';
import { clickAt } from './lib/moments.mjs';
import {
  errors, follow, link, run, setSettings, setting, state, stepLosses, value, visit, waitError,
  waitNoError, waitState,
} from './lib/page.mjs';
import { givePhotos } from './lib/photos.mjs';
import { discPng, file } from './lib/pictures.mjs';
import { epochs, result, verdict } from './lib/results.mjs';
import { kept, waitRuns } from './lib/runs.mjs';
import { stage } from './lib/scene.mjs';
import { undisturbed } from './lib/survive.mjs';

const SMALL = { 'train-limit': 96, 'test-limit': 32, epochs: 2, batch: 32, width: 0.0625, device: 'cpu' };
/**
 * The same with more steps in an epoch, to stop between two of them; and many more than are reported
 * at a time (8), so that no machine is through before the page has seen it begin.
 */
const BATCH = 8;
const STEPS_PER_EPOCH = 60;
const FINE = { ...SMALL, epochs: 4, batch: BATCH, 'train-limit': BATCH * STEPS_PER_EPOCH };

const scene = stage();

/** One click on continue, and the rest of the run. */
async function goOn(page) {
  await page.getByTestId('resume-offer').click();
  await waitState(page, 'finished', seconds(60));
}

scene('a checkpoint of a finished run goes on after a reload', { timeout: minutes(3) }, async (it) => {
  const { page } = it;
  const whole = await undisturbed(it, { ...SMALL, epochs: 4 });
  await visit(page, link(it.url, SMALL));
  assert.ok(await page.getByTestId('save-checkpoint').isDisabled(), 'there is nothing to save yet');
  await run(page, seconds(60));
  const firstHalf = await epochs(page);
  const checkpoint = await saveCheckpoint(page);
  it.say(`${checkpoint.name}, ${checkpoint.buffer.length} bytes`);

  // Another form than the checkpoint's, and an engine that knows nothing.
  await visit(page, link(it.url, { seed: 7 }));
  assert.equal(await open(page, checkpoint), 'checkpoint');
  assert.equal(await state(page), 'idle');
  assert.equal(await setting(page, 'seed'), '1');
  assert.equal(await setting(page, 'train-limit'), '96');
  assert.equal(await value(page, 'epoch'), 2);
  assert.deepEqual(await epochs(page), firstHalf, 'its history');

  await setSettings(page, { epochs: 4 });
  await goOn(page);
  assert.deepEqual(await result(page), whole);
});

scene('a finished run goes on in its tab', { timeout: minutes(3) }, async (it) => {
  const { page } = it;
  const whole = await undisturbed(it, { ...SMALL, epochs: 3 });
  await visit(page, link(it.url, SMALL));
  await run(page, seconds(60));
  await waitRuns(page, 1);
  const before = await kept(page);
  await page.getByTestId('resume-offer').click();
  it.say(await waitError(page, [/2 epochs/, /more epochs/i]));
  assert.equal((await epochs(page)).length, 2, 'a refusal must not lose what was measured');
  assert.equal(before[0].ended, 'finished');
  assert.deepEqual(await kept(page), before, 'nor make a failed run of a finished one');
  await setSettings(page, { lr: 0.01, epochs: 3 });
  await page.getByTestId('resume-offer').click();
  it.say(await waitError(page, [/lr/, /0\.05/]));
  await setSettings(page, { lr: 0.05 });
  await page.getByTestId('resume-offer').click();
  // It still shows the end of the run until then.
  await page.waitForFunction(() => document.querySelectorAll('[data-testid="epoch-table"] tbody tr').length === 3);
  await waitState(page, 'finished', seconds(60));
  assert.equal(await errors(page), '');
  assert.deepEqual(await result(page), whole);
});

/** Stops in the middle of an epoch; the step under way may have been its last, then again. */
async function stopWithinEpoch(page) {
  let first = 'start';
  let taken = 0;
  do {
    const steps = taken + 1;
    await clickAt(page, { first, click: 'pause', states: ['training'], steps, answers: ['paused'] });
    taken = (await stepLosses(page)).length;
    first = 'resume';
  } while (taken % STEPS_PER_EPOCH === 0);
  await page.getByTestId('stop').click();
  await waitState(page, 'idle');
  return taken;
}

scene('a run that was stopped within an epoch goes on exactly', { timeout: minutes(3) }, async (it) => {
  const { page } = it;
  const whole = await undisturbed(it, FINE);
  await visit(page, link(it.url, FINE));
  const taken = await stopWithinEpoch(page);
  const checkpoint = await saveCheckpoint(page);
  it.say(`stopped after ${taken} steps: ${checkpoint.name}`);

  await visit(page, it.url);
  await open(page, checkpoint);
  await goOn(page);
  assert.deepEqual(await result(page), whole);
});

scene('a checkpoint can be saved while the run goes on', { timeout: minutes(3) }, async (it) => {
  const { page } = it;
  const whole = await undisturbed(it, FINE);
  await visit(page, link(it.url, FINE));
  const checkpoint = await saveEarly(page);
  it.say(checkpoint.name);
  await waitState(page, 'finished', seconds(60));
  assert.deepEqual(await result(page), whole, 'saving changed the run');

  await visit(page, it.url);
  // By a drop this time, at the place where data are wanted.
  const dropped = await transferOf(page, checkpoint);
  await page.getByTestId('data-drop').dispatchEvent('drop', { dataTransfer: dropped });
  await page.getByTestId('opened').filter({ hasText: checkpoint.name }).waitFor();
  await goOn(page);
  assert.deepEqual(await result(page), whole, 'what was saved differs from the run');
});

scene('a saved network says the same after a reload', { timeout: minutes(3) }, async (it) => {
  const { page } = it;
  const disc = file('disc.png', 'image/png', discPng());
  await visit(page, link(it.url, SMALL));
  await run(page, seconds(60));
  const model = await saveModel(page);
  await follow(page, 'classify');
  await givePhotos(page, disc);
  const before = await verdict(page);

  await visit(page, `${it.url}classify`);
  assert.equal(await page.getByTestId('no-network').isVisible(), true);
  assert.equal(await open(page, model), 'model');
  assert.equal(await page.getByTestId('no-network').isVisible(), false);
  const shown = await page.getByTestId('model-select').innerText();
  for (const part of [model.name, /convnet/, /disc/]) assert.ok(shown.match(part), shown);
  await givePhotos(page, disc);
  assert.deepEqual(await verdict(page), before);
});

scene('files that hold no network are refused, one by one', { timeout: minutes(3) }, async (it) => {
  const { page } = it;
  await visit(page, link(it.url, SMALL));
  await run(page, seconds(60));
  const before = await result(page);
  const { name, buffer } = await saveCheckpoint(page);
  const bytes = (name, content) => file(name, 'application/octet-stream', content);
  const remedy = /Choose a \.safetensors file that was saved here or by PyTorch/;
  const REFUSED = [
    { given: bytes('garbage.safetensors', Buffer.alloc(5_000, 'garbage')), says: /: it is no safetensors file \(/, remedy },
    { given: bytes('nothing.safetensors', Buffer.alloc(0)), says: /: it is no safetensors file \(/, remedy },
    {
      given: bytes('half.safetensors', buffer.subarray(0, buffer.length / 2)),
      says: /: it is cut short or was changed: its size is not what it says/,
      remedy: /Save it again, or fetch it again/,
    },
    { given: file('disc.png', 'image/png', discPng()), says: /: it is no safetensors file \(/, remedy },
    {
      given: bytes('model.pt', Buffer.from('PK\x03\x04archive/data.pkl')),
      says: /: it is no safetensors file \(/,
      remedy: /\.pt and \.pth open on the command line/,
    },
  ];
  for (const { given, says, remedy } of REFUSED) {
    await give(page, given);
    it.say(await waitError(page, [`“${given.name}” cannot be opened`, says, remedy]));
  }
  // Nothing was lost: the run is still there, to save and to go on.
  assert.deepEqual(await result(page), before);
  assert.ok(await page.getByTestId('save-model').isEnabled());
  await open(page, bytes(name, buffer));
  await waitNoError(page);
  await setSettings(page, { epochs: 3 });
  await goOn(page);
});
