// Where things are. `cargo xtask test` says it in the environment; by hand the defaults hold.

import { availableParallelism } from 'node:os';
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const E2E = dirname(dirname(fileURLToPath(import.meta.url)));

export const ROOT = resolve(E2E, '../..');

/** The built site. */
export const DIST = process.env.PRODEN_DIST ?? join(ROOT, 'dist');

export const XTASK = process.env.PRODEN_XTASK ?? join(ROOT, 'target/debug/xtask');

/** The command line, a debug build. */
export const CLI = process.env.PRODEN_CLI ?? join(ROOT, 'target/debug/proden');

export const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';

/** For data and pictures of failures; below target/, which git ignores. */
export const SCRATCH = join(ROOT, 'target/e2e');

const shared = process.env.PRODEN_SHARED ?? resolve(ROOT, '../shared');

/** PyTorch's reference networks. */
export const GOLDEN = join(shared, 'golden');

/** Whether `xtask data` has real CIFAR-10 images to lay out. */
export const HAS_CIFAR10 = existsSync(join(shared, 'data/prepare_cifar10.py'));

export const seconds = (count) => count * 1_000;
export const minutes = (count) => count * 60_000;

const CORES = availableParallelism();
/** Threads of a run on the CPU in an isolated page: one core is left to the page where there are more than two. */
export const THREADS = CORES > 2 ? Math.min(CORES - 1, 8) : CORES;
