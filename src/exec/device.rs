//! Choosing and opening a device.

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;

use super::buffer::{Buffer, RawBuffer};
use super::gpu::Gpu;
use super::lint::Lint;
use super::queue::Queue;
use crate::cpu;
use crate::error::Error;
use crate::kmd::discover::{self, Discovery, Verdict, candidates, diagnose, discover};
use crate::kmd::{self, KmdError, Node, RenderNode};
use crate::soft::{Config, SoftNode};

/// What computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Engine {
    /// The amdgpu driver and a card.
    Gpu,
    /// The software Navi31.
    Emu,
    /// Native SIMD code.
    Cpu,
}

impl Engine {
    /// The name that the command line uses.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gpu => "gpu",
            Self::Emu => "emu",
            Self::Cpu => "cpu",
        }
    }

    /// The label of a figure that it produced.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Gpu => "hw",
            Self::Emu => "emu",
            Self::Cpu => "cpu",
        }
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Which device to open.
#[derive(Debug, Clone, Default)]
pub struct Select {
    engine: Option<Engine>,
    hint: Option<String>,
    threads: Option<NonZeroUsize>,
}

impl Select {
    /// A card if one can be opened, else the CPU, with the reason in [`Device::fallback`].
    pub fn auto() -> Self {
        Self::default()
    }

    /// This engine and no other.
    pub fn engine(engine: Engine) -> Self {
        Self { engine: Some(engine), ..Self::default() }
    }

    /// Among several cards the one with this node path, PCI address or gfx target.
    #[must_use]
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// Host threads for the cpu and emu engines; all cores by default.
    #[must_use]
    pub fn threads(self, threads: NonZeroUsize) -> Self {
        Self { threads: Some(threads), ..self }
    }
}

/// An open device. Clones are the same device.
#[derive(Debug, Clone)]
pub struct Device {
    pub(crate) inner: Inner,
    fallback: Option<Arc<str>>,
}

#[derive(Debug, Clone)]
pub(crate) enum Inner {
    Gpu(Arc<Gpu>),
    Cpu(Arc<cpu::Engine>),
}

impl Inner {
    pub(crate) fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Gpu(a), Self::Gpu(b)) => Arc::ptr_eq(a, b),
            (Self::Cpu(a), Self::Cpu(b)) => Arc::ptr_eq(a, b),
            _ => false,
        }
    }
}

impl Device {
    /// Opens the selected device.
    ///
    /// # Errors
    /// [`Error::NoDevice`] where a GPU was demanded and none can be used; what opening it says otherwise.
    pub fn open(select: Select) -> Result<Self, Error> {
        match select.engine {
            Some(Engine::Cpu) => Self::cpu_with(select.threads),
            Some(Engine::Emu) => {
                Self::emulated_with(Config { threads: select.threads.map(NonZeroUsize::get), ..Config::strict() })
            }
            Some(Engine::Gpu) => Self::first_gpu(select.hint.as_deref()),
            None => match Self::first_gpu(select.hint.as_deref()).and_then(Self::with_kernels) {
                Ok(device) => Ok(device),
                Err(error) => {
                    let mut device = Self::cpu_with(select.threads)?;
                    device.fallback = Some(format!("{error}; {}", error.hint()).into());
                    Ok(device)
                }
            },
        }
    }

    /// The CPU engine on all cores.
    pub fn cpu() -> Result<Self, Error> {
        Self::cpu_with(None)
    }

    fn cpu_with(threads: Option<NonZeroUsize>) -> Result<Self, Error> {
        Ok(Self { inner: Inner::Cpu(Arc::new(cpu::Engine::new(threads, None)?)), fallback: None })
    }

    /// A software Navi31 of its own, which refuses what a card would hang on or ignore ([`Config::strict`]).
    ///
    /// ```
    /// let device = sparkle_pm4::Device::emulated()?;
    /// assert_eq!(device.gfx_target(), Some("gfx1100"));
    /// # Ok::<(), sparkle_pm4::Error>(())
    /// ```
    pub fn emulated() -> Result<Self, Error> {
        Self::emulated_with(Config::strict())
    }

