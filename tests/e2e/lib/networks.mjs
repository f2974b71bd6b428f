// Networks that a site offers, as `proden publish` makes them, and a site that offers them.

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CLI } from './environment.mjs';

const execute = promisify(execFile);
const INDEX = 'index.json';

/** Trains two small networks and publishes them. The files by name; the second is the default. */
export async function published() {
  const folder = await mkdtemp(join(tmpdir(), 'proden-networks-'));
  try {
    for (const [name, seed, more] of [['one', 1, []], ['two', 2, ['--default']]]) {
      const run = join(folder, name);
      const size = ['--train-limit', '300', '--test-limit', '100', '--width', '0.0625'];
      await execute(CLI, ['train', '--out', run, ...size, '--epochs', '4', '--seed', `${seed}`]);
      const titles = ['--title', `Network ${name}`, '--machine', 'a test', '--note', 'Only shapes.'];
      await execute(CLI, ['publish', '--run', run, '--out', join(folder, 'models'), '--name', name, ...titles, ...more]);
    }
    const names = await readdir(join(folder, 'models'));
    const files = names.map(async (name) => [name, await readFile(join(folder, 'models', name))]);
    return Object.fromEntries(await Promise.all(files));
  } finally {
    await rm(folder, { recursive: true });
  }
}

/**
 * Has the site offer these files, and nothing else. Gives the names that were asked for, in order;
 * `files` may be changed later.
 */
export async function offer(context, files) {
  const asked = [];
  await context.route('**/models/*', (route) => {
    const name = new URL(route.request().url()).pathname.split('/').pop();
    asked.push(name);
    const body = files[name];
    if (body === undefined) return route.fulfill({ status: 404, body: 'not found' });
    return route.fulfill({
      body,
      contentType: name.endsWith('.json') ? 'application/json' : 'application/octet-stream',
      headers: { 'content-length': `${body.length}`, 'cache-control': 'no-cache' },
    });
  });
  return asked;
}

/** A site that offers no network. */
export const offerNone = (context) => offer(context, { [INDEX]: Buffer.from('{"version": 1, "models": []}') });

/** The index of the files, changed. */
export function withIndex(files, change) {
  const index = JSON.parse(files[INDEX]);
  change(index);
  return { ...files, [INDEX]: Buffer.from(JSON.stringify(index)) };
}

/** The files with another threshold for “none of the ten” in a network, and the index that fits. */
export function withThreshold(files, name, threshold) {
  const file = `${name}.safetensors`;
  const bytes = files[file];
  const size = Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.subarray(8, 8 + size));
  const description = JSON.parse(header.__metadata__.proden);
  description.calibration.threshold = threshold;
  header.__metadata__.proden = JSON.stringify(description);
  // The tensors must stay aligned.
  const text = Buffer.from(JSON.stringify(header));
  const padded = Buffer.concat([text, Buffer.alloc((8 - (text.length % 8)) % 8, ' ')]);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  const changed = Buffer.concat([length, padded, bytes.subarray(8 + size)]);
  return withIndex({ ...files, [file]: changed }, (index) => {
    const entry = index.models.find((it) => it.name === name);
    entry.bytes = changed.length;
    entry.sha256 = createHash('sha256').update(changed).digest('hex');
  });
}

/** The row of a network: `run`, `file`, `hosted-NAME`, `run-ID`. */
export const row = (page, name) => page.locator(`[data-testid="model-select"] [data-network="${name}"]`);

/** Waits until a network classifies. */
export const waitInUse = (page, name) =>
  page.locator(`[data-testid="model-select"] [data-network="${name}"][aria-current="true"]`).waitFor();

/** Chooses a network, and waits until it classifies. */
export async function choose(page, name) {
  await row(page, name).locator('input[type="radio"]').check();
  await waitInUse(page, name);
}
