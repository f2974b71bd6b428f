// Data that cannot be had, or are none: a message that names the fault and what to do, and a page
// that works on.

import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { seconds } from './lib/environment.mjs';
import { RECORD_BYTES } from './lib/data.mjs';
import { misbehavingHost, refusingHost } from './lib/misbehaving.mjs';
import {
  TINY, errors, link, run, runTiny, setSettings, visit, waitError, waitState,
} from './lib/page.mjs';
import { result } from './lib/results.mjs';
import { stage } from './lib/scene.mjs';

/** A word that tells the visitor to do something. */
const REMEDY =
  /\b(check|try|put|serve|set|choose|use|download|start|replace|ask|pick|give|change|fetch|wait)\b/i;

// The browser itself notes a failed request on the console.
const allowed = [/^Failed to load resource/];

const scene = stage();
let host;
before(async () => (host = await misbehavingHost()));
after(() => host.close());

/** `data` gives the base URL; the app's own time-out for a host that is silent is 15 s. */
const FAULTS = [
  {
    title: 'no data where they are by default',
    data: () => 'data/',
    says: /404|not found|no such file|missing/i,
  },
  { title: 'a file is missing', data: () => host.url('missing'), says: /404|not found|missing/i },
  { title: 'the host is out of order', data: () => host.url('error'), says: /500/ },
  {
    title: 'the download breaks off',
    data: () => host.url('cut'),
    says: /cut short|broke|incomplete|interrupted|ended? (too )?early|lost/i,
  },
  {
    title: 'a file ends within a record',
    data: () => host.url('short'),
    says: /cut short|whole number/i,
  },
  { title: 'a page in place of a file', data: () => host.url('html'), says: /HTML/ },
  { title: 'a label over 9', data: () => host.url('label'), says: /label.*200/is },
  { title: 'an empty file', data: () => host.url('empty'), says: /empty/i },
  {
    title: 'a host that does not answer',
    data: () => host.url('silent'),
    says: /answer|respond|timed? out/i,
  },
  {
    title: 'a host that stops in the middle of a file',
    data: () => host.url('stall'),
    says: /answer|respond|timed? out|stopped|stalled|no more/i,
  },
  {
    title: 'a host that refuses to talk',
    data: () => refusingHost(),
    says: /reach|connect|refuse|answer|network/i,
  },
];

for (const { title, data, says } of FAULTS) {
  scene(`data: ${title}`, { allowed }, async (it) => {
    const { page } = it;
    const settings = { ...TINY, dataset: 'cifar10', data: await data(), autostart: 1 };
    await visit(page, link(it.url, settings));
    await waitState(page, 'failed', seconds(60));
    it.say(await waitError(page, [says, REMEDY]));
    await runTiny(page);
  });
}

scene('data: the message goes when the fault is mended', { allowed }, async (it) => {
  const { page } = it;
  const settings = { ...TINY, dataset: 'cifar10', autostart: 1 };
  await visit(page, link(it.url, { ...settings, data: host.url('missing') }));
  await waitState(page, 'failed', seconds(60));
  await waitError(page, REMEDY);
  await setSettings(page, { data: host.url('good') });
  await run(page, seconds(60));
  assert.equal(await errors(page), '');
});

/** Trains on what a host sends, and gives what came of it. */
async function trainedOn(it, fault) {
  const page = await it.context.newPage();
  await visit(page, link(it.url, { ...TINY, dataset: 'cifar10', data: host.url(fault) }));
  await run(page, seconds(60));
  assert.equal(await errors(page), '');
  const came = await result(page);
  await page.close();
  return came;
}

/** Nobody has to do anything: what passes is waited for, and what is there is not fetched twice. */
const PASSING = [
  {
    title: 'a download that breaks off goes on from there',
    fault: 'resume',
    same: 'good',
    ranges: [undefined, `bytes=${20 * RECORD_BYTES}-`],
  },
  {
    title: 'a download that breaks off at a host without ranges begins anew',
    fault: 'no-ranges',
    same: 'good',
    ranges: [undefined, `bytes=${20 * RECORD_BYTES}-`],
  },
  {
    title: 'a file that is changed while it is fetched is fetched whole',
    fault: 'changed',
    same: 'other',
    ranges: [undefined, `bytes=${20 * RECORD_BYTES}-`, undefined],
  },
  {
    title: 'a host that is out of order for a moment is asked again',
    fault: 'passing',
    same: 'good',
    ranges: [undefined, undefined, undefined],
  },
];

for (const { title, fault, same, ranges } of PASSING) {
  scene(`data: ${title}`, { allowed }, async (it) => {
    assert.deepEqual(await trainedOn(it, fault), await trainedOn(it, same));
    assert.deepEqual(host.ranges(fault), { 'data_batch_1.bin': ranges, 'test_batch.bin': ranges });
  });
}
