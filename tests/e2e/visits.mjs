// What a visitor waits for and what it costs: `node visits.mjs [VISITORS]`, as part of `cargo xtask bench`.
//
// Each visitor has a fresh browser profile, comes twice, and starts the default experiment on the CPU as
// soon as the button lets it. Bytes are counted on the wire, bodies as they are compressed.

import { once } from 'node:events';
import { createServer, request } from 'node:http';
import { launch } from './lib/browser.mjs';
import { link } from './lib/page.mjs';
import { serve } from './lib/server.mjs';

const visitors = Number(process.argv[2] ?? 5);

/** What a file is a part of, by its path. */
const PARTS = [
  ['engine', /\/worker[._]/],
  ['page', /\/ui-.*\.(js|wasm)$/],
  ['rest', /./],
];

/** A host in front of `target` that counts the bytes of each part. */
async function counting(target) {
  const none = () => Object.fromEntries(PARTS.map(([part]) => [part, 0]));
  let bytes = none();
  const host = createServer((asked, answer) => {
    const { hostname, port } = new URL(target);
    const headers = { ...asked.headers, host: `${hostname}:${port}` };
    const passed = request({ hostname, port, path: asked.url, method: asked.method, headers }, (response) => {
      const [part] = PARTS.find(([, pattern]) => pattern.test(asked.url));
      answer.writeHead(response.statusCode, response.headers);
      response.on('data', (chunk) => (bytes[part] += chunk.length));
      response.pipe(answer);
    });
    asked.pipe(passed);
  });
  host.listen(0, '127.0.0.1');
  await once(host, 'listening');
  return {
    url: `http://127.0.0.1:${host.address().port}/`,
    /** The bytes since it was asked before. */
    taken() {
      const taken = bytes;
      bytes = none();
      return taken;
    },
    close: () => (host.closeAllConnections(), host.close()),
  };
}

/** Notes on the page's own clock when it was drawn, when Start could be clicked, and clicks it. */
function watchVisit() {
  const times = (window.times = {});
  const find = (id) => document.querySelector(`[data-testid="${id}"]`);
  const look = () => {
    const button = find('start');
    if (!times.ready && button && !button.disabled) {
      times.ready = performance.now();
      button.click();
    }
    const steps = JSON.parse(find('step-losses')?.dataset.value || '[]');
    if (!times.step && steps.length > 0) {
      times.step = performance.now();
      observer.disconnect();
    }
  };
  const observer = new MutationObserver(look);
  observer.observe(document, { subtree: true, childList: true, attributes: true });
}

/** Milliseconds from the beginning of the navigation. */
async function visitOnce(context, url) {
  const page = await context.newPage();
  await page.addInitScript(watchVisit);
  await page.goto(link(url, { device: 'cpu' }, 'train/'));
  await page.waitForFunction(() => window.times.step);
  const times = await page.evaluate(() => ({
    paint: performance.getEntriesByName('first-contentful-paint')[0].startTime,
    ...window.times,
  }));
  // What a visit leaves behind for the next one is there when the service worker is.
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => {}));
  await page.close();
  return times;
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

const server = await serve();
const host = await counting(server.url);
const browser = await launch({ webgpu: false });
const seen = [[], []];
for (let visitor = 0; visitor < visitors; visitor++) {
  const context = await browser.newContext({ serviceWorkers: 'allow' });
  for (const visits of seen) {
    host.taken();
    const times = await visitOnce(context, host.url);
    visits.push({ ...times, ...host.taken() });
  }
  await context.close();
}
console.log(`\nVisits to the page on the CPU, medians of ${visitors} visitors: ms to first paint, until Start can be`);
console.log('clicked, and (clicked at once) to the first step on the page; kB of page, engine and the rest');
for (const [at, visits] of seen.entries()) {
  const of = (name) => median(visits.map((visit) => visit[name]));
  const ms = ['paint', 'ready', 'step'].map((name) => of(name).toFixed(0));
  const kB = ['page', 'engine', 'rest'].map((name) => (of(name) / 1_000).toFixed(0));
  console.log(`${['first', 'second'][at]} visit: ${ms.join(', ')} ms; ${kB.join(', ')} kB`);
}
await browser.close();
host.close();
await server.close();
