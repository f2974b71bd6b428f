// Hosts for the site: the project's own, and one as plain as any.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { DIST, XTASK } from './environment.mjs';

/** `xtask serve` on a free port, on the dist/ that is there. `url` ends with a slash. */
export async function serve({ data, base } = {}) {
  const args = ['serve', '--no-build', '--port', '0'];
  if (data) args.push('--data', data);
  if (base) args.push('--base', base);
  const server = spawn(XTASK, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const kill = () => server.kill();
  // A test process that ends early must not leave a server behind.
  process.once('exit', kill);

  let complaint = '';
  server.stderr.on('data', (chunk) => (complaint += chunk));
  const url = await new Promise((resolve, reject) => {
    server.once('error', reject);
    server.once('exit', (code) => {
      reject(new Error(`${XTASK} ${args.join(' ')} ended with ${code}: ${complaint}`));
    });
    createInterface({ input: server.stdout }).on('line', (line) => {
      const address = /^serving (http:\/\/\S+)/.exec(line);
      if (address) resolve(address[1]);
    });
  });
  return {
    url,
    async close() {
      process.off('exit', kill);
      const exited = once(server, 'exit');
      if (server.exitCode === null && server.signalCode === null && kill()) await exited;
    },
  };
}

export const TYPES = {
  '.css': 'text/css',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
  '.webmanifest': 'application/manifest+json',
};

/** What isolates a page: `xtask serve` sends it, and a static host may not. */
export const ISOLATING = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
};

/**
 * dist/ below `/x/` on a static host that knows nothing of the app: files, folders with an index,
 * 404. Hosts differ in what they make of `/x/about`: `redirects` ones send the browser to
 * `/x/about/`, others answer with the folder's index. `headers` go with each answer; `changes` are
 * files that differ from dist/'s, as `{ name: change(text) }`, or `{ name: undefined }` for one that is gone.
 */
export async function plainHost({ redirects, headers = {}, changes = {} }) {
  const server = createServer((request, response) => {
    const { pathname, search } = new URL(request.url, 'http://host');
    const kind = (path) => statSync(path, { throwIfNoEntry: false });
    let file = join(DIST, pathname.replace(/^\/x\//, ''));
    if (kind(file)?.isDirectory()) {
      if (redirects && !pathname.endsWith('/')) {
        return response.writeHead(301, { location: `${pathname}/${search}` }).end();
      }
      file = join(file, 'index.html');
    }
    const name = pathname.slice('/x/'.length);
    const change = changes[name];
    const isGone = name in changes && !change;
    if (!pathname.startsWith('/x/') || !kind(file)?.isFile() || isGone) {
      return response.writeHead(404, { 'content-type': 'text/html' }).end('<h1>Not found</h1>');
    }
    response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream', ...headers });
    if (change) return response.end(change(readFileSync(file, 'utf8')));
    createReadStream(file).pipe(response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${server.address().port}/x/`,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
