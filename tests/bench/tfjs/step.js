// One training step of the ConvNet in TensorFlow.js on WebGPU, for `cargo xtask bench`.
//
// Written as TensorFlow.js wants it: its layers, its optimiser, NHWC. It does what our step does
// but for the new confidences, weight decay and the convolutions' order of axes.
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops';
import '@tensorflow/tfjs-core/dist/register_all_gradients';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import '@tensorflow/tfjs-backend-webgpu';

const CLASSES = 10;
// Channels of the published network and the padding of each stage's convolutions.
const STAGES = [
  { channels: [128, 128, 128], padding: 'same', pooled: true },
  { channels: [256, 256, 256], padding: 'same', pooled: true },
  { channels: [512, 256, 128], padding: 'valid', pooled: false },
];

function convNet(width) {
  const net = sequential();
  for (const { channels, padding, pooled } of STAGES) {
    for (const published of channels) {
      const filters = Math.round(published * width);
      const input = net.layers.length === 0 ? { inputShape: [32, 32, 3] } : {};
      net.add(layers.conv2d({ filters, kernelSize: 3, padding, ...input }));
      net.add(layers.batchNormalization({}));
      net.add(layers.leakyReLU({ alpha: 0.01 }));
    }
    if (pooled) {
      net.add(layers.maxPooling2d({ poolSize: 2 }));
      net.add(layers.dropout({ rate: 0.25 }));
    }
  }
  net.add(layers.globalAveragePooling2d({}));
  net.add(layers.dense({ units: CLASSES }));
  return net;
}

/** A function that takes a step and waits for its loss and its update. */
export async function trainer(width, batch) {
  await tf.setBackend('webgpu');
  await tf.ready();
  const net = convNet(width);
  const optimizer = tf.train.momentum(0.01, 0.9);
  const variables = net.trainableWeights.map((weight) => weight.val);
  return async () => {
    const images = tf.randomNormal([batch, 32, 32, 3]);
    const targets = tf.fill([batch, CLASSES], 1 / CLASSES);
    const loss = optimizer.minimize(
      () => {
        const scores = net.apply(images, { training: true });
        return tf.neg(tf.mean(tf.sum(tf.mul(tf.logSoftmax(scores), targets), 1)));
      },
      true,
      variables,
    );
    await loss.data();
    await variables[0].data();
    tf.dispose([images, targets, loss]);
  };
}
