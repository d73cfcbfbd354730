"""What can be told of a page, a document or a printed file without a browser: faults as sentences, none where all is well.

The limits are those of WCAG 2.2 AA; the browser's own checks stand in ``tests/browser``.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

import lxml.etree
import lxml.html

HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
#: An alternative text that only names the kind of picture says nothing.
EMPTY_WORDS = re.compile(
    r"^(a |the )?(\w+ )?(bar|chart|figure|graph|image|picture|plot|map|diagram|svg|png)s?\.?$", re.I
)
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


# ---------------------------------------------------------------- pages


def page_faults(text: str) -> list[str]:
    """What is wrong with the structure of an HTML page."""
    page = lxml.html.document_fromstring(text)
    found = [] if text.lstrip().lower().startswith("<!doctype html>") else ["it does not begin with a doctype"]
    if not page.get("lang"):
        found.append("its language is not set")
    if not (page.findtext(".//title") or "").strip():
        found.append("it has no title")
    if page.find(".//meta[@name='viewport']") is None:
        found.append("it does not adapt to a phone's width")
    if len(page.findall(".//main")) != 1:
        found.append("it has not exactly one main part")
    for check in (_headings, _pictures, _tables, _names, _links, _resources):
        found += check(page)
    return found + css_faults(text)


def _said(element: lxml.html.HtmlElement) -> str:
    return " ".join(element.text_content().split())


def _headings(page: lxml.html.HtmlElement) -> Iterator[str]:
    headings = list(page.iter(*HEADINGS))
    levels = [int(each.tag[1]) for each in headings]
    if levels.count(1) != 1 or levels[:1] != [1]:
        yield f"its headings begin with {headings[0].tag if headings else 'nothing'}, and h1 stands {levels.count(1)} times"
    yield from (
        f"after {before.tag} comes {after.tag}: {_said(after)}"
        for before, after in pairwise(headings)
        if int(after.tag[1]) > int(before.tag[1]) + 1
    )
    yield from (f"an {each.tag} is empty" for each in headings if not _said(each))


def _pictures(page: lxml.html.HtmlElement) -> Iterator[str]:
    for each in page.iter("img"):
        alt = (each.get("alt") or "").strip()
        if len(alt.split()) < 5 or EMPTY_WORDS.match(alt):
            yield f"a picture's alternative text does not say what it shows: {alt!r}"


def _tables(page: lxml.html.HtmlElement) -> Iterator[str]:
    for table in page.iter("table"):
        caption = table.find("caption")
        name = "" if caption is None else _said(caption)
        if not name:
            yield "a table has no caption"
        heads = list(table.iter("th"))
        if table.find("thead") is None or not heads:
            yield f"a table has no head: {name}"
        yield from (f"a header cell says of nothing what it heads: {_said(each)}" for each in heads if each.get("scope") not in ("col", "row", "colgroup", "rowgroup"))  # fmt: skip
        yield from (f"a header cell is empty: {name}" for each in heads if not _said(each))
        box = next((each for each in table.iterancestors() if "wide" in (each.get("class") or "").split()), None)
        if box is None or (box.get("tabindex"), box.get("role")) != ("0", "region") or not box.get("aria-label"):
            yield f"a wide table cannot be moved sideways by keyboard: {name}"


def _names(page: lxml.html.HtmlElement) -> Iterator[str]:
    ids = Counter(each.get("id") for each in page.iter() if isinstance(each.tag, str) and each.get("id"))
    yield from (f"the id {name} stands {n} times" for name, n in ids.items() if n > 1)
    for attribute in ("aria-labelledby", "aria-describedby"):
        named = {word for each in page.xpath(f"//*[@{attribute}]") for word in each.get(attribute).split()}
        yield from (f"{attribute} names {word}, which is not there" for word in sorted(named - set(ids)))
    yield from (f"a link leads to {href}, which is not there" for each in page.iter("a") if (href := each.get("href") or "").startswith("#") and href[1:] not in ids)  # fmt: skip


def _links(page: lxml.html.HtmlElement) -> Iterator[str]:
    for each in page.iter("a"):
        seen, label = _said(each), " ".join((each.get("aria-label") or "").split())
        pictured = any((img.get("alt") or "").strip() for img in each.iter("img"))
        if not (seen or label or pictured):
            yield f"a link has no text: {each.get('href')}"
        if label and seen.lower() not in label.lower():
            yield f"a link is seen as {seen!r} and read as {label!r}"


def _resources(page: lxml.html.HtmlElement) -> Iterator[str]:
    yield from ("it holds a script" for _ in page.iter("script"))
    yield from ("it holds an embedded page or object" for _ in page.iter("iframe", "object", "embed"))
    for each in page.iter():
        if not isinstance(each.tag, str):
            continue
        yield from (f"it holds a script in {name}" for name in each.attrib if name.startswith("on"))
        source = each.get("src") or (each.get("href") if each.tag == "link" else "") or ""
        if re.match(r"(https?:)?//", source):
            yield f"it fetches {source[:60]} from elsewhere"
    if re.search(r"url\(\s*['\"]?(?!data:)|@import", "".join(each.text or "" for each in page.iter("style"))):
        yield "its style fetches something"


# ---------------------------------------------------------------- colours and sizes


def _luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    digits = "".join(2 * each for each in digits) if len(digits) == 3 else digits
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts]
    return sum(weight * each for weight, each in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    """Contrast of two colours given as ``#rrggbb`` or ``#rgb``, from 1 to 21 (WCAG 2.2, relative luminance)."""
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
_HEX = re.compile(r"#[0-9a-fA-F]{3}(?:[0-9a-fA-F]{3})?\b")


