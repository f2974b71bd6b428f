#!/usr/bin/env python3
"""How near PyTorch itself comes to its reference run when it computes in float32.

    python3 pytorch_float32.py GOLDEN_FOLDER [--no-onednn]
    python3 pytorch_float32.py GOLDEN_FOLDER --noise 1e-8 3e-8 6e-8 2e-7

GOLDEN_FOLDER has make_golden.py and its files, which hold a run in float64. The same run in float32, with
oneDNN's convolutions or without, tells what rounding alone does to it: the bounds that tests/common/mod.rs
gives to float32 on our devices are to be read beside this. With --noise it computes in float64 and rounds at
random: every output of a layer, and its gradient, is multiplied by 1 + noise * a normal number. That tells how
exact an arithmetic has to be for a run to stay with the reference: float32's own rounding of a result is a noise
of about 3e-8, before anything was summed. Needs torch, numpy and safetensors.
"""

import argparse
import importlib.util
import json
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch.nn import functional as F

BATCH, EPOCHS, STEPS = 16, 2, 4
SEEDS = 8


class Noise(torch.autograd.Function):
    """What a layer gives and gets, each number wrong by a share of its own."""

    @staticmethod
    def forward(ctx, values, noise, generator):
        ctx.noise, ctx.generator = noise, generator
        return blur(values, noise, generator)

    @staticmethod
    def backward(ctx, gradient):
        return blur(gradient, ctx.noise, ctx.generator), None, None


def blur(values, noise, generator):
    return values * (1 + noise * torch.randn(values.shape, generator=generator, dtype=values.dtype))


def make_noisy(net, noise, seed):
    generator = torch.Generator().manual_seed(seed)
    for layer in net.modules():
        if isinstance(layer, (torch.nn.Conv2d, torch.nn.BatchNorm2d, torch.nn.Linear)):
            layer.register_forward_hook(lambda _, __, values: Noise.apply(values, noise, generator))


def networks(folder):
    spec = importlib.util.spec_from_file_location("make_golden", folder / "make_golden.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.NETWORKS


def errors(net, golden, losses):
    """The largest relative error of a loss, and of a confidence, in the type of `net`'s numbers."""
    dtype = next(net.parameters()).dtype
    net.load_state_dict({k[5:]: v for k, v in golden.items() if k.startswith("init.")})
    net.train()
    x = golden["images"].double() / 255
    mean, std = x.mean((0, 2, 3)), x.std((0, 2, 3), unbiased=False)
    x = ((x - mean[:, None, None]) / std[:, None, None]).to(dtype)
    candidates = golden["candidates"].to(dtype)
    confidences = candidates / candidates.sum(1, keepdim=True)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, step_size=1, gamma=0.5)
    of_loss, of_confidence = 0.0, 0.0
    for epoch in range(EPOCHS):
        for step in range(STEPS):
            ids = torch.arange(step * BATCH, (step + 1) * BATCH)
            logits = net(x[ids])
            loss = -(confidences[ids] * F.log_softmax(logits, 1)).sum(1).mean()
            renewed = F.softmax(logits.detach(), 1) * candidates[ids]
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            confidences[ids] = renewed / renewed.sum(1, keepdim=True)
            of_loss = max(of_loss, abs(loss.item() / losses[epoch * STEPS + step] - 1))
        difference = confidences - golden[f"confidences_epoch{epoch + 1}"]
        of_confidence = max(of_confidence, difference.abs().max().item())
        schedule.step()
    return of_loss, of_confidence


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--no-onednn", action="store_true")
    parser.add_argument("--noise", type=float, nargs="*", default=[])
    args = parser.parse_args()
    torch.backends.mkldnn.enabled = not args.no_onednn
    for name, build in networks(args.folder).items():
        golden = load_file(args.folder / f"{name}.safetensors")
        losses = json.loads((args.folder / f"{name}.json").read_text())["losses"]
        for noise in args.noise:
            runs = []
            for seed in range(SEEDS):
                net = build().double()
                make_noisy(net, noise, seed)
                runs.append(errors(net, golden, losses)[1])
            told = " ".join(f"{run:.0e}" for run in sorted(runs))
            print(f"{name}, noise {noise:.0e}: confidences {told}", flush=True)
        if not args.noise:
            of_loss, of_confidence = errors(build().float(), golden, losses)
            print(f"{name}: loss {of_loss:.1e}, confidence {of_confidence:.1e}")


if __name__ == "__main__":
    main()
