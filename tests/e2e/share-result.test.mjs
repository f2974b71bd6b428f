// A link that holds the result: who opens it sees the sender's curves, runs it again, and reads how
// far the two agree.

import assert from 'node:assert/strict';
import { minutes, seconds } from './lib/environment.mjs';
import { attribute, errors, link, run, setSettings, setting, state, visit, waitError, waitState } from './lib/page.mjs';
import { SHORT, clipboard, copied, waitRuns } from './lib/runs.mjs';
import { stage } from './lib/scene.mjs';

const scene = stage();

/** Trains, and gives the link with the result. */
async function sharedLink(page, url) {
  await visit(page, link(url, SHORT));
  assert.ok(await page.getByTestId('share-result').isDisabled(), 'there is a result before a run');
  await run(page, seconds(60));
  await waitRuns(page, 1);
  return copied(page, () => page.getByTestId('share-result').click());
}

const waitVerdict = (page, verdict) =>
  page.locator(`[data-testid="shared-result"][data-verdict="${verdict}"]`).waitFor();

scene('share: a result travels in a link and is reproduced', { timeout: minutes(3), context: clipboard }, async (it) => {
  const address = await sharedLink(it.page, it.url);
  it.say(`a link with the result of two epochs has ${address.length} characters`);
  assert.ok(address.length < 400, address);
  assert.match(address, /#r=[\w-]+$/);

  // Somebody else, who has no runs.
  await it.page.evaluate(() => localStorage.clear());
  const page = await it.context.newPage();
  await visit(page, address);
  await waitVerdict(page, 'none');
  assert.equal(await attribute(page, 'chart-runs', 'data-lines'), '1', 'the sender’s curve');
  assert.equal(await state(page), 'idle');
  assert.equal(await setting(page, 'train-limit'), '200');

  await page.getByTestId('run-shared').click();
  await waitState(page, 'finished', seconds(60));
  await waitVerdict(page, 'same');
  await page.getByTestId('shared-result').filter({ hasText: 'Both drew the same candidate sets' }).waitFor();
  assert.equal(await attribute(page, 'chart-runs', 'data-lines'), '2');
  const largest = page.locator('.agreement [data-measure="Test accuracy"]');
  assert.ok(Number(await largest.getAttribute('data-largest')) <= 1e-4);
  assert.equal(await errors(page), '');

  // The link stays in the address: a reload shows the same.
  await page.reload();
  await waitVerdict(page, 'same');
  await page.getByTestId('dismiss-shared').click();
  await page.getByTestId('shared-result').waitFor({ state: 'hidden' });
  assert.equal(new URL(page.url()).hash, '');
});

scene('share: another run is told from the shared one', { timeout: minutes(3), context: clipboard }, async (it) => {
  const address = await sharedLink(it.page, it.url);
  const { page } = it;
  // The same settings, but other curves: as if the sender's page computed otherwise.
  await page.evaluate(() => {
    const [key] = Object.keys(localStorage).filter((key) => key.startsWith('proden-run-'));
    const record = JSON.parse(localStorage[key]);
    record.history.forEach((row) => (row[2] = Math.min(1, row[2] + 0.25)));
    localStorage[key] = JSON.stringify(record);
  });
  await page.goto('about:blank');
  await visit(page, address);
  await waitVerdict(page, 'different');
  await page.locator('.agreement').filter({ hasText: /Test accuracy: at most 25\.00 points apart \(epoch 1\), 25\.00 points on average/ }).waitFor();
});

scene('share: a damaged, foreign or newer result is said, and the settings hold', { context: clipboard }, async (it) => {
  const address = await sharedLink(it.page, it.url);
  const [settings, fragment] = address.split('#');
  const cases = [
    [`${settings}#${fragment.slice(0, -5)}`, 'cut off'],
    [`${settings}#r=%F0%9F%92%A9`, 'characters that do not belong'],
    [`${settings}#r=_w`, 'version 255, newer'],
    [`${settings}#r=${'A'.repeat(30_000)}`, 'too long'],
    [`${settings.replace('batch=50', 'batch=25')}#${fragment}`, 'were changed'],
  ];
  for (const [address, words] of cases) {
    const page = await it.context.newPage();
    await visit(page, address);
    await waitError(page, words);
    assert.equal(await setting(page, 'train-limit'), '200', words);
    await page.getByTestId('shared-result').waitFor({ state: 'hidden' });
    assert.ok(await page.getByTestId('start').isEnabled(), words);
    await page.close();
  }
  const page = await it.context.newPage();
  await visit(page, `${settings}#main`);
  assert.equal(await errors(page), '', 'another fragment is no fault');
});

scene('share: the system’s sheet and a QR code', { context: clipboard }, async (it) => {
  const { page } = it;
  await page.addInitScript(() => {
    navigator.share = async (data) => void (window.handedOver = data);
  });
  const address = await sharedLink(page, it.url);
  await page.getByTestId('share-sheet').click();
  const data = await (await page.waitForFunction(() => window.handedOver)).jsonValue();
  assert.equal(data.url, address);

  await page.getByTestId('share-code').click();
  const code = page.getByTestId('qr');
  await code.locator('svg').waitFor();
  assert.equal(await code.getAttribute('data-link'), address);
  // Read by the browser itself where it can.
  const read = await code.evaluate(async (element) => {
    if (!('BarcodeDetector' in window)) return undefined;
    const formats = await BarcodeDetector.getSupportedFormats();
    if (!formats.includes('qr_code')) return undefined;
    const picture = new Image();
    picture.src = `data:image/svg+xml,${encodeURIComponent(element.querySelector('svg').outerHTML)}`;
    await picture.decode();
    const [found] = await new BarcodeDetector({ formats: ['qr_code'] }).detect(picture);
    return found?.rawValue;
  });
  it.say(read === undefined ? 'this browser reads no QR codes' : 'the browser reads the QR code');
  if (read !== undefined) assert.equal(read, address);

  await setSettings(page, { seed: '5' });
  assert.ok(await page.getByTestId('share-result').isDisabled(), 'a result of other settings');
  assert.ok(!(await code.getAttribute('data-link')).includes('#'));
});
