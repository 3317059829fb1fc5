"""MLflow: the server of MLFLOW_TRACKING_URI, else a file `mlflow.db` in the workspace."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from typing import Any

from selfsup_core.runs.trackers.registry import PROJECT, TRACKERS, TrackedRun, Tracker

STATUSES = {"finished": "FINISHED", "failed": "FAILED"}  # all others may go on
MOST_LETTERS = 500  # of a setting's value


@TRACKERS.register("mlflow")
class MLflow(Tracker):
    """A run of the experiment `selfsup-studio`."""

    title = "MLflow"
    package = "mlflow"
    install = "mlflow==3.17.2"

    def __init__(self, run: TrackedRun) -> None:
        os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
        import mlflow
        from mlflow.entities import Param

        server = os.environ.get("MLFLOW_TRACKING_URI")
        address = server or f"sqlite:///{run.workspace / 'mlflow.db'}"
        self.client: Any = mlflow.MlflowClient(tracking_uri=address)
        if known := run.remembered.get("mlflow"):
            self.run_id = known
            self.client.update_run(known, status="RUNNING")
            return
        found = self.client.get_experiment_by_name(PROJECT)
        # Its own default is a folder where the program happens to run.
        files = None if server else (run.workspace / "mlruns").as_uri()
        experiment = (
            found.experiment_id if found else self.client.create_experiment(PROJECT, artifact_location=files)
        )
        self.run_id = self.client.create_run(experiment, run_name=run.name or run.id).info.run_id
        run.remembered["mlflow"] = self.run_id
        parameters = [Param(name, str(value)[:MOST_LETTERS]) for name, value in run.settings.items()]
        self.client.log_batch(self.run_id, params=parameters[:100])

    def log(self, values: Mapping[str, float], step: int) -> None:
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        self.client.log_batch(
            self.run_id, metrics=[Metric(name, value, now, step) for name, value in values.items()]
        )

    def close(self, status: str) -> None:
        self.client.set_terminated(self.run_id, STATUSES.get(status, "KILLED"))
