//! Faults on purpose: a node whose requests fail as a driver's may, for tests of whatever stands above it.
//!
//! [`FaultyNode`] stands before another node. Rules say which requests fail, how and when; what no rule concerns goes
//! through. A request that fails by a rule never reaches the node behind, as one that a driver refuses has no effect.
//!
//! ```
//! use std::sync::Arc;
//! use sparkle_pm4::kmd::{Device, Errno, ioctls};
//! use sparkle_pm4::kmd::fault::{FaultyNode, When};
//! use sparkle_pm4::soft::{Config, SoftNode};
//!
//! let node = FaultyNode::new(Arc::new(SoftNode::new(Config::default())?))
//!     .fail(ioctls::GEM_CREATE.number(), Errno::ENOMEM, When::Nth(2))
//!     .fail_any(Errno::EINTR, When::Random { per_mille: 50 })
//!     .seed(7);
//! let device = Device::open(Arc::new(node))?;
//! assert!(device.alloc(4096, sparkle_pm4::kmd::Placement::Gtt).is_ok());
//! let error = device.alloc(4096, sparkle_pm4::kmd::Placement::Gtt).unwrap_err();
//! assert_eq!(error.code(), "kmd-out-of-memory");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::io;
use std::mem::offset_of;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use drm_sys::drm_version;
use memmap2::MmapRaw;

use super::explain::Explanation;
use super::ioctls;
use super::node::{Errno, Node, Protection};
use super::uapi::*;

/// Which of the calls that a rule concerns fail; they count from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum When {
    /// Each one.
    Always,
    /// That one alone.
    Nth(u64),
    /// That one and all that follow.
    From(u64),
    /// So many of a thousand, by the node's [`seed`](FaultyNode::seed).
    Random {
        /// How many.
        per_mille: u32,
    },
}

/// What a rule concerns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    /// The request of a number.
    Request(u8),
    /// Every request.
    Any,
    /// Mapping a buffer for the CPU.
    Map,
}

#[derive(Debug)]
struct Rule {
    what: What,
    errno: Errno,
    when: When,
    calls: u64,
}

#[derive(Debug)]
struct State {
    rules: Vec<Rule>,
    random: u64,
    calls: u64,
    injected: u64,
    vanishes_at: Option<u64>,
    armed: bool,
    history: Vec<u8>,
}

impl State {
    /// The errno of a call, if it is to fail.
    fn judge(&mut self, request: Option<u8>) -> Option<Errno> {
        if request.is_some() {
            self.calls += 1;
        }
        if let Some(number) = request {
            self.history.push(number);
        }
        if !self.armed {
            return None;
        }
        if self.vanishes_at.is_some_and(|at| self.calls >= at) {
            self.injected += 1;
            return Some(Errno::ENODEV);
        }
        let mut failure = None;
        for rule in &mut self.rules {
            let concerns = match (rule.what, request) {
                (What::Request(number), Some(asked)) => number == asked,
                (What::Any, Some(_)) => true,
                (What::Map, None) => true,
                _ => false,
            };
            if !concerns {
                continue;
            }
            rule.calls += 1;
            let hit = match rule.when {
                When::Always => true,
                When::Nth(n) => rule.calls == n,
                When::From(n) => rule.calls >= n,
                When::Random { per_mille } => next(&mut self.random) % 1000 < per_mille.into(),
            };
            if hit && failure.is_none() {
                failure = Some(rule.errno);
            }
        }
        self.injected += u64::from(failure.is_some());
        failure
    }
}

/// A number that follows from the one before (SplitMix64, by Steele, Lea and Flood).
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A node with faults.
#[derive(Debug)]
pub struct FaultyNode {
    inner: Arc<dyn Node>,
    minor: Option<i32>,
    state: Mutex<State>,
}

impl FaultyNode {
    /// Before another node, with no faults yet.
    pub fn new(inner: Arc<dyn Node>) -> Self {
        let state = State {
            rules: Vec::new(),
            random: 0,
            calls: 0,
            injected: 0,
            vanishes_at: None,
            armed: true,
            history: Vec::new(),
        };
        Self { inner, minor: None, state: Mutex::new(state) }
    }

    fn with(mut self, change: impl FnOnce(&mut State)) -> Self {
        change(self.state.get_mut().unwrap_or_else(PoisonError::into_inner));
        self
    }

    fn rule(self, what: What, errno: Errno, when: When) -> Self {
        self.with(|state| state.rules.push(Rule { what, errno, when, calls: 0 }))
    }

    /// Requests of this number ([`Ioctl::number`](ioctls::Ioctl::number)) fail. Of several rules that concern a call, the
    /// first that hits counts.
    #[must_use]
    pub fn fail(self, number: u8, errno: Errno, when: When) -> Self {
        self.rule(What::Request(number), errno, when)
    }

    /// Requests of every number fail.
    #[must_use]
    pub fn fail_any(self, errno: Errno, when: When) -> Self {
        self.rule(What::Any, errno, when)
    }

