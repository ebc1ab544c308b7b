"""examples/digits.py under Hiss: the same losses as under PyTorch, a short run of everything, and bad input."""

import gzip
import json
import os
import pathlib
import signal
import struct
import subprocess
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
HISS = os.environ.get("HISS", str(ROOT / "build" / "hiss"))
SCRIPT = str(ROOT / "examples" / "digits.py")


class DigitsTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def execute(self, *arguments):
        command = [HISS, SCRIPT, "--out", str(self.folder), *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, timeout=600)

    def succeed(self, *arguments):
        done = self.execute(*arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done

    def check_message(self, done, *parts):
        """One line that says what is wrong, no traceback, exit status 1."""
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertTrue(done.stderr.startswith("digits.py: error: "), done.stderr)
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        for part in parts:
            self.assertIn(str(part), done.stderr)


class Losses(DigitsTest):
    def test_first_fifty_agree_with_pytorch(self):
        golden = json.loads((ROOT / "tests" / "examples" / "digits_losses.json").read_text())["losses"]
        file = self.folder / "losses.json"
        self.succeed("--steps", len(golden), "--train-only", "--losses", file)
        losses = json.loads(file.read_text())
        self.assertEqual(len(losses), len(golden))
        for step, (ours, theirs) in enumerate(zip(losses, golden)):
            self.assertLess(abs(ours - theirs), 1e-4 * theirs, f"step {step}: {ours} under Hiss, {theirs} under PyTorch")


class ShortRun(DigitsTest):
    def test_writes_pictures_and_prints_the_table(self):
        done = self.succeed("--quick")
        for name in ("digits.png", "denoising.png"):
            picture = (self.folder / name).read_bytes()
            self.assertEqual(picture[:8], b"\x89PNG\r\n\x1a\n")
            width, height = struct.unpack(">II", picture[16:24])
            self.assertGreater(min(width, height), 100)
        for word in ("DDIM", "DDPM", "classifier:", "20/20"):
            self.assertIn(word, done.stdout)
        self.assertNotIn("\r", done.stdout)
        self.assertEqual([p.name for p in self.folder.iterdir() if "tmp" in p.name], [])


class Checkpoints(DigitsTest):
    def test_resumed_run_goes_on_as_if_never_stopped(self):
        whole, rest = self.folder / "whole.json", self.folder / "rest.json"
        self.succeed("--steps", 4, "--train-only", "--losses", whole)
        self.succeed("--steps", 2, "--train-only")
        self.succeed("--steps", 4, "--train-only", "--resume", "--losses", rest)
        self.assertEqual(json.loads(whole.read_text())[2:], json.loads(rest.read_text()))

    def test_interrupt_leaves_a_usable_checkpoint(self):
        command = [HISS, SCRIPT, "--out", str(self.folder), "--steps", "100000", "--train-only"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.assertIn("training:", process.stdout.readline())
        time.sleep(1.5)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130, errors)
        self.assertIn("interrupted after step", errors)
        step = int(errors.split("interrupted after step ")[1].split(";")[0])
        done = self.succeed("--steps", step + 1, "--train-only", "--resume")
        self.assertIn(f"steps {step}..{step + 1}", done.stdout)

    def test_cut_in_half(self):
        self.succeed("--steps", 1, "--train-only")
        path = self.folder / "digits.ckpt"
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        self.check_message(self.execute("--steps", 2, "--train-only", "--resume"), path, "damaged")

    def test_missing(self):
        self.check_message(self.execute("--resume"), "does not exist")


class BadData(DigitsTest):
    def check_csv(self, content, *parts):
        path = self.folder / "data.csv.gz"
        if content is not None:
            path.write_bytes(content)
        self.check_message(self.execute("--csv", path), path, *parts)

    def test_missing(self):
        self.check_csv(None, "does not exist")

    def test_empty(self):
        self.check_csv(b"", "is empty")

    def test_truncated(self):
        whole = (ROOT / "data" / "uci-digits-8x8.csv.gz").read_bytes()
        self.check_csv(whole[: len(whole) // 2], "is truncated")

    def test_not_gzip(self):
        self.check_csv(b"1,2,3\n", "is not a gzip file")

    def test_damaged(self):
        whole = bytearray((ROOT / "data" / "uci-digits-8x8.csv.gz").read_bytes())
        whole[1000:1100] = b"x" * 100
        self.check_csv(bytes(whole), "is damaged")

    def test_words_instead_of_numbers(self):
        self.check_csv(gzip.compress(b"one,two\n"), "line 1", "not a number")

    def test_line_too_short(self):
        self.check_csv(gzip.compress(b"1,2,3\n"), "line 1", "expected 65 numbers, found 3")

    def check_idx(self, images, labels, *parts):
        (self.folder / "train-images-idx3-ubyte.gz").write_bytes(gzip.compress(images))
        (self.folder / "train-labels-idx1-ubyte.gz").write_bytes(gzip.compress(labels))
        self.check_message(self.execute("--mnist", self.folder), *parts)

    IMAGES = struct.pack(">4I", 2051, 2, 8, 8) + bytes(128)
    LABELS = struct.pack(">2I", 2049, 2) + bytes([3, 4])

    def test_wrong_magic(self):
        self.check_idx(struct.pack(">I", 2052) + self.IMAGES[4:], self.LABELS, "wrong magic number 2052, expected 2051")

    def test_label_out_of_range(self):
        self.check_idx(self.IMAGES, self.LABELS[:-1] + b"\x0b", "label 11 is out of range")

    def test_images_cut_short(self):
        self.check_idx(self.IMAGES[:-1], self.LABELS, "is truncated")

    def test_more_labels_than_images(self):
        self.check_idx(self.IMAGES, struct.pack(">2I", 2049, 3) + bytes(3), "2 images", "3 labels")

    def test_folder_without_files(self):
        self.check_message(self.execute("--mnist", self.folder), "has no file train-images-idx3-ubyte.gz")


class Options(DigitsTest):
    def test_unknown_option(self):
        done = self.execute("--no-such-option")
        self.assertEqual(done.returncode, 2)
        self.assertIn("unrecognized arguments: --no-such-option", done.stderr)

    def test_zero_steps(self):
        done = self.execute("--steps", 0)
        self.assertEqual(done.returncode, 2)
        self.assertIn("argument --steps: 0 is not positive", done.stderr)

    def test_output_folder_that_cannot_be_made(self):
        file = self.folder / "file"
        file.write_text("in the way")
        done = self.execute("--out", file / "sub")
        self.check_message(done, "cannot write to the folder")


if __name__ == "__main__":
    unittest.main()
