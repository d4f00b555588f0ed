"""The packages of a report as facts for the conditions of findings: what clashes, lacks or is doubled."""

import re
from collections.abc import Mapping

from assistant.machine.fits import clashes
from assistant.machine.gpu_facts import Facts
from assistant.machine.model import Report

_CORE = (
    "torch",
    "transformers",
    "peft",
    "accelerate",
    "trl",
    "bitsandbytes",
    "tokenizers",
    "datasets",
    "torchvision",
)


def package_facts(report: Report) -> Facts:
    """Versions by name, and what is wrong with them."""
    packages = report.packages
    found: Facts = {name: text.split("+")[0] for name, text in packages.items() if name != "torch"}
    developing = [
        f"{name} {packages[name]}"
        for name in _CORE
        if name in packages and re.search(r"\.dev|rc\d", packages[name]) and ".nv" not in packages[name]
    ]
    if developing:
        found["development_versions"] = ", ".join(developing)
    unmet = report.environment.get("unmet_needs")
    if isinstance(unmet, list) and unmet:
        found["unmet"] = "; ".join(str(each) for each in unmet[:4])
        found["unmet_count"] = float(len(unmet))
    elif "torch" in packages or not report.measured:
        clashing = clashes(packages)
        for name, chosen in (
            ("breaking", [each for each in clashing if each.breaks]),
            ("clashing", [each for each in clashing if not each.breaks]),
        ):
            if chosen:
                found[name] = "; ".join(
                    f"{each.who} {each.at} ↔ {each.needs} ({each.found})" for each in chosen[:4]
                )
    doubled = report.environment.get("doubled")
    if isinstance(doubled, Mapping) and doubled:
        found["doubled"] = "; ".join(
            f"{name} {' + '.join(map(str, versions))}"
            for name, versions in list(doubled.items())[:4]
            if isinstance(versions, list)
        )
    for name in ("broken_installs", "shadowing"):
        listed = report.environment.get(name)
        if isinstance(listed, list) and listed:
            found[name] = ", ".join(map(str, listed[:6]))
    for one, other in (
        ("pynvml", "nvidia_ml_py"),
        ("faiss_cpu", "faiss_gpu"),
        ("tensorflow", "tensorflow_cpu"),
    ):
        if one in packages and other in packages:
            found["two_of_one"] = f"{one} + {other}"
    return found
