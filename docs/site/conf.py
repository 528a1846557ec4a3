"""How Sphinx builds the site: `make docs`.

The sources are the Markdown pages at their places in the repository, so that links between them,
and to other files, work on a code host and on the site alike.
"""

from typing import TYPE_CHECKING

import slipstream

if TYPE_CHECKING:
    from sphinx.application import Sphinx

project = "Slipstream"
author = "the Slipstream developers"
version = release = slipstream.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
root_doc = "README"
include_patterns = ["*.md", "docs/**.md", "bench/results/*.md"]
exclude_patterns = [".*", "build", "dist", "mlruns", "output", "src", "tests"]

myst_heading_anchors = 3
default_role = "code"  # docstrings write names in single backticks
nitpicky = True
nitpick_ignore_regex = [("py:.*", r"(?!slipstream\.(load|runtime|Predictor|.*Error)).*")]
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
autodoc_typehints = "signature"
python_display_short_literal_types = True

html_theme = "furo"
html_title = f"Slipstream {version}"
html_extra_path = ["index.html"]
html_static_path = ["static"]
html_css_files = ["site.css"]
html_show_copyright = False
html_copy_source = False
html_theme_options = {
    # System fonts, so that nothing is fetched from anywhere.
    "light_css_variables": {
        "font-stack": "system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif",
        "font-stack--monospace": "ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace",
        "color-brand-primary": "#b04a00",
        "color-brand-content": "#b04a00",
    },
    "dark_css_variables": {"color-brand-primary": "#ff9b57", "color-brand-content": "#ff9b57"},
}

# The order of the pages. It is added here because a code host would show it as a block of code.
CONTENTS = {
    "README": """
```{toctree}
:hidden:
:caption: Start

First hour <docs/guide/first-hour>
Your own data <docs/guide/own-data>
Choosing the model <docs/guide/choosing>
Predicting <docs/guide/predicting>
Exporting <docs/guide/exporting>
```

```{toctree}
:hidden:
:caption: Operate

Servers <docs/guide/servers>
Retraining <docs/guide/retraining>
Scheduling <docs/guide/scheduling>
Rolling back <docs/guide/rolling-back>
Runs in MLflow <docs/guide/runs>
Team mode <docs/guide/team>
Troubleshooting <docs/guide/troubleshooting>
```

```{toctree}
:hidden:
:caption: Reference

Configuration <docs/guide/configuration>
Command line <docs/guide/command-line>
Python API <docs/reference>
A run's output <docs/guide/output>
Glossary <docs/guide/glossary>
```

```{toctree}
:hidden:
:caption: Background

How it works <docs/guide/how-it-works>
Caching <docs/guide/caching>
The benchmark <docs/guide/benchmark>
Benchmark results <bench/results/latest>
The table zoo <bench/results/zoo>
Decisions <docs/decisions/README>
Contributing <CONTRIBUTING>
Changes <CHANGELOG>
```
""",
    "docs/decisions/README": """
```{toctree}
:glob:

0*
```
""",
}


def add_contents(app: "Sphinx", page: str, source: list[str]) -> None:  # noqa: ARG001 - Sphinx's
    """Append a page's table of contents to its text."""
    source[0] += CONTENTS.get(page, "")


def setup(app: "Sphinx") -> None:
    """Let Sphinx call `add_contents` for each page that it reads."""
    app.connect("source-read", add_contents)
