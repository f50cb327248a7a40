"""The plans."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tenants.plans import PLANS, Plan
from tenants.serializers import PlanSerializer


class Plans(APIView):
    """The plans that a tenant or a store can have."""

    @extend_schema(operation_id="plans_list", tags=["catalogue"], responses=PlanSerializer(many=True))
    def get(self, request: Request) -> Response:
        """All plans, smallest first."""
        return Response(PlanSerializer([shape(plan) for plan in PLANS.values()], many=True).data)


def shape(plan: Plan) -> dict[str, Any]:
    """What the API tells of a plan."""
    values = plan.chart_values()
    together = plan.together.as_values()["limits"]
    return {
        "name": plan.name,
        "label": plan.label,
        "description": plan.description,
        "stores_allowed": plan.stores_allowed,
        "requests_per_minute": plan.requests_per_minute,
        "cpu": together["cpu"],
        "memory": together["memory"],
        "storage": plan.storage,
        "resources": values["resources"],
        "quota": values["quota"]["hard"],
    }
