"""The page as one file: style, scripts, plots and BokehJS within it, and a policy that forbids everything else."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined

if TYPE_CHECKING:
    from reports.html.page import Page

_SCRIPT = "page.js"
_STYLE = "page.css"
_POLICY = (
    "default-src 'none'; script-src {scripts}; style-src 'unsafe-inline'; img-src data: blob:; "
    "base-uri 'none'; form-action 'none'"
)
"""Only the page's own scripts run, known by their hashes (https://www.w3.org/TR/CSP3/); nothing is ever fetched."""


def write(page: Page) -> str:
    """The whole file: the same page gives the same text, but for the plots' ids."""
    drawn = any(section.timeline.item for section in page.sections)
    scripts = [*([_bokeh()] if drawn else []), _own(_SCRIPT)]
    policy = _POLICY.format(scripts=" ".join(map(_hash, scripts)))
    return (
        _templates()
        .get_template("report.html.j2")
        .render(page=page, policy=policy, scripts=scripts, style=_own(_STYLE))
    )


@cache
def _templates() -> Environment:
    templates = Environment(
        loader=PackageLoader("reports.html"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.policies["json.dumps_kwargs"] = {"separators": (",", ":")}  # in order: BokehJS refers to what came before
    return templates


def _own(name: str) -> str:
    return (files("reports.html") / "templates" / name).read_text("utf-8")


@cache
def _bokeh() -> str:
    """BokehJS, as the package of Bokeh brings it; nothing in it may end the element that it is in."""
    from bokeh.resources import Resources  # noqa: PLC0415 - takes a second, and only a page with plots needs it

    script = "\n".join(Resources(mode="inline", components=["bokeh"]).js_raw)
    return script.replace("</script", "<\\/script").replace("<!--", "<\\!--")


def _hash(script: str) -> str:
    digest = hashlib.sha256(script.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
