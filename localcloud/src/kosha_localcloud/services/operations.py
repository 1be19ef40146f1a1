"""How one AWS service is put together from single operations.

A service is a table: operation name -> function `(context, request) -> response`. botocore's model of the service
parses the request and serialises the response, so a function deals in plain dictionaries whose keys are the
documented member names. Operations without a function of ours go to moto where `moto=True`; what moto lacks answers
501.

Every operation states how much of it is real, and `capabilities` prints that, so the table of promises comes from the
code.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from localstack.aws.api import CommonServiceException
from localstack.aws.skeleton import Skeleton
from localstack.aws.spec import load_service
from localstack.services.moto import call_moto
from localstack.services.plugins import Service

type Document = dict[str, Any]
type Handler = Callable[[Any, Document], Document | None]


class Depth(StrEnum):
    """How much of an operation the local cloud does."""

    REAL = "real"
    STORED = "stored only"


@dataclass(frozen=True)
class Operation:
    """One operation of ours: what it does, and what a reader of the capability table should know about it."""

    name: str
    depth: Depth
    remark: str
    handler: Handler


@dataclass
class ServiceTable:
    """The operations of one service that this package implements. `moto` says whether moto answers the rest."""

    name: str
    moto: bool
    operations: dict[str, Operation] = field(default_factory=dict)

    def real(self, name: str, remark: str = "") -> Callable[[Handler], Handler]:
        """Register a function whose operation does what AWS does, as far as `remark` does not say otherwise."""
        return self._register(name, Depth.REAL, remark)

    def stored(self, name: str, remark: str = "") -> Callable[[Handler], Handler]:
        """Register a function that keeps what it is given and gives it back, and nothing else."""
        return self._register(name, Depth.STORED, remark)

    def _register(self, name: str, depth: Depth, remark: str) -> Callable[[Handler], Handler]:
        def register(handler: Handler) -> Handler:
            if name not in load_service(self.name).operation_names:
                raise ValueError(f"{self.name} has no operation {name}: check the spelling against botocore's model")
            if name in self.operations:
                raise ValueError(f"{self.name} {name} is registered twice: remove one of the two functions")
            self.operations[name] = Operation(name, depth, remark, handler)
            return handler

        return register

    def service(self) -> Service:
        """Build what LocalStack serves."""
        model = load_service(self.name)
        dispatch: dict[str, Handler] = {}
        if self.moto:
            dispatch = dict.fromkeys(model.operation_names, lambda context, _request: call_moto(context))
        dispatch |= {operation.name: operation.handler for operation in self.operations.values()}
        return Service(self.name, skeleton=Skeleton(model, dispatch))


def refuse(code: str, message: str, status: int = 400, **members: str) -> CommonServiceException:
    """Make the error `code` of the service; `members` are further fields of its shape, e.g. DataSync's `errorCode`."""
    error = CommonServiceException(code, message, status_code=status, sender_fault=status < 500)
    for name, value in members.items():
        setattr(error, name, value)
    return error
