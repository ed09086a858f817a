"""What the dynamic loader makes of this computer's processor: its level, and the names that folders have for it."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from plugdeck.compat.machine import Platform
from plugdeck.compat.system_files import read_at_most

_INFORMATION = Path("/proc/cpuinfo")
_FIRST_BYTES = 8192
"""What is said of the first processor; the kernel makes the text as it is read, and there may be hundreds."""
_I386, _AMD64 = 3, 62
_X86 = (_I386, _AMD64)

# x86-64 psABI, "Micro-architecture levels"; the names are those of /proc/cpuinfo. Each level contains the one below.
_V2 = {"cx16", "lahf_lm", "pni", "popcnt", "sse4_1", "sse4_2", "ssse3"}
_V3 = _V2 | {"avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe"}
_V4 = _V3 | {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"}
_AVX512 = {"avx512cd", "avx512bw", "avx512dq", "avx512vl"}
_INTEL_PLATFORMS = {
    "xeon_phi": {"avx512cd", "avx512er", "avx512pf"},
    "haswell": {"avx2", "fma", "bmi1", "bmi2", "abm", "movbe", "popcnt"},
}
_LEVELS = (("x86-64-v4", _V4), ("x86-64-v3", _V3), ("x86-64-v2", _V2))


def processor_levels(platform: Platform, cpu_information: Path = _INFORMATION) -> tuple[str, ...]:
    """The ``glibc-hwcaps`` folders that this computer's loader searches, best first."""
    if (platform.machine, platform.bits) != (62, 64):
        return ()
    flags = _processor_flags(cpu_information)
    return tuple(name for name, needed in _LEVELS if needed <= flags)


def missing_levels(platform: Platform, isa_needed: int) -> tuple[str, ...]:
    """The x86-64 levels that these bits of a property note ask for and this computer's processor lacks, best first.

    None is claimed where the processor is not known (glibc ``sysdeps/x86/dl-prop.h``, ``dl_isa_level_check``).
    """
    flags = _processor_flags(_INFORMATION) if platform.machine in _X86 else frozenset()
    if not flags:
        return ()
    beyond = ("beyond x86-64-v4",) if isa_needed > 0xF else ()  # bits that no processor has yet, which glibc refuses
    return beyond + tuple(
        name for bit, (name, needed) in zip((8, 4, 2), _LEVELS, strict=True) if isa_needed & bit and needed - flags
    )


def platform_word(platform: Platform, cpu_information: Path = _INFORMATION) -> str:
    """What ``$PLATFORM`` stands for: the kernel's word, or on x86 glibc's own (``sysdeps/x86/cpu-features.c``)."""
    flags = _processor_flags(cpu_information)
    if platform.machine == _I386:
        return "i686" if "cmov" in flags else platform.token
    if platform.machine == _AMD64 and _is_intel(cpu_information):
        return next((word for word, needed in _INTEL_PLATFORMS.items() if needed <= flags), platform.token)
    return platform.token


def hardware_words(platform: Platform, cpu_information: Path = _INFORMATION) -> tuple[str, ...]:
    """The important capabilities (``HWCAP_IMPORTANT``) by the names that glibc had for them up to 2.36, the lowest bit
    first; those of other machines than x86 are not known here."""
    flags = _processor_flags(cpu_information)
    if platform.machine == _I386:
        return ("sse2",) if "sse2" in flags else ()
    if platform.machine != _AMD64:
        return ()
    is_wide = _is_intel(cpu_information) and flags >= _AVX512 and "avx512er" not in flags
    return ("x86_64", "avx512_1") if is_wide else ("x86_64",)


def _is_intel(cpu_information: Path) -> bool:
    return _information(cpu_information, "vendor_id") == "GenuineIntel"


@cache
def _processor_flags(cpu_information: Path) -> frozenset[str]:
    return frozenset(_information(cpu_information, "flags").split())


@cache
def _information(cpu_information: Path, name: str) -> str:
    """What is said first under this name; empty where nothing is."""
    try:
        lines = read_at_most(cpu_information, _FIRST_BYTES).decode("ascii", "replace").splitlines()
    except OSError:
        return ""
    return next((line for line in lines if line.startswith(name)), "").partition(":")[2].strip()
