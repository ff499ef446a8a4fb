//! What a device can say about work that it gave up.

/// Why a context was lost, as far as a device tells more than the kernel's interface has words for.
///
/// A card's driver writes such things to the system log; the software device knows all of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Explanation {
    /// What happened, in a sentence or two.
    pub reason: String,
    /// Whether the work did not end by itself: a loop, a wait for what never comes, a packet that the ring can't execute.
    /// Otherwise it did something that is not allowed, such as an access to what is not mapped.
    pub hung: bool,
    /// Where it happened, of work that waves did; otherwise the ring itself stopped.
    pub waves: Vec<WaveReport>,
    /// Waves that were under way beyond those in [`waves`](Self::waves).
    pub more_waves: usize,
    /// Registers that the submission had written, by name and with their value, in the order of their addresses.
    pub registers: Vec<(String, u32)>,
}

impl Explanation {
    /// Only a sentence.
    pub fn of_reason(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), ..Self::default() }
    }

    /// The wave that caused it, where one did.
    pub fn faulting(&self) -> Option<&WaveReport> {
        self.waves.iter().find(|wave| wave.activity == WaveActivity::Faulted)
    }
}

/// What a wave was doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WaveActivity {
    /// Executing.
    Running,
    /// Waiting at a barrier for the rest of its workgroup.
    Barrier,
    /// The instruction at its program counter did what ended the work.
    Faulted,
}

impl WaveActivity {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::Running, Self::Barrier, Self::Faulted];

    /// `running`, `barrier` or `faulted`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Barrier => "barrier",
            Self::Faulted => "faulted",
        }
    }
}

/// A wave that had not ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaveReport {
    /// Which dispatch of the submission, from 1.
    pub dispatch: u32,
    /// Its workgroup.
    pub workgroup: [u32; 3],
    /// Which wave of the workgroup, from 0.
    pub wave: u32,
    /// What it was doing.
    pub activity: WaveActivity,
    /// Address of the instruction that it stood at.
    pub pc: u64,
    /// That instruction, where it is one.
    pub instruction: Option<String>,
    /// Active lanes.
    pub exec: u64,
    /// VCC.
    pub vcc: u64,
    /// M0.
    pub m0: u32,
    /// SCC.
    pub scc: bool,
    /// MODE.
    pub mode: u32,
    /// s0 to s105.
    pub sgprs: Vec<u32>,
}
