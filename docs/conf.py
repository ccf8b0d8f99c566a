"""How the pages are built: ``sphinx-build -W -b html docs <target>``."""

from __future__ import annotations

from importlib.metadata import version as installed_version

from pygments.lexers.special import TextLexer
from sphinx.application import Sphinx

project = "schoolauth"
author = "The schoolauth authors"
release = version = installed_version("schoolauth")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
html_theme = "furo"
html_title = "schoolauth"

default_role = "literal"  # `name` in a docstring is code
autodoc_inherit_docstrings = False  # other libraries' texts link to their own pages
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
napoleon_numpy_docstring = False
myst_heading_anchors = 3  # every error code and event kind can be linked to


def setup(app: Sphinx) -> None:
    """Let a mermaid block, which code hosts draw, pass as plain text here."""
    app.add_lexer("mermaid", TextLexer)
