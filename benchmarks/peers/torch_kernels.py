#!/usr/bin/env python3
"""The kernels of `glance-engine bench kernels`, computed by PyTorch on the same machine.

Same names, same shapes, same arithmetic on random inputs that no cache holds, measured by CUDA
events (on a CPU by its clock): median, least and greatest of several rounds after warm-up.

    python3 benchmarks/peers/torch_kernels.py --json torch.json
    java -jar target/glance-engine.jar bench kernels --device cuda --peer torch.json

Needs PyTorch 2.4 or newer. `--list` only prints the names and needs nothing.
"""

import argparse
import json
import math
import re
import statistics
import sys
import time

IMAGE_TOKENS, QWEN_TEXT, FLUX_TEXT = 4096, 64, 512
HIDDEN, HEADS, HEAD_DIM, MLP, LATENT_CHANNELS = 3072, 24, 128, 12288, 64
QWEN_TOKENS, FLUX_TOKENS = IMAGE_TOKENS + QWEN_TEXT, IMAGE_TOKENS + FLUX_TEXT
RANKS, LORA_TOKENS = (16, 32, 64), (1024, 4096, 16384)
GRADIENT_RANK = 32
ADAPTER_MATRICES, ADAPTER_RANK = 2 * 12 * 60, 32

ROTATION_BYTES = 256 << 20
MOST_SETS = 8
WARM_UP_SECONDS = 0.05
SAMPLE_SECONDS = 2e-3
MOST_RUNS = 200


