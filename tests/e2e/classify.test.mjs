// The Classify page: a photo, and what the network just trained in this tab says of it.

import assert from 'node:assert/strict';
import { DISC, discIn, discPng, file, hugePng } from './lib/pictures.mjs';
import { seconds } from './lib/environment.mjs';
import {
  TINY, errors, follow, link, runTiny, setSettings, start, visit, waitError, waitNoError, waitState,
} from './lib/page.mjs';
import { givePhotos } from './lib/photos.mjs';
import { stage } from './lib/scene.mjs';

const CLASSES = 'disc ring square triangle cross bar stripes checks dots waves'.split(' ');

const scene = stage();

/** Trains a little and goes to Classify, in the same tab. */
async function trained({ page, url }) {
  await visit(page, url);
  await runTiny(page);
  await follow(page, 'classify');
}


const predicted = (page) => page.getByTestId('prediction').filter({ hasText: /\S/ });

/** The picture's class and probabilities, once they are shown. */
async function verdict(page) {
  await predicted(page).first().waitFor();
  const probabilities = await page
    .locator('[data-testid="probabilities"] [data-value]')
    .evaluateAll((all) => all.map((bar) => Number(bar.dataset.value)));
  return { words: await page.getByTestId('prediction').innerText(), probabilities };
}

function assertDistribution({ words, probabilities }) {
  assert.equal(probabilities.length, CLASSES.length);
  const sum = probabilities.reduce((total, probability) => total + probability, 0);
  assert.ok(Math.abs(sum - 1) <= 1e-3, `the probabilities sum to ${sum}`);
  assert.ok(CLASSES.some((name) => words.includes(name)), `“${words}” names no class`);
}

/** Colours of the crop at its middle and in its corner, as drawn. */
function cropColours(page) {
  return page.locator('.crop canvas').evaluate((crop) => {
    const copy = new OffscreenCanvas(32, 32).getContext('2d');
    copy.drawImage(crop, 0, 0, 32, 32);
    const at = (x, y) => [...copy.getImageData(x, y, 1, 1).data].slice(0, 3);
    return { width: crop.width, middle: at(16, 16), corner: at(1, 1) };
  });
}

function assertColour(actual, expected) {
  // JPEG and WebP shift colours a little.
  const near = actual.every((channel, at) => Math.abs(channel - expected[at]) <= 16);
  assert.ok(near, `${actual} is not ${expected}`);
}

scene('classify: before any training there is a hint', {}, async (it) => {
  const { page } = it;
  await visit(page, `${it.url}classify`);
  const hint = await page.locator('main').innerText();
  assert.match(hint, /train .*(first|network)|no (trained )?network/is);
  assert.equal(await predicted(page).count(), 0);
  assert.equal(await errors(page), '');

  await givePhotos(page, file('disc.png', 'image/png', discPng()));
  await waitError(page, /train/i);
});

scene('classify: PNG, JPEG and WebP', {}, async (it) => {
  const { page } = it;
  await trained(it);
  const pictures = [
    file('disc.png', 'image/png', discPng()),
    file('disc.jpg', 'image/jpeg', await discIn(page, 'image/jpeg')),
    file('disc.webp', 'image/webp', await discIn(page, 'image/webp')),
  ];
  for (const picture of pictures) {
    // Something that is refused takes away the last answer: the next is about this picture.
    await givePhotos(page, file('empty.png', 'image/png', Buffer.alloc(0)));
    await waitError(page, /empty/i);
    assert.equal(await predicted(page).count(), 0, 'an old answer beside a refusal');
    await givePhotos(page, picture);
    await waitNoError(page);
    const result = await verdict(page);
    assertDistribution(result);
    it.say(`${picture.name}: “${result.words.replace(/\s+/g, ' ')}”`);
    const { width, middle, corner } = await cropColours(page);
    assert.equal(width, 32);
    assertColour(middle, DISC.front);
    assertColour(corner, DISC.back);
  }
});

scene('classify: a picture can be dropped', {}, async (it) => {
  const { page } = it;
  await trained(it);
  const dropped = await page.evaluateHandle((base64) => {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    const transfer = new DataTransfer();
    transfer.items.add(new File([bytes], 'disc.png', { type: 'image/png' }));
    return transfer;
  }, discPng().toString('base64'));
  // From the input it bubbles to whatever around it takes drops.
  const input = page.getByTestId('image-input');
  await input.dispatchEvent('dragover', { dataTransfer: dropped });
  await input.dispatchEvent('drop', { dataTransfer: dropped });
  assertDistribution(await verdict(page));
});

const REFUSED = [
  {
    picture: file('diary.txt', 'text/plain', Buffer.from('Dear diary, today')),
    says: /not an? .*image/i,
  },
  {
    // What is no picture may well be called one.
    picture: file('diary.png', 'image/png', Buffer.from('Dear diary, today')),
    says: /(no|not an?) .*image/i,
  },
  { picture: file('empty.png', 'image/png', Buffer.alloc(0)), says: /empty/i },
  { picture: file('huge.png', 'image/png', hugePng()), says: /50,?000|megapixel|too (large|big)/i },
  { picture: file('half.png', 'image/png', discPng().subarray(0, 300)), says: /damaged|incomplete/i },
];

scene('classify: files that are no picture are refused, one by one', {}, async (it) => {
  const { page } = it;
  await trained(it);
  for (const { picture, says } of REFUSED) {
    await givePhotos(page, picture);
    it.say(`${picture.name}: ${await waitError(page, says)}`);
  }
  await givePhotos(page, file('disc.png', 'image/png', discPng()));
  assertDistribution(await verdict(page));
});

scene('classify: a network that diverged has no opinion, and the engine lives on', {}, async (it) => {
  const { page } = it;
  const wild = { ...TINY, 'train-limit': 32, lr: 10, momentum: 0.99, wd: 1, epochs: 500 };
  await visit(page, link(it.url, wild));
  await start(page);
  await waitState(page, 'failed', seconds(90));
  await waitError(page, /The training has diverged: the loss became/);
  await follow(page, 'classify');
  await givePhotos(page, file('disc.png', 'image/png', discPng()));
  it.say(await waitError(page, [/has no opinion of this photo: what it computes is not a number/, /lower learning rate/]));
  // An engine that was given up would have taken the run with it.
  await page.goBack();
  assert.ok(await page.getByTestId('save-model').isEnabled());
  await setSettings(page, { lr: 0.05, momentum: 0.9, wd: 0.001 });
  await runTiny(page);
});
