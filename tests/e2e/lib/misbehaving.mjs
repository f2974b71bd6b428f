// A data host on another origin that goes wrong on demand: `url('cut')` is a base URL whose files
// are cut short, and so on. It allows every origin (CORS), so that a fault is the one asked for.

import { once } from 'node:events';
import { createServer } from 'node:http';
import { records, RECORD_BYTES } from './data.mjs';

const OPEN = {
  'access-control-allow-origin': '*',
  'access-control-allow-headers': '*',
  'access-control-expose-headers': '*',
  // The site is isolated (COEP): without this it must not load from here.
  'cross-origin-resource-policy': 'cross-origin',
};
const BINARY = { ...OPEN, 'content-type': 'application/octet-stream' };
const OFFICIAL_BYTES = 10_000 * RECORD_BYTES;

/** The whole file of the faults that pass, and the same file after somebody has changed it. */
const WHOLE = records(64, 3);
const CHANGED = records(64, 8);
const CUT_AT = 20 * RECORD_BYTES;

/**
 * What is done with a request for a file, by the first part of its path; `turn` counts the requests
 * for the same file, from 1.
 */
const ANSWERS = {
  good: (response) => send(response, WHOLE),
  other: (response) => send(response, CHANGED),
  missing: (response) => response.writeHead(404, OPEN).end('not found'),
  error: (response) => response.writeHead(500, OPEN).end('out of order'),
  empty: (response) => send(response, Buffer.alloc(0)),
  html: (response) => {
    response.writeHead(200, { ...OPEN, 'content-type': 'text/html' });
    response.end('<!DOCTYPE html><html><body><h1>Welcome</h1></body></html>');
  },
  label: (response) => {
    const file = records(64, 4);
    file[5 * RECORD_BYTES] = 200;
    send(response, file);
  },
  /** A whole answer, but with a file that ends within a record. */
  short: (response) => send(response, records(64, 5).subarray(0, 100_000)),
  /** An answer that breaks off. */
  cut: (response) => {
    response.writeHead(200, { ...BINARY, 'content-length': OFFICIAL_BYTES });
    response.write(records(20, 6), () => response.socket.destroy());
  },
  /** An answer that breaks off once; then the host goes on from where it is asked to. */
  resume: (response, request, turn) => {
    if (turn === 1) return cutShort(response, WHOLE, 'a');
    return range(response, request, WHOLE, 'a');
  },
  /** It breaks off once, and the host knows no ranges. */
  'no-ranges': (response, _, turn) => (turn === 1 ? cutShort(response, WHOLE) : send(response, WHOLE)),
  /** It breaks off, and then there is another file in its place. */
  changed: (response, request, turn) => {
    if (turn === 1) return cutShort(response, WHOLE, 'a');
    return request.headers.range ? range(response, request, CHANGED, 'b') : send(response, CHANGED);
  },
  /** Out of order for a moment. */
  passing: (response, _, turn) =>
    turn < 3 ? response.writeHead(503, OPEN).end('later') : send(response, WHOLE),
  silent: () => {},
  /** Begins and never ends. */
  stall: (response) => {
    response.writeHead(200, { ...BINARY, 'content-length': OFFICIAL_BYTES });
    response.write(records(20, 7));
  },
};

function cutShort(response, bytes, etag = '') {
  response.writeHead(200, { ...BINARY, 'content-length': bytes.length, etag });
  // A browser drops what has come and was not read yet, so the fault lets it read first.
  response.write(bytes.subarray(0, CUT_AT), () => setTimeout(() => response.socket.end(), 1_000));
}

function range(response, request, bytes, etag) {
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range)?.[1] ?? 0);
  const left = bytes.subarray(from);
  const there = `bytes ${from}-${bytes.length - 1}/${bytes.length}`;
  response.writeHead(206, { ...BINARY, 'content-length': left.length, 'content-range': there, etag });
  response.end(left);
}

function send(response, bytes) {
  response.writeHead(200, { ...BINARY, 'content-length': bytes.length }).end(bytes);
}

export async function misbehavingHost() {
  const waiting = new Map();
  const asked = [];
  const server = createServer((request, response) => {
    if (request.method === 'OPTIONS') return response.writeHead(204, OPEN).end();
    const fault = request.url.split('/')[1];
    waiting.get(fault)?.();
    const answer = ANSWERS[fault] ?? ANSWERS.missing;
    asked.push({ path: request.url, range: request.headers.range });
    return answer(response, request, asked.filter(({ path }) => path === request.url).length);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${server.address().port}`;
  return {
    origin,
    url: (fault) => `${origin}/${fault}/`,
    /** The ranges that were asked for of a fault's files, by file. */
    ranges: (fault) => {
      const files = {};
      for (const { path, range } of asked.filter(({ path }) => path.startsWith(`/${fault}/`))) {
        (files[path.split('/').at(-1)] ??= []).push(range);
      }
      return files;
    },
    /** Resolves when a file of that fault is asked for. */
    asked: (fault) => new Promise((resolve) => waiting.set(fault, resolve)),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** A data host that behaves: `files` by their paths. `asked` holds the paths in order. */
export async function fileHost(files) {
  const asked = [];
  const server = createServer((request, response) => {
    if (request.method === 'OPTIONS') return response.writeHead(204, OPEN).end();
    const path = decodeURIComponent(request.url.slice(1));
    if (request.method === 'GET') asked.push(path);
    return files[path] ? send(response, files[path]) : ANSWERS.missing(response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    asked,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** A base URL at which nothing listens: the port was free a moment ago. */
export async function refusingHost() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return `http://127.0.0.1:${port}/`;
}
