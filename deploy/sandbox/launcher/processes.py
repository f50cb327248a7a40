"""The table of the platform's processes: what runs, in which environment, after what."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from sandbox.launcher import readiness, services
from sandbox.launcher.home import CHECKOUT, Home
from sandbox.launcher.options import Options
from sandbox.launcher.programs import find_node, postgres_programs, python
from sandbox.launcher.spec import ProcessSpec

# Of the user's shell: would change what Python, PostgreSQL's library or the platform do.
_UNWANTED = (
    "PYTHONPATH",
    "PYTHONHOME",
    "PYTHONSTARTUP",
    "PYTHONDONTWRITEBYTECODE",  # each process would compile Django anew: 3 s in place of 1
    "DJANGO_SETTINGS_MODULE",
    "NODE_OPTIONS",
    "PROMETHEUS_MULTIPROC_DIR",
)

UVICORN_OPTIONS = (
    *("--timeout-graceful-shutdown", "5", "--no-access-log", "--no-proxy-headers"),
    # A listener has nothing to say, and compressing each message for each listener costs more than it saves.
    *("--ws-max-size", "4096", "--ws-per-message-deflate", "false"),
)
"""The web server's; the image has the same for its sockets (deploy/images/platform/Dockerfile)."""

AUDIT_LOG = "STOREPLANE_AUDIT_LOG"
"""Names a file for the sandbox's log of who did what; `test` sets it to judge the platform's role by."""

_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")


def platform_processes(home: Home, options: Options) -> list[ProcessSpec]:
    """All rows in the order in which they are shown."""
    sockets = services.socket_folder(home.root)
    base = base_environment()
    env = {**base, **platform_environment(home, options, sockets)}
    servers = [services.postgres(home.root / "postgres", sockets), services.redis(home.root / "redis", sockets)]
    cluster = [] if options.kubeconfig else [_sandbox(home, options, base)]
    jobs = _jobs(home, options, env, base)
    return [*servers, *cluster, *jobs, *_platform(home, options, env, tuple(job.name for job in jobs))]


def base_environment() -> dict[str, str]:
    """The user's environment without what must not leak in."""
    kept = {name: value for name, value in os.environ.items() if name not in _UNWANTED and not name.startswith("PG")}
    return {**kept, "PYTHONUNBUFFERED": "1"}


def node_environment() -> dict[str, str]:
    """The same for npm and what it runs: the chosen Node first, and the machine's certificates."""
    env = {**base_environment(), "PATH": find_node().path_first()}
    if _CERTIFICATES.is_file():
        # Node trusts only its own list of certificates: a company's proxy has one in the system's.
        env.setdefault("NODE_EXTRA_CA_CERTS", str(_CERTIFICATES))
    if not os.access(Path.home(), os.W_OK):
        env.setdefault("npm_config_cache", str(CHECKOUT / ".build" / "npm-cache"))
    return env


def platform_environment(home: Home, options: Options, sockets: Path) -> dict[str, str]:
    """The settings that every process of the platform gets, and that a `manage.py` by hand would need."""
    secrets = home.secrets()
    metrics = home.run / "metrics"
    given: Mapping[str, str] = {
        "STOREPLANE_HOME": str(home.root),
        "STOREPLANE_SECRET_KEY": secrets["secret_key"],
        "STOREPLANE_ADMIN_PASSWORD": secrets["admin_password"],
        "STOREPLANE_TRUST_USER_HEADER": "true",
        "STOREPLANE_TRUSTED_PROXIES": "127.0.0.1/32",
        "STOREPLANE_SECURE": "false",  # plain http on the loopback address
        "STOREPLANE_DOMAIN": options.domain,
        "STOREPLANE_STORE_PORT": str(options.store_port),
        "STOREPLANE_DASHBOARD_DIR": str(CHECKOUT / ".build" / "dashboard"),
        "DATABASE_URL": services.database_url(sockets),
        "REDIS_URL": services.redis_url(sockets),
        "KUBECONFIG": str(options.kubeconfig or home.platform_kubeconfig),
        "PROMETHEUS_MULTIPROC_DIR": str(metrics),
    }
    optional = {"STOREPLANE_LOG_FORMAT": "console", "STOREPLANE_STORE_SCHEME": "http"}
    return {**{name: os.environ.get(name) or value for name, value in optional.items()}, **given}


def prepare_folders(home: Home) -> None:
    """What must lie there before the first process starts: the database, and empty folders for what is of one run."""
    services.make_database(home.root / "postgres")
    (home.root / "beat").mkdir(mode=0o700, exist_ok=True)
    metrics = home.run / "metrics"
    shutil.rmtree(metrics, ignore_errors=True)
    metrics.mkdir(mode=0o700)


