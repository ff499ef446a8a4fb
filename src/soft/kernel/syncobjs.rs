//! Synchronisation objects, binary and timeline.

use std::fs::File;
use std::io::Write;
use std::mem::offset_of;
use std::sync::Arc;

use drm_sys::{
    drm_syncobj_array, drm_syncobj_create, drm_syncobj_eventfd, drm_syncobj_handle, drm_syncobj_timeline_array,
    drm_syncobj_timeline_wait, drm_syncobj_transfer, drm_syncobj_wait,
};
use nix::errno::Errno;

use super::{ARRAY_LIMIT, Call, SUBMIT_WAIT_NS, SYNCOBJ_WAIT_FOR_SUBMIT, field, in_ns, set_field};
use crate::soft::descriptor;
use crate::soft::fence::Fence;
use crate::soft::share::{Object, SyncFile, release};
use crate::soft::syncobj::Syncobj;

const SYNCOBJ_CREATE_SIGNALED: u32 = 1;
const SYNCOBJ_WAIT_ALL: u32 = 1;
const SYNCOBJ_WAIT_AVAILABLE: u32 = 4;
/// A hint by when the caller would like the fence; nothing here can hurry.
const SYNCOBJ_WAIT_DEADLINE: u32 = 8;
const SYNCOBJ_QUERY_LAST_SUBMITTED: u32 = 1;
/// Of both directions: the descriptor is a sync file, not the object itself.
const SYNCOBJ_FD_SYNC_FILE: u32 = 1;
/// Of both directions: the fence is that of a point.
const SYNCOBJ_FD_TIMELINE: u32 = 2;

