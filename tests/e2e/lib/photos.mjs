// Photos on the Classify page, and its answers.

import { seconds } from './environment.mjs';

export const givePhotos = (page, pictures) => page.getByTestId('image-input').setInputFiles(pictures);

/** Each photo: its class, or why it has none. */
export const answers = (page) =>
  page.locator('[data-testid="photos"] > li').evaluateAll((items) =>
    items.map((item) => ({
      class: item.querySelector('[data-testid="prediction"]')?.dataset.value,
      error: item.querySelector('[data-testid="error"]')?.innerText,
    })),
  );

/** Waits until all of so many photos have had their turn. */
export const waitDone = (page, count, timeout = seconds(60)) =>
  page.waitForFunction(
    (count) => {
      const items = [...document.querySelectorAll('[data-testid="photos"] > li')];
      const isDone = (item) => item.querySelector('[data-testid="prediction"], [data-testid="error"]');
      return items.length === count && items.every(isDone);
    },
    count,
    { timeout },
  );
