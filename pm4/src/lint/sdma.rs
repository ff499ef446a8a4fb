//! Streams of DMA rings: what their packets are, and where they reach.

use super::*;
use crate::sdma;
use crate::submission::Access;
use crate::{DecodeError, EncodeError};

impl Linter<'_> {
    /// Looks at every packet. The engine runs one after the other and has no caches of its own to forget, so that there
    /// is nothing to follow from packet to packet.
    pub(super) fn walk_sdma(&mut self) {
        for (number, ib) in self.submission.ibs.iter().enumerate() {
            let mut lost = false;
            for item in sdma::decode(&ib.words) {
                self.at = At { ib: Some(number), offset: item.offset, inside: None };
                match &item.packet {
                    Ok(packet) => {
                        lost = false;
                        self.sdma_packet(packet, item.deviation.as_ref());
                    }
                    // The first of a run is news, what follows it is read at the wrong place.
                    Err(error) if !core::mem::replace(&mut lost, true) => self.sdma_error(error),
                    Err(_) => {}
                }
            }
        }
        self.at = At::default();
    }

    fn sdma_error(&mut self, error: &DecodeError) {
        let rule = match error {
            DecodeError::Truncated { .. } => &rules::TRUNCATED,
            DecodeError::BodyLength { .. } => &rules::BODY_LENGTH,
            _ => &rules::UNKNOWN_OPCODE,
        };
        self.find(rule, format!("{error}"));
    }

    fn sdma_packet(&mut self, packet: &sdma::Packet, deviation: Option<&EncodeError>) {
        let desc = packet.desc();
        match deviation {
            Some(error @ EncodeError::ReservedBits { .. }) => self.find(&rules::RESERVED_BITS, format!("{error}")),
            Some(error @ EncodeError::Misaligned { .. }) => {
                self.find(&rules::MISALIGNED, format!("{}: {error}", desc.name));
            }
            Some(error) => self.find(&rules::FIELD_CONFLICT, format!("{}: {error}", desc.name)),
            None => {}
        }
        if !desc.user {
            self.find(&rules::WRONG_RING, format!("{} is for the kernel's page tables and registers", desc.name));
        }
        for field in desc.fields {
            self.check_named(desc.name, field.name, field.values, packet.field(field.name).unwrap_or(0));
        }
        for used in packet.addresses().filter(|u| u.bytes > 0) {
            let what = format!("{} {}", desc.name, used.field);
            self.check_memory(&what, used.va, used.bytes, Access::from(used.access));
        }
    }
}
