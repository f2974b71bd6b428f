// The table of kept runs, the queue and the clipboard, as tests see them.

import { seconds } from './environment.mjs';

/** A run of a second: eight steps. */
export const SHORT = {
  'train-limit': 200,
  'test-limit': 100,
  epochs: 2,
  batch: 50,
  width: 0.0625,
  device: 'cpu',
};

/** The rows of the table of runs, as in the page. */
export const rows = (page) => page.locator('[data-testid="run-table"] tbody tr');

/** The id, how it ended, name and numbers of each kept run, from the top. */
export const kept = (page) =>
  rows(page).evaluateAll((all) =>
    all.map((row) => ({
      id: row.dataset.run,
      ended: row.dataset.ended,
      name: row.querySelector('.run-name').textContent,
      note: row.querySelector('.run-note').textContent,
      numbers: [...row.querySelectorAll('td[data-value]')].map((cell) => Number(cell.dataset.value)),
    })),
  );

/** The titles of the columns. */
export const columns = (page) => page.locator('[data-testid="run-table"] thead th').allInnerTexts();

/** Waits until the table holds that many runs. */
export const waitRuns = (page, count, timeout = seconds(60)) =>
  page.waitForFunction(
    (count) => document.querySelectorAll('[data-testid="run-table"] tbody tr').length === count,
    count,
    { timeout },
  );

/** Waits for a state of the queue, with so many runs done if that is given. */
export const waitQueue = (page, state, done, timeout = seconds(90)) =>
  page
    .locator(`[data-testid="queue"][data-state="${state}"]${done === undefined ? '' : `[data-done="${done}"]`}`)
    .waitFor({ state: 'attached', timeout });

/** What a click puts on the clipboard. */
export async function copied(page, click) {
  await page.evaluate(() => navigator.clipboard.writeText(''));
  await click();
  const text = await page.waitForFunction(() => navigator.clipboard.readText());
  return text.jsonValue();
}

export const clipboard = { permissions: ['clipboard-read', 'clipboard-write'] };
