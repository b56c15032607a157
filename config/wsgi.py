"""The WSGI entry point (gunicorn config.wsgi)."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

application = get_wsgi_application()

# What was loaded stays, so garbage is not looked for among it: that took a quarter of a page that reads many rows.
gc.collect()
gc.freeze()
# Such a page makes tens of thousands of objects; by default Python would look for garbage after each 700.
gc.set_threshold(10_000, 10, 10)
