"""Sweeps: one recipe trained with many values of up to three settings, several seeds each.

A sweep is a folder, `sweeps/<id>/`: what was asked (`sweep.yaml`), the recipe (`spec.yaml`) and how it stands
(`state.json`). Its results are those of its runs, which are ordinary ones and are found again by what they
compute: so whatever is killed, no finished run is repeated. `workers/sweeper.py` hands the runs in.
"""
