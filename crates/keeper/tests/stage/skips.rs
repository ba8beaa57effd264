//! skips
