//! Who this file is to the kernel: authentication and mastership on the primary node, VMIDs, priorities.

use std::os::fd::{AsFd, AsRawFd};
use std::sync::Arc;

use drm_sys::{drm_auth, drm_client, drm_set_client_cap, drm_unique};

use super::context::Priority;
use super::device::Device;
use super::error::KmdError;
use super::ioctls::{self, Ioctl};
use super::uapi::*;

/// What the kernel says about the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientInfo {
    /// Whether the file may do what needs authentication.
    pub authenticated: bool,
    /// Its process.
    pub pid: u64,
    /// Its user.
    pub uid: u64,
}

/// A reserved VMID; given back with the last owner.
#[derive(Debug)]
pub struct Vmid {
    device: Arc<Device>,
}

impl Drop for Vmid {
    fn drop(&mut self) {
        let input = VmIn { op: VM_OP_UNRESERVE_VMID, flags: 0 };
        // Nothing can be done about a failure: it is given back with the file at the latest.
        // SAFETY: the structure holds no addresses.
        let _ = unsafe { ioctls::VM.call(&**self.device.node(), &input) };
    }
}

impl Device {
    /// The bus id: `pci:0000:03:00.0`. `GET_UNIQUE`, the primary node.
    ///
    /// # Errors
    /// The failed ioctl: `EACCES` on a render node.
    pub fn unique(&self) -> Result<String, KmdError> {
        let mut name = [0u8; 64];
        let input = drm_unique { unique_len: name.len() as _, unique: name.as_mut_ptr().cast() };
        // SAFETY: at most `unique_len` bytes go to `name`, which lives until the end of the call and is exclusively ours.
        let answer = unsafe { self.issue(&ioctls::GET_UNIQUE, &input, String::new) }?;
        let used = (answer.unique_len as usize).min(name.len());
        Ok(String::from_utf8_lossy(&name[..used]).into_owned())
    }

    /// Who the kernel takes the caller for. `GET_CLIENT`, the primary node.
    ///
    /// # Errors
    /// The failed ioctl: `EACCES` on a render node.
    pub fn client(&self) -> Result<ClientInfo, KmdError> {
        let input = drm_client { idx: 0, auth: 0, pid: 0, uid: 0, magic: 0, iocs: 0 };
        // SAFETY: the structure holds no addresses.
        let answer = unsafe { self.issue(&ioctls::GET_CLIENT, &input, String::new) }?;
        Ok(ClientInfo { authenticated: answer.auth != 0, pid: answer.pid, uid: answer.uid })
    }

    /// A number by which the master lets this file in. `GET_MAGIC`, the primary node.
    ///
    /// # Errors
    /// The failed ioctl: `EACCES` on a render node.
    pub fn magic(&self) -> Result<u32, KmdError> {
        // SAFETY: the structure holds no addresses.
        unsafe { self.issue(&ioctls::GET_MAGIC, &drm_auth { magic: 0 }, String::new) }.map(|answer| answer.magic)
    }

    /// Lets the file of that number in. `AUTH_MAGIC`, the primary node, as master.
    ///
    /// # Errors
    /// The failed ioctl: `EINVAL` nobody's number, `EACCES` not the master.
    pub fn authenticate(&self, magic: u32) -> Result<(), KmdError> {
        // SAFETY: the structure holds no addresses.
        unsafe { self.issue(&ioctls::AUTH_MAGIC, &drm_auth { magic }, || format!("magic {magic:#x}")) }.map(|_| ())
    }

    fn plain(&self, ioctl: &Ioctl<()>) -> Result<(), KmdError> {
        // SAFETY: there is no structure.
        unsafe { self.issue(ioctl, &(), String::new) }
    }

    /// Becomes the master. `SET_MASTER`, the primary node.
    ///
    /// # Errors
    /// The failed ioctl: `EBUSY` another file is, `EACCES`.
    pub fn set_master(&self) -> Result<(), KmdError> {
        self.plain(&ioctls::SET_MASTER)
    }

    /// Gives mastership up. `DROP_MASTER`, the primary node.
    ///
    /// # Errors
    /// The failed ioctl: `EINVAL` not the master, `EACCES`.
    pub fn drop_master(&self) -> Result<(), KmdError> {
        self.plain(&ioctls::DROP_MASTER)
    }

    /// Says what this client understands of displays (`DRM_CLIENT_CAP_*`). `SET_CLIENT_CAP`, the primary node.
    ///
    /// # Errors
    /// The failed ioctl: `EOPNOTSUPP` where the card drives no display, `EINVAL`, `EACCES`.
    pub fn set_client_cap(&self, capability: u64, value: u64) -> Result<(), KmdError> {
        let input = drm_set_client_cap { capability, value };
        // SAFETY: the structure holds no addresses.
        unsafe {
            self.issue(&ioctls::SET_CLIENT_CAP, &input, || format!("capability {capability:#x}, value {value:#x}"))
        }
        .map(|_| ())
    }

    /// Keeps a hardware VMID for this file's address space, as debuggers and profilers want it. `VM`, any node.
    ///
    /// # Errors
    /// The failed ioctl.
    pub fn reserve_vmid(self: &Arc<Self>) -> Result<Vmid, KmdError> {
        let input = VmIn { op: VM_OP_RESERVE_VMID, flags: 0 };
        // SAFETY: the structure holds no addresses.
        unsafe { self.issue(&ioctls::VM, &input, || "RESERVE_VMID".to_owned()) }?;
        Ok(Vmid { device: Arc::clone(self) })
    }

    /// Gives the contexts of another open file of the card, or one of them by its number, another priority. `SCHED`, the
    /// primary node, as master.
    ///
    /// # Errors
    /// The failed ioctl: `EACCES` not the master or a render node, `EINVAL` no such context or no file of this card.
    pub fn override_priority(&self, file: impl AsFd, context: Option<u32>, priority: Priority) -> Result<(), KmdError> {
        let op = match context {
            Some(_) => SCHED_OP_CONTEXT_PRIORITY_OVERRIDE,
            None => SCHED_OP_PROCESS_PRIORITY_OVERRIDE,
        };
        let fd = file.as_fd().as_raw_fd() as u32;
        let input = SchedIn { op, fd, priority: priority as i32, ctx_id: context.unwrap_or(0) };
        let args =
            || format!("operation {op}, descriptor {fd}, priority {}, context {:#x}", input.priority, input.ctx_id);
        // SAFETY: the structure holds no addresses.
        unsafe { self.issue(&ioctls::SCHED, &input, args) }.map(|_| ())
    }
}