class Scale:
    """Sizes divided by shrink, as glance.roofline.Scale does it."""

    def __init__(self, shrink):
        self.shrink = shrink

    def count(self, full):
        return max(1, full // self.shrink)

    def width(self, full):
        return max(1, full // self.shrink // 16) * 16

    def head_dim(self, full):
        return max(64, full // self.shrink)

    def channels(self, full):
        return max(1, full // self.shrink // 8) * 8

    def side(self, full):
        return max(4, full // self.shrink)


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


def linear(i, tokens, inner, out, after=None, bias=False):
    x, w = i.random(1, tokens, inner), i.weight(out, inner)
    b = i.random(out) if bias else None
    f = i.torch.nn.functional
    if after == "gelu":
        return lambda: f.gelu(f.linear(x, w, b), approximate="tanh")
    if after == "silu":
        return lambda: f.silu(f.linear(x, w, b))
    if after == "gate":
        gate, residual = i.random(1, 1, out), i.random(1, tokens, out)
        return lambda: residual + gate * f.linear(x, w, b)
    return lambda: f.linear(x, w, b)


def linear_input(i, tokens, inner, out):
    dy, w = i.random(tokens, out), i.weight(out, inner)
    a, b = i.weight(GRADIENT_RANK, inner), i.weight(out, GRADIENT_RANK)
    return lambda: i.torch.addmm(dy @ w, dy @ b, a)


def linear_factors(i, tokens, inner, out):
    x, dy = i.random(tokens, inner), i.random(tokens, out)
    a, b = i.weight(GRADIENT_RANK, inner), i.weight(out, GRADIENT_RANK)
    return lambda: ((dy @ b).t() @ x, dy.t() @ (x @ a.t()))


def lora_unfused(i, tokens, inner, out, rank):
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


def channels_last(i, side, channels):
    return i.random(1, side, side, channels).permute(0, 3, 1, 2)


def conv2d(i, side, channels):
    x = channels_last(i, side, channels)
    w = i.weight(channels, channels, 3, 3).contiguous(memory_format=i.torch.channels_last)
    b = i.random(channels)
    return lambda: i.torch.nn.functional.conv2d(x, w, b, padding=1)


def groupnorm_silu(i, side, channels):
    x, w, b = channels_last(i, side, channels), i.random(channels), i.random(channels)
    f = i.torch.nn.functional
    return lambda: f.silu(f.group_norm(x, min(32, channels), w, b, 1e-6))


def channelnorm_silu(i, side, channels):
    x, w = i.random(1, side * side, channels), i.random(channels)
    f = i.torch.nn.functional
    return lambda: f.silu(f.rms_norm(x, (channels,), w, 1e-6))


def upsample(i, side, channels):
    x = channels_last(i, side, channels)
    return lambda: i.torch.nn.functional.interpolate(x, scale_factor=2, mode="nearest")


def adamw(i, count, numel):
    parameters = [i.floats(numel).requires_grad_() for _ in range(count)]
    for p in parameters:
        p.grad = i.floats(numel)
    i.bytes += 2 * count * numel * 4  # its moments
    fused = i.device != "cpu"
    optimizer = i.torch.optim.AdamW(parameters, lr=3e-4, weight_decay=0.01, fused=fused)
    return optimizer.step


def rows(scale):
    """Name and maker of each row, in the order of the engine's table; no maker: cannot be done."""
    hidden, mlp = scale.width(HIDDEN), scale.width(MLP)
    image = scale.count(IMAGE_TOKENS)
    qwen, flux = scale.count(QWEN_TOKENS), scale.count(FLUX_TOKENS)
    heads, head_dim = scale.count(HEADS), scale.head_dim(HEAD_DIM)
    words = [scale.count(QWEN_TEXT), scale.count(FLUX_TEXT)]

    for tokens in map(scale.count, LORA_TOKENS):
        for out in (hidden, mlp):
            sizes = (tokens, hidden, out)
            shape = "x".join(map(str, sizes))
            yield f"lora.plain.{shape}", lambda i, s=sizes: linear(i, *s)
            yield f"lora.merged.{shape}", lambda i, s=sizes: linear(i, *s)
            for rank in RANKS:
                yield (
                    f"lora.unfused.r{rank}.{shape}",
                    lambda i, s=sizes, r=rank: lora_unfused(i, *s, r),
                )
                yield f"lora.fused.r{rank}.{shape}", None

    for sizes in (
        (qwen, hidden, hidden),
        (qwen, hidden, mlp),
        (qwen, mlp, hidden),
        (flux, hidden, hidden),
        (flux, hidden, mlp),
        (flux, scale.width(HIDDEN + MLP), hidden),
        (words[0], hidden, mlp),
        (words[1], hidden, mlp),
    ):
        yield f"linear.plain.{'x'.join(map(str, sizes))}", lambda i, s=sizes: linear(i, *s)
    up, down = (qwen, hidden, mlp), (qwen, mlp, hidden)
    for after, sizes in (("bias", up), ("gelu", up), ("silu", up), ("gate", down)):
        yield (
            f"linear.{after}.{'x'.join(map(str, sizes))}",
            lambda i, s=sizes, a=after: linear(i, *s, after=a, bias=True),
        )
    yield (
        f"linear.input.r{GRADIENT_RANK}.{'x'.join(map(str, up))}",
        lambda i: linear_input(i, *up),
    )
    yield (
        f"linear.factors.r{GRADIENT_RANK}.{'x'.join(map(str, up))}",
        lambda i: linear_factors(i, *up),
    )

    yield (
        f"attention.forward.1x{qwen}x{heads}x{head_dim}",
        lambda i: attention(i, 1, qwen, heads, head_dim),
    )
    yield (
        f"attention.forward.1x{flux}x{heads}x{head_dim}",
        lambda i: attention(i, 1, flux, heads, head_dim),
    )
    yield (
        f"attention.masked.2x{qwen}x{heads}x{head_dim}",
        lambda i: attention(i, 2, qwen, heads, head_dim, text=words[0]),
    )
    yield (
        f"attention.backward.1x{qwen}x{heads}x{head_dim}",
        lambda i: attention_backward(i, 1, qwen, heads, head_dim),
    )

    for text in words:
        yield (
            f"headnorm.rope.{text}+{image}x{heads}x{head_dim}",
            lambda i, t=text: headnorm_rope(i, t, image, heads, head_dim),
        )
    for tokens in (image, flux):
        yield (
            f"layernorm.modulate.{tokens}x{hidden}",
            lambda i, t=tokens: layernorm_modulate(i, t, hidden),
        )

    latent = scale.width(LATENT_CHANNELS)
    yield f"copy.{image}x{mlp}", lambda i: copy(i, image, mlp)
    yield f"gate.residual.{image}x{hidden}", lambda i: gate_residual(i, image, hidden)
    yield f"gelu.{image}x{mlp}", lambda i: activation(i, image, mlp, "gelu")
    yield f"silu.{image}x{mlp}", lambda i: activation(i, image, mlp, "silu")
    yield f"guided.euler.{image}x{latent}", lambda i: guided_euler(i, image, latent)

    def picture(full_side, full_channels):
        side, channels = scale.side(full_side), scale.channels(full_channels)
        return f"{side}x{side}x{channels}", (side, channels)

    for decoder, full_side, full_channels in (
        ("kl", 128, 512),
        ("kl", 512, 256),
        ("kl", 1024, 128),
        ("qwen", 256, 384),
        ("qwen", 1024, 96),
    ):
        shape, sizes = picture(full_side, full_channels)
        yield f"conv2d.{decoder}.{shape}", lambda i, s=sizes: conv2d(i, *s)
    shape, norm_sizes = picture(1024, 128)
    yield f"groupnorm.silu.{shape}", lambda i: groupnorm_silu(i, *norm_sizes)
    shape, channel_sizes = picture(1024, 96)
    yield f"channelnorm.silu.{shape}", lambda i: channelnorm_silu(i, *channel_sizes)
    shape, small_sizes = picture(512, 256)
    yield f"upsample.{shape}", lambda i: upsample(i, *small_sizes)

    count, numel = scale.count(ADAPTER_MATRICES), ADAPTER_RANK * hidden
    yield f"adamw.{count}x{numel}", lambda i: adamw(i, count, numel)


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


def measure(torch, device, dtype, make, scale, rounds):
    """Microseconds of one run in each round."""
    calls = []
    rotation = ROTATION_BYTES // scale.shrink**2
    while True:
        inputs = Inputs(torch, device, dtype)
        calls.append(make(inputs))
        if len(calls) >= min(MOST_SETS, 1 + rotation // max(1, inputs.bytes)):
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


def row(torch, device, dtype, name, make, scale, rounds):
    if make is None:
        return {"name": name, "timing": None, "problem": "PyTorch has no such kernel"}
    try:
        micros = measure(torch, device, dtype, make, scale, rounds)
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
    parser.add_argument("--shrink", type=int, default=1, help="divide all sizes, for a trial")
    parser.add_argument("--device", default="cuda", choices=("cuda", "cpu"))
    parser.add_argument("--dtype", default="bf16", choices=("bf16", "f32"))
    parser.add_argument("--json", metavar="FILE", help="write the rows there")
    return parser.parse_args()


def main():
    options = parse_arguments()
    scale = Scale(options.shrink)
    chosen = [
        (name, make)
        for name, make in rows(scale)
        if options.only is None or re.search(options.only, name)
    ]
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
        "shrink": options.shrink,
        "rounds": options.rounds,
        "rows": [],
    }
    for name, make in chosen:
        with torch.set_grad_enabled(name.startswith("attention.backward")):
            result = row(torch, options.device, dtype, name, make, scale, options.rounds)
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
