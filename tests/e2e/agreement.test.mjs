// The network that the site offers says the same of the same images in the page, on the CPU and on
// WebGPU, and on the command line.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { RECORD_BYTES, cifar10 } from './lib/data.mjs';
import { CLI, DIST, minutes } from './lib/environment.mjs';
import { waitInUse } from './lib/networks.mjs';
import { errors, follow, link, visit } from './lib/page.mjs';
import { answers, givePhotos, waitDone } from './lib/photos.mjs';
import { file, recordPng } from './lib/pictures.mjs';
import { stage } from './lib/scene.mjs';

const IMAGES = 500;
/** WebGPU in software takes half a second an image: `PRODEN_AGREEMENT=500` for all of them. */
const ON_DEVICE = { cpu: IMAGES, webgpu: Number(process.env.PRODEN_AGREEMENT ?? 100) };
/** Photos that the page takes at once. */
const AT_ONCE = 50;
/** Two classes whose probabilities are as near as this are a tie: the last bits decide. */
const TIE = 1e-4;

const execute = promisify(execFile);
const read = (name) => readFile(join(DIST, 'models', name));
const { name } = JSON.parse(await read('index.json')).models.find((it) => it.default);
const model = join(DIST, 'models', `${name}.safetensors`);

/** The first test images as PNG files, which lose nothing; and what the command line says of them. */
async function spoken() {
  const data = await cifar10();
  const records = await readFile(join(data.folder, 'cifar-10-batches-bin/test_batch.bin'));
  const record = (at) => records.subarray(at * RECORD_BYTES, (at + 1) * RECORD_BYTES);
  const pictures = Array.from({ length: IMAGES }, (_, at) => file(`${at}.png`, 'image/png', recordPng(record(at))));
  const labels = pictures.map((_, at) => record(at)[0]);
  const cwd = await mkdtemp(join(tmpdir(), 'proden-agreement-'));
  try {
    await Promise.all(pictures.map(({ name, buffer }) => writeFile(join(cwd, name), buffer)));
    const names = pictures.map(({ name }) => name);
    const classify = ['classify', '--model', model, '--json', ...names];
    const { stdout } = await execute(CLI, classify, { cwd, maxBuffer: 1 << 24 });
    const native = JSON.parse(stdout).map(({ probabilities }) => Object.values(probabilities));
    return { ...data, pictures, labels, native };
  } finally {
    await rm(cwd, { recursive: true });
  }
}

const scene = stage({ data: spoken });
const best = (probabilities) => probabilities.indexOf(Math.max(...probabilities));
const isTie = (probabilities) => {
  const [first, second] = [...probabilities].sort((a, b) => b - a);
  return first - second < TIE;
};

scene('agreement: the command line tests as it classifies', {}, async (it) => {
  const { folder, labels, native } = it.data;
  const test = ['test', '--model', model, '--data', folder, '--dataset', 'cifar10', '--test-limit', `${IMAGES}`, '--json'];
  const { stdout } = await execute(CLI, test);
  const { test_accuracy: tested } = JSON.parse(stdout);
  const right = native.filter((probabilities, at) => best(probabilities) === labels[at]).length;
  it.say(`${name}: ${right} of ${IMAGES} right; proden test: ${tested}`);
  assert.ok(Math.abs(tested - right / IMAGES) < 1e-6);
});

for (const [device, images] of Object.entries(ON_DEVICE)) {
  const options = { hosted: true, timeout: minutes(10) };
  scene(`agreement: the page on ${device} and the command line`, options, async (it) => {
    const { page, data } = it;
    await visit(page, link(it.url, { device }));
    await follow(page, 'classify');
    await waitInUse(page, `hosted-${name}`);
    const note = page.getByText(/^Photos are classified on/);
    assert.equal(await note.isVisible(), device === 'webgpu');

    const said = [];
    for (let at = 0; at < images; at += AT_ONCE) {
      await givePhotos(page, data.pictures.slice(at, at + AT_ONCE));
      await page.getByText(`the middle of “${at}.png”`).waitFor();
      await waitDone(page, AT_ONCE, minutes(2));
      said.push(...(await answers(page)).map(({ class: answer }) => Number(answer)));
    }
    const others = said.map((answer, at) => ({ at, answer })).filter(({ at, answer }) => answer !== best(data.native[at]));
    it.say(`${images - others.length} of ${images} answers are the command line's`);
    assert.deepEqual(others.filter(({ at }) => !isTie(data.native[at])), []);
    assert.equal(await errors(page), '');
  });
}
