// The system's Chromium, and an ear for what goes wrong in it.

import { chromium } from 'playwright-core';
import { CHROMIUM } from './environment.mjs';

const QUIET = [
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
];

// WebGPU in software. Without these two a headless Chromium on a machine without a GPU still has
// navigator.gpu, but finds no adapter, on the page and in workers: just what a visitor without
// WebGPU has.
const SOFTWARE_WEBGPU = '--enable-unsafe-webgpu --use-webgpu-adapter=swiftshader';

/** Flags for WebGPU: another card's, where one is at hand. */
const WEBGPU = (process.env.PRODEN_WEBGPU ?? SOFTWARE_WEBGPU).split(' ');

export function launch({ webgpu = true, flags = [] } = {}) {
  return chromium.launch({
    executablePath: CHROMIUM,
    args: [...QUIET, ...(webgpu ? WEBGPU : []), ...flags],
    // Chromium refuses to sandbox itself as root.
    chromiumSandbox: process.getuid() !== 0,
  });
}

// A Rust panic never is an expected error, whatever a test allows.
const PANIC = /panicked at|RuntimeError: unreachable|memory access out of bounds/;

/**
 * Collects the console of all pages and workers of a context.
 *
 * `broken` rejects at the first error that matches none of `allowed`, so that a test fails at once
 * and not when its patience ends; `faults` holds all such errors.
 */
export function watch(context, allowed) {
  const lines = [];
  const faults = [];
  let fail;
  const broken = new Promise((_, reject) => (fail = reject));
  // Whoever does not wait for it looks at `faults`.
  broken.catch(() => {});

  const fault = (text) => {
    faults.push(text);
    const error = new Error(`an error in the page: ${text}`);
    // Where Playwright heard of it helps nobody.
    error.stack = error.message;
    fail(error);
  };
  const judge = (text) => {
    if (PANIC.test(text) || !allowed.some((pattern) => pattern.test(text))) fault(text);
  };
  context.on('console', (message) => {
    const text = message.text();
    lines.push(`${message.type()}: ${text}`);
    if (message.type() === 'error' || PANIC.test(text)) judge(text);
  });
  context.on('weberror', (event) => {
    const text = String(event.error().stack ?? event.error());
    lines.push(`uncaught: ${text}`);
    judge(text);
  });
  context.on('page', (page) => page.on('crash', () => judge('the page crashed')));
  return { lines, faults, broken };
}
