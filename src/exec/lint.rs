//! The linter before the kernel: what it is told of a submission, and what its findings do.

use std::borrow::Cow;

use pm4::lint::{self, Severity};
use pm4::submission::{
    Access, BufferInfo, BufferMap, Completion, Effect, Ib, KernelFacts, Residency, Ring, Submission,
};

use super::recording::{Job, Recording};
use crate::error::Error;
use crate::kmd::{GpuMap, Ip, VmFlags};

/// Whose streams the linter sees before they are submitted. A stream with an error is then not submitted, and the
/// call fails with [`Error::Lint`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lint {
    /// Nobody's.
    Off,
    /// Those that this library wrote: what [`Queue::launch`](crate::Queue::launch) and transfers submit.
    Own,
    /// Those of the caller, too: [`Queue::submit`](crate::Queue::submit).
    All,
}

impl Lint {
    pub(super) const EVERY: [Self; 3] = [Self::Off, Self::Own, Self::All];

    /// The default: this library's own streams on the software device and in debug builds.
    pub(super) const fn by_default(emulated: bool) -> Self {
        if emulated || cfg!(debug_assertions) { Self::Own } else { Self::Off }
    }

    /// Whether a stream by that author is looked at.
    pub(super) fn covers(self, author: Author) -> bool {
        match self {
            Self::Off => false,
            Self::Own => author == Author::Library,
            Self::All => true,
        }
    }
}

/// Who wrote a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Author {
    /// This library.
    Library,
    /// Its user.
    Caller,
}

/// A mapping for messages and for the linter's address rules: its parts, the first one with its content. Parts behind
/// it have their offset in the name, so that a listing's offsets add up.
fn parts(map: &GpuMap, name: &str, content: Vec<u8>) -> impl Iterator<Item = BufferInfo> {
    let mut content = Some(content);
    map.parts().iter().map(move |part| {
        let VmFlags { read, write, exec, .. } = part.flags;
        BufferInfo {
            // Parts begin at pages; what listings have room for is short.
            name: if part.offset == 0 { name.to_owned() } else { format!("{name}+{}K", part.offset >> 10) },
            va: map.va() + part.offset,
            bytes: part.size,
            access: Access { read, write, execute: exec },
            residency: Residency::Listed,
            content: content.take().unwrap_or_default(),
        }
    })
}

impl Recording {
    /// The linter's verdict, where the device is set to ask for it.
    pub(super) fn lint(&self) -> Result<(), Error> {
        self.job.lint()
    }

    /// What a linter, a listing or a dump needs of this submission: ring, buffers by name, kernels, and what the
    /// stream is meant to do.
    pub fn submission(&self) -> Submission {
        self.job.submission()
    }

    /// The same with the kernels' code: all that [`replay`](crate::replay) needs beside data.
    pub fn captured(&self) -> Submission {
        self.job.capture(&[])
    }
}

impl Job {
    /// The linter's verdict, where the device is set to ask for it.
    pub(super) fn lint(&self) -> Result<(), Error> {
        if !self.gpu.lint().covers(self.author) {
            return Ok(());
        }
        let report = lint::lint(&self.submission());
        let errors = report.findings().iter().filter(|f| f.rule.severity == Severity::Error);
        let errors: Vec<String> = errors.map(ToString::to_string).collect();
        match errors.is_empty() {
            true => Ok(()),
            false => Err(Error::Lint { findings: errors.join("; ") }),
        }
    }

    /// What the stream states, with the memory that its steps use now.
    fn plan(&self) -> Option<Vec<Effect>> {
        let mut plan = self.stream.plan()?.to_vec();
        let launches = plan.iter_mut().filter_map(|effect| match effect {
            Effect::Dispatch(launch) => Some(launch),
            _ => None,
        });
        for (launch, (step, _)) in launches.zip(&self.steps) {
            launch.uses = step.uses();
        }
        Some(plan)
    }

    /// The submission with the content that is known: kernel arguments, code as it was loaded, and `data`, each with its
    /// address.
    pub(super) fn capture(&self, data: &[(u64, Vec<u8>)]) -> Submission {
        let submission = self.submission();
        let mut known: Vec<(u64, Cow<'_, [u8]>)> = Vec::new();
        for kernel in self.loaded() {
            let va = kernel.image.va();
            // The address was one for the image when it was loaded.
            if let (false, Ok(image)) = (known.iter().any(|(at, _)| *at == va), kernel.object.image_at(va)) {
                known.push((va, image.into()));
            }
        }
        // What was read last goes before what was loaded first.
        let known: Vec<_> = data.iter().map(|(va, bytes)| (*va, Cow::from(bytes))).chain(known).collect();
        let fill = |buffer: &BufferInfo| {
            let mut buffer = buffer.clone();
            let part = known.iter().find_map(|(va, bytes)| {
                let from = usize::try_from(buffer.va.checked_sub(*va)?).ok()?;
                let rest = bytes.get(from..).filter(|rest| !rest.is_empty())?;
                Some(rest[..rest.len().min(usize::try_from(buffer.bytes).unwrap_or(usize::MAX))].to_vec())
            });
            if let (true, Some(part)) = (buffer.content.is_empty(), part) {
                buffer.content = part;
            }
            buffer
        };
        let buffers = BufferMap::new(submission.buffers.buffers().iter().map(fill).collect());
        Submission { buffers, ..submission }
    }

    /// What [`Recording::submission`] tells.
    pub(super) fn submission(&self) -> Submission {
        let gpu = &self.gpu;
        let mut buffers: Vec<BufferInfo> = parts(&self.map, "commands", self.args.clone()).collect();
        let mut add = |map: &GpuMap, name: String| {
            if !buffers.iter().any(|known: &BufferInfo| known.va == map.va()) {
                buffers.extend(parts(map, &name, Vec::new()));
            }
        };
        let mut kernels: Vec<KernelFacts> = Vec::new();
        for kernel in self.loaded() {
            if kernels.iter().all(|known| known.entry != kernel.entry) {
                add(&kernel.image, format!("code of {}", kernel.info.name));
                kernels.push(kernel.info.facts(kernel.entry, gpu.gfx().name()));
            }
        }
        if let Some(memory) = self.scratch.as_ref().and_then(|scratch| scratch.gpu()) {
            add(memory.map(), "scratch".into());
        }
        for (number, (raw, _)) in self.used().enumerate() {
            if let Some(memory) = raw.gpu() {
                add(memory.map(), format!("buffer {number}"));
            }
        }
        for (number, map) in self.mapped().enumerate() {
            add(map, format!("workspace {number}"));
        }
        Submission {
            gfx: gpu.gfx(),
            ring: match self.ring.ip {
                Ip::Gfx => Ring::Gfx,
                _ => Ring::Compute,
            },
            shader_engines: Some(gpu.kmd().info().shader_engines),
            ibs: vec![Ib { name: "IB 0".into(), va: Some(self.va()), words: self.stream.dwords().to_vec() }],
            buffers: BufferMap::new(buffers),
            kernels,
            plan: self.plan(),
            completion: Completion::KernelFence,
        }
    }
}
