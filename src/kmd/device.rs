//! A device: what is asked once when it opens, and the address space that its mappings share.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use drm_sys::{DRM_CAP_SYNCOBJ, DRM_CAP_SYNCOBJ_TIMELINE, drm_get_cap};

use super::bo::{AllocFlags, Bo, BoInner, Placement};
use super::error::KmdError;
use super::info::{Capabilities, DeviceInfo, FIRMWARE, Firmware, Ip, IpInfo, Memory, Ring, Version};
use super::ioctls::{self, Ioctl};
use super::node::{Errno, Node};
use super::uapi::*;
use super::va::VaSpace;

/// The oldest amdgpu that this crate talks to: 3.40 (Linux 5.10 has it).
const OLDEST: (i32, i32) = (3, 40);

/// An open amdgpu device. All other owners keep it alive.
pub struct Device {
    node: Arc<dyn Node>,
    version: Version,
    capabilities: Capabilities,
    info: DeviceInfo,
    ips: [IpInfo; Ip::ALL.len()],
    firmware: Vec<Firmware>,
    va: Mutex<VaSpace>,
    /// Owners of GEM handles: a buffer that is imported again has the handle that it had.
    pub(super) buffers: Mutex<HashMap<u32, Weak<BoInner>>>,
}

impl fmt::Debug for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Device")
            .field("node", &self.node)
            .field("gfx_target", &self.info.gfx_target)
            .finish_non_exhaustive()
    }
}

impl Device {
    /// Asks the node who it is, and takes it if it is an amdgpu of 3.40 or newer with sync objects.
    ///
    /// # Errors
    /// [`KmdError::NotAmdgpu`], [`KmdError::TooOld`], [`KmdError::MissingCapability`], or the failed ioctl.
    pub fn open(node: Arc<dyn Node>) -> Result<Arc<Self>, KmdError> {
        let answer = ioctls::version(&*node).map_err(|errno| KmdError::Ioctl {
            name: ioctls::VERSION.name,
            errno,
            args: String::new(),
        })?;
        if answer.name != "amdgpu" {
            return Err(KmdError::NotAmdgpu { driver: answer.name });
        }
        if (answer.major, answer.minor) < OLDEST {
            return Err(KmdError::TooOld { major: answer.major, minor: answer.minor });
        }
        let version = Version {
            major: answer.major,
            minor: answer.minor,
            patch: answer.patch,
            driver: answer.name,
            date: answer.date,
            description: answer.description,
        };
        let capabilities = Capabilities {
            syncobj: capability(&*node, DRM_CAP_SYNCOBJ)?,
            timeline: capability(&*node, DRM_CAP_SYNCOBJ_TIMELINE)?,
        };
        if !capabilities.syncobj {
            return Err(KmdError::MissingCapability { name: "sync objects (DRM_CAP_SYNCOBJ)" });
        }

        let raw: InfoDevice = ask(&*node, INFO_DEV_INFO, [0; 4])?;
        let mut ips = [IpInfo::default(); Ip::ALL.len()];
        for (slot, ip) in ips.iter_mut().zip(Ip::ALL) {
            // A kernel without the engine answers with no rings, or does not know the engine at all.
            *slot = match ask::<InfoHwIp>(&*node, INFO_HW_IP_INFO, [ip as u32, 0, 0, 0]) {
                Ok(raw) => IpInfo::new(&raw),
                Err(KmdError::Ioctl { errno: Errno::EINVAL, .. }) => IpInfo::default(),
                Err(error) => return Err(error),
            };
        }
        let mut firmware = Vec::new();
        for (name, kind) in FIRMWARE {
            match ask::<InfoFirmware>(&*node, INFO_FW_VERSION, [kind, 0, 0, 0]) {
                Ok(raw) => firmware.push(Firmware { name, version: raw.ver, feature: raw.feature }),
                Err(KmdError::Ioctl { errno: Errno::EINVAL | Errno::ENOENT, .. }) => {}
                Err(error) => return Err(error),
            }
        }
        let info = DeviceInfo::new(&raw, &ips[Ip::Gfx as usize]);
        let (start, end) = info.va_range;
        let va = Mutex::new(VaSpace::new(start, end, info.va_alignment.into()));
        let buffers = Mutex::default();
        Ok(Arc::new(Self { node, version, capabilities, info, ips, firmware, va, buffers }))
    }

