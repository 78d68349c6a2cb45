"""Sphinx's configuration. The site is static and asks nothing of any other host."""

from __future__ import annotations

from importlib.metadata import version as installed

project = "clew"
author = "the clew authors"
copyright = "the clew authors, Apache-2.0"
release = version = installed("clew")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.autosummary", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = "clew"
html_copy_source = False
html_show_sphinx = False
html_theme_options = {"top_of_page_buttons": []}

myst_enable_extensions = ["colon_fence", "deflist", "fieldlist"]
myst_heading_anchors = 3
myst_links_external_new_tab = False

# Docstrings follow numpydoc; napoleon reads them. Types stay in the signature, where mypy checks
# them, and are not repeated in the text.
napoleon_google_docstring = False
napoleon_use_rtype = False
# A word of a type ("an array of rows") would else be linked to any attribute of that name.
napoleon_use_param = False
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_default_options = {"members": True, "show-inheritance": True}
default_role = "code"
