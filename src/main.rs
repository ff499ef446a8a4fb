//! The `sparkle-pm4` command line.
#![forbid(unsafe_code)]

fn main() {}
