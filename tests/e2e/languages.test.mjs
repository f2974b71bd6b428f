// English and Chinese: the link's language, the one chosen before, the browser's; switched in the
// middle of a run without losing anything; and no word of the other language in between.

import assert from 'node:assert/strict';
import { seconds } from './lib/environment.mjs';
import { TINY, attribute, follow, link, run, start, state, value, visit, waitError, waitState } from './lib/page.mjs';
import { stage } from './lib/scene.mjs';

const scene = stage();
const CHINESE = { locale: 'zh-CN' };
const tag = (page) => page.locator('html').getAttribute('lang');
const heading = (page) => page.locator('h1').first().innerText();

scene('language: the browser’s is taken', { context: CHINESE }, async ({ page, url }) => {
  await visit(page, url);
  assert.equal(await tag(page), 'zh-Hans');
  assert.match(await heading(page), /[一-鿿]/);
  assert.match(await page.title(), /训练.*PRODEN/);
});

scene('language: one that the page does not speak is English', { context: { locale: 'de-DE' } }, async (it) => {
  await visit(it.page, it.url);
  assert.equal(await tag(it.page), 'en');
});

scene('language: the link’s comes first, and is remembered', { context: CHINESE }, async (it) => {
  const { page } = it;
  await visit(page, link(it.url, { ...TINY, lang: 'en' }));
  assert.equal(await tag(page), 'en');
  assert.equal(await heading(page), 'Learn from ambiguous labels');
  await visit(page, `${it.url}classify`);
  assert.equal(await tag(page), 'en', 'without it, what was chosen before');
  await visit(page, link(it.url, { lang: 'tlh' }));
  await waitError(page, [/“tlh” is not a language/]);
  assert.equal(await tag(page), 'en');
});

const context = { permissions: ['clipboard-read', 'clipboard-write'] };
scene('language: switched in the middle of a run, nothing is lost', { context }, async (it) => {
  const { page } = it;
  await visit(page, link(it.url, { ...TINY, epochs: 1_000, seed: 7 }));
  await start(page);
  await waitState(page, 'training', seconds(60));
  await page.getByTestId('epoch-table').locator('tbody tr').first().waitFor();
  const epoch = await value(page, 'epoch');
  await page.getByTestId('language').click();
  await page.locator('html[lang="zh-Hans"]').waitFor();
  assert.equal(await page.getByTestId('status').locator('[role="status"]').innerText(), '正在训练');
  assert.equal(await state(page), 'training');
  assert.ok((await value(page, 'epoch')) >= epoch);
  assert.equal(await page.evaluate(() => document.activeElement.dataset.testid), 'language');
  await page.getByTestId('pause').click();
  await waitState(page, 'paused');
  await page.getByTestId('stop').click();
  await waitState(page, 'idle');

  await page.getByTestId('share').click();
  const copied = await page.waitForFunction(() => navigator.clipboard.readText());
  const shared = new URL(await copied.jsonValue()).searchParams;
  assert.deepEqual([shared.get('lang'), shared.get('seed')], ['zh', '7']);
  await page.reload();
  await page.locator('h1').first().waitFor();
  assert.equal(await tag(page), 'zh-Hans');
  await follow(page, 'about');
  assert.equal(await tag(page), 'zh-Hans');
  await page.getByTestId('language').click();
  await page.locator('html[lang="en"]').waitFor();
});

// What the loader makes of it stands on the console, too.
const allowed = [/^Failed to load resource/];
scene('language: the engine speaks it, too', { context: CHINESE, allowed }, async ({ page, url, say }) => {
  await visit(page, link(url, { ...TINY, dataset: 'cifar10', data: 'nowhere/', autostart: 1 }));
  await waitState(page, 'failed', seconds(60));
  say(await waitError(page, [/无法加载数据/, /静态主机/]));
  await visit(page, link(url, { ...TINY, device: 'webgpu' }));
  await start(page);
  await page.getByTestId('device').filter({ hasText: /软件/ }).waitFor();
});

/** Texts and names of the page that have three words of English in a row. */
const english = (page) =>
  page.evaluate(() => {
    const prose = /\b[a-z]{2,} [a-z]{2,} [a-z]{2,}\b/i;
    const texts = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const { parentElement, data } = walker.currentNode;
      if (!parentElement.closest('script, style, noscript, [lang="en"]')) texts.push(data);
    }
    for (const element of document.body.querySelectorAll('[aria-label], [title], [placeholder]')) {
      texts.push(element.ariaLabel ?? '', element.title ?? '', element.placeholder ?? '');
    }
    // What a browser calls its graphics card is not ours to translate, nor is the title of a paper.
    const ours = (text) => text.replace(/《[^》]*》/g, '');
    return [...new Set(texts)].filter((text) => prose.test(ours(text)) && !/SwiftShader|Vulkan/i.test(text));
  });

scene('language: no English is left in the Chinese page', { context: CHINESE }, async ({ page, url }) => {
  for (const route of ['classify', 'about']) {
    await visit(page, `${url}${route}`);
    assert.deepEqual(await english(page), [], route);
  }
  await visit(page, link(url, { ...TINY, rate: 0.5 }));
  assert.deepEqual(await english(page), [], 'before a run');
  await run(page, seconds(60));
  assert.deepEqual(await english(page), [], 'after a run');
  await page.getByTestId('microscope-item').first().click();
  await page.getByTestId('detail-story').filter({ hasText: /\S/ }).waitFor();
  assert.deepEqual(await english(page), [], 'one image in the microscope');
  assert.equal(await attribute(page, 'status', 'data-state'), 'finished');
});
