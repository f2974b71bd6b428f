// Data without a server: files that the visitor gives are kept by the browser and trained on, this
// time and the next; what was fetched once is not fetched again; and what is no data is refused.

import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import { cifar100Files, cifar10Files, claim, tarGz } from './lib/archive.mjs';
import { seconds } from './lib/environment.mjs';
import { transferOf } from './lib/files.mjs';
import { fileHost, refusingHost } from './lib/misbehaving.mjs';
import {
  TINY, attribute, errors, link, run, runTiny, setSettings, setting, start, value, visit, waitError, waitState,
} from './lib/page.mjs';
import { discPng, file } from './lib/pictures.mjs';
import { stage } from './lib/scene.mjs';

const TEN = file('cifar-10-binary.tar.gz', 'application/gzip', tarGz(cifar10Files()));
const HUNDRED = file('cifar-100-binary.tar.gz', 'application/gzip', tarGz(cifar100Files()));

// The browser itself notes a failed request on the console.
const allowed = [/^Failed to load resource/];

const scene = stage();

/** Notes the requests of a page and its worker for anything below a URL. */
function noteRequests(context, url) {
  const asked = [];
  context.on('request', (request) => {
    if (request.url().startsWith(url)) asked.push(request.url());
  });
  return asked;
}

const panel = (page) => page.locator('details.kept');

/** Unfolds the panel and waits until it says what is kept. */
async function look(page) {
  await panel(page).evaluate((details) => (details.open = true));
  await page.locator('[data-testid="kept-data"][data-value]').waitFor({ state: 'attached' });
  return value(page, 'kept-data');
}

const isKept = (page, name) =>
  page.locator('[data-testid="kept-data"] li').filter({ hasText: name }).first().waitFor();

const give = (page, files) => page.getByTestId('data-input').setInputFiles(files);

async function drop(page, given) {
  const dataTransfer = await transferOf(page, given);
  const zone = page.getByTestId('data-drop');
  await zone.dispatchEvent('dragover', { dataTransfer });
  await zone.dispatchEvent('drop', { dataTransfer });
}

/** Notes what the page says while files are being kept; gives a function that tells it. */
async function watchKeeping(page) {
  await page.evaluate(() => {
    window.keeping = [];
    const bar = document.querySelector('[data-testid="keep-progress"]');
    const note = () => window.keeping.push(bar.getAttribute('aria-valuetext') ?? '');
    new MutationObserver(note).observe(bar, { attributes: true });
  });
  return () => page.evaluate(() => window.keeping);
}

scene('data: an archive is dropped, kept, trained on without a host, and cleared', { allowed }, async (it) => {
  const { page } = it;
  const nowhere = await refusingHost();
  const asked = noteRequests(it.context, nowhere);
  await visit(page, link(it.url, { ...TINY, data: nowhere }));
  assert.equal(await look(page), 0);

  const keeping = await watchKeeping(page);
  await drop(page, TEN);
  await isKept(page, 'data_batch_1.bin');
  const said = await keeping();
  assert.ok(said.some((text) => /\d (k|M)?B of \d/.test(text)), `no progress in bytes: ${said}`);
  await isKept(page, 'test_batch.bin');
  const total = await value(page, 'kept-data');
  assert.equal(total, 6 * 200 * 3_073);
  assert.equal(await setting(page, 'dataset'), 'cifar10', 'the form is set to what was given');
  await run(page, seconds(60));

  // The browser keeps them beyond the visit.
  await page.reload();
  await page.locator('h1').first().waitFor();
  assert.equal(await setting(page, 'dataset'), 'cifar10');
  await run(page, seconds(60));
  assert.deepEqual(asked, [], 'the host was asked');
  assert.equal(await look(page), total);

  await page.getByTestId('clear-data').click();
  await page.locator('[data-testid="kept-data"][data-value="0"]').waitFor({ state: 'attached' });
  await start(page);
  await waitState(page, 'failed', seconds(60));
  it.say(await waitError(page, /reach|connect|refuse|answer|network/i));
  assert.notDeepEqual(asked, [], 'cleared data were found');
});

scene('data: a damaged copy leaves the good one that is kept', {}, async (it) => {
  const { page } = it;
  await visit(page, link(it.url, TINY));
  await look(page);
  await drop(page, TEN);
  await isKept(page, 'test_batch.bin');
  const total = await value(page, 'kept-data');
  // So late that the first files have come whole.
  const cut = TEN.buffer.subarray(0, TEN.buffer.length - 2_000);
  await drop(page, { ...TEN, buffer: cut });
  it.say(await waitError(page, [/cifar-10-binary\.tar\.gz/, /cannot be used|cut short|damaged/]));
  await page.reload();
  assert.equal(await look(page), total);
});

scene('data: CIFAR-100 from files, by superclass', { allowed }, async (it) => {
  const { page } = it;
  const settings = { ...TINY, candidates: 'superclass', dataset: 'cifar100', rate: 0.5 };
  await visit(page, link(it.url, { ...settings, data: await refusingHost() }));
  await look(page);
  await give(page, HUNDRED);
  await isKept(page, 'train.bin');
  await run(page, seconds(60));
  assert.ok((await value(page, 'candidates-mean')) <= 5);
});

scene('data: single .bin files', { allowed }, async (it) => {
  const { page } = it;
  await visit(page, link(it.url, { ...TINY, dataset: 'cifar10', data: await refusingHost() }));
  await look(page);
  const files = Object.entries(cifar10Files());
  const bins = ['data_batch_1.bin', 'test_batch.bin'].map((name) => {
    const [, content] = files.find(([path]) => path.endsWith(name));
    return file(name, 'application/octet-stream', content);
  });
  await give(page, bins);
  await isKept(page, 'test_batch.bin');
  await run(page, seconds(60));
});

