// How fast the page trains on a graphics card: `node speed.mjs [SETTING=VALUE …] [-- SETTING=VALUE … …]`, by
// hand. On a real card PRODEN_WEBGPU has the browser's flags for it.
//
// Each of the runs is one of the page's own, with the Train page out of sight. It prints the images a second
// that the page tells of each epoch; in the first, shaders are still being compiled.

import { launch } from './lib/browser.mjs';
import { link, runOutOfSight, visit } from './lib/page.mjs';
import { ISOLATING, plainHost } from './lib/server.mjs';

const runs = process.argv
  .slice(2)
  .join(' ')
  .split('--')
  .map((words) => Object.fromEntries(words.trim().split(/\s+/).filter(Boolean).map((word) => word.split('='))));

const host = await plainHost({ redirects: true, headers: ISOLATING });
const browser = await launch();
for (const settings of runs) {
  const context = await browser.newContext({ serviceWorkers: 'block' });
  const page = await context.newPage();
  await visit(page, link(host.url, { device: 'webgpu', ...settings }));
  const speeds = (await runOutOfSight(page)).map((speed) => speed.toFixed(0));
  const device = (await page.getByTestId('device').first().innerText()).split('Limits')[0];
  console.log(`${JSON.stringify(settings)} on ${device.replace(/\s+/g, ' ').trim()}: ${speeds.join(', ')} images/s`);
  await context.close();
}
await browser.close();
await host.close();
