//! What the stream does, against what it was meant to do.

use super::{At, Does, Linter, rules};
use crate::submission::{Effect, Launch, canonical};
use alloc::format;
use alloc::string::String;

/// What an effect is, in a word.
fn kind(effect: &Effect) -> &'static str {
    match effect {
        Effect::Dispatch(_) => "a dispatch",
        Effect::Write { .. } => "a write",
        Effect::Fill { .. } => "a fill",
        Effect::Copy { .. } => "a copy",
        Effect::Atomic { .. } => "an atomic operation",
        Effect::Fence { .. } => "a fence",
        Effect::Timestamp { .. } => "a time stamp",
        Effect::Wait { .. } => "a wait",
    }
}

impl Linter<'_> {
    /// The steps against the plan, in order; the first difference is the finding.
    pub(super) fn check_plan(&mut self) {
        let submission = self.submission;
        let Some(plan) = &submission.plan else { return };
        if self.broken {
            return;
        }
        for index in 0..self.steps.len().max(plan.len()) {
            let (step, planned) = (self.steps.get(index), plan.get(index));
            let (at, rule, message) = match (step, planned) {
                (None, None) => return,
                (None, Some(effect)) => {
                    let message = format!("{} steps of {}; next planned: {}", index, plan.len(), kind(effect));
                    (At::default(), &rules::PLAN_MISSING, message)
                }
                (Some(step), None) => {
                    let what = match &step.does {
                        Does::Effect(effect) | Does::Launch(effect, _) => kind(effect),
                        Does::Unclear => "a dispatch",
                        Does::Scribble { .. } => "a write",
                    };
                    (step.at, &rules::PLAN_EXTRA, format!("{what}, and the plan has {} steps", plan.len()))
                }
                (Some(step), Some(effect)) => {
                    let (rule, message) = match (&step.does, effect) {
                        (Does::Launch(Effect::Dispatch(launch), loaded), Effect::Dispatch(planned)) => {
                            match launch_difference(launch, planned, *loaded) {
                                Some(message) => (&rules::PLAN_LAUNCH, message),
                                None => continue,
                            }
                        }
                        // It has its own finding.
                        (Does::Unclear, Effect::Dispatch(_)) => continue,
                        (Does::Effect(done), planned) | (Does::Launch(done, _), planned) => {
                            if core::mem::discriminant(done) != core::mem::discriminant(planned) {
                                (&rules::PLAN_OTHER, format!("{}, planned is {}", kind(done), kind(planned)))
                            } else {
                                match difference(done, planned) {
                                    Some(message) => (&rules::PLAN_ACCESS, message),
                                    None => continue,
                                }
                            }
                        }
                        (Does::Unclear, planned) => {
                            (&rules::PLAN_OTHER, format!("a dispatch, planned is {}", kind(planned)))
                        }
                        (Does::Scribble { va, .. }, planned) => {
                            let message = format!("unforeseeable data at {va:#x}, planned is {}", kind(planned));
                            (&rules::PLAN_OTHER, message)
                        }
                    };
                    (step.at, rule, message)
                }
            };
            return self.find_at(at, rule, message);
        }
    }
}

/// `what` differs.
fn unequal<T: PartialEq + core::fmt::Debug>(what: &str, done: &T, planned: &T) -> Option<String> {
    (done != planned).then(|| format!("{what} {done:?}, planned is {planned:?}"))
}

fn unequal_hex(what: &str, done: u64, planned: u64) -> Option<String> {
    (done != planned).then(|| format!("{what} {done:#x}, planned is {planned:#x}"))
}

