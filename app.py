"""The entry points of Synclog: Chalice finds them here and packages them."""

from chalice.app import Chalice

from chalicelib.api.root import BLUEPRINTS
from chalicelib.ops.metrics import flush_after
from chalicelib.triggers.root import BLUEPRINTS as TRIGGERS

# Lines of the name "synclog" go to our own JSON logger: Chalice adds no handler of its own.
app = Chalice(app_name="synclog", configure_logs=False)
app.register_middleware(flush_after)

for blueprint in (*BLUEPRINTS, *TRIGGERS):
    app.register_blueprint(blueprint)
