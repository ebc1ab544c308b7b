"""Trains the demo's network (examples/digits.py) for some steps; prints one JSON object. Run by compare.py under each peer.

usage: training.py STEPS FOLDER [sample]

The object holds "step": the median seconds of a training step after the
first ten, and with "sample" the seconds of both samplers, "ddim" and "ddpm".
"""

import importlib.util
import json
import os
import statistics
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
WARM_UP = 10


def load_demo():
    path = os.path.join(HERE, "..", "..", "examples", "digits.py")
    spec = importlib.util.spec_from_file_location("digits", path)
    demo = importlib.util.module_from_spec(spec)
    sys.modules["digits"] = demo
    spec.loader.exec_module(demo)
    return demo


class Clock:
    """Stands in for the demo's progress bar: notes when each step ended."""

    moments = []

    def __init__(self, title, total, start=0, stream=None):
        pass

    def update(self, done, loss=None):
        self.moments.append(time.perf_counter())

    def stop(self):
        pass


def main(steps, folder, sample):
    demo = load_demo()
    demo.Progress = Clock
    demo.torch.set_num_threads(2)
    train_data, _ = demo.load_data(None, demo.parse_arguments([]).csv)
    config = demo.Config(size=train_data[0].shape[-1], steps=steps)
    sys.stdout = sys.stderr  # the demo reports its progress; standard output is for the figures
    model, _ = demo.train(config, train_data, os.path.join(folder, "bench.ckpt"), False)
    ends = Clock.moments[WARM_UP:]
    figures = {"step": statistics.median(after - before for before, after in zip(ends, ends[1:]))}
    if sample:
        labels = demo.torch.arange(demo.CLASSES).repeat_interleave(config.per_class)
        for name, sampler, count in (("ddim", demo.ddim, config.ddim_steps), ("ddpm", demo.ddpm, config.timesteps)):
            _, _, figures[name] = demo.sample(name, sampler(model, config, labels), count, labels)
    print(json.dumps(figures), file=sys.__stdout__)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], "sample" in sys.argv[3:])
