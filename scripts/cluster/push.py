"""Bring the images of ``make images`` into the registry of an environment (``make push-images``).

A tag is one image for ever (modules/registry): what is there under the tag is left alone when it is the same image, and
refused when it is another.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from scripts.cluster.manifests import IMAGES
from scripts.handoff import client, read_handoff
from scripts.infrastructure.environments import Environment
from scripts.paths import BUILD
from scripts.talk import UserError

PLACE = BUILD / "images"


def push(environment: Environment, tag: str, console: Console) -> None:
    """Push what is built; raises :class:`UserError` when an image of the cluster is not, or the tag is taken."""
    if environment.is_local:
        raise UserError("the local cloud keeps no images: ENV=dev or ENV=prod")
    if shutil.which("skopeo") is None:
        raise UserError(
            "skopeo is not on this machine: make images installs it, or https://github.com/containers/skopeo"
        )
    built = {path.name.removesuffix(".oci.tar"): path for path in sorted(PLACE.glob("*.oci.tar"))}
    if lacking := sorted(set(IMAGES.values()) - set(built)):
        raise UserError(f"not built: {', '.join(lacking)}; run make images first")
    registry = read_handoff(environment, "10-foundation")["registry"]
    host, _, prefix = registry.partition("/")
    ecr = client(environment, "ecr")
    digests = {
        name: _skopeo("inspect", "--format", "{{.Digest}}", f"oci-archive:{path}") for name, path in built.items()
    }
    there = {name: _digest_of(ecr, f"{prefix}/{name}", tag) for name in built}
    if others := [name for name in built if there[name] not in (None, digests[name])]:
        raise UserError(
            f"TAG={tag} is another image already of {', '.join(others)}; take the next, a tag stays what it is"
        )
    with tempfile.TemporaryDirectory() as folder:
        login = Path(folder) / "auth.json"  # not on a command line, where every user of the machine could read it
        login.touch(mode=0o600)
        login.write_text(json.dumps({"auths": {host: {"auth": _login(ecr)}}}), encoding="utf-8")
        for name, path in built.items():
            if there[name]:
                console.print(f"{registry}/{name}:{tag} is there already", highlight=False, soft_wrap=True)
                continue
            _skopeo(
                "copy", "--preserve-digests", "--authfile", str(login), f"oci-archive:{path}",
                f"docker://{registry}/{name}:{tag}",
            )  # fmt: skip
            console.print(f"{registry}/{name}:{tag} is {digests[name]}", highlight=False, soft_wrap=True)


def _login(ecr: Any) -> str:
    try:
        token: str = ecr.get_authorization_token()["authorizationData"][0]["authorizationToken"]
    except (BotoCoreError, ClientError) as error:
        raise UserError(f"the registry lets nobody in: {error}") from error
    return token


def _digest_of(ecr: Any, repository: str, tag: str) -> str | None:
    """Of the image that has the tag; None when there is none."""
    try:
        found = ecr.describe_images(repositoryName=repository, imageIds=[{"imageTag": tag}])
    except ClientError as error:
        if error.response["Error"]["Code"] == "ImageNotFoundException":
            return None
        raise UserError(f"{repository} cannot be read: {error}") from error
    except BotoCoreError as error:
        raise UserError(f"{repository} cannot be read: {error}") from error
    digest: str = found["imageDetails"][0]["imageDigest"]
    return digest


def _skopeo(*words: str) -> str:
    done = subprocess.run(["skopeo", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise UserError(f"skopeo {words[0]} {words[-1]}: {done.stderr.strip() or 'it said nothing'}")
    return done.stdout.strip()
