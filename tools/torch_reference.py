"""PyTorch definition of paydirt's AC-GANs and of one training step.

This is the other side of three comparisons: the golden vectors (test/golden/make_golden.py), the
benchmark (bench/torch_step.py) and the checkpoint check (tools/load_checkpoint.py). The state_dict()
keys of AcGan are the tensor names of a paydirt checkpoint. Works with PyTorch 1.13 and later.
"""
import copy
from contextlib import contextmanager
from typing import Callable, Dict, Iterator, NamedTuple, Optional, Tuple

import torch
import torch.nn as nn
import torch.nn.functional as F

from torch_draws import (AUGMENTATIONS, DROPOUT, DROPOUT_CONFIDENCE, DROPOUT_SCORING, DROPOUT_STRONG, DROPOUT_TURNED,  # noqa: F401
                         MIX, STRONG, TURN, Draws, Dropout, augmented, turned)
from torch_files import load_named_arrays, named_arrays, read_safetensors, write_safetensors  # noqa: F401
from torch_networks import MODELS, AcGan, Widths, init_weights, start_weights  # noqa: F401

LOSS_NAMES = ("d_adv", "d_cls_real", "d_cls_fake", "g_adv", "g_cls", "mean_d")
GUESS_NAMES = ("d_guess", "sure")       # with Consistency
ROTATION_NAMES = ("d_rotation", "g_rotation")


class Loss(NamedTuple):
    """Of each real's logit, of each fake's in the D step and in the G step; and what goes with it (src/nn/loss.c)."""
    real: Callable[[torch.Tensor], torch.Tensor]
    fake: Callable[[torch.Tensor], torch.Tensor]
    generator: Callable[[torch.Tensor], torch.Tensor]
    penalty: float = 0.0
    critic_steps: int = 1
    lr: float = 2e-4
    betas: Tuple[float, float] = (0.5, 0.999)


LOSSES = {
    "gan": Loss(lambda l: F.softplus(-l), F.softplus, lambda l: F.softplus(-l)),
    "wgan-gp": Loss(lambda l: -l, lambda l: l, lambda l: -l, penalty=10.0, critic_steps=5, lr=1e-4, betas=(0.0, 0.9)),
    "hinge": Loss(lambda l: F.relu(1 - l), lambda l: F.relu(1 + l), lambda l: -l),
}


class Gold(NamedTuple):
    """How GOLD's weights are made (eq. 4, 5)."""
    beta_d: float = 1.0
    balanced: bool = False
    normalised: bool = False
    clip: float = 0.0
    broadcast: bool = False     # the real/fake loss as its public code has it: losses (N, 1) times weights (N)
    epsilon: float = 0.0        # log(p + epsilon)


class Consistency(NamedTuple):
    """On unlabelled reals (src/gan/consistency.c)."""
    weight: float = 0.0                 # 0: none
    augment: Tuple[str, ...] = ("translation", "cutout")
    threshold: float = 0.95
    align: bool = False


class Options(NamedTuple):
    """Of a step, as struct pd_step_options."""
    lambda_c: float = 0.1
    match_labels: bool = False          # the class loss on fakes in the places of the labelled reals alone
    fake_confidence: bool = False       # the class loss of each fake times p(its class), by the averaged D where there is one
    separate_forwards: bool = False     # D once more for the weights, G once more for its own step
    gold: Gold = Gold()
    loss: str = "gan"
    ema: float = 0.0                    # decay of G's averaged weights; 0: none
    ema_d: float = 0.0                  # and of D's
    labelled_weight: float = 1.0        # of a labelled real in the logit's loss
    consistency: Consistency = Consistency()
    rotation: float = 0.0               # weights of the rotation losses (SS-GAN), of reals in the D step; of fakes in the G step
    rotation_g: float = 0.0
    augment: Tuple[str, ...] = ()       # names of AUGMENTATIONS
    top_k: int = 0                      # fakes that G learns from; 0: all


