//! Installed filters, and logs that match one.

use std::collections::HashMap;

use alloy_eips::BlockNumberOrTag;
use alloy_primitives::{B256, TxHash, U256};
use alloy_rpc_types_eth::{Filter, FilterBlockOption, Log};
use serde_json::{Value, json};

use super::{At, Chain};
use crate::rpc::RpcError;

/// Filters installed at most, and logs of an answer.
const FILTERS: usize = 1_000;
const LOGS: usize = 100_000;

/// What a filter or a subscription waits for.
#[derive(Clone)]
pub(crate) enum Interest {
    Logs(Box<Filter>),
    Blocks,
    /// Hashes, or transactions in full.
    Pending {
        full: bool,
    },
}

struct Installed {
    interest: Interest,
    /// The first block not yet told, and hashes of transactions not yet told.
    next: u64,
    pending: Vec<TxHash>,
}

/// Installed filters by id.
#[derive(Default)]
pub(crate) struct Filters {
    installed: HashMap<U256, Installed>,
    last: u64,
}

impl Filters {
    /// The chain was cut after a block: what comes after it is new again.
    pub(super) fn rewound(&mut self, head: u64) {
        for filter in self.installed.values_mut() {
            filter.next = filter.next.min(head + 1);
            filter.pending.clear();
        }
    }
}

impl Chain {
    pub(crate) fn install(&mut self, interest: Interest) -> Result<U256, RpcError> {
        if self.filters.installed.len() >= FILTERS {
            return Err(RpcError::limit(format!("{FILTERS} filters are installed: uninstall some")));
        }
        self.filters.last += 1;
        let id = U256::from(self.filters.last);
        let next = self.head() + 1;
        self.filters.installed.insert(id, Installed { interest, next, pending: Vec::new() });
        Ok(id)
    }

    pub(crate) fn uninstall(&mut self, id: U256) -> bool {
        self.filters.installed.remove(&id).is_some()
    }

    /// Notes the transactions of a block for filters that wait for them: they were pending, however shortly.
    pub(super) fn note_for_filters(&mut self, number: u64) {
        let Some(block) = self.blocks.get(number as usize) else { return };
        for filter in self.filters.installed.values_mut() {
            if matches!(filter.interest, Interest::Pending { .. }) {
                filter.pending.extend(block.transactions.iter().map(|mined| mined.receipt.transaction_hash));
            }
        }
        // A filter that nobody asks any more is given up.
        self.filters.installed.retain(|_, filter| filter.pending.len() <= LOGS);
    }

    /// What happened since the last time.
    pub(crate) fn changes(&mut self, id: U256) -> Result<Value, RpcError> {
        let filter = self.filters.installed.get(&id).ok_or_else(unknown_filter)?;
        let news = match &filter.interest {
            Interest::Pending { .. } => json!(filter.pending),
            Interest::Blocks => {
                let new = self.blocks.iter().skip(filter.next as usize);
                json!(new.map(|block| block.hash).collect::<Vec<B256>>())
            }
            Interest::Logs(logs) => json!(self.new_logs(logs, filter.next)?),
        };
        // Only what could be told counts as told.
        let next = self.head() + 1;
        if let Some(filter) = self.filters.installed.get_mut(&id) {
            filter.next = next;
            filter.pending.clear();
        }
        Ok(news)
    }

    /// Logs of the blocks from `next` on that match. Numbers narrow them; a tag or nothing does not, for both mean the blocks to come.
    fn new_logs(&self, filter: &Filter, next: u64) -> Result<Vec<Log>, RpcError> {
        let (first, last) = match filter.block_option {
            FilterBlockOption::AtBlockHash(_) => self.range(filter)?,
            FilterBlockOption::Range { from_block, to_block } => {
                let number = |tag: Option<BlockNumberOrTag>| tag.and_then(|tag| tag.as_number());
                (number(from_block).unwrap_or(next), number(to_block).unwrap_or_else(|| self.head()))
            }
        };
        self.matching(filter, first.max(next), last)
    }

    /// Everything that a log filter matches.
    pub(crate) fn filter_logs(&self, id: U256) -> Result<Vec<Log>, RpcError> {
        match self.filters.installed.get(&id).map(|filter| &filter.interest) {
            Some(Interest::Logs(filter)) => self.logs(filter),
            Some(_) => Err(RpcError::refused("not a log filter")),
            None => Err(unknown_filter()),
        }
    }

    /// Logs that match.
    pub(crate) fn logs(&self, filter: &Filter) -> Result<Vec<Log>, RpcError> {
        let (first, last) = self.range(filter)?;
        self.matching(filter, first, last)
    }

    fn matching(&self, filter: &Filter, first: u64, last: u64) -> Result<Vec<Log>, RpcError> {
        let count = last.saturating_add(1).saturating_sub(first);
        let blocks = self.blocks.iter().skip(first as usize).take(count as usize);
        let blocks = blocks.filter(|block| filter.matches_bloom(block.header.logs_bloom));
        let logs = blocks.flat_map(|block| block.logs()).filter(|log| filter.matches(&log.inner));
        let found: Vec<Log> = logs.take(LOGS + 1).cloned().collect();
        if found.len() > LOGS {
            return Err(RpcError::limit(format!("query returned more than {LOGS} results")));
        }
        Ok(found)
    }

    fn range(&self, filter: &Filter) -> Result<(u64, u64), RpcError> {
        let (from, to) = match filter.block_option {
            FilterBlockOption::AtBlockHash(hash) => {
                let number = self.by_hash.get(&hash).ok_or_else(|| RpcError::refused("unknown block"))?;
                return Ok((*number, *number));
            }
            FilterBlockOption::Range { from_block, to_block } => (from_block, to_block),
        };
        let number = |tag: Option<BlockNumberOrTag>| match tag {
            Some(BlockNumberOrTag::Number(number)) => number,
            other => match self.find(other.unwrap_or_default().into()) {
                Some(At::Block(number)) => number,
                _ => self.head(),
            },
        };
        let (first, last) = (number(from), number(to));
        if first > last && to.is_some() {
            return Err(RpcError::invalid_params(format!("invalid block range: from {first} to {last}")));
        }
        Ok((first, last))
    }
}

fn unknown_filter() -> RpcError {
    RpcError::refused("filter not found")
}
