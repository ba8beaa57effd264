//! Traces.

use super::{Answer, Params};
use crate::chain::Chain;

pub(super) fn answer(_chain: &mut Chain, _method: &str, _params: &Params) -> Option<Answer> {
    None
}
