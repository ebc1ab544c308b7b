"""Trains a diffusion model on handwritten digits, draws digits with it and measures how good they are.

Runs unchanged under Hiss and under CPython with PyTorch:

    build/hiss examples/digits.py --out out
    python3 examples/digits.py --out out

Training: noise prediction (Ho, Jain and Abbeel 2020) with class labels dropped now and then, so that sampling can be guided
(Ho and Salimans 2022). Sampling: DDIM (Song, Meng and Ermon 2021) and DDPM from the averaged weights of the same network.
"""

import argparse
import csv
import gzip
import json
import math
import os
import struct
import sys
import time
import zlib
from dataclasses import asdict, dataclass

import torch
import torch.nn as nn
import torch.nn.functional as F

CLASSES = 10
NO_CLASS = CLASSES  # the row of the class embedding that stands for "any digit"
HERE = os.path.dirname(os.path.abspath(__file__))


class UserError(Exception):
    """Something the person at the keyboard can put right; shown as one line without a traceback."""


@dataclass
class Config:
    """What a checkpoint must agree on with the program that reads it, and the length of the run."""

    size: int = 8
    channels: int = 32
    timesteps: int = 1000
    beta_first: float = 1e-4
    beta_last: float = 0.02
    steps: int = 2000
    batch: int = 128
    seed: int = 0
    learning_rate: float = 2e-3
    warmup: int = 100
    ema: float = 0.995
    drop_class: float = 0.1
    guidance: float = 2.0
    ddim_steps: int = 50
    per_class: int = 10
    classifier_steps: int = 400


# Data


def read_gzip(path):
    """The bytes of a file, unpacked when it is gzip; files whose name promises gzip must be."""
    try:
        with open(path, "rb") as file:
            raw = file.read()
    except FileNotFoundError:
        raise UserError(f"data file {path} does not exist") from None
    except OSError as error:
        raise UserError(f"data file {path} cannot be read: {error.strerror}") from None
    if not raw:
        raise UserError(f"data file {path} is empty")
    if raw[:2] != b"\x1f\x8b":
        if path.endswith(".gz"):
            raise UserError(f"data file {path} is not a gzip file")
        return raw
    try:
        return gzip.decompress(raw)
    except EOFError:
        raise UserError(f"data file {path} is truncated") from None
    except (OSError, zlib.error) as error:
        raise UserError(f"data file {path} is damaged: {error}") from None


def read_csv(path):
    """Images (n, 1, 8, 8) between -1 and 1 and labels (n,) of the UCI digits: 64 pixels of 0..16, then the label."""
    text = read_gzip(path).decode("ascii", errors="replace")
    pixels, labels = [], []
    for number, row in enumerate(csv.reader(text.splitlines()), 1):
        try:
            values = [int(value) for value in row]
        except ValueError:
            raise UserError(f"data file {path}, line {number}: not a number") from None
        if len(values) != 65:
            raise UserError(f"data file {path}, line {number}: expected 65 numbers, found {len(values)}")
        if not 0 <= values[64] < CLASSES:
            raise UserError(f"data file {path}, line {number}: label {values[64]} is out of range 0..{CLASSES - 1}")
        pixels.append(values[:64])
        labels.append(values[64])
    if not labels:
        raise UserError(f"data file {path} is empty")
    images = torch.tensor(pixels, dtype=torch.float32).reshape(-1, 1, 8, 8) / 8 - 1
    return images, torch.tensor(labels)


def read_idx(path, magic, dimensions):
    """The sizes and bytes of an IDX file of unsigned bytes."""
    data = read_gzip(path)
    header = 4 + 4 * dimensions
    if len(data) < header:
        raise UserError(f"data file {path} is truncated: {len(data)} bytes are no IDX header")
    found, *sizes = struct.unpack(f">{1 + dimensions}I", data[:header])
    if found != magic:
        raise UserError(f"data file {path} has the wrong magic number {found}, expected {magic}")
    if len(data) - header < math.prod(sizes):
        raise UserError(f"data file {path} is truncated: {len(data) - header} bytes where {math.prod(sizes)} are declared")
    if math.prod(sizes) == 0:
        raise UserError(f"data file {path} holds no items")
    return sizes, data[header : header + math.prod(sizes)]


