// Runs survive: a tab that is closed or crashes, an engine that dies, a storage that refuses, a
// second tab. What goes on ends with the numbers of a run that nobody disturbed, bit for bit.
// docs/faults.md is the table of all faults.

import assert from 'node:assert/strict';
import { minutes, seconds } from './lib/environment.mjs';
import { errors, link, start, value, visit, waitError, waitState } from './lib/page.mjs';
import { result } from './lib/results.mjs';
import { kept, waitRuns } from './lib/runs.mjs';
import { stage } from './lib/scene.mjs';
import { LONG, afterMessage, assertTidy, beforeEngine, goOn, keptEpochs, notes, storedFiles, undisturbed, waitKept } from './lib/survive.mjs';

const scene = stage();
const timeout = minutes(4);
/** How often the kill loop kills; by hand, PRODEN_KILLS=50. */
const KILLS = Number(process.env.PRODEN_KILLS ?? 4);
/** So long that it is not over before the last of them. The table of epochs shows 200. */
const TO_BE_KILLED = { ...LONG, 'train-limit': 512, epochs: Math.min(8 * KILLS, 200) };

/** What the page says of it is there only while it is on: long enough to be read on a busy machine. */
const UNKEPT = { ...LONG, epochs: 100 };

/** A run that is under way, with a checkpoint after an epoch or more. */
async function underWay({ page, url }, settings = LONG, epochs = 1) {
  await visit(page, link(url, settings));
  await start(page);
  await waitKept(page, epochs);
}

/** Starts a run that the page complains of while it is on, which may be over soon: whoever listened only then could miss it. */
async function startAndHear(page, patterns) {
  const [heard] = await Promise.all([waitError(page, patterns), start(page)]);
  return heard;
}

/** Keeps the page's workers where a test finds them. */
const watchEngines = (page) =>
  page.addInitScript(() => {
    const Real = window.Worker;
    window.Worker = class extends Real {
      constructor(...args) {
        super(...args);
        window.engines = [...(window.engines ?? []), this];
      }
    };
  });

scene('survive: a tab that is closed', { timeout }, async (it) => {
  const expected = await undisturbed(it);
  await underWay(it);
  assert.equal((await notes(it.page)).length, 1);
  await it.page.close();
  const page = await it.context.newPage();
  await visit(page, it.url);
  await page.getByTestId('interrupted').filter({ hasText: new RegExp(`was interrupted.*after epoch \\d+ of ${LONG.epochs}`) }).waitFor();
  await goOn(page);
  assert.deepEqual(await result(page), expected);
  // It is kept as one run, under its own name.
  await waitRuns(page, 1);
  assert.equal((await kept(page))[0].ended, 'finished');
  await assertTidy(page);
  await page.reload();
  await page.getByTestId('start').waitFor();
  assert.ok(await page.getByTestId('resume-offer').isHidden());
});

scene('survive: a reload', { timeout }, async (it) => {
  const expected = await undisturbed(it);
  // The address starts a run by itself, but not over this one.
  await visit(it.page, link(it.url, { ...LONG, autostart: 1 }));
  await waitKept(it.page, 3);
  await it.page.reload();
  await goOn(it.page);
  assert.deepEqual(await result(it.page), expected);
});

scene('survive: a tab that crashes', { timeout, allowed: [/the page crashed/] }, async (it) => {
  const expected = await undisturbed(it);
  await underWay(it, LONG, 2);
  const crashed = it.page.waitForEvent('crash');
  const cdp = await it.context.newCDPSession(it.page);
  // It never answers.
  cdp.send('Page.crash').catch(() => {});
  await crashed;
  await it.page.close();
  const page = await it.context.newPage();
  await visit(page, it.url);
  await goOn(page);
  assert.deepEqual(await result(page), expected);
});

scene('survive: an engine that is killed', { timeout }, async (it) => {
  const { page } = it;
  const expected = await undisturbed(it);
  await watchEngines(page);
  await underWay(it, LONG, 2);
  await page.evaluate(() => window.engines.at(-1).terminate());
  // Nobody has to do anything.
  await page.locator('.notes').filter({ hasText: /A new one goes on with the run/ }).waitFor();
  await waitState(page, 'finished', minutes(2));
  assert.equal(await page.evaluate(() => window.engines.length), 2);
  assert.deepEqual(await result(page), expected);
  assert.equal(await errors(page), '');
  await assertTidy(page);
});

