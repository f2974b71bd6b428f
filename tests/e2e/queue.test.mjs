// Twins and sweeps run unattended, survive a reload, and end in a table.

import assert from 'node:assert/strict';
import { minutes, seconds } from './lib/environment.mjs';
import { attribute, errors, link, setting, state, visit, waitError, waitState } from './lib/page.mjs';
import { SHORT, clipboard, columns, copied, kept, waitQueue, waitRuns } from './lib/runs.mjs';
import { stage } from './lib/scene.mjs';

const scene = stage();
/** So long that a pause or a stop comes before its end on a quick machine, too. */
const LONGER = { ...SHORT, epochs: 50 };

/** Fills in the form of a sweep. */
async function plan(page, rates, seeds, methods = []) {
  await page.locator('.sweep').evaluate((it) => (it.open = true));
  await page.getByTestId('sweep-rates').fill(rates);
  await page.getByTestId('sweep-seeds').fill(seeds);
  for (const method of methods) await page.locator(`[name="sweep-${method}"]`).check();
}

/** Two clicks on “Go on”, before there can be an answer to the first. */
const goOnTwice = (page) =>
  page.getByTestId('queue-go-on').evaluate(async (button) => {
    button.click();
    button.click();
    // What the clicks began comes first.
    await null;
    const { held, pending } = await navigator.locks.query();
    return [...held, ...pending].filter(({ name }) => name === 'proden-queue').length;
  });

/** Waits until no tab works through the queue: the browser learns a moment later that one has gone. */
const waitFree = (page) =>
  page.waitForFunction(async () => {
    const { held } = await navigator.locks.query();
    return !held.some(({ name }) => name === 'proden-queue');
  });

scene('queue: the three methods as twins, one click, one chart', { timeout: minutes(3) }, async ({ page, url }) => {
  await visit(page, link(url, SHORT));
  await page.getByTestId('twins').click();
  await waitQueue(page, 'over', 3);
  await waitRuns(page, 3);
  const runs = await kept(page);
  assert.deepEqual(runs.map((it) => it.ended), ['finished', 'finished', 'finished']);
  // The newest is on top.
  assert.deepEqual(runs.map((it) => it.name.split(',')[0]), ['Supervised', 'Average', 'PRODEN']);
  assert.ok((await columns(page)).includes('Method'));
  assert.equal(await attribute(page, 'chart-runs', 'data-lines'), '3');
  // Supervised has its own sets: the true labels alone.
  const digests = await page.evaluate(() =>
    Object.entries(localStorage)
      .filter(([key]) => key.startsWith('proden-run-'))
      .map(([, text]) => JSON.parse(text))
      .filter((run) => run.experiment.method !== 'supervised')
      .map((run) => run.candidates_digest),
  );
  assert.equal(digests.length, 2);
  assert.equal(digests[0], digests[1], 'the twins have other candidate sets');
  assert.equal(await page.getByTestId('summary-table').locator('tbody tr').count(), 3);
  assert.equal(await errors(page), '');
});

scene('queue: a sweep ends in mean and deviation, as CSV and LaTeX', { timeout: minutes(3), context: clipboard }, async ({ page, url }) => {
  await visit(page, link(url, SHORT));
  await plan(page, '0.1 0.5', '1-2');
  await page.getByTestId('sweep-plan').filter({ hasText: '4 runs' }).waitFor();
  await page.getByTestId('sweep-start').click();
  await waitQueue(page, 'over', 4);

  const runs = await kept(page);
  const numbers = runs.filter((it) => it.name.includes('q 0.5')).map((it) => it.numbers[1]);
  const mean = (numbers[0] + numbers[1]) / 2;
  const deviation = Math.abs(numbers[0] - numbers[1]) / Math.SQRT2;
  const cell = page.locator('[data-testid="summary-table"] tbody tr').nth(1).locator('[data-value]').first();
  assert.ok(Math.abs(Number(await cell.getAttribute('data-value')) - mean) < 1e-12);
  assert.ok(Math.abs(Number(await cell.getAttribute('data-deviation')) - deviation) < 1e-12);

  const csv = (await copied(page, () => page.getByTestId('copy-csv').click())).trim().split('\n');
  assert.match(csv[0], /^rate,runs,test_accuracy_last_mean,test_accuracy_last_sd,/);
  assert.deepEqual(csv.slice(1).map((line) => line.split(',').slice(0, 2)), [['0.1', '2'], ['0.5', '2']]);
  const latex = await copied(page, () => page.getByTestId('copy-latex').click());
  assert.match(latex, /^\\begin\{tabular\}[^]*0\.5 & 2 & \$\d+\.\d \\pm \d+\.\d\$[^]*\\end\{tabular\}/);
});