def read_mnist_part(folder, part):
    """Images and labels of one part, or None when the folder has no such files."""
    try:
        names = sorted(os.listdir(folder))
    except OSError as error:
        raise UserError(f"data folder {folder} cannot be read: {error.strerror}") from None
    found = []
    for kind in ("images-idx3-ubyte", "labels-idx1-ubyte"):
        matching = [name for name in names if name.endswith((f"{part}-{kind}", f"{part}-{kind}.gz"))]
        found.append(os.path.join(folder, matching[0]) if matching else None)
    if found == [None, None]:
        return None
    for path, kind in zip(found, ("images-idx3-ubyte", "labels-idx1-ubyte")):
        if path is None:
            raise UserError(f"data folder {folder} has no file {part}-{kind}.gz")
    (count, height, width), pixels = read_idx(found[0], 2051, 3)
    (label_count,), labels = read_idx(found[1], 2049, 1)
    if count != label_count:
        raise UserError(f"{found[0]} has {count} images, but {found[1]} has {label_count} labels")
    if height != width or height % 2:
        raise UserError(f"{found[0]} has images of {height}x{width}; they must be square with an even side")
    if max(labels) >= CLASSES:
        raise UserError(f"data file {found[1]}: label {max(labels)} is out of range 0..{CLASSES - 1}")
    images = torch.frombuffer(bytearray(pixels), dtype=torch.uint8).reshape(count, 1, height, width)
    return images.float() / 127.5 - 1, torch.tensor(list(labels))


def load_data(mnist, csv_path):
    """((training images, labels), (held-back images, labels))."""
    if mnist is None:
        images, labels = read_csv(csv_path)
    else:
        train = read_mnist_part(mnist, "train")
        if train is None:
            raise UserError(f"data folder {mnist} has no file train-images-idx3-ubyte.gz")
        test = read_mnist_part(mnist, "t10k") or read_mnist_part(mnist, "test")
        if test is not None:
            return train, test
        images, labels = train
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(1))
    half = (len(labels) + 1) // 2
    return (images[order[:half]], labels[order[:half]]), (images[order[half:]], labels[order[half:]])


def batches(images, labels, batch, seed, start=0):
    """Endless batches; every epoch is its own permutation, so that a run can go on from any step."""
    batch = min(batch, len(labels))
    per_epoch = len(labels) // batch
    step = start
    while True:
        epoch, first = divmod(step, per_epoch)
        order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(seed * 1_000_003 + epoch))
        for i in range(first, per_epoch):
            chosen = order[i * batch : (i + 1) * batch]
            yield images[chosen], labels[chosen]
            step += 1


# Network


class ResidualBlock(nn.Module):
    """Two convolutions with the time and class embedding added between them."""

    def __init__(self, inputs, outputs, embedding):
        super().__init__()
        self.norm1 = nn.GroupNorm(8, inputs)
        self.conv1 = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.project = nn.Linear(embedding, outputs)
        self.norm2 = nn.GroupNorm(8, outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1)
        self.skip = nn.Conv2d(inputs, outputs, 1) if inputs != outputs else nn.Identity()

    def forward(self, x, embedding):
        h = self.conv1(F.silu(self.norm1(x)))
        h = h + self.project(embedding)[:, :, None, None]
        h = self.conv2(F.silu(self.norm2(h)))
        return self.skip(x) + h


