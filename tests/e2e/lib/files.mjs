// Networks and checkpoints: saved as a visitor saves them, and opened again.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { clickAt } from './moments.mjs';
import { attribute } from './page.mjs';

/** Does what saves and gives the download, for `setInputFiles`. */
async function download(page, act) {
  const [taken] = await Promise.all([page.waitForEvent('download'), act()]);
  const name = taken.suggestedFilename();
  assert.match(name, /\.safetensors$/);
  return { name, mimeType: 'application/octet-stream', buffer: await readFile(await taken.path()) };
}

export const saveModel = (page) => download(page, () => page.getByTestId('save-model').click());
export const saveCheckpoint = (page) => download(page, () => page.getByTestId('save-checkpoint').click());

/** Starts a run and saves its state after the first steps, while it goes on. */
export const saveEarly = (page) =>
  download(page, () =>
    clickAt(page, {
      first: 'start', click: 'save-checkpoint', states: ['training'], answers: ['training', 'finished'],
    }),
  );

/** Chooses a file to open; what comes of it is to be waited for. */
export const give = (page, file) => page.getByTestId('open-file').setInputFiles(file);

/** Opens a file and waits until the page says what it is: `model` or `checkpoint`. */
export async function open(page, file) {
  await give(page, file);
  await page.getByTestId('opened').filter({ hasText: file.name }).waitFor();
  return attribute(page, 'opened', 'data-kind');
}

/** A file as a drop carries it. */
export const transferOf = (page, { name, buffer }) =>
  page.evaluateHandle(
    ({ name, base64 }) => {
      const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
      const transfer = new DataTransfer();
      transfer.items.add(new File([bytes], name));
      return transfer;
    },
    { name, base64: buffer.toString('base64') },
  );
