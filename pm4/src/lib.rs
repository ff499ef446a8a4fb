//! PM4 packets and registers of gfx11.
#![no_std]
#![forbid(unsafe_code)]
