#!/usr/bin/env node
// solc from its npm package behind the two forms in which slither calls the native one.
// usage: solc.mjs --version
//        solc.mjs FILE.sol --combined-json ...    every output that slither reads, of one file and what it imports
import path from "node:path";
import solc from "solc";
import { place, read } from "./compile.mjs";

const KINDS = {
  abi: "abi",
  bin: "evm.bytecode.object",
  "bin-runtime": "evm.deployedBytecode.object",
  srcmap: "evm.bytecode.sourceMap",
  "srcmap-runtime": "evm.deployedBytecode.sourceMap",
  userdoc: "userdoc",
  devdoc: "devdoc",
  hashes: "evm.methodIdentifiers",
};

function combined(file) {
  const name = path.join(path.basename(path.dirname(path.resolve(file))), path.basename(file));
  const settings = { evmVersion: "cancun", outputSelection: { "*": { "": ["ast"], "*": Object.values(KINDS) } } };
  const input = { language: "Solidity", sources: { [name]: { content: read(name) } }, settings };
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: (other) => ({ contents: read(other) }) }));
  const errors = (output.errors ?? []).filter((error) => error.severity === "error");
  if (errors.length > 0) throw new Error(errors.map((error) => error.formattedMessage).join("\n"));
  const of = (contract, kind) => kind.split(".").reduce((part, key) => part[key], contract);
  const contracts = {};
  for (const [source, named] of Object.entries(output.contracts)) {
    for (const [contract, made] of Object.entries(named)) {
      contracts[`${place(source)}:${contract}`] = Object.fromEntries(Object.entries(KINDS).map(([key, kind]) => [key, of(made, kind)]));
    }
  }
  const listed = Object.entries(output.sources).sort(([, a], [, b]) => a.id - b.id);
  const sources = Object.fromEntries(listed.map(([source, { ast }]) => [place(source), { AST: ast }]));
  return { contracts, sources, sourceList: Object.keys(sources), version: solc.version() };
}

const [file] = process.argv.slice(2);
if (file === "--version") console.log(`Version: ${solc.version()}`);
else process.stdout.write(JSON.stringify(combined(file), (key, value) => (key === "absolutePath" ? place(value) : value)));
