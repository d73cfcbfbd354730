"""The command ``brief``: a one-page local brief of one or more authorities, or the list of authorities."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from synthesis.commands.answering import answer, say

_LISTED = ("area_code", "area_name", "region", "first_year", "last_year", "n_with_figure", "episodes_assessed")
_HEADINGS = {"area_code": "Code", "area_name": "Name", "first_year": "From", "last_year": "To", "n_with_figure": "Years with a figure", "episodes_assessed": "Assessed episodes"}  # fmt: skip


def add_brief(add: Callable[[str, Callable[[argparse.Namespace], int], str], argparse.ArgumentParser]) -> None:
    """Add ``brief`` with its options to the commands of the program."""
    brief = add("brief", _brief, "Write a one-page local brief of an authority as web page, Word document and PDF.")
    what = brief.add_mutually_exclusive_group(required=True)
    what.add_argument("--area", action="append", metavar="CODE", help="official code or exact name of a local authority; may be given more than once")  # fmt: skip
    what.add_argument("--list", action="store_true", help="list the authorities instead")
    brief.add_argument("--region", metavar="NAME", help="of the list: one region, such as 'North East'")
    brief.add_argument("--out", metavar="DIR", help="where to write (default: build/brief)")
    brief.add_argument("--force", action="store_true", help="replace briefs that were changed since they were made")


def _brief(options: argparse.Namespace) -> int:
    from synthesis.evidence.tables import read_evidence

    if options.list:
        if options.out or options.force:
            say(
                f"--list takes no {'--out' if options.out else '--force'}; --format csv writes a table to standard output."
            )
            return 2
        from synthesis.prevalence.local_areas import area_list

        evidence = read_evidence(options.data)
        table = area_list(evidence, options.region)
        return answer(options, evidence, table, "Local authorities of the official statistics", _LISTED, _HEADINGS, "official_statistics")  # fmt: skip
    if options.region or options.format != "text":
        say(f"--area takes no {'--region' if options.region else '--format'}; it is for --list.")
        return 2
    from synthesis.briefs.folder import FORMS, write_briefs

    out = options.out or "build/brief"
    for brief in write_briefs(read_evidence(options.data), options.area, out, options.force):
        print(f"{brief.area_name} ({brief.area_code}), year ending March {brief.year}, in {out}:")
        for form, what in FORMS.items():
            print(f"  brief-{brief.area_code}.{form}: {what}")
    return 0
