"""Which addresses a reader is sent to: DOIs and hosts that are known; of all others only the host is named."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

_ADDRESS = re.compile(r"https?://\S+")
_NUMBERS = re.compile(r"[\d.]+|.*:.*")


@cache
def _hosts() -> tuple[frozenset[str], frozenset[str]]:
    """Hosts that may be linked, and mirrors."""
    known = tomllib.loads(Path(__file__).with_name("addresses.toml").read_text(encoding="utf-8"))
    return frozenset(host for group in known["linked"].values() for host in group), frozenset(known["mirrors"])


def is_mirror(address: str) -> bool:
    """Whether an address is on a bare IP number or on a host listed as a mirror (``addresses.toml``)."""
    host = _host(address)
    return bool(_NUMBERS.fullmatch(host)) or not _above(host).isdisjoint(_hosts()[1])


def linkable(address: object) -> bool:
    """Whether a page may offer this text as a link: an address on a known host that is no mirror."""
    text = str(address)
    return bool(_ADDRESS.fullmatch(text)) and not is_mirror(text) and not _above(_host(text)).isdisjoint(_hosts()[0])


def reader_address(address: str, doi: str = "") -> str:
    """An address as a reader sees it: the DOI first where there is one; a host that is not known as words, not as a link.

    Text that is no address is returned as it is.
    """
    if not _ADDRESS.fullmatch(address):
        return address
    host = _host(address)
    words = f"read on {'a mirror' if is_mirror(address) else 'another site'}: {host}"
    if doi:
        lead = f"https://doi.org/{doi}"
        return lead if linkable(address) else f"{lead} ({words})"
    return address if linkable(address) else words


def _host(address: str) -> str:
    try:
        return (urlsplit(address).hostname or "").rstrip(".")
    except ValueError:
        return ""


def _above(host: str) -> set[str]:
    """A host and all that it lies below: a.b.c, b.c, c."""
    parts = host.split(".")
    return {".".join(parts[at:]) for at in range(len(parts))}
