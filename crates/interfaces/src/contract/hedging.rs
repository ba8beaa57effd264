//! Arguments and answers of the hedging desk.

use alloc::vec::Vec;

use super::Result;
use super::codec::{Answer, Arg, Args};
use super::structs::structs;
use crate::desk::IHedgeDesk::{Leg, Need, Plan, Rules};

structs! {
    Arg Leg: venue size limitPrice;
    Answer Need: position target deviation inner outer due seasoned since slip cash budget;
}

impl Arg for Plan {
    fn take(args: &mut Args<'_>) -> Result<Self> {
        let mut tail = args.tail()?;
        Ok(Self { legs: tail.take()?, spot: tail.take()?, deadline: tail.take()?, payee: tail.take()? })
    }
}

impl Arg for Rules {
    fn take(args: &mut Args<'_>) -> Result<Self> {
        let mut taken = Self::default();
        for field in taken.fields() {
            *field = args.take()?;
        }
        Ok(taken)
    }
}

impl Answer for Rules {
    fn put(mut self, out: &mut Vec<u8>) -> Result<()> {
        self.fields().into_iter().try_for_each(|field| field.put(out))
    }
}
