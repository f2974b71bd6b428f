// Networks to classify with: the site's, fetched once and checked, and those kept of earlier runs.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CLI, minutes } from './lib/environment.mjs';
import { choose, offer, published, row, waitInUse, withIndex, withThreshold } from './lib/networks.mjs';
import { errors, follow, link, runTiny, visit, waitError, waitNoError } from './lib/page.mjs';
import { givePhotos } from './lib/photos.mjs';
import { discPng, file } from './lib/pictures.mjs';
import { verdict } from './lib/results.mjs';
import { kept, waitRuns } from './lib/runs.mjs';
import { stage } from './lib/scene.mjs';

const scene = stage({ data: async () => ({ files: await published() }) });
const disc = file('disc.png', 'image/png', discPng());
const weights = (asked) => asked.filter((name) => name.endsWith('.safetensors'));

/** What the command line says of the disc. */
async function said(model) {
  const folder = await mkdtemp(join(tmpdir(), 'proden-classify-'));
  try {
    await writeFile(join(folder, 'm.safetensors'), model);
    await writeFile(join(folder, 'disc.png'), discPng());
    const command = ['classify', '--model', 'm.safetensors', 'disc.png', '--json'];
    const { stdout } = await promisify(execFile)(CLI, command, { cwd: folder });
    return JSON.parse(stdout)[0];
  } finally {
    await rm(folder, { recursive: true });
  }
}

scene('networks: the default is fetched on coming to Classify, checked, and kept', { timeout: minutes(3) }, async (it) => {
  const { page, context } = it;
  const asked = await offer(context, it.data.files);
  await visit(page, it.url);
  assert.deepEqual(asked, [], 'nobody has come to Classify yet');
  await follow(page, 'classify');
  await waitInUse(page, 'hosted-two');
  assert.deepEqual(weights(asked), ['two.safetensors']);
  assert.equal(await page.getByTestId('no-network').isVisible(), false);

  const card = JSON.parse(it.data.files['two.json']);
  const accuracy = page.getByTestId('card-accuracy');
  await accuracy.waitFor();
  assert.equal(Number(await accuracy.getAttribute('data-value')), card.test_accuracy.share);
  const facts = page.getByTestId('model-card');
  await facts.locator('summary').click();
  for (const part of [/Built-in shapes, 300 training images/, /rate 0\.1/, /4 epochs/, /a test/, /seed 2/, /Only shapes/]) {
    assert.match(await facts.innerText(), part);
  }

  await givePhotos(page, disc);
  const first = await verdict(page);
  const native = await said(it.data.files['two.safetensors']);
  assert.equal(first.words, native.label);
  const natively = Object.values(native.probabilities);
  const apart = Math.max(...first.probabilities.map(([, p], at) => Math.abs(Number(p) - natively[at])));
  it.say(`the page and the command line differ by ${apart.toExponential(1)} in a probability`);
  assert.ok(apart < 1e-4);

  // The next visit.
  await visit(page, `${it.url}classify`);
  await waitInUse(page, 'hosted-two');
  await givePhotos(page, disc);
  assert.deepEqual(await verdict(page), first);
  assert.deepEqual(weights(asked), ['two.safetensors'], 'it was kept');
  assert.equal(await errors(page), '');
});

scene('networks: photos that come before the network wait for it', {}, async (it) => {
  const { page, context } = it;
  let release;
  const released = new Promise((resolve) => (release = resolve));
  await offer(context, it.data.files);
  await context.route('**/models/two.safetensors', async (route) => {
    await released;
    await route.fallback();
  });
  await visit(page, `${it.url}classify`);
  const progress = page.getByTestId('network-progress');
  await progress.waitFor();
  await givePhotos(page, disc);
  await page.getByText('waits for its turn').waitFor();
  release();
  await verdict(page);
  await progress.waitFor({ state: 'detached' });
});

scene('networks: what is damaged or missing is told of, and tried again', { allowed: [/^Failed to load resource/] }, async (it) => {
  const { page, context } = it;
  const files = { ...it.data.files };
  const good = files['two.safetensors'];
  files['two.safetensors'] = Buffer.from(good);
  files['two.safetensors'][good.length - 5] ^= 1;
  const asked = await offer(context, files);
  await visit(page, `${it.url}classify`);
  it.say(await waitError(page, [/“Network two” could not be loaded/, /another SHA-256/, /Reload the page/]));
  await givePhotos(page, disc);
  await waitError(page, /no trained network/);
  assert.deepEqual(weights(asked), ['two.safetensors'], 'it does not go on by itself');

  const again = () => row(page, 'hosted-two').locator('input').click();
  files['two.safetensors'] = good.subarray(0, 1_000);
  await again();
  await waitError(page, /1000 of \d+ bytes/);
  delete files['two.safetensors'];
  await again();
  it.say(await waitError(page, [/there is no file at .*two\.safetensors/, /publish/]));
  files['two.safetensors'] = good;
  await again();
  await waitInUse(page, 'hosted-two');
  // The photo that was refused for want of a network is answered now.
  await verdict(page);
  await waitNoError(page);
});

