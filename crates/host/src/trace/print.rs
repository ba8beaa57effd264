//! A trace as a tree to read, and as a folded flame graph.
