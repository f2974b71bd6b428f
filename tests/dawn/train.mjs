// Trains with the page's own engine on Dawn and prints what it says: `npm ci` here once, then
//   node tests/dawn/train.mjs dist width=1 batch=256 train-limit=12800 epochs=3 …
// for any of the link's settings; several experiments, separated by `--`, run one after another. After each
// epoch it says what is held: with `node --expose-gc`, less what nobody holds any more.

import { resolve } from 'node:path';
import { becomeWorker, startEngine } from './worker-scope.mjs';
import { countCalls } from './calls.mjs';
import { watchBuffers } from './buffers.mjs';

const [site, ...words] = process.argv.slice(2);
const experiments = words
  .join(' ')
  .split('--')
  .map((text) => Object.fromEntries(text.trim().split(/\s+/).filter(Boolean).map(setting)));

function setting(word) {
  const [name, text] = word.split('=');
  const number = Number(text);
  return [name, Number.isNaN(number) ? text : number];
}

await becomeWorker();
const calls = countCalls();
const buffers = watchBuffers();
let take = () => {};
const { send, memory } = await startEngine(resolve(site), (event) => take(event));
const build = await new Promise((ready) => {
  take = ({ Ready }) => Ready && ready(Ready.build);
  send({ Hello: { build: 'dawn' } });
});
console.log(`engine ${build} on Node ${process.version}`);
for (const experiment of experiments) await train({ ...experiment, device: 'webgpu' });
process.exit();

async function tellHeld() {
  const { count, bytes, most } = await buffers();
  console.log(
    `  held: wasm ${mib(memory.buffer.byteLength)}, Node ${mib(process.memoryUsage.rss())}, ` +
      `${count} buffers of ${mib(bytes)} (at most ${mib(most)})`,
  );
}

function mib(bytes) {
  return `${(bytes / 1024 ** 2).toFixed(1)} MiB`;
}

/** One run; resolves at its end. */
function train(experiment) {
  console.log(`\n${JSON.stringify(experiment)}`);
  const began = performance.now();
  const since = () => `${((performance.now() - began) / 1e3).toFixed(2)} s`;
  let steps = 0;
  let held = Promise.resolve();
  return new Promise((done, broken) => {
    take = (event) => {
      const [name, said] = Object.entries(event)[0];
      if (name === 'Device') console.log(`device: ${said.name} (${since()})`);
      if (name === 'Started') {
        console.log(`started: ${said.train_images} images, ${said.parameters} parameters (${since()})`);
      }
      if (name === 'Progress') {
        if (steps === 0) {
          console.log(`first step (${since()})`);
          calls.restart();
        }
        steps += said.losses.length;
      }
      if (name === 'Epoch') {
        const { epoch, loss, test_accuracy, label_accuracy, images_per_sec } = said.metrics;
        console.log(
          `epoch ${epoch}: ${images_per_sec.toFixed(0)} images/s, loss ${loss.toFixed(4)}, ` +
            `test ${test_accuracy.toFixed(4)}, labels ${label_accuracy.toFixed(4)} (${since()})`,
        );
        held = held.then(tellHeld);
      }
      if (name === 'Failed' || name === 'Dying') broken(new Error(`${said.fault} ${said.remedy}`));
      if (name === 'Finished') {
        console.log(`finished (${since()}); ${calls.perStep(steps - 1)}`);
        held.then(done);
      }
    };
    send({ Start: { experiment } });
  });
}