def gold_score(logit: torch.Tensor, cls: torch.Tensor, c: torch.Tensor, epsilon: float = 0.0) -> torch.Tensor:
    """d = l(x) + log D_C(c|x) of generated samples, detached (GOLD, eq. 3)."""
    if epsilon:
        return (logit + (F.softmax(cls, 1).gather(1, c[:, None]).squeeze(1) + epsilon).log()).detach()
    return (logit + F.log_softmax(cls, 1).gather(1, c[:, None]).squeeze(1)).detach()


def balanced_score(logit: torch.Tensor, cls: torch.Tensor, c: torch.Tensor) -> torch.Tensor:
    """The same with sigma_m / sigma_k before log D_C, over the batch (eq. 4)."""
    k = F.log_softmax(cls, 1).gather(1, c[:, None]).squeeze(1)
    return (logit + logit.std() / k.std() * k).detach()


def gold_weight(logit: torch.Tensor, cls: torch.Tensor, c: torch.Tensor, gold: Gold) -> torch.Tensor:
    """sign(d) |d|^beta; on request divided by its mean size, then no larger than `clip`."""
    d = balanced_score(logit, cls, c) if gold.balanced else gold_score(logit, cls, c, gold.epsilon)
    size = d.abs() ** gold.beta_d
    if gold.normalised:
        size = size / size.mean()
    if gold.clip > 0:
        size = size.clamp(max=gold.clip)
    return torch.sign(d) * size


def d_losses(d: nn.Module, real: torch.Tensor, labels: torch.Tensor, fake: torch.Tensor, c: torch.Tensor,
             use_gold: bool, o: Options, averaged: Optional[torch.Tensor] = None) -> Tuple[torch.Tensor, ...]:
    """d_adv without a penalty, d_cls_real, d_cls_fake (with lambda_c), mean_d, and the class logits of the reals. Reals
    and fakes are two forwards. averaged: class logits of the fakes by the averaged D."""
    l_r, cls_r = d(real)
    l_f, cls_f = d(fake)
    l_w, cls_w = forward_without_gradient(d, fake) if o.separate_forwards else (l_f, cls_f)
    score = gold_score(l_w, cls_w, c, o.gold.epsilon)
    w = gold_weight(l_w, cls_w, c, o.gold) if use_gold else torch.ones_like(score)
    mask = (labels >= 0).to(l_r.dtype)
    ce_real = F.cross_entropy(cls_r, labels.clamp(min=0), reduction="none")
    ce_fake = F.cross_entropy(cls_f, c, reduction="none")
    each = LOSSES[o.loss].fake(l_f)
    each_real = 1 + (o.labelled_weight - 1) * mask
    adv = (each_real * LOSSES[o.loss].real(l_r)).sum() / each_real.sum() + ((each[:, None] if o.gold.broadcast else each) * w).mean()
    if o.fake_confidence:
        p = (cls_w if averaged is None else averaged).detach().softmax(1)
        w = w * p.gather(1, c[:, None]).squeeze(1)
    cls_real = (mask * ce_real).sum() / mask.sum().clamp(min=1)
    cls_fake = (mask * w * ce_fake).sum() / mask.sum().clamp(min=1) if o.match_labels else (w * ce_fake).mean()
    cls_fake = o.lambda_c * cls_fake
    return adv, cls_real, cls_fake, score.mean(), cls_r


def add_rotation_head(d: nn.Module) -> None:
    """As the other heads are."""
    head = nn.Linear(d.logit.in_features, 4)
    d.rotation = nn.utils.spectral_norm(head) if hasattr(d.logit, "weight_u") else head


def guess_loss(d: nn.Module, real: torch.Tensor, changed: torch.Tensor, labels: torch.Tensor, class_logits: torch.Tensor,
               of_late: torch.Tensor, o: Consistency) -> Tuple[torch.Tensor, torch.Tensor]:
    """FixMatch's loss (Sohn et al. 2020, eq. 4) of unlabelled reals that were changed strongly, and the fraction that
    counts; of_late, the classes' mean p so far, is moved (Berthelot et al. 2020)."""
    p = class_logits.detach().softmax(1)
    unlabelled = (labels < 0).to(p.dtype)
    if o.align:
        now = (unlabelled[:, None] * p).sum(0) / unlabelled.sum().clamp(min=1)
        p = p / of_late.clamp(min=1e-6)
        p = p / p.sum(1, keepdim=True)
        if unlabelled.any():
            of_late.add_(0.01 * (now - of_late))
    best, guess = p.max(1)
    counts = unlabelled * (best > o.threshold).to(p.dtype)
    n = unlabelled.sum().clamp(min=1)
    with frozen_statistics(d):
        said = d(changed)[1]
    return o.weight * (counts * F.cross_entropy(said, guess, reduction="none")).sum() / n, counts.sum() / n


