// The content security policy: what is not the site's own neither runs nor is asked.

import assert from 'node:assert/strict';
import { fileHost } from './lib/misbehaving.mjs';
import { errors, runTiny, visit } from './lib/page.mjs';
import { stage } from './lib/scene.mjs';

const scene = stage();
// The browser tells each refusal on the console.
const allowed = [/Content Security Policy/, /Refused to/, /violates/];

/** Tries it in the page; the directives that forbade it, once one did. */
const refused = (page, attempt, argument) =>
  page.evaluate(
    async ([attempt, argument]) => {
      const violated = new Promise((resolve) => {
        document.addEventListener('securitypolicyviolation', (event) => resolve(event.effectiveDirective), { once: true });
      });
      // Written into the page's own scripts' place, as an attacker's would be.
      const attempts = {
        script: () => document.body.append(Object.assign(document.createElement('script'), { textContent: 'window.ran = true' })),
        handler: () => document.body.insertAdjacentHTML('beforeend', '<img src="data:," onerror="window.ran = true">'),
        foreign: (url) => document.body.append(Object.assign(document.createElement('script'), { src: url })),
        fetch: (url) => fetch(url).catch(() => {}),
        picture: (url) => Object.assign(new Image(), { src: url }),
        frame: (url) => document.body.append(Object.assign(document.createElement('iframe'), { src: url })),
        base: (url) => (document.querySelector('base').href = url),
      };
      attempts[attempt](argument);
      return violated;
    },
    [attempt, argument],
  );

const ATTEMPTS = [
  ['script', 'script-src-elem'],
  ['handler', 'script-src-attr'],
  ['foreign', 'script-src-elem'],
  ['fetch', 'connect-src'],
  ['picture', 'img-src'],
  ['frame', 'frame-src'],
  ['base', 'base-uri'],
];

for (const route of ['', 'classify', 'about/']) {
  scene(`policy: nothing foreign on /${route}`, { allowed }, async (it) => {
    const { page } = it;
    const host = await fileHost({});
    it.t.after(() => host.close());
    await visit(page, `${it.url}${route}`);
    for (const [attempt, directive] of ATTEMPTS) {
      assert.equal(await refused(page, attempt, host.url), directive, attempt);
    }
    // In a task of its own: what Playwright evaluates may do anything.
    const evaluated = await page.evaluate(
      () =>
        new Promise((resolve) => {
          setTimeout(() => {
            try {
              resolve(window.eval('1 + 1'));
            } catch (error) {
              resolve(error.name);
            }
          });
        }),
    );
    assert.equal(evaluated, 'EvalError');
    assert.equal(await page.evaluate(() => window.ran), undefined);
    assert.deepEqual(host.asked, []);
    assert.equal(await errors(page), '');
  });
}

scene('policy: the page trains under it', {}, async (it) => {
  const { page } = it;
  await visit(page, it.url);
  const policy = await page.locator('meta[http-equiv="Content-Security-Policy"]').getAttribute('content');
  assert.match(policy, /default-src 'self'/);
  assert.doesNotMatch(policy, /'unsafe-eval'|script-src[^;]*'unsafe-inline'/);
  await runTiny(page);
  assert.equal(await errors(page), '');
});
