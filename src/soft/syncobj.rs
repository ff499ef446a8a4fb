//! Synchronisation objects: a slot for a fence, or a timeline of them.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::fence::Fence;

/// What runs when something is submitted for a point: it gets the point's fences.
type Watcher = Box<dyn FnOnce(Vec<Arc<Fence>>) + Send>;

/// A DRM synchronisation object.
#[derive(Debug, Default)]
pub struct Syncobj {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Ascending points with their fences. A binary object is one entry at point 0.
    points: Vec<(u64, Arc<Fence>)>,
    /// The highest point that was signalled and then forgotten.
    passed: u64,
    /// Who waits for something to be submitted for a point.
    watchers: Vec<(u64, Watcher)>,
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State").field("points", &self.points).field("passed", &self.passed).finish_non_exhaustive()
    }
}

impl State {
    /// As [`Syncobj::find`].
    fn find(&mut self, point: u64) -> Option<Vec<Arc<Fence>>> {
        self.collect();
        if point == 0 {
            return match (self.points.is_empty(), self.passed) {
                (true, 0) => None,
                _ => Some(self.points.iter().map(|p| Arc::clone(&p.1)).collect()),
            };
        }
        if point <= self.passed {
            return Some(Vec::new());
        }
        let end = self.points.iter().position(|p| p.0 >= point)?;
        Some(self.points[..=end].iter().map(|p| Arc::clone(&p.1)).collect())
    }

    /// Takes out the watchers whose point has something now, and what it has.
    fn ready(&mut self) -> Vec<(Watcher, Vec<Arc<Fence>>)> {
        let (mut ready, mut rest) = (Vec::new(), Vec::new());
        for (point, watcher) in std::mem::take(&mut self.watchers) {
            match self.find(point) {
                Some(fences) => ready.push((watcher, fences)),
                None => rest.push((point, watcher)),
            }
        }
        self.watchers = rest;
        ready
    }

    /// Forgets leading points that are signalled, as the kernel's fence chain collects its tail.
    fn collect(&mut self) {
        let done = self.points.iter().take_while(|(p, f)| *p != 0 && f.status() == Some(Ok(()))).count();
        if done > 0 {
            self.passed = self.points[done - 1].0;
            self.points.drain(..done);
        }
    }
}

impl Syncobj {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes it, and tells whom that concerns.
    fn change(&self, change: impl FnOnce(&mut State)) {
        let ready = {
            let mut state = self.lock();
            change(&mut state);
            state.ready()
        };
        ready.into_iter().for_each(|(watcher, fences)| watcher(fences));
    }

    /// Puts a fence into a binary object, or empties it.
    pub fn replace(&self, fence: Option<Arc<Fence>>) {
        self.change(|state| {
            state.points = fence.into_iter().map(|f| (0, f)).collect();
            state.passed = 0;
        });
    }

    /// Adds a timeline point; point 0 replaces the binary fence. A point that doesn't rise is put after the last one.
    pub fn add(&self, point: u64, fence: Arc<Fence>) {
        if point == 0 {
            return self.replace(Some(fence));
        }
        self.change(|state| {
            state.collect();
            let last = state.points.last().map_or(state.passed, |p| p.0);
            state.points.push((point.max(last), fence));
        });
    }

    /// The fences that must all be signalled for `point` to be reached (0: the binary fence, or a timeline's end);
    /// `None` where nothing was submitted for it yet.
    pub fn find(&self, point: u64) -> Option<Vec<Arc<Fence>>> {
        self.lock().find(point)
    }

    /// Runs `watcher` with what [`find`](Self::find) gives, once it gives something.
    pub fn watch(&self, point: u64, watcher: impl FnOnce(Vec<Arc<Fence>>) + Send + 'static) {
        self.change(|state| state.watchers.push((point, Box::new(watcher))));
    }

    /// The last point that was signalled, or with `submitted` the last one that has a fence.
    pub fn query(&self, submitted: bool) -> u64 {
        let mut state = self.lock();
        state.collect();
        match state.points.last() {
            Some(last) if submitted => last.0,
            _ => state.passed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::soft::fence::Events;

    #[test]
    fn a_timeline_passes_points_in_order_only() {
        let events = Arc::new(Events::default());
        let (sync, one, two) = (Syncobj::default(), Fence::new(&events), Fence::new(&events));
        assert!(sync.find(1).is_none());
        sync.add(5, Arc::clone(&one));
        sync.add(9, Arc::clone(&two));
        assert_eq!((sync.query(false), sync.query(true)), (0, 9));
        two.signal(Ok(()));
        assert_eq!(sync.query(false), 0, "point 9 waits for point 5");
        assert_eq!(sync.find(7).unwrap().len(), 2);
        one.signal(Ok(()));
        assert_eq!(sync.query(false), 9);
        assert_eq!(sync.find(3).unwrap().len(), 0);
        assert!(sync.find(10).is_none());
    }

    #[test]
    fn a_binary_object_is_one_fence() {
        let events = Arc::new(Events::default());
        let sync = Syncobj::default();
        assert!(sync.find(0).is_none());
        sync.replace(Some(Fence::signaled(&events)));
        assert_eq!(sync.find(0).unwrap().len(), 1);
        sync.replace(None);
        assert!(sync.find(0).is_none());
    }
}
