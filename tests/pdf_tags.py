"""The tags of a PDF as a reading program meets them: faults as sentences, none where all is well.

No validator of PDF/UA can be had by name from Debian, PyPI or npm (veraPDF is a Java program of its own), so this reads the
objects of the file itself: the tree of tags in reading order, and whether every word on a page belongs to a tag.
"""

from __future__ import annotations

import itertools
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

REF = re.compile(rb"(\d+) 0 R")
#: Kinds of tags of PDF 1.7 (ISO 32000-1, 14.8.4).
_KINDS = """
Document Part Art Sect Div BlockQuote Caption TOC TOCI Index NonStruct Private P H H1 H2 H3 H4 H5 H6 L LI Lbl LBody Table TR TH
TD THead TBody TFoot Span Quote Note Reference BibEntry Code Link Annot Ruby RB RT RP Warichu WT WP Figure Formula Form
"""
KINDS = frozenset(_KINDS.split())
#: Shows text or paints something.
SHOWS = re.compile(rb"(?:^|[\s\])>])(Tj|TJ|Do|BDC|BMC|EMC)(?=\s|$)")


def objects(content: bytes) -> dict[int, bytes]:
    """Every object of the file by its number, those in compressed streams too."""
    found = {int(n): body for n, body in re.findall(rb"(?:^|\n)(\d+) 0 obj\b(.*?)\bendobj", content, re.DOTALL)}
    for body in list(found.values()):
        if re.search(rb"/Type\s*/ObjStm", body):
            text, first = stream(body), int(re.search(rb"/First\s+(\d+)", body)[1])
            numbers = list(map(int, text[:first].split()))
            ends = [*numbers[3::2], len(text) - first]
            for n, start, end in zip(numbers[::2], numbers[1::2], ends, strict=True):
                found[n] = text[first + start : first + end]
    return found


def stream(body: bytes) -> bytes:
    """The bytes of an object's stream, unpacked."""
    raw = re.search(rb"stream\r?\n(.*?)\r?\nendstream", body, re.DOTALL)[1]
    return zlib.decompressobj().decompress(raw) if b"/FlateDecode" in body else raw


@dataclass
class Tag:
    """A tag: its kind, alternative text, whether it holds something of a page, and the tags in it."""

    kind: str
    body: bytes
    below: list[Tag] = field(default_factory=list)

    def walk(self) -> Iterator[Tag]:
        yield self
        for each in self.below:
            yield from each.walk()


def tree(found: dict[int, bytes]) -> Tag:
    """The tags of a file in reading order, below one that stands for the document."""
    root = next(body for body in found.values() if re.search(rb"/Type\s*/StructTreeRoot\b", body))
    return Tag("root", root, list(_below(found, root)))


def _below(found: dict[int, bytes], body: bytes) -> Iterator[Tag]:
    kids = re.search(rb"/K\s*(\[.*?\]|\d+ 0 R)", body, re.DOTALL)
    for ref in REF.findall(re.sub(rb"<<.*?>>", b"", kids[1], flags=re.DOTALL)) if kids else ():
        inner = found.get(int(ref), b"")
        if kind := re.search(rb"/S\s*/(\w+)", inner):
            yield Tag(kind[1].decode(), inner, list(_below(found, inner)))


def alternative(tag: Tag) -> str:
    """The alternative text of a tag, as written in the file (enough to see that it is there and long)."""
    at = re.search(rb"/Alt\s*(?=[(<])", tag.body)
    if not at:
        return ""
    text = next(_strings(tag.body[at.end() :]))
    return bytes.fromhex(text[1:-1].decode()).decode("utf-16", errors="replace") if text.startswith(b"<") else text[1:-1].decode("latin-1")  # fmt: skip


def _strings(body: bytes) -> Iterator[bytes]:
    """The strings of an object or page, brackets inside them included."""
    at = 0
    while found := re.compile(rb"[(]|<(?!<)[0-9A-Fa-f\s]*>").search(body, at):
        at, end = found.start(), found.end()
        depth = 1 if found[0] == b"(" else 0
        while depth:
            step = body[end : end + 1]
            depth += {b"(": 1, b")": -1, b"": -depth}.get(step, 0)
            end += 2 if step == b"\\" else 1
        yield body[at:end]
        at = end


