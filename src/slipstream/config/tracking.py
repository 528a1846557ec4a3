"""The section `tracking`: where runs are recorded, and what the model is called."""

import re
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from slipstream.artifacts.home import TRACKING_STORE
from slipstream.config.section import Section
from slipstream.runtime.text import quote

__all__ = ["NAME_CHARACTERS", "NOT_IN_NAMES", "TrackingConfig"]

DATABASE_SERVERS = ("postgresql", "mysql", "mssql")


# Characters that a file, a registered model, its URI or MLflow's search does not accept.
NOT_IN_NAMES = r"/:\\?'\x00-\x1f\x7f"


NAME_CHARACTERS = 200


# What the validators below refuse, so that the form refuses it before a run is made.
URI_OF_A_STORE = rf"^(?!({'|'.join(DATABASE_SERVERS)})\b)\w[\w+-]*://(?![^/?#]*:[^/?#]+@)"


class TrackingConfig(Section):
    """Where the run is recorded."""

    uri: str = Field(
        TRACKING_STORE,
        pattern=r"^\w[\w+-]*://",
        title="MLflow store",
        description="mlruns/ is the one in the checkout; or an MLflow server's address, without a "
        "password",
        json_schema_extra={"pattern": URI_OF_A_STORE},
    )
    experiment: str = Field(
        "slipstream", min_length=1, title="Experiment", description="MLflow experiment"
    )
    registered_model: str = Field(
        "",
        max_length=NAME_CHARACTERS,
        title="Model name",
        description="names the model and its files, without / : \\ ? or an apostrophe; empty: the "
        "source's name",
        json_schema_extra={"pattern": f"^(?![. ])[^{NOT_IN_NAMES}]*$"},
    )

    @field_validator("registered_model")
    @classmethod
    def _check_name(cls, name: str) -> str:
        if re.search(f"^[. ]|[{NOT_IN_NAMES}]", name):
            raise ValueError(
                "must not begin with a dot or a blank, nor have / : \\ ? ' or control characters, "
                "because files and MLflow do not accept it, however: "
                f"{quote(name)}; choose another"
            )
        return name

    @field_validator("uri")
    @classmethod
    def _check_uri(cls, uri: str) -> str:
        """A config is stored and shown; and a database server's artifacts need an MLflow server."""
        parts = urlsplit(uri)
        if parts.password:
            raise ValueError(
                "must not hold a password, because configs are stored and shown, however: it does; "
                "set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD where runs start"
            )
        if parts.scheme.split("+")[0] in DATABASE_SERVERS:
            raise ValueError(
                "must be an SQLite file or an MLflow server, because a database has no place for "
                f"models, however: {parts.scheme}; write the server's address, and give the "
                "database to the server, as MLFLOW_BACKEND_STORE_URI"
            )
        return uri
