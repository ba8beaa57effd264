//! Nothing: the SDK only re-exports this crate, and nothing here uses what the real one offers.
#![no_std]
