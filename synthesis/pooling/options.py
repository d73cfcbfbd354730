"""The words that choose a pooling method, checked together: which model, scale, interval, and what goes with what."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from synthesis.evidence.schema import SynthesisError

TRANSFORMS = ("logit", "double-arcsine", "arcsine", "log", "raw")
CONTINUITY_TO = ("only-zero", "all", "if-any-zero", "none")
#: Published ways back from the double arcsine.
BACK_TRANSFORMATIONS = ("harmonic-mean", "inverse-variance", "plain")
TAU2_METHODS = ("reml", "ml", "dl", "pm", "hs", "he", "sj", "eb")
MODELS = ("inverse-variance", "glmm", "beta-binomial")
EFFECTS = ("random", "common")
INTERVALS = ("wald", "t", "hartung-knapp", "hartung-knapp-adhoc", "profile")
TAU2_INTERVALS = ("profile", "none")
PREDICTIONS = ("same", "hts-k2", "hts-k1", "bootstrap", "none")
STUDY_INTERVALS = ("wilson", "clopper-pearson", "agresti-coull", "jeffreys")
#: The interval of each model where none is asked for.
DEFAULT_INTERVAL = {"inverse-variance": "hartung-knapp", "glmm": "t", "beta-binomial": "t"}

_WORDS = {
    "model": MODELS,
    "effects": EFFECTS,
    "transform": TRANSFORMS,
    "tau2": TAU2_METHODS,
    "interval": (None, *INTERVALS),
    "prediction": PREDICTIONS,
    "continuity_to": CONTINUITY_TO,
    "study_interval": STUDY_INTERVALS,
    "back_transformation": BACK_TRANSFORMATIONS,
    "tau2_interval": (None, *TAU2_INTERVALS),
}


@dataclass(frozen=True)
class PoolingOptions:
    """One choice of method; the words and their meaning stand in `pool`. Creating it checks it.

    Raises SynthesisError with everything that is wrong at once.
    """

    model: str = "glmm"
    effects: str = "random"
    transform: str = "logit"
    tau2: str = "reml"
    interval: str | None = None
    prediction: str = "same"
    continuity: float = 0.5
    continuity_to: str = "only-zero"
    study_interval: str = "wilson"
    back_transformation: str = "harmonic-mean"
    level: float = 0.95
    tau2_interval: str | None = None

    def __post_init__(self) -> None:
        wrong = [*self._unknown_words(), *self._wrong_numbers()] or self._what_does_not_go_together()
        if wrong:
            raise SynthesisError(" ".join(wrong))

    @classmethod
    def chosen(cls, **words: Any) -> PoolingOptions:
        """The choice that a call makes; a word that is None is left open.

        A model left open is the GLMM, whose interval held its level best in simulation (coverage, in ``tests/benchmarks``),
        unless another word speaks of the inverse variance.
        """
        if unknown := [name for name in words if name not in cls.__dataclass_fields__]:
            raise SynthesisError(
                f"There is no word {', '.join(map(repr, unknown))}; there are {', '.join(cls.__dataclass_fields__)}."
            )
        given = {name: word for name, word in words.items() if word is not None}
        of_inverse_variance = (
            given.get("transform", "logit") != "logit"
            or "tau2" in given
            or str(given.get("interval", "")).startswith("hartung-knapp")
            or given.get("prediction") == "bootstrap"
            or given.get("continuity", cls.continuity) != cls.continuity
            or given.get("continuity_to", cls.continuity_to) != cls.continuity_to
        )
        return cls(**{"model": "inverse-variance" if of_inverse_variance else "glmm"} | given)

    @property
    def used_interval(self) -> str:
        """The interval that is made: the one asked for, or the model's own."""
        return self.interval or DEFAULT_INTERVAL[self.model]

    @property
    def with_tau2_interval(self) -> bool:
        """Whether tau2 has an interval, which it has unless it is not wanted."""
        return (self.tau2_interval or "profile") == "profile"

    @property
    def random(self) -> bool:
        return self.effects == "random"

    def _unknown_words(self) -> list[str]:
        given = asdict(self)
        return [
            f"{name} is one of {', '.join(filter(None, allowed))}; it is {given[name]!r}."
            for name, allowed in _WORDS.items()
            if given[name] not in allowed
        ]

    def _wrong_numbers(self) -> list[str]:
        wrong = []
        if not 0 < self.level < 1:
            wrong.append(f"The level lies between 0 and 1, such as 0.95; it is {self.level}.")
        if not 0 <= self.continuity < float("inf"):
            wrong.append(f"continuity is 0 or more, such as 0.5; it is {self.continuity}.")
        return wrong

    def _what_does_not_go_together(self) -> list[str]:
        wrong = []
        if self.interval == "profile" and (self.model != "glmm" or not self.random):
            wrong.append("The profile-likelihood interval of the mean is for the glmm with random effects.")
        if self.model == "inverse-variance":
            return wrong
        if self.transform != "logit":
            wrong.append(
                f"The model {self.model} works on the logit scale; transform {self.transform!r} is for inverse-variance."
            )
        if (self.interval or "").startswith("hartung-knapp"):
            wrong.append(f"Hartung and Knapp's interval is for inverse-variance; for {self.model} choose wald or t.")
        if self.prediction == "bootstrap":
            wrong.append("The bootstrap prediction interval is for inverse-variance.")
        return wrong


def without_effect(options: PoolingOptions, words: dict[str, Any]) -> str | None:
    """The sentences on words given in a call that are not used beside the others, or None."""
    given = [name for name, word in words.items() if word is not None and (name == "tau2" or word != getattr(PoolingOptions, name))]  # fmt: skip
    said = [
        f"{' and '.join(unused)} {'has' if len(unused) == 1 else 'have'} no effect: {why}."
        for names, passed_over, why in _passed_over(options)
        if passed_over and (unused := [name for name in names if name in given])
    ]
    return " ".join(said) or None


def _passed_over(options: PoolingOptions) -> list[tuple[tuple[str, ...], bool, str]]:
    """Words, whether this choice of method passes over them, and why."""
    counted, correction = options.model != "inverse-variance", ("continuity", "continuity_to")
    arcsine, nobody = options.transform in ("double-arcsine", "arcsine"), options.continuity_to == "none"
    return [
        (("tau2", *correction), counted, f"{options.model} is fitted to the counts as they are, by maximum likelihood"),
        (("tau2",), not counted and not options.random, "a common effect supposes that studies do not differ"),
        (("tau2_interval",), not options.random or options.model == "beta-binomial", "no tau² is estimated"),
        (correction, not counted and arcsine, f"the {options.transform} needs no continuity correction"),
        (correction[:1], not counted and not arcsine and nobody, "no study receives a continuity correction"),
        (("back_transformation",), options.transform != "double-arcsine", "it is for the double arcsine"),
    ]


def one_of(name: str, word: str, allowed: tuple[str, ...]) -> None:
    """Raise SynthesisError unless `word` is allowed for the argument `name`."""
    if word not in allowed:
        raise SynthesisError(f"{name} is one of {', '.join(allowed)}; it is {word!r}.")
