//! The rules, one row each.

use super::{Rule, Severity};

/// Form: `NAME "PM4-nnn" Severity "title" "explanation" "fix";`
macro_rules! rules {
    ($( $name:ident $id:literal $severity:ident $title:literal $explanation:literal $fix:literal; )*) => {
        $(
            #[doc = concat!($id, ": ", $title, ".")]
            pub static $name: Rule = Rule {
                id: $id,
                severity: Severity::$severity,
                title: $title,
                explanation: $explanation,
                fix: $fix,
            };
        )*

        /// Every rule, in order of id.
        pub static RULES: &[&Rule] = &[ $( &$name ),* ];
    };
}

rules! {
    // Structure.
    TYPE_0 "PM4-001" Error
        "a type-0 header stands where a packet was expected"
        "gfx11's command processors take type-3 packets only. A type-0 header is what a zeroed or left-over dword looks like: the count of the packet before it is too small, or the stream's end is not where the reader thinks it is."
        "Derive the count from the body: header = 3<<30 | (body_dwords-1)<<16 | opcode<<8 | flags.";
    TYPE_1 "PM4-002" Error
        "a type-1 header stands where a packet was expected"
        "No command processor since gfx6 takes type 1. Bits 31:30 = 1 is typical of an address or a float that is read as a header because a count before it is wrong."
        "Check the count of the packet before it.";
    TYPE_2 "PM4-003" Error
        "a type-2 filler stands where a packet was expected"
        "Old hardware padded with the one-dword type-2 packet 0x80000000; gfx11 hangs on it."
        "Pad with the one-dword type-3 NOP 0xffff1000, or with one NOP over all that is missing.";
    HEADER_BITS "PM4-004" Error
        "bits 7:3 of a type-3 header are set"
        "The opcode is in bits 15:8 and the count in bits 29:16. Bits 7:3 are reserved; something that belongs into another byte was written there."
        "header = 3<<30 | (body_dwords-1)<<16 | opcode<<8 | shader_type<<1 | predicate.";
    TRUNCATED "PM4-005" Error
        "a packet goes on beyond the end of its buffer"
        "The header counts more body dwords than there are. The command processor reads on, into whatever lies behind the buffer."
        "Correct the count, or the length that is submitted.";
    BODY_LENGTH "PM4-006" Error
        "a packet has a body of a length that it does not have"
        "The count field holds the body's dwords minus one. Where it is wrong, everything behind is read from the wrong place."
        "Derive the count from the body.";
    UNKNOWN_OPCODE "PM4-007" Error
        "an opcode that gfx11 does not have"
        "The command processor's firmware has no handler for it: the ring hangs, or the packet is skipped without a trace."
        "Take opcodes from the packet table.";
    RETIRED_OPCODE "PM4-008" Error
        "an opcode of older hardware"
        "The packet was dropped before gfx11, with the unit that it spoke to or in favour of another packet."
        "Use the packet that the message names.";
    RESERVED_BITS "PM4-009" Error
        "bits are set that no field of the packet owns"
        "Reserved bits are zero in every stream of the known drivers; firmware may take them for a feature, or a value has been shifted into the wrong place."
        "Clear the bits.";
    UNNAMED_VALUE "PM4-010" Error
        "a field holds a value that has no meaning"
        "The field is an enumeration and the number is none of its values: what the hardware does is undefined."
        "Use one of the named values.";
    WRONG_RING "PM4-011" Error
        "a packet of another kind of ring"
        "Compute rings are run by the MEC, which lacks the packets of the graphics pipe, and some packets have another form there."
        "Leave it out, or submit to the ring that has it.";
    FIELD_CONFLICT "PM4-012" Error
        "fields of a packet contradict each other"
        "The packet's own fields do not agree, as a register count and the registers that follow."
        "See the packet's documentation.";
    NO_SHADER_TYPE "PM4-013" Error
        "a dispatch on the graphics ring without the shader-type bit"
        "Bit 1 of the header tells the graphics ring that the packet is for the compute pipe. Without it no compute waves start."
        "Set bit 1 of the header.";
    ENGINE "PM4-014" Error
        "a packet for an engine that the ring does not have"
        "Only the graphics ring has several engines (PFP, ME) and pixel wait sync. On a compute ring the fields that select them are reserved."
        "Leave the fields zero on compute rings.";
    ATOMIC_COMMAND "PM4-015" Warning
        "an atomic command that the operation does not go with"
        "A single pass and a loop use the value that the operation returns; operations without RTN in their name return none."
        "Use the operation's RTN form, or a command for operations without return.";
    PHYSICAL_RANGE "PM4-016" Error
        "a range of physical addresses"
        "RANGE_IS_PA takes COHER_BASE for a physical address, which no client of the kernel driver knows."
        "Clear RANGE_IS_PA.";
    // Registers.
    UNKNOWN_REGISTER "PM4-101" Error
        "a register that gfx11 does not have"
        "The write goes nowhere, or to an undocumented register."
        "Look the offset up: it counts dwords from the space's base.";
    WRONG_SPACE "PM4-102" Error
        "an offset that belongs to another register space"
        "SET_SH_REG, SET_CONTEXT_REG and SET_UCONFIG_REG count dwords from 0xb000, 0x28000 and 0x30000. An absolute offset, or one of another space, lies outside."
        "Subtract the space's base, or use the other space's packet.";
    BEYOND_SPACE "PM4-103" Error
        "a SET packet runs beyond the end of its space"
        "Registers behind the space's end are not written, or are those of something else."
        "Write fewer registers.";
    RESERVED_REGISTER_BITS "PM4-104" Error
        "reserved bits of a compute register are set"
        "The bits belong to no field on gfx11. Usually a field of another generation, or a value that is shifted."
        "Clear the bits; build the value from its fields.";
    PROTECTED_REGISTER "PM4-105" Error
        "a register that streams of user space cannot write"
        "The kernel or the firmware owns the register. The write is dropped, faults, or breaks the isolation between processes."
        "Leave the register alone.";
    SHIFTED_REGISTERS "PM4-106" Error
        "the program's address lies in another register"
        "COMPUTE_PGM_LO is 0x20c, counted from 0xb000. A dispatch without PGM_LO or RSRC1 and with something like an address in COMPUTE_START_X (0x204) comes from a wrong register map."
        "START_X 0x204, NUM_THREAD_X 0x207, PGM_LO 0x20c, PGM_RSRC1 0x212, PGM_RSRC2 0x213, STATIC_THREAD_MGMT_SE0 0x216, USER_DATA_0 0x240.";
    ZERO_TO_A_HOLE "PM4-107" Warning
        "zero is written where the UCONFIG space has no register"
        "Nothing changes, and nobody meant that. libdrm's own dispatch test writes 0 to SH's offset 0x22a through SET_UCONFIG_REG."
        "Use the packet of the register's space, or leave the write out.";
    // Program.
    NO_SHADER_EN "PM4-201" Error
        "a dispatch without COMPUTE_SHADER_EN"
        "Bit 0 of the initiator starts the waves. Without it the packet does nothing at all."
        "Set COMPUTE_SHADER_EN.";
    NO_PROGRAM "PM4-202" Error
        "a dispatch without a program"
        "COMPUTE_PGM_LO holds what an earlier submission, perhaps of another process, left there."
        "Write COMPUTE_PGM_LO and COMPUTE_PGM_HI before the dispatch.";
    PROGRAM_HIGH_UNSET "PM4-203" Warning
        "only half of the program's address is written"
        "COMPUTE_PGM_HI holds what an earlier submission left there. A stream whose preamble is another indirect buffer is right only behind it."
        "Write COMPUTE_PGM_HI once in the submission.";
    NO_RESOURCES "PM4-204" Error
        "a dispatch without RSRC1 or RSRC2"
        "The waves' registers, modes and inputs are those of the program before."
        "Write COMPUTE_PGM_RSRC1 and COMPUTE_PGM_RSRC2 from the kernel descriptor.";
    NO_THREADS "PM4-205" Error
        "a workgroup without threads"
        "COMPUTE_NUM_THREAD_X, Y and Z are at least 1; 0 or nothing written starts no threads, or somebody else's number."
        "Write all three.";
    EMPTY_GRID "PM4-206" Warning
        "a dispatch of no workgroups"
        "A dimension is 0, or the grid ends at or before its start: the packet executes nothing. Without FORCE_START_AT_000 the dimensions are end coordinates."
        "Leave the dispatch out, or correct the dimensions.";
    TOO_MANY_THREADS "PM4-207" Error
        "a workgroup of more than 1024 threads"
        "A workgroup has at most 1024 threads; hardware hangs or drops it."
        "Use smaller workgroups.";
    PRIV "PM4-208" Error
        "RSRC1.PRIV is set"
        "Privileged waves are the trap handler's. On rings of the kernel driver the bit is a shifted field, and the waves do not start."
        "Clear bit 20 of COMPUTE_PGM_RSRC1.";
    WAVE_SIZE "PM4-209" Error
        "the program was built for another wave size"
        "CS_W32_EN, bit 15 of the initiator, alone decides how many lanes a wave has. Code for 32 lanes run with 64 has its masks and lane numbers wrong, and the reverse."
        "Set CS_W32_EN exactly where the kernel's code properties have bit 10.";
    NOT_AN_ENTRY "PM4-210" Warning
        "the program's address is no known entry"
        "No known program begins there: execution starts in the middle of code, or in data."
        "PGM_LO and PGM_HI hold the entry's address divided by 256.";
    UNSHIFTED_PROGRAM "PM4-211" Error
        "the program's address is not divided by 256"
        "COMPUTE_PGM_LO holds bits 39:8 and PGM_HI bits 47:40 of the address. Taken as they stand they are the address of a known program: the shift is missing."
        "Write address >> 8 and address >> 40.";
    VGPRS "PM4-212" Error
        "fewer VGPRs than the code uses"
        "RSRC1.VGPRS counts granules of 8 registers (wave32) or 4 (wave64), less one. A wave that names a register beyond its share reads zero or faults."
        "Take RSRC1 from the kernel descriptor, for the wave size that is dispatched.";
    LDS_LIMIT "PM4-213" Error
        "more LDS than a workgroup can have"
        "RSRC2.LDS_SIZE counts 512 bytes; a workgroup has at most 64 KiB. It would never start."
        "Ask for at most 128 granules.";
    LDS_TOO_SMALL "PM4-214" Error
        "less LDS than the program uses"
        "LDS accesses beyond the allocation read zero and write nothing. The loader, not the compiler, fills in RSRC2.LDS_SIZE."
        "LDS_SIZE = bytes / 512, rounded up.";
    SCRATCH_DISABLED "PM4-215" Error
        "the program needs scratch and SCRATCH_EN is clear"
        "Spills and stack go to an address that nobody set up."
        "Set RSRC2.SCRATCH_EN, COMPUTE_TMPRING_SIZE and COMPUTE_DISPATCH_SCRATCH_BASE.";
    SCRATCH_UNSET "PM4-216" Error
        "scratch is enabled but not set up"
        "COMPUTE_TMPRING_SIZE or COMPUTE_DISPATCH_SCRATCH_BASE was not written or is zero: waves wait for a slot for ever, or use somebody else's memory."
        "Write both.";
    SCRATCH_SMALL "PM4-217" Error
        "less scratch than the program uses"
        "TMPRING_SIZE.WAVESIZE is what a wave gets, in units of 256 bytes: bytes of a lane times lanes. Beyond it lies another wave's scratch."
        "Raise WAVESIZE, and the memory with it.";
    CU_MASK_UNSET "PM4-218" Warning
        "a CU mask is not written"
        "On the kernel's rings COMPUTE_STATIC_THREAD_MGMT_SE* are the stream's business; they may enable no CU. A stream whose preamble is another indirect buffer is right only behind it."
        "Write the masks of all shader engines once in the submission.";
    CU_MASK_ZERO "PM4-219" Error
        "the CU masks enable no CU"
        "The workgroups wait for ever."
        "Write ones for the shader engines that exist.";
    USER_SGPR_COUNT "PM4-220" Error
        "the number of user SGPRs is not the program's"
        "RSRC2.USER_SGPR decides in which SGPR the workgroup id arrives. Another number shifts all inputs."
        "Take RSRC2 from the kernel descriptor.";
    USER_SGPR_LIMIT "PM4-221" Error
        "more user SGPRs than there are registers"
        "There are 16 COMPUTE_USER_DATA registers."
        "Pass the rest through memory.";
    USER_DATA_UNSET "PM4-222" Note
        "user SGPRs that no packet has set"
        "The wave gets what an earlier submission left there. Right where the program does not read them."
        "Write them, or count fewer.";
    KERNARG_UNSET "PM4-223" Error
        "the argument block's address is not written"
        "The program reads its arguments through two user SGPRs that hold left-overs."
        "Write the address into the USER_DATA registers that the kernel descriptor implies.";
    KERNARG_MEMORY "PM4-224" Error
        "the argument block is not in usable memory"
        "The address in the user SGPRs lies in no buffer, in one that the submission may not use, or the block goes on beyond the buffer's end: the first scalar load faults."
        "Put the block into a listed buffer, and its address into the user SGPRs, low half first.";
    INITIATOR "PM4-225" Error
        "a bit of the initiator that no client's dispatch has"
        "RESTORE resumes waves that the firmware's context switch saved; the ordered-append bits and AMP_SHADER_EN belong to the graphics pipe, and bit 12 is reserved."
        "Clear the bit.";
    BYTE_SWAPPED "PM4-226" Error
        "the program's bytes are in the other order"
        "Instructions are little-endian dwords. Swapped, they are other instructions or none."
        "Upload the code object's bytes as they are.";
    OLD_ENDPGM "PM4-227" Error
        "the program ends with the s_endpgm of older hardware"
        "0xbf810000 ends a program up to gfx10. On gfx11 it is s_setkill, and execution runs on into what follows; s_endpgm is 0xbfb00000."
        "Assemble for the device's target.";
    NOT_CODE "PM4-228" Error
        "the program is not code of this hardware"
        "A word on the path from the entry is no instruction, or the buffer ends before the program does. The wave traps or runs on."
        "Check what was uploaded, and where.";
    OTHER_TARGET "PM4-229" Error
        "the program was built for another target"
        "Encodings, counters and register files differ between targets, even within gfx11."
        "Build for the device.";
    START_UNSET "PM4-230" Warning
        "the grid's start is not written"
        "Without FORCE_START_AT_000 the first workgroup is COMPUTE_START_X, Y and Z, which hold what an earlier submission left there."
        "Set FORCE_START_AT_000, or write the three registers.";
    PARTIAL_GROUP "PM4-231" Error
        "the last workgroup is larger than a full one"
        "With PARTIAL_TG_EN, NUM_THREAD_PARTIAL is the size of the last workgroup along an axis: 1 to NUM_THREAD_FULL."
        "Write the remainder, or the full size where there is none.";
    BLOCK_OF_KERNEL "PM4-232" Error
        "a workgroup size that the program does not take"
        "The program was compiled for a fixed or a largest workgroup size; ids, LDS and barriers rely on it."
        "Use the size that the kernel's metadata states.";
    VGPRS_LIMIT "PM4-233" Error
        "more VGPRs than a wave can have"
        "RSRC1.VGPRS counts granules, 8 VGPRs in wave32 and 4 in wave64, and a wave has at most 256."
        "Take RSRC1 from the kernel descriptor; the field holds the granules minus one.";
    // Memory.
    UNMAPPED "PM4-301" Error
        "an address where no buffer is"
        "The access faults, and the context is lost."
        "Map the memory before, or correct the address.";
    FREED "PM4-302" Error
        "an address in a buffer that was freed"
        "The memory may be another process's by now; the access faults at best."
        "Keep buffers until the last submission that names them has ended; pin scratch for as long as recorded streams name it.";
    UNLISTED "PM4-303" Error
        "an address in a buffer that the submission does not list"
        "The kernel may move the buffer while the stream runs: the access then faults, or reaches old memory."
        "Add the buffer to the submission's list.";
    BEYOND_END "PM4-304" Error
        "an access that goes on beyond its buffer"
        "What lies behind is another buffer, or nothing."
        "Correct the length or the address.";
    READ_ONLY "PM4-305" Error
        "a write through a read-only mapping"
        "The page tables forbid it: the access faults."
        "Map the buffer writable, or write elsewhere.";
    NOT_EXECUTABLE "PM4-306" Error
        "code in a mapping that is not executable"
        "Instruction fetch needs AMDGPU_VM_PAGE_EXECUTABLE; without it the first fetch faults."
        "Map the code with the flag.";
    MISALIGNED "PM4-307" Error
        "an address that is not aligned as the access needs"
        "The low bits are ignored or reserved: the access goes to another address."
        "Align the memory.";
    NON_CANONICAL "PM4-308" Note
        "an address whose top bits are not bit 47's copies"
        "The hardware ignores bits 63:48 and extends bit 47. The address works, but compares unequal to the buffer's."
        "Sign-extend bit 47.";
    RACE "PM4-309" Error
        "accesses that overlap in time use the same memory"
        "Dispatches that follow one another run together, and a DMA_DATA without CP_SYNC beside them; nothing waits for the first before the second, or the command processor, touches the same bytes."
        "EVENT_WRITE CS_PARTIAL_FLUSH between them, or RELEASE_MEM and a WAIT_REG_MEM for what it writes; CP_SYNC on a copy.";
    STALE_CACHE "PM4-310" Error
        "memory is read through caches that still hold what was there before"
        "The vector L0, the scalar cache and the GL1 do not see writes that others make to the GL2. Without an invalidation after the write, old data is read."
        "ACQUIRE_MEM with the bits that the message names, after the wait for the writer.";
    STALE_SCALAR "PM4-311" Warning
        "memory is read without invalidating the scalar cache"
        "GLV and GL1 are invalidated, GLK is not. Right only where the reader loads nothing of it through the scalar cache."
        "Set GLK_INV.";
    EARLY_ACQUIRE "PM4-312" Error
        "caches are invalidated while the writers still run"
        "An invalidation acts on what the caches hold at that moment. Waves that run on fill them again with old data."
        "Wait for the waves first, then ACQUIRE_MEM.";
    NO_FIRST_INVALIDATE "PM4-313" Warning
        "the first dispatch reads through caches that nothing has invalidated"
        "The host wrote data and code behind the caches; what an earlier submission left in them may be older."
        "ACQUIRE_MEM with GLI_INV, GLK_INV, GLV_INV, GL1_INV and GL2_INV before the first dispatch.";
    NOT_WRITTEN_BACK "PM4-314" Error
        "the host reads what may still lie in the GL2"
        "The completion value is seen before the data: the GL2 is written back by the kernel's fence, not by a value that the stream writes itself."
        "Set GL2_WB in the RELEASE_MEM that writes the value, or ACQUIRE_MEM with GL2_WB before it.";
    GL2_DISCARD "PM4-315" Error
        "GL2 lines are discarded"
        "GL2_DISCARD drops lines that are not written back, whoever wrote them."
        "Use GL2_INV, with GL2_WB before.";
    RANGE "PM4-316" Error
        "a cache operation covers another range"
        "With the range modes of GCR_CNTL, only lines between COHER_BASE and its size are touched. What the next dispatch reads lies elsewhere."
        "Use the modes for all lines, or the right range.";
    HALF_PWS "PM4-317" Error
        "pixel wait sync is half set up"
        "PWS needs both enables of ACQUIRE_MEM; fields of it without them, or one of the two, are another packet form."
        "Set PWS_ENA and PWS_ENA2, or none of the fields.";
    PREFETCH "PM4-318" Note
        "memory is prefetched where no buffer is"
        "A prefetch writes nothing, but an address without translation is logged as a fault."
        "Correct the address or leave the packet out.";
    // Synchronisation.
    FENCE_MISSING "PM4-401" Error
        "the completion value is never written"
        "Whoever waits for the end waits for ever."
        "End with a RELEASE_MEM that writes the value to the address.";
    FENCE_CONDITIONAL "PM4-402" Warning
        "the completion value is written only under a condition"
        "The packet lies in the range of a COND_EXEC or PRED_EXEC and may be skipped."
        "Write the value outside the range.";
    FENCE_WIDTH "PM4-403" Error
        "the completion value is written in another width"
        "The value needs 64 bits and 32 are written, or half of it comes from elsewhere."
        "Use DATA_SEL 2 for 64-bit values.";
    WAIT_IMPOSSIBLE "PM4-404" Error
        "a wait that nothing can end"
        "No value, masked, compares with the reference as the function asks: the ring hangs."
        "Correct function, reference or mask.";
    WAIT_ORDER "PM4-405" Error
        "a wait for what only a later packet writes"
        "The packets of a ring are executed in order: the writer is never reached, and the ring hangs."
        "Put the writer before the wait.";
    WAIT_UNMET "PM4-406" Warning
        "a wait for a value that nothing before it writes"
        "No packet of the submission that stands before it writes the value. Right only where an earlier submission, the host or another queue does."
        "Make sure that somebody writes the value.";
    EVENT_INDEX "PM4-407" Error
        "the event index does not match the event"
        "The index routes the event to the unit that handles it: 4 for partial flushes, 5 for end-of-pipe time stamps, 6 for CS_DONE and PS_DONE, 0 for plain events. End-of-pipe events are RELEASE_MEM's, the others EVENT_WRITE's."
        "Use the event's index.";
    RELEASE_SELECTORS "PM4-408" Error
        "RELEASE_MEM selects what user streams cannot"
        "A destination other than memory is a queue's write pointer, and the compare interrupts are the scheduler's."
        "DST_SEL memory, and INT_SEL 0 to 3.";
    EVENT_WITHOUT_EFFECT "PM4-409" Note
        "an event that does nothing here"
        "The event is for the graphics pipe, and this ring has none."
        "Leave it out.";
    FENCE_UNREACHABLE "PM4-410" Error
        "the completion value lies behind a wait that is never met"
        "The ring hangs before it."
        "See the wait.";
    EVENT_COUNTERS "PM4-411" Error
        "an event that selects pipeline counters it does not sample"
        "SAMP_PLST_CNTR_MODE belongs to SAMPLE_PIPELINESTAT. In other events the bits are reserved."
        "Leave the field zero.";
    // Indirect buffers.
    IB_SIZE "PM4-501" Warning
        "the buffer's length is not a multiple of the ring's"
        "The fetcher reads whole units of 8 dwords: what lies behind the end is executed. The kernel refuses some lengths."
        "Pad with NOPs.";
    IB_START "PM4-502" Error
        "the buffer does not begin where the ring wants it"
        "The kernel's answer for the ring states the alignment; the fetcher ignores the low bits."
        "Align the address.";
    IB_LIMIT "PM4-503" Error
        "the buffer is too long"
        "Lengths have 20 bits."
        "Split it and chain the parts.";
    IB_EMPTY "PM4-504" Warning
        "an empty buffer"
        "There is nothing to execute; a length of 0 has hung rings."
        "Leave the buffer out.";
    CHAIN_NOT_LAST "PM4-505" Warning
        "packets stand behind a chain"
        "A chain goes on in the other buffer for good: what follows it is never executed."
        "Put the chain last.";
    IB_TARGET "PM4-506" Error
        "a chain or call to where no stream is"
        "The command processor would fetch packets from memory that is not mapped, not listed, or shorter."
        "Correct address and length.";
    IB_LOOP "PM4-507" Error
        "a buffer that reaches itself"
        "The ring never ends."
        "Chain to another buffer.";
    IB_DEPTH "PM4-508" Error
        "calls nested too deep"
        "At most two calls may be open at a time; the firmware has no place for more return addresses."
        "Chain instead, or call from the outer buffer.";
    CALL_ON_COMPUTE "PM4-509" Warning
        "a call on a compute ring"
        "The MEC's firmware follows chains; calls that return are the graphics ring's. Drivers copy the packets instead."
        "Chain, or copy the packets.";
    WORK_LIMIT "PM4-510" Warning
        "the stream is too long to follow"
        "More packets than the linter looks at: it has stopped there."
        "Look for buffers that call or chain to one another many times.";
    COND_RANGE "PM4-511" Warning
        "a conditional range that ends inside a packet"
        "The count of COND_EXEC or PRED_EXEC is in dwords and has to end between packets of the same buffer; else the middle of a packet is read as a header."
        "Count whole packets.";
    IB_FIELDS "PM4-512" Error
        "an INDIRECT_BUFFER packet that the ring does not follow"
        "Compute rings skip or hang on the packet unless VALID is set, and the VMID is the kernel's choice: other than 0 it names another process's address space."
        "Set VALID, and leave VMID zero.";
    // Kernel interface.
    WAIT_DEADLINE "PM4-601" Error
        "a deadline that has passed"
        "WAIT_CS takes an absolute CLOCK_MONOTONIC time. A relative one lies in the past: the call returns at once and proves nothing."
        "Add the clock's present value.";
    WAIT_STATUS "PM4-602" Error
        "the status of a wait is not looked at"
        "WAIT_CS returns 0 also on time-out; status is then not 0 and the work still runs."
        "Take the wait as met only where status is 0.";
    CHUNK_POINTERS "PM4-603" Error
        "chunks where pointers to chunks belong"
        "The CS ioctl takes an array of 64-bit addresses, each of one chunk. With the chunks themselves there, their contents are taken for addresses."
        "Build the array of addresses.";
    TWO_LISTS "PM4-604" Error
        "two lists of buffers"
        "A BO_LIST handle together with a BO_HANDLES chunk is EINVAL."
        "Use one of them.";
    RING_MASK "PM4-605" Error
        "the mask of rings is taken for a number"
        "available_rings has a bit for each ring: 0xf is four rings."
        "Count the bits.";
    VA_GRANULE "PM4-606" Error
        "an address range that is not whole pages"
        "GEM_VA maps units of 4096 bytes: address, size and offset are multiples."
        "Round up.";
    CONTEXT_FREE "PM4-607" Error
        "a context is freed without its id"
        "FREE_CTX takes the id in ctx_id. With the id in flags, context 0 is named and the call fails; the context leaks."
        "Put the id into ctx_id.";
    PRIMARY_NODE "PM4-608" Warning
        "the primary node is opened"
        "cardN needs DRM authentication or a master for rendering; the first one often is another device."
        "Open the renderD node of the device that is meant.";
    // Plan.
    PLAN_OTHER "PM4-701" Error
        "the stream does something else than planned"
        "At this place of the order another kind of effect was planned."
        "Compare the packets with the plan.";
    PLAN_LAUNCH "PM4-702" Error
        "a dispatch is not the one that was planned"
        "The waves would see something else than whoever planned the dispatch wanted."
        "Correct the aspect that the message names.";
    PLAN_ACCESS "PM4-703" Error
        "memory is not changed as planned"
        "The packet has another address, length or value than the plan."
        "Correct the aspect that the message names.";
    PLAN_MISSING "PM4-704" Error
        "the stream ends before the plan"
        "Something that was planned does not happen."
        "Look for a packet that is missing or skipped.";
    PLAN_EXTRA "PM4-705" Error
        "the stream does more than planned"
        "Something happens that nobody planned."
        "Look for a packet that should not be there.";
}
