//! Every selector of every contract's ABI: who may call it, what shuts it, what it reads and writes, what it costs and how it is misspelt.
//!
//! The methods are those of `abi/*.json`, never a list made by hand; what is written by hand is one call of each that changes state, and a
//! method without one fails (`cast`).

mod abi;
mod atomic;
mod bounds;
mod broker_calls;
mod calls;
mod cast;
mod encodings;
mod frames;
mod holder_calls;
mod layout;
mod locks;
mod reentry;
mod roles;
mod venue_calls;
