// CIFAR-10 files for `xtask serve --data`: real images where they are at hand, else generated ones
// in the same layout.

import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { HAS_CIFAR10, SCRATCH, XTASK } from './environment.mjs';

/** The most images that a test asks of one file. */
const RECORDS_PER_FILE = 2_000;
const CLASSES = 10;
const SIDE = 32;
const PLANE = SIDE * SIDE;
export const RECORD_BYTES = 1 + 3 * PLANE;

/** `{ folder, real }`, prepared once and kept in target/e2e. */
export async function cifar10() {
  const folder = join(SCRATCH, HAS_CIFAR10 ? 'cifar10' : 'cifar10-generated');
  if (!HAS_CIFAR10) {
    console.log(
      'SKIPPED: real CIFAR-10 is not at hand (shared/data): these runs see generated pictures, and the ' +
        'bounds on accuracy (0.30 and 0.80) are not checked.',
    );
  }
  if (!(await exists(folder))) {
    await mkdir(SCRATCH, { recursive: true });
    // Renamed when complete: a run that was interrupted leaves nothing that looks finished.
    const draft = await mkdtemp(join(SCRATCH, 'draft-'));
    await (HAS_CIFAR10 ? layOut(draft) : generate(draft));
    // A test file beside this one may have been quicker.
    await rename(draft, folder).catch(async (error) => {
      await rm(draft, { recursive: true });
      if (!(await exists(folder))) throw error;
    });
  }
  return { folder, real: HAS_CIFAR10 };
}

const exists = (path) => stat(path).then(() => true, () => false);

/** xtask knows the script and installs Pillow for it. */
async function layOut(folder) {
  console.log('preparing CIFAR-10 files in target/e2e, once');
  await promisify(execFile)(XTASK, ['data', '--out', folder, '--limit', String(RECORDS_PER_FILE)]);
}

async function generate(folder) {
  const batches = join(folder, 'cifar-10-batches-bin');
  await mkdir(batches);
  await writeFile(join(batches, 'data_batch_1.bin'), records(RECORDS_PER_FILE, 1));
  await writeFile(join(batches, 'test_batch.bin'), records(RECORDS_PER_FILE, 2));
}

/**
 * Records with ten classes that are easy to tell apart: stripes in one of five directions, wide or
 * narrow, in random colours.
 */
export function records(count, seed) {
  const random = generator(seed);
  const bytes = Buffer.alloc(count * RECORD_BYTES);
  for (let record = 0; record < count; record++) {
    const label = Math.floor(random() * CLASSES);
    const start = record * RECORD_BYTES;
    bytes[start] = label;
    const angle = ((label % 5) * Math.PI) / 5;
    const period = label < 5 ? 5 : 11;
    const phase = random() * period;
    const [front, back] = [0, 1].map((side) => [0, 1, 2].map(() => 120 * side + 120 * random()));
    for (let at = 0; at < PLANE; at++) {
      const along = (at % SIDE) * Math.cos(angle) + Math.floor(at / SIDE) * Math.sin(angle);
      const colour = (along + phase + 100 * period) % period < period / 2 ? front : back;
      for (let channel = 0; channel < 3; channel++) {
        bytes[start + 1 + channel * PLANE + at] = colour[channel] + 15 * random();
      }
    }
  }
  return bytes;
}

/** The superclass of each of CIFAR-100's fine classes, in the order of the fine labels. */
const SUPERCLASSES = [
  4, 1, 14, 8, 0, 6, 7, 7, 18, 3, 3, 14, 9, 18, 7, 11, 3, 9, 7, 11, 6, 11, 5, 10, 7, 6, 13, 15, 3, 15,
  0, 11, 1, 10, 12, 14, 16, 9, 11, 5, 5, 19, 8, 8, 15, 13, 14, 17, 18, 10, 16, 4, 17, 4, 2, 0, 17, 4,
  18, 17, 10, 3, 2, 12, 12, 16, 12, 1, 9, 19, 2, 10, 0, 1, 16, 12, 9, 13, 15, 13, 16, 19, 2, 4, 6, 19,
  5, 5, 8, 19, 18, 1, 2, 15, 6, 0, 17, 8, 14, 13,
];

/** Records of CIFAR-100's layout, coarse label and fine label: the images of `records`. */
export function records100(count, seed) {
  const plain = records(count, seed);
  const random = generator(seed + 1_000);
  const bytes = Buffer.alloc(count * (RECORD_BYTES + 1));
  for (let record = 0; record < count; record++) {
    const fine = Math.floor(random() * SUPERCLASSES.length);
    const start = record * (RECORD_BYTES + 1);
    bytes[start] = SUPERCLASSES[fine];
    bytes[start + 1] = fine;
    plain.copy(bytes, start + 2, record * RECORD_BYTES + 1, (record + 1) * RECORD_BYTES);
  }
  return bytes;
}

/** Mulberry32: small, seeded, good enough for pictures. Numbers from 0 to 1. */
function generator(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
