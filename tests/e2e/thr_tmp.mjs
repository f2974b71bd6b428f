import { launch } from '/work/main/tests/e2e/lib/browser.mjs';
import { follow, link, run, start, stepLosses, value, visit, waitState } from '/work/main/tests/e2e/lib/page.mjs';
import { plainHost, serve } from '/work/main/tests/e2e/lib/server.mjs';
const server = await serve({});
const plain = await plainHost({ redirects: true });
const browser = await launch({ webgpu: false });
const settings = { 'train-limit': 2560, 'test-limit': 64, epochs: 3, batch: 64, width: Number(process.argv[2] ?? 0.25), device: 'cpu' };
for (let i = 0; i < 2; i++) for (const url of [plain.url, server.url]) {
  const context = await browser.newContext({ serviceWorkers: 'block' });
  const page = await context.newPage();
  page.on('console', (m) => console.log('console', m.text().slice(0, 300)));
  page.on('request', (r) => { if (r.url().includes('helper')) console.log('REQ', r.url()); });
  await visit(page, link(url, settings));
  await start(page); await follow(page, 'about'); await page.waitForFunction(() => document.title.startsWith('Finished'), undefined, { timeout: 300000 }); await follow(page, 'train');
  const rows = await page.locator('[data-testid="epoch-table"] tbody tr').evaluateAll((rows) => rows.map((row) => [...row.querySelectorAll('td')].at(-1).textContent));
  console.log(url, 'images/s', rows.join(' | '), page.workers().length);
  await context.close();
}
await browser.close(); await server.close(); await plain.close();
