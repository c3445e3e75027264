"""The entry points of Synclog: Chalice finds them here and packages them."""

import gc

gc.disable()  # what is imported stays: looking for garbage in it takes a seventh of the start

from chalice.app import Chalice  # noqa: E402

from chalicelib.api.root import BLUEPRINTS  # noqa: E402
from chalicelib.console.root import blueprint as console  # noqa: E402
from chalicelib.ops.metrics import flush_after  # noqa: E402
from chalicelib.triggers.root import BLUEPRINTS as TRIGGERS  # noqa: E402

# Lines of the name "synclog" go to our own JSON logger: Chalice adds no handler of its own.
app = Chalice(app_name="synclog", configure_logs=False)
app.register_middleware(flush_after)

for blueprint in (*BLUEPRINTS, console, *TRIGGERS):
    app.register_blueprint(blueprint)

gc.freeze()  # nor is it looked through later, when a handler runs
gc.enable()
