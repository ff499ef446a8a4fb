//! Contexts and buffer lists.

use std::sync::Arc;

use nix::errno::Errno;

use super::{ARRAY_LIMIT, BoList, Call, get, put};
use crate::kmd::uapi;
use crate::soft::context::Context;

impl Call<'_> {
    pub(super) fn context(&self, id: u32) -> Result<Arc<Context>, Errno> {
        self.contexts.get(id).ok_or(Errno::EINVAL)
    }

    pub(super) fn ctx(&self, arg: &mut [u8]) -> Result<i32, Errno> {
        let ctx: uapi::CtxIn = get(arg);
        match ctx.op {
            uapi::CTX_OP_ALLOC_CTX => {
                if ctx.priority > uapi::CTX_PRIORITY_NORMAL && !nix::unistd::geteuid().is_root() {
                    return Err(Errno::EACCES);
                }
                let ctx_id = self.contexts.insert(Arc::new(Context::new(self.card.resets())));
                put(arg, &uapi::CtxOutAlloc { ctx_id, _pad: 0 });
            }
            uapi::CTX_OP_FREE_CTX => {
                let context = self.contexts.remove(ctx.ctx_id).ok_or(Errno::EINVAL)?;
                self.card.release_pstate(context.serial);
            }
            uapi::CTX_OP_QUERY_STATE => {
                let context = self.context(ctx.ctx_id)?;
                // The old query cannot tell who was to blame.
                let reset_status = match context.seen_reset(self.card.resets()) || context.is_lost() {
                    true => uapi::CTX_UNKNOWN_RESET,
                    false => uapi::CTX_NO_RESET,
                };
                put(arg, &uapi::CtxOutState { flags: 0, hangs: 0, reset_status });
            }
            uapi::CTX_OP_QUERY_STATE2 => {
                let context = self.context(ctx.ctx_id)?;
                let mut flags = 0;
                if context.seen_reset(self.card.resets()) {
                    flags |= uapi::CTX_QUERY2_FLAGS_RESET;
                }
                if context.is_lost() {
                    flags |= uapi::CTX_QUERY2_FLAGS_GUILTY;
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
        if list.bo_info_size as usize != size_of::<uapi::BoListEntry>() {
            // The kernel takes other sizes for its own future; nobody sends them.
            return Err(Errno::EINVAL);
        }
        let entries =
            self.client.read_array::<uapi::BoListEntry>(list.bo_info_ptr, list.bo_number.into(), ARRAY_LIMIT)?;
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
