// The About page's batch that is worked through: real numbers, by mouse and by keyboard, without
// an engine; and the links that lead to it.
//
// Its elements: worked-batch (the whole), bench-pictures (radio buttons), bench-epoch (a slider),
// bench-candidate (checkboxes; data-class), bench-step (data-step), bench-table (cells have
// data-value), bench-outcome, bench-back, bench-next, bench-reset.

import assert from 'node:assert/strict';
import { visit } from './lib/page.mjs';
import { stage } from './lib/scene.mjs';

const scene = stage();
const STEPS = ['candidates', 'softmax', 'mask', 'renormalise', 'loss', 'epochs'];

const waitStep = (page, step) =>
  page.locator(`[data-testid="bench-step"][data-step="${step}"]`).waitFor({ state: 'attached' });

/** A tab of the steps, by its word. */
const tab = (page, word) => page.locator('.bench-tabs').getByRole('button', { name: word });

/** Rows of the table: the name and the numbers. */
const rows = (page) =>
  page.getByTestId('bench-table').locator('tbody tr').evaluateAll((all) =>
    all.map((row) => ({
      name: row.querySelector('th').innerText.trim(),
      isTrue: row.classList.contains('is-true'),
      numbers: [...row.querySelectorAll('td')].map((cell) => Number(cell.dataset.value)),
    })),
  );

const near = (found, wanted, what) => assert.ok(Math.abs(found - wanted) < 1e-9, `${what}: ${found}, not ${wanted}`);
const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);
const boxes = (page) => page.getByTestId('bench-candidate');
const chosen = (page) =>
  boxes(page).evaluateAll((all) => all.filter((box) => box.checked).map((box) => Number(box.dataset.class)));

/** The columns of a step's table, by the name of the row. */
async function columns(page, word) {
  await tab(page, word).click();
  return Object.fromEntries((await rows(page)).map(({ name, numbers }) => [name, numbers]));
}

scene('explain: the numbers of each step follow from one another', {}, async ({ page, url }) => {
  let engines = 0;
  page.on('worker', () => (engines += 1));
  await visit(page, `${url}about`);
  const names = await boxes(page).evaluateAll((all) => all.map((box) => box.parentElement.innerText.trim()));
  const set = (await chosen(page)).map((at) => names[at]);
  assert.ok(set.length >= 2);

  const softmax = await columns(page, 'Softmax');
  const weights = Object.values(softmax).map(([logit]) => Math.exp(logit));
  assert.equal(weights.length, 10);
  for (const [logit, probability] of Object.values(softmax)) near(probability, Math.exp(logit) / sum(weights), 'p');

  const mask = await columns(page, 'Mask');
  for (const [name, [probability, masked]] of Object.entries(mask)) {
    near(masked, set.includes(name) ? probability : 0, name);
  }
  const renewed = await columns(page, 'Renormalise');
  assert.deepEqual(Object.keys(renewed), set);
  const inside = sum(Object.values(renewed).map(([masked]) => masked));
  for (const [masked, confidence] of Object.values(renewed)) near(confidence, masked / inside, 'w');

  const loss = await columns(page, 'Loss');
  for (const [name, [stored, surprise, share]] of Object.entries(loss)) {
    near(stored, 1 / set.length, 'the first pass trusts all equally');
    near(surprise, -Math.log(softmax[name][1]), '-log p');
    near(share, stored * surprise, 'the share of the loss');
  }
  // What was stored in one epoch is what the next one's loss uses.
  await page.getByTestId('bench-epoch').fill('2');
  const next = await columns(page, 'Loss');
  for (const [name, [stored]] of Object.entries(next)) near(stored, renewed[name][1], name);
  const course = await columns(page, 'Epoch by epoch');
  assert.deepEqual(course['1'], Object.values(renewed).map(([, confidence]) => confidence));
  assert.equal(Object.keys(course).length, 10);
  assert.equal(engines, 0, 'no engine was started');
});

scene('explain: by keyboard, with another set', {}, async ({ page, url }) => {
  await visit(page, `${url}about`);
  await page.getByTestId('bench-next').focus();
  for (const step of STEPS.slice(1)) {
    await page.keyboard.press('Enter');
    await waitStep(page, step);
  }
  assert.ok(await page.getByTestId('bench-next').isDisabled());
  await tab(page, 'Renormalise').press('Enter');
  await waitStep(page, 'renormalise');

  // The next picture, as in any group of radio buttons.
  const radios = page.getByTestId('bench-pictures').locator('input');
  const before = await rows(page);
  await radios.first().focus();
  await page.keyboard.press('ArrowRight');
  assert.ok(await radios.nth(1).isChecked());
  assert.notDeepEqual(await rows(page), before);

  // One label more, and the numbers follow.
  const set = await chosen(page);
  const added = [...Array(10).keys()].find((at) => !set.includes(at));
  await boxes(page).nth(added).focus();
  await page.keyboard.press('Space');
  const after = await rows(page);
  assert.equal(after.length, set.length + 1);
  near(sum(after.map(({ numbers }) => numbers[1])), 1, 'confidences');
  assert.equal(after.filter(({ isTrue }) => isTrue).length, 1);
  // All but one can be taken out.
  for (const at of (await chosen(page)).slice(1)) await boxes(page).nth(at).uncheck();
  assert.deepEqual((await rows(page)).map(({ numbers }) => numbers[1]), [1]);
  assert.ok(await boxes(page).nth((await chosen(page))[0]).isDisabled());
  await page.getByTestId('bench-reset').click();
  assert.deepEqual(await chosen(page), set);
});

scene('explain: links lead to the section', {}, async ({ page, url }) => {
  await visit(page, url);
  await page.locator('a.explained[href="about#method"]').click();
  await page.locator('#method').waitFor();
  // Scrolled to, and nothing was loaded anew.
  await page.waitForFunction(() => {
    const { top } = document.querySelector('#method').getBoundingClientRect();
    return top > -5 && top < innerHeight / 2;
  });
  await page.locator('nav a[href^="train"]').click();
  await page.getByTestId('start').waitFor();
  // Each setting says where it is from.
  const sources = await page.locator('.field-source').allTextContents();
  assert.equal(sources.length, await page.locator('.field').count());
  for (const source of sources) assert.match(source, /^Source: .{10,}\.$/);
});