def forward_without_gradient(d: nn.Module, x: torch.Tensor) -> Tuple[torch.Tensor, torch.Tensor]:
    """In training, as any other: a power iteration, running statistics, dropout of its own."""
    with torch.no_grad():
        return d(x)


def gradient_penalty(d: nn.Module, real: torch.Tensor, fake: torch.Tensor, draws: Draws) -> torch.Tensor:
    """(|gradient of the logit| - 1)^2 at places between reals and fakes, mean (Gulrajani et al. 2017)."""
    t = draws.uniform(MIX, (len(real),) + (1,) * (real.dim() - 1), real.dtype)
    between = (fake + t * (real - fake)).requires_grad_()
    (gradient,) = torch.autograd.grad(d(between)[0].sum(), between, create_graph=True)
    length = (gradient.flatten(1).square().sum(1) + 1e-12).sqrt()
    return (length - 1).square().mean()


def g_losses(d: nn.Module, fake: torch.Tensor, c: torch.Tensor, o: Options) -> Tuple[torch.Tensor, ...]:
    """g_adv, g_cls, and the logits: weights are 1 (beta_G = 0)."""
    l_f, cls_f = d(fake)
    if o.top_k:
        top = l_f.detach().topk(o.top_k).indices
        return LOSSES[o.loss].generator(l_f[top]).mean(), F.cross_entropy(cls_f[top], c[top]), l_f.detach()
    return LOSSES[o.loss].generator(l_f).mean(), F.cross_entropy(cls_f, c), l_f.detach()


