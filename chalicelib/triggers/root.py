"""All entry points besides HTTP, for ``app.py`` to register."""

from chalicelib.triggers.changes import changes
from chalicelib.triggers.schedules import schedules
from chalicelib.triggers.worker import worker

BLUEPRINTS = (worker, schedules, changes)
