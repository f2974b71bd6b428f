// What a visitor downloads stays small.

import assert from 'node:assert/strict';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { DIST } from './lib/environment.mjs';

const MB = 1e6;
const MOST_MB = 1.5;

test(`the engine takes at most ${MOST_MB} MB`, async (t) => {
  const { size } = await stat(join(DIST, 'worker_bg.wasm.br'));
  t.diagnostic(`${(size / MB).toFixed(2)} MB as brotli`);
  assert.ok(size <= MOST_MB * MB, `${size} bytes`);
});