@contextmanager
def frozen_statistics(network: nn.Module) -> Iterator[None]:
    """A forward pass through which gradients go: no power iteration, and running statistics as they were."""
    norms = [m for m in network.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
    spectral = [m for m in network.modules() if hasattr(m, "weight_u")]
    momenta = [m.momentum for m in norms]
    for m in norms:
        m.momentum = 0.0
    for m in spectral:
        m.eval()
    yield
    for m, momentum in zip(norms, momenta):
        m.momentum = momentum
    for m in spectral:
        m.train()


@contextmanager
def frozen(*networks: nn.Module) -> Iterator[None]:
    """A forward pass that only looks: batch statistics as in training, no power iteration, and running
    statistics as they were."""
    buffers = [(b, b.clone()) for network in networks for b in network.buffers()]
    spectral = [m for network in networks for m in network.modules() if hasattr(m, "weight_u")]
    for m in spectral:
        m.eval()
    with torch.no_grad():
        yield
        for b, old in buffers:
            b.copy_(old)
    for m in spectral:
        m.train()


class Trainer:
    """The steps of `paydirt train`: the fake batch is made once, D is updated, then judges it again for G; with a loss
    of several critic steps the last of so many updates G. With more (z, c) than reals the most real-looking are trained
    on. `margin` is the narrowest lead of a sample taken, by D's logit, over one left out. `ema` is what is kept of G.
    With a seed the random numbers inside a step are paydirt's of that seed."""

    def __init__(self, gan: AcGan, options: Options = Options(), adam_options: Optional[dict] = None,
                 seed: Optional[int] = None):
        self.loss = LOSSES[options.loss]
        adam = dict(dict(lr=self.loss.lr, betas=self.loss.betas, eps=1e-8), **(adam_options or {}))
        self.g, self.d, self.o = gan.g, gan.d, options
        self.steps, self.updates, self.margin, self.draws = 0, 0, float("inf"), Draws(seed)
        self.ema = {k: t.clone() for k, t in self._state(self.g).items()} if options.ema else {}
        self.ema_d = {k: t.clone() for k, t in self._state(self.d).items()} if options.ema_d else {}
        self.averaged = copy.deepcopy(self.d) if options.fake_confidence and options.ema_d else None
        self.of_late = None     # classes' mean p
        self.adam_g = torch.optim.Adam(gan.g.parameters(), **adam)
        self.adam_d = torch.optim.Adam(gan.d.parameters(), **adam)
        self.generate, self.d_losses, self.g_losses = self.g, d_losses, g_losses
        self.d_parameters = list(gan.d.parameters())
        for m in gan.d.modules():
            if isinstance(m, Dropout):
                m.draws = self.draws

    def compile(self, **options) -> None:
        """torch.compile on the three forward parts (and with them on their backward parts). A gradient penalty stays
        as it is: what torch.compile makes cannot be differentiated twice."""
        self.generate = torch.compile(self.generate, **options)
        self.d_losses = torch.compile(d_losses, **options)
        self.g_losses = torch.compile(g_losses, **options)

    def step(self, real: torch.Tensor, labels: torch.Tensor, z: torch.Tensor, c: torch.Tensor,
             gold: bool) -> Tuple[torch.Tensor, ...]:
        """Returns the losses in the order of LOSS_NAMES, GUESS_NAMES, ROTATION_NAMES, as tensors (nothing waits for them);
        NaN where G is not updated, and for what there is not before what there is."""
        self.draws.begin(self.steps)
        self.steps += 1
        full = self.steps % self.loss.critic_steps == 0
        if len(z) > len(real):
            kept = self._most_real(z, c, len(real))
            z, c = z[kept], c[kept]
        with torch.set_grad_enabled(full):
            fake = self.generate(z, c)
        d_adv, d_cls_real, d_cls_fake, mean_d, *more = self._d_step(real, labels, fake.detach(), c, gold)
        if full and self.o.separate_forwards:
            fake = self.generate(z, c)
        none = torch.full_like(d_adv, float("nan"))
        g_adv, g_cls, g_rotation = self._g_step(fake, c) if full else (none,) * 3
        if self.o.rotation:
            more = ([] if self.o.consistency.weight else [none] * 2) + more + [none if g_rotation is None else g_rotation]
        self._average(self.ema_d, self._state(self.d), self.o.ema_d, self.steps)
        return tuple(t.detach() for t in (d_adv, d_cls_real, d_cls_fake, g_adv, g_cls, mean_d, *more))

    def _d_step(self, real: torch.Tensor, labels: torch.Tensor, fake: torch.Tensor, c: torch.Tensor,
                gold: bool) -> Tuple[torch.Tensor, ...]:
        original = real
        real, fake = (augmented(x, self.o.augment, self.draws) for x in (real, fake))
        self.adam_d.zero_grad(set_to_none=True)
        d_adv, d_cls_real, d_cls_fake, mean_d, class_logits = self.d_losses(self.d, real, labels, fake, c, gold, self.o,
                                                                            self._averaged_logits(fake))
        if self.loss.penalty:
            d_adv = d_adv + self.loss.penalty * gradient_penalty(self.d, real, fake, self.draws)
        guess = self._guess(original, labels, class_logits) if self.o.consistency.weight else ()
        rotation = (self._rotation_loss(real, self.o.rotation),) if self.o.rotation else ()
        sum((d_adv, d_cls_real, d_cls_fake) + guess[:1] + rotation).backward()
        self.adam_d.step()
        return (d_adv, d_cls_real, d_cls_fake, mean_d) + guess + rotation

    def _rotation_loss(self, x: torch.Tensor, weight: float) -> torch.Tensor:
        """Of a head of D that says by how much images, as D was shown them, were turned (Chen et al. 2019, eq. 4, 5)."""
        quarters = self.draws.classes(TURN, len(x), 4)
        self.draws.dropout = DROPOUT_TURNED
        with frozen_statistics(self.d):
            features = torch.flatten(self.d.trunk(turned(x, quarters)), 1)
        self.draws.dropout = DROPOUT
        return weight * F.cross_entropy(self.d.rotation(features), quarters)

    def _averaged_logits(self, fake: torch.Tensor) -> Optional[torch.Tensor]:
        """Class logits of the averaged D, by the batch's statistics."""
        if self.averaged is None:
            return None
        self.averaged.load_state_dict(self.ema_d, strict=False)
        self.draws.dropout = DROPOUT_CONFIDENCE
        with frozen(self.averaged):
            logits = self.averaged(fake)[1]
        self.draws.dropout = DROPOUT
        return logits

    def _guess(self, real: torch.Tensor, labels: torch.Tensor, class_logits: torch.Tensor) -> Tuple[torch.Tensor, ...]:
        o = self.o.consistency
        if self.of_late is None:
            self.of_late = torch.full_like(class_logits[0].detach(), 1 / class_logits.shape[1])
        changed = augmented(real, o.augment, self.draws, STRONG)
        self.draws.dropout = DROPOUT_STRONG
        self._note_lead(class_logits, o)
        out = guess_loss(self.d, real, changed, labels, class_logits, self.of_late, o)
        self.draws.dropout = DROPOUT
        return out

    def _g_step(self, fake: torch.Tensor, c: torch.Tensor) -> Tuple[Optional[torch.Tensor], ...]:
        self.adam_g.zero_grad(set_to_none=True)
        self._d_requires_grad(False)        # no weight gradients of D in the generator step
        shown = augmented(fake, self.o.augment, self.draws)
        g_adv, g_cls, logit = self.g_losses(self.d, shown, c, self.o)
        if self.o.top_k:
            self._note_margin(logit, self.o.top_k)
        rotation = self._rotation_loss(shown, self.o.rotation_g) if self.o.rotation_g else None
        (g_adv + g_cls if rotation is None else g_adv + g_cls + rotation).backward()
        self._d_requires_grad(True)
        self.adam_g.step()
        self.updates += 1
        self._average(self.ema, self._state(self.g), self.o.ema, self.updates)
        return g_adv, g_cls, rotation

    def _most_real(self, z: torch.Tensor, c: torch.Tensor, n: int) -> torch.Tensor:
        """Adversarial sampling (ALCG, section 3.2): which n of the candidates D takes for real soonest, in their
        order."""
        self.draws.dropout = DROPOUT_SCORING
        with frozen(self.g, self.d):
            logit = self.d(self.g(z, c))[0]
        self.draws.dropout = DROPOUT
        self._note_margin(logit, n)
        return logit.topk(n).indices.sort().values

    def _note_lead(self, class_logits: torch.Tensor, o: Consistency) -> None:
        """How far a guess is from one that does not count, or is another."""
        p = class_logits.detach().softmax(1)
        if o.align:
            p = p / self.of_late.clamp(min=1e-6)
            p = p / p.sum(1, keepdim=True)
        best, next_best = p.topk(2).values.unbind(1)
        self.margin = min(self.margin, float((best - o.threshold).abs().min()), float((best - next_best).min()))

    def _note_margin(self, logit: torch.Tensor, n: int) -> None:
        top = logit.topk(n + 1).values
        self.margin = min(self.margin, float(top[n - 1] - top[n]))

    @staticmethod
    def _average(averages: Dict[str, torch.Tensor], now: Dict[str, torch.Tensor], decay: float, t: int) -> None:
        """Update t moves the averages with decay min(decay, (t - 1) / (t + 9)); a power iteration's vectors are those of
        the weights now."""
        decay = min(decay, (t - 1) / (t + 9))
        for name, average in averages.items():
            direction = name.endswith(("weight_u", "weight_v"))
            average.copy_(now[name] if direction else now[name] + decay * (average - now[name]))

    @staticmethod
    def _state(network: nn.Module) -> Dict[str, torch.Tensor]:
        """Everything that it stores."""
        return {k: t.detach() for k, t in network.state_dict().items() if not k.endswith("num_batches_tracked")}

    def _d_requires_grad(self, on: bool) -> None:
        for p in self.d_parameters:
            p.requires_grad_(on)
