//! What a checked run found.
use super::Space;
use super::text::wrap;
use std::fmt;

/// How sure it is that a finding is a fault.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Legal and defined, but worth a look; looked for on request only.
    Note,
    /// Results depend on what hardware happens to do.
    Warning,
    /// Wrong on some run.
    Error,
}

impl Severity {
    /// In lower case.
    pub const fn name(self) -> &'static str {
        match self {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}

macro_rules! kinds {
    ($($name:ident $severity:ident $code:literal $says:literal $hint:literal)*) => {
        /// What is wrong.
        #[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Kind {
            $(#[doc = concat!("`", $code, "`: ", $says, ".")] $name,)*
        }

        impl Kind {
            /// All of them.
            pub const ALL: &[Kind] = &[$(Kind::$name),*];

            /// A short stable name.
            pub const fn code(self) -> &'static str {
                match self { $(Kind::$name => $code,)* }
            }

            /// What it means, in a few words.
            pub const fn says(self) -> &'static str {
                match self { $(Kind::$name => $says,)* }
            }

            /// What the user may try.
            pub const fn hint(self) -> &'static str {
                match self { $(Kind::$name => $hint,)* }
            }

            /// How sure it is that it is a fault.
            pub const fn severity(self) -> Severity {
                match self { $(Kind::$name => Severity::$severity,)* }
            }
        }
    };
}

kinds! {
    UninitVgpr Error "uninit-vgpr"
        "a VGPR that nothing was written to decides"
        "write the register in every lane that reads it; a write under a smaller EXEC leaves the other lanes as they were"
    UninitSgpr Error "uninit-sgpr"
        "a scalar register that nothing was written to decides"
        "the dispatcher sets user SGPRs and workgroup ids only; VCC, M0 and SCC start undefined"
    UninitScratch Error "uninit-scratch"
        "a lane's private memory that nothing was stored to decides"
        "initialise the variable: scratch holds what earlier waves left there"
    UninitLds Error "uninit-lds"
        "LDS bytes are read that no lane of the group wrote"
        "LDS starts undefined: store to it, wait and pass a barrier before reading"
    UninitPadding Note "uninit-padding"
        "part of what is stored was never written, as padding is"
        "harmless if it is a structure's padding or the fourth element of a vector of three"
    VgprRange Error "vgpr-range"
        "a VGPR beyond the wave's allocation is named: it reads v0, writes to it vanish"
        "raise .amdhsa_next_free_vgpr"
    WaitRead Error "wait-read"
        "a register is read while an instruction that writes it may still be under way"
        "put the s_waitcnt of the named counter before the read"
    WaitWrite Error "wait-write"
        "a register is overwritten while a memory instruction that uses it may still be under way"
        "put the s_waitcnt of the named counter before the write"
    RaceLds Error "race-lds"
        "two waves touch the same LDS byte, at least one writes it, and nothing orders them"
        "put a barrier between the two, with s_waitcnt lgkmcnt(0) before it"
    RaceLdsSame Note "race-lds-same"
        "two waves store the same value to the same LDS byte, and nothing orders them"
        "let one wave store it, or put a barrier between the two"
    RaceLdsUnwaited Note "race-lds-unwaited"
        "two waves touch the same LDS byte, and the first one passed the barrier between them without waiting"
        "put s_waitcnt lgkmcnt(0) before the barrier; without it the order is that in which LDS takes instructions"
    RaceWaves Error "race-waves"
        "two waves of a group touch the same byte of memory, at least one writes it, and nothing orders them"
        "put a barrier between the two, with s_waitcnt vmcnt(0) and s_waitcnt_vscnt null, 0x0 before it"
    RaceGroups Error "race-groups"
        "two groups touch the same byte of memory, at least one writes it, and nothing orders them"
        "give each group its own range, use atomics, or split the work into two dispatches"
    RaceSame Note "race-same"
        "two waves store the same value to the same byte of memory, and nothing orders them"
        "harmless as long as every store has the same value"
    BarrierEnded Note "barrier-ended"
        "a barrier was passed though a wave of the group had ended before it"
        "ended waves count as arrived; other targets want every wave at every barrier"
    RaceAtomic Warning "race-atomic"
        "an atomic and a plain store meet at the same bytes of memory, and nothing orders them"
        "initialise the memory before the dispatch, or store with an atomic exchange"
    Encoding Error "encoding-rule"
        "the instruction breaks a rule of its encoding"
        "assemble it with a checking assembler; see the rule named"
    MisalignedAtomic Error "misaligned-atomic"
        "an atomic's address is not a multiple of its size"
        "hardware faults: align the address"
    MisalignedScalar Error "misaligned-scalar"
        "a scalar load's address is not a multiple of four: its low bits are dropped"
        "align the address, or load through the vector path"
    MisalignedLds Warning "misaligned-lds"
        "an LDS access of a dword or more is not aligned to a dword"
        "hardware splits it, and outside of unaligned access mode drops the low bits"
    MisalignedSplit Note "misaligned-split"
        "an access of a dword or more to memory is not aligned to a dword"
        "hardware splits it over two requests where it crosses a line"
    LdsBounds Error "lds-bounds"
        "an LDS access lies beyond the group's allocation: it reads 0, writes vanish"
        "raise .amdhsa_group_segment_fixed_size or the dynamic LDS size"
    ObjectBounds Error "out-of-bounds"
        "an access lies outside of the buffer that it is next to"
        "check the index against the buffer's size, which need not fill its last page"
    HazardTrans Error "hazard-trans-use"
        "a transcendental's result is read too early by a VALU instruction: gfx11 does not interlock it"
        "put s_waitcnt_depctr 0xfff, or six VALU instructions, between the two"
    HazardForward Error "hazard-partial-forward"
        "a VALU instruction reads VGPRs written before and after a change of EXEC too early (wave64)"
        "put s_waitcnt_depctr 0xfff before the reader"
    HazardMask Error "hazard-mask-write"
        "a scalar instruction writes an SGPR that a VALU instruction read as lane mask, and it is read again (wave64)"
        "put s_waitcnt_depctr 0xfffe after the scalar write"
    HazardWmma Error "hazard-wmma"
        "a WMMA reads as A or B what the WMMA before it writes"
        "put v_nop or an independent VALU instruction between the two"
    HazardPermlane Error "hazard-cmpx-permlane"
        "v_permlane follows a v_cmpx without another VALU instruction between them"
        "put a v_mov_b32 of a register to itself between the two: v_nop is skipped"
}

