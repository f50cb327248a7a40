"""Settings, all from the environment; the defaults are those of a machine of one's own."""

import warnings
from pathlib import Path
from urllib.parse import unquote

from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from config.assets import is_hashed
from config.environment import Environment
from config.logs import logging_config
from config.metrics.folder import take_own
from config.redis_urls import for_celery, for_limits, with_database

ROOT = Path(__file__).resolve().parents[2]
env = Environment()
take_own()

STOREPLANE_HOME = Path(env.str("STOREPLANE_HOME", str(ROOT / ".storeplane")))
DEBUG = env.bool("STOREPLANE_DEBUG", False)
SECRET_KEY = env.str("STOREPLANE_SECRET_KEY", "")
ALLOWED_HOSTS = env.list("STOREPLANE_ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("STOREPLANE_CSRF_TRUSTED_ORIGINS", default=[])

INSTALLED_APPS = [
    "config.apps.StoreplaneConfig",
    "tenants",
    "stores",
    "provisioner",
    "config.admin_site.OperatorsAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "channels",
    "django_filters",
    "django_prometheus",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "rest_framework",
]

MIDDLEWARE = [
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "config.content_policy.ContentPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.request_id.RequestIdMiddleware",
    "config.tracing.requests.TracingMiddleware",
    "config.rate_headers.RateLimitMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]

ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
APPEND_SLASH = False
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

DATABASES = {
    "default": {
        **env.db_url("DATABASE_URL", default="postgresql://storeplane@127.0.0.1:5432/storeplane"),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }
}
# A unix socket's folder stands percent-encoded in the host's place (libpq's URI syntax); django-environ leaves it so.
DATABASES["default"]["HOST"] = unquote(DATABASES["default"]["HOST"])
# A process that freezes in a transaction would hold its store's row, or even the log's lock, and with it all others:
# better to lose that transaction, before those who wait for it give up in their turn.
_TIMEOUTS = {"idle_in_transaction_session_timeout": "15s", "lock_timeout": "20s", "statement_timeout": "60s"}
# A host that is gone without a word closes no connection. By the kernel's defaults the server would keep its session
# for two hours, and with it the lock of a sweep; and who asks a server that is gone would wait for a quarter of one.
_TIMEOUTS |= {"tcp_keepalives_idle": "15s", "tcp_keepalives_interval": "5s", "tcp_keepalives_count": "3"}
_TIMEOUTS |= {"tcp_user_timeout": "30s"}
DATABASES["default"].setdefault("OPTIONS", {}).update(
    {
        "connect_timeout": 5,
        "keepalives_idle": 5,
        "keepalives_interval": 2,
        "keepalives_count": 3,
        "tcp_user_timeout": 10_000,
        "options": " ".join(f"-c {name}={value}" for name, value in _TIMEOUTS.items()),
    }
)
if env.bool("STOREPLANE_DATABASE_POOL", False):
    # Set by config.asgi: the web process, where a thread lives for one request, shares connections through a pool.
    DATABASES["default"]["CONN_MAX_AGE"] = 0
    DATABASES["default"]["OPTIONS"]["pool"] = {
        "min_size": 1,
        "max_size": env.int("STOREPLANE_DATABASE_POOL_SIZE", 20),
        "timeout": 10,
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "tenants.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
LOGIN_URL = "/api-auth/login/"
LOGIN_REDIRECT_URL = "/"

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_TZ = True
FORMAT_MODULE_PATH = ["config.formats"]

STATIC_URL = "/static/"
STATIC_ROOT = Path(env.str("STOREPLANE_STATIC_ROOT", str(STOREPLANE_HOME / "static")))
STOREPLANE_DASHBOARD_DIR = Path(env.str("STOREPLANE_DASHBOARD_DIR", str(ROOT / ".build" / "dashboard")))
# Without a collected folder (a laptop, tests) the files come straight from the packages. In an image they are
# collected, compressed and named by what is in them, so that a browser may keep them for good.
WHITENOISE_USE_FINDERS = not STATIC_ROOT.exists()
if env.str("STOREPLANE_STATIC_ROOT", ""):
    STORAGES = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
    }
warnings.filterwarnings("ignore", message="No directory at", category=UserWarning)
# whitenoise hands files over synchronously; Django reads them on a thread, and says so for each one.
warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume synchronous iterators")
if STOREPLANE_DASHBOARD_DIR.is_dir():
    WHITENOISE_ROOT = STOREPLANE_DASHBOARD_DIR
WHITENOISE_IMMUTABLE_FILE_TEST = is_hashed
WHITENOISE_ALLOW_ALL_ORIGINS = False

REDIS_URL = env.str("REDIS_URL", "redis://127.0.0.1:6379")
CELERY_BROKER_URL = for_celery(REDIS_URL, 0)
REDIS_STREAMS_URL = with_database(REDIS_URL, 2)
REDIS_LIMITS_URL = for_limits(REDIS_URL, 3)
CHANNEL_LAYERS = {
    "default": {
        # Pub/sub, not the core layer, which drops silently at 100 waiting messages (shared/FACTS.md).
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {
            "hosts": [
                {
                    "address": with_database(REDIS_URL, 1),
                    "max_connections": 2000,
                    # A server that hangs must not hang whoever tells it something (redis-py waits for ever by default).
                    "socket_timeout": 2,
                    "socket_connect_timeout": 2,
                    "retry": Retry(NoBackoff(), 1),
                }
            ]
        },
    }
}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "tenants.authentication.BearerAuthentication",
        "tenants.authentication.UserHeaderAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_THROTTLE_CLASSES": ["tenants.throttling.CallerThrottle"],
    "DEFAULT_PARSER_CLASSES": [
        "config.parsers.JSONParser",
        "rest_framework.parsers.FormParser",
        "rest_framework.parsers.MultiPartParser",
    ],
    "DEFAULT_RENDERER_CLASSES": [
        "rest_framework.renderers.JSONRenderer",
        "config.browsable.BrowsableAPI",
    ],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "config.problems.exception_handler",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Storeplane",
    "DESCRIPTION": "One HTTP request becomes a running, isolated online store on Kubernetes.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "PREPROCESSING_HOOKS": ["config.openapi.hooks.without_slashes"],
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "config.openapi.hooks.complete",
    ],
    "ENUM_NAME_OVERRIDES": {
        "PhaseEnum": "stores.choices.Phase",
        "EngineEnum": "stores.engines.ENGINE_CHOICES",
        "PlanEnum": "tenants.plans.PLAN_CHOICES",
        "RoleEnum": "tenants.models.Role",
        "StepStateEnum": "stores.serializers.STEP_STATES",
        "OperationStateEnum": "stores.serializers.OPERATION_STATES",
        "OperationKindEnum": "stores.serializers.OPERATION_KINDS",
    },
    # The values say what they are; a list of "Ready - Ready" says nothing more.
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "TAGS": [{"name": name} for name in ("stores", "drift", "operations", "catalogue", "people", "platform")],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
}

