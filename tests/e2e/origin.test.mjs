// Where the page lies and where it asks: its own origin and the data host, nothing else; at the
// root of a host, in a folder of one, and on hosts that know nothing of the app.

import assert from 'node:assert/strict';
import { seconds } from './lib/environment.mjs';
import { misbehavingHost } from './lib/misbehaving.mjs';
import { TINY, follow, link, runTiny, visit, waitState } from './lib/page.mjs';
import { stage } from './lib/scene.mjs';
import { plainHost, serve } from './lib/server.mjs';

const scene = stage();

/** Notes every request of a context's pages and workers. */
function noteRequests(context) {
  const requests = [];
  context.on('request', (request) => {
    const url = new URL(request.url());
    // These never leave the page.
    if (!['data:', 'blob:'].includes(url.protocol)) requests.push(url);
  });
  context.on('page', (page) => {
    page.on('websocket', (socket) => requests.push(new URL(socket.url())));
  });
  return requests;
}

const origins = (requests) => [...new Set(requests.map((url) => url.origin))].sort();

scene('origin: a whole run asks nobody else', {}, async (it) => {
  const { page } = it;
  const requests = noteRequests(it.context);
  await visit(page, it.url);
  await runTiny(page);
  await follow(page, 'classify');
  await follow(page, 'about');
  it.say(`${requests.length} requests, all to ${origins(requests)}`);
  assert.deepEqual(origins(requests), [new URL(it.url).origin]);
  const engine = requests.some((url) => url.pathname.endsWith('worker_bg.wasm'));
  assert.ok(engine, 'the requests of the worker were not seen, so this proves nothing');
});

scene('origin: data come from the host that was named, and only data', {}, async (it) => {
  const host = await misbehavingHost();
  it.t.after(() => host.close());
  const requests = noteRequests(it.context);
  const settings = { ...TINY, dataset: 'cifar10', data: host.url('good'), autostart: 1 };
  await visit(it.page, link(it.url, settings));
  await waitState(it.page, 'finished', seconds(60));
  assert.deepEqual(origins(requests), [new URL(it.url).origin, host.origin].sort());
  const asked = requests.filter((url) => url.origin === host.origin).map((url) => url.pathname);
  // 64 images: the other four files of the training set are not needed.
  assert.deepEqual([...new Set(asked)].sort(), [
    '/good/cifar-10-batches-bin/data_batch_1.bin',
    '/good/cifar-10-batches-bin/test_batch.bin',
  ]);
});

const title = (page) => page.locator('h1').first().innerText();

/** Trains in the folder `root` and visits its pages, by links, by address and by reload. */
async function assertWorksIn(root, page) {
  await visit(page, root);
  await runTiny(page);
  for (const route of ['classify', 'about']) {
    await follow(page, route);
    assert.ok(page.url().startsWith(root), `${page.url()} is outside of ${root}`);
    const expected = await title(page);
    await page.reload();
    await page.locator('h1').first().waitFor();
    assert.equal(await title(page), expected, `${route}, reloaded`);
    await visit(page, `${root}${route}`);
    assert.equal(await title(page), expected, `${route}, by its address`);
  }
  await visit(page, link(root, { epochs: 3 }, 'train'));
  assert.equal(await page.locator('[name="epochs"]').inputValue(), '3');
  // From a route's own address, the engine lies one folder up.
  await runTiny(page);
}

scene('sub-folder: xtask serve --base', {}, async (it) => {
  const server = await serve({ base: '/sub/' });
  it.t.after(() => server.close());
  assert.match(server.url, /\/sub\/$/);
  await assertWorksIn(server.url, it.page);
});

for (const redirects of [true, false]) {
  const how = redirects ? 'adds the slash to a folder' : 'answers a folder without its slash';
  // Without the slash, Chromium's look-ahead asks for files at the <base> that the markup has,
  // before the script beside it has put that right: a 404 on the console, and no harm.
  const allowed = redirects ? [] : [/^Failed to load resource/];
  scene(`sub-folder: a plain host that ${how}`, { allowed }, async (it) => {
    const host = await plainHost({ redirects });
    it.t.after(() => host.close());
    await assertWorksIn(host.url, it.page);
  });
}
