//! DRM core: version, capabilities, handles, who the client is.

use std::mem::offset_of;

use drm_sys::{drm_auth, drm_client, drm_get_cap, drm_mode_card_res, drm_unique, drm_version};
use nix::errno::Errno;

use super::{Call, NodeKind, field, set_field};
use crate::soft::identity;

impl Call<'_> {
    /// Writes as much of a text as there is room for at the address and the length in two fields, and its real length
    /// into the second.
    fn text(&self, arg: &mut [u8], len: usize, at: usize, text: &str) -> Result<(), Errno> {
        let room: u64 = field(arg, len);
        let n = usize::try_from(room).unwrap_or(usize::MAX).min(text.len());
        self.client.write(field(arg, at), &text.as_bytes()[..n])?;
        set_field(arg, len, text.len() as u64);
        Ok(())
    }

    pub(super) fn version(&self, arg: &mut [u8]) -> Result<i32, Errno> {
        set_field(arg, offset_of!(drm_version, version_major), identity::VERSION[0]);
        let minor = if self.card.config().user_queues { identity::MINOR_WITH_QUEUES } else { identity::VERSION[1] };
        set_field(arg, offset_of!(drm_version, version_minor), minor);
        set_field(arg, offset_of!(drm_version, version_patchlevel), identity::VERSION[2]);
        self.text(arg, offset_of!(drm_version, name_len), offset_of!(drm_version, name), identity::DRIVER)?;
        self.text(arg, offset_of!(drm_version, date_len), offset_of!(drm_version, date), identity::DATE)?;
        self.text(arg, offset_of!(drm_version, desc_len), offset_of!(drm_version, desc), identity::DESCRIPTION)?;
        Ok(0)
    }

    /// The bus id. As the kernel does, nothing is written where the room is short: the caller asks again.
    pub(super) fn get_unique(&self, arg: &mut [u8]) -> Result<i32, Errno> {
        let (len, at) = (offset_of!(drm_unique, unique_len), offset_of!(drm_unique, unique));
        let name = format!("pci:{}", self.card.config().pci_slot);
        if field::<u64>(arg, len) < name.len() as u64 {
            set_field(arg, len, name.len() as u64);
            return Ok(0);
        }
        self.text(arg, len, at, &name).map(|()| 0)
    }

    /// The kernel tells of nobody but the caller, whose index is 0. Clients are authenticated, as those of root are.
    pub(super) fn get_client(&self, arg: &mut [u8]) -> Result<i32, Errno> {
        if field::<i32>(arg, offset_of!(drm_client, idx)) != 0 {
            return Err(Errno::EINVAL);
        }
        set_field(arg, offset_of!(drm_client, auth), 1i32);
        set_field(arg, offset_of!(drm_client, pid), self.client.pid().as_raw() as u64);
        set_field(arg, offset_of!(drm_client, uid), u64::from(nix::unistd::getuid().as_raw()));
        set_field(arg, offset_of!(drm_client, magic), 0u64);
        set_field(arg, offset_of!(drm_client, iocs), 0u64);
        Ok(0)
    }

    pub(super) fn get_magic(&self, arg: &mut [u8]) -> Result<i32, Errno> {
        set_field(arg, offset_of!(drm_auth, magic), self.file.id);
        Ok(0)
    }

    /// Everybody is authenticated already: only the master and the number are checked.
    pub(super) fn auth_magic(&self, arg: &[u8]) -> Result<i32, Errno> {
        self.card.is_file(field(arg, offset_of!(drm_auth, magic))).then_some(0).ok_or(Errno::EINVAL)
    }

    pub(super) fn get_cap(&self, arg: &mut [u8]) -> Result<i32, Errno> {
        let value: u64 = match field::<u64>(arg, offset_of!(drm_get_cap, capability)) {
            // PRIME: import and export.
            0x5 => 3,
            // Monotonic timestamps; framebuffer modifiers; binary and timeline synchronisation objects.
            0x6 | 0x10 | 0x13 | 0x14 => 1,
            // What only a display has: dumb buffers, cursors, page flips.
            0x1..=0x4 | 0x7..=0x9 | 0x11 | 0x12 | 0x15 => return Err(Errno::EOPNOTSUPP),
            _ => return Err(Errno::EINVAL),
        };
        set_field(arg, offset_of!(drm_get_cap, value), value);
        Ok(0)
    }

    /// No displays: no framebuffers, CRTCs, connectors and encoders.
    pub(super) fn mode_resources(&self, arg: &mut [u8]) -> Result<i32, Errno> {
        set_field(arg, offset_of!(drm_mode_card_res, count_fbs), [0u32; 4]);
        set_field(arg, offset_of!(drm_mode_card_res, min_width), [0u32, 16384, 0, 16384]);
        Ok(0)
    }

    pub(super) fn gem_close(&self, handle: u32) -> Result<i32, Errno> {
        let bo = self.objects.remove(handle).ok_or(Errno::EINVAL)?;
        self.vm.forget(handle);
        self.card.handle_closed(&bo);
        Ok(0)
    }

    /// Whether this node, and this client of it, may issue an ioctl that exists.
    pub(super) fn may(&self, number: u32) -> Result<(), Errno> {
        // Who the client is, global names, client capabilities, the master's matters, displays; of the driver's, SCHED.
        let primary_only = matches!(
            number,
            0x01 | 0x02 | 0x05 | 0x07 | 0x0a | 0x0b | 0x0d | 0x11 | 0x1e | 0x1f | 0x55 | 0xa0..=0xbe | 0xc6..=0xc9 | 0xce | 0xd0..=0xd2
        );
        // Authentication of others, SCHED.
        let needs_master = matches!(number, 0x07 | 0x11 | 0x55);
        match self.file.node {
            NodeKind::Render if primary_only => Err(Errno::EACCES),
            NodeKind::Primary if needs_master && !self.card.is_master(self.file.id) => Err(Errno::EACCES),
            _ => Ok(()),
        }
    }
}
