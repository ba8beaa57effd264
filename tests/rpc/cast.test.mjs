// cast against equipoise-node: send, receipt, call, logs, storage, and what it prints of a revert.
// usage: node --test cast.test.mjs
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import path from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { KEYS, artefact, start } from "./node.mjs";

// The package's own wrapper hides the exit code.
const machine = `cast-${process.platform}-${process.arch === "x64" ? "amd64" : process.arch}`;
const program = path.join(path.dirname(fileURLToPath(import.meta.url)), "node_modules", "@foundry-rs", machine, "bin", "cast");
const ALICE = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
const BOB = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";

let node, token;

function cast(...words) {
  return execFileSync(program, words, { encoding: "utf8", stdio: "pipe", env: { ...process.env, ETH_RPC_URL: node.url } }).trim();
}

function send(...words) {
  return JSON.parse(cast("send", "--json", "--private-key", KEYS[0], ...words));
}

before(async () => {
  node = await start();
  const { bytecode } = artefact("Usdc");
  token = send("--create", bytecode).contractAddress;
});

after(() => node?.stop());

test("call and send", () => {
  assert.equal(cast("chain-id"), "412346");
  assert.equal(cast("call", token, "symbol()(string)"), '"USDC"');
  const receipt = send(token, "mint(address,uint256)", ALICE, "1000000");
  assert.equal(receipt.status, "0x1");
  assert.match(cast("call", token, "balanceOf(address)(uint256)", ALICE), /^1000000\b/);
  const estimate = Number(cast("estimate", "--from", ALICE, token, "transfer(address,uint256)", BOB, "1"));
  assert.ok(estimate > 40_000 && estimate < 60_000, `${estimate}`);
});

test("receipt, transaction and block", () => {
  const { transactionHash, blockNumber } = send(BOB, "--value", "1ether");
  assert.equal(cast("receipt", transactionHash, "gasUsed"), "21000");
  assert.equal(JSON.parse(cast("tx", transactionHash, "--json")).value, "0xde0b6b3a7640000");
  assert.equal(cast("block", `${Number(blockNumber)}`, "--field", "gasUsed"), "21000");
  assert.equal(cast("balance", BOB), "10001000000000000000000");
  assert.equal(cast("nonce", BOB), "0");
});

test("logs and storage", () => {
  send(token, "mint(address,uint256)", BOB, "5");
  const logs = JSON.parse(cast("logs", "--json", "--address", token, "--from-block", "0", "Transfer(address indexed,address indexed,uint256)"));
  assert.equal(logs.at(-1).topics[2].toLowerCase(), `0x${"0".repeat(24)}${BOB.slice(2).toLowerCase()}`);
  // Balances are a mapping in slot 0, the supply is in slot 2.
  const slot = cast("index", "address", BOB, "0");
  assert.equal(BigInt(cast("storage", token, slot)), 5n);
  assert.ok(BigInt(cast("storage", token, "2")) >= 5n);
  assert.notEqual(cast("code", token), "0x");
});

test("a revert is told with its reason", () => {
  assert.throws(() => cast("call", "--from", BOB, token, "mint(address,uint256)", BOB, "5"), /only the minter/);
  assert.throws(() => cast("send", "--private-key", KEYS[1], token, "mint(address,uint256)", BOB, "5"), /only the minter/);
});

test("time and raw requests", () => {
  const before = Number(cast("block", "latest", "--field", "timestamp"));
  cast("rpc", "evm_increaseTime", "3600");
  cast("rpc", "evm_mine");
  assert.ok(Number(cast("block", "latest", "--field", "timestamp")) >= before + 3_600);
  assert.throws(() => cast("rpc", "eth_nothing"), /-32601|does not exist/);
});
