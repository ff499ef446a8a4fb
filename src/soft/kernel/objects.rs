//! Buffer objects: their memory, and where address spaces have them.

use std::sync::{Arc, PoisonError};

use nix::errno::Errno;

use super::{Bo, Call, MMAP_BASE, absolute, get, put};
use crate::kmd::uapi;
use crate::soft::arena::{Heap, PAGE, Storage};
use crate::soft::fence::Fence;
use crate::soft::identity::{GDS_BYTES, GWS, OA};
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
        const ON_CHIP: u64 = (uapi::GEM_DOMAIN_GDS | uapi::GEM_DOMAIN_GWS | uapi::GEM_DOMAIN_OA) as u64;
        const DOMAINS: u64 = (uapi::GEM_DOMAIN_CPU | uapi::GEM_DOMAIN_GTT | uapi::GEM_DOMAIN_VRAM) as u64 | ON_CHIP;
        let mut create: uapi::GemCreateIn = get(arg);
        if create.domain_flags & !FLAGS != 0 || create.domains & !DOMAINS != 0 || create.bo_size == 0 {
            return Err(Errno::EINVAL);
        }
        if create.domains & ON_CHIP != 0 {
            // Counted in bytes or entries of what the chip has; they are no memory that the CPU or an address reaches.
            let most = match create.domains as u32 {
                uapi::GEM_DOMAIN_GDS => GDS_BYTES,
                uapi::GEM_DOMAIN_GWS => GWS,
                uapi::GEM_DOMAIN_OA => OA,
                _ => return Err(Errno::EINVAL),
            };
            if create.domain_flags & uapi::GEM_CREATE_VM_ALWAYS_VALID != 0 {
                return Err(Errno::EINVAL);
            }
            if create.bo_size > most {
                return Err(Errno::ENOMEM);
            }
            create.domain_flags |= uapi::GEM_CREATE_NO_CPU_ACCESS;
        }
        let align = create.alignment.max(PAGE).checked_next_power_of_two().ok_or(Errno::EINVAL)?;
        create.bo_size = create.bo_size.checked_next_multiple_of(PAGE).ok_or(Errno::ENOMEM)?;
        // What others closed meanwhile may be what there is no room for.
        self.card.shares.sweep();
        let storage = loop {
            if let Some(storage) = self.allocate(&create, align) {
                break storage;
            }
            // As the driver tries again: without the wish for the CPU, then in system memory what was for video memory alone.
            // The buffer tells of the wishes that were left.
            if create.domain_flags & uapi::GEM_CREATE_CPU_ACCESS_REQUIRED != 0 {
                create.domain_flags &= !uapi::GEM_CREATE_CPU_ACCESS_REQUIRED;
            } else if create.domains == u64::from(uapi::GEM_DOMAIN_VRAM) {
                create.domains |= u64::from(uapi::GEM_DOMAIN_GTT);
            } else {
                return Err(Errno::ENOMEM);
            }
        };
        let mut bo = Bo::new(storage, create);
        if create.domain_flags & uapi::GEM_CREATE_VM_ALWAYS_VALID != 0 {
            bo.home = Some(Arc::downgrade(&self.vm));
        }
        let handle = self.file.add_object(Arc::new(bo));
        put(arg, &uapi::GemCreateOut { handle, _pad: 0 });
        Ok(0)
    }

    /// Memory of the domains that a buffer asks for, which are preferences: video memory first, system memory when that is
    /// full and allowed.
    fn allocate(&self, create: &uapi::GemCreateIn, align: u64) -> Option<Arc<Storage>> {
        let vram = create.domains & u64::from(uapi::GEM_DOMAIN_VRAM) != 0;
        let gtt = create.domains & u64::from(uapi::GEM_DOMAIN_GTT | uapi::GEM_DOMAIN_CPU) != 0 || !vram;
        let needs_cpu = create.domain_flags & uapi::GEM_CREATE_CPU_ACCESS_REQUIRED != 0;
        let visible = self.card.visible_vram();
        let (len, arena) = (create.bo_size, &self.card.arena);
        let in_vram = || match visible < arena.usage(Heap::Vram).0 {
            true => arena.allocate_vram(len, align, visible, needs_cpu),
            false => arena.allocate(Heap::Vram, len, align),
        };
        let in_gtt = || arena.allocate(Heap::Gtt, len, align);
        vram.then(in_vram).flatten().or_else(|| gtt.then(in_gtt).flatten())
    }

    pub(super) fn gem_mmap(&self, arg: &mut [u8]) -> Result<i32, Errno> {
        let bo = self.object(get::<uapi::GemMmapIn>(arg).handle)?;
        if bo.user.is_some() || bo.create.domain_flags & uapi::GEM_CREATE_NO_CPU_ACCESS != 0 {
            return Err(Errno::EPERM);
        }
        put(arg, &uapi::GemMmapOut { addr_ptr: MMAP_BASE + self.file.place(&bo) });
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
        let mut domains = bo.domains.lock().unwrap_or_else(PoisonError::into_inner);
        match op.op {
            uapi::GEM_OP_GET_GEM_CREATE_INFO => {
                let create = uapi::GemCreateIn { domains: *domains, ..bo.create };
                self.client.write(op.value, bytemuck::bytes_of(&create)).map(|()| 0)
            }
            uapi::GEM_OP_SET_PLACEMENT if bo.user.is_some() => Err(Errno::EPERM),
            uapi::GEM_OP_SET_PLACEMENT => {
                // A wish for the next time that it moves, which here it never has to.
                *domains = op.value & u64::from(uapi::GEM_DOMAIN_CPU | uapi::GEM_DOMAIN_GTT | uapi::GEM_DOMAIN_VRAM);
                Ok(0)
            }
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
        // What the shorter form lacks is zero: nothing to wait for, nobody to tell.
        let va: uapi::GemVaTimeline = get(arg);
        let sparse = va.flags & uapi::VM_PAGE_PRT != 0;
        let allowed = if sparse { uapi::VM_DELAY_UPDATE | uapi::VM_PAGE_PRT } else { FLAGS };
        if va.flags & !allowed != 0 {
            return Err(Errno::EINVAL);
        }
        let permissions = [
            (uapi::VM_PAGE_READABLE, Permissions::READ),
            (uapi::VM_PAGE_WRITEABLE, Permissions::WRITE),
            (uapi::VM_PAGE_EXECUTABLE, Permissions::EXECUTE),
        ];
        let permissions = permissions.iter().filter(|p| va.flags & p.0 != 0).map(|p| p.1).collect();
        let vm = Arc::clone(&self.vm);
        let bo = match va.operation {
            uapi::VA_OP_CLEAR => None,
            // Sparse pages are of no buffer.
            uapi::VA_OP_MAP | uapi::VA_OP_REPLACE | uapi::VA_OP_UNMAP if sparse => None,
            uapi::VA_OP_MAP | uapi::VA_OP_REPLACE | uapi::VA_OP_UNMAP => Some(self.object(va.handle)?),
            _ => return Err(Errno::EINVAL),
        };
        let nothing = self.card.arena.nothing();
        let update = move || {
            if matches!(va.operation, uapi::VA_OP_CLEAR | uapi::VA_OP_REPLACE) {
                vm.clear(va.va_address, va.map_size)?;
            }
            match &bo {
                _ if va.operation == uapi::VA_OP_CLEAR => Ok(()),
                None if va.operation == uapi::VA_OP_UNMAP => vm.unmap(va.va_address, 0),
                None => vm.map_sparse(va.va_address, va.map_size, nothing),
                Some(_) if va.operation == uapi::VA_OP_UNMAP => vm.unmap(va.va_address, va.handle),
                Some(bo) => vm.map(va.va_address, va.map_size, &bo.storage, va.offset_in_bo, permissions, va.handle),
            }
        };
        let told = match va.vm_timeline_syncobj_out {
            0 => None,
            handle => Some(self.syncobj(handle)?),
        };
        let mut before = Vec::new();
        if va.num_syncobj_handles != 0 {
            for sync in self.syncobj_list(va.input_fence_syncobj_handles, va.num_syncobj_handles)? {
                before.extend(sync.find(0).ok_or(Errno::EINVAL)?);
            }
        }
        let before = Fence::all(&self.card.events, &before);
        let done = Fence::new(&self.card.events);
        if before.is_signaled() {
            update()?;
            done.signal(Ok(()));
        } else {
            // Later the caller can't be told what is wrong; the fence can.
            let done = Arc::clone(&done);
            before.on_signal(move |result| done.signal(result.and_then(|()| update())));
        }
        if let Some(sync) = told {
            sync.add(va.vm_timeline_point, done);
            self.card.events.notify();
        }
        Ok(0)
    }
}
