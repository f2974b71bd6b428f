// What happens between two polls: states that pass quickly, and how long an answer takes.
//
// These run in the page, on its own clock, because a round trip to the test would come too late.

/**
 * Clicks `click` at the first moment when the run is in one of `states` (and has taken `steps`
 * steps), and waits for one of the states `answers`. `first` is clicked before, for moments that
 * would be over otherwise. Gives `{ state, ms }`: when it was clicked, how long the answer took.
 */
export function clickAt(page, { first, click, states, steps = 0, answers }) {
  return page.evaluate(
    ({ first, click, states, steps, answers }) =>
      new Promise((resolve, reject) => {
        const find = (id) => document.querySelector(`[data-testid="${id}"]`);
        const taken = () => JSON.parse(find('step-losses')?.dataset.value || '[]').length;
        let clicked;
        const look = () => {
          const state = find('status').dataset.state;
          if (clicked && answers.includes(state)) {
            observer.disconnect();
            resolve({ state: clicked.state, ms: performance.now() - clicked.at });
            return;
          }
          if (running && over.includes(state)) {
            observer.disconnect();
            reject(new Error(`the run was ${state}, but not ${clicked ? answers : states} before`));
            return;
          }
          running ||= !over.includes(state);
          const button = find(click);
          const ready = button && !button.disabled && states.includes(state);
          if (!clicked && ready && (steps === 0 || taken() >= steps)) {
            clicked = { state, at: performance.now() };
            button.click();
          }
        };
        const over = ['idle', 'finished', 'failed'];
        let running = false;
        const observer = new MutationObserver(look);
        observer.observe(document, { subtree: true, childList: true, attributes: true });
        if (first) find(first).click();
        look();
      }),
    { first, click, states, steps, answers },
  );
}

/**
 * Looks at some elements in every frame for `ms` milliseconds. Gives the number of frames and the
 * different sights there were: one, if nothing moved.
 */
export function watchStill(page, ids, ms) {
  return page.evaluate(
    ({ ids, ms }) =>
      new Promise((resolve) => {
        const sights = new Set();
        const end = performance.now() + ms;
        let frames = 0;
        const look = () => {
          frames += 1;
          const values = ids.map((id) => {
            const { value, state } = document.querySelector(`[data-testid="${id}"]`).dataset;
            return state ?? value;
          });
          sights.add(JSON.stringify(values));
          if (performance.now() < end) requestAnimationFrame(look);
          else resolve({ frames, sights: [...sights] });
        };
        look();
      }),
    { ids, ms },
  );
}

/** Begins to note tasks of 50 ms and more on the main thread. To be called before `goto`. */
export function noteLongTasks(page) {
  return page.addInitScript(() => {
    const notes = (window.longTasks = { readyAt: undefined, tasks: [] });
    const note = (list) => notes.tasks.push(...list.map(({ startTime, duration }) => ({ startTime, duration })));
    const tasks = new PerformanceObserver((list) => note(list.getEntries()));
    tasks.observe({ type: 'longtask', buffered: true });
    notes.flush = () => note(tasks.takeRecords());
    // Ready: loaded, and on the screen for the first time. What follows the next animation frame
    // comes after its drawing; the frame itself is the end of loading.
    const afterDrawing = (then) => requestAnimationFrame(() => setTimeout(then));
    const look = () => {
      const start = document.querySelector('[data-testid="start"]');
      if (document.readyState !== 'complete' || !start?.getClientRects().length) return;
      afterDrawing(() => (notes.readyAt = performance.now()));
      mutations.disconnect();
      removeEventListener('load', look);
    };
    const mutations = new MutationObserver(look);
    mutations.observe(document, { subtree: true, childList: true });
    addEventListener('load', look);
  });
}

/** The long tasks that began after the page was ready, longest first: milliseconds, and when. */
export async function longTasks(page) {
  const { readyAt, tasks } = await page.evaluate(() => {
    window.longTasks.flush();
    return window.longTasks;
  });
  if (readyAt === undefined) throw new Error('the page never was ready');
  return tasks
    .filter(({ startTime }) => startTime > readyAt)
    .map(({ startTime, duration }) => ({ ms: duration, secsAfterReady: (startTime - readyAt) / 1_000 }))
    .sort((a, b) => b.ms - a.ms);
}
