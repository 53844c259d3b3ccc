#!/usr/bin/python3
"""Trains the network that finds the five landmarks in the built-in detector's boxes, on rendered faces alone.

    render_training_faces train.bin 24000 20260101
    render_training_faces validation.bin 1000 99
    train.py train.bin validation.bin src/faces/landmarks.onnx

Needs Debian's python3-torch. Input of the network: 1 x 1 x 64 x 64, the luma of a square around the face less its mean,
divided by its standard deviation plus 4. Output: 15 numbers, x and y of the five landmarks (-1 to 1 from edge to edge),
then the logarithms of how far off each is expected to be, in the same unit (a Laplace distribution's scale).
"""
import math
import sys

import numpy
import torch
from torch import nn
from torch.nn import functional

SIDE, INPUT = 160, 64
EPOCHS, BATCH = 16, 192
# Where a square around a face lies, in the pixels of the 112-pixel crop that its landmarks align to: as dlib's detector
# places its boxes on rendered faces (middle 57 +- 3, 72 +- 5, side 90 +- 9), 1.2 times as large.
MIDDLE, SQUARE = (56.5, 72.0), 108.0
TEMPLATE = torch.tensor([[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655],
                         [70.7299, 92.2041]])
MIRROR = [1, 0, 2, 4, 3]


def read(path):
    record = SIDE * SIDE + 12 * 4
    data = numpy.fromfile(path, numpy.uint8).reshape(-1, record)
    images = torch.from_numpy(data[:, :SIDE * SIDE].reshape(-1, 1, SIDE, SIDE).copy())
    numbers = torch.from_numpy(data[:, SIDE * SIDE:].copy().view(numpy.float32))
    return images, numbers[:, :10].reshape(-1, 5, 2)


def squares(points, wide):
    """Of each face's square: middle, the vector from there to the middle of its right edge."""
    count = len(points)
    z = torch.view_as_complex(points.contiguous())
    t = torch.view_as_complex(TEMPLATE)
    centred = z - z.mean(1, keepdim=True)
    template = t - t.mean()
    to_photo = (template.conj() * centred).sum(1) / (template.abs() ** 2).sum()
    normal = lambda deviation: torch.randn(count) * torch.where(wide, deviation[0], deviation[1])
    turn = normal((14.0, 3.0)) * math.pi / 180
    size = SQUARE / 2 * torch.exp(normal((0.13, 0.04)))
    middle = torch.complex(MIDDLE[0] + normal((5.0, 1.3)), MIDDLE[1] + normal((6.0, 1.3)))
    return z.mean(1) + to_photo * (middle - t.mean()), to_photo * size * torch.exp(1j * turn)


def cut(images, points, wide):
    """Crops, and the landmarks in them."""
    middle, right = squares(points, wide)
    axis = (torch.arange(INPUT) + 0.5) / INPUT * 2 - 1
    grid = torch.complex(axis[None, :].expand(INPUT, INPUT), axis[:, None].expand(INPUT, INPUT))
    place = middle[:, None, None] + right[:, None, None] * grid
    place = torch.view_as_real((place + 0.5 + 0.5j) * (2 / SIDE) - (1 + 1j))
    # Most photographs go on where a rendered picture ends; where they do not, there is black.
    crops = functional.grid_sample(images.float(), place, align_corners=False, padding_mode="border")
    inside = functional.grid_sample(torch.ones_like(images).float(), place, align_corners=False)
    black = (torch.rand(len(images)) < 0.15)[:, None, None, None]
    crops = torch.where(black, crops * inside, crops)
    z = (torch.view_as_complex(points.contiguous()) - middle[:, None]) / right[:, None]
    return crops, torch.view_as_real(z)


