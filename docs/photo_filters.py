#!/usr/bin/env python3
"""Which filter makes of a photo what CIFAR's images look like? (docs/photos.md tells what came out.)

    python3 docs/photo_filters.py DATA MODEL [IMAGES [PHOTOS]]     (needs: pip install numpy pillow)

DATA is a folder with cifar-10-batches-bin/, MODEL a ConvNet's .safetensors in single precision (a
model or a checkpoint of `proden train`), IMAGES the number of test images (default 500), PHOTOS a folder as
photo_benchmark.py takes it.

1. Spectra. 150 pictures of dead leaves (discs of random size and grey, of all sizes alike: as sharp
   as a large photo and with a photo's spectrum) are scaled from 512 to 32 pixels with each filter, and
   their power at each frequency is compared with that of CIFAR's test images.
2. Sharp scenes. The test images are given the spectrum that each filter gave the pictures of step 1,
   as if it had made them from sharp photos; the network classifies them.
3. Soft scenes. The test images are scaled up to 384 pixels (bicubic) and down again with each filter.
4. Real photos, if there are any: their middle squares are scaled down with each filter.
"""
import json
import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from photo_benchmark import OF_CLASS, labelled

SIDE, FINE = 32, 512
FREQUENCIES = np.arange(1, SIDE // 2 + 1)
PILLOW = {"box": Image.BOX, "triangle": Image.BILINEAR, "catmull-rom": Image.BICUBIC, "lanczos3": Image.LANCZOS}
FILTERS = [*PILLOW, "gaussian 0.5", "gaussian 0.6", "gaussian 0.7"]


def scaled(picture, name):
    """A square u8 picture, [side, side] or [side, side, 3], at 32 pixels."""
    if name in PILLOW:
        return np.asarray(Image.fromarray(picture).resize((SIDE, SIDE), PILLOW[name]))
    sigma, side = float(name.split()[1]), picture.shape[0]
    step = side / SIDE
    centres, places = (np.arange(SIDE) + 0.5) * step, np.arange(side) + 0.5
    weights = np.exp(-(((places - centres[:, None]) / (sigma * step)) ** 2) / 2)
    weights /= weights.sum(1, keepdims=True)
    along = np.tensordot(weights, picture.astype(float), (1, 0))
    both = np.moveaxis(np.tensordot(weights, along, (1, 1)), 0, 1)
    return np.clip(np.rint(both), 0, 255).astype(np.uint8)


def dead_leaves(random, smallest=1.5, largest=400):
    """Radii with the density r^-3, which looks the same at every scale (Lee, Mumford & Huang 2001)."""
    picture = Image.new("L", (FINE, FINE), 128)
    draw = ImageDraw.Draw(picture)
    for _ in range(9_000):
        radius = (smallest**-2 - random.random() * (smallest**-2 - largest**-2)) ** -0.5
        x, y = random.random(2) * (FINE + 2 * radius) - radius
        draw.ellipse([x - radius, y - radius, x + radius, y + radius], fill=int(random.integers(0, 256)))
    return np.asarray(picture)


def spectrum(pictures):
    """Power at 1 to 16 cycles a picture, times the frequency squared; 1 at 2 to 4 cycles."""
    window = np.outer(np.hanning(SIDE), np.hanning(SIDE))
    each = np.fft.fftfreq(SIDE) * SIDE
    radius = np.hypot(*np.meshgrid(each, each))
    power = sum(np.abs(np.fft.fft2((it - it.mean()) * window)) ** 2 for it in pictures.astype(float))
    flat = np.array([power[np.abs(radius - k) < 0.5].mean() for k in FREQUENCIES]) * FREQUENCIES**2
    return flat / flat[1:4].mean()


def with_spectrum(images, wanted, own):
    gain = np.sqrt(wanted / own)
    gain[:3] = 1
    each = np.fft.fftfreq(2 * SIDE) * SIDE
    radius = np.hypot(*np.meshgrid(each, each))
    response = np.minimum(np.interp(radius, np.r_[0, FREQUENCIES], np.r_[1, gain]), 4)[None, :, :, None]
    margin = SIDE // 2
    padded = np.pad(images.astype(float), ((0, 0), (margin, margin), (margin, margin), (0, 0)), mode="reflect")
    changed = np.fft.ifft2(np.fft.fft2(padded, axes=(1, 2)) * response, axes=(1, 2)).real
    inner = changed[:, margin : margin + SIDE, margin : margin + SIDE]
    return np.clip(np.rint(inner), 0, 255).astype(np.uint8)


class ConvNet:
    def __init__(self, path):
        data = Path(path).read_bytes()
        size = int.from_bytes(data[:8], "little")
        header = json.loads(data[8 : 8 + size])
        channels = json.loads(header.pop("__metadata__")["proden"])["channels"]
        self.mean, self.std = (np.array(channels[it], np.float32) for it in ("mean", "std"))
        self.tensors = {
            name.removeprefix("model."): np.frombuffer(
                data[8 + size + it["data_offsets"][0] : 8 + size + it["data_offsets"][1]], np.float32
            ).reshape(it["shape"])
            for name, it in header.items()
            if it["dtype"] == "F32" and not name.startswith("momentum.")
        }

    def block(self, x, number):
        of = lambda name: self.tensors[name.replace("#", str(number))]
        if number < 7:
            x = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
        windows = np.lib.stride_tricks.sliding_window_view(x, (3, 3), axis=(1, 2))
        count, height, width = windows.shape[:3]
        y = windows.reshape(count * height * width, -1) @ of("c#.weight").reshape(len(of("c#.bias")), -1).T
        scale = of("bn#.weight") / np.sqrt(of("bn#.running_var") + 1e-5)
        y = y * scale + of("bn#.bias") + (of("c#.bias") - of("bn#.running_mean")) * scale
        return np.where(y > 0, y, 0.01 * y).astype(np.float32).reshape(count, height, width, -1)

    def accuracy(self, images, labels):
        right = 0
        for at in range(0, len(images), 100):
            x = ((images[at : at + 100] / 255 - self.mean) / self.std).astype(np.float32)
            for number in range(1, 10):
                x = self.block(x, number)
                if number in (3, 6):
                    x = x.reshape(len(x), x.shape[1] // 2, 2, x.shape[2] // 2, 2, -1).max((2, 4))
            scores = x.mean((1, 2)) @ self.tensors["l_c1.weight"].T
            right += ((scores + self.tensors["l_c1.bias"]).argmax(1) == labels[at : at + 100]).sum()
        return right / len(images)


def middle_square(path):
    """As src/data/photo.rs cuts it; large ones are averaged down first."""
    image = Image.open(path).convert("RGB")
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    square = image.crop((left, top, left + side, top + side))
    return np.asarray(square if side < 2 * FINE else square.resize((FINE, FINE), Image.BOX))


def real_photos(folder):
    files, wanted, _ = labelled(folder)
    classes = list(OF_CLASS)
    return [middle_square(files[at]) for at in wanted], np.array([classes.index(it) for it in wanted.values()])


def main(data, model, count=500, folder=None):
    records = np.fromfile(Path(data) / "cifar-10-batches-bin/test_batch.bin", np.uint8).reshape(-1, 3073)
    labels, images = records[: int(count), 0], records[:, 1:].reshape(-1, 3, SIDE, SIDE).transpose(0, 2, 3, 1)
    random = np.random.default_rng(1)
    leaves = [dead_leaves(random) for _ in range(150)]
    own = spectrum(images[:3_000] @ np.array([0.299, 0.587, 0.114]))
    network, images = ConvNet(model), images[: int(count)]
    large = [np.asarray(Image.fromarray(it).resize((384, 384), Image.BICUBIC)) for it in images]
    photos, shown = real_photos(folder) if folder else ([], None)
    print(f"n = {len(images)} and {len(photos)} photos; the images as they are: {network.accuracy(images, labels):.3f}")
    print("filter          spectrum  sharp  soft  photos  (rms of log power from 5 cycles on; accuracies)")
    for name in FILTERS:
        made = spectrum(np.stack([scaled(it, name) for it in leaves]))
        apart = np.sqrt((np.log(made[4:] / own[4:]) ** 2).mean())
        sharp = network.accuracy(with_spectrum(images, made, own), labels)
        soft = network.accuracy(np.stack([scaled(it, name) for it in large]), labels)
        real = network.accuracy(np.stack([scaled(it, name) for it in photos]), shown) if photos else float("nan")
        print(f"{name:14}  {apart:8.2f}  {sharp:.3f}  {soft:.3f}  {real:.3f}", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
