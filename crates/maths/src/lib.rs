#![no_std]
//! Equipoise.
