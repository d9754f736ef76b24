"""PyTorch's side of `train-step`: the same networks, loss and optimizer, one thread.

The only argument is the work as JSON: {"model", "batch", "shape": {"imageSize", "channels", "classes"}}. Speaks one JSON
object a line: first {"parameters", "layouts"}, then {"seconds", "cpuSeconds"} for each {"run": steps} that it reads.
A failure is {"error"}. Of PyTorch's two memory layouts it takes the faster one, which depends on the network.
"""

import json
import re
import sys
import time

from contestant import say, serve

ALPHA, BETA, TEMPERATURE, WEIGHT, CE_WEIGHT = 0.8, 0.3, 4.0, 9.0, 1.0
PADDING = 4
LAYOUTS = "contiguous_format", "channels_last"


def main():
    import torch

    torch.set_num_threads(1)
    torch.set_num_interop_threads(1)
    torch.manual_seed(1)
    work = json.loads(sys.argv[1])
    trainings = {layout: create_training(work, getattr(torch, layout)) for layout in LAYOUTS}
    for run in trainings.values():
        run(2)
    # Processor time: what else the machine does must not decide.
    rates = {layout: 4 * work["batch"] / run(4)["cpuSeconds"] for layout, run in trainings.items()}
    run = trainings[max(rates, key=rates.get)]
    say({"parameters": run.parameters, "layouts": rates})
    for line in sys.stdin:
        say(run(json.loads(line)["run"]))


def create_training(work, layout):
    """A function that trains for so many steps and says how long that took."""
    import torch

    shape, batch = work["shape"], work["batch"]
    net = create_network(work["model"], shape).train().to(memory_format=layout)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9, weight_decay=5e-4)

    def run(steps):
        data = create_data(shape, steps * batch)
        order = torch.randperm(steps * batch)
        started, cpu_started = time.perf_counter(), time.process_time()
        for step in range(steps):
            images, labels, teacher = read_batch(data, order[step * batch : (step + 1) * batch])
            loss = objective(net(images.contiguous(memory_format=layout)), teacher, labels)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
        loss.item()
        return {"seconds": time.perf_counter() - started, "cpuSeconds": time.process_time() - cpu_started}

    run.parameters = sum(p.numel() for p in net.parameters())
    return run


def create_data(shape, count):
    """Noise: images, labels and a teacher's logits."""
    import torch

    size = shape["imageSize"]
    return (
        torch.randint(0, 256, (count, shape["channels"], size, size), dtype=torch.uint8),
        torch.arange(count) % shape["classes"],
        torch.randn(count, shape["classes"]),
    )


def read_batch(data, indices):
    """The images at `indices`, cropped and flipped at random and normalised, with their labels and teacher's logits."""
    import torch
    import torch.nn.functional as F

    images, labels, teacher = (part[indices] for part in data)
    count, _, size, _ = images.shape
    padded = F.pad(images, (PADDING,) * 4)
    down, right = torch.randint(0, 2 * PADDING + 1, (2, count)).tolist()
    mirrored = (torch.rand(count) < 0.5).tolist()
    for i in range(count):
        crop = padded[i, :, down[i] : down[i] + size, right[i] : right[i] + size]
        images[i] = crop.flip(-1) if mirrored[i] else crop
    return images.float().div_(255).sub_(0.5).div_(0.25), labels, teacher


def objective(logits, teacher, labels):
    """Cross-entropy + weight x AB divergence, by its definition in log space."""
    import torch.nn.functional as F

    p = F.log_softmax(teacher / TEMPERATURE, 1)
    q = F.log_softmax(logits / TEMPERATURE, 1)
    total = ALPHA + BETA
    cross = (ALPHA * p + BETA * q).exp()
    teacher_power = (total * p).exp() * (ALPHA / total)
    student_power = (total * q).exp() * (BETA / total)
    divergence = (teacher_power + student_power - cross).sum(1).mean() / (ALPHA * BETA)
    return CE_WEIGHT * F.cross_entropy(logits, labels) + WEIGHT * divergence