scene('queue: a reload in the middle loses nothing that had finished', { timeout: minutes(4) }, async ({ page, url, say }) => {
  // So long that a quick machine is not through with all four before the reload.
  await visit(page, link(url, { ...SHORT, epochs: 20 }));
  await plan(page, '0.2', '1-4');
  await page.getByTestId('sweep-start').click();
  await waitQueue(page, 'running', 1);
  const before = await kept(page);
  assert.ok(before.length >= 1);
  await page.reload();
  await waitQueue(page, 'held');
  const done = Number(await attribute(page, 'queue', 'data-done'));
  const left = Number(await attribute(page, 'queue', 'data-left'));
  say(`reloaded with ${done} of 4 done`);
  assert.equal(done + left, 4);
  assert.ok(left >= 1, 'the queue was over before the reload');
  const after = await kept(page);
  assert.equal(after.length, done);
  for (const run of before) assert.deepEqual(after.find((it) => it.id === run.id), run);
  assert.equal(await state(page), 'idle', 'it went on unasked');

  await page.getByTestId('queue-go-on').click();
  await waitQueue(page, 'over', 4);
  const all = await kept(page);
  assert.equal(all.length, 4);
  for (const run of before) assert.deepEqual(all.find((it) => it.id === run.id), run);
  assert.deepEqual(all.map((it) => it.name.split('seed ')[1]).sort(), ['1', '2', '3', '4']);
});

scene('queue: a run that was stopped in its turn goes on in it', { timeout: minutes(3) }, async ({ page, url }) => {
  await visit(page, link(url, { ...SHORT, epochs: 20, seed: 9 }));
  await plan(page, '0.2', '1-2');
  await page.getByTestId('sweep-start').click();
  await waitState(page, 'training', seconds(60));
  await page.getByTestId('stop').click();
  await waitQueue(page, 'held', 0);
  assert.equal(await setting(page, 'seed'), '1', 'the form shows the run that can go on');
  await page.getByTestId('resume-offer').click();
  await waitQueue(page, 'over', 2);
  assert.deepEqual((await kept(page)).map((it) => it.ended), ['finished', 'finished']);
});

scene('queue: two tabs do not train the same queue', { timeout: minutes(4) }, async ({ page, context, url, say }) => {
  await visit(page, link(url, LONGER));
  await plan(page, '0.2', '1-3');
  await page.getByTestId('sweep-start').click();
  await waitQueue(page, 'running', 1);
  await page.getByTestId('pause').click();
  await waitState(page, 'paused');
  const before = await kept(page);

  const second = await context.newPage();
  await visit(second, link(url, SHORT));
  await waitQueue(second, 'held', before.length);
  assert.equal(await goOnTwice(second), 2, 'the first tab, and one request of the second');
  say(await waitError(second, [/another tab/, /close that tab/, /nothing is lost/]));
  // Nor does it begin another queue, which would take the first one's place.
  await second.getByTestId('error').getByRole('button', { name: 'Dismiss' }).click();
  await second.getByTestId('twins').click();
  await waitError(second, /another tab/);
  await waitQueue(second, 'held', before.length);
  assert.equal(await attribute(second, 'queue', 'data-left'), `${3 - before.length}`);
  assert.deepEqual([await state(page), await state(second)], ['paused', 'idle']);

  await page.close();
  await waitFree(second);
  await goOnTwice(second);
  await waitQueue(second, 'over', 3);
  const all = await kept(second);
  assert.deepEqual(all.map((it) => it.ended), ['finished', 'finished', 'finished']);
  assert.deepEqual(all.map((it) => it.name.split('seed ')[1]).sort(), ['1', '2', '3']);
  for (const run of before) assert.deepEqual(all.find((it) => it.id === run.id), run);
  assert.equal(await errors(second), '');
  await waitFree(second);
});