impl Call<'_> {
    pub(super) fn syncobj_create(&self, arg: &mut [u8]) -> Result<i32, Errno> {
        let flags: u32 = field(arg, offset_of!(drm_syncobj_create, flags));
        if flags & !SYNCOBJ_CREATE_SIGNALED != 0 {
            return Err(Errno::EINVAL);
        }
        let sync = Arc::new(Syncobj::default());
        if flags & SYNCOBJ_CREATE_SIGNALED != 0 {
            sync.replace(Some(Fence::signaled(&self.card.events)));
        }
        set_field(arg, offset_of!(drm_syncobj_create, handle), self.syncobjs.insert(sync));
        Ok(0)
    }

    pub(super) fn syncobj(&self, handle: u32) -> Result<Arc<Syncobj>, Errno> {
        self.syncobjs.get(handle).ok_or(Errno::ENOENT)
    }

    pub(super) fn syncobj_list(&self, address: u64, count: u32) -> Result<Vec<Arc<Syncobj>>, Errno> {
        if count == 0 {
            return Err(Errno::EINVAL);
        }
        let handles = self.client.read_array::<u32>(address, count.into(), ARRAY_LIMIT)?;
        handles.into_iter().map(|h| self.syncobj(h)).collect()
    }

    pub(super) fn syncobj_each(&self, arg: &[u8], f: impl Fn(&Syncobj)) -> Result<i32, Errno> {
        let list = self.syncobj_list(
            field(arg, offset_of!(drm_syncobj_array, handles)),
            field(arg, offset_of!(drm_syncobj_array, count_handles)),
        )?;
        list.iter().for_each(|s| f(s));
        self.card.events.notify();
        Ok(0)
    }

    pub(super) fn syncobj_wait(&self, arg: &mut [u8]) -> Result<i32, Errno> {
        let count = field(arg, offset_of!(drm_syncobj_wait, count_handles));
        let list = self.syncobj_list(field(arg, offset_of!(drm_syncobj_wait, handles)), count)?;
        let points = vec![0; list.len()];
        let flags = field(arg, offset_of!(drm_syncobj_wait, flags));
        let first = self.wait_points(&list, &points, field(arg, offset_of!(drm_syncobj_wait, timeout_nsec)), flags)?;
        set_field(arg, offset_of!(drm_syncobj_wait, first_signaled), first);
        Ok(0)
    }

    pub(super) fn syncobj_timeline_wait(&self, arg: &mut [u8]) -> Result<i32, Errno> {
        let count: u32 = field(arg, offset_of!(drm_syncobj_timeline_wait, count_handles));
        let list = self.syncobj_list(field(arg, offset_of!(drm_syncobj_timeline_wait, handles)), count)?;
        let at = field(arg, offset_of!(drm_syncobj_timeline_wait, points));
        let points = self.client.read_array::<u64>(at, count.into(), ARRAY_LIMIT)?;
        let flags = field(arg, offset_of!(drm_syncobj_timeline_wait, flags));
        let deadline = field(arg, offset_of!(drm_syncobj_timeline_wait, timeout_nsec));
        let first = self.wait_points(&list, &points, deadline, flags)?;
        set_field(arg, offset_of!(drm_syncobj_timeline_wait, first_signaled), first);
        Ok(0)
    }

    pub(super) fn wait_points(
        &self,
        list: &[Arc<Syncobj>],
        points: &[u64],
        deadline: i64,
        flags: u32,
    ) -> Result<u32, Errno> {
        const FLAGS: u32 = SYNCOBJ_WAIT_ALL | SYNCOBJ_WAIT_FOR_SUBMIT | SYNCOBJ_WAIT_AVAILABLE | SYNCOBJ_WAIT_DEADLINE;
        if flags & !FLAGS != 0 {
            return Err(Errno::EINVAL);
        }
        let for_submit = flags & (SYNCOBJ_WAIT_FOR_SUBMIT | SYNCOBJ_WAIT_AVAILABLE) != 0;
        if !for_submit && list.iter().zip(points).any(|(s, &p)| s.find(p).is_none()) {
            return Err(Errno::EINVAL);
        }
        let reached = |sync: &Syncobj, point| match sync.find(point) {
            None => false,
            Some(fences) => flags & SYNCOBJ_WAIT_AVAILABLE != 0 || fences.iter().all(|f| f.is_signaled()),
        };
        let waited = self.wait(deadline, || {
            let mut done = list.iter().zip(points).map(|(s, &p)| reached(s, p));
            if flags & SYNCOBJ_WAIT_ALL != 0 { done.all(|d| d).then_some(0) } else { done.position(|d| d) }
        })?;
        waited.map(|i| i as u32).ok_or(Errno::ETIME)
    }

    pub(super) fn syncobj_timeline(&self, arg: &[u8]) -> Result<(Vec<Arc<Syncobj>>, u64, u32), Errno> {
        let count = field(arg, offset_of!(drm_syncobj_timeline_array, count_handles));
        let list = self.syncobj_list(field(arg, offset_of!(drm_syncobj_timeline_array, handles)), count)?;
        let points = field(arg, offset_of!(drm_syncobj_timeline_array, points));
        Ok((list, points, field(arg, offset_of!(drm_syncobj_timeline_array, flags))))
    }

    pub(super) fn syncobj_query(&self, arg: &[u8]) -> Result<i32, Errno> {
        let (list, address, flags) = self.syncobj_timeline(arg)?;
        if flags & !SYNCOBJ_QUERY_LAST_SUBMITTED != 0 {
            return Err(Errno::EINVAL);
        }
        let points: Vec<u64> = list.iter().map(|s| s.query(flags != 0)).collect();
        self.client.write(address, bytemuck::cast_slice(&points))?;
        Ok(0)
    }

    pub(super) fn syncobj_timeline_signal(&self, arg: &[u8]) -> Result<i32, Errno> {
        let (list, address, flags) = self.syncobj_timeline(arg)?;
        if flags != 0 {
            return Err(Errno::EINVAL);
        }
        let points = self.client.read_array::<u64>(address, list.len() as u64, ARRAY_LIMIT)?;
        for (sync, point) in list.iter().zip(points) {
            sync.add(point, Fence::signaled(&self.card.events));
        }
        self.card.events.notify();
        Ok(0)
    }

    /// The fences of a point, waiting for them to be submitted where the flags say so; EINVAL where they aren't.
    pub(super) fn point_fences(&self, sync: &Syncobj, point: u64, flags: u32) -> Result<Vec<Arc<Fence>>, Errno> {
        match sync.find(point) {
            Some(fences) => Ok(fences),
            None if flags & SYNCOBJ_WAIT_FOR_SUBMIT != 0 => {
                self.wait(in_ns(SUBMIT_WAIT_NS), || sync.find(point))?.ok_or(Errno::ETIME)
            }
            None => Err(Errno::EINVAL),
        }
    }

    pub(super) fn syncobj_transfer(&self, arg: &[u8]) -> Result<i32, Errno> {
        if field::<u32>(arg, offset_of!(drm_syncobj_transfer, pad)) != 0 {
            return Err(Errno::EINVAL);
        }
        let target = self.syncobj(field(arg, offset_of!(drm_syncobj_transfer, dst_handle)))?;
        let source = self.syncobj(field(arg, offset_of!(drm_syncobj_transfer, src_handle)))?;
        let flags = field(arg, offset_of!(drm_syncobj_transfer, flags));
        let fences = self.point_fences(&source, field(arg, offset_of!(drm_syncobj_transfer, src_point)), flags)?;
        let point = field(arg, offset_of!(drm_syncobj_transfer, dst_point));
        target.add(point, Fence::all(&self.card.events, &fences));
        self.card.events.notify();
        Ok(0)
    }

    pub(super) fn syncobj_handle_to_fd(&self, arg: &mut [u8]) -> Result<i32, Errno> {
        let flags: u32 = field(arg, offset_of!(drm_syncobj_handle, flags));
        let pad: u32 = field(arg, offset_of!(drm_syncobj_handle, pad));
        if pad != 0 || flags & !(SYNCOBJ_FD_SYNC_FILE | SYNCOBJ_FD_TIMELINE) != 0 {
            return Err(Errno::EINVAL);
        }
        let handle = field(arg, offset_of!(drm_syncobj_handle, handle));
        let object = if flags & SYNCOBJ_FD_SYNC_FILE != 0 {
            let point = field(arg, offset_of!(drm_syncobj_handle, point));
            let point = if flags & SYNCOBJ_FD_TIMELINE != 0 { point } else { 0 };
            let fences = self.point_fences(&*self.syncobj(handle)?, point, 0)?;
            Object::Sync(SyncFile::new(&self.card.events, String::new(), fences))
        } else {
            Object::Syncobj(self.syncobj(handle).map_err(|_| Errno::EINVAL)?)
        };
        // Always closed on exec.
        let number = release(self.card.shares.give(object)?, true)?;
        set_field(arg, offset_of!(drm_syncobj_handle, fd), number);
        Ok(0)
    }

    /// With the flag, puts a sync file's fence into an object that the caller has; else makes a handle of the object.
    pub(super) fn syncobj_fd_to_handle(&self, arg: &mut [u8]) -> Result<i32, Errno> {
        let flags: u32 = field(arg, offset_of!(drm_syncobj_handle, flags));
        let pad: u32 = field(arg, offset_of!(drm_syncobj_handle, pad));
        if pad != 0 || flags & !(SYNCOBJ_FD_SYNC_FILE | SYNCOBJ_FD_TIMELINE) != 0 {
            return Err(Errno::EINVAL);
        }
        // Whatever is wrong with the descriptor is one error here.
        let find = || {
            let number = field(arg, offset_of!(drm_syncobj_handle, fd));
            self.card.shares.find(number).map_err(|_| Errno::EINVAL)
        };
        if flags & SYNCOBJ_FD_SYNC_FILE != 0 {
            let Object::Sync(file) = find()? else { return Err(Errno::EINVAL) };
            let target = self.syncobj(field(arg, offset_of!(drm_syncobj_handle, handle)))?;
            let point = field(arg, offset_of!(drm_syncobj_handle, point));
            target.add(if flags & SYNCOBJ_FD_TIMELINE != 0 { point } else { 0 }, file.whole);
            self.card.events.notify();
        } else {
            let Object::Syncobj(sync) = find()? else { return Err(Errno::EINVAL) };
            set_field(arg, offset_of!(drm_syncobj_handle, handle), self.syncobjs.insert(sync));
        }
        Ok(0)
    }

    /// Has an eventfd of the caller written to when a point is signalled, or with the flag when it is submitted. Unlike
    /// the waits, it takes a point that nobody submitted yet.
    pub(super) fn syncobj_eventfd(&self, arg: &[u8]) -> Result<i32, Errno> {
        let flags: u32 = field(arg, offset_of!(drm_syncobj_eventfd, flags));
        let pad: u32 = field(arg, offset_of!(drm_syncobj_eventfd, pad));
        if pad != 0 || flags & !SYNCOBJ_WAIT_AVAILABLE != 0 {
            return Err(Errno::EINVAL);
        }
        let sync = self.syncobj(field(arg, offset_of!(drm_syncobj_eventfd, handle)))?;
        let target = File::from(descriptor::eventfd(field(arg, offset_of!(drm_syncobj_eventfd, fd)))?);
        let events = Arc::clone(&self.card.events);
        let tell = move || {
            // A counter that is full was told often enough.
            let _ = (&target).write_all(&1u64.to_ne_bytes());
        };
        sync.watch(field(arg, offset_of!(drm_syncobj_eventfd, point)), move |fences| match flags {
            0 => Fence::all(&events, &fences).on_signal(move |_| tell()),
            _ => tell(),
        });
        Ok(0)
    }
}
