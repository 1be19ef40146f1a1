"""Whether a resource is FHIR R4, said without its values: a reason may be read by people who may not read the record.

fhir.resources has no R4 (4.0.1), but R4B (4.3), in which the types that are taken here are the same but for additions
(https://hl7.org/fhir/R4B/history.html). It does not enforce the codes of required value sets; that is done here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fhir.resources.R4B import get_fhir_model_class
from pydantic import ValidationError

from pipelines.ingest.problems import Refused


def validate(resource: Mapping[str, Any]) -> None:
    """Raises :class:`Refused` naming the type and every field that is wrong."""
    kind = resource.get("resourceType")
    if not isinstance(kind, str) or not isinstance(resource.get("id"), str):
        raise Refused("a resource has no resourceType or no id")
    try:
        model = get_fhir_model_class(kind).model_validate(dict(resource))
    except KeyError:
        raise Refused(f"{kind[:40]}: FHIR R4 has no such type") from None
    except ValidationError as error:
        fields = sorted({".".join(str(step) for step in each["loc"]) or "the whole" for each in error.errors()})
        raise Refused(f"{kind}: not as FHIR R4 has it: {', '.join(fields)}") from None
    for name, field in type(model).model_fields.items():
        extra = field.json_schema_extra
        allowed = extra.get("enum_values") if isinstance(extra, dict) else None
        value = getattr(model, name)
        if not isinstance(allowed, list) or value is None:
            continue
        if not all(each in allowed for each in (value if isinstance(value, list) else [value])):
            raise Refused(f"{kind}.{name} is none of {', '.join(map(str, allowed))}")
