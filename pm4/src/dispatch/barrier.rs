//! What has to be waited for and flushed between a writer and a reader.

use super::{acquire_all, wait_for_waves};
use crate::packet::{DmaData, GcrCntl, PfpSyncMe};
use crate::submission::Ring;
use crate::{EncodeError, Stream};

/// Who touches memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Agent {
    /// Waves: through the vector L0 (GLV) or the scalar cache (GLK), the GL1 and the GL2. Stores go through to the GL2.
    Shader,
    /// The fetch of instructions: through GLI, the GL1 and the GL2.
    InstructionFetch,
    /// The command processor: WRITE_DATA, COPY_DATA, ATOMIC_MEM, RELEASE_MEM, waits, and the sizes of indirect
    /// dispatches. On gfx11 it goes through the GL2.
    CommandProcessor,
    /// DMA_DATA, through the GL2.
    Dma,
    /// The host's cores, which do not see the GL2.
    Host,
    /// Another queue of the same device that shares the GL2: gfx or compute.
    OtherQueue,
    /// A DMA ring. It reaches memory with policies of its own, so that the GL2 is brought up to date around it.
    Sdma,
}

impl Agent {
    /// Every agent.
    pub const ALL: [Self; 7] = [
        Self::Shader,
        Self::InstructionFetch,
        Self::CommandProcessor,
        Self::Dma,
        Self::Host,
        Self::OtherQueue,
        Self::Sdma,
    ];

    const fn is_behind_gl2(self) -> bool {
        matches!(self, Self::Host | Self::Sdma)
    }
}

/// Scalar cache, vector L0 and GL1 dropped: what a wave reads comes from the GL2.
const INV_SHADER: u32 = gcr(GcrCntl::GLK_INV) | gcr(GcrCntl::GLV_INV) | gcr(GcrCntl::GL1_INV);
/// Instructions come from the GL2. `GLI_INV` = 1: all lines.
const INV_INSTRUCTIONS: u32 = 1 << GcrCntl::GLI_INV.desc.lo | gcr(GcrCntl::GL1_INV);
/// Dirty lines to memory. The metadata cache cannot be written back without being dropped (Mesa).
const WB_GL2: u32 = gcr(GcrCntl::GL2_WB) | gcr(GcrCntl::GLM_WB) | gcr(GcrCntl::GLM_INV);
/// The GL2 dropped; dirty lines, which may be someone else's, first written back.
const INV_GL2: u32 = WB_GL2 | gcr(GcrCntl::GL2_INV);

const fn gcr(field: crate::field::Field<GcrCntl>) -> u32 {
    field.desc.mask()
}

/// The cache operations between a writer and a reader, after the wait for the writer. Empty where the reader finds
/// what was written without one.
///
/// | reader | dropped | because |
/// |---|---|---|
/// | `Shader` | GLK, GLV, GL1 | they are not coherent with one another or with the GL2's other clients |
/// | `InstructionFetch` | GLI, GL1 | the same for instructions |
/// | `CommandProcessor`, `Dma`, `OtherQueue` | | they read the GL2; another queue drops its own upper caches |
/// | `Host`, `Sdma` | | |
///
/// | crossing | GL2 | because |
/// |---|---|---|
/// | a reader beyond the GL2 | written back | what waves and the command processor write is dirty there |
/// | a writer beyond the GL2 | written back and dropped | it may hold the old contents |
#[must_use]
pub const fn cache_operations(from: Agent, to: Agent) -> GcrCntl {
    let upper = match to {
        Agent::Shader => INV_SHADER,
        Agent::InstructionFetch => INV_INSTRUCTIONS,
        _ => 0,
    };
    let gl2 = match (from.is_behind_gl2(), to.is_behind_gl2()) {
        (false, true) => WB_GL2,
        // What the host writes and a DMA ring reads, or the other way round, does not pass the GL2.
        (true, true) | (false, false) => 0,
        (true, false) => INV_GL2,
    };
    // Instructions are fetched, never written; who names them as a writer has nothing to make visible.
    match from {
        Agent::InstructionFetch => GcrCntl::new(),
        _ => GcrCntl::from_bits(upper | gl2),
    }
}

impl Stream {
    /// What `from` has written is seen by what `to` reads from here on. Also for a reader that a later writer must not
    /// overtake: the wait is the same, and the caches do no harm.
    ///
    /// | writer | waited for by |
    /// |---|---|
    /// | `Shader`, `InstructionFetch` | EVENT_WRITE CS_PARTIAL_FLUSH: no wave is left |
    /// | `Dma` | a DMA_DATA of no bytes with `cp_sync`, unless the last one had it |
    /// | `CommandProcessor` | nothing: its packets confirm their writes before the next one starts |
    /// | `Host`, `OtherQueue`, `Sdma` | nothing here: a fence or WAIT_REG_MEM comes before |
    ///
    /// The caches follow [`cache_operations`], in one ACQUIRE_MEM. On the graphics ring PFP_SYNC_ME holds the
    /// prefetcher back when the command processor reads. What has been done since memory was last used is not
    /// repeated, and barriers one behind another share their ACQUIRE_MEM.
    ///
    /// # Errors
    /// [`EncodeError::Invalid`] on a DMA ring, whose engine runs its packets one after the other.
    pub fn barrier(&mut self, from: Agent, to: Agent) -> Result<&mut Self, EncodeError> {
        if self.ring() == Ring::Sdma {
            return Err(EncodeError::Invalid { what: "a barrier on a DMA ring", value: 0 });
        }
        match from {
            Agent::Shader | Agent::InstructionFetch if self.hazards.waves => wait_for_waves(self)?,
            Agent::Dma if self.hazards.dma => {
                self.emit(DmaData { cp_sync: true, ..Default::default() })?;
            }
            _ => {}
        }
        let operations = cache_operations(from, to).bits() & !self.hazards.clean;
        if operations != 0 {
            if !self.extend_acquire(operations) {
                acquire_all(self, GcrCntl::from_bits(operations))?;
                self.hazards.acquire = Some(self.len_dw() - 1);
            }
            self.hazards.clean |= operations;
        }
        if to == Agent::CommandProcessor && self.ring() == Ring::Gfx && !self.hazards.prefetcher {
            self.emit(PfpSyncMe::default())?;
        }
        Ok(self)
    }
}