    /// The node behind the device.
    pub fn node(&self) -> &Arc<dyn Node> {
        &self.node
    }

    /// Driver name and version.
    pub fn version(&self) -> &Version {
        &self.version
    }

    /// What the DRM core offers.
    pub fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    /// What the device is.
    pub fn info(&self) -> &DeviceInfo {
        &self.info
    }

    /// One engine.
    pub fn ip(&self, ip: Ip) -> &IpInfo {
        &self.ips[ip as usize]
    }

    /// The rings of one engine, ascending. Empty without such an engine.
    pub fn rings(&self, ip: Ip) -> impl Iterator<Item = Ring> + use<> {
        self.ip(ip).rings().map(move |index| Ring { ip, index })
    }

    /// Firmware versions, as far as the kernel knows them.
    pub fn firmware(&self) -> &[Firmware] {
        &self.firmware
    }

    /// Checks that the card runs `target`'s instruction set.
    ///
    /// # Errors
    /// [`KmdError::UnsupportedGfx`] with both names.
    pub fn require_gfx(&self, target: &str) -> Result<(), KmdError> {
        if self.info.gfx_target == target {
            return Ok(());
        }
        Err(KmdError::UnsupportedGfx { wanted: target.to_owned(), found: self.info.gfx_target.clone() })
    }

    /// The heaps, as they are now.
    ///
    /// # Errors
    /// The failed ioctl.
    pub fn memory(&self) -> Result<Memory, KmdError> {
        Ok(Memory::new(&self.ask(INFO_MEMORY, [0; 4])?))
    }

    /// The GPU's clock counter; it runs at [`DeviceInfo::timestamp_hz`].
    ///
    /// # Errors
    /// The failed ioctl.
    pub fn timestamp(&self) -> Result<u64, KmdError> {
        let mut bytes = [0; 8];
        self.read_info(INFO_TIMESTAMP, [0; 4], &mut bytes)?;
        Ok(u64::from_ne_bytes(bytes))
    }

    /// How often video memory lost its content since the driver was loaded.
    ///
    /// # Errors
    /// The failed ioctl.
    pub fn vram_lost_counter(&self) -> Result<u32, KmdError> {
        let mut bytes = [0; 4];
        self.read_info(INFO_VRAM_LOST_COUNTER, [0; 4], &mut bytes)?;
        Ok(u32::from_ne_bytes(bytes))
    }

    /// Any INFO query: the kernel writes at most `out.len()` bytes and leaves the rest of `out` alone. For `args`
    /// see [`Info::args`].
    ///
    /// # Errors
    /// The failed ioctl: `EINVAL` where the kernel does not know the query or its arguments.
    pub fn read_info(&self, query: u32, args: [u32; 4], out: &mut [u8]) -> Result<(), KmdError> {
        read_info(&*self.node, query, args, out)
    }

    /// An INFO query whose answer is one structure of [`uapi`](super::uapi); what the kernel does not fill is zero.
    ///
    /// # Errors
    /// As [`Device::read_info`].
    pub fn ask<T: bytemuck::Pod>(&self, query: u32, args: [u32; 4]) -> Result<T, KmdError> {
        ask(&*self.node, query, args)
    }

    /// Allocates a buffer of `size` bytes, rounded up to whole pages.
    ///
    /// # Errors
    /// [`KmdError::BadSize`] for 0 and what overflows, [`KmdError::OutOfMemory`], or the failed ioctl.
    pub fn alloc(self: &Arc<Self>, size: u64, placement: Placement) -> Result<Bo, KmdError> {
        Bo::new(self, size, placement, AllocFlags::empty())
    }