const BARE = [
  ['no index', undefined],
  ['an empty file', ''],
  ['a page for every address', '<!doctype html><title>Train</title>'],
];
for (const [title, text] of BARE) {
  scene(`networks: a site with ${title} works without`, { allowed: [/^Failed to load resource/] }, async (it) => {
    const { page, context } = it;
    await offer(context, text === undefined ? {} : { 'index.json': Buffer.from(text) });
    await visit(page, `${it.url}classify`);
    await givePhotos(page, disc);
    await waitError(page, /Train one first/);
    assert.equal(await page.getByTestId('no-network').isVisible(), true);
    assert.equal(await page.getByTestId('network-notes').isVisible(), false);
    await follow(page, 'train');
    await runTiny(page);
    await follow(page, 'classify');
    await givePhotos(page, disc);
    await verdict(page);
  });
}

scene('networks: an index that cannot be used is said', {}, async (it) => {
  const { page, context } = it;
  await offer(context, withIndex(it.data.files, (index) => (index.models[0].file = 'https://elsewhere/x')));
  await visit(page, `${it.url}classify`);
  const notes = page.getByTestId('network-notes').filter({ hasText: /“one” has no plain file name/ });
  await notes.waitFor();
  assert.equal(await row(page, 'hosted-two').count(), 0);
});

scene('networks: one’s own and the site’s, to and fro', { timeout: minutes(3) }, async (it) => {
  const { page, context } = it;
  const asked = await offer(context, it.data.files);
  await visit(page, it.url);
  await runTiny(page);
  await follow(page, 'classify');
  await waitInUse(page, 'run');
  await givePhotos(page, disc);
  const own = await verdict(page);
  assert.deepEqual(weights(asked), [], 'nothing is fetched for whoever has a network');

  await choose(page, 'hosted-one');
  // The photo that is there is shown to the new network.
  await page.waitForFunction(
    (before) => {
      const bar = document.querySelector('[data-testid="probabilities"] [data-value]');
      return bar && bar.dataset.value !== before;
    },
    own.probabilities[0][1],
  );
  await page.goBack();
  assert.ok(await page.getByTestId('save-model').isEnabled(), 'the run is still there');
  await page.goForward();
  await choose(page, 'run');
  await page.waitForFunction(
    (before) => document.querySelector('[data-testid="probabilities"] [data-value]')?.dataset.value === before,
    own.probabilities[0][1],
  );
  assert.deepEqual(await verdict(page), own);
});

scene('networks: that of a run is there after a reload, and gone with the run', { timeout: minutes(3) }, async (it) => {
  const { page } = it;
  await visit(page, link(it.url, { seed: 5 }));
  await runTiny(page);
  await waitRuns(page, 1);
  const [{ id, name }] = await kept(page);
  await follow(page, 'classify');
  await givePhotos(page, disc);
  const before = await verdict(page);

  await visit(page, `${it.url}classify`);
  await row(page, `run-${id}`).waitFor();
  assert.ok((await row(page, `run-${id}`).innerText()).includes(name));
  await choose(page, `run-${id}`);
  await givePhotos(page, disc);
  assert.deepEqual(await verdict(page), before);

  // Its weights are no data: clearing those leaves it.
  await visit(page, it.url);
  await waitRuns(page, 1);
  await page.locator(`[data-run="${id}"]`).getByRole('button', { name: /delete/i }).click();
  await waitRuns(page, 0);
  await visit(page, `${it.url}classify`);
  await page.waitForFunction(async () => {
    const root = await navigator.storage.getDirectory();
    const find = (folder, name) => folder.getDirectoryHandle(name).catch(() => undefined);
    let folder = root;
    for (const name of ['networks', 'site', 'runs']) folder = folder && (await find(folder, name));
    if (!folder) return true;
    for await (const name of folder.keys()) if (name) return false;
    return true;
  });
  assert.equal(await row(page, `run-${id}`).count(), 0);
});


scene('networks: a guess below the threshold is not believed', {}, async (it) => {
  const { page, context } = it;
  const files = withThreshold(withThreshold(it.data.files, 'one', 0.999999), 'two', 0);
  await offer(context, files);
  await visit(page, `${it.url}classify`);
  await waitInUse(page, 'hosted-two');
  await givePhotos(page, disc);
  const { words } = await verdict(page);
  assert.equal(await page.getByTestId('none-of-them').count(), 0);
  await choose(page, 'hosted-one');
  const none = page.getByTestId('none-of-them');
  await none.waitFor();
  it.say((await none.innerText()).replace(/\s+/g, ' '));
  assert.match(await none.innerText(), /none of the ten/);
  assert.equal(await none.getAttribute('data-value'), '0.999999');
  assert.notEqual(words, '');
});