class Attention(nn.Module):
    """Self-attention over the positions of the picture."""

    def __init__(self, channels, heads=4):
        super().__init__()
        self.heads = heads
        self.norm = nn.GroupNorm(8, channels)
        self.qkv = nn.Conv2d(channels, 3 * channels, 1)
        self.out = nn.Conv2d(channels, channels, 1)

    def forward(self, x):
        n, c, h, w = x.shape
        qkv = self.qkv(self.norm(x)).reshape(n, 3, self.heads, c // self.heads, h * w).transpose(3, 4)
        attended = F.scaled_dot_product_attention(qkv[:, 0], qkv[:, 1], qkv[:, 2])
        return x + self.out(attended.transpose(2, 3).reshape(n, c, h, w))


class Denoiser(nn.Module):
    """A U-Net with one smaller level that predicts the noise in x at time t, given the class."""

    def __init__(self, channels):
        super().__init__()
        embedding = 4 * channels
        self.channels = channels
        self.time = nn.Sequential(nn.Linear(channels, embedding), nn.SiLU(), nn.Linear(embedding, embedding))
        self.label = nn.Embedding(CLASSES + 1, embedding)
        self.first = nn.Conv2d(1, channels, 3, padding=1)
        self.down1 = ResidualBlock(channels, channels, embedding)
        self.shrink = nn.Conv2d(channels, 2 * channels, 3, stride=2, padding=1)
        self.middle1 = ResidualBlock(2 * channels, 2 * channels, embedding)
        self.attention = Attention(2 * channels)
        self.middle2 = ResidualBlock(2 * channels, 2 * channels, embedding)
        self.grow = nn.Conv2d(2 * channels, channels, 3, padding=1)
        self.up1 = ResidualBlock(2 * channels, channels, embedding)
        self.norm = nn.GroupNorm(8, channels)
        self.last = nn.Conv2d(channels, 1, 3, padding=1)

    def time_waves(self, t):
        half = self.channels // 2
        frequencies = torch.exp(torch.arange(half) * (-math.log(10000.0) / half))
        angles = t.float()[:, None] * frequencies[None, :]
        return torch.cat([angles.sin(), angles.cos()], dim=1)

    def forward(self, x, t, label):
        embedding = F.silu(self.time(self.time_waves(t)) + self.label(label))
        skip = self.down1(self.first(x), embedding)
        h = self.middle1(self.shrink(skip), embedding)
        h = self.middle2(self.attention(h), embedding)
        h = self.grow(F.interpolate(h, scale_factor=2.0, mode="nearest"))
        h = self.up1(torch.cat([h, skip], dim=1), embedding)
        return self.last(F.silu(self.norm(h)))


class Classifier(nn.Module):
    """A small convolutional classifier; its last hidden layer is the space of the Fréchet distance."""

    def __init__(self, size, features=32):
        super().__init__()
        self.convolutions = nn.Sequential(
            nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(),
            nn.Conv2d(16, 32, 3, stride=2, padding=1), nn.ReLU(),
            nn.Flatten(),
            nn.Linear(32 * (size // 2) ** 2, features), nn.ReLU(),
        )  # fmt: skip
        self.head = nn.Linear(features, CLASSES)

    def forward(self, x):
        return self.head(self.convolutions(x))


# Training


class Progress:
    """A bar with loss, rate and time left on a terminal; a plain line now and then when redirected."""

    def __init__(self, title, total, start=0, stream=None):
        self.title, self.total, self.start = title, total, start
        self.stream = sys.stdout if stream is None else stream
        self.terminal = self.stream.isatty()
        self.began = self.shown = time.perf_counter()
        self.every = max(1, total // 20)

    def update(self, done, loss=None):
        now = time.perf_counter()
        last = done == self.total
        if self.terminal:
            if now - self.shown < 0.1 and not last:
                return
        elif done % self.every and not last:
            return
        self.shown = now
        rate = (done - self.start) / max(now - self.began, 1e-9)
        left = (self.total - done) / max(rate, 1e-9)
        parts = [f"{done}/{self.total}"]
        if loss is not None:
            parts.append(f"loss {loss:.4f}")
        parts += [f"{rate:.1f}/s", f"{int(left) // 60}:{int(left) % 60:02d} left"]
        if self.terminal:
            filled = 24 * done // self.total
            text = f"\r{self.title} |{'█' * filled}{'·' * (24 - filled)}| " + "  ".join(parts)
            self.stream.write(text + "\x1b[K" + ("\n" if last else ""))
        else:
            self.stream.write(f"{self.title} " + "  ".join(parts) + "\n")
        self.stream.flush()

    def stop(self):
        if self.terminal:
            self.stream.write("\n")
            self.stream.flush()


def alpha_products(config):
    """The products of 1 - beta: how much of the picture's power is left at each time."""
    betas = torch.linspace(config.beta_first, config.beta_last, config.timesteps, dtype=torch.float64)
    return torch.cumprod(1 - betas, dim=0)


def save_checkpoint(path, config, step, model, ema, optimizer):
    """Written under another name first: a crash leaves the old checkpoint or the new one, never half of one."""
    state = {
        "config": asdict(config),
        "step": step,
        "model": model.state_dict(),
        "ema": ema.state_dict(),
        "optimizer": optimizer.state_dict(),
        "random": torch.get_rng_state(),
    }
    temporary = f"{path}.{os.getpid()}.tmp"
    try:
        torch.save(state, temporary)
        os.replace(temporary, path)
    finally:
        if os.path.exists(temporary):
            os.unlink(temporary)


def load_checkpoint(path, config, model, ema, optimizer):
    """Puts a checkpoint's state into place and returns the number of steps it has behind it."""
    if not os.path.exists(path):
        raise UserError(f"checkpoint {path} does not exist")
    try:
        state = torch.load(path)
        for name in ("size", "channels", "timesteps"):
            if state["config"][name] != getattr(config, name):
                raise UserError(f"checkpoint {path} was made with {name} {state['config'][name]}, this run has {getattr(config, name)}")
        model.load_state_dict(state["model"])
        ema.load_state_dict(state["ema"])
        optimizer.load_state_dict(state["optimizer"])
        torch.set_rng_state(state["random"])
        return state["step"]
    except UserError:
        raise
    except Exception as error:  # whatever a damaged file leads to, the file is what the person must look at
        reason = str(error).strip().split("\n")[0]
        raise UserError(f"checkpoint {path} is damaged or not a checkpoint of this program: {reason}") from None


def train(config, data, checkpoint, resume):
    """Trains and returns the network with averaged weights and the losses of the steps done here."""
    torch.manual_seed(config.seed)
    model = Denoiser(config.channels)
    ema = Denoiser(config.channels).requires_grad_(False)
    ema.load_state_dict(model.state_dict())
    optimizer = torch.optim.Adam(model.parameters(), lr=config.learning_rate)
    start = load_checkpoint(checkpoint, config, model, ema, optimizer) if resume else 0
    parameters = sum(p.numel() for p in model.parameters())
    print(f"training: {len(data[1])} digits, {parameters} parameters, steps {start}..{config.steps}", flush=True)

    products = alpha_products(config)
    signal, noise_level = products.sqrt().float(), (1 - products).sqrt().float()
    progress = Progress("train", config.steps, start)
    losses = []
    step = start
    stream = batches(*data, config.batch, config.seed, start)
    try:
        while step < config.steps:
            images, labels = next(stream)
            n = len(labels)
            t = torch.randint(0, config.timesteps, (n,))
            noise = torch.randn_like(images)
            labels = torch.where(torch.rand(n) < config.drop_class, NO_CLASS, labels)
            noisy = signal[t][:, None, None, None] * images + noise_level[t][:, None, None, None] * noise
            loss = F.mse_loss(model(noisy, t, labels), noise)

            for group in optimizer.param_groups:
                group["lr"] = config.learning_rate * min(1.0, (step + 1) / config.warmup)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            decay = min(config.ema, (step + 1) / (step + 10))
            with torch.no_grad():
                for average, weight in zip(ema.parameters(), model.parameters()):
                    average.lerp_(weight, 1 - decay)
            step += 1
            losses.append(loss.item())
            progress.update(step, losses[-1])
    except KeyboardInterrupt:
        progress.stop()
        save_checkpoint(checkpoint, config, step, model, ema, optimizer)
        print(f"interrupted after step {step}; {checkpoint} is saved, --resume goes on from it", file=sys.stderr, flush=True)
        raise
    save_checkpoint(checkpoint, config, step, model, ema, optimizer)
    return ema.eval(), losses


def train_classifier(config, train_data, held_back):
    """Trains the judge on the real training digits and prints how well it does on the ones held back."""
    torch.manual_seed(config.seed + 1)
    model = Classifier(config.size)
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    stream = batches(*train_data, 64, config.seed + 1)
    for step in range(config.classifier_steps):
        images, labels = next(stream)
        loss = F.cross_entropy(model(images + 0.2 * torch.randn_like(images)), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        right = (model(held_back[0]).argmax(dim=1) == held_back[1]).float().mean().item()
    print(f"classifier: {100 * right:.1f} % of {len(held_back[1])} held-back digits right", flush=True)
    return model


# Sampling


@torch.no_grad()
def predict_noise(model, x, t, labels, guidance):
    """The network's noise; guided: away from the prediction without a class, towards the one with it."""
    times = torch.full((len(x),), t, dtype=torch.int64)
    if guidance == 1.0:
        return model(x, times, labels)
    anything = torch.full_like(labels, NO_CLASS)
    both = model(torch.cat([x, x]), torch.cat([times, times]), torch.cat([labels, anything]))
    with_class, without = both.chunk(2)
    return without + guidance * (with_class - without)


def ddim(model, config, labels):
    """Yields (t, x_t) from pure noise to t = 0 in a few deterministic steps."""
    products = alpha_products(config).tolist()
    times = [round(t) for t in torch.linspace(config.timesteps - 1, 0, config.ddim_steps, dtype=torch.float64).tolist()]
    x = torch.randn(len(labels), 1, config.size, config.size)
    for i, t in enumerate(times):
        yield t + 1, x
        noise = predict_noise(model, x, t, labels, config.guidance)
        here, there = products[t], products[times[i + 1]] if i + 1 < len(times) else 1.0
        clean = ((x - math.sqrt(1 - here) * noise) / math.sqrt(here)).clamp(-1, 1)
        noise = (x - math.sqrt(here) * clean) / math.sqrt(1 - here)
        x = math.sqrt(there) * clean + math.sqrt(1 - there) * noise
    yield 0, x


def ddpm(model, config, labels):
    """Yields (t, x_t) from pure noise to t = 0, one step of the reversed chain at a time."""
    products = alpha_products(config).tolist()
    x = torch.randn(len(labels), 1, config.size, config.size)
    for t in reversed(range(config.timesteps)):
        yield t + 1, x
        noise = predict_noise(model, x, t, labels, 1.0)
        here, before = products[t], products[t - 1] if t else 1.0
        alpha = here / before
        clean = ((x - math.sqrt(1 - here) * noise) / math.sqrt(here)).clamp(-1, 1)
        mean = math.sqrt(before) * (1 - alpha) / (1 - here) * clean + math.sqrt(alpha) * (1 - before) / (1 - here) * x
        x = mean + math.sqrt((1 - before) / (1 - here) * (1 - alpha)) * torch.randn_like(x) if t else mean
    yield 0, x


def sample(title, sampler, steps, labels, keep=11):
    """Runs a sampler to its end; returns the pictures, a few moments of the path and the seconds it took."""
    progress = Progress(title, steps)
    began = time.perf_counter()
    moments = {round(i * steps / (keep - 1)) for i in range(keep)}
    path = []
    for i, (t, x) in enumerate(sampler):
        if i in moments:
            path.append(x[::len(labels) // 10])  # the first of each class
        if i:
            progress.update(i)
    return x, path, time.perf_counter() - began


# Measuring


def matrix_square_root(matrix, iterations=60):
    """The root of a symmetric positive definite matrix by the coupled Newton-Schulz iteration."""
    scale = matrix.norm()
    identity = torch.eye(len(matrix), dtype=matrix.dtype)
    y, z = matrix / scale, identity
    for _ in range(iterations):
        step = (3 * identity - torch.matmul(z, y)) / 2
        y, z = torch.matmul(y, step), torch.matmul(step, z)
        if (step - identity).abs().max().item() < 1e-12:
            break
    return y * scale.sqrt()


def frechet_distance(a, b):
    """Between normal distributions fitted to two sets of feature vectors."""
    ridge = 1e-6 * torch.eye(a.shape[1], dtype=torch.float64)
    means, covariances = [], []
    for features in (a.double(), b.double()):
        mean = features.mean(dim=0)
        centred = features - mean
        means.append(mean)
        covariances.append(torch.matmul(centred.t(), centred) / (len(features) - 1) + ridge)
    root = matrix_square_root(covariances[0])
    product = torch.matmul(torch.matmul(root, covariances[1]), root)
    cross = matrix_square_root((product + product.t()) / 2 + ridge * 1e-6)
    between = (means[0] - means[1]).square().sum()
    return (between + torch.trace(covariances[0]) + torch.trace(covariances[1]) - 2 * torch.trace(cross)).item()


@torch.no_grad()
def judge(classifier, pictures, labels, held_back):
    """(share assigned to the wanted class, Fréchet distance to the held-back digits)."""
    right = (classifier(pictures).argmax(dim=1) == labels).float().mean().item()
    return right, frechet_distance(classifier.convolutions(pictures), classifier.convolutions(held_back[0]))


# Pictures


def write_png(path, rows, width):
    """A grey PNG; under another name until it is complete."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    body = b"".join(b"\0" + row for row in rows)
    png = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, len(rows), 8, 0, 0, 0, 0))
    png += chunk(b"IDAT", zlib.compress(body, 9)) + chunk(b"IEND", b"")
    temporary = f"{path}.{os.getpid()}.tmp"
    try:
        with open(temporary, "wb") as file:
            file.write(png)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        if os.path.exists(temporary):
            os.unlink(temporary)


def write_grid(path, pictures, columns, scale=6, gap=1):
    """Pictures (n, 1, side, side) as a grid, row after row, each pixel drawn as a square of scale x scale."""
    n, _, side, _ = pictures.shape
    cells = F.pad((pictures.clamp(-1, 1) + 1) / 2, (gap, gap, gap, gap), value=0.25)
    side += 2 * gap
    grid = cells.reshape(n // columns, columns, side, side).permute(0, 2, 1, 3).reshape(n // columns * side, columns * side)
    grid = (grid * 255).round().to(torch.uint8).repeat_interleave(scale, dim=0).repeat_interleave(scale, dim=1)
    write_png(path, [bytes(row) for row in grid.tolist()], grid.shape[1])


# Program


def whole_number(text):
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{value} is not positive")
    return value


def parse_arguments(arguments):
    parser = argparse.ArgumentParser(prog="digits.py", description="Train a diffusion model on handwritten digits and sample from it.")
    parser.add_argument("--csv", default=os.path.join(HERE, "..", "data", "uci-digits-8x8.csv.gz"), metavar="FILE", help="UCI digits (default: the copy in data/)")
    parser.add_argument("--mnist", metavar="DIR", help="read IDX files, gzip or not, from DIR instead")
    parser.add_argument("--steps", type=whole_number, default=Config.steps, help="training steps (default %(default)s)")
    parser.add_argument("--batch", type=whole_number, default=Config.batch, help="digits per step (default %(default)s)")
    parser.add_argument("--seed", type=int, default=Config.seed, help="start of the random numbers (default %(default)s)")
    parser.add_argument("--out", default=".", metavar="DIR", help="folder for the pictures (default: here)")
    parser.add_argument("--checkpoint", metavar="FILE", help="default: digits.ckpt in the folder for the pictures")
    parser.add_argument("--resume", action="store_true", help="go on from the checkpoint")
    parser.add_argument("--quick", action="store_true", help="a very short run that only shows that everything works")
    parser.add_argument("--train-only", action="store_true", help="stop after training")
    parser.add_argument("--losses", metavar="FILE", help="write the training losses as JSON")
    parser.add_argument("--threads", type=whole_number, default=2, help="threads of the tensor operations (default %(default)s)")
    return parser.parse_args(arguments)


def prepare_folder(path):
    """Makes the folder and finds out before the work, not after, whether files can be written there."""
    probe = os.path.join(path, f".digits.{os.getpid()}.tmp")
    try:
        os.makedirs(path, exist_ok=True)
        with open(probe, "wb"):
            pass
        os.unlink(probe)
    except OSError as error:
        raise UserError(f"cannot write to the folder {path}: {error.strerror}") from None


def run(options):
    prepare_folder(options.out)
    checkpoint = options.checkpoint or os.path.join(options.out, "digits.ckpt")
    prepare_folder(os.path.dirname(checkpoint) or ".")
    torch.set_num_threads(options.threads)
    began = time.perf_counter()
    train_data, held_back = load_data(options.mnist, options.csv)
    config = Config(size=train_data[0].shape[-1], steps=options.steps, batch=options.batch, seed=options.seed)
    if options.quick:
        config.steps, config.timesteps, config.ddim_steps, config.classifier_steps = min(config.steps, 20), 20, 5, 30

    model, losses = train(config, train_data, checkpoint, options.resume)
    if options.losses:
        with open(options.losses, "w", encoding="utf-8") as file:
            json.dump(losses, file)
    if options.train_only:
        return

    classifier = train_classifier(config, train_data, held_back)
    labels = torch.arange(CLASSES).repeat_interleave(config.per_class)
    torch.manual_seed(config.seed + 2)
    table = []
    for name, sampler, steps in (("DDIM", ddim, config.ddim_steps), ("DDPM", ddpm, config.timesteps)):
        pictures, path, seconds = sample(name.lower(), sampler(model, config, labels), steps, labels)
        table.append((name, steps, seconds, *judge(classifier, pictures, labels, held_back)))
        if name == "DDIM":
            write_grid(os.path.join(options.out, "digits.png"), pictures, config.per_class)
        else:
            moments = torch.stack(path, dim=1)
            write_grid(os.path.join(options.out, "denoising.png"), moments.flatten(0, 1), moments.shape[1])

    print()
    print(f"{'sampler':8} {'steps':>6} {'seconds':>8} {'as wanted':>10} {'Fréchet':>8}")
    for name, steps, seconds, right, distance in table:
        print(f"{name:8} {steps:6d} {seconds:8.2f} {100 * right:8.1f} % {distance:8.3f}")
    print(f"\n{os.path.join(options.out, 'digits.png')} and denoising.png are written; {time.perf_counter() - began:.1f} s in all")


def main(arguments=None):
    options = parse_arguments(arguments)
    try:
        run(options)
    except KeyboardInterrupt:
        return 130
    except UserError as error:
        print(f"digits.py: error: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"digits.py: error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
