// A link is the run: what the form says goes into it, and opening it brings it back.

import assert from 'node:assert/strict';
import { seconds } from './lib/environment.mjs';
import { TINY, errors, link, setSettings, setting, state, visit, waitState } from './lib/page.mjs';
import { stage } from './lib/scene.mjs';

/** Each setting with a value that is not its default. */
const ALL = {
  dataset: 'cifar100',
  data: 'https://host.example/a b&c/',
  'train-limit': '1000',
  'test-limit': '200',
  augment: 'flip-crop',
  candidates: 'superclass',
  rate: '0.35',
  method: 'average',
  model: 'resnet32',
  width: '0.5',
  epochs: '3',
  batch: '32',
  lr: '0.01',
  momentum: '0.5',
  wd: '0.0001',
  'decay-step': '5',
  'decay-rate': '0.5',
  seed: '9007199254740991',
  device: 'cpu',
};

const context = { permissions: ['clipboard-read', 'clipboard-write'] };
const scene = stage();

/** The settings in the link that share copies. */
async function shared({ page, url }) {
  await page.evaluate(() => navigator.clipboard.writeText(''));
  await page.getByTestId('share').click();
  // A promise in the page: copying may take a moment.
  const copied = await page.waitForFunction(() => navigator.clipboard.readText());
  const address = await copied.jsonValue();
  assert.ok(address.startsWith(url), `${address} does not lead to ${url}`);
  return Object.fromEntries(new URL(address).searchParams);
}

scene('share: the default form is the bare link', { context }, async (it) => {
  await visit(it.page, it.url);
  assert.deepEqual(await shared(it), { v: '1' });
});

scene('share: every setting survives the round trip', { context }, async (it) => {
  const { page } = it;
  await visit(page, link(it.url, ALL));
  assert.equal(await errors(page), '');
  for (const [name, wanted] of Object.entries(ALL)) {
    assert.equal(await setting(page, name), wanted, name);
  }
  const query = await shared(it);
  assert.deepEqual(query, { v: '1', ...ALL });

  const other = await it.context.newPage();
  await visit(other, link(it.url, query));
  for (const [name, wanted] of Object.entries(ALL)) {
    assert.equal(await setting(other, name), wanted, name);
  }
  assert.equal(await state(other), 'idle', 'it began unasked');
});

scene('share: what is changed in the form is in the link, defaults are not', { context }, async (it) => {
  const { page } = it;
  await visit(page, link(it.url, { epochs: 3, seed: 5 }));
  await setSettings(page, { rate: '0.3', augment: 'flip-crop', epochs: '10' });
  assert.deepEqual(await shared(it), { v: '1', rate: '0.3', augment: 'flip-crop', seed: '5' });
});

scene('share: autostart begins without a click', {}, async (it) => {
  await visit(it.page, link(it.url, { ...TINY, autostart: 1 }));
  await waitState(it.page, 'finished', seconds(60));
});

scene('share: a preset sets the form, one click away', { context }, async (it) => {
  const { page } = it;
  await visit(page, it.url);
  await page.getByRole('button', { name: 'Seed’s reproduction' }).click();
  assert.deepEqual(await shared(it), { v: '1', dataset: 'cifar10', width: '1', epochs: '200' });
  await page.getByRole('button', { name: 'Quick start' }).click();
  assert.deepEqual(await shared(it), { v: '1' });
});
