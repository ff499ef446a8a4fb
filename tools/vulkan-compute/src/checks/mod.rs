//! The checks. A check asks for nothing beyond Vulkan 1.2's minimum without looking whether it is offered.

mod arithmetic;
mod atomics;
mod dispatch;
mod images;
mod levels;
mod numbers;
mod reduce;
mod resources;
mod subgroups;
mod sync;
mod timelines;
mod transfer;

use crate::error::{Error, Result};
use crate::vk::Scope;

/// How a check that did not fail ended.
pub enum Outcome {
    /// Every answer was right; what was checked, in a few words.
    Passed(String),
    /// The device does not offer what the check needs.
    Skipped(String),
}

/// A check.
#[derive(Clone, Copy)]
pub struct Check {
    /// Its name, for `--only` and the output.
    pub name: &'static str,
    /// What it looks at.
    pub about: &'static str,
    /// Runs it.
    pub run: fn(&Scope<'_>) -> Result<Outcome>,
}

/// The SPIR-V of a shader of this crate.
macro_rules! spirv {
    ($name:literal) => {
        include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/shaders/", $name, ".spv")).as_slice()
    };
}
use spirv;

fn passed(what: impl Into<String>) -> Result<Outcome> {
    Ok(Outcome::Passed(what.into()))
}

fn skipped(why: impl Into<String>) -> Result<Outcome> {
    Ok(Outcome::Skipped(why.into()))
}

/// How many workgroups of `size` cover `count` invocations.
fn groups(count: usize, size: usize) -> u32 {
    count.div_ceil(size) as u32
}

/// Every check, in the order in which they run.
pub fn all() -> Vec<Check> {
    [
        arithmetic::CHECKS,
        numbers::CHECKS,
        reduce::CHECKS,
        subgroups::CHECKS,
        atomics::CHECKS,
        dispatch::CHECKS,
        transfer::CHECKS,
        resources::CHECKS,
        images::CHECKS,
        levels::CHECKS,
        sync::CHECKS,
        timelines::CHECKS,
    ]
    .concat()
}

/// The checks of these names, or all when there are none.
pub fn select(names: &[String], skip: &[String]) -> Result<Vec<Check>> {
    let mut checks = all();
    if let Some(unknown) = names.iter().chain(skip).find(|name| checks.iter().all(|check| check.name != **name)) {
        return Err(Error::Missing(format!("no check is called {unknown:?}; --list shows them")));
    }
    checks.retain(|check| names.is_empty() || names.iter().any(|name| name == check.name));
    checks.retain(|check| skip.iter().all(|name| name != check.name));
    Ok(checks)
}
