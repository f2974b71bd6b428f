// A graphics card that is lost, computes wrongly or has no room left. Nobody has to do anything where
// the run can go on; else one click is offered. The card is SwiftShader.

import assert from 'node:assert/strict';
import { minutes } from './lib/environment.mjs';
import { attribute, errors, link, start, visit, waitError, waitState } from './lib/page.mjs';
import { epochs, result } from './lib/results.mjs';
import { stage } from './lib/scene.mjs';
import { LONG, afterMessage, assertTidy, beforeEngine, undisturbed, waitKept } from './lib/survive.mjs';

const scene = stage();
// Each test starts two engines in software, which a busy machine takes minutes for.
const timeout = minutes(8);
const ON_THE_CARD = { ...LONG, 'train-limit': 64, 'test-limit': 32, epochs: 3, device: 'webgpu' };

/** Gives the engine's device to the script as `device`, and runs it after that message to the page. */
const after = (message, script) => `{
  let device;
  const { requestDevice } = GPUAdapter.prototype;
  GPUAdapter.prototype.requestDevice = async function (...args) {
    return (device = await requestDevice.apply(this, args));
  };
  ${afterMessage(message, script)}
}`;
const COMPILING = '"Compiling"';
const AFTER_EPOCH_2 = '{"Epoch":{"metrics":{"epoch":2,';
// The engine is in the middle of its message.
const LOSE = 'setTimeout(() => device?.destroy());';

const goesOn = (page, why) =>
  page.locator('.notes').filter({ hasText: new RegExp(`${why}.*A new one goes on`) }).waitFor();

const device = (page) => attribute(page, 'device', 'data-device');

scene('card: one that is lost', { timeout }, async (it) => {
  const { page } = it;
  const expected = await undisturbed(it, ON_THE_CARD);
  await beforeEngine(it.context, after(AFTER_EPOCH_2, LOSE), 1);
  await visit(page, link(it.url, ON_THE_CARD));
  await start(page);
  await goesOn(page, 'graphics card was lost');
  await waitState(page, 'finished', minutes(3));
  assert.deepEqual(await result(page), expected);
  assert.equal(await device(page), 'webgpu');
  assert.equal(await errors(page), '');
  await assertTidy(page);
});

scene('card: the process of all cards is killed', { timeout }, async (it) => {
  const { page } = it;
  const expected = await undisturbed(it, ON_THE_CARD);
  await visit(page, link(it.url, ON_THE_CARD));
  await start(page);
  await waitKept(page, 1);
  const cdp = await it.context.browser().newBrowserCDPSession();
  // It never answers.
  cdp.send('Browser.crashGpuProcess').catch(() => {});
  await goesOn(page, 'graphics card was lost');
  await waitState(page, 'finished', minutes(3));
  assert.deepEqual(await result(page), expected);
  assert.equal(await device(page), 'webgpu');
  await assertTidy(page);
});

scene('card: one that is lost again and again', { timeout }, async (it) => {
  const { page } = it;
  // What is routed last is asked first.
  await beforeEngine(it.context, after(COMPILING, LOSE));
  await beforeEngine(it.context, after(AFTER_EPOCH_2, LOSE), 1);
  await visit(page, link(it.url, ON_THE_CARD));
  await start(page);
  it.say(await waitError(page, [/graphics card was lost/, /device “CPU”/], minutes(3)));
  const way = page.getByTestId('way-out');
  assert.equal(await way.innerText(), 'Continue on the CPU');
  const kept = await epochs(page);
  await way.click();
  // On its way from the storage it has still failed.
  await way.waitFor({ state: 'hidden' });
  await waitState(page, 'finished', minutes(2));
  assert.equal(await device(page), 'cpu');
  // The newest is first.
  assert.deepEqual((await epochs(page)).slice(-kept.length), kept);
  assert.equal((await epochs(page)).length, ON_THE_CARD.epochs);
  assert.equal(await errors(page), '');
  await assertTidy(page);
});

scene('card: one without room', { timeout }, async (it) => {
  const { page } = it;
  await beforeEngine(it.context, after(COMPILING, `
    const { createBuffer } = GPUDevice.prototype;
    GPUDevice.prototype.createBuffer = function (...args) {
      const error = new GPUOutOfMemoryError('no room');
      this.dispatchEvent(new GPUUncapturedErrorEvent('uncapturederror', { error, cancelable: true }));
      return createBuffer.apply(this, args);
    };`), 1);
  await visit(page, link(it.url, ON_THE_CARD));
  await start(page);
  it.say(await waitError(page, [/no memory left/, /smaller batch size/], minutes(2)));
  const way = page.getByTestId('way-out');
  assert.equal(await way.innerText(), 'Start again with batches of 16');
  await way.click();
  await waitState(page, 'finished', minutes(3));
  assert.match(page.url(), /batch=16/);
  assert.equal(await errors(page), '');
});

/** Clicks on Stop while the card is read from, which it is nearly always. */
async function stopOnTheCard(page) {
  await page.getByTestId('stop').click();
  await waitState(page, 'idle');
}

scene('card: a run that is stopped on it goes on there', { timeout }, async (it) => {
  const { page } = it;
  const expected = await undisturbed(it, ON_THE_CARD);
  await visit(page, link(it.url, ON_THE_CARD));
  await start(page);
  for (const epochs of [1, 2]) {
    await page.waitForFunction((epochs) => document.querySelectorAll('[data-testid="epoch-table"] tbody tr').length >= epochs, epochs);
    await stopOnTheCard(page);
    await page.getByTestId('resume-offer').click();
  }
  await waitState(page, 'finished', minutes(3));
  assert.deepEqual(await result(page), expected);
  assert.equal(await device(page), 'webgpu');
  assert.equal(await errors(page), '');
});

scene('card: a stop while it is checked costs nothing', { timeout }, async (it) => {
  const { page } = it;
  await page.addInitScript(() => {
    new BroadcastChannel('card').onmessage = () => (window.isChecked = true);
  });
  // The first thing that the engine computes on the card is the check.
  await beforeEngine(it.context, `
    const channel = new BroadcastChannel('card');
    const { submit } = GPUQueue.prototype;
    GPUQueue.prototype.submit = function (...args) {
      channel.postMessage('');
      return submit.apply(this, args);
    };`);
  await visit(page, link(it.url, ON_THE_CARD));
  await start(page);
  await page.waitForFunction(() => window.isChecked);
  await stopOnTheCard(page);
  await start(page);
  await page.locator('[data-testid="device"][data-device="webgpu"]').first().waitFor();
  assert.equal(await errors(page), '');
  await stopOnTheCard(page);
});

scene('card: one that computes wrongly', { timeout }, async (it) => {
  const { page } = it;
  // One that computes nothing at all: every number stays zero.
  await beforeEngine(it.context, 'GPUComputePassEncoder.prototype.dispatchWorkgroups = () => {};');
  await visit(page, link(it.url, ON_THE_CARD));
  await start(page);
  it.say(await waitError(page, [/computes wrongly: its loss is off by/, /Choose the device “CPU”/]));
  assert.equal(await page.getByTestId('way-out').innerText(), 'Start again on the CPU');
});
