// The site without a network: all files of one build, kept together and given together.
//
// A page of one build never gets an engine of another: an installation is complete or none (each
// file is compared with its digest), each build has a cache of its own, and a new build is taken
// into use by the next navigation once no other tab shows the old one. Only the site's own files
// are answered here, whole; data (/data/, byte ranges) and other origins are none of its business.

// xtask writes these in: [path, SHA-256] of every file, and a digest of them all.
const FILES = new Map([]);
const BUILD = "none";

const SITE = self.registration.scope;
const PREFIX = `proden ${SITE} `;
const CACHE = PREFIX + BUILD;
// Every page holds it until it is left (index.html).
const LOCK = `proden page ${SITE}`;

self.addEventListener("install", (event) => event.waitUntil(install()));
self.addEventListener("activate", (event) => event.waitUntil(dropOldBuilds()));
self.addEventListener("fetch", (event) => {
  const path = pathOf(event.request);
  if (path !== undefined) event.respondWith(answer(event.request, path));
});

async function install() {
  try {
    const cache = await caches.open(CACHE);
    await Promise.all([...FILES].map(([path, digest]) => keep(cache, path, digest)));
  } catch (error) {
    await caches.delete(CACHE);
    throw error;
  }
}

async function keep(cache, path, digest) {
  const response = await fetch(new URL(path, SITE), { cache: "no-cache" });
  if (!response.ok) throw new Error(`${path}: HTTP ${response.status}`);
  const body = await response.arrayBuffer();
  // While a host is being updated, it has files of two builds.
  if ((await sha256(body)) !== digest) throw new Error(`${path} is of another build`);
  const headers = new Headers(response.headers);
  // They are of the way that the bytes came; the body is what was unpacked.
  for (const name of ["content-encoding", "content-length", "vary"]) headers.delete(name);
  // A host that sets no headers of its own: only an isolated page may have more threads than one.
  headers.set("cross-origin-opener-policy", "same-origin");
  headers.set("cross-origin-embedder-policy", "require-corp");
  // Made anew: a page must not be answered with a response that was redirected.
  await cache.put(new URL(path, SITE), new Response(body, { headers }));
}

async function sha256(bytes) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function dropOldBuilds() {
  const names = await caches.keys();
  const old = names.filter((name) => name.startsWith(PREFIX) && name !== CACHE);
  await Promise.all(old.map((name) => caches.delete(name)));
}

/** The file that a request is for, if it is one of the site's. */
function pathOf({ method, url, headers, mode }) {
  if (method !== "GET" || headers.has("range") || !url.startsWith(SITE)) return undefined;
  const path = new URL(url).pathname.slice(new URL(SITE).pathname.length);
  if (FILES.has(path)) return path;
  if (mode !== "navigate") return undefined;
  const page = `${path.replace(/\/?$/, "/")}index.html`.replace(/^\//, "");
  return FILES.has(page) ? page : undefined;
}

/** Whether the site is on a page that stays. Its clients do not tell: the page that is being
 * replaced is among them, and the page that is to come may be. */
async function isShown() {
  const locks = await navigator.locks?.query();
  return !locks || locks.held.some(({ name }) => name === LOCK);
}

async function answer(request, path) {
  const { waiting } = self.registration;
  if (request.mode === "navigate" && waiting && !(await isShown())) {
    // Nobody else is on this build: the next one takes over, and the page asks again.
    waiting.postMessage("take over");
    const headers = { "content-type": "text/html", refresh: "0" };
    // Without an icon of its own, the browser would ask the host for one.
    return new Response('<link rel="icon" href="data:,">', { headers });
  }
  const cache = await caches.open(CACHE);
  // A browser short of room may have dropped the cache.
  return (await cache.match(new URL(path, SITE))) ?? fetch(request);
}

self.addEventListener("message", (event) => {
  if (event.data === "take over") event.waitUntil(self.skipWaiting());
});
