"""What log_alerter may do: remember what it has told, and tell. It reads no logs; they are brought to it."""

from common.permissions import Permission, Resource, keep_state, publish_to

PERMISSIONS: tuple[Permission, ...] = (
    *keep_state(),
    *publish_to(Resource.PLATFORM_TOPIC),
    Permission(("sns:Publish",), Resource.DATA_TOPIC),
)