    /// Mapping buffers for the CPU fails.
    #[must_use]
    pub fn fail_map(self, errno: Errno, when: When) -> Self {
        self.rule(What::Map, errno, when)
    }

    /// What random rules follow from; the same calls with the same seed fail again.
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        self.with(|state| state.random = seed)
    }

    /// The card vanishes: from the request of that number on, counted from 1, everything fails with ENODEV.
    #[must_use]
    pub fn vanish_at(self, call: u64) -> Self {
        self.with(|state| state.vanishes_at = Some(call))
    }

    /// Answers as an older kernel, DRM 3.40 at the least: its version, shorter structures whose rest stays zero, and EINVAL
    /// for what it doesn't know.
    #[must_use]
    pub fn drm_minor(mut self, minor: i32) -> Self {
        self.minor = Some(minor);
        self
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Requests so far, those that failed by a rule among them.
    pub fn calls(&self) -> u64 {
        self.state().calls
    }

    /// The numbers of those requests, in order.
    pub fn history(&self) -> Vec<u8> {
        self.state().history.clone()
    }

    /// Faults so far.
    pub fn injected(&self) -> u64 {
        self.state().injected
    }

    /// Lets everything through from now on, or has the rules hold again.
    pub fn arm(&self, armed: bool) {
        self.state().armed = armed;
    }

    /// What an older kernel makes of a request: EINVAL, or a shorter answer.
    fn older(&self, minor: i32, number: u8, arg: &mut [u8]) -> Result<(), Errno> {
        let word =
            |arg: &[u8], at: usize| arg.get(at..at + 4).map_or(0, |b| u32::from_ne_bytes([b[0], b[1], b[2], b[3]]));
        if number == ioctls::INFO.number() {
            let query = word(arg, offset_of!(Info, query));
            let since = match query {
                INFO_VIDEO_CAPS => 41,
                INFO_MAX_IBS => 50,
                INFO_GPUVM_FAULT => 55,
                _ => 0,
            };
            if minor < since {
                return Err(Errno::EINVAL);
            }
            let whole = match query {
                // The caches came with 3.52, the shadow areas with 3.53.
                INFO_DEV_INFO if minor < 52 => offset_of!(InfoDevice, tcp_cache_size),
                INFO_DEV_INFO if minor < 53 => offset_of!(InfoDevice, shadow_size),
                INFO_HW_IP_INFO if minor < 48 => offset_of!(InfoHwIp, ip_discovery_version),
                _ => return Ok(()),
            };
            let size = word(arg, offset_of!(Info, return_size)).min(whole as u32);
            let at = offset_of!(Info, return_size);
            arg[at..at + 4].copy_from_slice(&size.to_ne_bytes());
        }
        if number == ioctls::CTX_STATE.number() && minor < 45 {
            let op = word(arg, offset_of!(CtxIn, op));
            if matches!(op, CTX_OP_GET_STABLE_PSTATE | CTX_OP_SET_STABLE_PSTATE) {
                return Err(Errno::EINVAL);
            }
        }
        Ok(())
    }
}

impl Node for FaultyNode {
    unsafe fn ioctl(&self, request: u32, arg: &mut [u8]) -> Result<i32, Errno> {
        let number = request as u8;
        if let Some(errno) = self.state().judge(Some(number)) {
            return Err(errno);
        }
        let Some(minor) = self.minor else {
            // SAFETY: the caller's promise, for the same bytes.
            return unsafe { self.inner.ioctl(request, arg) };
        };
        // The question stays as it was: only the answer is shorter.
        let question = (number == ioctls::INFO.number()).then(|| arg.to_vec());
        self.older(minor, number, arg)?;
        // SAFETY: the caller's promise; of the bytes that `older` changed, one says that there is less room than there is.
        let answer = unsafe { self.inner.ioctl(request, arg) };
        if let Some(question) = question {
            arg.copy_from_slice(&question);
        }
        if number == ioctls::VERSION.number() && answer.is_ok() {
            let at = offset_of!(drm_version, version_minor);
            arg[at..at + 4].copy_from_slice(&minor.to_ne_bytes());
        }
        answer
    }

    fn mmap(&self, offset: u64, len: usize, protection: Protection) -> io::Result<MmapRaw> {
        match self.state().judge(None) {
            Some(errno) => Err(errno.into()),
            None => self.inner.mmap(offset, len, protection),
        }
    }

    unsafe fn adopt_pages(&self, handle: u32, addr: *mut u8, len: usize) -> io::Result<()> {
        // SAFETY: the caller's promise.
        unsafe { self.inner.adopt_pages(handle, addr, len) }
    }

    fn poll(&self, timeout: Duration) -> io::Result<bool> {
        self.inner.poll(timeout)
    }

    fn explain(&self, context: u32) -> Option<Explanation> {
        self.inner.explain(context)
    }

    fn open_another(&self) -> io::Result<Arc<dyn Node>> {
        self.inner.open_another()
    }
}