/// A set of kinds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct KindSet(u64);

impl Default for KindSet {
    /// All but notes.
    fn default() -> Self {
        let mut s = KindSet::NONE;
        Kind::ALL.iter().filter(|k| k.severity() > Severity::Note).for_each(|&k| s.add(k));
        s
    }
}

impl KindSet {
    /// No kind.
    pub const NONE: KindSet = KindSet(0);
    /// Names of [`KindSet::parse`] that stand for several kinds.
    pub const GROUPS: &[&str] =
        &["all", "default", "uninit", "wait", "race", "bounds", "misaligned", "hazard", "encoding"];

    /// All kinds, notes included.
    pub fn all() -> KindSet {
        KindSet((1 << Kind::ALL.len()) - 1)
    }

    /// Adds one.
    pub fn add(&mut self, kind: Kind) {
        self.0 |= 1 << kind as u32;
    }

    /// Whether it is in.
    pub fn has(self, kind: Kind) -> bool {
        self.0 >> (kind as u32) & 1 != 0
    }

    /// Kinds by name, separated by commas: codes, beginnings of codes (`race`, `uninit`, `hazard`, `misaligned`, `wait`),
    /// `bounds`, `all` and `default`. The name that fits nothing is the error.
    pub fn parse(text: &str) -> Result<KindSet, String> {
        let mut set = KindSet::NONE;
        for name in text.split(',').map(str::trim).filter(|n| !n.is_empty()) {
            let before = set;
            match name {
                "all" => set = KindSet::all(),
                "default" => set.0 |= KindSet::default().0,
                "bounds" => [Kind::LdsBounds, Kind::ObjectBounds, Kind::VgprRange].into_iter().for_each(|k| set.add(k)),
                _ => {
                    let fits = |k: &&Kind| {
                        k.code() == name || k.code().strip_prefix(name).is_some_and(|rest| rest.starts_with('-'))
                    };
                    let mut any = false;
                    for &k in Kind::ALL.iter().filter(fits) {
                        set.add(k);
                        any = true;
                    }
                    if !any && set == before {
                        return Err(name.to_string());
                    }
                }
            }
        }
        Ok(set)
    }
}

