#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks the symbol names of the adapters on 32-bit x86 Windows.

Owns:     the names below: there, the name of a __stdcall function ends in the bytes it pops.
Callers:  tests/surface/meson.build, as decorations.py ROOT COMPILER NM.
Promises: that the adapters' objects define these names, and that an object that includes the
          public headers beside the SDKs' declarations asks for them, for the static library and
          for the DLL.
Does not: link.
"""
import pathlib
import subprocess
import sys
import tempfile

PARTY = {"_corral_party_allocate@8", "_corral_party_free@8", "_corral_hc_allocate",
         "_corral_hc_free"}
LPM = {"_corral_lpm_alloc@4", "_corral_lpm_free@4", "_corral_lpm_alloc_at@12",
       "_corral_lpm_free_at@12"}
LPM_OTHERS = {"_corral_lpm_set_memory_type", "_corral_lpm_memory_type", "_corral_lpm_origin"}


def symbols(root, tools, source, kind, *options):
    """Compiles a source and returns corral's names in it that are of one of the kinds."""
    compiler, nm = tools
    with tempfile.TemporaryDirectory() as directory:
        target = pathlib.Path(directory) / "object.o"
        subprocess.run([compiler, "-std=c11", "-O2", *options, f"-I{root}/include", f"-I{root}/src",
                        "-c", f"{root}/{source}", "-o", target], check=True)
        output = subprocess.run([nm, target], check=True, capture_output=True, text=True).stdout
    fields = [line.split()[-2:] for line in output.splitlines()]
    return {name for letter, name in fields if letter in kind and "corral_" in name}


def main():
    root, tools = sys.argv[1], sys.argv[2:4]
    contracts = "tests/surface/contracts.c"
    static = "-DCORRAL_STATIC"
    plain = PARTY | {name for name in LPM if "_at@" not in name}
    debug = PARTY | {name for name in LPM if "_at@" in name}
    checks = [
        ("party.c defines", PARTY, symbols(root, tools, "src/party.c", "T", static)),
        ("lpm.c defines", LPM | LPM_OTHERS, symbols(root, tools, "src/lpm.c", "T", static)),
        ("a caller needs", plain, symbols(root, tools, contracts, "U", static)),
        ("a DBG caller needs", debug, symbols(root, tools, contracts, "U", static, "-DDBG")),
        ("a caller of the DLL needs", debug, symbols(root, tools, contracts, "U", "-DDBG")),
    ]
    for what, expected, found in checks:
        print(f"{what}: {' '.join(sorted(found))}")
        if expected != found:
            print(f"    but should be: {' '.join(sorted(expected))}")
    return 0 if all(expected == found for _, expected, found in checks) else 1


if __name__ == "__main__":
    sys.exit(main())
