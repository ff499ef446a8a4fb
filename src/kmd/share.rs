//! Buffers and fences that leave their file: dma-bufs, global names, metadata, sync files.

use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};
use std::sync::Arc;

use drm_sys::{drm_gem_flink, drm_gem_open, drm_prime_handle, drm_syncobj_eventfd, drm_syncobj_handle};

use super::bo::{Bo, Placement};
use super::context::{CsFence, Wait};
use super::device::Device;
use super::error::KmdError;
use super::ioctls;
use super::node::Errno;
use super::sync::Syncobj;
use super::time::Deadline;
use super::uapi::*;

/// Of `SYNCOBJ_HANDLE_TO_FD` and `SYNCOBJ_FD_TO_HANDLE`: a sync file.
const SYNC_FILE: u32 = 1;
/// Of both: the fence is that of a point. Linux 6.16.
const TIMELINE: u32 = 2;
/// Of `SYNCOBJ_EVENTFD`: when it is submitted.
const WAIT_AVAILABLE: u32 = 4;

/// A descriptor that the driver just made.
fn made(number: i32) -> OwnedFd {
    // SAFETY: every caller got the number from a request that hands a new descriptor over.
    unsafe { OwnedFd::from_raw_fd(number) }
}

/// What sharers of a buffer tell each other about it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Metadata {
    /// Tiling, in the family's own bits (`AMDGPU_TILING_*`).
    pub tiling: u64,
    /// The user-mode driver's data, 256 bytes at most.
    pub data: Vec<u8>,
}

impl Bo {
    /// Exports the buffer as a dma-buf, which keeps its memory: for other processes, and other drivers. `PRIME_HANDLE_TO_FD`,
    /// any node.
    ///
    /// # Errors
    /// The failed ioctl: `EPERM` for pages of this process, `EMFILE`.
    pub fn export(&self) -> Result<OwnedFd, KmdError> {
        let flags = (libc::O_CLOEXEC | libc::O_RDWR) as u32;
        let input = drm_prime_handle { handle: self.handle(), flags, fd: -1 };
        // SAFETY: the structure holds no addresses.
        let answer = unsafe {
            self.device().issue(&ioctls::PRIME_HANDLE_TO_FD, &input, || format!("handle {:#x}", input.handle))
        };
        answer.map(|answer| made(answer.fd))
    }

    /// A number by which every authenticated file of the card can open the buffer; [`Bo::export`] asks for less and is
    /// harder to guess. `GEM_FLINK`, the primary node.
    ///
    /// # Errors
    /// The failed ioctl: `EACCES` on a render node.
    pub fn global_name(&self) -> Result<u32, KmdError> {
        let input = drm_gem_flink { handle: self.handle(), name: 0 };
        // SAFETY: the structure holds no addresses.
        unsafe { self.device().issue(&ioctls::GEM_FLINK, &input, || format!("handle {:#x}", input.handle)) }
            .map(|answer| answer.name)
    }

    /// What sharers left with it. `GEM_METADATA`, any node.
    ///
    /// # Errors
    /// The failed ioctl.
    pub fn metadata(&self) -> Result<Metadata, KmdError> {
        let input = GemMetadata { handle: self.handle(), op: GEM_METADATA_OP_GET_METADATA, ..Default::default() };
        let answer = self.metadata_op(&input)?;
        let data: &[u8] = bytemuck::cast_slice(&answer.data);
        let used = (answer.data_size_bytes as usize).min(data.len());
        Ok(Metadata { tiling: answer.tiling_info, data: data[..used].to_vec() })
    }

    /// Leaves that with it. `GEM_METADATA`, any node.
    ///
    /// # Errors
    /// [`KmdError::BadSize`] for more than 256 bytes of data, or the failed ioctl.
    pub fn set_metadata(&self, metadata: &Metadata) -> Result<(), KmdError> {
        let mut data = [0u32; 64];
        let bytes: &mut [u8] = bytemuck::cast_slice_mut(&mut data);
        let len = metadata.data.len();
        if len > bytes.len() {
            return Err(KmdError::BadSize { what: "the metadata of a buffer", value: len as u64 });
        }
        bytes[..len].copy_from_slice(&metadata.data);
        let input = GemMetadata {
            handle: self.handle(),
            op: GEM_METADATA_OP_SET_METADATA,
            tiling_info: metadata.tiling,
            data_size_bytes: len as u32,
            data,
            ..Default::default()
        };
        self.metadata_op(&input).map(|_| ())
    }

