"""What LocalStack calls when it starts."""

from __future__ import annotations

from localstack.runtime import hooks


@hooks.on_infra_start()
def install() -> None:
    """Install every part of the local cloud into LocalStack. Imported here: LocalStack looks at every hook early."""
    from kosha_localcloud import mailbox, network, object_store, services
    from kosha_localcloud.access import enforcement
    from kosha_localcloud.clock import keeper
    from kosha_localcloud.gateway import control, handlers

    network.install()
    object_store.install()
    mailbox.install()
    handlers.install()
    enforcement.install()
    kept = keeper.install()
    control.install(kept)
    services.install(kept.timeline)
