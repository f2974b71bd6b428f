// Runs are kept, compared, and can be written beside; a reload changes nothing.

import assert from 'node:assert/strict';
import { seconds } from './lib/environment.mjs';
import { attribute, errors, link, run, setSettings, setting, value, visit, waitError } from './lib/page.mjs';
import { SHORT, columns, kept, rows, waitRuns } from './lib/runs.mjs';
import { stage } from './lib/scene.mjs';

const scene = stage();

/** The number of curves in the chart. */
const waitLines = (page, count) =>
  page.locator(`[data-testid="chart-runs"][data-lines="${count}"]`).waitFor({ state: 'attached' });

const action = (page, at, id) => rows(page).nth(at).getByTestId(id);

scene('runs: what differs is a column, and all stays after a reload', {}, async ({ page, url }) => {
  await visit(page, link(url, SHORT));
  assert.equal(await rows(page).count(), 0);
  await run(page, seconds(60));
  await waitRuns(page, 1);
  assert.ok(!(await columns(page)).includes('Ambiguity q'), 'one run differs from nothing');
  const [first] = await kept(page);
  assert.equal(first.ended, 'finished');
  // Best, last, mean of ten, labels.
  assert.equal(first.numbers[1], await value(page, 'test-accuracy'));
  assert.equal(first.numbers[3], await value(page, 'label-accuracy'));

  await setSettings(page, { rate: '0.4' });
  await run(page, seconds(60));
  await waitRuns(page, 2);
  const titles = await columns(page);
  assert.ok(titles.includes('Ambiguity q') && !titles.includes('Seed'), `${titles}`);
  const cells = await rows(page).evaluateAll((all) => all.map((row) => row.cells[2].textContent));
  assert.deepEqual(cells, ['0.4', '0.1']);
  await waitLines(page, 2);

  const before = await kept(page);
  await page.reload();
  await waitRuns(page, 2);
  assert.deepEqual(await kept(page), before);
  await waitLines(page, 2);
  assert.equal(await errors(page), '');
});

scene('runs: name, note, colour, pin, chart, settings, delete, undo', {}, async ({ page, url }) => {
  await visit(page, link(url, SHORT));
  await run(page, seconds(60));
  await setSettings(page, { seed: '2' });
  await run(page, seconds(60));
  await waitRuns(page, 2);

  await action(page, 1, 'run-edit').click();
  const name = page.getByTestId('run-name');
  assert.ok(await name.evaluate((it) => it === document.activeElement), 'the name has no focus');
  await name.fill('the first');
  await page.getByTestId('run-note').fill('with seed 1');
  await page.locator('.swatch-choice').nth(5).click();
  await page.getByTestId('run-close').click();
  await action(page, 1, 'run-pin').click();
  // Pinned ones are on top.
  await page.waitForFunction(
    () => document.querySelector('[data-testid="run-table"] .run-name').textContent === 'the first',
  );
  await rows(page).nth(1).getByRole('checkbox').uncheck();
  await waitLines(page, 1);

  await page.reload();
  await waitRuns(page, 2);
  const [top] = await kept(page);
  assert.deepEqual([top.name, top.note], ['the first', 'with seed 1']);
  assert.equal(await rows(page).nth(0).locator('.swatch').getAttribute('data-colour'), '5');
  assert.equal(await action(page, 0, 'run-pin').getAttribute('aria-pressed'), 'true');
  await waitLines(page, 1);

  assert.equal(await setting(page, 'seed'), '2');
  await action(page, 0, 'run-use').click();
  assert.equal(await setting(page, 'seed'), '1');

  const both = await kept(page);
  await action(page, 0, 'run-delete').click();
  await waitRuns(page, 1);
  await page.getByTestId('run-undo').click();
  await waitRuns(page, 2);
  assert.deepEqual(await kept(page), both);
  await action(page, 0, 'run-delete').click();
  await waitRuns(page, 1);
  await page.reload();
  await waitRuns(page, 1);
});

