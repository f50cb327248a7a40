"""The closed sets of a store: phases, conditions, events. Colours are used by every screen alike."""

from django.db import models


class Phase(models.TextChoices):
    """Where a store stands, as one word; only ever worked out from conditions and operations."""

    PENDING = "Pending", "Pending"
    PROVISIONING = "Provisioning", "Provisioning"
    READY = "Ready", "Ready"
    DEGRADED = "Degraded", "Degraded"
    FAILED = "Failed", "Failed"
    SUSPENDED = "Suspended", "Suspended"
    DELETING = "Deleting", "Deleting"
    COMING_SOON = "ComingSoon", "Coming soon"

    @property
    def color(self) -> str:
        """A CSS colour for badges."""
        return _PHASE_COLORS[self.value]


_PHASE_COLORS = {
    "Pending": "#64748b",
    "Provisioning": "#2563eb",
    "Ready": "#15803d",
    "Degraded": "#b45309",
    "Failed": "#b91c1c",
    "Suspended": "#6b21a8",
    "Deleting": "#9f1239",
    "ComingSoon": "#0e7490",
}


class ConditionType(models.TextChoices):
    """Conditions of a store, in the order in which a birth turns them True."""

    NAMESPACE_READY = "NamespaceReady", "Namespace ready"
    HELM_INSTALLED = "HelmInstalled", "Helm installed"
    DATABASE_READY = "DatabaseReady", "Database ready"
    BACKEND_READY = "BackendReady", "Backend ready"
    STOREFRONT_READY = "StorefrontReady", "Storefront ready"
    DRIFTED = "Drifted", "Drifted"
    READY = "Ready", "Ready"
    RECONCILING = "Reconciling", "Reconciling"
    STALLED = "Stalled", "Stalled"


STEP_CONDITIONS = (
    ConditionType.NAMESPACE_READY,
    ConditionType.HELM_INSTALLED,
    ConditionType.DATABASE_READY,
    ConditionType.BACKEND_READY,
    ConditionType.STOREFRONT_READY,
)


class ConditionStatus(models.TextChoices):
    """Kubernetes' three values."""

    TRUE = "True", "True"
    FALSE = "False", "False"
    UNKNOWN = "Unknown", "Unknown"


class DriftPolicy(models.TextChoices):
    """What is done about a change that nobody asked for."""

    HEAL = "heal", "Heal"
    WARN = "warn", "Warn"
    OFF = "off", "Off"


class Origin(models.TextChoices):
    """Where a wish came from; empty for what the platform does by itself."""

    API = "api", "API"
    KUBECTL = "kubectl", "kubectl"
    ADMIN = "admin", "Admin"
    SWEEP = "sweep", "Sweep"


class EventType(models.TextChoices):
    """Everything that can happen to a store, as the activity log names it."""

    STORE_REQUESTED = "STORE_REQUESTED", "Store requested"
    PROVISIONING_START = "PROVISIONING_START", "Provisioning started"
    NAMESPACE_CREATE = "NAMESPACE_CREATE", "Namespace is being made"
    NAMESPACE_READY = "NAMESPACE_READY", "Namespace ready"
    HELM_INSTALL = "HELM_INSTALL", "Helm install"
    HELM_READY = "HELM_READY", "Helm release deployed"
    DB_READY = "DB_READY", "Database ready"
    BACKEND_READY = "BACKEND_READY", "Backend ready"
    STOREFRONT_READY = "STOREFRONT_READY", "Storefront ready"
    STORE_READY = "STORE_READY", "Store ready"
    RECONCILE_REQUESTED = "RECONCILE_REQUESTED", "Reconciliation requested"
    RECONCILE_START = "RECONCILE_START", "Reconciliation started"
    STORE_RECONCILED = "STORE_RECONCILED", "Store reconciled"
    STEP_RETRY = "STEP_RETRY", "Step will be tried again"
    STEP_TAKEN_OVER = "STEP_TAKEN_OVER", "Step taken over from a lost worker"
    PROVISION_FAILED = "PROVISION_FAILED", "Provisioning failed"
    RETRY_REQUESTED = "RETRY_REQUESTED", "Retry requested"
    SPEC_CHANGED = "SPEC_CHANGED", "Specification changed"
    SUSPENDED = "SUSPENDED", "Suspended"
    RESUMED = "RESUMED", "Resumed"
    HELM_RECOVER = "HELM_RECOVER", "Helm release recovered"
    STORE_DEGRADED = "STORE_DEGRADED", "Store degraded"
    STORE_RECOVERED = "STORE_RECOVERED", "Store recovered"
    DRIFT_DETECTED = "DRIFT_DETECTED", "Drift detected"
    SELF_HEAL = "SELF_HEAL", "Healing"
    SELF_HEALED = "SELF_HEALED", "Healed"
    HEAL_FAILED = "HEAL_FAILED", "Healing failed"
    HEAL_STOPPED = "HEAL_STOPPED", "Healing stopped"
    DELETE_START = "DELETE_START", "Deletion started"
    DELETE_BLOCKED = "DELETE_BLOCKED", "Deletion blocked"
    DELETE_UNBLOCKED = "DELETE_UNBLOCKED", "Deletion goes on"
    HELM_UNINSTALL = "HELM_UNINSTALL", "Helm uninstall"
    HELM_UNINSTALLED = "HELM_UNINSTALLED", "Helm release gone"
    PVC_CLEANUP = "PVC_CLEANUP", "Volumes are being removed"
    NAMESPACE_DELETE = "NAMESPACE_DELETE", "Namespace is being removed"
    NAMESPACE_DELETED = "NAMESPACE_DELETED", "Namespace gone"
    DELETE_COMPLETE = "DELETE_COMPLETE", "Deletion complete"
    ENGINE_STUB = "ENGINE_STUB", "Engine is coming soon"
    QUOTA_EXCEEDED = "QUOTA_EXCEEDED", "Quota exceeded"
    RESOURCE_RESTORED = "RESOURCE_RESTORED", "Store resource made again"
    WISH_REFUSED = "WISH_REFUSED", "Wish refused"