def css_faults(text: str) -> list[str]:
    """Colours too close to their ground, and widths and letters that do not give way, in the styles of a page."""
    page = lxml.html.document_fromstring(text)
    style = re.sub(r"/\*.*?\*/", "", " ".join(each.text or "" for each in page.iter("style")), flags=re.DOTALL)
    rules = [(rule[0].strip(), rule[1]) for rule in _RULE.findall(_without_print(style))]
    rules += [(f"style of a {each.tag}", each.get("style")) for each in page.iter() if isinstance(each.tag, str) and each.get("style")]  # fmt: skip
    grounds = {"#fff", *(ground for _, body in rules if (ground := _value(body, "background")).startswith("#"))}
    found = []
    for name, body in rules:
        own = _value(body, "background")
        for colour in _HEX.findall(_value(body, "color")):
            low = min(contrast(colour, ground) for ground in ([own] if own.startswith("#") else grounds))
            found += [f"{name}: text in {colour} has a contrast of {low:.2f}, below 4.5"] if low < 4.5 else []
        for colour in _HEX.findall(_value(body, "outline")):
            low = min(contrast(colour, ground) for ground in grounds)
            found += [f"{name}: the outline {colour} has a contrast of {low:.2f}, below 3"] if low < 3 else []
        if re.search(r"outline:\s*(0|none)", body):
            found.append(f"{name}: the focus cannot be seen")
        if re.search(r"(?<![\w-])width:\s*[\d.]+(px|pt|cm|mm|in)", body) and "clip-path" not in body:
            found.append(f"{name}: a fixed width")
        if re.search(r"font(-size)?:[^;]*?[\d.]+(px|pt|cm|mm)\b", body):
            found.append(f"{name}: letters of a fixed size")
        if re.search(r"white-space:\s*nowrap", body) and "table" not in name and not re.search(r"number|td|th", name):
            found.append(f"{name}: lines that do not break")
    return sorted(set(found))


def _value(body: str, name: str) -> str:
    found = re.search(rf"(?<![\w-]){name}(?:-color)?:\s*([^;]+)", body)
    return found[1].strip() if found else ""