/// A place in a run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Site {
    /// Address of the instruction.
    pub pc: u64,
    /// Its text.
    pub instruction: String,
    /// Position of the group in the grid.
    pub workgroup: [u32; 3],
    /// Wave within the group.
    pub wave: u32,
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [x, y, z] = self.workgroup;
        write!(f, "`{}` at 0x{:x}, wave {} of group ({x}, {y}, {z})", self.instruction, self.pc, self.wave)
    }
}

/// Bytes in a memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Where {
    /// Which memory.
    pub space: Space,
    /// Virtual address, or offset in LDS.
    pub at: u64,
    /// Bytes.
    pub len: u32,
}

impl fmt::Display for Where {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let space = match self.space {
            Space::Global => "",
            Space::Scratch => "scratch ",
            Space::Lds => "LDS ",
            Space::Gds => "GDS ",
        };
        write!(f, "{space}0x{:x} ({} byte{})", self.at, self.len, if self.len == 1 { "" } else { "s" })
    }
}

/// A fault, where it was first seen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    /// What is wrong.
    pub kind: Kind,
    /// The instruction that is at fault, or the later one of two.
    pub site: Site,
    /// First lane concerned, where lanes matter.
    pub lane: Option<u32>,
    /// All lanes concerned then.
    pub lanes: u64,
    /// Register concerned, as the assembler spells it.
    pub register: Option<String>,
    /// Memory concerned.
    pub memory: Option<Where>,
    /// The other instruction: the one under way, the access it races with, the last write.
    pub other: Option<Site>,
    /// What else there is to say.
    pub detail: String,
    /// How often it was seen at this instruction.
    pub count: u64,
}

impl Finding {
    /// A short stable name of the kind.
    pub fn code(&self) -> &'static str {
        self.kind.code()
    }

    /// What the user may try.
    pub fn hint(&self) -> &'static str {
        self.kind.hint()
    }

    /// How sure it is that it is a fault.
    pub fn severity(&self) -> Severity {
        self.kind.severity()
    }

    /// The same with `base` subtracted from the addresses of instructions: where the code's address 0 was loaded.
    #[must_use]
    pub fn based(&self, base: u64) -> Finding {
        let mut f = self.clone();
        f.site.pc = f.site.pc.wrapping_sub(base);
        if let Some(o) = &mut f.other {
            o.pc = o.pc.wrapping_sub(base);
        }
        f
    }
}

impl fmt::Display for Finding {
    /// Several lines of up to 80 columns: what, where, with what, hint.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut line = |text: String| {
            let indent = if text.starts_with(' ') { 4 } else { 2 };
            f.write_str(&wrap(&text, indent))?;
            if text.starts_with("  hint") { Ok(()) } else { f.write_str("\n") }
        };
        line(format!("{}[{}]: {}", self.severity().name(), self.code(), self.kind.says()))?;
        let mut place = format!("  in {}", self.site);
        if let Some(lane) = self.lane {
            place += &format!(", lane {lane}");
            if self.lanes.count_ones() > 1 {
                place += &format!(" (lanes 0x{:x})", self.lanes);
            }
        }
        line(place)?;
        if let Some(r) = &self.register {
            line(format!("  register {r}"))?;
        }
        if let Some(m) = &self.memory {
            line(format!("  {} {m}", if m.space == Space::Lds { "bytes at" } else { "address" }))?;
        }
        if !self.detail.is_empty() {
            line(format!("  {}", self.detail))?;
        }
        if let Some(o) = &self.other {
            line(format!("  other: {o}"))?;
        }
        if self.count > 1 {
            line(format!("  seen {} times here", self.count))?;
        }
        line(format!("  hint: {}", self.hint()))
    }
}
