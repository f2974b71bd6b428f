// Networks that PyTorch wrote, without a word of ours in them, open in the page as they are.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GOLDEN } from './lib/environment.mjs';
import { open } from './lib/files.mjs';
import { visit } from './lib/page.mjs';
import { givePhotos } from './lib/photos.mjs';
import { discPng, file } from './lib/pictures.mjs';
import { verdict } from './lib/results.mjs';
import { stage } from './lib/scene.mjs';

const NETWORKS = { convnet: 'convnet, width 0.125', resnet18: 'resnet18, width 0.125', resnet32: 'resnet32, width 1' };
const CLASSES = 'airplane automobile bird cat deer dog frog horse ship truck'.split(' ');

const scene = stage();

/** The tensors of a safetensors file whose names begin so, as a file of their own. */
function tensorsOf(bytes, prefix) {
  const length = Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.subarray(8, 8 + length));
  const data = bytes.subarray(8 + length);
  const [kept, pieces] = [{}, []];
  let end = 0;
  for (const [name, { data_offsets: [from, to], ...rest }] of Object.entries(header)) {
    if (!name.startsWith(prefix)) continue;
    kept[name.slice(prefix.length)] = { ...rest, data_offsets: [end, (end += to - from)] };
    pieces.push(data.subarray(from, to));
  }
  const text = Buffer.from(JSON.stringify(kept));
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([size, text, ...pieces]);
}

for (const [name, network] of Object.entries(NETWORKS)) {
  scene(`pytorch: ${name} opens and classifies`, {}, async (it) => {
    const { page } = it;
    const path = join(GOLDEN, `${name}.safetensors`);
    if (!existsSync(path)) return it.say(`SKIPPED: ${path} is not here`);
    const init = file(`${name}-init.safetensors`, 'application/octet-stream', tensorsOf(await readFile(path), 'init.'));
    await visit(page, `${it.url}classify`);
    assert.equal(await open(page, init), 'model');
    const shown = await page.getByTestId('model-select').innerText();
    for (const part of [network, 'truck', 'the official CIFAR-10 is assumed']) {
      assert.ok(shown.includes(part), `“${part}” is not in “${shown}”`);
    }
    await givePhotos(page, file('disc.png', 'image/png', discPng()));
    const { words, probabilities } = await verdict(page);
    assert.equal(probabilities.length, CLASSES.length);
    assert.ok(CLASSES.some((label) => words.includes(label)), `“${words}” names no class`);
    const sum = probabilities.reduce((total, [, probability]) => total + Number(probability), 0);
    assert.ok(Math.abs(sum - 1) < 1e-3, `${sum}`);
    return undefined;
  });
}
