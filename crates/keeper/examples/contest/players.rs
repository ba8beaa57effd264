//! Who competes: keepers as processes, and an account that means harm.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use alloy_primitives::{Address, Bytes, I256, U256};
use alloy_sol_types::SolCall;
use anyhow::{Context, Result};
use interfaces::desk::IHedgeDesk::{self, Leg, Plan};
use interfaces::external::IToken;
use interfaces::vault::IVault;
use serde_json::json;

use crate::market::{CHAIN, Market, float, signed};

/// Accounts, and which of the node's each is.
pub(crate) const NAMES: [&str; 4] = ["prompt", "patient", "filler", "hostile"];
pub(crate) const KEYS: [usize; 4] = [0, 1, 2, 5];
/// What ether costs, for whoever pays gas [USD]: as much as the desk pays it at.
pub(crate) const ETHER: f64 = 2_000.0;
/// What the filler has, of each token [USD].
const PURSE: f64 = 300_000.0;

/// A keeper's process, killed when it is dropped.
pub(crate) struct Player {
    child: Child,
    key: PathBuf,
}

impl Drop for Player {
    fn drop(&mut self) {
        // It may have ended by itself; there is nobody left to tell.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_file(&self.key);
    }
}

impl Player {
    /// The three keepers: one that wants so many dollars for a hedge, one that wants half a dollar, one that fills.
    pub(crate) fn all(market: &Market, wants: f64) -> Result<Vec<Self>> {
        let wants = format!("{:.6}", -wants);
        let settings: [&[(&str, &str)]; 3] = [
            // A short saves less than it costs for hours: the prompt one gives up to five cents for it.
            &[
                ("HEDGE__MAX_LOSS", wants.as_str()),
                ("POSITION__MAX_LOSS", "0.05"),
                ("HEDGE__URGENT_AT", "99"),
            ],
            &[("HEDGE__MAX_LOSS", "-0.5"), ("POSITION__MAX_LOSS", "-0.5"), ("HEDGE__URGENT_AT", "99")],
            &[
                ("HEDGE__ON", "false"),
                ("POSITION__ON", "false"),
                ("UPKEEP__ON", "false"),
                ("FILL__ON", "true"),
                ("FILL__MIN_PROFIT", "2"),
            ],
        ];
        let filler = market.node.accounts()[KEYS[2]].0;
        let units = PURSE / market.forward;
        let dollars = U256::from((PURSE * 1e6) as u64);
        for (token, value) in [(market.at.underlying, signed(units).into_raw()), (market.at.usdc, dollars)] {
            market.tell(market.at.arbitrageur, token, IToken::transferCall { to: filler, value });
            for spender in [market.at.vault, market.at.desk] {
                market.tell(filler, token, IToken::approveCall { spender, value: U256::MAX });
            }
        }
        settings.iter().zip(KEYS).map(|(settings, key)| Self::start(market, key, settings)).collect()
    }

    fn start(market: &Market, account: usize, settings: &[(&str, &str)]) -> Result<Self> {
        let program = std::env::current_exe()?;
        let program = program.ancestors().nth(2).context("a directory of programs")?.join("equipoise-keeper");
        let port = market.node.address().port();
        let key = std::env::temp_dir().join(format!("contest-{port}-{account}.key"));
        std::fs::write(&key, market.node.accounts()[account].1.to_string())?;
        let [deep, shallow] = market.at.venues;
        let venues = format!(r#"[{{name="deep",address="{deep}"}},{{name="shallow",address="{shallow}"}}]"#);
        let common = [
            ("VAULT", market.at.vault.to_string()),
            ("VENUES", venues),
            ("RPC", format!(r#"["{}"]"#, market.node.url())),
            ("CHAIN_ID", CHAIN.to_string()),
            ("KEY_FILE", key.display().to_string()),
            ("POLL", "0.05".into()),
            ("MAX_HEAD_AGE", "0".into()),
            ("LISTEN", String::new()),
            ("COIN_PRICE", format!("{ETHER:.1}")),
            ("FEES__PATIENCE", "2".into()),
            ("HEDGE__DEADLINE", "1200".into()),
            ("POSITIONS", format!(r#"[{{name="aave",address="{}"}}]"#, market.at.seats.aave)),
            // As long as a block here.
            ("UPKEEP__TURN", "240".into()),
        ];
        let mut process = Command::new(&program);
        process.arg("run").env_clear().stderr(Stdio::null());
        for (name, value) in common {
            process.env(format!("EQUIPOISE_KEEPER_{name}"), value);
        }
        for (name, value) in settings {
            process.env(format!("EQUIPOISE_KEEPER_{name}"), value);
        }
        let child = process.spawn().with_context(|| program.display().to_string())?;
        Ok(Self { child, key })
    }
}

/// An account that is first in every block, and copies what it sees.
pub(crate) struct Hostile {
    account: Address,
    /// Plans that it copied, and whether each is of a position.
    seen: Vec<(Plan, bool)>,
}

impl Hostile {
    pub(crate) fn new(market: &Market) -> Self {
        Self { account: market.node.accounts()[KEYS[3]].0, seen: Vec::new() }
    }

    /// Whatever it can do to a hedge that is due.
    pub(crate) fn act(&mut self, market: &Market) {
        let need = market.need();
        if need.due.is_zero() {
            return self.seen.clear();
        }
        let spot = market.view(market.at.vault, IVault::spotCall {}).price;
        let plan = |size, spot| Plan {
            legs: vec![Leg { venue: market.at.venues[0], size, limitPrice: U256::ZERO }],
            spot,
            deadline: U256::MAX,
            payee: self.account,
        };
        self.queue(market, IHedgeDesk::pokeCall {}.abi_encode());
        let least = signed(250.5 / (f64::from(spot) / 1e18) * float(need.due).signum());
        let mut plans = vec![plan(least, spot), plan(least / I256::try_from(2).unwrap_or(I256::ONE), spot)];
        plans.push(plan(need.due, spot - U256::ONE));
        let own = plans.into_iter().map(|plan| (plan, false));
        for (plan, position) in own.chain(std::mem::take(&mut self.seen)) {
            let call = match position {
                true => IHedgeDesk::rebalancePositionCall { plan }.abi_encode(),
                false => IHedgeDesk::rebalanceCall { plan }.abi_encode(),
            };
            self.queue(market, call);
        }
        self.watch(market);
    }

    /// Keeps what others are about to do, as if it were its own.
    fn watch(&mut self, market: &Market) {
        let block = market.develop("eth_getBlockByNumber", json!(["pending", true]));
        for tx in block["transactions"].as_array().into_iter().flatten() {
            let input: Bytes = serde_json::from_value(tx["input"].clone()).unwrap_or_default();
            let own = tx["from"] == json!(self.account);
            let spot = IHedgeDesk::rebalanceCall::abi_decode(&input).map(|call| (call.plan, false));
            let seen = spot.or_else(|_| {
                IHedgeDesk::rebalancePositionCall::abi_decode(&input).map(|call| (call.plan, true))
            });
            if let Ok((plan, position)) = seen
                && !own
            {
                self.seen.push((Plan { payee: self.account, ..plan }, position));
            }
        }
    }

    fn queue(&self, market: &Market, call: Vec<u8>) {
        let tx = json!([{
            "from": self.account, "to": market.at.desk, "data": Bytes::from(call), "gas": "0x7a1200",
        }]);
        // A full pool is no failure of the day.
        let _ = crate::common::ask(&market.node, "eth_sendTransaction", tx);
    }
}
