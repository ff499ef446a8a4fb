//! Kernels written in Rust.
mod blank;
