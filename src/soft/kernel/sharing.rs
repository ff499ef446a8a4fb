//! Buffers between files and processes: PRIME, global names, and the metadata that travels with them.

use std::mem::offset_of;
use std::sync::{Arc, PoisonError};

use drm_sys::{drm_gem_flink, drm_gem_open, drm_prime_handle};
use nix::errno::Errno;

use super::{Bo, Call, field, get, put, set_field};
use crate::kmd::uapi;
use crate::soft::share::{Object, release};

impl Call<'_> {
    /// Gives a buffer a handle in this file. One that is always valid belongs to one address space alone.
    pub(super) fn open_buffer(&self, bo: &Arc<Bo>) -> Result<u32, Errno> {
        if bo.home.as_ref().is_some_and(|home| !std::ptr::eq(home.as_ptr(), Arc::as_ptr(&self.vm))) {
            return Err(Errno::EPERM);
        }
        Ok(self.file.add_object(Arc::clone(bo)))
    }

    pub(super) fn prime_handle_to_fd(&self, arg: &mut [u8]) -> Result<i32, Errno> {
        let flags: u32 = field(arg, offset_of!(drm_prime_handle, flags));
        if flags & !(libc::O_CLOEXEC | libc::O_RDWR) as u32 != 0 {
            return Err(Errno::EINVAL);
        }
        let bo = self.object(field(arg, offset_of!(drm_prime_handle, handle)))?;
        if bo.home.is_some() || bo.user.is_some() {
            return Err(Errno::EPERM);
        }
        // What came from another card goes as what it was there.
        let whose = bo.original.as_ref().unwrap_or(&bo);
        let descriptor = self.card.shares.give(Object::Buffer(Arc::clone(whose)))?;
        let number = release(descriptor, flags & libc::O_CLOEXEC as u32 != 0)?;
        set_field(arg, offset_of!(drm_prime_handle, fd), number);
        Ok(0)
    }

    /// A buffer that the file knows already keeps its handle. One of another card of the machine is imported as system
    /// memory, of which there is one import a file.
    pub(super) fn prime_fd_to_handle(&self, arg: &mut [u8]) -> Result<i32, Errno> {
        let Object::Buffer(bo) = self.card.shares.find(field(arg, offset_of!(drm_prime_handle, fd)))? else {
            return Err(Errno::EINVAL);
        };
        let is_it = |known: &Arc<Bo>| Arc::ptr_eq(known.original.as_ref().unwrap_or(known), &bo);
        let handle = match self.objects.position(is_it) {
            Some(handle) => handle,
            None if self.card.owns(&bo.storage) => self.open_buffer(&bo)?,
            None => self.file.add_object(Arc::new(bo.imported())),
        };
        set_field(arg, offset_of!(drm_prime_handle, handle), handle);
        Ok(0)
    }

    pub(super) fn gem_flink(&self, arg: &mut [u8]) -> Result<i32, Errno> {
        let bo = self.object(field(arg, offset_of!(drm_gem_flink, handle)))?;
        set_field(arg, offset_of!(drm_gem_flink, name), self.card.name(&bo));
        Ok(0)
    }

    /// Each open makes another handle.
    pub(super) fn gem_open(&self, arg: &mut [u8]) -> Result<i32, Errno> {
        let bo = self.card.named(field(arg, offset_of!(drm_gem_open, name))).ok_or(Errno::ENOENT)?;
        let handle = self.open_buffer(&bo)?;
        set_field(arg, offset_of!(drm_gem_open, handle), handle);
        set_field(arg, offset_of!(drm_gem_open, size), bo.storage.len());
        Ok(0)
    }

    pub(super) fn gem_metadata(&self, arg: &mut [u8]) -> Result<i32, Errno> {
        let mut request: uapi::GemMetadata = get(arg);
        let bo = self.object(request.handle)?;
        let mut kept = bo.metadata.lock().unwrap_or_else(PoisonError::into_inner);
        match request.op {
            uapi::GEM_METADATA_OP_GET_METADATA => {
                (request.flags, request.tiling_info) = (kept.flags, kept.tiling_info);
                (request.data_size_bytes, request.data) = (kept.data_size_bytes, kept.data);
                put(arg, &request);
            }
            uapi::GEM_METADATA_OP_SET_METADATA => {
                let used = request.data_size_bytes as usize;
                if used > size_of_val(&request.data) {
                    return Err(Errno::EINVAL);
                }
                bytemuck::bytes_of_mut(&mut request.data)[used..].fill(0);
                *kept = request;
            }
            _ => return Err(Errno::EINVAL),
        }
        Ok(0)
    }
}
