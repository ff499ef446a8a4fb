//! What RDNA3 instructions do.
#![forbid(unsafe_code)]
