//! RDNA3 instruction tables, decoder and disassembler.
#![no_std]
#![forbid(unsafe_code)]