def spoil(crops):
    """What photographs do beyond what the renderer does already."""
    count = len(crops)
    chance = lambda p: (torch.rand(count, 1, 1, 1) < p)
    small = functional.interpolate(functional.interpolate(crops, scale_factor=0.4, mode="area"), size=INPUT,
                                   mode="bilinear")
    crops = torch.where(chance(0.15), small, crops)
    softer = functional.avg_pool2d(functional.pad(crops, (1, 1, 1, 1), mode="replicate"), 3, 1)
    crops = torch.where(chance(0.3), softer, crops)
    gamma = torch.exp(torch.randn(count, 1, 1, 1) * 0.35)
    crops = 255 * (crops.clamp(0, 255) / 255) ** gamma
    # Light that falls off across the picture.
    axis = torch.linspace(-1, 1, INPUT)
    slope = torch.randn(count, 1, 1, 1) * axis[:, None] + torch.randn(count, 1, 1, 1) * axis[None, :]
    crops = crops * torch.exp(torch.where(chance(0.5), 0.3 * slope, torch.zeros(())))
    # Hands, microphones, hair: patches over the face.
    for _ in range(2):
        height, width = (torch.rand(count, 1, 1, 1) * 0.5 + 0.1 for _ in range(2))
        y, x = (torch.rand(count, 1, 1, 1) * 2 - 1 for _ in range(2))
        covered = ((axis[:, None] - y).abs() < height) & ((axis[None, :] - x).abs() < width)
        texture = torch.rand(count, 1, 1, 1) * 255 + torch.randn(count, 1, 1, 1) * 40 * torch.randn(count, 1, 8, 8) \
            .repeat_interleave(8, 2).repeat_interleave(8, 3)
        crops = torch.where(covered & chance(0.12), texture, crops)
    return crops + torch.randn_like(crops) * torch.rand(count, 1, 1, 1) * 10


def normalised(crops):
    mean = crops.mean((2, 3), keepdim=True)
    return (crops - mean) / (crops.std((2, 3), keepdim=True, unbiased=False) + 4)


def network():
    layers, before = [], 1
    for channels, stride in ((16, 2), (24, 2), (32, 1), (48, 2), (48, 1), (32, 2)):
        layers += [nn.Conv2d(before, channels, 3, stride, 1, bias=False), nn.BatchNorm2d(channels), nn.ReLU()]
        before = channels
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(before * 16, 15))


def split(output):
    return output[:, :10].reshape(-1, 5, 2), output[:, 10:]


def loss_of(output, wanted):
    points, logarithms = split(output)
    logarithms = logarithms.clamp(-6, 1)
    off = (points - wanted).norm(dim=2)
    return (off * torch.exp(-logarithms) + logarithms).mean() + 4 * off.mean()


def measure(model, images, points, name):
    model.eval()
    torch.manual_seed(1)
    with torch.no_grad():
        for wide in (True, False):
            which = torch.full((len(images),), wide)
            crops, wanted = cut(images, points, which)
            off = (split(model(normalised(crops)))[0] - wanted).norm(dim=2) * SQUARE / 2
            print(f"{name}, {'boxes' if wide else 'second look'}: mean {off.mean():.2f}, 99th percentile "
                  f"{off.flatten().kthvalue(int(off.numel() * 0.99))[0]:.2f} pixels of the 112-pixel crop", flush=True)
    model.train()


def main(train_path, validation_path, out):
    torch.set_num_threads(1)  # so small a network is faster on one, and gives the same numbers each time
    torch.manual_seed(1)
    images, points = read(train_path)
    held_out = read(validation_path)
    model = network()
    average = network()
    average.load_state_dict(model.state_dict())
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=1e-4)
    steps = EPOCHS * (len(images) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, total_steps=steps, pct_start=0.1)
    for epoch in range(EPOCHS):
        order = torch.randperm(len(images))
        total = 0.0
        for i in range(len(images) // BATCH):
            chosen = order[i * BATCH:(i + 1) * BATCH]
            batch, known = images[chosen], points[chosen]
            if torch.rand(()) < 0.5:
                batch = batch.flip(3)
                known = torch.stack((SIDE - 1 - known[..., 0], known[..., 1]), 2)[:, MIRROR]
            crops, wanted = cut(batch, known, torch.rand(BATCH) < 0.5)
            loss = loss_of(model(normalised(spoil(crops))), wanted)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item()
            with torch.no_grad():
                for kept, now in zip(average.state_dict().values(), model.state_dict().values()):
                    kept.lerp_(now, 0.005) if kept.is_floating_point() else kept.copy_(now)
        print(f"epoch {epoch + 1} of {EPOCHS}: loss {total / (len(images) // BATCH):.3f}", flush=True)
        measure(average, *held_out, "  held out")
        average.eval()
        torch.onnx.export(average, torch.zeros(1, 1, INPUT, INPUT), out, opset_version=11, input_names=["crop"],
                          output_names=["landmarks"])
        average.train()


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
