#!/usr/bin/env python3
"""The kernels of `glance-engine bench kernels`, computed by PyTorch on the same machine.

Same names, same shapes, same arithmetic on random inputs that no cache holds, measured by CUDA
events (on a CPU by its clock): median, least and greatest of several rounds after warm-up.

    python3 benchmarks/peers/torch_kernels.py --json torch.json
    java -jar target/glance-engine.jar bench kernels --device cuda --peer torch.json

The engine has the table: kernels.txt beside this file is what `bench kernels --list` prints, and
the sizes are in the names. For other sizes, `bench kernels --list --shrink 8 > names.txt` and
`--names names.txt`. Needs PyTorch 2.4 or newer; `--list` only prints the names and needs nothing.
"""

import argparse
import json
import math
import pathlib
import re
import statistics
import sys
import time

NAMES = pathlib.Path(__file__).with_name("kernels.txt")

ROTATION_BYTES = 256 << 20
MOST_SETS = 8
WARM_UP_SECONDS = 0.05
SAMPLE_SECONDS = 2e-3
MOST_RUNS = 200


class Inputs:
    """Random tensors of one set of arguments; counts their bytes."""

    def __init__(self, torch, device, dtype):
        self.torch, self.device, self.dtype = torch, device, dtype
        self.bytes = 0

    def random(self, *shape, dtype=None, scale=1.0):
        x = self.torch.empty(*shape, device=self.device, dtype=self.torch.float32)
        x = x.uniform_(-scale, scale).to(dtype or self.dtype)
        self.bytes += x.numel() * x.element_size()
        return x

    def weight(self, *shape):
        return self.random(*shape, scale=1 / math.sqrt(math.prod(shape[1:])))

    def floats(self, *shape):
        return self.random(*shape, dtype=self.torch.float32)


# Each maker takes Inputs and sizes, and gives a function without arguments: one run.


def linear(i, tokens, inner, out, after=None):
    x, w = i.random(1, tokens, inner), i.weight(out, inner)
    b = i.random(out) if after else None
    f = i.torch.nn.functional
    if after == "gelu":
        return lambda: f.gelu(f.linear(x, w, b), approximate="tanh")
    if after == "silu":
        return lambda: f.silu(f.linear(x, w, b))
    if after == "gate":
        gate, residual = i.random(1, 1, out), i.random(1, tokens, out)
        return lambda: residual + gate * f.linear(x, w, b)
    return lambda: f.linear(x, w, b)


def linear_f8(i, tokens, inner, out):
    # torch's product of float8 takes both sides in it: x is quantised in each run, with one scale
    e4m3 = i.torch.float8_e4m3fn
    x, w = i.random(tokens, inner), i.random(out, inner, dtype=e4m3)
    scale = i.torch.full((), 1 / math.sqrt(inner), device=i.device)

    def run():
        of_x = (x.abs().amax() / 448).float()
        return i.torch._scaled_mm(
            (x / of_x).to(e4m3), w.t(), scale_a=of_x, scale_b=scale, out_dtype=i.dtype
        )

    return run


def linear_i8(i, tokens, inner, out):
    # weights are made bf16 in each run, as layers of 8-bit weights in PyTorch do
    x, w = i.random(tokens, inner), i.random(out, inner, dtype=i.torch.int8, scale=127)
    scales = i.random(out, 1)
    return lambda: i.torch.nn.functional.linear(x, w.to(i.dtype) * scales)


def linear_input(i, rank, tokens, inner, out):
    dy, w = i.random(tokens, out), i.weight(out, inner)
    a, b = i.weight(rank, inner), i.weight(out, rank)
    return lambda: i.torch.addmm(dy @ w, dy @ b, a)


def linear_factors(i, rank, tokens, inner, out):
    x, dy = i.random(tokens, inner), i.random(tokens, out)
    a, b = i.weight(rank, inner), i.weight(out, rank)
    return lambda: ((dy @ b).t() @ x, dy.t() @ (x @ a.t()))


def lora_unfused(i, rank, tokens, inner, out):
    x, w = i.random(tokens, inner), i.weight(out, inner)
    a, b = i.weight(rank, inner), i.weight(out, rank)
    f = i.torch.nn.functional
    return lambda: i.torch.addmm(f.linear(x, w), f.linear(x, a), b.t())


def attention(i, batch, tokens, heads, head_dim, text=None):
    # [batch, tokens, heads, headDim] in memory, as the projections leave it
    q, k, v = (i.random(batch, tokens, heads, head_dim).transpose(1, 2) for _ in range(3))
    mask = None
    if text is not None:
        mask = i.torch.ones(batch, 1, 1, tokens, dtype=i.torch.bool, device=i.device)
        mask[1, :, :, 1:text] = False
    sdpa = i.torch.nn.functional.scaled_dot_product_attention
    return lambda: sdpa(q, k, v, attn_mask=mask)


