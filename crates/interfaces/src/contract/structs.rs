//! Structs in the Solidity ABI, field by field.

use alloc::vec::Vec;

use super::Result;
use super::codec::{Answer, Arg, Args, put_limb};
use crate::engine::IRiskEngine::{Margined, Marked};
use crate::erc4626::IERC4626::Epoch;
use crate::margin::IMargin::{Account, Health, Written};
use crate::surface::ISurface::SurfaceSlice;
use crate::vault::IVault::{Leg, Limits, Nav, Profile, Quote};

/// Structs of words.
macro_rules! structs {
    ($($role:ident $name:ident: $($field:ident)*;)*) => {$(structs!(@ $role $name $($field)*);)*};
    (@ Arg $name:ident $($field:ident)*) => {
        impl Arg for $name {
            fn take(args: &mut Args<'_>) -> Result<Self> {
                Ok(Self { $($field: args.take()?),* })
            }
        }
    };
    (@ Answer $name:ident $($field:ident)*) => {
        impl Answer for $name {
            fn put(self, out: &mut Vec<u8>) -> Result<()> {
                $(self.$field.put(out)?;)*
                Ok(())
            }
        }
    };
}

pub(super) use structs;

structs! {
    Arg Leg: series size;
    Arg SurfaceSlice: expiry rate a b rho m s forward;
    Answer SurfaceSlice: expiry rate a b rho m s forward;
    Answer Quote: premium value riskCharge spread;
    Answer Nav: cash owed hedge book riskReserve unvested pool poolLiquid receivable broker mid low;
    Answer Epoch: requested processed assets closesAt locksAt readyAt;
    Answer Marked: value delta risk needed inner outer;
    Answer Margined: value initial maintenance uncovered;
    Arg Written: series size;
    Answer Written: series size;
    Answer Account: cash uncovered auctionSince series;
    Answer Health: equity initial maintenance uncovered;
}

/// Structs of many numbers, as loops: a field at a time they would be code.
macro_rules! numbered {
    ($($name:ident)*) => {$(
        impl Arg for $name {
            fn take(args: &mut Args<'_>) -> Result<Self> {
                let mut taken = Self::default();
                let (longs, shorts) = taken.fields();
                for field in longs {
                    *field = args.limb(64)?;
                }
                for field in shorts {
                    *field = args.take()?;
                }
                Ok(taken)
            }
        }

        impl Answer for $name {
            fn put(mut self, out: &mut Vec<u8>) -> Result<()> {
                let (longs, shorts) = self.fields();
                for field in longs {
                    put_limb(out, *field);
                }
                for field in shorts {
                    put_limb(out, (*field).into());
                }
                Ok(())
            }
        }
    )*};
}

numbered!(Profile Limits);
