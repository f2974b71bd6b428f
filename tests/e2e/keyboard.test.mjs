// All without a mouse: a run from start to stop, the microscope, the table of mix-ups; and the page
// holds still for who asks the system for less motion.

import assert from 'node:assert/strict';
import { focused, tabTo, walk } from './lib/access.mjs';
import { seconds } from './lib/environment.mjs';
import { TINY, link, run, state, visit, waitState } from './lib/page.mjs';
import { stage } from './lib/scene.mjs';

const scene = stage();

async function press(page, id) {
  await tabTo(page, id);
  await page.keyboard.press('Enter');
}

scene('keyboard: a run is started, held, resumed and stopped', {}, async ({ page, url }) => {
  await visit(page, link(url, { ...TINY, epochs: 1_000 }));
  await page.keyboard.press('Tab');
  const first = page.locator(':focus');
  assert.equal(await first.getAttribute('href'), '#main', 'the first stop skips to the content');
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'main');
  await press(page, 'start');
  await waitState(page, 'training', seconds(60));
  await press(page, 'pause');
  await waitState(page, 'paused');
  await press(page, 'resume');
  await waitState(page, 'training');
  await press(page, 'stop');
  await waitState(page, 'idle');
});

scene('keyboard: one image of the microscope is opened and left', {}, async ({ page, url }) => {
  await visit(page, link(url, TINY));
  await run(page, seconds(60));
  await tabTo(page, 'microscope-item');
  const image = () => page.evaluate(() => document.activeElement.dataset.index);
  const first = await image();
  await page.keyboard.press('ArrowRight');
  await page.waitForFunction((first) => document.activeElement.dataset.index !== first, first);
  const opened = await image();
  await page.keyboard.press('Enter');
  const dialog = page.getByTestId('microscope-detail');
  await dialog.locator('.course svg').first().waitFor();
  assert.equal(await dialog.getAttribute('data-index'), opened);
  assert.ok(await dialog.evaluate((dialog) => dialog.contains(document.activeElement)));
  await press(page, 'detail-next');
  await page.waitForFunction(
    (opened) => document.querySelector('[data-testid="microscope-detail"]').dataset.index !== opened,
    opened,
  );
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'hidden' });
  assert.equal(await focused(page), 'microscope-item', 'the focus comes back to where it was');
});

scene('keyboard: arrow keys lead through the table of mix-ups', {}, async ({ page, url }) => {
  await visit(page, link(url, TINY));
  await run(page, seconds(60));
  await page.getByTestId('confusion-matrix').waitFor();
  await tabTo(page, 'confusion-cell');
  const cell = () => page.evaluate(() => {
    const { label, answer } = document.activeElement.dataset;
    return [Number(label), Number(answer)];
  });
  assert.deepEqual(await cell(), [0, 0]);
  for (const [key, expected] of [
    ['ArrowRight', [0, 1]],
    ['ArrowDown', [1, 1]],
    ['ArrowLeft', [1, 0]],
    ['ArrowUp', [0, 0]],
    ['ArrowUp', [0, 0]],
    ['End', [9, 9]],
    ['Home', [0, 0]],
  ]) {
    await page.keyboard.press(key);
    assert.deepEqual(await cell(), expected, key);
  }
  // One stop for the whole table.
  await page.keyboard.press('Tab');
  assert.notEqual(await focused(page), 'confusion-cell');
  await page.keyboard.press('Shift+Tab');
  assert.deepEqual(await cell(), [0, 0]);

  // To the first cell with images in it, and into them.
  const filled = await page.getByTestId('confusion-cell').evaluateAll((all) =>
    all.findIndex((cell) => Number(cell.dataset.value) > 0),
  );
  for (let step = 0; step < filled; step++) await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Enter');
  const images = page.getByTestId('cell-images');
  await images.locator('h2').filter({ hasText: /\S/ }).waitFor();
  await page.keyboard.press('Escape');
  await images.waitFor({ state: 'hidden' });
  assert.equal(await focused(page), 'confusion-cell');
});

for (const route of ['train', 'classify', 'about']) {
  scene(`keyboard: everything on ${route} is reached, and the focus is seen`, {}, async (it) => {
    const { page } = it;
    await visit(page, link(it.url, TINY, route));
    if (route === 'train') await run(page, seconds(60));
    // What is folded is part of the page.
    await page.locator('details').evaluateAll((all) => all.forEach((it) => (it.open = true)));
    const { stops, missed, unseen } = await walk(page);
    it.say(`${stops} stops`);
    assert.deepEqual(missed, []);
    assert.deepEqual(unseen, [], 'no focus can be seen');
    assert.ok(stops > 5);
  });
}

const context = { reducedMotion: 'reduce' };
scene('less motion: nothing moves by itself', { context }, async ({ page, url }) => {
  await visit(page, link(url, { ...TINY, epochs: 1_000 }));
  await page.getByTestId('start').click();
  await waitState(page, 'training', seconds(60));
  const moving = () => page.evaluate(() => {
    const takes = (animation) => animation.effect.getComputedTiming().activeDuration > 1;
    return document.getAnimations().filter(takes).map(({ effect }) => effect.target.className);
  });
  // Bars and progress change while it is looked at.
  for (let look = 0; look < 20; look++) {
    assert.deepEqual(await moving(), []);
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)));
  }
  assert.equal(await state(page), 'training');
});
