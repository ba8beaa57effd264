// A WebSocket by hand: what is wrong gets its error, and the connection lives on.
// usage: node --test socket.test.mjs
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import WebSocket from "ws";
import { start } from "./node.mjs";

let node, socket;
const waiting = [];

before(async () => {
  node = await start();
  socket = new WebSocket(node.ws);
  socket.on("message", (text) => waiting.shift()?.(JSON.parse(text)));
  await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
});

after(async () => {
  socket?.close();
  await node?.stop();
});

function say(text) {
  const answered = new Promise((resolve) => waiting.push(resolve));
  socket.send(text);
  return answered;
}

function ask(method, params = []) {
  return say(JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }));
}

test("garbage is answered with an error", async () => {
  assert.equal((await say("{")).error.code, -32700);
  assert.equal((await say("[]")).error.code, -32600);
  assert.equal((await ask("eth_nothing")).error.code, -32601);
  assert.equal((await ask("eth_subscribe")).error.code, -32602);
  assert.match((await ask("eth_subscribe", ["weather"])).error.message, /no "weather" subscription/);
  assert.equal((await ask("eth_subscribe", ["logs", { address: "0x12" }])).error.code, -32602);
  assert.equal((await ask("eth_unsubscribe", ["0x77"])).result, false);
  assert.equal((await ask("eth_chainId")).result, "0x64aba");
});

test("a batch is answered as one", async () => {
  const call = (id) => ({ jsonrpc: "2.0", id, method: "eth_blockNumber", params: [] });
  const answers = await say(JSON.stringify([call(1), call(2)]));
  assert.deepEqual(answers.map(({ id }) => id), [1, 2]);
});

test("the answers to a batch have one limit, over a WebSocket and over HTTP", async () => {
  const account = `0x${"c5".repeat(20)}`;
  assert.equal((await ask("anvil_setCode", [account, `0x${"00".repeat(2 << 20)}`])).error, undefined);
  const call = (id) => ({ jsonrpc: "2.0", id, method: "eth_getCode", params: [account, "latest"] });
  const batch = JSON.stringify(Array.from({ length: 20 }, (_, id) => call(id)));
  const posted = await fetch(node.url, { method: "POST", headers: { "content-type": "application/json" }, body: batch });
  for (const answers of [await say(batch), await posted.json()]) {
    // Each is 4 MiB of text and a little: 15 of them are below 64 MiB.
    assert.deepEqual(answers.map(({ id }) => id), Array.from({ length: 20 }, (_, id) => id));
    assert.equal(answers.filter(({ result }) => result !== undefined).length, 15);
    assert.ok(answers.slice(15).every(({ error }) => error.code === -32005 && /too large/.test(error.message)));
  }
  await ask("anvil_setCode", [account, "0x"]);
});

test("a subscription ends when it is told to", async () => {
  const { result: id } = await ask("eth_subscribe", ["newHeads"]);
  const told = new Promise((resolve) => waiting.push(resolve));
  const mined = new Promise((resolve) => waiting.push(resolve));
  socket.send(JSON.stringify({ jsonrpc: "2.0", id: 2, method: "evm_mine", params: [] }));
  const [first, second] = await Promise.all([told, mined]);
  const notice = [first, second].find(({ method }) => method === "eth_subscription");
  assert.equal(notice.params.subscription, id);
  assert.equal(notice.params.result.number, "0x1");
  assert.equal((await ask("eth_unsubscribe", [id])).result, true);
  assert.equal((await ask("evm_mine")).result, "0x0");
  assert.equal((await ask("eth_blockNumber")).result, "0x2");
});

test("256 subscriptions are enough for a connection", async () => {
  const ids = [];
  for (let count = 0; count < 256; count += 1) ids.push((await ask("eth_subscribe", ["logs"])).result);
  assert.equal((await ask("eth_subscribe", ["logs"])).error.code, -32005);
  for (const id of ids) assert.equal((await ask("eth_unsubscribe", [id])).result, true);
});

test("too long a message closes the connection and nothing else", async () => {
  const other = new WebSocket(node.ws);
  await new Promise((resolve) => other.once("open", resolve));
  const closed = new Promise((resolve) => other.once("close", resolve).once("error", () => {}));
  other.send("x".repeat((16 << 20) + 1), () => {});
  await closed;
  assert.equal((await ask("eth_chainId")).result, "0x64aba");
});
