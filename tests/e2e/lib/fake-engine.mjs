// An engine that trains nothing: it tells of a run of any size at once, in the engine's own words
// (src/protocol). For what the page does with 50,000 images and 100 epochs, which would take days
// to train here.

/** Runs in the worker. `plan`: { images, tests, epochs, pauseMs }. */
function engine(plan) {
  const CLASSES = 10;
  const NAMES = ['circle', 'square', 'triangle', 'star', 'ring', 'cross', 'wave', 'moon', 'heart', 'leaf'];
  const PICTURE = 3 * 32 * 32;
  // Small and good enough: the same run every time.
  let seed = 1;
  const random = () => ((seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648) / 2_147_483_648);
  const say = (event, bytes = null) => postMessage([JSON.stringify(event), bytes], bytes ? [bytes.buffer] : []);

  const labels = Uint8Array.from({ length: plan.images }, () => Math.floor(random() * CLASSES));
  const sets = Array.from(labels, (label) => {
    const set = [];
    for (let other = 0; other < CLASSES; other++) if (other === label || random() < 0.1) set.push(other);
    return set;
  });
  const sizes = Uint8Array.from(sets, (set) => set.length);
  const members = Uint8Array.from(sets.flat());
  const testLabels = Uint8Array.from({ length: plan.tests }, () => Math.floor(random() * CLASSES));
  // One image in fifty trusts a false candidate in the end, one in thirty stays undecided.
  const ends = Array.from(sets, (set, image) => {
    const truth = set.indexOf(labels[image]);
    if (set.length > 1 && image % 50 === 7) return { at: (truth + 1) % set.length, most: 1 };
    return { at: truth, most: image % 30 === 3 ? 0.7 : 1 };
  });
  const confidences = (done) =>
    Uint8Array.from(
      sets.flatMap((set, image) => {
        const { at, most } = ends[image];
        const start = 1 / set.length;
        const leading = start + (most - start) * done;
        return set.map((_, index) =>
          Math.round(255 * (index === at ? leading : (1 - leading) / Math.max(1, set.length - 1))),
        );
      }),
    );
  const joined = (...parts) => Uint8Array.from(parts.flatMap((part) => [...part]));
  const share = (done) => {
    const wrong = ends.filter(({ at }, image) => sets[image][at] !== labels[image]).length;
    return 1 - (wrong / plan.images) * done;
  };

  async function run(experiment) {
    say({ Device: { kind: 'cpu', name: 'no device', reason: null, limits: [] } });
    const imagesOfSize = Array(CLASSES + 1).fill(0);
    for (const size of sizes) imagesOfSize[size] += 1;
    const info = {
      experiment: { ...experiment, epochs: plan.epochs },
      class_names: NAMES,
      train_images: plan.images,
      test_images: plan.tests,
      steps_per_epoch: 1,
      parameters: 1,
      candidates: { mean_size: members.length / plan.images, images_of_size: imagesOfSize },
      candidates_digest: 'of no data',
      samples: [],
      sample_confidences: [],
      history: [],
      step: 0,
      notes: [],
    };
    say({ Started: info }, new Uint8Array(0));
    const announced = { epoch: 0, classes: CLASSES, train_images: plan.images, candidates: members.length, test_images: plan.tests };
    say({ Microscope: { Sets: announced } }, joined(labels, sizes, members, confidences(0), testLabels));
    for (let epoch = 1; epoch <= plan.epochs; epoch++) {
      const done = epoch / plan.epochs;
      const loss = 2.3 * (1 - done) + 0.05;
      say({ Progress: { epoch, step: 1, losses: [loss], images_per_sec: 1000, sample_confidences: [] } });
      const answers = testLabels.map((label, test) => (test % 10 === 0 ? (label + 1) % CLASSES : label));
      const metrics = {
        epoch,
        loss,
        test_accuracy: 0.9,
        label_accuracy: share(done),
        mean_confidence: done,
        confident_wrong: 0.02,
        lr: 0.05 * 0.9 ** Math.floor((epoch - 1) / 10),
        images_per_sec: 1000,
        elapsed_secs: epoch,
      };
      say({ Epoch: { metrics, sample_confidences: [] } });
      say({ Microscope: { Epoch: { epoch } } }, joined(confidences(done), answers));
      await new Promise((resolve) => setTimeout(resolve, plan.pauseMs));
    }
    say('Finished');
  }

  function pictures({ source, indices }) {
    const pixels = new Uint8Array(indices.length * PICTURE);
    indices.forEach((index, at) => {
      // The number can be read off the picture: red and green are its two lower bytes.
      pixels.fill(index & 255, at * PICTURE, at * PICTURE + 1024);
      pixels.fill((index >> 8) & 255, at * PICTURE + 1024, at * PICTURE + 2048);
      pixels.fill(source === 'test' ? 255 : 96, at * PICTURE + 2048, (at + 1) * PICTURE);
    });
    say({ Microscope: { Images: { source, indices } } }, pixels);
  }

  onmessage = ({ data: [text] }) => {
    const command = JSON.parse(text);
    if (command.Hello) say({ Ready: { build: command.Hello.build } });
    else if (command.Start) run(command.Start.experiment);
    else if (command.Images) pictures(command.Images);
  };
  postMessage('loaded');
}

/** Puts a script in the place of the engine, in a page or in all pages of a context. */
export const replaceEngine = (where, script) =>
  where.route('**/worker_loader.js*', (route) =>
    route.fulfill({
      body: script,
      contentType: 'text/javascript',
      // An isolated page only takes workers that are isolated, too.
      headers: { 'cross-origin-embedder-policy': 'require-corp' },
    }),
  );

export const fakeEngine = (context, plan) => replaceEngine(context, `(${engine})(${JSON.stringify(plan)});`);
