// Counts what a program asks of WebGPU, whoever wrote it, by wrapping the browser's own methods.
const calls = { dispatches: 0, submits: 0, buffers: 0, bufferBytes: 0, uploadBytes: 0, liveBytes: 0, peakBytes: 0 };
const wrap = (type, name, note) => {
  const original = type.prototype[name];
  type.prototype[name] = function (...args) {
    const result = original.apply(this, args);
    note(result, this, args);
    return result;
  };
};
const free = (buffer) => {
  calls.liveBytes -= buffer.countedBytes ?? 0;
  buffer.countedBytes = 0;
};
wrap(GPUComputePassEncoder, 'dispatchWorkgroups', () => calls.dispatches++);
wrap(GPUComputePassEncoder, 'dispatchWorkgroupsIndirect', () => calls.dispatches++);
wrap(GPUQueue, 'submit', () => calls.submits++);
wrap(GPUQueue, 'writeBuffer', (_result, _queue, [, , data, , size]) => {
  calls.uploadBytes += size ?? data.byteLength;
});
wrap(GPUDevice, 'createBuffer', (buffer, _device, [{ size }]) => {
  calls.buffers++;
  calls.bufferBytes += size;
  buffer.countedBytes = size;
  calls.liveBytes += size;
  calls.peakBytes = Math.max(calls.peakBytes, calls.liveBytes);
});
wrap(GPUBuffer, 'destroy', (_result, buffer) => free(buffer));
globalThis.gpuCalls = calls;