scene('survive: a paused run whose engine is killed stays paused', { timeout }, async (it) => {
  const { page } = it;
  const expected = await undisturbed(it);
  await watchEngines(page);
  await underWay(it, LONG, 2);
  await page.getByTestId('pause').click();
  await waitState(page, 'paused');
  await page.evaluate(() => window.engines.at(-1).terminate());
  await page.locator('.notes').filter({ hasText: /A new one goes on with the run/ }).waitFor();
  await waitState(page, 'paused');
  await page.getByTestId('resume').click();
  await waitState(page, 'finished', minutes(2));
  assert.deepEqual(await result(page), expected);
});

scene('survive: an engine that crashes', { timeout, allowed: [/a fault in the engine/] }, async (it) => {
  const { page } = it;
  const expected = await undisturbed(it);
  const crash = `setTimeout(() => { throw new Error('a fault in the engine'); });`;
  await beforeEngine(it.context, afterMessage('{"Epoch":{"metrics":{"epoch":9,', crash), 1);
  await underWay(it, LONG, 2);
  await page.locator('.notes').filter({ hasText: /a fault in the engine.*A new one goes on/ }).waitFor();
  await waitState(page, 'finished', minutes(2));
  assert.deepEqual(await result(page), expected);
});

scene('survive: a machine that slept', { timeout }, async (it) => {
  const { page } = it;
  const expected = await undisturbed(it);
  await underWay(it);
  const cdp = await it.context.newCDPSession(page);
  await cdp.send('Page.setWebLifecycleState', { state: 'frozen' });
  // To sleep is to let time pass.
  await new Promise((resolve) => setTimeout(resolve, seconds(3)));
  await cdp.send('Page.setWebLifecycleState', { state: 'active' });
  await waitState(page, 'finished', minutes(2));
  assert.deepEqual(await result(page), expected);
  assert.equal(await errors(page), '');
});

scene('survive: two tabs cannot write one run', { timeout }, async (it) => {
  const { page } = it;
  const expected = await undisturbed(it);
  await underWay(it);
  await page.getByTestId('pause').click();
  await waitState(page, 'paused');
  const second = await it.context.newPage();
  await visit(second, it.url);
  await second.getByTestId('resume-offer').click();
  it.say(await waitError(second, [/interrupted run cannot go on/i, /another tab/]));
  // The first goes on as if nothing had been.
  await page.getByTestId('resume').click();
  await waitState(page, 'finished', minutes(2));
  assert.deepEqual(await result(page), expected);
  await assertTidy(page);
});

scene('survive: a storage that is full', { timeout }, async (it) => {
  const { page } = it;
  const expected = await undisturbed(it, UNKEPT);
  await beforeEngine(it.context, `
    FileSystemSyncAccessHandle.prototype.write = () => {
      throw new DOMException('full', 'QuotaExceededError');
    };`);
  await visit(page, link(it.url, UNKEPT));
  it.say(await startAndHear(page, [/is not kept/, /full/, /Free space/]));
  await waitState(page, 'finished', minutes(2));
  assert.deepEqual(await result(page), expected);
  assert.deepEqual(await notes(page), []);
});

scene('survive: a browser that gives no storage', { timeout }, async (it) => {
  const { page } = it;
  const expected = await undisturbed(it, UNKEPT);
  await beforeEngine(it.context, `
    StorageManager.prototype.getDirectory = () =>
      Promise.reject(new DOMException('private', 'SecurityError'));`);
  await visit(page, link(it.url, UNKEPT));
  it.say(await startAndHear(page, [/is not kept/, /no storage/, /private window/i]));
  await waitState(page, 'finished', minutes(2));
  assert.deepEqual(await result(page), expected);
});

scene('survive: a browser that gives no locks', { timeout }, async (it) => {
  const { page } = it;
  const expected = await undisturbed(it);
  const refuse = `
    LockManager.prototype.request = () => Promise.reject(new DOMException('blocked', 'SecurityError'));`;
  await beforeEngine(it.context, refuse);
  await page.addInitScript(refuse);
  // It is kept all the same: the open files are nobody else's.
  await underWay(it);
  await waitState(page, 'finished', minutes(2));
  assert.deepEqual(await result(page), expected);
  assert.equal(await errors(page), '');
  await assertTidy(page);
});

