//! In-tree RDNA3 kernels.
#![forbid(unsafe_code)]
