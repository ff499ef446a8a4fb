//! Contexts and buffer lists.

use std::sync::Arc;

use nix::errno::Errno;

use super::{ARRAY_LIMIT, BoList, Call, get, put};
use crate::kmd::uapi;
use crate::soft::context::Context;
use crate::soft::descriptor;
use crate::soft::share::{Kind, Name};

fn is_priority(value: i32) -> bool {
    [
        uapi::CTX_PRIORITY_VERY_LOW,
        uapi::CTX_PRIORITY_LOW,
        uapi::CTX_PRIORITY_NORMAL,
        uapi::CTX_PRIORITY_HIGH,
        uapi::CTX_PRIORITY_VERY_HIGH,
    ]
    .contains(&value)
}

impl Call<'_> {
    /// `AMDGPU_VM`. Each file's work has its address space here whatever it reserves.
    pub(super) fn vm_op(&self, arg: &mut [u8]) -> Result<i32, Errno> {
        match get::<uapi::VmIn>(arg).op {
            uapi::VM_OP_RESERVE_VMID | uapi::VM_OP_UNRESERVE_VMID => {
                put(arg, &uapi::VmOut::default());
                Ok(0)
            }
            _ => Err(Errno::EINVAL),
        }
    }

    /// `AMDGPU_SCHED`: the master overrides the priorities of another file's contexts.
    pub(super) fn sched(&self, arg: &[u8]) -> Result<i32, Errno> {
        let sched: uapi::SchedIn = get(arg);
        let one = match sched.op {
            uapi::SCHED_OP_PROCESS_PRIORITY_OVERRIDE => false,
            uapi::SCHED_OP_CONTEXT_PRIORITY_OVERRIDE => true,
            _ => return Err(Errno::EINVAL),
        };
        if !is_priority(sched.priority) {
            return Err(Errno::EINVAL);
        }
        let name = Name::of(descriptor::duplicate(sched.fd as i32)?);
        let name = name.filter(|name| name.kind == Kind::Drm).ok_or(Errno::EINVAL)?;
        let contexts = self.card.contexts_of(name.serial).ok_or(Errno::EINVAL)?;
        match one {
            true => contexts.get(sched.ctx_id).ok_or(Errno::EINVAL)?.set_priority(sched.priority),
            false => contexts.each(|context| context.set_priority(sched.priority)),
        }
        self.card.events.notify();
        Ok(0)
    }

    /// EACCES for who may not go before others: root may, and the master.
    pub(super) fn may_go_first(&self) -> Result<(), Errno> {
        let may = self.card.is_master(self.file.id) || nix::unistd::geteuid().is_root();
        if may { Ok(()) } else { Err(Errno::EACCES) }
    }

    pub(super) fn context(&self, id: u32) -> Result<Arc<Context>, Errno> {
        self.contexts.get(id).ok_or(Errno::EINVAL)
    }

    pub(super) fn ctx(&self, arg: &mut [u8]) -> Result<i32, Errno> {
        let ctx: uapi::CtxIn = get(arg);
        let resets = self.card.resets();
        match ctx.op {
            uapi::CTX_OP_ALLOC_CTX => {
                // What is no priority is the normal one, as it was before there were any.
                let priority = if is_priority(ctx.priority) { ctx.priority } else { uapi::CTX_PRIORITY_NORMAL };
                if priority > uapi::CTX_PRIORITY_NORMAL {
                    self.may_go_first()?;
                }
                let context = Arc::new(Context::new(resets.count(), resets.lost(), priority));
                let ctx_id = self.contexts.insert(context);
                put(arg, &uapi::CtxOutAlloc { ctx_id, _pad: 0 });
            }
            uapi::CTX_OP_FREE_CTX => {
                let context = self.contexts.remove(ctx.ctx_id).ok_or(Errno::EINVAL)?;
                self.card.release_pstate(context.serial);
            }
            uapi::CTX_OP_QUERY_STATE => {
                let context = self.context(ctx.ctx_id)?;
                // The old query cannot tell who was to blame.
                let reset_status = match context.news(resets.count()) || context.is_lost() {
                    true => uapi::CTX_UNKNOWN_RESET,
                    false => uapi::CTX_NO_RESET,
                };
                put(arg, &uapi::CtxOutState { flags: 0, hangs: context.is_lost().into(), reset_status });
            }
            uapi::CTX_OP_QUERY_STATE2 => {
                let context = self.context(ctx.ctx_id)?;
                let mut flags = 0;
                for (flag, holds) in [
                    (uapi::CTX_QUERY2_FLAGS_RESET, context.seen_reset(resets.count())),
                    (uapi::CTX_QUERY2_FLAGS_VRAMLOST, context.seen_loss(resets.lost())),
                    (uapi::CTX_QUERY2_FLAGS_GUILTY, context.is_lost()),
                    (uapi::CTX_QUERY2_FLAGS_RESET_IN_PROGRESS, resets.in_progress()),
                ] {
                    flags |= if holds { flag } else { 0 };
                }
                put(arg, &uapi::CtxOutState { flags, hangs: 0, reset_status: 0 });
            }
            uapi::CTX_OP_GET_STABLE_PSTATE => {
                self.context(ctx.ctx_id)?;
                if ctx.flags != 0 {
                    return Err(Errno::EINVAL);
                }
                put(arg, &uapi::CtxOutPstate { flags: self.card.pstate(), _pad: 0 });
            }
            uapi::CTX_OP_SET_STABLE_PSTATE => {
                let context = self.context(ctx.ctx_id)?;
                if ctx.flags > uapi::CTX_STABLE_PSTATE_PEAK {
                    return Err(Errno::EINVAL);
                }
                self.card.set_pstate(ctx.flags, context.serial)?;
                put(arg, &uapi::CtxOutPstate { flags: ctx.flags, _pad: 0 });
            }
            _ => return Err(Errno::EINVAL),
        }
        Ok(0)
    }

    /// Reads a list's entries and looks the objects up.
    pub(super) fn read_list(&self, list: &uapi::BoListIn) -> Result<BoList, Errno> {
        // Entries of another size than ours: their common part counts, and what is missing is zero.
        const LARGEST: u64 = 4096;
        let (count, size) = (u64::from(list.bo_number), u64::from(list.bo_info_size));
        if count > ARRAY_LIMIT || size == 0 || size > LARGEST {
            return Err(Errno::EINVAL);
        }
        let bytes = self.client.read_array::<u8>(list.bo_info_ptr, count * size, ARRAY_LIMIT * LARGEST)?;
        let entries: Vec<uapi::BoListEntry> = bytes.chunks_exact(size as usize).map(get).collect();
        entries.iter().map(|e| self.object(e.bo_handle)).collect::<Result<Vec<_>, _>>().map(Arc::new)
    }

    pub(super) fn bo_list(&self, arg: &mut [u8]) -> Result<i32, Errno> {
        let list: uapi::BoListIn = get(arg);
        let list_handle = match list.operation {
            uapi::BO_LIST_OP_CREATE => self.lists.insert(self.read_list(&list)?),
            uapi::BO_LIST_OP_DESTROY => {
                self.lists.remove(list.list_handle);
                0
            }
            uapi::BO_LIST_OP_UPDATE => {
                let entries = self.read_list(&list)?;
                let mut lists = self.lists.lock();
                *lists.get_mut(&list.list_handle).ok_or(Errno::ENOENT)? = entries;
                list.list_handle
            }
            _ => return Err(Errno::EINVAL),
        };
        put(arg, &uapi::BoListOut { list_handle, _pad: 0 });
        Ok(0)
    }
}
