// Image files to classify, good and bad.

import { crc32, deflateSync } from 'node:zlib';

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

function chunk(kind, data) {
  const body = Buffer.concat([Buffer.from(kind, 'latin1'), data]);
  const size = Buffer.alloc(4);
  size.writeUInt32BE(data.length);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([size, body, sum]);
}

/** An 8-bit RGB PNG; `rows` are its pixels, which need not be as many as it claims. */
function png(width, height, rows) {
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', head),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** What the disc in `discPng` and `discIn` looks like. */
export const DISC = { front: [230, 120, 40], back: [40, 60, 110] };

/** A disc in the middle of a picture that is wider than high: its crop is the disc's square. */
export function discPng(width = 320, height = 200) {
  const stride = 1 + 3 * width;
  const rows = Buffer.alloc(height * stride);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const inside = Math.hypot(x - width / 2, y - height / 2) < 0.3 * height;
      rows.set(inside ? DISC.front : DISC.back, y * stride + 1 + 3 * x);
    }
  }
  return png(width, height, rows);
}

/** The same disc in a format that the browser writes: 'image/jpeg', 'image/webp'. */
export async function discIn(page, type) {
  const base64 = await page.evaluate(
    async ({ type, front, back }) => {
      const canvas = new OffscreenCanvas(320, 200);
      const context = canvas.getContext('2d');
      context.fillStyle = `rgb(${back})`;
      context.fillRect(0, 0, 320, 200);
      context.fillStyle = `rgb(${front})`;
      context.arc(160, 100, 60, 0, 2 * Math.PI);
      context.fill();
      const blob = await canvas.convertToBlob({ type, quality: 0.95 });
      if (blob.type !== type) throw new Error(`this browser writes no ${type}`);
      return btoa(String.fromCharCode(...new Uint8Array(await blob.arrayBuffer())));
    },
    { type, ...DISC },
  );
  return Buffer.from(base64, 'base64');
}

/** A small file that claims to be 2.5 gigapixels, with a right checksum. */
export const hugePng = () => png(50_000, 50_000, Buffer.alloc(100));

/** For `setInputFiles`. */
export const file = (name, mimeType, buffer) => ({ name, mimeType, buffer });