    /// A software Navi31 built as told. Where its waves are watched, buffers lie far apart, so that an access that leaves
    /// one of them faults.
    pub fn emulated_with(config: Config) -> Result<Self, Error> {
        /// What an index of 32 bits over elements of eight bytes reaches.
        const GUARD: u64 = 32 << 30;
        let watched = config.inspection.is_some();
        let node = SoftNode::new(config).map_err(Error::Soft)?;
        let device = Self::from_node(Arc::new(node), Engine::Emu)?;
        if let Some(kmd) = device.kmd().filter(|_| watched) {
            kmd.set_va_gap(GUARD);
        }
        Ok(device)
    }

    /// A device behind any node: a second file of a software card, a recording one in a test.
    pub fn from_node(node: Arc<dyn Node>, engine: Engine) -> Result<Self, Error> {
        Ok(Self::of(Arc::new(Gpu::new(kmd::Device::open(node)?, engine)?)))
    }

    /// A GPU that is open already.
    pub(super) fn of(gpu: Arc<Gpu>) -> Self {
        Self { inner: Inner::Gpu(gpu), fallback: None }
    }

    /// The same device opened another time: a new file, with an address space of its own and no buffers. That is what to do
    /// after [`Error::DeviceLost`] with [`Hang::vram_lost`](crate::Hang::vram_lost), or where its node failed;
    /// otherwise a new [`Device::queue`] is enough. [`Queue::adopt`] takes retained work along. The cpu engine is itself.
    ///
    /// # Errors
    /// [`Error::Reopen`] where the node can't be opened, as after the card is gone; what asking it who it is says.
    pub fn recreate(&self) -> Result<Self, Error> {
        let Inner::Gpu(old) = &self.inner else { return Ok(self.clone()) };
        let node = old.kmd().node().open_another().map_err(Error::Reopen)?;
        let fresh = Self::from_node(node, old.engine())?;
        if let Inner::Gpu(gpu) = &fresh.inner {
            gpu.set_lint(old.lint());
            gpu.set_keep_data(old.keeps_data());
        }
        Ok(fresh)
    }

    /// Has each submission keep a copy of what its buffers held before, so that a [`Hang`](crate::Hang) can be run again
    /// with its data. Off by default: it costs a read-back of every buffer, and data may be secret. Buffers that earlier
    /// work still writes are left out.
    pub fn keep_data(&self, keep: bool) {
        if let Inner::Gpu(gpu) = &self.inner {
            gpu.set_keep_data(keep);
        }
    }

    /// Itself if the kernels of this repository run on it.
    fn with_kernels(self) -> Result<Self, Error> {
        match self.gfx_target() {
            Some(found) if found != kernels::TARGET => {
                Err(Error::UnsupportedGfx { found: found.to_owned(), supported: kernels::TARGET.to_owned() })
            }
            _ => Ok(self),
        }
    }

    /// The best card that opens: those that the kernels here are for first, and cards before APUs.
    fn first_gpu(hint: Option<&str>) -> Result<Self, Error> {
        let found = discover(&discover::RealSystem::new());
        let mut usable: Vec<((bool, bool), Self)> = Vec::new();
        let mut refused: Option<Error> = None;
        for path in candidates(&found) {
            let opened = RenderNode::open(&path).map_err(Error::from);
            let opened = opened.and_then(|node| {
                let engine = if node.is_emulated() { Engine::Emu } else { Engine::Gpu };
                Self::from_node(Arc::new(node), engine)
            });
            match opened {
                Ok(device) => {
                    let report = found.nodes.iter().find(|n| n.path == path);
                    let names = [
                        Some(path.display().to_string()),
                        report.and_then(|n| n.pci.clone()),
                        device.gfx_target().map(str::to_owned),
                    ];
                    if hint.is_none_or(|h| names.iter().flatten().any(|n| n == h)) {
                        let has_kernels = device.gfx_target() == Some(kernels::TARGET);
                        let is_apu = device.kmd().is_some_and(|k| k.info().is_apu);
                        usable.push(((!has_kernels, is_apu), device));
                    }
                }
                Err(error) => _ = refused.get_or_insert(error),
            }
        }
        usable.sort_by_key(|(rank, _)| *rank);
        if let Some((_, device)) = usable.into_iter().next() {
            return Ok(device);
        }
        if let Some(error) = refused {
            return Err(error);
        }
        Err(no_gpu(&found, hint))
    }

