"""Where the built dashboard is, with GraphiQL's files in its folder ``graphiql``."""

from pathlib import Path

from orchestrator_gql.config.settings import Settings

_PACKAGE = Path(__file__).parents[1]


def dashboard_folder(settings: Settings) -> Path | None:
    """The folder of the built files: from the settings, the package or the checkout; None if it is not built.

    An installed package contains the folder; in a checkout `npm run build` writes it.
    """
    folders = (settings.dashboard, _PACKAGE / "dashboard_files", _PACKAGE.parent / "frontend-example" / "dist")
    return next((folder for folder in folders if folder is not None and (folder / "index.html").is_file()), None)
