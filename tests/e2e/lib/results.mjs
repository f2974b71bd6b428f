// What a run comes to, to the last bit.

import { attribute } from './page.mjs';

/** The numbers that tell a run from another. */
export async function result(page) {
  const numbers = {};
  for (const id of ['loss', 'test-accuracy', 'label-accuracy']) {
    numbers[id] = await attribute(page, id, 'data-value');
  }
  numbers.epochs = await epochs(page);
  return numbers;
}

/** The rows of the table of epochs, the newest first. */
export const epochs = (page) =>
  page.locator('[data-testid="epoch-table"] tbody tr').evaluateAll((rows) =>
    // All but the last, which is the speed.
    rows.map((row) => [...row.querySelectorAll('td[data-value]')].slice(0, -1).map((cell) => cell.dataset.value)),
  );

const predicted = (page) => page.getByTestId('prediction').filter({ hasText: /\S/ }).first();

/** What the network says of the photo that was given last. */
export async function verdict(page) {
  await predicted(page).waitFor();
  const probabilities = await page
    .locator('[data-testid="probabilities"] [data-value]')
    .evaluateAll((all) => all.map((bar) => [bar.dataset.class, bar.dataset.value]));
  return { words: await predicted(page).innerText(), probabilities };
}
