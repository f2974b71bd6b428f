// Archives of CIFAR's layout, as they are downloaded and as they should not be.

import { gzipSync } from 'node:zlib';
import { records, records100 } from './data.mjs';
import { fileHost } from './misbehaving.mjs';

const BLOCK = 512;

/** One entry of a tar archive (ustar): head and content, in whole blocks. */
function entry(name, content, { type = '0', bytes = content.length } = {}) {
  const head = Buffer.alloc(BLOCK);
  head.write(name, 0, 100);
  const octal = (value, at, size) => head.write(value.toString(8).padStart(size - 1, '0'), at, size - 1);
  octal(0o644, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(bytes, 124, 12);
  octal(0, 136, 12);
  head.write('        ', 148);
  head.write(type, 156);
  head.write('ustar\0' + '00', 257);
  octal(
    head.reduce((sum, byte) => sum + byte, 0),
    148,
    7,
  );
  const padding = Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK);
  return Buffer.concat([head, content, padding]);
}

/** The content of an entry that claims to be so large and has nothing. */
export const claim = (bytes) => ({ claims: bytes });

/** A tar archive of `{ name: content }`, compressed as the official ones are. */
export function tarGz(files) {
  const entries = Object.entries(files).map(([name, content]) => {
    if (content.claims) return entry(name, Buffer.alloc(0), { bytes: content.claims });
    return name.endsWith('/') ? entry(name, Buffer.alloc(0), { type: '5' }) : entry(name, Buffer.from(content));
  });
  return gzipSync(Buffer.concat([...entries, Buffer.alloc(2 * BLOCK)]));
}

/** The files of CIFAR-10's binary version, with a few hundred generated images in each. */
export function cifar10Files(images = 200) {
  const folder = 'cifar-10-batches-bin/';
  const batches = [1, 2, 3, 4, 5].map((batch) => [`${folder}data_batch_${batch}.bin`, records(images, batch)]);
  return Object.fromEntries([
    [folder, ''],
    [`${folder}batches.meta.txt`, 'airplane\nautomobile\nbird\ncat\ndeer\ndog\nfrog\nhorse\nship\ntruck\n'],
    ...batches,
    [`${folder}test_batch.bin`, records(images, 9)],
  ]);
}

/** The same of CIFAR-100. */
export function cifar100Files({ train = 600, test = 200 } = {}) {
  const folder = 'cifar-100-binary/';
  return {
    [folder]: '',
    [`${folder}train.bin`]: records100(train, 11),
    [`${folder}test.bin`]: records100(test, 12),
  };
}

/** A data host on another origin that has CIFAR-100 in small. */
export const cifar100Host = () => fileHost(cifar100Files());
