//! PM4 for gfx11 (RDNA3): the packets and registers of AMD command streams, built and decoded.
//!
//! Each packet is one row of `packet/table.rs`, each register one row of the tables in `reg/`.
//! Types, encoder, decoder, printer and documentation come from the row. A wrong header cannot be
//! written: the count is the body's length, and a value that overflows its field is an error.
//!
//! | to | see |
//! |---|---|
//! | build a stream | [`Stream`], [`dispatch`](mod@dispatch) |
//! | read one | [`decode()`](fn@decode), [`Packet`] |
//! | print one | [`print()`](fn@print) |
//! | SDMA rings | [`sdma`] |
//! | look up a register | [`reg`](mod@reg) |
//! | enumerate what there is | [`PACKETS`], [`reg::all`] |
//!
//! ```
//! use pm4::dispatch::{self, Dispatch};
//! use pm4::reg::{COMPUTE_PGM_RSRC1, COMPUTE_PGM_RSRC2, COMPUTE_PGM_RSRC3};
//! use pm4::{Packet, Stream};
//!
//! let mut stream = Stream::new();
//! dispatch::preamble(&mut stream, 6)?;
//! dispatch::dispatch(&mut stream, &Dispatch {
//!     code_va: 0x8_0000_1000,
//!     rsrc1: COMPUTE_PGM_RSRC1::from_bits(0x602c_0002),
//!     rsrc2: pm4::reg_value!(COMPUTE_PGM_RSRC2 { USER_SGPR: 2u32, TGID_X_EN: true })?,
//!     rsrc3: COMPUTE_PGM_RSRC3::new(),
//!     user_data: &[0x2000, 0x8],
//!     block: [64, 1, 1],
//!     grid: [16, 1, 1],
//!     wave32: true,
//! })?;
//! dispatch::release_to_host(&mut stream)?;
//! stream.pad_to(8)?;
//!
//! let dispatches = stream.items().filter(|i| matches!(i.packet, Ok(Packet::DispatchDirect(_)))).count();
//! assert_eq!(dispatches, 1);
//! assert!(stream.to_string().contains("COMPUTE_PGM_RSRC2 <- 0x00000084 {USER_SGPR=2, TGID_X_EN=1}"));
//! # Ok::<(), pm4::EncodeError>(())
//! ```
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod cost;
mod decode;
pub mod dispatch;
mod error;
pub mod field;
mod gfx;
// pub mod lint;
pub mod packet;
mod print;
pub mod reg;
pub mod sdma;
mod stream;
pub mod submission;

pub use decode::{Decode, Item, decode};
pub use error::{DecodeError, EncodeError};
pub use gfx::{Gfx, UnknownGfx, UnknownRing};
pub use packet::*;
pub use print::{Listing, print};
pub use stream::{BufferRef, BufferUse, Retained, Segments, SlotField, SlotId, Stream, WordSink};
pub use submission::Ring;
