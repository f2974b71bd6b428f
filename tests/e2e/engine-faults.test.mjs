// A training engine that cannot be had: a browser without module workers, a file of another build,
// a file that is not there. The page says so, and the rest of it works.

import assert from 'node:assert/strict';
import { replaceEngine } from './lib/fake-engine.mjs';
import { open } from './lib/files.mjs';
import { follow, visit, waitError, waitState } from './lib/page.mjs';
import { file } from './lib/pictures.mjs';
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
  await replaceEngine(
    page,
    `
      onmessage = ({ data: [text] }) => {
        if (JSON.parse(text).Hello) postMessage([JSON.stringify({ Ready: { build: "old" } }), null]);
      };
      postMessage("loaded");`,
  );
  await visit(page, it.url);
  await askForEngine(page);
  it.say(await waitError(page, [/\b(build|version|old|outdated)\b/i, /reload|refresh/i]));
  await assertRestWorks(page);
});

scene('engine: what was opened goes with an engine that must be ended', {}, async (it) => {
  const { page } = it;
  // Opens whatever it is given, begins a run, and then hears nothing any more.
  await replaceEngine(
    page,
    `
      const say = (event) => postMessage([JSON.stringify(event), null]);
      onmessage = ({ data: [text] }) => {
        const { Hello, Open, Continue } = JSON.parse(text);
        if (Hello) say({ Ready: Hello });
        const Checkpoint = { experiment: { epochs: 4 }, class_names: [], parameters: 0, history: [], step: 3 };
        if (Open) say({ Opened: { ...Open, outcome: { Checkpoint } } });
        if (Continue) say("Compiling");
      };
      postMessage("loaded");`,
  );
  await visit(page, it.url);
  await open(page, file('run.safetensors', 'application/octet-stream', Buffer.from('a run')));
  await page.getByTestId('resume-offer').click();
  await waitState(page, 'compiling');
  await page.getByTestId('stop').click();
  await waitState(page, 'idle');
  await page.locator('.notes').filter({ hasText: /run\.safetensors.*gone.*open the file again/i }).waitFor();
  assert.ok(await page.getByTestId('resume-offer').isHidden());
  assert.ok(await page.getByTestId('opened').isHidden());
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