/// The first aspect in which memory would see the two apart.
fn difference(done: &Effect, planned: &Effect) -> Option<String> {
    let address = |done: u64, planned: u64| unequal_hex("address", canonical(done), canonical(planned));
    match (done, planned) {
        (Effect::Write { va, data }, Effect::Write { va: other, data: planned }) => {
            address(*va, *other).or_else(|| unequal("dwords", &data.len(), &planned.len())).or_else(|| {
                let at = data.iter().zip(planned).position(|(a, b)| a != b)?;
                unequal_hex(&format!("dword {at}"), data[at].into(), planned[at].into())
            })
        }
        (Effect::Fill { va, value, bytes }, Effect::Fill { va: other, value: planned, bytes: length }) => {
            address(*va, *other)
                .or_else(|| unequal_hex("value", (*value).into(), (*planned).into()))
                .or_else(|| unequal_hex("bytes", *bytes, *length))
        }
        (Effect::Copy { src, dst, bytes }, Effect::Copy { src: from, dst: to, bytes: length }) => {
            unequal_hex("source", canonical(*src), canonical(*from))
                .or_else(|| unequal_hex("destination", canonical(*dst), canonical(*to)))
                .or_else(|| unequal_hex("bytes", *bytes, *length))
        }
        (
            Effect::Atomic { va, op, operand, compare },
            Effect::Atomic { va: other, op: planned_op, operand: planned, compare: with },
        ) => address(*va, *other)
            .or_else(|| unequal_hex("operation", op.0.into(), planned_op.0.into()))
            .or_else(|| unequal_hex("operand", *operand, *planned))
            .or_else(|| unequal_hex("comparison", *compare, *with)),
        (Effect::Fence { va, value, bytes }, Effect::Fence { va: other, value: planned, bytes: length }) => {
            address(*va, *other)
                .or_else(|| unequal_hex("value", *value, *planned))
                .or_else(|| unequal("bytes", bytes, length))
        }
        (Effect::Timestamp { va, end_of_pipe }, Effect::Timestamp { va: other, end_of_pipe: planned }) => {
            address(*va, *other).or_else(|| unequal("at the end of the pipe:", end_of_pipe, planned))
        }
        (
            Effect::Wait { va, bytes, function, reference, mask },
            Effect::Wait { va: other, bytes: length, function: planned, reference: with, mask: bits },
        ) => address(*va, *other)
            .or_else(|| unequal("bytes", bytes, length))
            .or_else(|| unequal_hex("function", function.0.into(), planned.0.into()))
            .or_else(|| unequal_hex("reference", *reference, *with))
            .or_else(|| unequal_hex("mask", *mask, *bits)),
        _ => None,
    }
}

/// The first aspect in which waves would see the two apart.
fn launch_difference(done: &Launch, planned: &Launch, loaded: u32) -> Option<String> {
    unequal_hex("entry", canonical(done.entry), canonical(planned.entry))
        .or_else(|| unequal("waves of 32 lanes:", &done.wave32, &planned.wave32))
        .or_else(|| unequal("workgroups of", &done.block, &planned.block))
        .or_else(|| unequal("last workgroups of", &done.partial, &planned.partial))
        .or_else(|| unequal("first workgroup", &done.start, &planned.start))
        .or_else(|| {
            let address = |va: Option<u64>| va.map(canonical);
            match (address(done.indirect), address(planned.indirect)) {
                (None, None) => unequal("end of the grid", &done.end, &planned.end),
                (Some(a), Some(b)) => unequal_hex("number of workgroups at", a, b),
                (a, b) => unequal("number of workgroups from memory:", &a.is_some(), &b.is_some()),
            }
        })
        .or_else(|| unequal("user SGPRs:", &done.user_data.len(), &planned.user_data.len()))
        .or_else(|| {
            let differs = |i: &usize| loaded >> i & 1 == 0 && done.user_data[*i] != planned.user_data[*i];
            let i = (0..done.user_data.len()).find(differs)?;
            let value = |v: Option<u32>| v.map_or_else(|| String::from("unset"), |v| format!("{v:#x}"));
            Some(format!("s{i} {}, planned is {}", value(done.user_data[i]), value(planned.user_data[i])))
        })
        .or_else(|| unequal("workgroup ids in SGPRs:", &done.workgroup_ids, &planned.workgroup_ids))
        .or_else(|| unequal("the workgroup's size in an SGPR:", &done.group_size_sgpr, &planned.group_size_sgpr))
        .or_else(|| unequal("local ids:", &done.local_ids.min(2), &planned.local_ids.min(2)))
        .or_else(|| unequal_hex("mode bits", done.mode.into(), planned.mode.into()))
        .or_else(|| fewer("VGPRs", done.vgprs, planned.vgprs))
        .or_else(|| fewer("bytes of LDS", done.lds_bytes, planned.lds_bytes))
        .or_else(|| fewer("bytes of scratch", done.scratch_bytes, planned.scratch_bytes))
}

fn fewer(what: &str, done: u32, planned: u32) -> Option<String> {
    (done < planned).then(|| format!("{done} {what}, planned are {planned}"))
}
