// The page and the command line are one program: the same numbers, to the bit, and each goes on with what
// the other has begun.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CLI, minutes, seconds } from './lib/environment.mjs';
import { open, saveCheckpoint } from './lib/files.mjs';
import { link, run, setSettings, visit, waitState } from './lib/page.mjs';
import { epochs } from './lib/results.mjs';
import { clipboard, copied, waitRuns } from './lib/runs.mjs';
import { stage } from './lib/scene.mjs';

const SETTINGS = {
  'train-limit': 128, 'test-limit': 100, batch: 32, width: 0.125, epochs: 2, device: 'cpu',
};
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

/** Asserts that the page's table has the command line's numbers. */
async function compare({ say, page }, theirs) {
  const ours = await table(page);
  say(`page and command line: ${JSON.stringify(ours)}`);
  assert.ok(ours.length > 0);
  assert.deepEqual(ours, theirs);
}

/** Digests of the tensors of a checkpoint, but for the history: that has the times of the epochs. */
function tensors(file) {
  const length = 8 + Number(file.readBigUInt64LE());
  const { __metadata__: _, history: _times, ...header } = JSON.parse(file.subarray(8, length).toString());
  const digest = ({ data_offsets: [from, to] }) =>
    createHash('sha256').update(file.subarray(length + from, length + to)).digest('hex');
  return Object.fromEntries(Object.entries(header).map(([name, entry]) => [name, digest(entry)]));
}

/** A folder that is gone after the test. */
async function folderFor(t) {
  const folder = await mkdtemp(join(tmpdir(), 'proden-'));
  t.after(() => rm(folder, { recursive: true }));
  return folder;
}

/** Two more epochs in the page, from a checkpoint. */
async function goOn(page, checkpoint) {
  assert.equal(await open(page, checkpoint), 'checkpoint');
  await setSettings(page, { epochs: 4 });
  await page.getByTestId('resume-offer').click();
  await waitState(page, 'finished', seconds(60));
}

const NETWORKS = { convnet: {}, resnet18: { width: 0.0625 }, resnet32: { augment: 'flip-crop', width: 0.25 } };
for (const [model, more] of Object.entries(NETWORKS)) {
  scene(`page and command line give the same ${model}, to the bit`, { timeout: minutes(3) }, async (it) => {
    const settings = { ...SETTINGS, model, ...more };
    await visit(it.page, link(it.url, settings));
    await run(it.page, minutes(2));
    const folder = await folderFor(it.t);
    await compare(it, await train(folder, settings));
    const checkpoint = await saveCheckpoint(it.page);
    const theirs = await readFile(join(folder, 'checkpoint.safetensors'));
    assert.deepEqual(tensors(checkpoint.buffer), tensors(theirs));
  });
}

scene('the command line finds a result again that the page shared', { timeout: minutes(3), context: clipboard }, async (it) => {
  const { page } = it;
  await visit(page, link(it.url, SETTINGS));
  await run(page, seconds(60));
  await waitRuns(page, 1);
  const address = await copied(page, () => page.getByTestId('share-result').click());
  const { stderr } = await execute(CLI, ['train', '--link', address, '--out', join(await folderFor(it.t), 'run')]);
  it.say(stderr.trim().split('\n').slice(-5).join(' '));
  assert.match(stderr, /are the same over 2 epochs.* Both drew the same candidate sets/);
});

scene('the command line goes on with a checkpoint of the page', { timeout: minutes(3) }, async (it) => {
  const folder = await folderFor(it.t);
  await visit(it.page, link(it.url, SETTINGS));
  await run(it.page, seconds(60));
  const checkpoint = await saveCheckpoint(it.page);
  await writeFile(join(folder, 'checkpoint.safetensors'), checkpoint.buffer);
  const theirs = await train(folder, { epochs: 4 }, '--resume');
  await goOn(it.page, checkpoint);
  await compare(it, theirs);
});

scene('the page goes on with a checkpoint of the command line', { timeout: minutes(3) }, async (it) => {
  const folder = await folderFor(it.t);
  await train(folder, SETTINGS);
  const name = 'checkpoint.safetensors';
  const checkpoint = { name, mimeType: 'application/octet-stream', buffer: await readFile(join(folder, name)) };
  const theirs = await train(folder, { epochs: 4 }, '--resume');
  await visit(it.page, link(it.url));
  await goOn(it.page, checkpoint);
  await compare(it, theirs);
});
