// Buffers of WebGPU that are alive: made, and neither destroyed nor collected.

/**
 * Watches from now on. What it returns says how many there are, their bytes, and the most bytes so far. Stands by
 * itself, for its text is also put into the worker of a page.
 */
export function watchBuffers() {
  let [count, bytes, most] = [0, 0, 0];
  const letGo = (size) => {
    count -= 1;
    bytes -= size;
  };
  const collected = new FinalizationRegistry(letGo);
  const { createBuffer } = GPUDevice.prototype;
  GPUDevice.prototype.createBuffer = function (wish) {
    const buffer = createBuffer.call(this, wish);
    count += 1;
    bytes += wish.size;
    most = Math.max(most, bytes);
    collected.register(buffer, wish.size, buffer);
    return buffer;
  };
  const { destroy } = GPUBuffer.prototype;
  GPUBuffer.prototype.destroy = function () {
    if (collected.unregister(this)) letGo(this.size);
    return destroy.call(this);
  };
  return async () => {
    // What nobody holds any more is told of only once it is collected.
    for (let round = 0; round < 3; round += 1) {
      globalThis.gc?.();
      await new Promise((resolve) => setTimeout(resolve));
    }
    return { count, bytes, most };
  };
}
