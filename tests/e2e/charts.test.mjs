// The curves of a run, read at one epoch and saved; and which classes are mixed up.
//
// Elements: chart-loss, chart-accuracy, chart-lr; chart-reader-epoch (a slider) and read-epoch,
// read-loss, read-test-accuracy, read-label-accuracy, read-mean-confidence, read-lr (data-value);
// chart-log, chart-smoothing; export-csv, -json, -svg; confusion-test, confusion-found (tabs),
// confusion-matrix (data-value: the accuracy), confusion-cell (data-label, data-answer,
// data-value), class-accuracy; cell-images (a dialog) with cell-image.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { minutes } from './lib/environment.mjs';
import { link, run, value, visit } from './lib/page.mjs';
import { stage } from './lib/scene.mjs';

const SMALL = { 'train-limit': 300, 'test-limit': 100, epochs: 3, width: 0.0625, device: 'cpu', 'decay-step': 1 };

const scene = stage();

/** The numbers of an epoch in the table of epochs, by the names of what is read. */
const row = (page, epoch) =>
  page.locator(`[data-testid="epoch-table"] tr[data-epoch="${epoch}"] td`).evaluateAll((cells) => {
    const names = ['read-loss', 'read-test-accuracy', 'read-label-accuracy', 'read-mean-confidence', 'read-lr'];
    return Object.fromEntries(names.map((name, at) => [name, Number(cells[at].dataset.value)]));
  });

/** Waits until an epoch is read, and checks all curves against the table. */
async function assertRead(page, epoch) {
  await page.locator(`[data-testid="read-epoch"][data-value="${epoch}"]`).waitFor({ state: 'attached' });
  for (const [id, expected] of Object.entries(await row(page, epoch))) {
    assert.equal(await value(page, id), expected, `${id} at epoch ${epoch}`);
  }
}

const labels = (page) =>
  page.locator('[data-testid="chart-loss"] svg text').evaluateAll((all) => all.map((it) => it.textContent));

/** What a click gives to save: name and text. */
async function saved(page, id) {
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByTestId(id).click()]);
  return { name: download.suggestedFilename(), text: await readFile(await download.path(), 'utf8') };
}

scene('charts: all curves are read at one epoch', { timeout: minutes(3) }, async ({ page, url }) => {
  await visit(page, link(url, SMALL));
  await run(page, minutes(2));
  await assertRead(page, 3);

  // By keyboard.
  await page.getByTestId('chart-reader-epoch').focus();
  await page.keyboard.press('Home');
  await assertRead(page, 1);
  assert.equal(await page.locator('.chart-guide:visible').count(), 3, 'each chart shows where it is read');
  await page.keyboard.press('End');
  await assertRead(page, 3);

  // With the pointer: the middle of the plot is epoch 1 or 2, its left edge 1.
  const frame = page.locator('[data-testid="chart-accuracy"] .chart-frame');
  await frame.scrollIntoViewIfNeeded();
  const { x, y, width, height } = await frame.boundingBox();
  await page.mouse.move(x + width - 2, y + height / 3);
  await assertRead(page, 3);
  await page.mouse.move(x + 76, y + height / 3);
  await assertRead(page, 1);
  await page.mouse.move(2, 2);
  await assertRead(page, 3);
});

scene('charts: logarithmic loss and smoothing', { timeout: minutes(3) }, async ({ page, url }) => {
  await visit(page, link(url, SMALL));
  await run(page, minutes(2));
  const linear = await labels(page);
  await page.getByTestId('chart-log').check();
  await page.waitForFunction((before) => {
    const texts = [...document.querySelectorAll('[data-testid="chart-loss"] svg text')].map((it) => it.textContent);
    return texts.join() !== before;
  }, linear.join());
  // Round numbers around all losses; a share of the axis is a share of a logarithm.
  const drawn = (await labels(page)).filter((label) => !linear.includes(label));
  assert.ok(drawn.length > 0, `${linear} and ${await labels(page)}`);

  const path = () => page.locator('[data-testid="chart-accuracy"] svg path').evaluateAll((all) => all.map((it) => it.getAttribute('d')).join());
  const before = await path();
  await page.getByTestId('chart-smoothing').focus();
  await page.keyboard.press('End');
  await page.waitForFunction(
    (before) =>
      [...document.querySelectorAll('[data-testid="chart-accuracy"] svg path')].map((it) => it.getAttribute('d')).join() !== before,
    before,
  );
  // What is read stays what was measured.
  await assertRead(page, 3);
});

