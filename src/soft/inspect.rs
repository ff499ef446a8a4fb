//! Checks, counts and traces of what waves do, while they run.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use isa_exec::check::Inspector;

/// A handle to the observer of a card's waves: what [`Config::inspection`](super::Config::inspection) takes, and what
/// its results are read from afterwards.
#[derive(Clone, Default)]
pub struct Inspection(Arc<Mutex<Inspector>>);

impl fmt::Debug for Inspection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inspection").finish_non_exhaustive()
    }
}

impl Inspection {
    /// With these parts.
    pub fn new(inspector: Inspector) -> Self {
        Self(Arc::new(Mutex::new(inspector)))
    }

    /// Works on the observer; waves wait meanwhile.
    pub fn with<T>(&self, work: impl FnOnce(&mut Inspector) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
