"""What every peer of a bench does: answers are one JSON object a line, and a failure is {"error"}."""

import json
import sys


def say(reply):
    print(json.dumps(reply), flush=True)


def serve(main):
    try:
        main()
    except ModuleNotFoundError as error:
        say({"error": f"{sys.executable} has no package {error.name}, expected those of bench/peers/requirements.txt"})
        sys.exit(1)
    except Exception as error:
        say({"error": str(error)})
        sys.exit(1)
