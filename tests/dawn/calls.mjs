// How often the engine calls WebGPU, and how long the thread is held by that.

const WATCHED = [
  ['GPUComputePassEncoder', 'dispatchWorkgroups'],
  ['GPUDevice', 'createCommandEncoder'],
  ['GPUDevice', 'createBindGroup'],
  ['GPUDevice', 'createBuffer'],
  ['GPUDevice', 'createComputePipeline'],
  ['GPUQueue', 'submit'],
  ['GPUQueue', 'writeBuffer'],
];

/** Counts from now on; `restart` begins anew, `perStep` words what was counted. */
export function countCalls() {
  const counts = new Map(WATCHED.map(([, name]) => [name, { calls: 0, ms: 0 }]));
  for (const [type, name] of WATCHED) {
    const { prototype } = globalThis[type];
    const original = prototype[name];
    const count = counts.get(name);
    prototype[name] = function (...args) {
      const began = performance.now();
      const made = original.apply(this, args);
      count.calls += 1;
      count.ms += performance.now() - began;
      return made;
    };
  }
  const restart = () => counts.forEach((count) => Object.assign(count, { calls: 0, ms: 0 }));
  const words = (steps) => ([name, { calls, ms }]) =>
    `${name} ${(calls / steps).toFixed(1)} (${(ms / steps).toFixed(2)} ms)`;
  const perStep = (steps) => `a step: ${[...counts].map(words(steps)).join(', ')}`;
  return { restart, perStep };
}
