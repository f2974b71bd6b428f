// The page as its contracts describe it (DESIGN.md, part 4): settings, elements, states.

import assert from 'node:assert/strict';
import { minutes, seconds } from './environment.mjs';

/** A run of two steps: the least that goes through everything. */
export const TINY = {
  'train-limit': 64,
  'test-limit': 32,
  epochs: 1,
  batch: 32,
  width: 0.0625,
  device: 'cpu',
};

/** The address of a page of the site with settings in it. */
export function link(url, settings = {}, route = '') {
  return `${url}${route}?${new URLSearchParams({ v: 1, ...settings })}`;
}

/** Opens an address and waits until the page is drawn. */
export async function visit(page, address) {
  await page.goto(address);
  await page.locator('h1').first().waitFor();
}

/** An attribute of an element, by its test id. */
export const attribute = (page, id, name) => page.getByTestId(id).first().getAttribute(name);

/** The unrounded number of an element. */
export async function value(page, id) {
  const text = await attribute(page, id, 'data-value');
  const number = Number.parseFloat(text);
  assert.ok(Number.isFinite(number), `${id} has the data-value ${JSON.stringify(text)}`);
  return number;
}

/** The loss of every step of the run so far. */
export const stepLosses = async (page) =>
  JSON.parse((await attribute(page, 'step-losses', 'data-value')) || '[]');

export const state = (page) => attribute(page, 'status', 'data-state');

/** Waits for one of the states; fails at once, with the page's own words, when the run does. */
export async function waitState(page, wanted, timeout) {
  const states = [wanted].flat();
  const selectors = [...states, 'failed'].map((it) => `[data-testid="status"][data-state="${it}"]`);
  await page.locator(selectors.join(', ')).first().waitFor({ state: 'attached', timeout });
  const reached = await state(page);
  // It may have gone on since; only a failure is of interest.
  if (reached === 'failed' && !states.includes('failed')) {
    assert.fail(`the run failed: ${await errors(page)}`);
  }
}

/** One click on start. Returns when the page has left the state that it was in. */
export async function start(page) {
  // Watched in the page: a small run is over before a second look, and then a page that still
  // shows the end of the last run looks the same.
  await page.evaluate(() => {
    window.begun = new Promise((resolve) => {
      const look = () => {
        const { state } = document.querySelector('[data-testid="status"]').dataset;
        if (!['idle', 'finished', 'failed'].includes(state)) resolve(observer.disconnect());
      };
      const observer = new MutationObserver(look);
      observer.observe(document, { subtree: true, childList: true, attributes: true });
    });
  });
  await page.getByTestId('start').click();
  await page.evaluate(() => window.begun);
}

/** One click on start, and the whole run. */
export async function run(page, timeout) {
  await start(page);
  await waitState(page, 'finished', timeout);
}

/** Trains the smallest network on the built-in pictures, in the open page. */
export async function runTiny(page) {
  await setSettings(page, { dataset: 'synthetic', ...TINY });
  await run(page, seconds(60));
  assert.equal((await stepLosses(page)).length, 2);
}

const said = (page) => page.getByTestId('error').filter({ hasText: /\S/ });

/** All that the page complains about; empty where it is content. */
export const errors = async (page) => (await said(page).allInnerTexts()).join('\n');

/** Waits until a message names all of the patterns, and gives the message. */
export async function waitError(page, patterns, timeout = seconds(30)) {
  const fitting = [patterns].flat().reduce((found, hasText) => found.filter({ hasText }), said(page));
  try {
    await fitting.first().waitFor({ timeout });
  } catch (error) {
    assert.fail(`“${await errors(page)}” does not say ${patterns} (${error.message})`);
  }
  return (await fitting.first().innerText()).replace(/\s+/g, ' ').trim();
}

/** Waits until the page complains about nothing any more. */
export const waitNoError = (page) => said(page).first().waitFor({ state: 'detached' });

/** The form's control of a setting: it carries the setting's name. */
const control = (page, name) => page.locator(`:is(input, select)[name="${name}"]`);

const kindOf = (locator) =>
  locator.first().evaluate((element) => {
    // Settings that few need may be folded away.
    for (let at = element; at; at = at.parentElement) if (at.localName === 'details') at.open = true;
    return element.localName === 'select' ? 'select' : element.type;
  });

/** Fills in the form as a visitor would. */
export async function setSettings(page, settings) {
  for (const [name, wanted] of Object.entries(settings)) {
    const found = control(page, name);
    const kind = await kindOf(found);
    if (kind === 'select') await found.selectOption(String(wanted));
    else if (kind === 'checkbox') await found.setChecked(Boolean(Number(wanted)));
    else if (kind === 'radio') await page.locator(`input[name="${name}"][value="${wanted}"]`).check();
    else {
      await found.fill(String(wanted));
      // Forms may listen to `change` and not to `input`.
      await found.blur();
    }
  }
}

/** What the form says, as text. */
export async function setting(page, name) {
  const found = control(page, name);
  const kind = await kindOf(found);
  if (kind === 'checkbox') return (await found.isChecked()) ? '1' : '0';
  if (kind === 'radio') return page.locator(`input[name="${name}"]:checked`).inputValue();
  return found.inputValue();
}

/** Goes to another page of the app through its navigation, without loading anything anew. */
export async function follow(page, route) {
  await page.evaluate(() => (window.stillTheSamePage = true));
  // The link to Train carries the form.
  await page.locator(`nav a:is([href="${route}"], [href^="${route}?"])`).first().click();
  await page.waitForURL((at) => at.pathname.replace(/\/$/, '').endsWith(`/${route}`));
  assert.ok(await page.evaluate(() => window.stillTheSamePage), 'the page was loaded anew');
}

/**
 * A whole run with the Train page out of sight, since what draws that would take a core of its own. Resolves to the
 * images a second that the page tells of each epoch.
 */
export async function runOutOfSight(page) {
  await start(page);
  await follow(page, 'about');
  await page.waitForFunction(() => /^(Finished|Failed)/.test(document.title), undefined, { timeout: minutes(10) });
  assert.match(await page.title(), /^Finished/);
  await follow(page, 'train');
  const speeds = await page
    .locator('[data-testid="epoch-table"] tbody tr td:last-child')
    .evaluateAll((cells) => cells.map((cell) => Number(cell.dataset.value)));
  // The newest is first.
  return speeds.reverse();
}

/** Waits until the service worker has kept the site. */
export const kept = (page) =>
  page.evaluate(async () => {
    const { active } = await navigator.serviceWorker.ready;
    if (active.state === 'activated') return;
    await new Promise((resolve) => {
      active.addEventListener('statechange', () => active.state === 'activated' && resolve());
    });
  });
