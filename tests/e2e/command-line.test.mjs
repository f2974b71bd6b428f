// The page and the command line are one program: the same numbers, and each goes on with what the
// other has begun.
//
// One step agrees to five digits: data, candidate sets, weights, dropout and forward pass are the
// same. After that the two part slowly: natively a multiplication and an addition are rounded
// once, in the browser twice, and now and then the last bit decides which pixel of a max pool is
// the largest. How far they are apart is printed.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CLI, minutes, seconds } from './lib/environment.mjs';
import { open, saveCheckpoint } from './lib/files.mjs';
import { link, run, setSettings, visit, waitState } from './lib/page.mjs';
import { epochs } from './lib/results.mjs';
import { stage } from './lib/scene.mjs';

const SETTINGS = {
  'train-limit': 128, 'test-limit': 100, batch: 32, width: 0.125, lr: 0.01, epochs: 1, device: 'cpu',
};
const FIVE_DIGITS = 1e-5;
/** Of losses and confidences after some steps; another seed is a hundred times as far away. */
const NEAR = 1e-3;
/** Of accuracies then: some images of 100. */
const SOME_IMAGES = 0.05;

const scene = stage();
const execute = promisify(execFile);

const flags = (settings) => Object.entries(settings).flatMap(([name, value]) => [`--${name}`, `${value}`]);

/** Loss, test accuracy, label accuracy and mean confidence of each epoch, the oldest first. */
async function train(folder, settings, ...more) {
  await execute(CLI, ['train', '--out', folder, ...flags(settings), ...more]);
  const lines = (await readFile(join(folder, 'metrics.jsonl'), 'utf8')).trim().split('\n');
  return lines.map((line) => {
    const { loss, test_accuracy, label_accuracy, mean_confidence } = JSON.parse(line);
    return [loss, test_accuracy, label_accuracy, mean_confidence];
  });
}

/** The same numbers from the page's table. */
const table = async (page) => (await epochs(page)).reverse().map((row) => row.slice(0, 4).map(Number));

/** Asserts that losses and confidences are the same to a relative difference. */
function compare({ say }, ours, theirs, tolerance) {
  assert.equal(ours.length, theirs.length);
  const told = `page ${JSON.stringify(ours)}, command line ${JSON.stringify(theirs)}`;
  let largest = 0;
  ours.forEach(([loss, test, labels, confidence], at) => {
    const [theirLoss, theirTest, theirLabels, theirConfidence] = theirs[at];
    largest = Math.max(largest, Math.abs(loss / theirLoss - 1), Math.abs(confidence / theirConfidence - 1));
    const images = Math.max(Math.abs(test - theirTest), Math.abs(labels - theirLabels));
    assert.ok(images <= (tolerance === FIVE_DIGITS ? 0 : SOME_IMAGES), told);
  });
  say(`losses and confidences of ${ours.length} epochs differ by at most ${largest.toExponential(1)}`);
  assert.ok(largest <= tolerance, told);
}

/** A folder that is gone after the test. */
async function folderFor(t) {
  const folder = await mkdtemp(join(tmpdir(), 'proden-'));
  t.after(() => rm(folder, { recursive: true }));
  return folder;
}

/** One more epoch in the page, from a checkpoint. */
async function goOn(page, checkpoint) {
  assert.equal(await open(page, checkpoint), 'checkpoint');
  await setSettings(page, { epochs: 2 });
  await page.getByTestId('resume-offer').click();
  await waitState(page, 'finished', seconds(60));
}

scene('page and command line take the same first step', { timeout: minutes(3) }, async (it) => {
  const settings = { ...SETTINGS, 'train-limit': SETTINGS.batch };
  await visit(it.page, link(it.url, settings));
  await run(it.page, seconds(60));
  compare(it, await table(it.page), await train(await folderFor(it.t), settings), FIVE_DIGITS);
});

scene('page and command line see the same augmented images', { timeout: minutes(3) }, async (it) => {
  const settings = { ...SETTINGS, 'train-limit': SETTINGS.batch, augment: 'flip-crop' };
  await visit(it.page, link(it.url, settings));
  await run(it.page, seconds(60));
  compare(it, await table(it.page), await train(await folderFor(it.t), settings), FIVE_DIGITS);
});

scene('page and command line give the same run', { timeout: minutes(3) }, async (it) => {
  await visit(it.page, link(it.url, SETTINGS));
  await run(it.page, seconds(60));
  compare(it, await table(it.page), await train(await folderFor(it.t), SETTINGS), NEAR);
});

scene('the command line goes on with a checkpoint of the page', { timeout: minutes(3) }, async (it) => {
  const folder = await folderFor(it.t);
  await visit(it.page, link(it.url, SETTINGS));
  await run(it.page, seconds(60));
  const checkpoint = await saveCheckpoint(it.page);
  await writeFile(join(folder, 'checkpoint.safetensors'), checkpoint.buffer);
  const theirs = await train(folder, { epochs: 2 }, '--resume');
  await goOn(it.page, checkpoint);
  compare(it, await table(it.page), theirs, NEAR);
});

scene('the page goes on with a checkpoint of the command line', { timeout: minutes(3) }, async (it) => {
  const folder = await folderFor(it.t);
  await train(folder, SETTINGS);
  const name = 'checkpoint.safetensors';
  const checkpoint = { name, mimeType: 'application/octet-stream', buffer: await readFile(join(folder, name)) };
  const theirs = await train(folder, { epochs: 2 }, '--resume');
  await visit(it.page, link(it.url));
  await goOn(it.page, checkpoint);
  compare(it, await table(it.page), theirs, NEAR);
});
