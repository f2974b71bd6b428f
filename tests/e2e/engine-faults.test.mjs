// A training engine that cannot be had: a browser without module workers, a file of another build,
// a file that is not there. The page says so, and the rest of it works.

import assert from 'node:assert/strict';
import { follow, visit, waitError } from './lib/page.mjs';
import { stage } from './lib/scene.mjs';

const scene = stage();

/** The engine may be called at once or by start; a page that knows better has start disabled. */
const askForEngine = (page) => page.getByTestId('start').dispatchEvent('click');

async function assertRestWorks(page) {
  await follow(page, 'about');
  assert.notEqual(await page.locator('h1').first().innerText(), '');
}

scene('engine: a browser without module workers', {}, async (it) => {
  const { page } = it;
  await page.addInitScript(() => {
    // As such browsers do: `options.type` is never read, and the file, taken for a classic
    // script, stops at its first import.
    window.Worker = class extends EventTarget {
      constructor() {
        super();
        setTimeout(() => {
          const message = 'Uncaught SyntaxError: Cannot use import statement outside a module';
          const event = new ErrorEvent('error', { message });
          this.dispatchEvent(event);
          this.onerror?.(event);
        });
      }
      postMessage() {}
      terminate() {}
    };
  });
  await visit(page, it.url);
  await askForEngine(page);
  it.say(await waitError(page, [/worker/i, /\b(update|newer|recent|another|current)\b/i]));
  await assertRestWorks(page);
});

scene('engine: a file of another build', {}, async (it) => {
  const { page } = it;
  await page.route('**/worker_loader.js*', (route) =>
    route.fulfill({
      contentType: 'text/javascript',
      // An isolated page only takes workers that are isolated, too.
      headers: { 'cross-origin-embedder-policy': 'require-corp' },
      body: `
        onmessage = ({ data: [text] }) => {
          if (JSON.parse(text).Hello) postMessage([JSON.stringify({ Ready: { build: "old" } }), null]);
        };
        postMessage("loaded");`,
    }),
  );
  await visit(page, it.url);
  await askForEngine(page);
  it.say(await waitError(page, [/\b(build|version|old|outdated)\b/i, /reload|refresh/i]));
  await assertRestWorks(page);
});

// What the browser and the loader make of it stands on the console, too.
const allowed = [/^Failed to load resource/, /wasm|WebAssembly|worker/i];

scene('engine: a file that is not there', { allowed }, async (it) => {
  const { page } = it;
  await page.route('**/worker_bg.wasm*', (route) => route.fulfill({ status: 404, body: 'gone' }));
  await visit(page, it.url);
  await askForEngine(page);
  it.say(await waitError(page, [/engine|worker|load/i, /reload|check|try/i]));
  await assertRestWorks(page);
});
