"""Networks in PyTorch against paydirt's, and PyTorch's arrays; skipped where there is no PyTorch."""
import unittest

import numpy as np

import paydirt

try:
    import torch
except ImportError:
    raise SystemExit(print("[  SKIPPED ] 1 test(s): no PyTorch")) from None

RNG = np.random.default_rng(7)
N = 96
LABELS = np.arange(N) % 3
TOLERANCE = 1e-4


def trained(model):
    if model == "mlp":
        data = RNG.normal(size=(N, 2)).astype("f4")
    else:
        data = RNG.integers(0, 256, (N, 1 if model == "infogan" else 3, 16, 16), dtype=np.uint8)
    return paydirt.train(data, LABELS, model=model, epochs=12, threads=1, min_epoch=N, batch=32, width=0.1, size=16, seed=2,
                         lr=0.005, progress=False)


class Torch(unittest.TestCase):
    def test_six_networks(self):
        for model in ("mlp", "infogan", "acgan", "dcgan", "sngan", "wgan-gp"):
            gan = trained(model)
            for origin in ("real", "fake"):
                m = gan.to_torch(origin=origin)
                for n in (1, 64):
                    z, c = RNG.normal(size=(n, gan.z_dim)).astype("f4"), np.arange(n) % 3
                    ours = gan.sample(c, z=z, dtype="float32", channels_first=True)
                    with torch.no_grad():
                        theirs = m.g(torch.from_numpy(z), torch.from_numpy(c)).numpy()
                        # D on images that 8 bits hold, as score takes them
                        x = ours if model == "mlp" else (np.rint((ours + 1) * 127.5) / 127.5 - 1).astype("f4")
                        logit, classes = m.d(torch.from_numpy(x))
                    self.assertGreater(np.abs(ours).max(), 0.3 if n > 1 else 0, "has learnt nothing that a comparison would see")
                    self.assertLess(np.abs(ours - theirs).max(), TOLERANCE, model)
                    s = gan.score(x if model == "mlp" else np.rint((x + 1) * 127.5).astype("u1"), c, origin=origin)
                    self.assertLess(np.abs(s.logit - logit.numpy()).max(), TOLERANCE, model)
                    self.assertLess(np.abs(s.class_logits - classes.numpy()).max(), TOLERANCE, model)

    def test_tensors_are_taken_without_a_copy(self):
        from paydirt._arrays import floats
        t = torch.randn(50, 4)
        self.assertEqual(floats(t, "t").ctypes.data, t.data_ptr())
        weights = torch.randn(50, 4, requires_grad=True)
        expected = paydirt.select(class_logits=weights.detach().numpy(), strategy="entropy", k=7)
        for same in (weights, weights.double(), weights.t().contiguous().t()):
            np.testing.assert_array_equal(paydirt.select(class_logits=same, strategy="entropy", k=7), expected)
        half = weights.bfloat16()
        np.testing.assert_array_equal(paydirt.select(class_logits=half, strategy="entropy", k=7),
                                      paydirt.select(class_logits=half.float(), strategy="entropy", k=7))
        with self.assertRaisesRegex(paydirt.UsageError, "sparse"):
            paydirt.select(class_logits=weights.detach().to_sparse(), strategy="entropy", k=7)

    def test_loader_workers_select(self):
        """They are forked from a process that has used OpenMP's threads."""
        class Rows(torch.utils.data.Dataset):
            def __getitem__(self, i):
                x = np.random.default_rng(i).normal(size=(20000, 4)).astype("f4")
                return int(paydirt.select(class_logits=x, strategy="entropy", k=1)[0])

            def __len__(self):
                return 2

        expected = [Rows()[i] for i in range(2)]
        got = [int(b) for b in torch.utils.data.DataLoader(Rows(), num_workers=1, batch_size=1, timeout=60)]
        self.assertEqual(got, expected)


if __name__ == "__main__":
    unittest.main()