scene('data: what was fetched is not fetched again', {}, async (it) => {
  const { page } = it;
  const host = await fileHost(cifar10Files());
  it.t.after(() => host.close());
  const address = link(it.url, { ...TINY, dataset: 'cifar10', data: host.url, autostart: 1 });
  await visit(page, address);
  await waitState(page, 'finished', seconds(60));
  const first = [...host.asked];
  assert.deepEqual([...new Set(first)].sort(), [
    'cifar-10-batches-bin/data_batch_1.bin',
    'cifar-10-batches-bin/test_batch.bin',
  ]);
  const accuracy = await attribute(page, 'loss', 'data-value');

  await visit(page, address);
  await waitState(page, 'finished', seconds(60));
  assert.deepEqual(host.asked, first, 'it was fetched again');
  assert.equal(await attribute(page, 'loss', 'data-value'), accuracy);
  assert.ok((await look(page)) > 0);
  const source = await page.getByTestId('kept-data').innerText();
  assert.ok(source.includes(new URL(host.url).host), source);
});

const archive = (name, buffer) => file(name, 'application/gzip', buffer);
const { 'cifar-10-batches-bin/test_batch.bin': BATCH } = cifar10Files();
const TEST_BATCH = 'cifar-10-batches-bin/test_batch.bin';
const OFFICIAL = /Take the official cifar-10-binary\.tar\.gz/;
const AGAIN = /Download it again, and wait until/;
/** What is said, in phrases that no file's name holds, and what is to be done. */
const BROKEN = [
  { given: archive('cut.tar.gz', TEN.buffer.subarray(0, TEN.buffer.length / 2)), says: /: it is cut short/, remedy: AGAIN },
  {
    given: archive('plain.tar.gz', Buffer.alloc(2_000, 'no gzip')),
    says: /: it is neither a \.tar\.gz archive nor a file with the name/,
    remedy: OFFICIAL,
  },
  {
    given: archive('tricks.tar.gz', tarGz({ '../test_batch.bin': BATCH, '/etc/data_batch_1.bin': BATCH })),
    says: /: its entry “\.\.\/test_batch\.bin” points out of the archive/,
    remedy: OFFICIAL,
  },
  {
    given: archive('cifar-10-python.tar.gz', tarGz({ 'cifar-10-batches-py/data_batch_1': 'pickle' })),
    says: /: it is the Python version of the data/,
    remedy: /Take cifar-10-binary\.tar\.gz or cifar-100-binary\.tar\.gz, from the same page/,
  },
  {
    given: archive('other.tar.gz', tarGz({ 'readme.txt': 'nothing here' })),
    says: /: it holds none of CIFAR’s files/,
    remedy: OFFICIAL,
  },
  { given: archive('empty.tar.gz', gzipSync('')), says: /: it is cut short/, remedy: AGAIN },
  { given: archive('nothing.tar.gz', Buffer.alloc(0)), says: /: it is empty/, remedy: AGAIN },
  {
    given: archive('claim.tar.gz', tarGz({ 'readme.txt': claim(600 * 2 ** 20) })),
    says: /: it unpacks to more than 512 MiB/,
    remedy: OFFICIAL,
  },
  {
    given: archive('large.tar.gz', tarGz({ [TEST_BATCH]: claim(30_730_001) })),
    says: /test_batch\.bin is larger than the 30730000 bytes of the official file/,
    remedy: OFFICIAL,
  },
  {
    given: file('test_batch.bin', '', BATCH.subarray(0, 1_000)),
    says: /its 1000 bytes are no whole number of 3073-byte records/,
    remedy: OFFICIAL,
  },
  {
    given: file('disc.png', 'image/png', discPng()),
    says: /“disc\.png” is a picture, not a data set/,
    remedy: /Give cifar-10-binary\.tar\.gz/,
  },
  {
    given: file('notes.txt', 'text/plain', Buffer.from('hello')),
    says: /“notes\.txt” is not a file of a known data set/,
    remedy: /Give cifar-10-binary\.tar\.gz/,
  },
];

scene('data: what is no data set is refused, and the page works on', {}, async (it) => {
  const { page } = it;
  await visit(page, it.url);
  await look(page);
  for (const { given, says, remedy } of BROKEN) {
    await give(page, given);
    it.say(await waitError(page, [`“${given.name}”`, says, remedy]));
    assert.equal(await value(page, 'kept-data'), 0, `something of ${given.name} was kept`);
  }
  // A good one after all these, and a run.
  await give(page, TEN);
  await isKept(page, 'test_batch.bin');
  assert.equal(await errors(page), '');
  await runTiny(page);
});

scene('data: a file that misses its place does not lead away', {}, async (it) => {
  const { page } = it;
  await visit(page, it.url);
  const stays = await page.evaluate(() => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File(['hello'], 'notes.txt'));
    const events = ['dragover', 'drop'].map(
      (type) => new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }),
    );
    for (const event of events) document.querySelector('h1').dispatchEvent(event);
    return events.map((event) => event.defaultPrevented);
  });
  assert.deepEqual(stays, [true, true]);
});

scene('data: nothing is given while a run is on', {}, async (it) => {
  const { page } = it;
  await visit(page, link(it.url, { device: 'cpu' }));
  await look(page);
  await start(page);
  await waitState(page, ['training', 'finished'], seconds(60));
  assert.ok(await page.getByTestId('data-input').isDisabled());
  await drop(page, TEN);
  await waitError(page, /run is under way/i);
  assert.equal(await value(page, 'kept-data'), 0);
  await page.getByTestId('stop').click();
  await waitState(page, 'idle');
});
