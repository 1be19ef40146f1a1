"""Which tools a run used, as they say it themselves."""

from __future__ import annotations

import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

PICARD = "/usr/share/java/picard.jar"
# Debian 13's jar does not name Guava, which it uses; a path that is not there does no harm.
PICARD_COMMAND = ("-cp", f"{PICARD}:/usr/share/java/guava.jar", "picard.cmdline.PicardCommandLine")

# tool -> (command that makes it say its version, what to look for)
_ASK: dict[str, tuple[list[str], str]] = {
    "fastqc": (["fastqc", "--version"], r"FastQC v([\d.]+)"),
    "fastp": (["fastp", "--version"], r"fastp ([\d.]+)"),
    "trimmomatic": (["TrimmomaticPE", "-version"], r"^([\d.]+)$"),
    "bwa": (["bwa"], r"Version: (\S+)"),
    "bowtie2": (["bowtie2", "--version"], r"version ([\d.]+)"),
    "samtools": (["samtools", "--version"], r"samtools ([\d.]+)"),
    "bcftools": (["bcftools", "--version"], r"bcftools ([\d.]+)"),
    "picard": (["java", *PICARD_COMMAND, "MarkDuplicates", "--version"], r"Version:([\d.]+)"),
}


# What only one of the toolchains uses.
_ONLY_CLASSIC = ("fastqc", "trimmomatic", "picard")
_ONLY_FAST = ("fastp",)


def missing_tools(is_fast: bool | None = None) -> list[str]:
    """The toolchain's tools that are not here, by the command or file that was looked for; without one, of both."""
    unused = () if is_fast is None else _ONLY_CLASSIC if is_fast else _ONLY_FAST
    commands = [command[0] for tool, (command, _) in _ASK.items() if tool not in unused] + ["bowtie2-build"]
    absent = sorted({command for command in commands if shutil.which(command) is None})
    return absent + ([] if "picard" in unused or Path(PICARD).is_file() else [PICARD])


def tool_versions(is_fast: bool) -> dict[str, str]:
    """Tool of the toolchain -> version; ``unknown`` for one that answers in another way than the versions we know."""
    tools = [tool for tool in _ASK if tool not in (_ONLY_CLASSIC if is_fast else _ONLY_FAST)]

    def ask(tool: str) -> str:
        command, pattern = _ASK[tool]
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False, timeout=120)
        found = re.search(pattern, done.stdout + done.stderr, re.MULTILINE)
        return found[1] if found else "unknown"

    with ThreadPoolExecutor(len(tools)) as pool:
        return dict(zip(tools, pool.map(ask, tools), strict=True))
