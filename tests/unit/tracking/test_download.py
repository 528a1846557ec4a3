from types import SimpleNamespace
from unittest import mock

import pytest
from mlflow.exceptions import MlflowException
from mlflow.store.entities import PagedList
from mlflow.tracking import MlflowClient

from slipstream.runtime import InputError
from slipstream.tracking.download import fetch_bundle


def test_a_misspelt_model_name_gets_a_suggestion() -> None:
    """The error suggests a registered name that is similar; an existing name is not suggested."""
    client = mock.create_autospec(MlflowClient, instance=True)
    client.get_model_version_download_uri.side_effect = MlflowException("not found")
    client.search_registered_models.return_value = PagedList(
        [SimpleNamespace(name="customers")], token=None
    )
    with pytest.raises(InputError, match=r"not found; did you mean 'customers'\? look at"):
        fetch_bundle("models:/custmers@champion", client)
    with pytest.raises(InputError, match="not found; look at"):
        fetch_bundle("models:/customers@champion", client)
    client.search_registered_models.side_effect = MlflowException("no answer")
    with pytest.raises(InputError, match="not found; look at"):
        fetch_bundle("models:/custmers@champion", client)
