"""Optuna's side of `regret` and `suggest`: it suggests, the bench evaluates.

Speaks one JSON object a line: first {"version"}; then for each line that it reads
  {"start": {"sampler", "seed", "axes", "observations"}}  begins a study, greater values being better -> {"started": true}
  {"tell": [{"number", "value"}], "ask": n}  -> {"points": [{"number", "params", "cpuSeconds"}]}
Axes are {name: {"min", "max", "step", "log"}}, the last two where the axis has them; observations {"params", "value"}. A
point's processor time is that of its suggestion, the first one's with what it took to take in the values that were told.
A failure is {"error"}. Samplers are as Optuna makes them but for the seed.
"""

import json
import sys
import time

from contestant import say, serve

WARM_UP = {"x": {"min": 0, "max": 1}, "y": {"min": 0, "max": 1}}
SAMPLERS = "gp", "tpe", "qmc", "random"


def main():
    import warnings

    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.filterwarnings("ignore")
    for sampler in SAMPLERS:
        # What is imported or compiled at first use must not be charged to the first study.
        warm = Search(optuna, {"sampler": sampler, "seed": 1, "axes": WARM_UP, "observations": []})
        for number in range(12):
            warm.next({"tell": [{"number": number - 1, "value": number}] if number > 0 else [], "ask": 1})
    say({"version": optuna.__version__})
    search = None
    for line in sys.stdin:
        request = json.loads(line)
        if "start" in request:
            search = Search(optuna, request["start"])
            say({"started": True})
        else:
            say({"points": search.next(request)})


class Search:
    """A study whose trials are evaluated by somebody else."""

    def __init__(self, optuna, start):
        self.axes = {
            name: optuna.distributions.FloatDistribution(
                axis["min"], axis["max"], step=axis.get("step"), log=axis.get("log", False)
            )
            for name, axis in start["axes"].items()
        }
        samplers = optuna.samplers
        create = {
            "gp": samplers.GPSampler,
            "tpe": samplers.TPESampler,
            "qmc": lambda seed: samplers.QMCSampler(scramble=True, seed=seed),
            "random": samplers.RandomSampler,
        }[start["sampler"]]
        self.study = optuna.create_study(direction="maximize", sampler=create(seed=start["seed"]))
        for observation in start["observations"]:
            params, value = observation["params"], observation["value"]
            self.study.add_trial(
                optuna.trial.create_trial(params=params, distributions=self.axes, value=value)
            )

    def next(self, request):
        points = []
        started = time.process_time()
        for told in request["tell"]:
            self.study.tell(told["number"], told["value"])
        for _ in range(request["ask"]):
            trial = self.study.ask(self.axes)
            ended = time.process_time()
            points.append({"number": trial.number, "params": trial.params, "cpuSeconds": ended - started})
            started = ended
        return points


if __name__ == "__main__":
    serve(main)
