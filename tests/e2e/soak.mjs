// A long run, and whether what it holds stays level: `node soak.mjs [cpu|webgpu] [EPOCHS] [SETTING=VALUE …]`,
// by hand.
//
// The default experiment but for the settings given, 300 epochs on the CPU or 30 on WebGPU. After each epoch: the memory of the
// engine's WebAssembly, the live buffers on the card, and the JavaScript heap of the page.

import { watchBuffers } from '../dawn/buffers.mjs';
import { launch } from './lib/browser.mjs';
import { minutes } from './lib/environment.mjs';
import { link, start, visit, waitState } from './lib/page.mjs';
import { ISOLATING, plainHost } from './lib/server.mjs';
import { afterMessage, beforeEngine } from './lib/survive.mjs';

const device = process.argv[2] ?? 'cpu';
const epochs = Number(process.argv[3] ?? (device === 'cpu' ? 300 : 30));
const settings = Object.fromEntries(process.argv.slice(4).map((word) => word.split('=')));
/** How much more than after the first tenth is still level. */
const LEVEL = 1.1;
const MIB = 1024 * 1024;

/** Tells the page after each epoch what the engine holds. */
const TELL = `
  const channel = new BroadcastChannel('soak');
  let memory;
  for (const name of ['instantiate', 'instantiateStreaming']) {
    const original = WebAssembly[name];
    WebAssembly[name] = async (...args) => {
      const made = await original.apply(WebAssembly, args);
      memory = (made.instance ?? made).exports.memory;
      return made;
    };
  }
  const watch = ${watchBuffers};
  const buffers = globalThis.GPUDevice ? watch() : async () => ({ count: 0, bytes: 0 });
  const tell = async () => {
    const { count, bytes } = await buffers();
    channel.postMessage({ wasm: memory.buffer.byteLength, buffers: count, bytes });
  };
  ${afterMessage('{"Epoch"', 'tell();')}`;

const server = await plainHost({ redirects: true, headers: ISOLATING });
const browser = await launch({ webgpu: device !== 'cpu', flags: ['--js-flags=--expose-gc'] });
const context = await browser.newContext({ serviceWorkers: 'block' });
// A tenth of it may take long where a card is emulated and the machine is busy.
context.setDefaultTimeout(minutes(600));
await beforeEngine(context, TELL);
const page = await context.newPage();
await visit(page, link(server.url, { ...settings, device, epochs }));
await page.evaluate(() => {
  window.soak = [];
  new BroadcastChannel('soak').onmessage = ({ data }) => window.soak.push(data);
});
const cdp = await context.newCDPSession(page);
const seen = [];
const tenths = Array.from({ length: 10 }, (_, at) => Math.ceil((epochs * (at + 1)) / 10));
const began = performance.now();
await start(page);
for (const epoch of tenths) {
  await page.waitForFunction((epoch) => window.soak.length >= epoch, epoch);
  await cdp.send('HeapProfiler.collectGarbage');
  const heap = (await cdp.send('Runtime.getHeapUsage')).usedSize;
  const held = await page.evaluate((epoch) => window.soak[epoch - 1], epoch);
  seen.push({ ...held, heap });
  const { wasm, buffers, bytes } = held;
  const secs = ((performance.now() - began) / 1_000).toFixed(0);
  console.log(
    `epoch ${epoch} (${secs} s): wasm ${(wasm / MIB).toFixed(1)} MiB, page ${(heap / MIB).toFixed(1)} MiB, ` +
      `${buffers} buffers of ${(bytes / MIB).toFixed(1)} MiB`,
  );
}
await waitState(page, 'finished');
await browser.close();
await server.close();
const [first] = seen;
for (const name of ['wasm', 'heap', 'buffers', 'bytes']) {
  const most = Math.max(...seen.map((held) => held[name]));
  if (most <= LEVEL * first[name]) continue;
  console.log(`NOT LEVEL: ${name} grew from ${first[name]} to ${most}`);
  process.exitCode = 1;
}
