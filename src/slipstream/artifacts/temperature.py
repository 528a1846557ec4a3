"""A temperature as a run hands it on."""

from slipstream.artifacts.values import Value

__all__ = ["TemperatureFit"]


class TemperatureFit(Value):
    """What the logits were divided by, and the validation part's log-loss (nats) with and without.

    Both are those of rows that the network did not learn from.
    """

    temperature: float
    val_log_loss_before: float
    val_log_loss: float

    @property
    def metrics(self) -> dict[str, float]:
        """The figures under the names that MLflow uses."""
        return {
            "temperature": self.temperature,
            "val_log_loss_before_temperature": self.val_log_loss_before,
            "val_log_loss_with_temperature": self.val_log_loss,
        }
