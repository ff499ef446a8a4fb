//! The node to climb from.

use std::sync::Arc;

use crate::error::Error;
use crate::exec::device::no_gpu;
use crate::kmd::discover::{RealSystem, candidates, discover};
use crate::kmd::{self, RenderNode};

/// The render node of the card that [`Device::open`](crate::Device::open) would take, or of one that does not even answer:
/// a node that opens is enough. `hint` is a node path, a PCI address or a gfx target.
///
/// # Errors
/// [`Error::NoDevice`] with what was found instead, or what opening the node says.
pub fn find(hint: Option<&str>) -> Result<Arc<RenderNode>, Error> {
    let found = discover(&RealSystem::new());
    let mut best: Option<((bool, bool, bool), Arc<RenderNode>)> = None;
    let mut refused: Option<Error> = None;
    for path in candidates(&found) {
        let node = match RenderNode::open(&path) {
            Ok(node) => Arc::new(node),
            Err(error) => {
                _ = refused.get_or_insert(error.into());
                continue;
            }
        };
        // A card that answers goes before one that doesn't, one with kernels before others, cards before APUs.
        let answer = kmd::Device::open(node.clone()).ok();
        let target = answer.as_ref().map(|device| device.info().gfx_target.as_str());
        let rank = (
            answer.is_none(),
            target != Some(kernels::TARGET),
            answer.as_ref().is_some_and(|device| device.info().is_apu),
        );
        let report = found.nodes.iter().find(|n| n.path == path);
        let path = path.display().to_string();
        let names = [Some(path.as_str()), report.and_then(|n| n.pci.as_deref()), target];
        let named = hint.is_none_or(|hint| names.into_iter().flatten().any(|name| name == hint));
        if named && best.as_ref().is_none_or(|(other, _)| rank < *other) {
            best = Some((rank, node));
        }
    }
    match (best, refused) {
        (Some((_, node)), _) => Ok(node),
        (None, Some(error)) => Err(error),
        (None, None) => Err(no_gpu(&found, hint)),
    }
}