def create_network(name, shape):
    """The network of that name in worker/models."""
    from torch import nn

    inputs, classes, size = shape["channels"], shape["classes"], shape["imageSize"]

    def conv_norm(inputs, outputs, kernel=3, stride=1, bias=False):
        conv = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=bias)
        return [conv, nn.BatchNorm2d(outputs)]

    def head(width):
        return [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, classes)]

    class BasicBlock(nn.Module):
        def __init__(self, inputs, outputs, stride):
            super().__init__()
            self.residual = nn.Sequential(
                *conv_norm(inputs, outputs, stride=stride), nn.ReLU(inplace=True), *conv_norm(outputs, outputs)
            )
            same = stride == 1 and inputs == outputs
            self.shortcut = nn.Identity() if same else nn.Sequential(*conv_norm(inputs, outputs, 1, stride))

        def forward(self, x):
            return nn.functional.relu(self.residual(x) + self.shortcut(x))

    class PreActivationBlock(nn.Module):
        def __init__(self, inputs, outputs, stride):
            super().__init__()
            self.activate = nn.Sequential(nn.BatchNorm2d(inputs), nn.ReLU(inplace=True))
            self.residual = nn.Sequential(
                *conv_norm(inputs, outputs, stride=stride),
                nn.ReLU(inplace=True),
                nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False),
            )
            same = inputs == outputs
            self.project = None if same else nn.Conv2d(inputs, outputs, 1, stride, bias=False)

        def forward(self, x):
            activated = self.activate(x)
            shortcut = x if self.project is None else self.project(activated)
            return shortcut + self.residual(activated)

    class SameConv(nn.Conv2d):
        """Padded to ceil(size / stride), the odd pixel after the image, as TensorFlow's `same`."""

        def forward(self, x):
            kernel, stride = self.kernel_size[0], self.stride[0]
            total = max((-(-x.shape[-1] // stride) - 1) * stride + kernel - x.shape[-1], 0)
            before, after = total // 2, total - total // 2
            return super().forward(nn.functional.pad(x, (before, after, before, after)))

    def stages(block, widths, count):
        layers, inputs = [], widths[0]
        for index, width in enumerate(widths[1:]):
            for place in range(count):
                layers.append(block(inputs, width, 2 if index > 0 and place == 0 else 1))
                inputs = width
        return layers

    def resnet(depth, factor):
        widths = [16, 16, 32, 64] if factor == 1 else [32, 64, 128, 256]
        blocks = stages(BasicBlock, widths, (depth - 2) // 6)
        return [*conv_norm(inputs, widths[0]), nn.ReLU(inplace=True), *blocks, *head(widths[-1])]

    def wide_resnet(depth, factor):
        widths = [16, *(width * factor for width in (16, 32, 64))]
        blocks = stages(PreActivationBlock, widths, (depth - 4) // 6)
        stem = nn.Conv2d(inputs, widths[0], 3, 1, 1, bias=False)
        return [stem, *blocks, nn.BatchNorm2d(widths[-1]), nn.ReLU(inplace=True), *head(widths[-1])]

    def vgg(depth):
        counts = {8: [1] * 5, 11: [1, 1, 2, 2, 2], 13: [2] * 5, 16: [2, 2, 3, 3, 3], 19: [2, 2, 4, 4, 4]}[depth]
        layers, width = [], inputs
        for block, outputs in enumerate([64, 128, 256, 512, 512]):
            for _ in range(counts[block]):
                layers += [*conv_norm(width, outputs, bias=True), nn.ReLU(inplace=True)]
                width = outputs
            if block < (4 if size >= 64 else 3):
                layers.append(nn.MaxPool2d(2))
        return [*layers, *head(width)]

    def cnn(convs):
        layers, width, side = [], inputs, size
        for filters, kernel, stride in convs:
            layers += [SameConv(width, filters, kernel, stride), nn.ReLU(inplace=True)]
            width, side = filters, -(-side // stride)
        return [*layers, nn.Flatten(), nn.Linear(side * side * width, classes)]

    families = {
        r"resnet(8|14|20|32|44|56|110)": lambda depth: resnet(int(depth), 1),
        r"resnet(8|32)x4": lambda depth: resnet(int(depth), 4),
        r"wrn-(16|40)-([12])": lambda depth, factor: wide_resnet(int(depth), int(factor)),
        r"vgg(8|11|13|16|19)": lambda depth: vgg(int(depth)),
        r"cnn-s": lambda: cnn([(8, 5, 2), (16, 3, 2)]),
        r"cnn-m": lambda: cnn([(16, 5, 2), (32, 3, 1), (64, 3, 2), (64, 3, 1)]),
    }
    for pattern, create in families.items():
        match = re.fullmatch(pattern, name)
        if match:
            return nn.Sequential(*create(*match.groups()))
    raise ValueError(f"it has no network {name}, expected one of {', '.join(families)}")


if __name__ == "__main__":
    serve(main)
