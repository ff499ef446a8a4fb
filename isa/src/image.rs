//! Registers that an image instruction takes: they follow from `dmask`, `dim` and the mnemonic's parts.
//!
//! Counts are those of the RDNA3 manual's image address tables, section "Image Addressing".
use crate::decode::Image;
use crate::row::{
    I_BVH, I_BVH64, I_EXTRA1, I_EXTRA2, I_EXTRA3, I_G16, I_GATHER4, I_GRAD, I_LOD, I_MSAA, I_SIZE, Row, Slot,
};

/// Dimensions by number.
pub(crate) const DIMS: [&str; 8] = [
    "SQ_RSRC_IMG_1D",
    "SQ_RSRC_IMG_2D",
    "SQ_RSRC_IMG_3D",
    "SQ_RSRC_IMG_CUBE",
    "SQ_RSRC_IMG_1D_ARRAY",
    "SQ_RSRC_IMG_2D_ARRAY",
    "SQ_RSRC_IMG_2D_MSAA",
    "SQ_RSRC_IMG_2D_MSAA_ARRAY",
];

/// Coordinates of each dimension.
const COORDS: [u8; 8] = [1, 2, 3, 3, 2, 3, 3, 4];
/// Gradients of each dimension.
const GRADIENTS: [u8; 8] = [2, 4, 6, 4, 2, 4, 4, 4];

/// Data VGPRs: components of `dmask`, two to a register with `d16`, and one more for the status.
pub(crate) fn data_dwords(row: &Row, x: &Image, tfe: bool) -> u8 {
    if row.has(I_BVH) {
        return row.operand(Slot::Vdata).map_or(4, |o| o.ty.dwords(false));
    }
    let components = if row.flags & (I_GATHER4 | I_MSAA) != 0 { 4 } else { (x.dmask.count_ones() as u8).max(1) };
    components.div_ceil(1 + x.d16 as u8) + tfe as u8
}

/// Address VGPRs.
pub(crate) fn address_dwords(row: &Row, x: &Image) -> u8 {
    if row.has(I_BVH) {
        return (if x.a16 { 8 } else { 11 }) + row.has(I_BVH64) as u8;
    }
    let dim = x.dim as usize & 7;
    let extra = match row.flags & I_EXTRA3 {
        0 => 0,
        I_EXTRA1 => 1,
        I_EXTRA2 => 2,
        _ => 3,
    };
    let components = if row.has(I_SIZE) { 1 } else { COORDS[dim] + row.has(I_LOD) as u8 };
    let gradients = match (row.has(I_GRAD), row.has(I_G16)) {
        (false, _) => 0,
        (true, false) => GRADIENTS[dim],
        // Two halves to a register, derivatives in x apart from those in y.
        (true, true) => (GRADIENTS[dim] / 2).next_multiple_of(2),
    };
    extra + gradients + if x.a16 { components.div_ceil(2) } else { components }
}

/// VGPRs of each address operand of the non-sequential form: single ones, the fifth takes the rest.
pub(crate) fn nsa_parts(row: &Row, x: &Image) -> impl Iterator<Item = u8> + Clone + use<> {
    let (parts, n) = if row.has(I_BVH) {
        let node = 1 + row.has(I_BVH64) as u8;
        ([node, 1, 3, 3, 3], if x.a16 { 4 } else { 5 })
    } else {
        let n = address_dwords(row, x);
        ([1, 1, 1, 1, n.saturating_sub(4).max(1)], n.min(5) as usize)
    };
    parts.into_iter().take(n)
}