def attention_backward(i, batch, tokens, heads, head_dim):
    q, k, v = (
        i.random(batch, tokens, heads, head_dim).transpose(1, 2).requires_grad_() for _ in range(3)
    )
    dy = i.random(batch, tokens, heads, head_dim).transpose(1, 2)
    y = i.torch.nn.functional.scaled_dot_product_attention(q, k, v)
    return lambda: i.torch.autograd.grad(y, (q, k, v), dy, retain_graph=True)


def headnorm_rope(i, text, image, heads, head_dim):
    streams = [i.random(1, n, heads, head_dim) for n in (text, image)]
    weights = [i.random(head_dim) for _ in streams]
    angles = i.floats(text + image, head_dim // 2)
    turns = i.torch.polar(i.torch.ones_like(angles), angles)[None, :, None, :]
    norm = i.torch.nn.functional.rms_norm

    def run():
        x = i.torch.cat([norm(s, (head_dim,), w, 1e-6) for s, w in zip(streams, weights)], 1)
        pairs = i.torch.view_as_complex(x.float().unflatten(-1, (-1, 2)))
        return i.torch.view_as_real(pairs * turns).flatten(3).to(i.dtype)

    return run


def layernorm_modulate(i, tokens, width):
    x, scale, shift = i.random(1, tokens, width), i.random(1, 1, width), i.random(1, 1, width)
    norm = i.torch.nn.functional.layer_norm
    return lambda: norm(x, (width,), eps=1e-6) * (1 + scale) + shift


def copy(i, tokens, width):
    x = i.random(tokens, width)
    y = i.torch.empty_like(x)
    return lambda: y.copy_(x)


def gate_residual(i, tokens, width):
    residual, gate, y = i.random(1, tokens, width), i.random(1, 1, width), i.random(1, tokens, width)
    return lambda: residual + gate * y


def rotate(i, tokens, width):
    group = 256 if width % 256 == 0 else 16
    x, h = i.random(1, tokens, width), i.random(group, group)
    return lambda: (x.view(-1, group) @ h).view(x.shape)


def activation(i, tokens, width, name):
    x = i.random(1, tokens, width)
    f = i.torch.nn.functional
    return (lambda: f.gelu(x, approximate="tanh")) if name == "gelu" else (lambda: f.silu(x))


def guided_euler(i, tokens, channels):
    x, v, n = (i.random(1, tokens, channels) for _ in range(3))

    def run():
        g = n + 4 * (v - n)
        g = g * (v.norm(dim=-1, keepdim=True) / g.norm(dim=-1, keepdim=True))
        return x - 0.125 * g

    return run


def channels_last(i, height, width, channels):
    return i.random(1, height, width, channels).permute(0, 3, 1, 2)


def conv2d(i, height, width, channels):
    x = channels_last(i, height, width, channels)
    w = i.weight(channels, channels, 3, 3).contiguous(memory_format=i.torch.channels_last)
    b = i.random(channels)
    return lambda: i.torch.nn.functional.conv2d(x, w, b, padding=1)


def groupnorm_silu(i, height, width, channels):
    x, w, b = channels_last(i, height, width, channels), i.random(channels), i.random(channels)
    f = i.torch.nn.functional
    return lambda: f.silu(f.group_norm(x, min(32, channels), w, b, 1e-6))


def channelnorm_silu(i, height, width, channels):
    x, w = i.random(1, height * width, channels), i.random(channels)
    f = i.torch.nn.functional
    return lambda: f.silu(f.rms_norm(x, (channels,), w, 1e-6))


def upsample(i, height, width, channels):
    x = channels_last(i, height, width, channels)
    return lambda: i.torch.nn.functional.interpolate(x, scale_factor=2, mode="nearest")


def adamw(i, count, numel):
    parameters = [i.floats(numel).requires_grad_() for _ in range(count)]
    for p in parameters:
        p.grad = i.floats(numel)
    i.bytes += 2 * count * numel * 4  # its moments
    fused = i.device != "cpu"
    optimizer = i.torch.optim.AdamW(parameters, lr=3e-4, weight_decay=0.01, fused=fused)
    return optimizer.step


# By name, where # is a size; without a maker it cannot be done.
MAKERS = {
    "lora.plain.#x#x#": linear,
    "lora.merged.#x#x#": linear,
    "lora.unfused.r#.#x#x#": lora_unfused,
    "lora.fused.r#.#x#x#": None,
    "linear.plain.#x#x#": linear,
    **{
        f"linear.{after}.#x#x#": lambda i, *sizes, after=after: linear(i, *sizes, after=after)
        for after in ("bias", "gelu", "silu", "gate")
    },
    "linear.f8_e4m3.#x#x#": linear_f8,
    "linear.i8.#x#x#": linear_i8,
    **{f"linear.{weight}.#x#x#": None for weight in ("q8_0", "q4_0", "q4_k")},
    "linear.shared.r#.#x#x#": None,
    "linear.own.r#.#x#x#": None,
    "linear.input.r#.#x#x#": linear_input,
    "linear.factors.r#.#x#x#": linear_factors,
    "attention.forward.#x#x#x#": attention,
    "attention.masked.t#.#x#x#x#": lambda i, text, *sizes: attention(i, *sizes, text=text),
    "attention.backward.#x#x#x#": attention_backward,
    "headnorm.rope.#+#x#x#": headnorm_rope,
    "layernorm.modulate.#x#": layernorm_modulate,
    "copy.#x#": copy,
    "gate.residual.#x#": gate_residual,
    "rotate.#x#": rotate,
    "gelu.#x#": lambda i, *sizes: activation(i, *sizes, "gelu"),
    "silu.#x#": lambda i, *sizes: activation(i, *sizes, "silu"),
    "guided.euler.#x#": guided_euler,
    "conv2d.kl.#x#x#": conv2d,
    "conv2d.qwen.#x#x#": conv2d,
    "groupnorm.silu.#x#x#": groupnorm_silu,
    "channelnorm.silu.#x#x#": channelnorm_silu,
    "upsample.#x#x#": upsample,
    "adamw.#x#": adamw,
}


def maker(name):
    """What makes the arguments of a name, at its sizes; None if it cannot be done."""
    for pattern, make in MAKERS.items():
        match = re.fullmatch(re.escape(pattern).replace(r"\#", r"(\d+)"), name)
        if match:
            sizes = [int(size) for size in match.groups()]
            return make and (lambda i: make(i, *sizes))
    raise KeyError(name)


def elapsed_seconds(torch, device, work):
    """By CUDA events where the device has them."""
    if device == "cpu":
        start = time.perf_counter()
        work()
        return time.perf_counter() - start
    start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    torch.cuda.synchronize()
    start.record()
    work()
    end.record()
    end.synchronize()
    return start.elapsed_time(end) * 1e-3


def measure(torch, device, dtype, make, rounds):
    """Microseconds of one run in each round."""
    calls = []
    while True:
        inputs = Inputs(torch, device, dtype)
        calls.append(make(inputs))
        if len(calls) >= min(MOST_SETS, 1 + ROTATION_BYTES // max(1, inputs.bytes)):
            break

    def run(count):
        for n in range(count):
            calls[n % len(calls)]()

    best, start = math.inf, time.perf_counter()
    while time.perf_counter() - start < WARM_UP_SECONDS or best == math.inf:
        best = min(best, elapsed_seconds(torch, device, lambda: run(1)))
    runs = max(1, min(MOST_RUNS, math.ceil(SAMPLE_SECONDS / best)))
    return [
        elapsed_seconds(torch, device, lambda: run(runs)) * 1e6 / runs for _ in range(rounds)
    ]


def row(torch, device, dtype, name, make, rounds):
    if make is None:
        return {"name": name, "timing": None, "problem": "PyTorch has no such kernel"}
    try:
        micros = measure(torch, device, dtype, make, rounds)
    except (RuntimeError, AttributeError, TypeError) as e:  # out of memory, or an older PyTorch
        return {"name": name, "timing": None, "problem": str(e).splitlines()[0]}
    finally:
        if device != "cpu":
            torch.cuda.empty_cache()
    times = {"median": statistics.median(micros), "min": min(micros), "max": max(micros)}
    return {"name": name, "timing": {"micros": times}, "problem": None}


def parse_arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--list", action="store_true", help="print the names and stop")
    parser.add_argument("--only", metavar="PATTERN", help="rows whose name contains it")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--names", metavar="FILE", type=pathlib.Path, default=NAMES, help="the rows")
    parser.add_argument("--device", default="cuda", choices=("cuda", "cpu"))
    parser.add_argument("--dtype", default="bf16", choices=("bf16", "f32"))
    parser.add_argument("--json", metavar="FILE", help="write the rows there")
    return parser.parse_args()


def main():
    options = parse_arguments()
    names = options.names.read_text(encoding="utf-8").split()
    try:
        chosen = [(n, maker(n)) for n in names if options.only is None or re.search(options.only, n)]
    except KeyError as e:
        print(f"torch_kernels: {options.names}: no kernel is called {e}", file=sys.stderr)
        return 1
    if options.list:
        print("\n".join(name for name, _ in chosen))
        return 0
    try:
        import torch
    except ImportError as e:
        print(f"torch_kernels: {e}; install PyTorch, or use --list", file=sys.stderr)
        return 1
    if options.device == "cuda" and not torch.cuda.is_available():
        print("torch_kernels: PyTorch finds no GPU; use --device cpu", file=sys.stderr)
        return 1
    dtype = torch.bfloat16 if options.dtype == "bf16" else torch.float32
    report = {
        "framework": f"PyTorch {torch.__version__}",
        "device": torch.cuda.get_device_name() if options.device == "cuda" else "cpu",
        "computeType": options.dtype.upper(),
        "rounds": options.rounds,
        "rows": [],
    }
    for name, make in chosen:
        with torch.set_grad_enabled(name.startswith("attention.backward")):
            result = row(torch, options.device, dtype, name, make, options.rounds)
        report["rows"].append(result)
        timing = result["timing"]
        print(f"{name:40} " + (f"{timing['micros']['median']:.2f} us" if timing else result["problem"]))
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(report, file, indent=2)
            file.write("\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
