"""The entry points of Synclog: Chalice finds them here and packages them."""

from chalice.app import Chalice

from chalicelib.api.root import BLUEPRINTS

# Lines of the name "synclog" go to our own JSON logger: Chalice adds no handler of its own.
app = Chalice(app_name="synclog", configure_logs=False)

for blueprint in BLUEPRINTS:
    app.register_blueprint(blueprint)
