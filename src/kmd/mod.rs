//! The amdgpu kernel interface: uapi structures, ioctls, and safe owners of what they create.
//!
//! # The object model
//!
//! ```text
//! Node          the file descriptor, or its software twin
//!  └─ Device    who it is; the GPU address space that its mappings share
//!      ├─ Bo            memory                    GEM_CREATE  … GEM_CLOSE
//!      │   ├─ CpuMap    …seen by the CPU          mmap        … munmap
//!      │   └─ GpuMap    …seen by the GPU          GEM_VA map  … GEM_VA unmap, and the range goes back
//!      ├─ BoList        buffers in a list         BO_LIST     … BO_LIST
//!      ├─ SparseRange   addresses with gaps       GEM_VA PRT  … GEM_VA clear
//!      ├─ Vmid          a hardware VMID           VM          … VM
//!      ├─ Syncobj       a fence with a name       SYNCOBJ_CREATE … SYNCOBJ_DESTROY
//!      ├─ UserQueue     a ring of one's own       USERQ create … USERQ free
//!      └─ Context       an order of submissions   CTX alloc   … CTX free
//!          └─ CsFence   one of them               CS, WAIT_CS
//! ```
//!
//! Each owner holds what it depends on, so that objects may be dropped in any order and every handle, mapping and
//! address range is still given back exactly once, inner things first: a [`GpuMap`] is unmapped before its [`Bo`] is
//! closed, and a [`Bo`] before the node is. Owners are cheap to clone; clones share the object.
//!
//! A [`Submission`] hands what it names to the [`Context`], which keeps it until the fence is known to have signalled
//! (see [`Context`]). Nothing is freed under the device.
//!
//! # Waiting
//!
//! Every wait takes a [`Deadline`] and answers [`Wait`]: signalled, timed out, or lost. There is no wait without end.
//!
//! # Memory that the device can write
//!
//! There are no references into it. [`CpuMap`] copies, with volatile loads and stores.
//!
//! # Unsafe code
//!
//! All unsafe code of the gpu path is in this module: [`ioctls`] turns structures into bytes, `render` calls the
//! kernel, `bo` dereferences mappings, and the owners vouch for the addresses inside their requests.

mod bo;
mod client;
mod context;
mod device;
pub mod discover;
mod error;
mod explain;
pub mod fault;
mod info;
pub mod ioctls;
mod node;
mod queries;
mod render;
mod share;
mod sparse;
mod submit;
mod sync;
mod time;
pub mod uapi;
mod userq;
mod va;

#[cfg(test)]
mod tests;

pub use bo::{AllocFlags, Bo, CpuMap, GpuMap, Mtype, Part, Placement, VmFlags};
pub use client::{ClientInfo, Vmid};
pub use context::{
    Context, CsFence, Lost, LostReason, PowerState, Priority, ResetFlags, ResetState, ResetStatus, Wait,
};
pub use device::Device;
pub use error::KmdError;
pub use explain::{Explanation, WaveActivity, WaveReport};
pub use info::{Caches, Capabilities, DeviceInfo, Firmware, Heap, Ip, IpInfo, Memory, Ring, Version};
pub use node::{Errno, Node, Protection};
pub use queries::{Counter, STATUS_REGISTERS, Sensor};
pub use render::RenderNode;
pub use share::Metadata;
pub use sparse::{SparseRange, Update};
pub use submit::{BoList, Submission};
pub use sync::Syncobj;
pub use time::Deadline;
pub(crate) use time::now_ns;
pub use userq::{FenceInfo, QueuePriority, UserQueue, UserQueueOptions, WaitFor};
pub use va::{GPU_PAGE, HUGE_PAGE, VaSpace};
