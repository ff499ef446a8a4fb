//! DRM core: version, capabilities, handles.

use std::mem::offset_of;

use drm_sys::{drm_get_cap, drm_version};
use nix::errno::Errno;

use super::{Call, field, set_field};
use crate::soft::identity;

impl Call<'_> {
    pub(super) fn version(&self, arg: &mut [u8]) -> Result<i32, Errno> {
        set_field(arg, offset_of!(drm_version, version_major), identity::VERSION[0]);
        set_field(arg, offset_of!(drm_version, version_minor), identity::VERSION[1]);
        set_field(arg, offset_of!(drm_version, version_patchlevel), identity::VERSION[2]);
        let strings = [
            (offset_of!(drm_version, name_len), offset_of!(drm_version, name), identity::DRIVER),
            (offset_of!(drm_version, date_len), offset_of!(drm_version, date), identity::DATE),
            (offset_of!(drm_version, desc_len), offset_of!(drm_version, desc), identity::DESCRIPTION),
        ];
        for (len, at, text) in strings {
            let room: u64 = field(arg, len);
            let n = (room as usize).min(text.len());
            self.client.write(field(arg, at), &text.as_bytes()[..n])?;
            set_field(arg, len, text.len() as u64);
        }
        Ok(0)
    }

    pub(super) fn get_cap(&self, arg: &mut [u8]) -> Result<i32, Errno> {
        let value: u64 = match field::<u64>(arg, offset_of!(drm_get_cap, capability)) {
            // Sharing between files isn't provided yet.
            0x5 => 0,
            // Monotonic timestamps; framebuffer modifiers; binary and timeline synchronisation objects.
            0x6 | 0x10 | 0x13 | 0x14 => 1,
            _ => return Err(Errno::EINVAL),
        };
        set_field(arg, offset_of!(drm_get_cap, value), value);
        Ok(0)
    }

    pub(super) fn gem_close(&self, handle: u32) -> Result<i32, Errno> {
        let bo = self.objects.remove(handle).ok_or(Errno::EINVAL)?;
        self.vm.forget(handle);
        drop(bo);
        Ok(0)
    }
}
