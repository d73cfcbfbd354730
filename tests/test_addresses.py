"""Addresses as a reader sees them: DOIs first, links to known hosts alone, mirrors as words."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pandas as pd
import pytest

from synthesis import local_brief, read_evidence, recommendation_table, show
from synthesis.briefs.pages import brief_page
from synthesis.briefs.paper import paper
from synthesis.build import _write_themes
from synthesis.evidence import addresses
from synthesis.evidence.addresses import is_mirror, linkable, reader_address
from synthesis.reports.display import html_table

DATA = Path(__file__).parent.parent / "data"


def links_of(page):
    return re.findall(r'<a href="([^"]+)"', page)


@pytest.fixture(scope="module")
def evidence():
    return read_evidence(DATA)


@pytest.mark.parametrize(
    ("address", "link"),
    [
        ("http://47.251.13.51:8081/a", False), ("http://103.247.176.188/a", False), ("http://[::1]/a", False),
        ("https://cricutcom-setup.com/a", False), ("https://m.moam.info/a", False), ("https://dokumen.tips/a", False),
        ("https://doi.org.example.com/10.1/a", False), ("https://gov.uk@103.247.176.188/a", False),
        ("javascript:alert(1)", False), ("https://pubmed-d.ncbi.nlm.nih.gov/1", False), ("https://[broken/a", False),
        ("https://www.gov.uk/a", True), ("https://pubmed.ncbi.nlm.nih.gov/1", True), ("https://doi.org/10.1/a", True),
    ],
)  # fmt: skip
def test_only_known_hosts_are_linked(address, link):
    assert linkable(address) is link


def test_the_doi_leads_and_a_mirror_is_words():
    assert reader_address("http://47.251.13.51:8081/a") == "read on a mirror: 47.251.13.51"
    assert reader_address("https://thejournal.ie/a") == "read on another site: thejournal.ie"
    assert reader_address("https://www.gov.uk/a", "10.1/b") == "https://doi.org/10.1/b"
    assert (
        reader_address("https://zhixidata.com/a", "10.1/b")
        == "https://doi.org/10.1/b (read on a mirror: zhixidata.com)"
    )
    assert reader_address("address not known") == "address not known"


def test_every_mirror_has_its_reason_and_is_on_one_list_only():
    known = tomllib.loads(Path(addresses.__file__).with_name("addresses.toml").read_text(encoding="utf-8"))
    linked = [host for group in known["linked"].values() for host in group]
    assert len(linked) == len(set(linked)) and not set(linked) & set(known["mirrors"])
    assert all(len(reason.split()) > 2 for reason in known["mirrors"].values())


def test_pages_of_themes_tables_and_a_brief_link_known_hosts_only(evidence, tmp_path):
    _write_themes(evidence, tmp_path)
    pages = [path.read_text(encoding="utf-8") for path in (tmp_path / "themes").glob("*.html")]
    derived = [
        frame for path in (DATA / "derived").glob("*.csv") if "source_url" in (frame := pd.read_csv(path, dtype="str"))
    ]
    held = [evidence.findings, evidence.estimates, evidence.associations, evidence.risk_factors, evidence.guide_sources]
    pages += [html_table(show(evidence, frame, "All", ["source_url"])) for frame in [*derived, *held]]
    brief = local_brief(evidence, "Derbyshire")
    pages.append(brief_page(brief))
    away = {link for page in pages for link in links_of(page) if link.startswith("http")}
    away |= {link for _, links in paper(brief).sources for _, link in links if link}
    assert len(away) > 100
    assert not {link for link in away if not linkable(link)}
    raw = set(pd.concat([frame["source_url"] for frame in held]).dropna())
    assert not {address for address in raw if is_mirror(address) and any(f">{address}<" in page for page in pages)}


def test_a_recommendation_read_on_a_news_mirror_says_so(evidence):
    said = recommendation_table(evidence).set_index("recommendation_id").loc[["RC084", "RC085", "RC086"]]
    assert (said["source"] == "news report of the 2025 practice guide (read on a mirror: soomnet.site)").all()
    assert said["source_url"].str.startswith("https://soomnet.site/").all(), "the source stays as received"