    /// What computes.
    pub fn engine(&self) -> Engine {
        match &self.inner {
            Inner::Gpu(gpu) => gpu.engine(),
            Inner::Cpu(_) => Engine::Cpu,
        }
    }

    /// Why this is the CPU although a GPU was wished for.
    pub fn fallback(&self) -> Option<&str> {
        self.fallback.as_deref()
    }

    /// The GPU's instruction set; none for the CPU.
    pub fn gfx_target(&self) -> Option<&str> {
        self.kmd().map(|k| k.info().gfx_target.as_str())
    }

    /// A name for people.
    pub fn name(&self) -> String {
        match &self.inner {
            Inner::Gpu(gpu) => {
                let info = gpu.kmd().info();
                match gpu.engine() {
                    Engine::Emu => format!("software {} ({})", info.chip, info.gfx_target),
                    _ => format!("{} ({})", info.marketing_name, info.gfx_target),
                }
            }
            Inner::Cpu(cpu) => format!("{}, {} threads", cpu.isa(), cpu.threads()),
        }
    }

    /// The kernel interface beneath; none for the CPU.
    pub fn kmd(&self) -> Option<&Arc<kmd::Device>> {
        match &self.inner {
            Inner::Gpu(gpu) => Some(gpu.kmd()),
            Inner::Cpu(_) => None,
        }
    }

    /// Whose streams the linter sees before the kernel does. By default this library's own, on the software device and
    /// in debug builds; nothing is linted on the cpu engine.
    ///
    /// ```
    /// use sparkle_pm4::{Device, Lint, pm4};
    ///
    /// let device = Device::emulated()?;
    /// device.set_lint(Lint::All);
    /// let mut stream = pm4::Stream::new();
    /// stream.push(pm4::DispatchDirect { dim_x: 1, dim_y: 1, dim_z: 1, ..Default::default() })?;
    /// let refused = device.queue()?.submit(&stream, &[]).unwrap_err();
    /// assert_eq!(refused.code(), "pm4-lint");
    /// # Ok::<(), sparkle_pm4::Error>(())
    /// ```
    pub fn set_lint(&self, lint: Lint) {
        if let Inner::Gpu(gpu) = &self.inner {
            gpu.set_lint(lint);
        }
    }

    /// A queue: work given to it runs in order.
    pub fn queue(&self) -> Result<Queue, Error> {
        Queue::new(self)
    }

    /// A buffer with a copy of `data`.
    pub fn upload<T: bytemuck::Pod>(&self, data: &[T]) -> Result<Buffer<T>, Error> {
        let raw = RawBuffer::new(self, size_of_val(data), false)?;
        raw.write(bytemuck::cast_slice(data))?;
        Ok(Buffer::new(raw, data.len()))
    }

    /// A buffer of `len` zeros.
    pub fn zeros<T: bytemuck::Pod>(&self, len: usize) -> Result<Buffer<T>, Error> {
        let bytes = len.checked_mul(size_of::<T>()).filter(|&b| isize::try_from(b).is_ok());
        let bytes = bytes.ok_or(KmdError::BadSize { what: "the length of a buffer", value: len as u64 })?;
        Ok(Buffer::new(RawBuffer::new(self, bytes, true)?, len))
    }
}

/// Why no card can be used, where none refused to be opened.
pub(super) fn no_gpu(found: &Discovery, hint: Option<&str>) -> Error {
    let (reason, next) = match diagnose(found).into_iter().next() {
        Some(f) => (format!("{} ({})", f.what, f.evidence.join("; ")), f.next.join("; ")),
        None => {
            let hint = hint.unwrap_or("none given");
            (format!("no card matches the hint `{hint}`"), "run `sparkle-pm4 probe` for the cards there are".into())
        }
    };
    Error::NoDevice { reason, next, permission: found.verdict() == Verdict::Forbidden }
}
