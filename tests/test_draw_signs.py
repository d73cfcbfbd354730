"""Signs beside easy-read texts: each word has one, none is like another, none needs colour, and each says what it shows."""

from __future__ import annotations

import html
import io

import docx
import numpy as np
import pytest
from matplotlib.image import imread
from plain import rows

from synthesis.drawing.canvas import plotted
from synthesis.evidence.schema import vocabularies
from synthesis.packs.contents import build_packs
from synthesis.packs.pages import pack_page
from synthesis.packs.signs import SIGN_SIDE, SIGNS, sign, sign_alt, sign_files
from synthesis.packs.word import pack_docx


@pytest.fixture(scope="module")
def packs(evidence):
    return build_packs(evidence, themes=["T2"])


def grey(name: str) -> np.ndarray:
    return imread(io.BytesIO(sign_files(name)[1]))[..., :3] @ [0.2126, 0.7152, 0.0722]


def test_every_word_has_a_sign_and_says_what_it_shows():
    assert list(SIGNS) == list(vocabularies()["easy_picture"])
    for name in SIGNS:
        assert len(sign_alt(name).split()) >= 5
        assert sign_alt(name) in html.unescape(sign_files(name)[0])


@pytest.mark.parametrize("name", SIGNS)
def test_a_sign_fills_its_square_and_stays_in_it(name):
    ax = sign(name)
    assert plotted(ax)["name"].item() == name
    dark = grey(name) < 0.5
    assert 0.05 < dark.mean() < 0.6
    assert not (dark[0].any() or dark[-1].any() or dark[:, 0].any() or dark[:, -1].any())
    figure = ax.get_figure(root=True)
    assert figure is not None and tuple(figure.get_size_inches() * 72) == (SIGN_SIDE, SIGN_SIDE)


def test_no_sign_looks_like_another_in_grey():
    pictures = {name: grey(name) for name in SIGNS}
    for one in SIGNS:
        for other in SIGNS:
            assert one == other or np.abs(pictures[one] - pictures[other]).mean() > 0.03, (one, other)


def test_signs_stand_on_first_lines_and_every_theme_has_one():
    signed = [row for row in rows("easy_read") if row["picture"]]
    assert {row["position"] for row in signed} == {"1"}
    assert {"T1", "T2", "T3", "T4", "T5"} <= {row["target_id"] for row in signed}


def test_signs_stand_in_easy_read_alone_with_their_alternative_text(packs):
    standard, easy = packs
    named = [easy.themes[0].picture, *(each.picture for each in easy.themes[0].statements)]
    assert all(named)
    page = pack_page(easy)
    drawn = docx.Document(io.BytesIO(pack_docx(easy))).inline_shapes
    told = [each._inline.docPr.get("descr") for each in drawn]
    for name in set(named):
        assert page.count(f'<img alt="{sign_alt(name)}"') == told.count(sign_alt(name)) == named.count(name)
    assert not any(sign_alt(name) in pack_page(standard) for name in SIGNS)
    assert len(docx.Document(io.BytesIO(pack_docx(standard))).inline_shapes) == 1
