// A host on which the site is updated: dist/ as it is, and builds that differ from it.

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';
import { DIST } from './environment.mjs';
import { TYPES } from './server.mjs';

const SERVICE_WORKER = 'service-worker.js';
const LIST = /const FILES = new Map\((.*)\);/;

const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');
const read = (path) => readFileSync(join(DIST, path));

/**
 * A build that differs from dist/ in some files, given as `{ path: change(text) }`: what the host
 * answers, with the list in the service worker as xtask writes it.
 */
function build(changes) {
  const files = new Map();
  for (const [path, change] of Object.entries(changes)) {
    files.set(path, Buffer.from(change(read(path).toString())));
  }
  const script = read(SERVICE_WORKER).toString();
  const list = JSON.parse(LIST.exec(script)[1]).map(([path, digest]) => [
    path,
    files.has(path) ? sha256(files.get(path)) : digest,
  ]);
  const text = JSON.stringify(list);
  files.set(
    SERVICE_WORKER,
    Buffer.from(
      script
        .replace(LIST, () => `const FILES = new Map(${text});`)
        .replace(/const BUILD = ".*";/, `const BUILD = "${sha256(text).slice(0, 16)}";`),
    ),
  );
  return files;
}

/** `publish(changes)` puts another build in the place of the one before. */
export async function updatedHost() {
  let files = new Map();
  /** Files that are still those of the build before, as while a host is being updated. */
  let behind = new Map();
  const server = createServer((request, response) => {
    let path = new URL(request.url, 'http://host').pathname.slice(1);
    if (path === '' || statSync(join(DIST, path), { throwIfNoEntry: false })?.isDirectory()) {
      path = join(path, 'index.html');
    }
    const isFile = statSync(join(DIST, path), { throwIfNoEntry: false })?.isFile();
    if (!isFile) return response.writeHead(404).end('not found');
    const type = TYPES[extname(path)] ?? 'application/octet-stream';
    response.writeHead(200, { 'content-type': type, 'cache-control': 'no-cache' });
    response.end(behind.get(path) ?? files.get(path) ?? read(path));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    publish(changes, stale = []) {
      behind = new Map(stale.map((path) => [path, files.get(path) ?? read(path)]));
      files = build(changes);
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