scene('charts: the epochs are saved', { timeout: minutes(3) }, async ({ page, url }) => {
  await visit(page, link(url, SMALL));
  assert.ok(await page.getByTestId('export-csv').isDisabled(), 'there is nothing to save');
  await run(page, minutes(2));
  const expected = await row(page, 3);

  const csv = await saved(page, 'export-csv');
  assert.equal(csv.name, 'proden-convnet-synthetic-epoch3.csv');
  const [names, ...lines] = csv.text.trim().split('\n').map((line) => line.split(','));
  const last = Object.fromEntries(names.map((name, at) => [name, Number(lines[2][at])]));
  assert.equal(lines.length, 3);
  assert.equal(last.loss, expected['read-loss']);
  assert.equal(last.lr, expected['read-lr']);

  const json = JSON.parse((await saved(page, 'export-json')).text);
  assert.equal(json.epochs[2].test_accuracy, expected['read-test-accuracy']);
  assert.equal(json.experiment.width, SMALL.width);
  assert.equal(json.step_losses.length, 3 * Math.ceil(300 / 64));

  const svg = (await saved(page, 'export-svg')).text;
  const drawn = await page.evaluate((text) => {
    const parsed = new DOMParser().parseFromString(text, 'image/svg+xml');
    return { broken: parsed.querySelector('parsererror')?.textContent, panels: parsed.querySelectorAll('g').length };
  }, svg);
  assert.deepEqual(drawn, { broken: undefined, panels: 3 });
});

scene('mix-ups: test images and found labels', { timeout: minutes(3) }, async ({ page, url }) => {
  await visit(page, link(url, { ...SMALL, rate: 0.5 }));
  await run(page, minutes(2));
  const cells = () =>
    page.getByTestId('confusion-cell').evaluateAll((all) =>
      all.map(({ dataset }) => ({ label: dataset.label, answer: dataset.answer, images: Number(dataset.value) })),
    );
  const sum = (all) => all.reduce((total, { images }) => total + images, 0);
  const waitAccuracy = (id) =>
    page.waitForFunction((id) => {
      const of = (id) => Number(document.querySelector(`[data-testid="${id}"]`)?.dataset.value);
      return Math.abs(of('confusion-matrix') - of(id)) < 1e-9;
    }, id);

  await waitAccuracy('test-accuracy');
  const test = await cells();
  assert.deepEqual([test.length, sum(test)], [100, 100]);
  assert.equal(await page.getByTestId('class-accuracy').count(), 10);
  const most = test.reduce((best, cell) => (cell.images > best.images ? cell : best));
  await page.locator(`[data-testid="confusion-cell"][data-label="${most.label}"][data-answer="${most.answer}"]`).click();
  const dialog = page.getByTestId('cell-images');
  await dialog.waitFor();
  await page.waitForFunction(
    (images) => [...document.querySelectorAll('[data-testid="cell-image"]')].filter((it) => it.getClientRects().length).length === images,
    most.images,
  );
  await page.waitForFunction(() =>
    [...document.querySelectorAll('[data-testid="cell-image"] canvas')].every(
      (canvas) => !canvas.getClientRects().length || canvas.getContext('2d').getImageData(16, 16, 1, 1).data[3] === 255,
    ),
  );
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'hidden' });

  await page.getByTestId('confusion-found').click();
  await waitAccuracy('label-accuracy');
  const found = await cells();
  assert.equal(sum(found), 300);
  const mixup = found.filter(({ label, answer }) => label !== answer).reduce((best, cell) => (cell.images > best.images ? cell : best));
  assert.ok(mixup.images > 0, 'at q = 0.5 some labels are not found in three epochs');
  await page.locator(`[data-testid="confusion-cell"][data-label="${mixup.label}"][data-answer="${mixup.answer}"]`).click();
  await page.locator(`[data-testid="microscope-count"][data-value="${mixup.images}"]`).waitFor();
  assert.equal(await page.getByTestId('microscope-filter-class').inputValue(), mixup.label);
  assert.equal(await page.getByTestId('microscope-filter-found').inputValue(), mixup.answer);
});
