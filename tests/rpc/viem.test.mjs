// viem against equipoise-node: a token's whole life, subscriptions, state of test chains, and refusals.
// usage: node --test viem.test.mjs
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import {
  createPublicClient, createTestClient, createWalletClient, defineChain, getContract, http, parseAbi, parseEther, webSocket,
} from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { KEYS, artefact, root, start } from "./node.mjs";

const [alice, bob] = KEYS.map((key) => privateKeyToAccount(key));
const { abi, bytecode } = artefact("Usdc");
const TRANSFER = parseAbi(["event Transfer(address indexed from, address indexed to, uint256 value)"])[0];

let node, chain, reader, wallet, tester;

before(async () => {
  node = await start();
  chain = defineChain({
    id: 412346,
    name: "Equipoise",
    nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 },
    rpcUrls: { default: { http: [node.url], webSocket: [node.ws] } },
  });
  const transport = http(node.url);
  reader = createPublicClient({ chain, transport, pollingInterval: 50 });
  wallet = createWalletClient({ chain, transport, account: alice });
  tester = createTestClient({ chain, transport, mode: "anvil" });
});

after(() => node?.stop());

async function mined(hash) {
  const receipt = await reader.waitForTransactionReceipt({ hash });
  assert.equal(receipt.status, "success");
  return receipt;
}

async function deploy() {
  const receipt = await mined(await wallet.deployContract({ abi, bytecode }));
  return getContract({ address: receipt.contractAddress, abi, client: { public: reader, wallet } });
}

test("an ERC-20 is deployed, minted and sent, and its logs are found", async () => {
  const token = await deploy();
  assert.equal(await token.read.symbol(), "USDC");
  await mined(await token.write.mint([alice.address, 1_000_000n]));
  const sent = await mined(await token.write.transfer([bob.address, 400_000n]));
  assert.deepEqual(await Promise.all([alice, bob].map(({ address }) => token.read.balanceOf([address]))), [600_000n, 400_000n]);

  const logs = await reader.getLogs({ address: token.address, event: TRANSFER, args: { from: alice.address }, fromBlock: 0n });
  assert.equal(logs.length, 1);
  assert.equal(logs[0].transactionHash, sent.transactionHash);
  assert.equal(logs[0].args.value, 400_000n);
  const elsewhere = { address: token.address, event: TRANSFER, args: { from: bob.address }, fromBlock: 0n };
  assert.deepEqual(await reader.getLogs(elsewhere), []);

  const block = await reader.getBlock({ blockHash: sent.blockHash, includeTransactions: true });
  assert.equal(block.transactions[0].hash, sent.transactionHash);
  assert.equal(block.gasUsed, sent.gasUsed);
  const transaction = await reader.getTransaction({ hash: sent.transactionHash });
  assert.equal(transaction.from.toLowerCase(), alice.address.toLowerCase());
  const early = { address: token.address, abi, functionName: "balanceOf", args: [bob.address], blockNumber: sent.blockNumber - 1n };
  assert.equal(await reader.readContract(early), 0n);
});

