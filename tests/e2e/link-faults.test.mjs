// Links that hold what this page does not know: told beside the form, and the rest holds.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { TINY, errors, link, run, setting, state, visit, waitError } from './lib/page.mjs';
import { minutes, seconds } from './lib/environment.mjs';
import { stage } from './lib/scene.mjs';

const LINKS = [
  { title: 'an unknown name', query: { colour: 'red', epochs: 3 }, says: /“colour” in this link is not a setting/ },
  { title: 'a number out of bounds', query: { rate: 7, epochs: 3 }, says: /rate: “7” is not a number from 0 to 1/ },
  { title: 'no number at all', query: { batch: 'lots', epochs: 3 }, says: /batch: “lots” is not a whole number/ },
  { title: 'an unknown choice', query: { dataset: 'mnist', epochs: 3 }, says: /“mnist” is not one of .*cifar10/ },
  { title: 'a contradiction', query: { candidates: 'superclass', epochs: 3 }, says: /superclass needs dataset=cifar100/ },
  { title: 'a newer version', query: { v: 2, epochs: 3 }, says: /of version 2, newer than this page knows/ },
  { title: 'no version', query: { v: 'abc', epochs: 3 }, says: /v is “abc”, which is no version/ },
];

/** What has broken one program or another. */
const NASTY = createRequire(import.meta.url)('big-list-of-naughty-strings/blns.json').filter(Boolean);
/** The page reads no longer query than 8,192 bytes. */
const MOST_BYTES = 8_000;

/** Links with all of them, each as the name and as the value of a setting. */
function* nastyLinks() {
  let strings = [];
  const query = (texts) =>
    new URLSearchParams([['v', 1], ['model', texts[0]], ...texts.map((text) => [text, text])]).toString();
  for (const text of NASTY) {
    if (query([...strings, text]).length > MOST_BYTES) {
      yield { strings, query: query(strings) };
      strings = [];
    }
    strings.push(text);
  }
  yield { strings, query: query(strings) };
}

const scene = stage();

for (const { title, query, says } of LINKS) {
  scene(`link: ${title}`, {}, async (it) => {
    await visit(it.page, link(it.url, query));
    it.say(await waitError(it.page, says));
    assert.equal(await setting(it.page, 'epochs'), '3', 'the rest of the link was not taken');
    assert.equal(await state(it.page), 'idle');
    assert.ok(await it.page.getByTestId('start').isEnabled());
  });
}

scene('link: all of it wrong, and the page works on', {}, async (it) => {
  const query = { ...TINY, v: 2, colour: 'red', rate: 'NaN', 'decay-step': 0 };
  await visit(it.page, link(it.url, query));
  await waitError(it.page, /version 2/);
  const message = await errors(it.page);
  for (const part of [/version 2/, /colour/, /rate/, /decay-step/]) assert.match(message, part);
  await run(it.page, seconds(60));
});

scene('link: markup in a link is shown as text', {}, async (it) => {
  const query = { '<img src=x onerror=alert(1)>': '1', dataset: '<b>bold</b>' };
  await visit(it.page, link(it.url, query));
  await waitError(it.page, '<b>bold</b>');
  assert.equal(await it.page.locator('[data-testid="error"] :is(img, b)').count(), 0);
});

scene('link: every string of a public list of nasty ones is text', { timeout: minutes(3) }, async (it) => {
  const { page } = it;
  page.on('dialog', (dialog) => assert.fail(`a dialog: ${dialog.message()}`));
  let links = 0;
  for (const { strings, query } of nastyLinks()) {
    links += 1;
    await page.goto(`${it.url}?${query}`);
    await waitError(page, /This link’s model/);
    const message = await errors(page);
    // Those that are no longer than what is quoted, and that the browser shows as they are.
    const plain = strings.filter((text) => /^[\x21-\x7e]{1,40}$/.test(text));
    assert.deepEqual(plain.filter((text) => !message.includes(text)), []);
    const strange = page.locator('[data-testid="error"] :not(ul, li, strong, span, button, svg, path)');
    assert.equal(await strange.count(), 0);
  }
  assert.equal(await state(page), 'idle');
  it.say(`${NASTY.length} strings in ${links} links`);
});
