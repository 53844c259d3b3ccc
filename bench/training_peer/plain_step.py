"""The training step written plainly in Python PyTorch: the network of an ONNX file in eager mode, fake quantization with
learned steps from elementary operations, distillation from the float network, Adam. Prints images a second.

Usage: plain_step.py MODEL.onnx BATCH STEPS BITS [THREADS]   (Debian: python3-torch, python3-onnx)
"""

import sys
import time

import numpy as np
import onnx
import onnx.numpy_helper
import torch
import torch.nn.functional as F


def fake_quantize(x, step, zero_point, levels):
    scaled = x / step + zero_point
    kept = torch.clamp(scaled, 0, levels)
    rounded = kept + (torch.round(kept) - kept).detach()
    return (rounded - zero_point) * step


def fake_quantize_weight(weight, scale, limit):
    scale = scale.reshape([-1] + [1] * (weight.dim() - 1))
    scaled = torch.clamp(weight / scale, -limit, limit)
    return (scaled + (torch.round(scaled) - scaled).detach()) * scale


class Network(torch.nn.Module):
    """MobileFaceNet-like graphs: Conv, BatchNormalization, PRelu, Add, Flatten, Gemm, a scale and shift of the input."""

    def __init__(self, path, bits):
        super().__init__()
        self.bits = bits
        graph = onnx.load(path).graph
        constants = {t.name: torch.from_numpy(np.array(onnx.numpy_helper.to_array(t))).float() for t in graph.initializer}
        nodes = []
        for node in graph.node:
            if node.op_type == "Constant":
                constants[node.output[0]] = torch.from_numpy(np.array(onnx.numpy_helper.to_array(node.attribute[0].t))).float()
            elif node.op_type == "Unsqueeze" and node.input[0] in constants:
                constants[node.output[0]] = constants[node.input[0]].reshape(-1, 1, 1)
            else:
                nodes.append(node)
        self.input = next(i.name for i in graph.input if i.name not in constants)
        self.output = graph.output[0].name
        # Batch norms behind a convolution or fully connected layer are folded, as in any integer network.
        producer = {n.output[0]: n for n in nodes}
        self.steps = []
        renamed = {}
        self.p = torch.nn.ParameterDict()
        for index, node in enumerate(nodes):
            attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
            inputs = [renamed.get(name, name) for name in node.input]
            key = str(index)
            if node.op_type in ("Conv", "Gemm"):
                weight = constants[node.input[1]]
                bias = constants[node.input[2]] if len(node.input) > 2 else torch.zeros(weight.shape[0])
                follower = next((n for n in nodes if n.op_type == "BatchNormalization" and n.input[0] == node.output[0]), None)
                out = node.output[0]
                if follower is not None:
                    epsilon = next(a.f for a in follower.attribute if a.name == "epsilon")
                    gamma, beta, mean, variance = (constants[n] for n in follower.input[1:])
                    factor = gamma / torch.sqrt(variance + epsilon)
                    weight = weight * factor.reshape([-1] + [1] * (weight.dim() - 1))
                    bias = (bias - mean) * factor + beta
                    renamed[follower.output[0]] = out
                limit = 2 ** (bits - 1) - 1
                self.p[key + "w"] = torch.nn.Parameter(weight)
                self.p[key + "b"] = torch.nn.Parameter(bias)
                self.p[key + "s"] = torch.nn.Parameter(weight.flatten(1).abs().amax(1).clamp_min(1e-8) / limit)
                self.steps.append((node.op_type, key, inputs[:1], out, attributes))
            elif node.op_type == "BatchNormalization":
                assert producer[node.input[0]].op_type in ("Conv", "Gemm")
            elif node.op_type == "PRelu":
                self.p[key + "a"] = torch.nn.Parameter(constants[node.input[1]].flatten())
                self.steps.append(("PRelu", key, inputs[:1], node.output[0], attributes))
            elif node.op_type in ("Sub", "Mul"):
                self.steps.append((node.op_type, key, inputs[:1], node.output[0], constants[node.input[1]]))
            elif node.op_type in ("Add", "Flatten"):
                self.steps.append((node.op_type, key, inputs, node.output[0], attributes))
            else:
                raise SystemExit("plain_step.py does not know " + node.op_type)
        self.output = renamed.get(self.output, self.output)
        # Values that the integer network stores: of activations, of sums, and of convolutions that neither reads.
        readers = {}
        for step in self.steps:
            for name in step[2]:
                readers.setdefault(name, []).append(step[0])
        self.stored = set()
        for op, key, _, out, _ in self.steps:
            joined = op in ("Conv", "Gemm") and readers.get(out, []) in (["PRelu"], ["Add"])
            if op in ("PRelu", "Add") or (op == "Conv" and not joined):
                self.stored.add(out)
                self.p[key + "t"] = torch.nn.Parameter(torch.tensor(0.05))
                self.p[key + "z"] = torch.nn.Parameter(torch.tensor(float(2 ** (bits - 1))))

    def forward(self, x, quantized):
        values = {self.input: x}
        for op, key, inputs, out, extra in self.steps:
            a = values[inputs[0]]
            if op in ("Conv", "Gemm"):
                weight = self.p[key + "w"]
                if quantized:
                    weight = fake_quantize_weight(weight, self.p[key + "s"], 2 ** (self.bits - 1) - 1)
                if op == "Gemm":
                    y = F.linear(a, weight, self.p[key + "b"])
                else:
                    pads = extra["pads"]
                    y = F.conv2d(a, weight, self.p[key + "b"], extra["strides"], pads[:2], extra["dilations"], extra["group"])
            elif op == "PRelu":
                y = F.prelu(a, self.p[key + "a"])
            elif op == "Add":
                y = a + values[inputs[1]]
            elif op == "Flatten":
                y = a.flatten(1)
            else:
                y = a - extra if op == "Sub" else a * extra
            if quantized and out in self.stored:
                y = fake_quantize(y, self.p[key + "t"], self.p[key + "z"], 2**self.bits - 1)
            values[out] = y
        return values[self.output]


def main():
    path, batch, steps, bits = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    torch.set_num_threads(int(sys.argv[5]) if len(sys.argv) > 5 else 2)
    torch.manual_seed(1)
    network, teacher = Network(path, bits), Network(path, bits)
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-5)
    images = torch.randint(0, 256, (batch, 3, 112, 112)).float()
    seconds = []
    for step in range(steps + 2):
        start = time.perf_counter()
        with torch.no_grad():
            wanted = F.normalize(teacher(images, False))
        found = F.normalize(network(images, True))
        loss = 1 - (wanted * found).sum(1).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step >= 2:  # the first ones allocate
            seconds.append(time.perf_counter() - start)
    print("%.2f" % (batch / float(np.median(seconds))))


if __name__ == "__main__":
    main()
