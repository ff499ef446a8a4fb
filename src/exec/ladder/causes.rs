//! What may be behind a failure, and what to do about it.

use crate::error::Error;
use crate::kmd::{Errno, KmdError};
use crate::object::ObjectError;

/// A possible reason, and what to do about it. No rung can prove one; the likeliest stands first in a list of them.
#[derive(Debug, PartialEq, Eq)]
pub struct Cause {
    /// A name that stays the same, for scripts.
    pub code: &'static str,
    /// The reason.
    pub text: &'static str,
    /// What to do.
    pub next: &'static str,
}

macro_rules! causes {
    ($($name:ident $code:literal: $text:literal; $next:literal)*) => {
        $(pub(super) static $name: Cause = Cause { code: $code, text: $text, next: $next };)*

        /// Every cause.
        #[cfg(test)]
        pub(super) static ALL: &[&Cause] = &[$(&$name),*];
    };
}

causes! {
    UNKNOWN "unknown": "nothing that this ladder knows of"; "see the evidence and the kernel log (`sudo dmesg | grep -i amdgpu`)"

    // Below the first submission.
    NOT_AUTHENTICATED "not-authenticated": "the file may not do this: a primary node (card*) without authentication, or a sandbox that refuses the request";
        "open a render node (renderD*), outside the sandbox; `sparkle-pm4 probe` lists them"
    PRIORITY "priority": "the context's priority needs CAP_SYS_NICE or DRM master"; "ask for the normal priority"
    DEVICE_GONE "device-gone": "the card is gone: unplugged, its driver unloaded, or wedged after a reset that failed";
        "`sudo dmesg | grep -iE 'amdgpu|pcie'`; a card that fell off the bus needs a reboot, or its slot reset"
    OTHER_DRIVER "other-driver": "the node is another driver's"; "`sparkle-pm4 probe` shows each node's driver; name the right one with --device-hint"
    OLD_KERNEL "old-kernel": "the kernel is too old for this request or for the card"; "gfx1100 needs Linux 6.0 or newer, and recent firmware files"
    OTHER_TARGET "other-target": "the card has another instruction set than the kernels here"; "choose a gfx1100 with --device-hint; packets work on the others, waves of these kernels don't"
    NOT_A_NODE "not-a-node": "what answers is no amdgpu, or something filters its requests (seccomp, gVisor)"; "try outside the container or sandbox"
    NO_MEMORY "no-memory": "no room: video memory or GTT is full, or a control group limits the process";
        "`sparkle-pm4 probe --full` shows the heaps; end what holds them, or raise the limit"
    MAP_REFUSED "map-refused": "the CPU cannot map the buffer: address space limit, a sandbox, or video memory beyond the BAR's window";
        "`ulimit -v`; switch resizable BAR on in the firmware's setup"
    MAPPING_ELSEWHERE "mapping-elsewhere": "two CPU mappings of one buffer are not the same memory: the offset of GEM_MMAP leads elsewhere";
        "if something stands between (a virtual machine, a sandbox), try without it"
    VA_REFUSED "va-refused": "the address range is not the process's, overlaps another, or its flags are unknown to the kernel"; "compare the range with `VA low` of `sparkle-pm4 probe --full`"
    NO_RING "no-ring": "the kernel offers no such ring: it did not start, or the firmware is missing"; "`sudo dmesg | grep -iE 'ring|firmware|mes'` says why; without --ring the first one is taken"
    NOT_WORKING "not-working": "the kernel says that acceleration does not work: a ring's own test failed when the driver started"; "`sudo dmesg | grep -iE 'amdgpu.*(ring|ib) test'`, then update firmware and kernel"
    LOST_BEFORE "lost-before": "the context is lost before its first work: the card was being reset"; "wait for the reset to end, and look for who caused it"

    // Submissions.
    SUBMISSION_REFUSED "submission-refused": "the kernel refuses the submission's form: a chunk, the IB's address or length, or a buffer that is not listed";
        "`sudo dmesg | grep -i amdgpu` has a line for some of them; compare the IB's granule with `probe --full`"
    HANDLE_UNKNOWN "handle-unknown": "the kernel doesn't know a handle of the submission"; "a buffer or context was closed early: report it"
    SIGNALS "signals": "signals interrupt every attempt"; "look for a timer or profiler that signals this process too often"
    RING_STUCK "ring-stuck": "the ring does not run: its firmware (MEC or MES) hangs, or an earlier job does"; "look at the kernel log, try another ring (`--ring 1`), then reboot"
    FENCE_INTERRUPT "fence-interrupt": "the work may be done, and its interrupt doesn't arrive"; "`grep amdgpu /proc/interrupts` has to count up; try `amdgpu.msi=0`, or IOMMU settings"
    SKIPPED_JOB "skipped-job": "the fence was signalled without the job: a kernel skips jobs of a lost context, and something between may fake it"; "look for a reset in the kernel log; try without what stands between"
    OTHERS_HANG "others-hang": "another process hung the card, and the reset cancelled this work"; "the kernel log names the process; run the ladder alone"
    PAGE_FAULT "page-fault": "the GPU accessed an address that is not mapped for it"; "compare the fault's address with those above: a wrong high half, a missing mapping, or one that is read-only"

    // What the command processor writes.
    IB_NOT_RUN "ib-not-run": "the ring ran and the indirect buffer did not, or held something else when it was fetched"; "the IB is in write-combined GTT: check the IOMMU and PCIe coherency; see whether NOP's own write arrives"
    WRONG_PAGE "wrong-page": "the GPU's page table leads elsewhere than the CPU's mapping"; "the kernel log may have page faults; an IOMMU in translation mode is worth switching off (`iommu=pt`)"
    NOT_COHERENT "not-coherent": "what was written stays in a cache: the GL2 is not written back, or the CPU's reads are not snooped"; "compare system and video memory in the evidence: what works in one and not in the other tells which side"
    BAR_READ "bar-read": "the CPU's window onto video memory shows something else than the GPU writes"; "resizable BAR off or on in the firmware's setup; look for PCIe errors in the log"
    PACKET_LENGTH "packet-length": "a count in the packet's header or body is off: the stream was changed on its way"; "compare with `run conv2d --dump-pm4 -`; memory errors show here, too"
    PACKET_ADDRESS "packet-address": "the address in the packet is off by what the values are shifted"; "low bits of an address that carry a meaning of their own are a usual reason: check the packet's alignment"
    PACKET_DATA "packet-data": "the data in the stream was changed on its way"; "the IB is in write-combined GTT: look for memory or PCIe errors in the log"
    BYTE_ORDER "byte-order": "an endianness swap is set in the packet or the ring"; "BUF_SWAP bits of the ring's control register are 0 on little-endian hosts"
    NO_EVENT "no-event": "the end-of-pipe event never came to its write: DATA_SEL or the event's index is wrong"; "compare EVENT_TYPE and EVENT_INDEX of RELEASE_MEM in docs/pm4"
    HALF_WRITE "half-write": "DATA_SEL wrote 32 bits of 64"; "DATA_SEL is 2 for 64 bits"
    DMA_NOT_WAITED "dma-not-waited": "the end of the copy was not waited for, or its byte count is short"; "CP_SYNC has to be set in the last DMA_DATA"
    DMA_SOURCE "dma-source": "the source is read from elsewhere, or from nowhere: reads of pages that are not mapped give zero"; "see whether the source is listed in the submission; the kernel log has page faults"
    STALE_SOURCE "stale-source": "a cache still has what the memory held in the run before"; "the GL2 (and for waves GLV, GL1) has to be invalidated at the start: ACQUIRE_MEM, GCR_CNTL"

    // Waves.
    CODE_DIFFERS "code-differs": "the code in GPU memory is not the code that was loaded"; "the upload went wrong: check the BAR, or whether something else writes there"
    WRONG_PGM "wrong-pgm": "the waves start at another address than the code's: COMPUTE_PGM_LO/HI are the address / 256"; "see the program counter in the kernel log (`sudo umr -wa`), or run with --device emu, which names it"
    NOT_EXECUTABLE "not-executable": "the code's pages are not mapped executable"; "VM_PAGE_EXECUTABLE of GEM_VA"
    NO_CUS "no-cus": "no compute unit takes the waves: COMPUTE_STATIC_THREAD_MGMT_SE* enable none that exists, or others occupy them"; "the masks are the stream's business on kernel rings: all ones is always right"
    NO_END "no-end": "waves don't end: other code than gfx11's (s_endpgm is 0xbfb00000), or a wait that never ends"; "`sparkle-pm4 disasm --kernel NAME` shows the code; `sudo umr -wa` the waves"
    BAD_INSTRUCTION "bad-instruction": "an instruction is not gfx11's, or the code is damaged"; "see the address in the evidence; `sparkle-pm4 disasm` reads code"
    NO_DISPATCH "no-dispatch": "the dispatch started no waves: COMPUTE_SHADER_EN in the initiator, or a grid of 0"; "initiator 0x8005 and more bits; see docs/pm4"
    WRONG_RSRC "wrong-rsrc": "COMPUTE_PGM_RSRC1 or 2 don't fit the code: VGPRs, USER_SGPR, TGID_X_EN, TIDIG_COMP_CNT"; "they come from the kernel descriptor: `sparkle-pm4 run kernel FILE --list`"
    WAVE_SIZE "wave-size": "waves have 64 lanes where the code is for 32: CS_W32_EN in the dispatch initiator is clear"; "initiator bit 15 has to be set for wave32 code"
    GROUP_SIZE "group-size": "a part of the workgroups or threads is missing: the grid, COMPUTE_NUM_THREAD_*, or the workgroup id's SGPR (USER_SGPR, TGID_X_EN)"; "the parts that are right say which: whole workgroups of 256, or threads of each"
    GRID_TOO_LARGE "grid-too-large": "more threads ran than should: the grid or COMPUTE_NUM_THREAD_* is too large"; "compare with what the evidence says was written beside"
    ARGS_NOT_FOUND "args-not-found": "the kernel arguments are not where COMPUTE_USER_DATA_0/1 point"; "the address of the arguments comes in s[0:1], low half first"
    STALE_ARGS "stale-args": "the scalar cache still has the arguments of the run before"; "GLK_INV in GCR_CNTL of the first ACQUIRE_MEM"
    STALE_CODE "stale-code": "the instruction cache has other code at this address"; "GLI_INV in GCR_CNTL of the first ACQUIRE_MEM"
    LOADS_ZERO "loads-zero": "loads give zero: the source is not mapped, or not for reading"; "see whether the source is listed in the submission; the kernel log has page faults"
    LDS_SIZE "lds-size": "LDS reads give zero: LDS_SIZE in COMPUTE_PGM_RSRC2 is too small, and what lies outside reads as zero"; "LDS_SIZE counts 512 bytes; the loader fills it in"
    LDS_NOT_EXCHANGED "lds-not-exchanged": "each thread has its own value back: the address of the load, or LDS itself"; "check the code in GPU memory; otherwise the card's LDS may be faulty"
    NO_BARRIER "no-barrier": "waves read LDS before others had written it: the barrier does not hold"; "a workgroup's waves have to be launched as one group; check COMPUTE_NUM_THREAD_*"
    LOST_UPDATES "lost-updates": "atomics don't exclude one another: they run in different caches, or as loads and stores"; "in system memory PCIe atomics may be missing (`lspci -vvv`, AtomicOpsCap); in video memory report it"
    NO_RETURN "no-return": "the atomics' old values don't come back"; "GLC has to be set in the instruction: check the code in GPU memory"
    NO_SCRATCH "no-scratch": "scratch loads give zero: COMPUTE_DISPATCH_SCRATCH_BASE or TMPRING_SIZE is not set, or the memory is not mapped"; "gfx11 finds scratch by these two; WAVESIZE counts 256 bytes, WAVES a shader engine"
    SCRATCH_SHARED "scratch-shared": "waves read one another's scratch: WAVESIZE of COMPUTE_TMPRING_SIZE is too small, or two engines share a part"; "WAVESIZE counts 256 bytes on gfx11: lane bytes x lanes / 256, rounded up"
    SCRATCH_SLOTS "scratch-slots": "waves wait for scratch that never comes: WAVES of COMPUTE_TMPRING_SIZE is 0"; "WAVES counts the waves of one shader engine; a workgroup has up to 32"
    NO_PREAMBLE "no-preamble": "registers keep what others left in them"; "each submission has to set all that its dispatches read"
    BETWEEN_DISPATCHES "between-dispatches": "the second dispatch reads what the first has not written yet"; "CS_PARTIAL_FLUSH and ACQUIRE_MEM between them: `pm4 lint` on `run conv2d --dump-pm4`"
    ONE_DISPATCH "one-dispatch": "one of the two dispatches did not run, or ran with other arguments"; "`run conv2d --device gpu --dump-pm4 -` shows the stream"
    ARITHMETIC "arithmetic": "values are off by more than rounding: float modes in RSRC1, or an instruction that misbehaves"; "run the same shape with --device emu and compare"
}