    /// [`Device::alloc`] with flags.
    ///
    /// # Errors
    /// As [`Device::alloc`].
    pub fn alloc_with(self: &Arc<Self>, size: u64, placement: Placement, flags: AllocFlags) -> Result<Bo, KmdError> {
        Bo::new(self, size, placement, flags)
    }

    /// A buffer of `size` bytes, rounded up to whole pages, over new pages of this process: what
    /// [`Bo::map_cpu`] gives is those pages themselves. The GPU only reads them with `read_only`. `GEM_USERPTR`, any node.
    ///
    /// # Errors
    /// [`KmdError::BadSize`] for 0 and what overflows, [`KmdError::Map`] where the host has no pages, or the failed ioctl.
    pub fn alloc_user(self: &Arc<Self>, size: u64, read_only: bool) -> Result<Bo, KmdError> {
        Bo::over_pages(self, size, read_only)
    }

    /// Bytes of GPU address space that mappings hold now.
    pub fn va_in_use(&self) -> u64 {
        self.va().in_use()
    }

    /// Leaves `bytes` of addresses unmapped on both sides of what is mapped from here on ([`VaSpace::set_gap`]).
    pub fn set_va_gap(&self, bytes: u64) {
        self.va().set_gap(bytes);
    }

    pub(super) fn va(&self) -> MutexGuard<'_, VaSpace> {
        // The allocator's methods leave it whole at every point where they could panic.
        self.va.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Issues a request; `args` prints what matters of it if it fails.
    ///
    /// # Safety
    /// As [`Ioctl::call`].
    pub(super) unsafe fn issue<In: Wire, Out: Wire>(
        &self,
        ioctl: &Ioctl<In, Out>,
        input: &In,
        args: impl FnOnce() -> String,
    ) -> Result<Out, KmdError> {
        // SAFETY: the caller's promise.
        unsafe { ioctl.call(&*self.node, input) }.map_err(|errno| KmdError::Ioctl {
            name: ioctl.name,
            errno,
            args: args(),
        })
    }

    /// That `other` is this very device.
    pub(super) fn same(self: &Arc<Self>, other: &Arc<Self>, what: &'static str) -> Result<(), KmdError> {
        if Arc::ptr_eq(self, other) { Ok(()) } else { Err(KmdError::OtherDevice { what }) }
    }
}

fn capability(node: &dyn Node, capability: u32) -> Result<bool, KmdError> {
    let input = drm_get_cap { capability: capability.into(), value: 0 };
    // SAFETY: the structure holds no addresses.
    match unsafe { ioctls::GET_CAP.call(node, &input) } {
        Ok(answer) => Ok(answer.value != 0),
        // A kernel older than the capability.
        Err(Errno::EINVAL | Errno::EOPNOTSUPP) => Ok(false),
        Err(errno) => {
            Err(KmdError::Ioctl { name: ioctls::GET_CAP.name, errno, args: format!("capability {capability:#x}") })
        }
    }
}

fn read_info(node: &dyn Node, query: u32, args: [u32; 4], out: &mut [u8]) -> Result<(), KmdError> {
    let input = Info {
        return_pointer: out.as_mut_ptr().expose_provenance() as u64,
        return_size: u32::try_from(out.len()).unwrap_or(u32::MAX),
        query,
        args,
    };
    // SAFETY: the answer goes to `out`, of which `return_size` bytes exist and are exclusively ours during the call.
    unsafe { ioctls::INFO.call(node, &input) }.map(|_| ()).map_err(|errno| KmdError::Ioctl {
        name: ioctls::INFO.name,
        errno,
        args: {
            let args = args.map(|arg| format!("{arg:#x}")).join(", ");
            format!("query {query:#x}, arguments {args}, room for {:#x} bytes", out.len())
        },
    })
}

fn ask<T: bytemuck::Pod>(node: &dyn Node, query: u32, args: [u32; 4]) -> Result<T, KmdError> {
    let mut answer = T::zeroed();
    read_info(node, query, args, bytemuck::bytes_of_mut(&mut answer))?;
    Ok(answer)
}
