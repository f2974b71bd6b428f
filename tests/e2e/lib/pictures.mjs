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

/** A picture of so many pixels in one colour; its file is small. */
export function plainPng(width, height, colour = DISC.front) {
  const row = Buffer.alloc(1 + 3 * width);
  for (let x = 0; x < width; x++) row.set(colour, 1 + 3 * x);
  return png(width, height, Buffer.concat(Array.from({ length: height }, () => row)));
}

/** The image of a CIFAR-10 record: a label, then planes of red, green and blue, 32x32. */
export function recordPng(record) {
  const side = 32;
  const stride = 1 + 3 * side;
  const rows = Buffer.alloc(side * stride);
  for (let at = 0; at < 3 * side * side; at++) {
    const [plane, y, x] = [Math.floor(at / side / side), Math.floor(at / side) % side, at % side];
    rows[y * stride + 1 + 3 * x + plane] = record[1 + at];
  }
  return png(side, side, rows);
}

/** A photo as a camera makes it, of 12 megapixels, with detail everywhere. */
export async function cameraJpeg(page) {
  const base64 = await page.evaluate(async () => {
    const canvas = new OffscreenCanvas(4000, 3000);
    const context = canvas.getContext('2d');
    let seed = 1;
    const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
    for (let at = 0; at < 6000; at++) {
      context.fillStyle = `hsl(${360 * random()} 60% ${100 * random()}%)`;
      context.fillRect(4000 * random(), 3000 * random(), 300 * random(), 300 * random());
    }
    const bytes = new Uint8Array(await (await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.9 })).arrayBuffer());
    let text = '';
    for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
    return btoa(text);
  });
  return Buffer.from(base64, 'base64');
}

/** Red above and blue below, as the scene was, in a JPEG from a camera that was held upright. */
export async function turnedJpeg(page) {
  const base64 = await page.evaluate(async () => {
    // Orientation 6: what the sensor has on its left stands above.
    const canvas = new OffscreenCanvas(320, 200);
    const context = canvas.getContext('2d');
    context.fillStyle = 'rgb(220 30 30)';
    context.fillRect(0, 0, 160, 200);
    context.fillStyle = 'rgb(30 30 220)';
    context.fillRect(160, 0, 160, 200);
    const blob = await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.95 });
    return btoa(String.fromCharCode(...new Uint8Array(await blob.arrayBuffer())));
  });
  const jpeg = Buffer.from(base64, 'base64');
  const entry = [0x12, 0x01, 0x03, 0x00, 0x01, 0, 0, 0, 6, 0, 0, 0];
  const tiff = Buffer.from([0x49, 0x49, 0x2a, 0, 8, 0, 0, 0, 1, 0, ...entry, 0, 0, 0, 0]);
  const body = Buffer.concat([Buffer.from('Exif\0\0', 'latin1'), tiff]);
  const head = Buffer.from([0xff, 0xe1, 0, body.length + 2]);
  return Buffer.concat([jpeg.subarray(0, 2), head, body, jpeg.subarray(2)]);
}

/** A small file that claims to be 2.5 gigapixels, with a right checksum. */
export const hugePng = () => png(50_000, 50_000, Buffer.alloc(100));

/** For `setInputFiles`. */
export const file = (name, mimeType, buffer) => ({ name, mimeType, buffer });
