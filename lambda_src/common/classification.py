"""THE rule engine: from an object's key to its class, or to the reason why it has none.

A file is ``<prefix>/<project>/[<folder>/...]<code>_<project>_<site>_<sample>[_<part>...].<extension>``, or, in a class
whose files are named by their folders, ``<prefix>/<project>/<site>/[<folder>/...]<any name>``. Every element is matched
as a whole and exactly; there is no nearest match, no folding of case and no default class. Whatever does
not fit is unclassified, which no researcher can read, so a wrong name costs access and never secrecy.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from common.catalogue import Catalogue, DataClass

# S3 allows 1,024 bytes of UTF-8 (https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html).
KEY_LIMIT_BYTES = 1024

# A tag value holds so many characters (tags.py).
_TAG_VALUE_LIMIT = 256
# A name on EFS has at most 255 bytes (https://docs.aws.amazon.com/efs/latest/ug/limits.html).
_NAME_LIMIT_BYTES = 255

# DataSync keeps objects of its own beside what it copies; they are nobody's data.
_DATASYNC_OWN = ".aws-datasync"

_IDENTIFIER = r"[a-z0-9]+(?:-[a-z0-9]+)*"
_WORD = r"[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*"
_FILE_NAME = re.compile(
    rf"(?P<code>[a-z]{{2}})_(?P<project>{_IDENTIFIER})_(?P<site>{_IDENTIFIER})_(?P<sample>{_WORD})"
    rf"(?P<parts>(?:_{_WORD})*)\.(?P<extension>[a-z0-9]+(?:\.[a-z0-9]+)*)"
)
_OWNER = re.compile(_IDENTIFIER)
_FOLDER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")


class Reason(StrEnum):
    """Why a key has no class; the text goes into notices, so it says what to mend."""

    TOO_LONG = "the key is longer than 1,024 bytes"
    NOT_IN_A_PROJECT = "the file does not lie below <prefix>/<project>/"
    UNKNOWN_PREFIX = "the first folder is no prefix of the catalogue"
    BAD_FOLDER = "a folder name is empty, hidden, or has characters outside A-Z a-z 0-9 . _ -"
    BAD_NAME = "the file name is not <code>_<project>_<site>_<sample>[_<part>].<extension>"
    UNKNOWN_CODE = "the code at the start of the file name is not in the catalogue"
    CODE_AND_PREFIX_DIFFER = "the code in the file name and the first folder name different classes"
    PROJECT_DIFFERS = "the project in the file name is not the project folder"
    BAD_EXTENSION = "the extension is not one of this class"
    BAD_OWNER = "the file does not lie below <prefix>/<project>/<site>/, both of a-z 0-9 and inner hyphens"
    BAD_FREE_NAME = "the file name is . or .., has control characters, or is longer than 255 bytes"


@dataclass(frozen=True)
class Classification:
    """What a well-named key says. ``part`` is everything between the sample and the extension, ``""`` if nothing. Where
    folders name the file, ``sample`` and ``extension`` are ``""``, too."""

    data_class: str
    sensitivity: str
    project: str
    site: str
    sample: str
    part: str
    extension: str

    @property
    def tags(self) -> dict[str, str]:
        """The values of the governed tags."""
        return {
            "data_class": self.data_class,
            "sensitivity": self.sensitivity,
            "project": self.project,
            "site": self.site,
        }


@dataclass(frozen=True)
class Unclassified:
    """A file whose name fits no class."""

    reason: Reason


@dataclass(frozen=True)
class NotAFile:
    """A folder marker or an object of DataSync's own: nothing to tag, nothing to report."""


def classify(key: str, catalogue: Catalogue) -> Classification | Unclassified | NotAFile:
    """Read an object key exactly as S3 holds it (never URL-decoded) and say what it is."""
    if key.endswith("/") or any(segment.startswith(_DATASYNC_OWN) for segment in key.split("/")):
        return NotAFile()
    found = _read(key, catalogue)
    return Unclassified(found) if isinstance(found, Reason) else found


def _read(key: str, catalogue: Catalogue) -> Classification | Reason:
    if len(key.encode("utf-8", "surrogatepass")) > KEY_LIMIT_BYTES:
        return Reason.TOO_LONG
    *folders, file_name = key.split("/")
    if len(folders) < 2:
        return Reason.NOT_IN_A_PROJECT
    if not all(_FOLDER.fullmatch(folder) for folder in folders):
        return Reason.BAD_FOLDER
    prefix, project = folders[0], folders[1]
    of_prefix = next((each for each in catalogue.classes.values() if each.prefix == prefix), None)
    if of_prefix is None:
        return Reason.UNKNOWN_PREFIX
    if of_prefix.is_named_by_folders:
        return _read_folders(folders[1:], file_name, of_prefix)
    name = _FILE_NAME.fullmatch(file_name)
    if name is None:
        return Reason.BAD_NAME
    data_class = catalogue.classes.get(name["code"])
    if data_class is None:
        return Reason.UNKNOWN_CODE
    if data_class.prefix != prefix:
        return Reason.CODE_AND_PREFIX_DIFFER
    if name["project"] != project:
        return Reason.PROJECT_DIFFERS
    if name["extension"] not in data_class.extensions:
        return Reason.BAD_EXTENSION
    # A file name on EFS has at most 255 bytes, so a key that came from the shared storage always fits. A longer one was
    # put there by another way and gets no shortened tag.
    if max(len(project), len(name["site"])) > _TAG_VALUE_LIMIT:
        return Reason.BAD_NAME
    return Classification(
        data_class=data_class.name,
        sensitivity=data_class.sensitivity,
        project=project,
        site=name["site"],
        sample=name["sample"],
        part=name["parts"].removeprefix("_"),
        extension=name["extension"],
    )


def _read_folders(folders: list[str], file_name: str, data_class: DataClass) -> Classification | Reason:
    """As :func:`_read`, where the first two folders name project and site and people name the rest."""
    owners = folders[:2]
    if len(owners) < 2 or not all(_OWNER.fullmatch(each) and len(each) <= _TAG_VALUE_LIMIT for each in owners):
        return Reason.BAD_OWNER
    if not _is_free_name(file_name):
        return Reason.BAD_FREE_NAME
    project, site = owners
    return Classification(data_class.name, data_class.sensitivity, project, site, sample="", part="", extension="")


def _is_free_name(name: str) -> bool:
    """Whether a file of that name can lie on the shared storage and be told of. A hidden one may: ``.RData`` is
    somebody's work."""
    if name in (".", "..") or len(name.encode("utf-8", "surrogatepass")) > _NAME_LIMIT_BYTES:
        return False
    return not any(unicodedata.category(each) in ("Cc", "Cs") for each in name)