scene('runs: a stopped and a failed run are kept as what they are', {}, async ({ page, url }) => {
  await visit(page, link(url, { ...SHORT, epochs: 400 }));
  await page.getByTestId('start').click();
  await page.locator('[data-testid="epoch-table"] tbody tr').nth(1).waitFor({ state: 'attached' });
  await page.getByTestId('stop').click();
  await waitRuns(page, 1);
  assert.equal((await kept(page))[0].ended, 'stopped');

  await setSettings(page, { epochs: '200', lr: '10', momentum: '0.99', wd: '1' });
  await page.getByTestId('start').click();
  await waitError(page, 'diverged');
  await waitRuns(page, 2);
  assert.equal((await kept(page))[0].ended, 'failed');
});

scene('runs: a storage that refuses is said and stops nothing', {}, async ({ page, url }) => {
  await page.addInitScript(() => {
    Storage.prototype.setItem = () => {
      throw new DOMException('full', 'QuotaExceededError');
    };
  });
  await visit(page, link(url, SHORT));
  await run(page, seconds(60));
  await waitRuns(page, 1);
  await waitError(page, 'does not keep');
});

scene('runs: what cannot be read is said and left alone', {}, async ({ page, url }) => {
  const strange = {
    'proden-run-1': '{"version":99}',
    'proden-run-2': 'nonsense',
    'proden-queue': '{"version":1,"title":3}',
  };
  await page.addInitScript((strange) => {
    if (localStorage.length === 0) for (const [key, text] of Object.entries(strange)) localStorage[key] = text;
  }, strange);
  await visit(page, link(url, SHORT));
  const said = page.getByTestId('unreadable');
  await said.filter({ hasText: 'version 99, newer than this page knows' }).waitFor();
  await run(page, seconds(60));
  await waitRuns(page, 1);
  const left = await page.evaluate(() => ({ ...localStorage }));
  for (const [key, text] of Object.entries(strange)) assert.equal(left[key], text, key);

  await said.getByRole('button').click();
  await said.waitFor({ state: 'hidden' });
  assert.equal(await page.evaluate(() => localStorage.length), 1);
});

scene('runs: twenty of them in the table while one trains', {}, async ({ page, url, say }) => {
  await visit(page, link(url, SHORT));
  await run(page, seconds(60));
  await waitRuns(page, 1);
  // Twenty runs of two hundred epochs each, all different and all drawn.
  await page.evaluate(() => {
    const [key] = Object.keys(localStorage).filter((it) => it.startsWith('proden-run-'));
    const record = JSON.parse(localStorage[key]);
    const [row] = record.history;
    for (let at = 0; at < 20; at++) {
      const history = Array.from({ length: 200 }, (_, epoch) => [
        epoch + 1, 2 / (epoch + 1), ...row.slice(2, 3).map(() => 0.9 - 0.5 / (epoch + at + 1)), ...row.slice(3),
      ]);
      const experiment = { ...record.experiment, seed: at, rate: at / 20, lr: 0.01 * (at + 1) };
      const one = { ...record, id: 1_000 + at, shown: true, experiment, history };
      localStorage[`proden-run-${one.id}`] = JSON.stringify(one);
    }
  });
  await page.addInitScript(() => {
    window.longTasks = [];
    new PerformanceObserver((list) => {
      for (const { startTime, duration } of list.getEntries()) window.longTasks.push({ startTime, duration });
    }).observe({ type: 'longtask', buffered: true });
  });
  await page.goto(link(url, { ...SHORT, epochs: 12 }));
  await waitRuns(page, 21);
  await waitLines(page, 21);
  const began = await page.evaluate(() => performance.now());
  await run(page, seconds(90));
  await waitRuns(page, 22);
  assert.equal(await attribute(page, 'chart-runs', 'data-lines'), '8', 'the newest made room');
  const tasks = await page.evaluate((began) => window.longTasks.filter((it) => it.startTime > began), began);
  const longest = Math.round(Math.max(0, ...tasks.map((it) => it.duration)));
  say(`20 kept runs, 12 epochs trained: ${tasks.length} tasks over 50 ms on the main thread, the longest ${longest} ms`);
  // A machine that trains on its two cores at the same time stretches every task; this is to catch
  // a table that is drawn anew with every report.
  assert.ok(longest < 300, `${longest} ms`);
});