def _sandbox(home: Home, options: Options, base: Mapping[str, str]) -> ProcessSpec:
    node = find_node()
    argv = [python(), "-m", "sandbox", "serve", "--state", str(home.root / "sandbox")]
    argv += ["--port", str(options.api_port), "--ingress-port", str(options.ingress_port)]
    argv += ["--ingress-upstream", f"127.0.0.1:{options.port}", "--kubeconfig", str(home.kubeconfig)]
    argv += ["--images", str(CHECKOUT / "deploy" / "images")]
    argv += ["--var", f"node={node.node}", "--var", f"pgbin={postgres_programs()}"]
    if base.get(AUDIT_LOG):
        argv += ["--audit-log", base[AUDIT_LOG]]
    return ProcessSpec(
        name="sandbox",
        argv=tuple(argv),
        env=base,
        cwd=CHECKOUT,
        ready_line="sandbox ready on",
        stop_grace=30,  # its pods have their own grace
        address=f"http://127.0.0.1:{options.api_port}",
    )


def _jobs(home: Home, options: Options, env: Mapping[str, str], base: Mapping[str, str]) -> list[ProcessSpec]:
    def job(name: str, env: Mapping[str, str], after: tuple[str, ...], *words: str) -> ProcessSpec:
        argv = (python(), *words)
        return ProcessSpec(name=name, argv=argv, env=env, cwd=CHECKOUT, after=after, once=True, start_timeout=180)

    # Definitions and roles are the admin's work, in the sandbox as on a cluster: the platform's account may not do it.
    admins = {**env, "KUBECONFIG": str(options.kubeconfig or home.kubeconfig)}
    jobs = [
        job("migrate", env, ("postgres", "redis"), "manage.py", "migrate"),
        job("admin", env, ("migrate",), "manage.py", "ensure_admin"),
    ]
    if options.kubeconfig:
        return [*jobs, job("crd", admins, ("migrate",), "manage.py", "install_crd")]
    kubeconfigs = (str(home.kubeconfig), str(home.platform_kubeconfig))
    return [
        *jobs,
        job("crd", admins, ("migrate", "sandbox"), "manage.py", "install_crd"),
        job("account", base, ("sandbox",), "-m", "sandbox.launcher", "account", *kubeconfigs),
    ]


def _platform(home: Home, options: Options, env: Mapping[str, str], jobs: tuple[str, ...]) -> list[ProcessSpec]:
    celery = [python(), "-m", "celery", "--quiet", "-A", "config.celery"]
    # Celery's own signal for "stop soon, and give back what isn't done" is SIGQUIT.
    soft = {**env, "REMAP_SIGTERM": "SIGQUIT"}

    def worker(name: str, queues: str, concurrency: int) -> ProcessSpec:
        # Neither greeting the other workers nor gossip with them is of use here; the greeting takes a second.
        alone = ("--without-mingle", "--without-gossip", "--loglevel", "INFO")
        argv = (*celery, "worker", "-Q", queues, "-c", str(concurrency), "-n", f"{name}@%h", *alone)
        return ProcessSpec(
            name=f"worker-{name}", argv=argv, env=soft, cwd=CHECKOUT, after=jobs, ready_line="ready.", stop_grace=15
        )

    beat = (*celery, "beat", "-s", str(home.root / "beat" / "schedule"), "--pidfile=", "--loglevel", "INFO")
    return [
        _web(options, env, jobs),
        worker("provision", "provision", 3),
        # Of their own: removals may wait for long, and what they wait for must not hold up the sweep or the mirror.
        worker("teardown", "teardown", 2),
        worker("events", "drift,events", 2),
        ProcessSpec(name="beat", argv=beat, env=env, cwd=CHECKOUT, after=jobs, ready_line="beat: Starting"),
        ProcessSpec(name="watcher", argv=(python(), "manage.py", "watch_cluster"), env=env, cwd=CHECKOUT, after=jobs),
    ]


def _web(options: Options, env: Mapping[str, str], after: tuple[str, ...]) -> ProcessSpec:
    argv = (python(), "-m", "uvicorn", "config.asgi:application", "--host", "127.0.0.1", "--port", str(options.port))
    return ProcessSpec(
        name="web",
        argv=(*argv, *UVICORN_OPTIONS),
        env=env,
        cwd=CHECKOUT,
        after=after,
        ready=readiness.http("127.0.0.1", options.port, "/health/live"),
        stop_grace=10,
        address=options.dashboard_url,
    )
