// Runs that are broken off: how, and what the page keeps of them.

import assert from 'node:assert/strict';
import { minutes, seconds } from './environment.mjs';
import { attribute, link, run, visit, waitState } from './page.mjs';
import { result } from './results.mjs';

/** Long enough to be broken off also where drawing is slow and training is quick, and done in some seconds. */
export const LONG = {
  'train-limit': 128,
  'test-limit': 64,
  epochs: 50,
  batch: 32,
  width: 0.0625,
  device: 'cpu',
};

const wanted = new Map();
/** What the run comes to when nobody disturbs it; trained once a file. */
export async function undisturbed({ context, url }, settings = LONG) {
  if (wanted.has(settings)) return wanted.get(settings);
  const apart = await context.browser().newContext({ serviceWorkers: 'block' });
  const page = await apart.newPage();
  await visit(page, link(url, settings));
  await run(page, minutes(3));
  const came = await result(page);
  assert.equal(came.epochs.length, settings.epochs);
  await apart.close();
  wanted.set(settings, came);
  return came;
}

/** Waits until a checkpoint is kept that stands after so many epochs, or later. */
export const waitKept = (page, epochs) =>
  page.waitForFunction((epochs) => {
    const kept = document.querySelector('[data-testid="checkpoint"]')?.dataset;
    return kept?.epochs !== undefined && Number(kept.epochs) >= epochs;
  }, epochs);

/** The epoch after which the newest checkpoint stands. */
export const keptEpochs = async (page) => Number(await attribute(page, 'checkpoint', 'data-epochs'));

/** One click on the offer, and the rest of the run. */
export async function goOn(page, timeout = seconds(90)) {
  const offer = page.getByTestId('resume-offer');
  await offer.waitFor();
  // On its way the page is loading, and what it showed before was idle.
  await offer.click();
  await waitState(page, 'finished', timeout);
}

/** The names and sizes of all files in the browser's storage. */
export const storedFiles = (page) =>
  page.evaluate(async () => {
    const files = [];
    const walk = async (folder, path) => {
      for await (const [name, handle] of folder.entries()) {
        if (handle.kind === 'directory') await walk(handle, `${path}${name}/`);
        else files.push(`${path}${name}`);
      }
    };
    await walk(await navigator.storage.getDirectory(), '');
    return files.sort();
  });

/** What the page has noted of runs under way. */
export const notes = (page) =>
  page.evaluate(() => Object.keys(localStorage).filter((key) => key.startsWith('proden-open-')));

/** Nothing is left of a run that has come to its end. */
export async function assertTidy(page) {
  assert.deepEqual(await notes(page), []);
  await page.waitForFunction(async () => {
    const root = await navigator.storage.getDirectory();
    const folder = await root.getDirectoryHandle('checkpoints').catch(() => undefined);
    if (!folder) return true;
    for await (const name of folder.keys()) return !name;
    return true;
  });
}

/** Puts a script before the engine's own, in all its workers or in the first so many. */
export const beforeEngine = (context, script, times) =>
  context.route(
    '**/worker_loader.js*',
    async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, body: `${script}\n${await response.text()}` });
    },
    { times },
  );

/** A script for the engine that runs another one whenever it has said so to the page. */
export const afterMessage = (message, script) => `
  const { postMessage } = self;
  self.postMessage = (data, ...rest) => {
    postMessage.call(self, data, ...rest);
    if (Array.isArray(data) && data[0].startsWith('${message}')) { ${script} }
  };`;
