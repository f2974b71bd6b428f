#!/usr/bin/env python3
"""The training step of `proden bench` in PyTorch: the other column of its table.

    python3 pytorch.py [--width 0.25] [--batch 64] [--steps 10] [--threads 2] [--device cpu]

The ConvNet of the PRODEN authors (width 1: 4,434,570 parameters) in float32, dropout2d, SGD with
momentum and weight decay; PRODEN's loss with stored confidences and the new ones from the same
pass. Each step is timed until its loss is read; two steps before are not. TF32 is off. Prints one JSON
object like `proden bench --json`. Needs torch.
"""

import argparse
import json
import statistics
import time

import torch
from torch import nn
from torch.nn import functional as F

WARM_UP = 2
CLASSES = 10
# (channels of the published network, padding) of each stage's convolutions.
STAGES = [
    [(128, 1), (128, 1), (128, 1)],
    [(256, 1), (256, 1), (256, 1)],
    [(512, 0), (256, 0), (128, 0)],
]


def conv_net(width):
    layers, channels_in = [], 3
    for stage, convolutions in enumerate(STAGES):
        for published, padding in convolutions:
            channels = int(published * width)
            layers += [
                nn.Conv2d(channels_in, channels, 3, padding=padding),
                nn.BatchNorm2d(channels),
                nn.LeakyReLU(0.01),
            ]
            channels_in = channels
        if stage < 2:
            layers += [nn.MaxPool2d(2), nn.Dropout2d(0.25)]
    layers += [nn.AvgPool2d(2), nn.Flatten(), nn.Linear(channels_in, CLASSES)]
    return nn.Sequential(*layers)


def train_step(net, optimizer, images, candidates, confidences):
    log_probabilities = F.log_softmax(net(images), 1)
    loss = -(confidences * log_probabilities).sum(1).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    masked = log_probabilities.detach().exp() * candidates
    confidences.copy_(masked / masked.sum(1, keepdim=True))
    return loss.item()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--width", type=float, default=0.125)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--threads", type=int, default=0, help="0: PyTorch's own choice")
    parser.add_argument("--device", default="cpu")
    args = parser.parse_args()
    if args.threads:
        torch.set_num_threads(args.threads)
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    torch.manual_seed(1)

    net = conv_net(args.width).to(args.device)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-3)
    times = []
    for _ in range(WARM_UP + args.steps):
        images = torch.randn(args.batch, 3, 32, 32, device=args.device)
        candidates = (torch.rand(args.batch, CLASSES, device=args.device) < 0.1).float()
        candidates[:, 0] = 1
        confidences = candidates / candidates.sum(1, keepdim=True)
        began = time.perf_counter()
        train_step(net, optimizer, images, candidates, confidences)
        times.append(time.perf_counter() - began)
    median = statistics.median(times[WARM_UP:])
    name = f"PyTorch {torch.__version__}, {args.device}, {torch.get_num_threads()} threads"
    print(json.dumps({
        "model": "convnet", "width": args.width, "batch": args.batch, "device": name,
        "n": args.steps, "step_secs": median, "images_per_sec": args.batch / median,
    }))


if __name__ == "__main__":
    main()
