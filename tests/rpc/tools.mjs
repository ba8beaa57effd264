// cargo-stylus against equipoise-node: check and deploy accept the contracts' release WASM, and what it deployed is active.
// usage: node tools.mjs     needs cargo-stylus 0.10.10 on the PATH, scripts/build and the node's debug build
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { createPublicClient, getContract, http, keccak256, parseAbi } from "viem";
import { KEYS, start, target } from "./node.mjs";

const VERSION = "0.10.10";
const CONTRACTS = ["equipoise_vault", "uniswap_v3_venue", "lens"];
const ARB_WASM = "0x0000000000000000000000000000000000000071";
const ABI = parseAbi([
  "function codehashVersion(bytes32 codehash) view returns (uint16)",
  "function programTimeLeft(address program) view returns (uint64)",
  "function programInitGas(address program) view returns (uint64 gas, uint64 gasWhenCached)",
]);

// Beside the file it is given, cargo-stylus builds every contract of the project that it is run in: an empty one.
const empty = fs.mkdtempSync(path.join(os.tmpdir(), "equipoise-tools-"));
fs.mkdirSync(path.join(empty, "member", "src"), { recursive: true });
const files = {
  "Cargo.toml": '[workspace]\nmembers = ["member"]\nresolver = "2"\n',
  "Stylus.toml": "[workspace]\n\n[workspace.networks]\n",
  "member/Cargo.toml": '[package]\nname = "member"\nversion = "0.0.0"\n',
  "member/src/lib.rs": "",
};
for (const [name, text] of Object.entries(files)) fs.writeFileSync(path.join(empty, name), text);

function stylus(...words) {
  const options = { encoding: "utf8", cwd: empty, env: { ...process.env, NO_COLOR: "1" } };
  const { status, stdout, stderr } = spawnSync("cargo", ["stylus", ...words], options);
  // eslint-disable-next-line no-control-regex
  return { status, printed: `${stdout}${stderr}`.replace(/\x1b\[[0-9;]*m/g, "") };
}

const found = stylus("--version").printed.match(/\d+\.\d+\.\d+/)?.[0];
if (found !== VERSION) {
  console.error(`tools: cargo-stylus ${VERSION} is needed, found ${found ?? "none"}: cargo install cargo-stylus --version ${VERSION} --locked`);
  process.exit(2);
}

const node = await start();
const client = createPublicClient({ transport: http(node.url) });
const wasm = getContract({ address: ARB_WASM, abi: ABI, client });
let [passed, failed] = [0, 0];

function step(name, { status, printed }, holds) {
  const good = status === 0 && holds;
  if (good) passed += 1;
  else failed += 1;
  console.log(`${good ? "ok" : "not ok"}: ${name}`);
  for (const line of printed.trim().split("\n")) console.log(`    ${line}`);
}

for (const name of CONTRACTS) {
  const file = path.join(target, "wasm32-unknown-unknown", "release", `${name}.wasm`);
  if (!fs.existsSync(file)) throw new Error(`${file} is missing: run scripts/build`);
  const checked = stylus("check", "--endpoint", node.url, "--wasm-file", file);
  step(`cargo stylus check, ${name}`, checked, /data fee/.test(checked.printed));

  const deployed = stylus("deploy", "--no-verify", "--endpoint", node.url, "--private-key", KEYS[0], "--wasm-file", file);
  const address = deployed.printed.match(/deployed code at address: (0x[0-9a-fA-F]{40})/)?.[1];
  step(`cargo stylus deploy, ${name}`, deployed, Boolean(address));
  if (!address) continue;

  const code = await client.getCode({ address });
  const [version, left, [gas, cached]] = await Promise.all([
    wasm.read.codehashVersion([keccak256(code)]), wasm.read.programTimeLeft([address]), wasm.read.programInitGas([address]),
  ]);
  const printed = `${code.length / 2 - 1} bytes ${code.slice(0, 8)}..., Stylus version ${version}, ${left} s left, start ${gas} gas, cached ${cached}`;
  step(`${name} is active`, { status: 0, printed }, version === 2 && left > 0n);
}

await node.stop();
fs.rmSync(empty, { recursive: true });
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
