// What more threads gain on the CPU: `node threads.mjs [WIDTH] [BATCH] [ROUNDS]`, as part of `cargo xtask bench`.
//
// In turns, the same run in a page that may share memory between threads and in one that may not, with the
// Train page out of sight, since what draws that would take a core of its own. Images a second, told by the
// page for each epoch; the first is left out, for the browser is still compiling the engine then.

import { availableParallelism } from 'node:os';
import { launch } from './lib/browser.mjs';
import { link, runOutOfSight, visit } from './lib/page.mjs';
import { ISOLATING, plainHost } from './lib/server.mjs';

const [width, batch, rounds] = [0.25, 64, 3].map((usual, at) => Number(process.argv[2 + at] ?? usual));
const settings = { 'train-limit': 10 * batch, 'test-limit': 64, epochs: 4, batch, width, device: 'cpu' };

const hosts = {
  alone: await plainHost({ redirects: true }),
  together: await plainHost({ redirects: true, headers: ISOLATING }),
};
const browser = await launch({ webgpu: false });

async function imagesPerSecond(host) {
  const context = await browser.newContext({ serviceWorkers: 'block' });
  const page = await context.newPage();
  await visit(page, link(host.url, settings));
  const speeds = await runOutOfSight(page);
  await context.close();
  return speeds.slice(1);
}

const median = (numbers) => numbers.sort((a, b) => a - b)[numbers.length >> 1];

const speeds = { alone: [], together: [] };
for (let round = 0; round < rounds; round += 1) {
  for (const name of Object.keys(hosts)) speeds[name].push(...(await imagesPerSecond(hosts[name])));
}
const [one, all] = [median(speeds.alone), median(speeds.together)];
console.log(
  `CPU in the page, ConvNet of width ${width}, batch ${batch}, medians of ${speeds.alone.length} epochs: ${one.toFixed(1)} images/s ` +
    `on one thread, ${all.toFixed(1)} with helpers on ${availableParallelism()} cores, ${(all / one).toFixed(2)} times`,
);
await browser.close();
await Promise.all(Object.values(hosts).map((host) => host.close()));
