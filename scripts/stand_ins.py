"""Writes modules that do nothing in the place of the contracts' WASM, each with its contract's name in it, so that no two are alike.

System tests with the feature `natively` run the contracts' sources as native code and take these as what is deployed (`WASM_FOLDER`): nothing is
compressed or compiled. Every other module is linked to as it is.

usage: stand_ins.py FOLDER_OF_WASM FOLDER
"""
import os
import sys

CONTRACTS = (
    "aave_short",
    "broker",
    "equipoise_vault",
    "hedge_desk",
    "lens",
    "margin",
    "perp_venue",
    "risk_engine",
    "surface_feed",
    "uniswap_v3_venue",
)


def text(name):
    return bytes([len(name)]) + name.encode()


def section(number, content):
    return bytes([number, len(content)]) + content


def module(name):
    return b"\0asm\1\0\0\0" + b"".join(
        (
            section(1, b"\x01\x60\x01\x7f\x01\x7f"),  # one type: i32 to i32
            section(3, b"\x01\x00"),
            section(5, b"\x01\x01\x01\x01"),  # one page
            section(7, b"\x02" + text("memory") + b"\x02\x00" + text("user_entrypoint") + b"\x00\x00"),
            section(10, b"\x01\x04\x00\x41\x01\x0b"),  # returns 1: a revert
            section(11, b"\x01\x00\x41\x00\x0b" + text(name)),
        )
    )


def main():
    built, folder = (os.path.realpath(path) for path in sys.argv[1:3])
    os.makedirs(folder, exist_ok=True)
    for file in os.listdir(built):
        name, end = os.path.splitext(file)
        path = os.path.join(folder, file)
        if end == ".wasm" and name not in CONTRACTS and not os.path.exists(path):
            os.symlink(os.path.join(built, file), path)
    for name in CONTRACTS:
        with open(os.path.join(folder, f"{name}.wasm"), "wb") as file:
            file.write(module(name))


main()