LOGGING_CONFIG = "config.logs.apply_logging"
LOGGING = logging_config(env.str("STOREPLANE_LOG_FORMAT", "console"))

# Behind TLS in production; a sandbox on loopback speaks plain http.
STOREPLANE_SECURE = env.bool("STOREPLANE_SECURE", not DEBUG)
SESSION_COOKIE_SECURE = STOREPLANE_SECURE
CSRF_COOKIE_SECURE = STOREPLANE_SECURE
SECURE_SSL_REDIRECT = STOREPLANE_SECURE
# Kubernetes counts a redirect as a passed probe: machines inside the cluster get the answer itself.
SECURE_REDIRECT_EXEMPT = [r"^health(/|$)", r"^metrics/?$"]
SECURE_HSTS_SECONDS = 31_536_000 if STOREPLANE_SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = STOREPLANE_SECURE
SECURE_HSTS_PRELOAD = STOREPLANE_SECURE
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SESSION_COOKIE_HTTPONLY = True
# With this prefix browsers refuse the cookie unless it is secure and of this very host (RFC 6265bis, 4.1.3): a store on
# a sibling host can't set one. The other cookie, against forged requests, is read by the dashboard by its usual name.
SESSION_COOKIE_NAME = "__Host-sessionid" if STOREPLANE_SECURE else "sessionid"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