/// What a request's error means.
pub(super) fn of_error(error: &Error) -> Vec<&'static Cause> {
    match error {
        Error::UnsupportedGfx { .. } | Error::Object(ObjectError::Target { .. }) => vec![&OTHER_TARGET],
        Error::NoDevice { .. } => vec![&NO_RING],
        Error::Kmd(error) => match error {
            KmdError::NotAmdgpu { .. } => vec![&OTHER_DRIVER],
            KmdError::TooOld { .. } | KmdError::MissingCapability { .. } => vec![&OLD_KERNEL],
            KmdError::UnsupportedGfx { .. } => vec![&OTHER_TARGET],
            KmdError::NoSuchRing { .. } => vec![&NO_RING],
            KmdError::OutOfMemory { .. } => vec![&NO_MEMORY],
            KmdError::Map { .. } => vec![&MAP_REFUSED],
            KmdError::VaExhausted { .. } => vec![&VA_REFUSED],
            KmdError::Ioctl { name, errno, .. } => of_errno(name, *errno),
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// What an errno means, given what was asked: the kernel has one number for many reasons.
fn of_errno(request: &str, errno: Errno) -> Vec<&'static Cause> {
    match (errno, request) {
        (Errno::EACCES | Errno::EPERM, "AMDGPU_CTX") => vec![&PRIORITY, &NOT_AUTHENTICATED],
        (Errno::EACCES | Errno::EPERM, _) => vec![&NOT_AUTHENTICATED],
        (Errno::ENODEV | Errno::ENXIO | Errno::EIO, _) => vec![&DEVICE_GONE],
        (Errno::ENOTTY | Errno::ENOSYS | Errno::EOPNOTSUPP, _) => vec![&NOT_A_NODE, &OLD_KERNEL],
        (Errno::ENOMEM | Errno::ENOSPC, _) => vec![&NO_MEMORY],
        (Errno::EINTR | Errno::EAGAIN | Errno::ERESTART, _) => vec![&SIGNALS],
        (Errno::ENOENT | Errno::EBADF, _) => vec![&HANDLE_UNKNOWN],
        (Errno::EINVAL | Errno::EFAULT, "AMDGPU_GEM_VA") => vec![&VA_REFUSED, &OLD_KERNEL],
        (Errno::EINVAL | Errno::EFAULT, "AMDGPU_CS") => vec![&SUBMISSION_REFUSED, &NO_RING, &OLD_KERNEL],
        (Errno::EINVAL | Errno::EFAULT, _) => vec![&OLD_KERNEL],
        (Errno::EBUSY, _) => vec![&RING_STUCK],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_have_names_of_their_own_and_say_what_to_do() {
        let mut codes: Vec<&str> = ALL.iter().map(|cause| cause.code).collect();
        codes.sort_unstable();
        let all = codes.len();
        codes.dedup();
        assert_eq!(codes.len(), all, "two causes share a code");
        for cause in ALL {
            assert!(!cause.text.is_empty() && !cause.next.is_empty(), "{}", cause.code);
            assert!(cause.code.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'), "{}", cause.code);
        }
    }
}
