"""One Prefect task a stage; each is a thin wrapper around one call into `slipstream`."""