    fn metadata_op(&self, input: &GemMetadata) -> Result<GemMetadata, KmdError> {
        let args = || format!("operation {}, handle {:#x}", input.op, input.handle);
        // SAFETY: the structure holds no addresses.
        unsafe { self.device().issue(&ioctls::GEM_METADATA, input, args) }
    }

    /// Waits until no submission of any process uses the buffer. `GEM_WAIT_IDLE`, any node.
    ///
    /// # Errors
    /// The failed ioctl.
    pub fn wait_idle(&self, deadline: Deadline) -> Result<Wait, KmdError> {
        let input = GemWaitIdleIn { handle: self.handle(), flags: 0, timeout: deadline.as_ns() };
        let args = || format!("handle {:#x}, deadline {:#x} ns", input.handle, input.timeout);
        // SAFETY: the structure holds no addresses.
        let answer = unsafe { self.device().issue(&ioctls::GEM_WAIT_IDLE, &input, args) }?;
        Ok(if answer.status == 0 { Wait::Signaled } else { Wait::TimedOut })
    }

    /// How the buffer was asked for, as the kernel remembers it: size, alignment, domains wanted now, flags. `GEM_OP`, any
    /// node.
    ///
    /// # Errors
    /// The failed ioctl.
    pub fn created_as(&self) -> Result<GemCreateIn, KmdError> {
        created_as(self.device(), self.handle())
    }

    /// Says in which domains (`GEM_DOMAIN_*`) the kernel should have it from now on. `GEM_OP`, any node.
    ///
    /// # Errors
    /// The failed ioctl: `EPERM` for pages of this process.
    pub fn set_domains(&self, domains: u32) -> Result<(), KmdError> {
        let input = GemOp { handle: self.handle(), op: GEM_OP_SET_PLACEMENT, value: domains.into() };
        let args = || format!("placement {domains:#x}, handle {:#x}", input.handle);
        // SAFETY: for this operation the structure holds no addresses.
        unsafe { self.device().issue(&ioctls::GEM_OP, &input, args) }.map(|_| ())
    }
}

fn created_as(device: &Device, handle: u32) -> Result<GemCreateIn, KmdError> {
    let mut created = GemCreateIn::default();
    let value = (&raw mut created).expose_provenance() as u64;
    let input = GemOp { handle, op: GEM_OP_GET_GEM_CREATE_INFO, value };
    // SAFETY: the answer goes to `created`, which lives until the end of the call and is exclusively ours.
    unsafe { device.issue(&ioctls::GEM_OP, &input, || format!("creation, handle {handle:#x}")) }?;
    Ok(created)
}

/// Where a buffer lives that was made so.
fn placement(created: &GemCreateIn) -> Placement {
    let vram = created.domains & u64::from(GEM_DOMAIN_VRAM) != 0;
    if created.domains & u64::from(GEM_DOMAIN_DOORBELL) != 0 {
        return Placement::Doorbell;
    }
    match (vram, created.domain_flags) {
        (true, flags) if flags & GEM_CREATE_NO_CPU_ACCESS != 0 => Placement::Vram,
        (true, _) => Placement::VramCpu,
        (false, flags) if flags & GEM_CREATE_CPU_GTT_USWC != 0 => Placement::GttWc,
        (false, _) => Placement::Gtt,
    }
}

impl Device {
    /// Imports a dma-buf of an amdgpu. A buffer that this device has already is the same object again.
    /// `PRIME_FD_TO_HANDLE`, any node.
    ///
    /// # Errors
    /// The failed ioctl: `EINVAL` for other descriptors.
    pub fn import(self: &Arc<Self>, dma_buf: impl AsFd) -> Result<Bo, KmdError> {
        let fd = dma_buf.as_fd().as_raw_fd();
        let input = drm_prime_handle { handle: 0, flags: 0, fd };
        let open = || {
            // SAFETY: the structure holds no addresses.
            unsafe { self.issue(&ioctls::PRIME_FD_TO_HANDLE, &input, || format!("descriptor {fd}")) }
                .map(|answer| answer.handle)
        };
        Bo::adopt(self, open, |handle| self.facts(handle))
    }

    /// Opens a buffer by its global name. `GEM_OPEN`, the primary node.
    ///
    /// # Errors
    /// The failed ioctl: `ENOENT` no such name, `EACCES` on a render node.
    pub fn open_name(self: &Arc<Self>, name: u32) -> Result<Bo, KmdError> {
        let input = drm_gem_open { name, handle: 0, size: 0 };
        let open = || {
            // SAFETY: the structure holds no addresses.
            unsafe { self.issue(&ioctls::GEM_OPEN, &input, || format!("name {name:#x}")) }.map(|answer| answer.handle)
        };
        Bo::adopt(self, open, |handle| self.facts(handle))
    }

