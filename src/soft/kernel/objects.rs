//! Buffer objects: their memory, and where address spaces have them.

use std::sync::{Arc, Mutex};

use nix::errno::Errno;

use super::{Bo, Call, MMAP_BASE, absolute, get, put};
use crate::kmd::uapi;
use crate::soft::arena::{Heap, PAGE};
use crate::soft::vm::Permissions;

impl Call<'_> {
    pub(super) fn object(&self, handle: u32) -> Result<Arc<Bo>, Errno> {
        self.objects.get(handle).ok_or(Errno::ENOENT)
    }

    pub(super) fn gem_create(&self, arg: &mut [u8]) -> Result<i32, Errno> {
        const FLAGS: u64 = uapi::GEM_CREATE_CPU_ACCESS_REQUIRED
            | uapi::GEM_CREATE_NO_CPU_ACCESS
            | uapi::GEM_CREATE_CPU_GTT_USWC
            | uapi::GEM_CREATE_VRAM_CLEARED
            | uapi::GEM_CREATE_VRAM_CONTIGUOUS
            | uapi::GEM_CREATE_VM_ALWAYS_VALID
            | uapi::GEM_CREATE_EXPLICIT_SYNC
            | uapi::GEM_CREATE_VRAM_WIPE_ON_RELEASE
            | uapi::GEM_CREATE_DISCARDABLE
            | uapi::GEM_CREATE_COHERENT
            | uapi::GEM_CREATE_UNCACHED;
        const DOMAINS: u64 = (uapi::GEM_DOMAIN_CPU | uapi::GEM_DOMAIN_GTT | uapi::GEM_DOMAIN_VRAM) as u64;
        let mut create: uapi::GemCreateIn = get(arg);
        if create.domain_flags & !FLAGS != 0 || create.domains & !DOMAINS != 0 || create.bo_size == 0 {
            return Err(Errno::EINVAL);
        }
        let align = create.alignment.max(PAGE).checked_next_power_of_two().ok_or(Errno::EINVAL)?;
        create.bo_size = create.bo_size.checked_next_multiple_of(PAGE).ok_or(Errno::ENOMEM)?;
        // The domains are preferences: video memory first, system memory when that is full and allowed.
        let mut heaps = Vec::new();
        if create.domains & u64::from(uapi::GEM_DOMAIN_VRAM) != 0 {
            heaps.push(Heap::Vram);
        }
        if create.domains & u64::from(uapi::GEM_DOMAIN_GTT | uapi::GEM_DOMAIN_CPU) != 0 || heaps.is_empty() {
            heaps.push(Heap::Gtt);
        }
        let storage = heaps.iter().find_map(|&heap| self.card.arena.allocate(heap, create.bo_size, align));
        let storage = storage.ok_or(Errno::ENOMEM)?;
        let handle = self.objects.insert(Arc::new(Bo { storage, create, busy: Mutex::default() }));
        put(arg, &uapi::GemCreateOut { handle, _pad: 0 });
        Ok(0)
    }

    pub(super) fn gem_mmap(&self, arg: &mut [u8]) -> Result<i32, Errno> {
        let bo = self.object(get::<uapi::GemMmapIn>(arg).handle)?;
        if bo.create.domain_flags & uapi::GEM_CREATE_NO_CPU_ACCESS != 0 {
            return Err(Errno::EPERM);
        }
        put(arg, &uapi::GemMmapOut { addr_ptr: MMAP_BASE + bo.storage.start() });
        Ok(0)
    }

    pub(super) fn gem_wait_idle(&self, arg: &mut [u8]) -> Result<i32, Errno> {
        let wait: uapi::GemWaitIdleIn = get(arg);
        let bo = self.object(wait.handle)?;
        let idle = self.wait(absolute(wait.timeout), || bo.is_idle().then_some(()))?;
        put(arg, &uapi::GemWaitIdleOut { status: idle.is_none().into(), domain: bo.domain() });
        Ok(0)
    }

    pub(super) fn gem_op(&self, arg: &mut [u8]) -> Result<i32, Errno> {
        let op: uapi::GemOp = get(arg);
        let bo = self.object(op.handle)?;
        match op.op {
            uapi::GEM_OP_GET_GEM_CREATE_INFO => self.client.write(op.value, bytemuck::bytes_of(&bo.create)).map(|()| 0),
            _ => Err(Errno::EINVAL),
        }
    }

    pub(super) fn gem_va(&self, arg: &mut [u8]) -> Result<i32, Errno> {
        const FLAGS: u32 = uapi::VM_DELAY_UPDATE
            | uapi::VM_PAGE_READABLE
            | uapi::VM_PAGE_WRITEABLE
            | uapi::VM_PAGE_EXECUTABLE
            | uapi::VM_MTYPE_MASK
            | uapi::VM_PAGE_NOALLOC;
        let va: uapi::GemVa = get(arg);
        if va.flags & uapi::VM_PAGE_PRT != 0 {
            // Partially resident ranges aren't provided yet.
            return Err(Errno::EOPNOTSUPP);
        }
        if va.flags & !FLAGS != 0 {
            return Err(Errno::EINVAL);
        }
        let permissions = [
            (uapi::VM_PAGE_READABLE, Permissions::READ),
            (uapi::VM_PAGE_WRITEABLE, Permissions::WRITE),
            (uapi::VM_PAGE_EXECUTABLE, Permissions::EXECUTE),
        ];
        let permissions = permissions.iter().filter(|p| va.flags & p.0 != 0).map(|p| p.1).collect();
        match va.operation {
            uapi::VA_OP_MAP | uapi::VA_OP_REPLACE => {
                let bo = self.object(va.handle)?;
                if va.operation == uapi::VA_OP_REPLACE {
                    self.vm.clear(va.va_address, va.map_size)?;
                }
                let (storage, offset) = (&bo.storage, va.offset_in_bo);
                self.vm.map(va.va_address, va.map_size, storage, offset, permissions, va.handle)?;
            }
            uapi::VA_OP_UNMAP => {
                self.object(va.handle)?;
                self.vm.unmap(va.va_address, va.handle)?;
            }
            uapi::VA_OP_CLEAR => self.vm.clear(va.va_address, va.map_size)?,
            _ => return Err(Errno::EINVAL),
        }
        Ok(0)
    }
}