def tag_faults(content: bytes) -> list[str]:
    """What is wrong with the tags of a PDF."""
    found = objects(content)
    tags = list(tree(found).walk())
    return [
        *_kinds(tags),
        *_headings(tags),
        *_figures(tags),
        *_lists(tags),
        *_tables(tags),
        *_pages(found),
        *_catalogue(found),
    ]


def _kinds(tags: list[Tag]) -> Iterator[str]:
    """Kinds that a reading program does not know must be mapped to one that it knows."""
    mapped = re.search(rb"/RoleMap\s*<<(.*?)>>", tags[0].body, re.DOTALL)
    known = KINDS | {name.decode() for name in re.findall(rb"/(\w+)\s*/\w+", mapped[1] if mapped else b"")}
    yield from (f"the kind {kind} of tags is known to no reading program" for kind in sorted({each.kind for each in tags[1:]} - known))  # fmt: skip


def _headings(tags: list[Tag]) -> Iterator[str]:
    levels = [int(each.kind[1]) for each in tags if re.fullmatch(r"H[1-6]", each.kind)]
    if not levels or levels[0] != 1:
        yield f"its first heading is of level {levels[0] if levels else 'none'}"
    yield from (f"a heading of level {b} follows one of level {a}" for a, b in itertools.pairwise(levels) if b > a + 1)  # fmt: skip
    yield from ("a heading holds nothing" for each in tags if re.fullmatch(r"H[1-6]", each.kind) and b"/K" not in each.body)  # fmt: skip


def _figures(tags: list[Tag]) -> Iterator[str]:
    yield from (f"a figure's alternative text says little: {alternative(each)!r}" for each in tags if each.kind == "Figure" and len(alternative(each).split()) < 4)  # fmt: skip


def _lists(tags: list[Tag]) -> Iterator[str]:
    for each in tags:
        if each.kind == "L" and {tag.kind for tag in each.below} - {"LI", "Caption", "L"}:
            yield "a list holds something else than its items"
        if each.kind == "LI" and "LBody" not in {tag.kind for tag in each.below}:
            yield "an item of a list has no body"


def _tables(tags: list[Tag]) -> Iterator[str]:
    for each in tags:
        if each.kind == "Table":
            heads = [tag for tag in each.walk() if tag.kind == "TH"]
            if not heads or any(b"/Scope" not in tag.body for tag in heads):
                yield "a table has no header cells, or they do not say what they head"


def _pages(found: dict[int, bytes]) -> Iterator[str]:
    pages = [body for body in found.values() if re.search(rb"/Type\s*/Page\b", body)]
    for body in pages:
        if b"/StructParents" not in body:
            yield "a page does not say which tags its content belongs to"
        if b"/Annots" in body and not re.search(rb"/Tabs\s*/S", body):
            yield "links of a page are not reached in the order of the tags"
        for ref in REF.findall(re.search(rb"/Contents\s*(\[.*?\]|\d+ 0 R)", body, re.DOTALL)[1]):
            yield from _untagged(stream(found[int(ref)]))


def _untagged(text: bytes) -> Iterator[str]:
    depth = 0
    for each in list(_strings(text)):
        text = text.replace(each, b"()", 1)
    for operator in SHOWS.findall(text):
        depth += {b"BDC": 1, b"BMC": 1, b"EMC": -1}.get(operator, 0)
        if operator in (b"Tj", b"TJ", b"Do") and depth < 1:
            yield "something on a page belongs to no tag"
            return


def _catalogue(found: dict[int, bytes]) -> Iterator[str]:
    root = next(body for body in found.values() if re.search(rb"/Type\s*/Catalog\b", body))
    wanted = {"it is not marked as tagged": rb"/MarkInfo", "its language is not set": rb"/Lang\s*\(en-GB\)", "its title is not shown": rb"/DisplayDocTitle\s+true"}  # fmt: skip
    yield from (fault for fault, pattern in wanted.items() if not re.search(pattern, root))
    fonts = [body for body in found.values() if re.search(rb"/Type\s*/Font\b", body) and b"/Type0" in body]
    if not fonts or any(b"/ToUnicode" not in body for body in fonts):
        yield "letters of a font cannot be told by a reading program"
