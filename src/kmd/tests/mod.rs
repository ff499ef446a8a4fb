//! The owners against a scripted node: what they send, what they give back, and when.

mod mock;
mod owners;
mod submission;
mod va;