    /// Size and placement of a buffer that somebody else made.
    fn facts(&self, handle: u32) -> Result<(u64, Placement), KmdError> {
        created_as(self, handle).map(|created| (created.bo_size, placement(&created)))
    }

    /// Imports a sync object that [`Syncobj::export`] exported. `SYNCOBJ_FD_TO_HANDLE`, any node.
    ///
    /// # Errors
    /// The failed ioctl: `EINVAL` for other descriptors.
    pub fn import_syncobj(self: &Arc<Self>, descriptor: impl AsFd) -> Result<Syncobj, KmdError> {
        let fd = descriptor.as_fd().as_raw_fd();
        let input = drm_syncobj_handle { fd, ..Default::default() };
        // SAFETY: the structure holds no addresses.
        let answer = unsafe { self.issue(&ioctls::SYNCOBJ_FD_TO_HANDLE, &input, || format!("descriptor {fd}")) }?;
        Ok(Syncobj::own(self, answer.handle))
    }
}

impl Syncobj {
    fn to_fd(&self, flags: u32, point: u64) -> Result<OwnedFd, KmdError> {
        let input = drm_syncobj_handle { handle: self.handle(), flags, fd: -1, pad: 0, point };
        let args = || format!("sync object {:#x}, flags {flags:#x}, point {point:#x}", input.handle);
        // SAFETY: the structure holds no addresses.
        unsafe { self.device().issue(&ioctls::SYNCOBJ_HANDLE_TO_FD, &input, args) }.map(|answer| made(answer.fd))
    }

    /// Exports the object itself: whoever imports it sees each of its fences, to come too. `SYNCOBJ_HANDLE_TO_FD`, any node.
    ///
    /// # Errors
    /// The failed ioctl.
    pub fn export(&self) -> Result<OwnedFd, KmdError> {
        self.to_fd(0, 0)
    }

    /// Exports the fence that it has now as a sync file, which poll(2) finds readable once it is signalled. A point other
    /// than 0 needs Linux 6.16. `SYNCOBJ_HANDLE_TO_FD`, any node.
    ///
    /// # Errors
    /// The failed ioctl: `EINVAL` for no fence.
    pub fn export_sync_file(&self, point: u64) -> Result<OwnedFd, KmdError> {
        self.to_fd(if point == 0 { SYNC_FILE } else { SYNC_FILE | TIMELINE }, point)
    }

    /// Takes the fence of a sync file. As [`Syncobj::export_sync_file`]. `SYNCOBJ_FD_TO_HANDLE`, any node.
    ///
    /// # Errors
    /// The failed ioctl: `EINVAL` for other descriptors.
    pub fn import_sync_file(&self, file: impl AsFd, point: u64) -> Result<(), KmdError> {
        let flags = if point == 0 { SYNC_FILE } else { SYNC_FILE | TIMELINE };
        let fd = file.as_fd().as_raw_fd();
        let input = drm_syncobj_handle { handle: self.handle(), flags, fd, pad: 0, point };
        let args = || format!("sync object {:#x}, descriptor {fd}, point {point:#x}", input.handle);
        // SAFETY: the structure holds no addresses.
        unsafe { self.device().issue(&ioctls::SYNCOBJ_FD_TO_HANDLE, &input, args) }.map(|_| ())
    }

    /// Has 1 added to an eventfd when a point is signalled, or with `submitted` as soon as it has a fence. The point may
    /// still be to come. `SYNCOBJ_EVENTFD`, any node, Linux 6.6.
    ///
    /// # Errors
    /// The failed ioctl: `EINVAL` for other descriptors, and for older kernels.
    pub fn notify(&self, point: u64, eventfd: impl AsFd, submitted: bool) -> Result<(), KmdError> {
        let fd = eventfd.as_fd().as_raw_fd();
        let flags = if submitted { WAIT_AVAILABLE } else { 0 };
        let input = drm_syncobj_eventfd { handle: self.handle(), flags, point, fd, pad: 0 };
        let args = || format!("sync object {:#x}, point {point:#x}, descriptor {fd}", input.handle);
        // SAFETY: the structure holds no addresses.
        unsafe { self.device().issue(&ioctls::SYNCOBJ_EVENTFD, &input, args) }.map(|_| ())
    }
}

