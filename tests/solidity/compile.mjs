// Compiles src/ and abi/ with solc and gathers the bytecode that npm packages carry.
// usage: node compile.mjs OUT_DIR          artefacts {abi, bytecode, links}, one JSON for each contract, unless OUT_DIR is up to date
//        node compile.mjs --abi [--check]  abi/*.json beside the interfaces, or exit 1 if they differ
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.join(here, "..", "..");
const modules = path.join(here, "node_modules");

const PACKAGED = {
  UniswapV3Factory: "@uniswap/v3-core/artifacts/contracts/UniswapV3Factory.sol/UniswapV3Factory.json",
  UniswapV3Pool: "@uniswap/v3-core/artifacts/contracts/UniswapV3Pool.sol/UniswapV3Pool.json",
  SwapRouter: "@uniswap/v3-periphery/artifacts/contracts/SwapRouter.sol/SwapRouter.json",
  NonfungiblePositionManager:
    "@uniswap/v3-periphery/artifacts/contracts/NonfungiblePositionManager.sol/NonfungiblePositionManager.json",
  WETH9: "canonical-weth/build/contracts/WETH9.json",
};

// Aave's, by folder: libraries and the contracts that are linked with them.
const AAVE = {
  "protocol/configuration": ["PoolAddressesProvider", "ACLManager"],
  "protocol/libraries/logic": [
    "BorrowLogic", "BridgeLogic", "ConfiguratorLogic", "EModeLogic", "FlashLoanLogic", "LiquidationLogic", "PoolLogic", "SupplyLogic",
  ],
  "protocol/pool": ["DefaultReserveInterestRateStrategy", "Pool", "PoolConfigurator"],
  "protocol/tokenization": ["AToken", "StableDebtToken", "VariableDebtToken"],
  misc: ["AaveOracle"],
};
for (const [folder, names] of Object.entries(AAVE)) {
  for (const name of names) PACKAGED[`Aave${name.replace(/^Aave/, "")}`] = `@aave/core-v3/artifacts/contracts/${folder}/${name}.sol/${name}.json`;
}

// Contracts whose gas is compared with ours get the settings that serve them best; without the IR, Black-Scholes is "stack too deep".
const MEASURED = {
  names: ["src/BlackScholes.sol", "src/Primitives.sol"],
  settings: { viaIR: true, optimizer: { enabled: true, runs: 1_000_000 } },
};

// Sources name each other from the root of where they live: abi/, src/, or a package.
export function place(name) {
  return path.join(name.startsWith("abi/") ? root : name.startsWith("src/") ? here : modules, name);
}

export function read(name) {
  return fs.readFileSync(place(name), "utf8");
}

function sources(folder) {
  const base = folder === "abi" ? root : here;
  const names = fs.readdirSync(path.join(base, folder)).filter((name) => name.endsWith(".sol"));
  return names.sort().map((name) => `${folder}/${name}`);
}

// What the artefacts depend on: our sources, this script, and the lock that fixes the packages.
function digest() {
  const hash = createHash("sha256");
  for (const name of [...sources("abi"), ...sources("src")]) hash.update(name).update(read(name));
  for (const name of ["compile.mjs", "package-lock.json"]) hash.update(fs.readFileSync(path.join(here, name)));
  return hash.digest("hex");
}

// solc is loaded late: an up-to-date folder needs none of it.
async function compile(names, settings = {}) {
  const { default: solc } = await import("solc");
  const input = {
    language: "Solidity",
    sources: Object.fromEntries(names.map((name) => [name, { content: read(name) }])),
    settings: {
      optimizer: { enabled: true, runs: 200 },
      evmVersion: "cancun",
      outputSelection: { "*": { "*": ["abi", "evm.bytecode.object"] } },
      ...settings,
    },
  };
  const resolve = (name) => {
    try {
      return { contents: read(name) };
    } catch (error) {
      return { error: error.message };
    }
  };
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: resolve }));
  const failures = (output.errors ?? []).filter((error) => error.severity === "error");
  if (failures.length > 0) {
    for (const failure of failures) console.error(failure.formattedMessage);
    process.exit(1);
  }
  return output.contracts;
}

// Bytecode with zeros where libraries' addresses belong, and those places by library, in bytes.
function unlinked(bytecode, references = {}) {
  let code = bytecode;
  const links = {};
  for (const [name, places] of Object.values(references).flatMap(Object.entries)) {
    links[`Aave${name}`] = places.map(({ start }) => start);
    for (const start of links[`Aave${name}`]) code = code.slice(0, 2 + 2 * start) + "0".repeat(40) + code.slice(42 + 2 * start);
  }
  return [code, links];
}

async function writeArtefacts(out) {
  const stamp = path.join(out, ".digest");
  const current = digest();
  if (fs.existsSync(stamp) && fs.readFileSync(stamp, "utf8") === current) return;

  const own = sources("src");
  const others = own.filter((name) => !MEASURED.names.includes(name));
  const contracts = { ...(await compile(MEASURED.names, MEASURED.settings)), ...(await compile(others)) };
  fs.rmSync(out, { recursive: true, force: true });
  fs.mkdirSync(out, { recursive: true });
  let count = 0;
  const put = (name, abi, bytecode, links) => {
    fs.writeFileSync(path.join(out, `${name}.json`), JSON.stringify({ abi, bytecode, links }));
    count += 1;
  };
  for (const source of own) {
    for (const [name, contract] of Object.entries(contracts[source])) {
      if (contract.evm.bytecode.object) put(name, contract.abi, `0x${contract.evm.bytecode.object}`);
    }
  }
  for (const [name, file] of Object.entries(PACKAGED)) {
    const { abi, bytecode, linkReferences } = JSON.parse(fs.readFileSync(path.join(modules, file), "utf8"));
    const [code, links] = unlinked(bytecode, linkReferences);
    put(name, abi, code, links);
  }
  fs.writeFileSync(stamp, current);
  console.log(`solidity: ${count} contracts`);
}

async function writeInterfaces(check) {
  const names = sources("abi");
  const contracts = await compile(names);
  let stale = 0;
  for (const name of names) {
    const contract = path.basename(name, ".sol");
    const text = `${JSON.stringify(contracts[name][contract].abi, null, 2)}\n`;
    const file = path.join(root, "abi", `${contract}.json`);
    if (!check) fs.writeFileSync(file, text);
    else if (!fs.existsSync(file) || fs.readFileSync(file, "utf8") !== text) {
      console.error(`abi/${contract}.json is not what ${name} compiles to: run scripts/abi`);
      stale += 1;
    }
  }
  console.log(`abi: ${names.length} interfaces${check ? " checked" : ""}`);
  process.exitCode = stale === 0 ? 0 : 1;
}

async function main([first, second]) {
  if (first === "--abi") await writeInterfaces(second === "--check");
  else if (first) await writeArtefacts(path.resolve(first));
  else {
    console.error("usage: node compile.mjs OUT_DIR | --abi [--check]");
    process.exit(2);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(process.argv.slice(2));
