"""The page of GraphiQL, whose files are built; no content delivery network is needed."""

from html import escape
from pathlib import Path

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "style-src 'self' 'unsafe-inline'",  # the editor measures and marks text with inline styles
        "img-src 'self' data:",  # the style sheet contains small images
        "font-src 'self' data:",  # and fonts
        "worker-src 'self' blob:",
        "base-uri 'self'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
"""The page may load everything from this origin, no inline script, and nothing from other origins."""

_PAGE = """<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="robots" content="noindex">
    <base href="{base}">
    <title>GraphiQL · orchestrator</title>
    <link rel="icon" href="icon.svg" type="image/svg+xml">
    <link rel="stylesheet" href="graphiql/graphiql.css">
    <link rel="stylesheet" href="graphiql/boot.css">
    <script src="graphiql/react.js" defer></script>
    <script src="graphiql/react-dom.js" defer></script>
    <script src="graphiql/graphiql.js" defer></script>
    <script src="graphiql/boot.js" defer></script>
  </head>
  <body>
    <div id="graphiql"><p>Loading GraphiQL…</p></div>
    <noscript>GraphiQL needs JavaScript.</noscript>
  </body>
</html>
"""

_NOT_BUILT = """<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>GraphiQL is not built</title>
  </head>
  <body>
    <h1>GraphiQL is not built</h1>
    <p>This page and the dashboard are files that Node.js (20.19 or later) builds once. In the checkout:</p>
    <pre>cd frontend-example
npm ci
npm run build</pre>
    <p>Then start the server again. The API itself needs none of this: send operations to <code>/graphql</code>.</p>
  </body>
</html>
"""


def page(folder: Path | None, base_path: str = "") -> str:
    """The HTML of GraphiQL, which loads `/graphiql/…` from this origin; if it is not built, build instructions.

    ``folder`` is that of the built dashboard, if there is one. ``base_path`` is the path of the public URL, below which
    the page finds its files.
    """
    is_built = folder is not None and (folder / "graphiql" / "boot.js").is_file()
    return _PAGE.replace("{base}", escape(f"{base_path}/")) if is_built else _NOT_BUILT
