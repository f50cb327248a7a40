"""The web process: HTTP through Django, `/stores/ws` through Channels."""

# ruff: noqa: E402 - what is imported below needs Django set up, and Django needs the environment

import os
import sys

# A thread that asks the database gets Python's lock whenever the loop writes to a socket, and keeps it for 5 ms by
# default: telling 500 listeners of one event would take many times as long as it needs.
sys.setswitchinterval(0.0005)

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
# Django serves each request in a thread of its own here, so a connection kept by a thread would never be used again;
# the settings give this process a pool instead (Django's documentation, "Persistent connections", caveats).
os.environ.setdefault("STOREPLANE_DATABASE_POOL", "true")

from django.core.asgi import get_asgi_application

django_application = get_asgi_application()

from channels.routing import ProtocolTypeRouter, URLRouter  # after Django is set up
from django.urls import re_path

from config.apps import refuse_unsafe_settings
from config.body_limit import BodyLimit
from config.lifespan import Lifespan
from stores.consumers import StoreEvents
from tenants.sockets import OriginCheck, SocketUser

refuse_unsafe_settings()

application = ProtocolTypeRouter(
    {
        "http": BodyLimit(django_application),
        "websocket": OriginCheck(SocketUser(URLRouter([re_path(r"^stores/ws/?$", StoreEvents.as_asgi())]))),
        "lifespan": Lifespan(),
    }
)