scene('survive: a storage that is lost while it trains', { timeout }, async (it) => {
  const { page } = it;
  const expected = await undisturbed(it, UNKEPT);
  // From the second checkpoint on the files are gone, until they are opened again: each is three writes.
  await beforeEngine(it.context, `
    const { write } = FileSystemSyncAccessHandle.prototype;
    let writes = 0;
    FileSystemSyncAccessHandle.prototype.write = function (...args) {
      writes += 1;
      if (writes > 3) throw new DOMException('gone', 'InvalidStateError');
      return write.apply(this, args);
    };`);
  await visit(page, link(it.url, UNKEPT));
  it.say(await startAndHear(page, [/is not kept/, /gone/]));
  await waitState(page, 'finished', minutes(2));
  assert.deepEqual(await result(page), expected);
});

scene('survive: a damaged checkpoint gives way to the one before', { timeout }, async (it) => {
  const expected = await undisturbed(it);
  await underWay(it, LONG, 3);
  await it.page.close();
  const page = await it.context.newPage();
  // Nothing holds the files once the engine is gone.
  await visit(page, `${it.url}about`);
  const files = (await storedFiles(page)).filter((name) => name.startsWith('checkpoints/'));
  assert.equal(files.length, 2, `${files}`);
  await page.waitForFunction(async () => {
    const root = await navigator.storage.getDirectory();
    const folder = await root.getDirectoryHandle('checkpoints');
    const slots = [];
    for await (const run of folder.values()) {
      for await (const handle of run.values()) {
        const bytes = new Uint8Array(await (await handle.getFile()).arrayBuffer());
        slots.push({ handle, bytes, sequence: bytes[8] });
      }
    }
    const newest = slots.sort((a, b) => b.sequence - a.sequence)[0];
    newest.bytes[newest.bytes.length >> 1] ^= 1;
    try {
      const writer = await newest.handle.createWritable();
      await writer.write(newest.bytes);
      await writer.close();
      return true;
    } catch {
      return false; // The dead engine has not let go of it yet.
    }
  });
  await visit(page, it.url);
  await goOn(page);
  assert.deepEqual(await result(page), expected);
});

scene('survive: an interrupted run can be discarded', { timeout }, async (it) => {
  await underWay(it);
  await it.page.close();
  const page = await it.context.newPage();
  await visit(page, it.url);
  await page.getByTestId('discard-interrupted').click();
  await page.getByTestId('interrupted').waitFor({ state: 'hidden' });
  assert.ok(await page.getByTestId('resume-offer').isHidden());
  await assertTidy(page);
  await page.reload();
  await page.getByTestId('start').waitFor();
  assert.ok(await page.getByTestId('interrupted').isHidden());
});

scene('survive: a run that diverges goes back to its last good state', { timeout }, async (it) => {
  const { page } = it;
  await visit(page, link(it.url, { ...LONG, epochs: 200, lr: 10, momentum: 0.99, wd: 1 }));
  await page.getByTestId('start').click();
  it.say(await waitError(page, [/diverged/, /lower learning rate/, /last good state/], minutes(2)));
  const epochs = await keptEpochs(page);
  await page.getByTestId('resume-offer').click();
  await page.locator('[data-testid="opened"][data-kind="checkpoint"]').waitFor();
  await waitState(page, 'idle');
  assert.ok((await value(page, 'epoch')) >= epochs);
  assert.ok(await page.getByTestId('resume-offer').isVisible());
});

scene('survive: killed again and again', { timeout: timeout + seconds(20) * KILLS }, async (it) => {
  const expected = await undisturbed(it, TO_BE_KILLED);
  // The same pauses every time, and all different.
  let seed = 11;
  const random = () => ((seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648) / 2_147_483_648);
  let { page } = it;
  await underWay(it, TO_BE_KILLED);
  for (let kills = 0; kills < KILLS; kills++) {
    // In the middle of whatever it does: steps, an evaluation, a write.
    await page.waitForFunction((ms) => new Promise((resolve) => setTimeout(() => resolve(true), ms)), random() * 400);
    await page.close();
    page = await it.context.newPage();
    await visit(page, it.url);
    await page.getByTestId('resume-offer').click();
    await waitState(page, ['training', 'finished'], seconds(60));
  }
  await waitState(page, 'finished', minutes(2));
  it.say(`killed ${KILLS} times`);
  await waitRuns(page, 1);
  const [last] = await kept(page);
  assert.equal(last.ended, 'finished');
  assert.deepEqual(await result(page), expected);
});
