// Pause, resume and stop: exact, and prompt.

import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { minutes, seconds } from './lib/environment.mjs';
import { misbehavingHost } from './lib/misbehaving.mjs';
import { clickAt, watchStill } from './lib/moments.mjs';
import { link, run, runTiny, start, state, stepLosses, value, visit, waitState } from './lib/page.mjs';
import { result } from './lib/results.mjs';
import { stage } from './lib/scene.mjs';

const BATCH = 16;
/** Seconds of work also where a step takes 8 ms and the page is slow to draw beside it. */
const STEPS_PER_EPOCH = 256;
const SMALL = {
  'train-limit': BATCH * STEPS_PER_EPOCH,
  'test-limit': 64,
  epochs: 2,
  batch: BATCH,
  width: 0.0625,
  device: 'cpu',
};
/** Never comes to its end: what is stopped in the middle must still be under way. */
const ENDLESS = { ...SMALL, epochs: 2_000 };
const MOST_MS_TO_STOP = seconds(1);

const scene = stage();
let host;
before(async () => (host = await misbehavingHost()));
after(() => host.close());

/** The numbers that a run comes to, and those of its steps. */
const allOf = async (page) => ({ ...(await result(page)), steps: await stepLosses(page) });

scene('a pause in the middle of an epoch changes nothing', { timeout: minutes(4) }, async (it) => {
  const { page, say } = it;
  await visit(page, link(it.url, SMALL));
  await run(page, minutes(2));
  const undisturbed = await allOf(page);
  assert.equal((await stepLosses(page)).length, SMALL.epochs * STEPS_PER_EPOCH);
  assert.equal(undisturbed.epochs.length, SMALL.epochs);

  await clickAt(page, {
    first: 'start', click: 'pause', states: ['training'], steps: 1, answers: ['paused'],
  });
  let taken = (await stepLosses(page)).length;
  // The step under way when the click came may have been the last of the epoch: go on, try again.
  while (taken % STEPS_PER_EPOCH === 0) {
    await clickAt(page, {
      first: 'resume', click: 'pause', states: ['training'], steps: taken + 1, answers: ['paused'],
    });
    taken = (await stepLosses(page)).length;
  }

  // Long enough for ten steps, had it gone on.
  const stepMs = (1_000 * BATCH) / (await value(page, 'throughput'));
  const watched = ['status', 'epoch', 'step-losses', 'progress', 'loss'];
  const { frames, sights } = await watchStill(page, watched, 10 * stepMs);
  say(`paused after ${taken} steps; nothing moved in ${frames} frames (${Math.round(10 * stepMs)} ms)`);
  assert.equal(sights.length, 1, `it went on while paused: ${sights}`);

  await page.getByTestId('resume').click();
  await waitState(page, 'finished', minutes(1));
  assert.deepEqual(await allOf(page), undisturbed);
});

/** The page goes back to idle in time, and can start anew. */
async function assertStopped({ page, say }, { state: when, ms }) {
  say(`stop while ${when}: answered in ${ms.toFixed(0)} ms`);
  assert.ok(ms <= MOST_MS_TO_STOP, `stop took ${ms} ms`);
  assert.equal(await state(page), 'idle');
  await runTiny(page);
}

scene('stop answers within a second while training', {}, async (it) => {
  const { page } = it;
  // The default network: its steps are the longest that a visitor meets on the first run.
  await visit(page, link(it.url, { device: 'cpu' }));
  const stopped = await clickAt(page, {
    first: 'start', click: 'stop', states: ['training'], steps: 1, answers: ['idle'],
  });
  await assertStopped(it, stopped);
});

scene('stop answers within a second while loading', {}, async (it) => {
  const { page } = it;
  const asked = host.asked('stall');
  await visit(page, link(it.url, { ...ENDLESS, dataset: 'cifar10', data: host.url('stall') }));
  await start(page);
  await asked;
  const stopped = await clickAt(page, { click: 'stop', states: ['loading'], answers: ['idle'] });
  await assertStopped(it, stopped);
});

scene('stop answers within a second while compiling', {}, async (it) => {
  const { page } = it;
  await visit(page, link(it.url, { ...ENDLESS, device: 'webgpu' }));
  // Where compiling is over before it is seen, the first step is as near as it gets.
  const stopped = await clickAt(page, {
    first: 'start', click: 'stop', states: ['compiling', 'training'], answers: ['idle'],
  });
  await assertStopped(it, stopped);
});

scene('stop ends a paused run', {}, async (it) => {
  const { page } = it;
  await visit(page, link(it.url, ENDLESS));
  await clickAt(page, {
    first: 'start', click: 'pause', states: ['training'], answers: ['paused'],
  });
  const stopped = await clickAt(page, { click: 'stop', states: ['paused'], answers: ['idle'] });
  await assertStopped(it, stopped);
});
