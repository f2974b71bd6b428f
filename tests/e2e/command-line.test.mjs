// The page and the command line are one program: the same numbers, and each goes on with what the
// other has begun.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CLI, minutes } from './lib/environment.mjs';
import { link, visit, waitState } from './lib/page.mjs';
import { stage } from './lib/scene.mjs';

const SETTINGS = { 'train-limit': 256, 'test-limit': 100, batch: 32, width: 0.0625, lr: 0.01, device: 'cpu' };
/** Relative. Both compute in f32; the browser has no fused multiply-add. */
const FIVE_DIGITS = 1e-5;

const scene = stage();
const execute = promisify(execFile);

const flags = (settings) => Object.entries(settings).flatMap(([name, value]) => [`--${name}`, `${value}`]);

/** Trains on the command line; gives the epochs in `folder`. */
async function train(folder, settings, ...more) {
  await execute(CLI, ['train', '--out', folder, ...flags(settings), ...more]);
  const lines = (await readFile(join(folder, 'metrics.jsonl'), 'utf8')).trim().split('\n');
  return lines.map((line) => {
    const { loss, test_accuracy, label_accuracy, mean_confidence } = JSON.parse(line);
    return [loss, test_accuracy, label_accuracy, mean_confidence];
  });
}

/** The same numbers from the page's table. */
const epochs = (page) =>
  page.evaluate(() =>
    [...document.querySelectorAll('[data-testid="run-table"] tr[data-epoch]')]
      .sort((a, b) => a.dataset.epoch - b.dataset.epoch)
      .map((row) => [...row.querySelectorAll('td')].slice(0, 4).map((cell) => Number(cell.dataset.value))),
  );

/** The largest relative difference of any number. */
function difference(ours, theirs) {
  assert.equal(ours.length, theirs.length);
  const each = ours.flatMap((row, at) => row.map((value, column) => Math.abs(value / theirs[at][column] - 1)));
  return Math.max(...each);
}

scene('page and command line give the same numbers', { timeout: minutes(5) }, async (it) => {
  const folder = await mkdtemp(join(tmpdir(), 'proden-'));
  it.t.after(() => rm(folder, { recursive: true }));
  const settings = { ...SETTINGS, epochs: 3 };
  await visit(it.page, link(it.url, { ...settings, autostart: 1 }));
  await waitState(it.page, 'finished', minutes(4));
  const apart = difference(await epochs(it.page), await train(folder, settings));
  it.say(`the largest relative difference of 12 numbers is ${apart}`);
  assert.ok(apart <= FIVE_DIGITS, `${apart}`);
});

scene('a checkpoint of the page goes on on the command line', { timeout: minutes(5) }, async (it) => {
  const folder = await mkdtemp(join(tmpdir(), 'proden-'));
  it.t.after(() => rm(folder, { recursive: true }));
  await visit(it.page, link(it.url, { ...SETTINGS, epochs: 2, autostart: 1 }));
  await waitState(it.page, 'finished', minutes(4));
  const download = it.page.waitForEvent('download');
  await it.page.getByTestId('save-checkpoint').click();
  await (await download).saveAs(join(folder, 'checkpoint.safetensors'));
  const resumed = await train(folder, { epochs: 4 }, '--resume');
  const whole = await train(join(folder, 'whole'), { ...SETTINGS, epochs: 4 });
  const apart = difference(resumed, whole);
  it.say(`the largest relative difference of 16 numbers is ${apart}`);
  assert.ok(apart <= FIVE_DIGITS, `${apart}`);
});

scene('a checkpoint of the command line goes on in the page', { timeout: minutes(5) }, async (it) => {
  const folder = await mkdtemp(join(tmpdir(), 'proden-'));
  it.t.after(() => rm(folder, { recursive: true }));
  await train(folder, { ...SETTINGS, epochs: 2 });
  const whole = await train(join(folder, 'whole'), { ...SETTINGS, epochs: 4 });
  await visit(it.page, link(it.url));
  await it.page.getByTestId('open-file').first().setInputFiles(join(folder, 'checkpoint.safetensors'));
  await it.page.locator('[data-testid="opened"][data-kind="checkpoint"]').waitFor();
  await it.page.locator('#epochs, [name="epochs"]').first().fill('4');
  await it.page.getByTestId('continue').click();
  await waitState(it.page, 'finished', minutes(4));
  const apart = difference(await epochs(it.page), whole);
  it.say(`the largest relative difference of 16 numbers is ${apart}`);
  assert.ok(apart <= FIVE_DIGITS, `${apart}`);
});