test("a WebSocket tells of blocks, logs and waiting transactions", async () => {
  const socket = createPublicClient({ chain, transport: webSocket(node.ws) });
  const token = await deploy();
  const told = { blocks: [], logs: [], hashes: [] };
  const stops = [
    socket.watchBlocks({ onBlock: (block) => told.blocks.push(block) }),
    socket.watchEvent({ address: token.address, event: TRANSFER, onLogs: (logs) => told.logs.push(...logs) }),
    socket.watchPendingTransactions({ onTransactions: (hashes) => told.hashes.push(...hashes) }),
  ];
  await new Promise((resolve) => setTimeout(resolve, 300));
  const receipt = await mined(await token.write.mint([bob.address, 7n]));
  const until = Date.now() + 5_000;
  while (Object.values(told).some((list) => list.length === 0) && Date.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.equal(told.blocks.at(-1).hash, receipt.blockHash);
  assert.equal(told.logs[0].args.value, 7n);
  assert.equal(told.hashes[0], receipt.transactionHash);
  for (const stop of stops) stop();
  (await socket.transport.getRpcClient()).close();
});

test("filters tell what is new once", async () => {
  const token = await deploy();
  const filter = await reader.createEventFilter({ address: token.address, event: TRANSFER });
  const blocks = await reader.createBlockFilter();
  const receipt = await mined(await token.write.mint([bob.address, 9n]));
  assert.equal((await reader.getFilterChanges({ filter }))[0].args.value, 9n);
  assert.deepEqual(await reader.getFilterChanges({ filter }), []);
  // Several blocks between two polls.
  const more = [];
  for (const amount of [10n, 11n]) more.push((await mined(await token.write.mint([bob.address, amount]))).blockHash);
  assert.deepEqual((await reader.getFilterChanges({ filter })).map(({ args }) => args.value), [10n, 11n]);
  assert.equal((await reader.getFilterLogs({ filter })).length, 1);
  assert.deepEqual(await reader.getFilterChanges({ filter: blocks }), [receipt.blockHash, ...more]);
  assert.equal(await reader.uninstallFilter({ filter }), true);
  await assert.rejects(reader.getFilterChanges({ filter }), /filter not found/);
});

test("legacy, access-list and fee-market transactions are mined", async () => {
  const gasPrice = await reader.getGasPrice();
  const fees = { legacy: { gasPrice }, eip2930: { gasPrice, accessList: [{ address: bob.address, storageKeys: [] }] }, eip1559: {} };
  for (const [type, fee] of Object.entries(fees)) {
    const before = await reader.getBalance({ address: bob.address });
    const receipt = await mined(await wallet.sendTransaction({ to: bob.address, value: 5n, type, ...fee }));
    assert.equal(receipt.type, type);
    assert.equal(await reader.getBalance({ address: bob.address }), before + 5n);
    assert.equal(receipt.effectiveGasPrice, gasPrice);
  }
  const history = await reader.getFeeHistory({ blockCount: 2, rewardPercentiles: [50] });
  assert.equal(history.baseFeePerGas.length, 3);
});

test("a revert tells its reason and its data, in a call and in an estimate", async () => {
  const token = await deploy();
  await assert.rejects(token.simulate.mint([bob.address, 1n], { account: bob }), /only the minter/);
  await assert.rejects(token.estimateGas.transfer([bob.address, 1n], { account: bob.address }), /ERC20InsufficientBalance/);
  const hash = await token.write.mint([bob.address, 1n], { account: bob, gas: 100_000n });
  assert.equal((await reader.waitForTransactionReceipt({ hash })).status, "reverted");
});

test("the deployer at the start of the chain is the one in the sources", async () => {
  const built = fs.readFileSync(path.join(root, "crates", "node", "src", "chain", "stylus_deployer.hex"), "utf8").trim();
  assert.equal(built, artefact("StylusDeployer").bytecode, "write the bytecode of StylusDeployer.json to stylus_deployer.hex");
  assert.notEqual(await reader.getCode({ address: "0xcEcba2F1DC234f70Dd89F2041029807F8D03A990" }), undefined);
});

test("an override of state holds for one call", async () => {
  const token = await deploy();
  const request = { address: token.address, abi, functionName: "balanceOf", args: [bob.address] };
  const code = "0x602a60005260206000f3";
  const asked = await reader.readContract({ ...request, stateOverride: [{ address: token.address, code }] });
  assert.equal(asked, 42n);
  assert.equal(await reader.readContract(request), 0n);
});

test("a test chain goes to a time, back to a snapshot, and sends for anybody", async () => {
  const id = await tester.snapshot();
  const start = await reader.getBlock();
  await tester.setNextBlockTimestamp({ timestamp: start.timestamp + 1_000n });
  await tester.mine({ blocks: 2, interval: 60 });
  const late = await reader.getBlock();
  assert.equal(late.number, start.number + 2n);
  assert.equal(late.timestamp, start.timestamp + 1_060n);

  const nobody = "0x00000000000000000000000000000000deadbeef";
  await tester.setBalance({ address: nobody, value: parseEther("2") });
  await assert.rejects(wallet.sendTransaction({ account: nobody, to: bob.address, value: 1n }), /unknown account/);
  await tester.impersonateAccount({ address: nobody });
  await mined(await wallet.sendTransaction({ account: nobody, to: bob.address, value: 1n }));
  assert.equal(await reader.getTransactionCount({ address: nobody }), 1);
  await tester.setStorageAt({ address: nobody, index: 3, value: `0x${"11".repeat(32)}` });
  assert.equal(await reader.getStorageAt({ address: nobody, slot: "0x3" }), `0x${"11".repeat(32)}`);

  await tester.revert({ id });
  assert.equal((await reader.getBlock()).hash, start.hash);
  assert.equal(await reader.getBalance({ address: nobody }), 0n);
  assert.equal(await reader.getTransactionCount({ address: nobody }), 0);
});

test("without automine, transactions wait and are mined together", async () => {
  await tester.setAutomine(false);
  const nonce = await reader.getTransactionCount({ address: bob.address });
  const send = (offset) => wallet.sendTransaction({ account: bob, to: alice.address, value: 1n, nonce: nonce + offset, gas: 21_000n });
  const last = await send(1);
  await tester.mine({ blocks: 1 });
  await assert.rejects(reader.getTransactionReceipt({ hash: last }), /could not be found/);
  const first = await send(0);
  assert.equal(await reader.getTransactionCount({ address: bob.address, blockTag: "pending" }), nonce + 2);
  await tester.mine({ blocks: 1 });
  const receipts = await Promise.all([first, last].map((hash) => mined(hash)));
  assert.equal(receipts[0].blockHash, receipts[1].blockHash);
  assert.deepEqual(receipts.map((receipt) => receipt.transactionIndex), [0, 1]);
  await tester.setAutomine(true);
});
