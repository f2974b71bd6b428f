// What the engine finds around it in a browser's dedicated worker, made in Node from Dawn's bindings
// (the npm package webgpu): Chromium's own WebGPU, on a real graphics card, without a browser.

import { readFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { join } from 'node:path';

/** Dawn's switches, as `create` takes them: DAWN_OPTIONS="backend=vulkan adapter=NVIDIA". */
const OPTIONS = (process.env.DAWN_OPTIONS ?? '').split(' ').filter(Boolean);

/** Gives this process the globals of a worker with WebGPU; `DAWN_NODE` names dawn.node itself. */
export async function becomeWorker() {
  const { create, globals } = process.env.DAWN_NODE
    ? (await import('node:module')).createRequire(import.meta.url)(process.env.DAWN_NODE)
    : await import('webgpu');
  Object.assign(globalThis, globals);
  const navigator = {
    gpu: create(OPTIONS),
    // As in a private window: nothing is kept.
    storage: { getDirectory: () => Promise.reject(new DOMException('none', 'SecurityError')) },
    onLine: true,
    hardwareConcurrency: 1,
    userAgent: `Node ${process.version}`,
  };
  Object.defineProperty(globalThis, 'navigator', { value: navigator, configurable: true });
  globalThis.WorkerGlobalScope = class {};
  globalThis.self = globalThis;
  globalThis.name = '';
  globalThis.location = new URL('http://localhost/');
  globalThis.reportError ??= (error) => {
    throw error;
  };
}

/** Loads the engine of a built site; `hear(event)` gets all that it says. Returns how to tell it, and its memory. */
export async function startEngine(site, hear) {
  const loaded = Promise.withResolvers?.() ?? deferred();
  globalThis.postMessage = (message) => {
    if (message === 'loaded') loaded.resolve();
    else if (Array.isArray(message)) hear(parse(message[0]), message[1]);
    else loaded.reject(new Error(String(message)));
  };
  const { default: init } = await import(pathToFileURL(join(site, 'worker.js')));
  const { memory } = await init({ module_or_path: await readFile(join(site, 'worker_bg.wasm')) });
  await loaded.promise;
  const send = (command, bytes = null) =>
    globalThis.onmessage(new MessageEvent('message', { data: [JSON.stringify(command), bytes] }));
  return { send, memory };
}

/** An event without fields is a bare string. */
function parse(text) {
  const event = JSON.parse(text);
  return typeof event === 'string' ? { [event]: true } : event;
}

function deferred() {
  const made = {};
  made.promise = new Promise((resolve, reject) => Object.assign(made, { resolve, reject }));
  return made;
}