scene('queue: two tabs do not take the same turn', { timeout: minutes(4) }, async ({ page, context, url }) => {
  await visit(page, link(url, LONGER));
  await plan(page, '0.2', '1-2');
  await page.getByTestId('sweep-start').click();
  await waitState(page, 'training', seconds(60));
  await page.getByTestId('stop').click();
  await waitQueue(page, 'held', 0);

  // What was stopped is no longer worked through.
  const second = await context.newPage();
  await visit(second, link(url, SHORT));
  await waitFree(second);
  await second.getByTestId('queue-go-on').click();
  await second.getByTestId('pause').click();
  await waitState(second, 'paused');
  // To go on with the run that was stopped is to take its turn.
  await page.getByTestId('resume-offer').click();
  await waitError(page, /another tab/);
  assert.equal(await state(page), 'idle');

  await second.getByTestId('stop').click();
  await waitQueue(second, 'held', 0);
  await waitFree(page);
  await page.getByTestId('resume-offer').click();
  await waitQueue(page, 'over', 2);
  assert.equal(await errors(page), '');
});

scene('queue: a browser that gives no locks works through it all the same', { timeout: minutes(2) }, async ({ page, url }) => {
  await page.addInitScript(`
    LockManager.prototype.request = () => Promise.reject(new DOMException('blocked', 'SecurityError'));`);
  await visit(page, link(url, SHORT));
  await plan(page, '0.2', '1-2');
  await page.getByTestId('sweep-start').click();
  await waitQueue(page, 'over', 2);
  assert.equal(await errors(page), '');
});

scene('queue: stop holds it, and what is wrong with a plan is said', { timeout: minutes(3) }, async ({ page, url }) => {
  await visit(page, link(url, { ...SHORT, epochs: 300 }));
  await plan(page, '0.1, 2', '1');
  await page.getByTestId('sweep-plan').filter({ hasText: 'is not a number from 0 to 1' }).waitFor();
  assert.ok(await page.getByTestId('sweep-start').isDisabled());
  await plan(page, '0.1', '1-200');
  await page.getByTestId('sweep-plan').filter({ hasText: '200 runs' }).waitFor();
  await plan(page, '0.1', '1-3', ['average']);
  await page.getByTestId('sweep-start').click();
  await waitState(page, 'training', seconds(60));
  await page.getByTestId('stop').click();
  await waitQueue(page, 'held', 0);
  assert.equal(await attribute(page, 'queue', 'data-left'), '6');
  await page.getByTestId('queue-drop').click();
  await waitQueue(page, 'none');
  await page.reload();
  await page.getByTestId('twins').waitFor();
  assert.equal(await attribute(page, 'queue', 'data-state'), 'none');
});

scene('queue: a run that diverges does not hold up the others; data that lack do', { timeout: minutes(3), allowed: [/404/] }, async ({ page, url }) => {
  await visit(page, link(url, { ...SHORT, epochs: 200, lr: 10, momentum: 0.99, wd: 1 }));
  await page.getByTestId('twins').click();
  await waitQueue(page, 'over', 0);
  assert.deepEqual((await kept(page)).map((it) => it.ended), ['failed', 'failed', 'failed']);

  await page.goto(link(url, { ...SHORT, dataset: 'cifar10', data: 'nowhere/' }));
  await page.getByTestId('twins').click();
  await waitError(page, /.../);
  await waitQueue(page, 'held', 0);
  assert.equal(await attribute(page, 'queue', 'data-left'), '3');
});
