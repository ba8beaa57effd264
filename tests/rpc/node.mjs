// Starts equipoise-node for a test, and finds what it deploys.
import { spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

export const root = path.join(path.dirname(fileURLToPath(import.meta.url)), "..", "..");
export const target = path.resolve(root, process.env.CARGO_TARGET_DIR ?? "target");
const program = path.join(target, "debug", "equipoise-node");

// The first accounts of the shared test mnemonic, whose keys everybody knows.
export const KEYS = [
  "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
  "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d",
];

// Starts a node on a free port; resolves to { url, ws, stop }.
export function start(...options) {
  const child = spawn(program, ["--port", "0", ...options], { stdio: ["ignore", "pipe", "inherit"] });
  return new Promise((resolve, reject) => {
    let printed = "";
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`the node ended with ${code}: ${printed}`)));
    child.stdout.on("data", (text) => {
      printed += text;
      const [, url, ws] = printed.match(/Listening on (http:\S+) and (ws:\S+)/) ?? [];
      if (!url) return;
      const stop = () =>
        new Promise((ended) => {
          child.removeAllListeners("exit");
          child.once("exit", ended);
          child.kill("SIGTERM");
        });
      resolve({ url, ws, stop });
    });
  });
}

// ABI and bytecode of a compiled contract.
export function artefact(name) {
  return JSON.parse(fs.readFileSync(path.join(target, "solidity", `${name}.json`), "utf8"));
}