def _without_print(style: str) -> str:
    """The style sheet without what holds on paper only, and without the brackets of other conditions."""
    kept, at = [], 0
    for found in re.finditer(r"@(media|page)\b([^{]*)\{", style):
        if found.start() < at:
            continue
        depth, end = 1, found.end()
        while depth and end < len(style):
            depth += {"{": 1, "}": -1}.get(style[end], 0)
            end += 1
        kept.append(style[at : found.start()])
        if found[1] == "media" and "print" not in found[2]:
            kept.append(style[found.end() : end - 1])
        at = end
    return "".join(kept) + style[at:]


# ---------------------------------------------------------------- Word documents


def docx_faults(content: bytes) -> list[str]:
    """What is wrong with a Word document: told from its XML, as a screen reader in Word would meet it."""
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        body = lxml.etree.fromstring(parts.read("word/document.xml"))
        styles = lxml.etree.fromstring(parts.read("word/styles.xml"))
        about = parts.read("docProps/core.xml").decode()
    found = []
    language = styles.find(f".//{W}docDefaults//{W}lang")
    if language is None or not str(language.get(f"{W}val")).startswith("en"):
        found.append("its language is not set")
    if not re.search(r"<dc:title>[^<]+</dc:title>", about):
        found.append("it has no title")
    return [*found, *_docx_headings(body), *_docx_tables(body), *_docx_pictures(body)]


def _docx_headings(body: lxml.etree._Element) -> Iterator[str]:
    used = [(style.get(f"{W}val") or "", "".join(each.itertext()).strip()) for each in body.iter(f"{W}p") if (style := each.find(f"{W}pPr/{W}pStyle")) is not None]  # fmt: skip
    levels = [(1 + int(name[-1]) if name != "Title" else 1, text) for name, text in used if re.fullmatch(r"Title|Heading\d", name)]  # fmt: skip
    if [level for level, _ in levels].count(1) != 1:
        yield "it has not exactly one title"
    yield from (f"the heading {text!r} skips a level" for (a, _), (b, text) in pairwise(levels) if b > a + 1)
    yield from ("a heading is empty" for _, text in levels if not text)


def _docx_tables(body: lxml.etree._Element) -> Iterator[str]:
    for table in body.iter(f"{W}tbl"):
        rows = table.findall(f"{W}tr")
        if rows[0].find(f"{W}trPr/{W}tblHeader") is None:
            yield "the first row of a table is not marked as its head"
        yield from ("a header cell is empty" for cell in rows[0].iter(f"{W}tc") if not "".join(cell.itertext()).strip())
        for tag in ("tblCaption", "tblDescription"):
            if table.find(f"{W}tblPr/{W}{tag}") is None:
                yield f"a table has no {tag}"


def _docx_pictures(body: lxml.etree._Element) -> Iterator[str]:
    for each in body.iter("{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}docPr"):
        if len((each.get("descr") or "").split()) < 5:
            yield f"a picture's alternative text does not say what it shows: {each.get('descr')!r}"


# ---------------------------------------------------------------- PDF


def pdf_text(content: bytes) -> str:
    """The objects of a PDF as text, its compressed ones opened, page contents and pictures left out."""
    opened = [content.decode("latin-1")]
    for found in re.finditer(rb"/Type\s*/ObjStm.*?stream\r?\n", content, re.DOTALL):
        opened.append(zlib.decompressobj().decompress(content[found.end() :]).decode("latin-1"))
    return "\n".join(opened)


def pdf_faults(content: bytes) -> list[str]:
    """What a tagged PDF (PDF/UA-1) must have and this one has not."""
    text = pdf_text(content)
    wanted = {
        "it is not marked as tagged": r"/MarkInfo\s*<<[^>]*/Marked\s+true",
        "its language is not set": r"/Lang\s*\(en",
        "it has no tree of tags": r"/StructTreeRoot\b",
        "its title is not shown": r"/DisplayDocTitle\s+true",
        "it does not say that it follows PDF/UA": r"pdfuaid:part",
        "it has no headings": r"/S\s*/H1\b",
        "it has no bookmarks": r"/Outlines\b",
    }
    return [fault for fault, pattern in wanted.items() if not re.search(pattern, text)]