STOREPLANE_PROVISIONER = "provisioner.service.ClusterProvisioner"
STOREPLANE_DOMAIN = env.str("STOREPLANE_DOMAIN", "localhost")
STOREPLANE_STORE_SCHEME = env.str("STOREPLANE_STORE_SCHEME", "http")
STOREPLANE_STORE_PORT = env.int("STOREPLANE_STORE_PORT", 8080)
STOREPLANE_TRUST_USER_HEADER = env.bool("STOREPLANE_TRUST_USER_HEADER", False)
STOREPLANE_TRUSTED_PROXIES = env.list("STOREPLANE_TRUSTED_PROXIES", default=[])
# Multiplies every limit of requests a minute (tenants/plans.py); 0 counts nothing.
STOREPLANE_RATE_LIMIT_SCALE = env.float("STOREPLANE_RATE_LIMIT_SCALE", 1.0)
STOREPLANE_PROVISION_SLOTS = env.int("STOREPLANE_PROVISION_SLOTS", 3)
STOREPLANE_QUEUE_LIMIT = env.int("STOREPLANE_QUEUE_LIMIT", 200)
# How a lost worker or message is noticed, in seconds: an owner beats so often; it is taken for lost after so long
# without; a message that nobody took is sent again; the sweep looks so often. In this sum a step is never held by a
# dead worker for more than 60 s.
STOREPLANE_HEARTBEAT_SECONDS = env.float("STOREPLANE_HEARTBEAT_SECONDS", 5.0)
STOREPLANE_STALE_SECONDS = env.float("STOREPLANE_STALE_SECONDS", 25.0)
STOREPLANE_RESEND_SECONDS = env.float("STOREPLANE_RESEND_SECONDS", 30.0)
STOREPLANE_SWEEP_SECONDS = env.float("STOREPLANE_SWEEP_SECONDS", 10.0)
# How often all stores are compared with the cluster, in seconds and give or take a tenth.
STOREPLANE_DRIFT_SECONDS = env.float("STOREPLANE_DRIFT_SECONDS", 120.0)
# A removal that has waited this long for something to go says what holds it up.
STOREPLANE_BLOCKED_SECONDS = env.float("STOREPLANE_BLOCKED_SECONDS", 60.0)
# For so long events, operations and healed drift are kept, in days; 0 keeps them for ever. The audit always is.
STOREPLANE_HISTORY_DAYS = env.float("STOREPLANE_HISTORY_DAYS", 90.0)
# Who may make stores through the Store resource is Kubernetes' own RBAC; these say for which tenants (docs/adr/0011).
STOREPLANE_RESOURCE_TENANTS = env.list("STOREPLANE_RESOURCE_TENANTS", default=["*"])
STOREPLANE_RESOURCE_DEFAULT_TENANT = env.str("STOREPLANE_RESOURCE_DEFAULT_TENANT", "")
# Who may read `/metrics`: everybody, or whoever has the token. Workers, beat and the watcher serve what they count at a
# port of their own when one is set, for a Prometheus that can't learn it from the web process (docs/metrics.md).
STOREPLANE_METRICS_TOKEN = env.str("STOREPLANE_METRICS_TOKEN", "")
STOREPLANE_METRICS_PORT = env.int("STOREPLANE_METRICS_PORT", 0)
STOREPLANE_METRICS_HOST = env.str("STOREPLANE_METRICS_HOST", "127.0.0.1")
# The platform's own namespace in the cluster; the second copy of each store's Secret lies there.
STOREPLANE_NAMESPACE = env.str("STOREPLANE_NAMESPACE", "storeplane-system")
STOREPLANE_INGRESS_CLASS = env.str("STOREPLANE_INGRESS_CLASS", "")
# Who may reach the stores from outside their namespace; the default is ingress-nginx as its chart installs it.
STOREPLANE_INGRESS_NAMESPACE_LABELS = env.dict(
    "STOREPLANE_INGRESS_NAMESPACE_LABELS", default={"kubernetes.io/metadata.name": "ingress-nginx"}
)
STOREPLANE_INGRESS_POD_LABELS = env.dict(
    "STOREPLANE_INGRESS_POD_LABELS", default={"app.kubernetes.io/name": "ingress-nginx"}
)
# Networks beside these pods, for a controller on its nodes' own network: a NetworkPolicy knows no labels there.
STOREPLANE_INGRESS_CIDRS = env.list("STOREPLANE_INGRESS_CIDRS", default=[])
# What resolves names for the stores; the addresses are of a resolver on the nodes, as NodeLocal DNSCache is one.
STOREPLANE_DNS_NAMESPACE_LABELS = env.dict(
    "STOREPLANE_DNS_NAMESPACE_LABELS", default={"kubernetes.io/metadata.name": "kube-system"}
)
STOREPLANE_DNS_POD_LABELS = env.dict("STOREPLANE_DNS_POD_LABELS", default={"k8s-app": "kube-dns"})
STOREPLANE_DNS_CIDRS = env.list("STOREPLANE_DNS_CIDRS", default=[])
# JSON, since an annotation's value may hold any character, e.g. {"cert-manager.io/cluster-issuer": "letsencrypt"}.
STOREPLANE_INGRESS_ANNOTATIONS = env.json("STOREPLANE_INGRESS_ANNOTATIONS", default={})
STOREPLANE_IMAGE_PULL_POLICY = env.str("STOREPLANE_IMAGE_PULL_POLICY", "IfNotPresent")
STOREPLANE_IMAGE_PULL_SECRETS = env.list("STOREPLANE_IMAGE_PULL_SECRETS", default=[])
STOREPLANE_STORAGE_CLASS = env.str("STOREPLANE_STORAGE_CLASS", "")
STOREPLANE_IMAGES = {
    "medusa": env.str("STOREPLANE_IMAGE_MEDUSA", "storeplane/medusa:2.18.0"),
    "storefront": env.str("STOREPLANE_IMAGE_STOREFRONT", "storeplane/storefront:0.1.0"),
    "postgres": env.str("STOREPLANE_IMAGE_POSTGRES", "postgres:16"),
}
