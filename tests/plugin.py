"""Loaded by pytest before Django's settings are: gives the tests an environment of their own.

`DATABASE_URL` and `REDIS_URL` that are given are used as they are. Otherwise they name servers that
`tests/conftest.py` starts when the first test asks for one, so tests without a database cost nothing. Each of
pytest-xdist's workers has servers of its own: it inherits the environment of the process that began the run, and
`_OWN` tells it which names in there were nobody's wish.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

# Short, because the path of a unix socket may have 107 characters at most.
FOLDER = Path(tempfile.mkdtemp(prefix="sp-test-", dir="/tmp"))
atexit.register(shutil.rmtree, FOLDER, ignore_errors=True)

_OWN = "STOREPLANE_TESTS_OWN_SERVERS"
_own = os.environ.get(_OWN, "").split() + [name for name in ("DATABASE_URL", "REDIS_URL") if name not in os.environ]
os.environ[_OWN] = " ".join(_own)
OWN_POSTGRES = "DATABASE_URL" in _own
OWN_REDIS = "REDIS_URL" in _own

if OWN_POSTGRES:
    os.environ["DATABASE_URL"] = f"postgresql://storeplane@{str(FOLDER).replace('/', '%2F')}/storeplane"
if OWN_REDIS:
    os.environ["REDIS_URL"] = f"unix://{FOLDER}/redis.sock"

if "STOREPLANE_E2E_URL" not in os.environ:
    # The end-to-end tests ask the launcher about the platform that runs.
    os.environ["STOREPLANE_HOME"] = str(FOLDER / "home")
os.environ["STOREPLANE_SECRET_KEY"] = "only-for-tests-" + "x" * 50
os.environ["STOREPLANE_SECURE"] = "false"
os.environ["STOREPLANE_TRUST_USER_HEADER"] = "true"
os.environ["STOREPLANE_TRUSTED_PROXIES"] = "127.0.0.1/32"
os.environ["STOREPLANE_ALLOWED_HOSTS"] = "localhost,127.0.0.1,testserver"
os.environ["STOREPLANE_DASHBOARD_DIR"] = str(FOLDER / "dashboard")
