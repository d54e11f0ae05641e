"""For any WSGI server: `wsgi:application`, with the settings in the environment."""

import os

from qrmerch import create_app
from qrmerch.config import Settings

application = create_app(Settings.read(os.environ)).wsgi_app