impl CsFence {
    fn to_handle(&self, what: u32) -> Result<u32, KmdError> {
        let dep = self.dependency();
        let fence = Fence {
            ctx_id: dep.ctx_id,
            ip_type: dep.ip_type,
            ip_instance: dep.ip_instance,
            ring: dep.ring,
            seq_no: dep.handle,
        };
        let input = FenceToHandleIn { fence, what, pad: 0 };
        let args = || format!("context {:#x}, ring {}, sequence {:#x}, as {what}", dep.ctx_id, self.ring(), dep.handle);
        // SAFETY: the structure holds no addresses.
        unsafe { self.device().issue(&ioctls::FENCE_TO_HANDLE, &input, args) }.map(|answer| answer.handle)
    }

    /// A sync object with this fence. `FENCE_TO_HANDLE`, any node.
    ///
    /// # Errors
    /// The failed ioctl.
    pub fn to_syncobj(&self) -> Result<Syncobj, KmdError> {
        Ok(Syncobj::own(self.device(), self.to_handle(FENCE_TO_HANDLE_GET_SYNCOBJ)?))
    }

    /// The same, as the descriptor that [`Device::import_syncobj`] takes. `FENCE_TO_HANDLE`, any node.
    ///
    /// # Errors
    /// The failed ioctl.
    pub fn export_syncobj(&self) -> Result<OwnedFd, KmdError> {
        self.to_handle(FENCE_TO_HANDLE_GET_SYNCOBJ_FD).map(|number| made(number as i32))
    }

    /// A sync file of this fence. `FENCE_TO_HANDLE`, any node.
    ///
    /// # Errors
    /// The failed ioctl.
    pub fn export_sync_file(&self) -> Result<OwnedFd, KmdError> {
        self.to_handle(FENCE_TO_HANDLE_GET_SYNC_FILE_FD).map(|number| made(number as i32))
    }

    /// Waits for the first of several submissions to be done, by any contexts of one device; its index, `None` when the
    /// deadline came first. `WAIT_FENCES`, any node.
    ///
    /// # Errors
    /// [`KmdError::BadSize`] for none, [`KmdError::OtherDevice`], [`KmdError::ContextLost`] where one failed, or the failed
    /// ioctl.
    pub fn wait_any(fences: &[Self], deadline: Deadline) -> Result<Option<usize>, KmdError> {
        Self::wait_several(fences, false, deadline).map(|answer| answer.map(|first| first as usize))
    }

    /// Waits for all of several submissions, as [`CsFence::wait_any`]; whether they are done.
    ///
    /// # Errors
    /// As [`CsFence::wait_any`].
    pub fn wait_all(fences: &[Self], deadline: Deadline) -> Result<bool, KmdError> {
        Self::wait_several(fences, true, deadline).map(|answer| answer.is_some())
    }

    fn wait_several(fences: &[Self], all: bool, deadline: Deadline) -> Result<Option<u32>, KmdError> {
        let Some(first) = fences.first() else {
            return Err(KmdError::BadSize { what: "the number of fences", value: 0 });
        };
        let device = first.device();
        let mut names = Vec::with_capacity(fences.len());
        for fence in fences {
            device.same(fence.device(), "a fence")?;
            let dep = fence.dependency();
            names.push(Fence {
                ctx_id: dep.ctx_id,
                ip_type: dep.ip_type,
                ip_instance: dep.ip_instance,
                ring: dep.ring,
                seq_no: dep.handle,
            });
        }
        let input = WaitFencesIn {
            fences: names.as_ptr().expose_provenance() as u64,
            fence_count: names.len() as u32,
            wait_all: all.into(),
            timeout_ns: deadline.as_ns(),
        };
        let args = || format!("{} fences, all {all}, deadline {:#x} ns", names.len(), input.timeout_ns);
        // SAFETY: the kernel reads `fence_count` names at `fences`, which live until the end of this function.
        match unsafe { device.issue(&ioctls::WAIT_FENCES, &input, args) } {
            Ok(answer) => Ok((answer.status != 0).then_some(answer.first_signaled)),
            Err(KmdError::Ioctl { name, errno, args }) => Err(match errno {
                Errno::ENODATA | Errno::ETIME | Errno::ECANCELED => {
                    // Of which context isn't said: the first that knows.
                    let lost = fences.iter().find_map(|fence| fence.lost(errno));
                    lost.map_or(KmdError::Ioctl { name, errno, args }, KmdError::ContextLost)
                }
                _ => KmdError::Ioctl { name, errno, args },
            }),
            Err(error) => Err(error),
        }
    }
}
