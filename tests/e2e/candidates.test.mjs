// How ambiguous a training set is stands on the page before the first step.

import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { cifar100Host } from './lib/archive.mjs';
import { seconds } from './lib/environment.mjs';
import { TINY, attribute, link, setSettings, value, visit, waitState } from './lib/page.mjs';
import { stage } from './lib/scene.mjs';

const scene = stage();
let host;
before(async () => (host = await cifar100Host()));
after(() => host.close());

/** Starts, and notes what stood on the page when compiling began. */
async function figuresAtFirst(page) {
  return page.evaluate(
    () =>
      new Promise((resolve) => {
        const find = (id) => document.querySelector(`[data-testid="${id}"]`);
        const look = () => {
          if (find('status').dataset.state !== 'compiling') return;
          observer.disconnect();
          resolve({
            losses: find('step-losses').dataset.value,
            mean: find('candidates-mean')?.dataset.value,
            singletons: find('candidates-singletons')?.dataset.value,
            full: find('candidates-full')?.dataset.value,
            sizes: find('candidates-histogram')?.dataset.value,
          });
        };
        const observer = new MutationObserver(look);
        observer.observe(document, { subtree: true, childList: true, attributes: true });
        find('start').click();
      }),
  );
}

const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);

/** The figures fit the histogram, and the histogram the number of images. */
function assertConsistent({ losses, mean, singletons, full, sizes }, { images, classes }) {
  assert.equal(losses, '[]', 'there was a step before');
  const counts = JSON.parse(sizes);
  assert.equal(counts.length, classes + 1);
  assert.equal(sum(counts), images);
  const members = sum(counts.map((count, size) => count * size));
  assert.ok(Math.abs(Number(mean) - members / images) < 1e-9, `mean ${mean}`);
  assert.equal(Number(singletons), counts[1] / images);
  assert.equal(Number(full), counts[classes] / images);
}

scene('candidates: the built-in pictures', {}, async (it) => {
  const { page } = it;
  await visit(page, link(it.url, { ...TINY, rate: 0.3 }));
  assert.equal(await page.getByTestId('candidates-mean').count(), 0, 'nothing is known before a run');
  const figures = await figuresAtFirst(page);
  assertConsistent(figures, { images: TINY['train-limit'], classes: 10 });
  await waitState(page, 'finished', seconds(60));
  assert.ok(await page.getByTestId('candidates-histogram').isVisible());
});

/** The expected mean size that stands beside the ambiguity. */
const expected = async (page) => Number(await attribute(page, 'expected-size', 'data-value'));
const isNear = (found, wanted) => assert.ok(Math.abs(found - wanted) < 1e-9, `${found}, not ${wanted}`);

scene('candidates: the form says what to expect before anything is drawn', {}, async (it) => {
  const { page } = it;
  await visit(page, link(it.url, { rate: 0.3 }));
  isNear(await expected(page), 3.7);
  assert.match(await page.getByTestId('expected-size').innerText(), /Expected set size: 3\.7\. The label is certain for 4\.0 %/);
  await setSettings(page, { rate: 0.5, candidates: 'pair' });
  isNear(await expected(page), 1.5);
  await setSettings(page, { dataset: 'cifar100', candidates: 'superclass' });
  isNear(await expected(page), 3);
  await setSettings(page, { method: 'supervised' });
  isNear(await expected(page), 1);
  // A contradiction has no expectation.
  await setSettings(page, { dataset: 'cifar10' });
  assert.ok(await page.getByTestId('expected-size').isHidden());
});

scene('candidates: pair leaves at most two labels', {}, async (it) => {
  const { page } = it;
  await visit(page, link(it.url, { ...TINY, candidates: 'pair', rate: 1 }));
  const figures = await figuresAtFirst(page);
  assertConsistent(figures, { images: TINY['train-limit'], classes: 10 });
  assert.equal(Number(figures.mean), 2);
});

for (const [candidates, check] of [
  ['uniform', (mean) => mean > 8 && mean < 14],
  // Four others in each superclass of five.
  ['superclass', (mean) => mean > 1 && mean < 1.8],
]) {
  scene(`candidates: CIFAR-100, ${candidates}`, {}, async (it) => {
    const { page } = it;
    const settings = { ...TINY, 'train-limit': 300, dataset: 'cifar100', candidates, data: host.url };
    await visit(page, link(it.url, settings));
    const figures = await figuresAtFirst(page);
    assertConsistent(figures, { images: 300, classes: 100 });
    assert.ok(check(Number(figures.mean)), `${figures.mean} labels an image`);
    // A hundred sizes in columns that can be told apart.
    const columns = await page.locator('[data-testid="candidates-histogram"] > li').count();
    assert.ok(columns >= 2 && columns <= 20, `${columns} columns`);
    await waitState(page, 'finished', seconds(60));
    assert.equal(await value(page, 'candidates-mean'), Number(figures.mean));
    assert.equal(await attribute(page, 'candidates-histogram', 'data-value'), figures.sizes);
  });
}
