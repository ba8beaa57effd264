//! The state that an update is measured against, as the feed and its vault answer.

use alloy_primitives::{Address, Bytes, I256};
use alloy_sol_types::SolCall;
use anyhow::{Context, Result};
use book::Header;
use interfaces::surface::ISurface;
use interfaces::vault::IVault;
use options::{Slice, StrikeGrid};

/// Whoever can call a contract without a transaction.
pub trait Reader {
    /// Answer of `to` to `data`.
    ///
    /// # Errors
    /// A refusal, or no connection.
    fn read(&mut self, to: Address, data: Bytes) -> Result<Bytes>;
}

/// A live expiry.
#[derive(Clone, Copy, Debug)]
pub struct Live {
    /// [unix seconds]
    pub expiry: u32,
    /// Its strikes.
    pub grid: StrikeGrid,
    /// The slice and the rate [Q30 / year] that a step counts against, none for a new expiry.
    pub base: Option<(Slice, i32)>,
}

/// What the feed holds an update of one timestamp against.
#[derive(Clone, Debug)]
pub struct State {
    /// The feed.
    pub feed: Address,
    /// Its vault.
    pub vault: Address,
    /// Nonce of the last update.
    pub nonce: u64,
    /// Timestamp of the last update [unix seconds]
    pub timestamp: u64,
    /// Most that a vol may move [1e-6]
    pub vol_step: u32,
    /// [s]
    pub max_age: u32,
    /// Who may sign, ascending.
    pub publishers: Vec<Address>,
    /// How many must.
    pub threshold: u8,
    /// The vault's expiries after the timestamp, by time.
    pub live: Vec<Live>,
}

impl State {
    /// Reads it for an update of `timestamp`.
    ///
    /// # Errors
    /// What the contracts do not answer.
    pub fn read(reader: &mut impl Reader, feed: Address, timestamp: u64) -> Result<Self> {
        let vault = ask(reader, feed, ISurface::vaultCall {})?;
        let profile = ask(reader, vault, IVault::profileCall {})?;
        let headers = ask(reader, vault, IVault::headersCall {})?;
        let mut headers: Vec<Header> = headers.iter().map(|word| Header::unpack(&word.0)).collect();
        headers.retain(|header| u64::from(header.expiry) > timestamp);
        headers.sort_by_key(|header| header.expiry);
        let expiries = headers.iter().map(|header| header.expiry.into()).collect();
        let bases = ask(reader, feed, ISurface::baselinesCall { timestamp_: timestamp, expiries })?;
        let (bases, _) = bases.as_chunks::<2>();
        let live = headers.iter().zip(bases).map(|(header, [slice, rate])| Live {
            expiry: header.expiry,
            grid: header.grid,
            base: (!slice.is_zero()).then(|| (Slice::unpack(&slice.0), I256::from_be_bytes(rate.0).as_i32())),
        });
        Ok(Self {
            feed,
            vault,
            nonce: ask(reader, feed, ISurface::nonceCall {})?,
            timestamp: ask(reader, feed, ISurface::timestampCall {})?,
            vol_step: profile.volStep,
            max_age: profile.maxSurfaceAge,
            publishers: ask(reader, feed, ISurface::publishersCall {})?,
            threshold: ask(reader, feed, ISurface::thresholdCall {})?,
            live: live.collect(),
        })
    }

    /// The step as the contract counts it [Q47].
    #[must_use]
    pub fn most(&self) -> u64 {
        ((u128::from(self.vol_step) << 47) / 1_000_000) as u64
    }
}

fn ask<C: SolCall>(reader: &mut impl Reader, to: Address, call: C) -> Result<C::Return> {
    let answer =
        reader.read(to, call.abi_encode().into()).with_context(|| format!("{} of {to}", C::SIGNATURE))?;
    C::abi_decode_returns(&answer).with_context(|| format!("{} of {to} answered badly", C::SIGNATURE))
}
