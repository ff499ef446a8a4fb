//! The SDMA 6.0 packets, one row each, in order of op and sub_op.
//!
//! `op, sub_op [bit: value] HARDWARE_NAME => RustName, dwords fixed-dwords, kernel; check function { fields + data }`.
//! Fields are written as in `packet/table.rs`, with dwords that count from the packet's first one.
//! The bracket tells packets of one op and sub_op apart by a bit of the first dword; `kernel` marks what
//! no user's buffer holds. Data is `+ name counted place, plus dwords that the count leaves out;`.
//!
//! Layouts: the amdgpu driver's `sdma_v6_0_0_pkt_open.h` (MIT). Its forms for older chips
//! (`…_BC`) and the copies of physical pages have no rows.

use super::*;
use crate::packet::values::AtomicOp;

values! {
    /// Width of what `CONST_FILL` repeats.
    FillSize { BYTE = 0, WORD = 1, DWORD = 2 }
    /// The comparison that ends a poll.
    PollFunction { ALWAYS = 0, LESS = 1, LESS_OR_EQUAL = 2, EQUAL = 3, NOT_EQUAL = 4, GREATER_OR_EQUAL = 5, GREATER = 6 }
    /// Bytes of an element of a window, as a power of two.
    ElementSize { BYTES_1 = 0, BYTES_2 = 1, BYTES_4 = 2, BYTES_8 = 3, BYTES_16 = 4 }
}

sdma_packets! {
    /// Nothing, or as many dwords that are skipped.
    0, 0 NOP => Nop, dwords 1 {
        + /// Ignored.
        payload counted bits (0, 16, 29), plus 0;
    }

    /// Copies memory.
    1, 0 [27: false] COPY_LINEAR => CopyLinear, dwords 7 {
        /// Encrypted memory.
        encrypt: bool = bit(0, 16);
        /// Protected memory.
        tmz: bool = bit(0, 18);
        /// The cache policies count.
        cpv: bool = bit(0, 19);
        /// From the end to the beginning.
        backwards: bool = bit(0, 25);
        /// Bytes, minus 1.
        count: u32 = bits(1, 0, 29);
        /// Endian swap of the destination.
        dst_sw: u32 = bits(2, 16, 17);
        /// GL2 policy of the write.
        dst_cache_policy: u32 = bits(2, 18, 20);
        /// Endian swap of the source.
        src_sw: u32 = bits(2, 24, 25);
        /// GL2 policy of the read.
        src_cache_policy: u32 = bits(2, 26, 28);
        /// The source.
        src_addr: u64 = wide(3, 64), Read |p| Some(u64::from(p.count) + 1);
        /// The destination.
        dst_addr: u64 = wide(5, 64), Write |p| Some(u64::from(p.count) + 1);
    }

    /// Copies memory to two places.
    1, 0 [27: true] COPY_LINEAR_BROADCAST => CopyLinearBroadcast, dwords 9 {
        /// Encrypted memory.
        encrypt: bool = bit(0, 16);
        /// Protected memory.
        tmz: bool = bit(0, 18);
        /// The cache policies count.
        cpv: bool = bit(0, 19);
        /// Bytes, minus 1.
        count: u32 = bits(1, 0, 29);
        /// Endian swap of the second destination.
        dst2_sw: u32 = bits(2, 8, 9);
        /// GL2 policy of the second write.
        dst2_cache_policy: u32 = bits(2, 10, 12);
        /// Endian swap of the first destination.
        dst1_sw: u32 = bits(2, 16, 17);
        /// GL2 policy of the first write.
        dst1_cache_policy: u32 = bits(2, 18, 20);
        /// Endian swap of the source.
        src_sw: u32 = bits(2, 24, 25);
        /// GL2 policy of the read.
        src_cache_policy: u32 = bits(2, 26, 28);
        /// The source.
        src_addr: u64 = wide(3, 64), Read |p| Some(u64::from(p.count) + 1);
        /// The first destination.
        dst1_addr: u64 = wide(5, 64), Write |p| Some(u64::from(p.count) + 1);
        /// The second destination.
        dst2_addr: u64 = wide(7, 64), Write |p| Some(u64::from(p.count) + 1);
    }

    /// Copies between an image and linear memory.
    1, 1 [27: false] COPY_TILED => CopyTiled, dwords 13 {
        /// Encrypted memory.
        encrypt: bool = bit(0, 16);
        /// Protected memory.
        tmz: bool = bit(0, 18);
        /// The cache policies count.
        cpv: bool = bit(0, 19);
        /// From the image to the linear side.
        detile: bool = bit(0, 31);
        /// The image.
        tiled_addr: u64 = wide(1, 64), ReadWrite |_| Some(0);
        /// Width of the image, minus 1.
        width: u32 = bits(3, 0, 13);
        /// Height of the image, minus 1.
        height: u32 = bits(4, 0, 13);
        /// Depth of the image, minus 1.
        depth: u32 = bits(4, 16, 28);
        /// Bytes of an element.
        element_size: ElementSize = bits(5, 0, 2);
        /// How the image is swizzled.
        swizzle_mode: u32 = bits(5, 3, 7);
        /// 1D, 2D or 3D.
        dimension: u32 = bits(5, 9, 10);
        /// Levels of detail, minus 1.
        mip_max: u32 = bits(5, 16, 19);
        /// Where in x.
        x: u32 = bits(6, 0, 13);
        /// Where in y.
        y: u32 = bits(6, 16, 29);
        /// Where in z.
        z: u32 = bits(7, 0, 12);
        /// Endian swap of the linear side.
        linear_sw: u32 = bits(7, 16, 17);
        /// GL2 policy of the linear side.
        linear_cache_policy: u32 = bits(7, 18, 20);
        /// Endian swap of the image.
        tile_sw: u32 = bits(7, 24, 25);
        /// GL2 policy of the image.
        tile_cache_policy: u32 = bits(7, 26, 28);
        /// The linear side.
        linear_addr: u64 = wide(8, 64), ReadWrite |_| Some(0);
        /// Elements of a line of the linear side, minus 1.
        linear_pitch: u32 = bits(10, 0, 18);
        /// Elements of a slice of the linear side, minus 1.
        linear_slice_pitch: u32 = word(11);
        /// Elements.
        count: u32 = bits(12, 0, 29);
    }

    /// Copies linear memory to two images.
    1, 1 [27: true] COPY_TILED_BROADCAST => CopyTiledBroadcast, dwords 16 {
        /// Encrypted memory.
        encrypt: bool = bit(0, 16);
        /// Protected memory.
        tmz: bool = bit(0, 18);
        /// The cache policies count.
        cpv: bool = bit(0, 19);
        /// Video memory.
        videocopy: bool = bit(0, 26);
        /// The first image.
        tiled_addr0: u64 = wide(1, 64), Write |_| Some(0);
        /// The second image.
        tiled_addr1: u64 = wide(3, 64), Write |_| Some(0);
        /// Width of the image, minus 1.
        width: u32 = bits(5, 0, 13);
        /// Height of the image, minus 1.
        height: u32 = bits(6, 0, 13);
        /// Depth of the image, minus 1.
        depth: u32 = bits(6, 16, 28);
        /// Bytes of an element.
        element_size: ElementSize = bits(7, 0, 2);
        /// How the image is swizzled.
        swizzle_mode: u32 = bits(7, 3, 7);
        /// 1D, 2D or 3D.
        dimension: u32 = bits(7, 9, 10);
        /// Levels of detail, minus 1.
        mip_max: u32 = bits(7, 16, 19);
        /// Where in x.
        x: u32 = bits(8, 0, 13);
        /// Where in y.
        y: u32 = bits(8, 16, 29);
        /// Where in z.
        z: u32 = bits(9, 0, 12);
        /// Endian swap of the second image.
        dst2_sw: u32 = bits(10, 8, 9);
        /// GL2 policy of the second image.
        dst2_cache_policy: u32 = bits(10, 10, 12);
        /// Endian swap of the linear side.
        linear_sw: u32 = bits(10, 16, 17);
        /// GL2 policy of the linear side.
        linear_cache_policy: u32 = bits(10, 18, 20);
        /// Endian swap of the image.
        tile_sw: u32 = bits(10, 24, 25);
        /// GL2 policy of the image.
        tile_cache_policy: u32 = bits(10, 26, 28);
        /// The linear side.
        linear_addr: u64 = wide(11, 64), Read |_| Some(0);
        /// Elements of a line of the linear side, minus 1.
        linear_pitch: u32 = bits(13, 0, 18);
        /// Elements of a slice of the linear side, minus 1.
        linear_slice_pitch: u32 = word(14);
        /// Elements.
        count: u32 = bits(15, 0, 29);
    }

    /// Copies between an array of structures and linear memory.
    1, 3 COPY_STRUCT => CopyStruct, dwords 8 {
        /// Protected memory.
        tmz: bool = bit(0, 18);
        /// The cache policies count.
        cpv: bool = bit(0, 28);
        /// From the structures to the linear side.
        detile: bool = bit(0, 31);
        /// The structures.
        sb_addr: u64 = wide(1, 64), ReadWrite |_| Some(0);
        /// The first structure.
        start_index: u32 = word(3);
        /// Structures.
        count: u32 = word(4);
        /// Dwords of a structure.
        stride: u32 = bits(5, 0, 10);
        /// Endian swap of the linear side.
        linear_sw: u32 = bits(5, 16, 17);
        /// GL2 policy of the linear side.
        linear_cache_policy: u32 = bits(5, 18, 20);
        /// Endian swap of the structures.
        struct_sw: u32 = bits(5, 24, 25);
        /// GL2 policy of the structures.
        struct_cache_policy: u32 = bits(5, 26, 28);
        /// The linear side.
        linear_addr: u64 = wide(6, 64), ReadWrite |_| Some(0);
    }

    /// Copies a window between linear images.
    1, 4 COPY_LINEAR_SUB_WIND => CopyLinearSubWind, dwords 13 {
        /// Protected memory.
        tmz: bool = bit(0, 18);
        /// The cache policies count.
        cpv: bool = bit(0, 19);
        /// Bytes of an element.
        element_size: ElementSize = bits(0, 29, 31);
        /// The source image.
        src_addr: u64 = wide(1, 64), Read |p| Some(window(p.src_window(), p.rect(), p.element_size));
        /// x of the source.
        src_x: u32 = bits(3, 0, 13);
        /// y of the source.
        src_y: u32 = bits(3, 16, 29);
        /// z of the source.
        src_z: u32 = bits(4, 0, 12);
        /// Elements of a line of the source, minus 1.
        src_pitch: u32 = bits(4, 13, 31);
        /// Elements of a slice of the source, minus 1.
        src_slice_pitch: u32 = bits(5, 0, 27);
        /// The destination image.
        dst_addr: u64 = wide(6, 64), Write |p| Some(window(p.dst_window(), p.rect(), p.element_size));
        /// x of the destination.
        dst_x: u32 = bits(8, 0, 13);
        /// y of the destination.
        dst_y: u32 = bits(8, 16, 29);
        /// z of the destination.
        dst_z: u32 = bits(9, 0, 12);
        /// Elements of a line of the destination, minus 1.
        dst_pitch: u32 = bits(9, 13, 31);
        /// Elements of a slice of the destination, minus 1.
        dst_slice_pitch: u32 = bits(10, 0, 27);
        /// Width of the window, minus 1.
        rect_x: u32 = bits(11, 0, 13);
        /// Height of the window, minus 1.
        rect_y: u32 = bits(11, 16, 29);
        /// Depth of the window, minus 1.
        rect_z: u32 = bits(12, 0, 12);
        /// Endian swap of the destination.
        dst_sw: u32 = bits(12, 16, 17);
        /// GL2 policy of the write.
        dst_cache_policy: u32 = bits(12, 18, 20);
        /// Endian swap of the source.
        src_sw: u32 = bits(12, 24, 25);
        /// GL2 policy of the read.
        src_cache_policy: u32 = bits(12, 26, 28);
    }

    /// Copies a window between an image and linear memory.
    1, 5 [19: false] COPY_TILED_SUB_WIND => CopyTiledSubWind, dwords 14 {
        /// Protected memory.
        tmz: bool = bit(0, 18);
        /// The cache policies count.
        cpv: bool = bit(0, 28);
        /// From the image to the linear side.
        detile: bool = bit(0, 31);
        /// The image.
        tiled_addr: u64 = wide(1, 64), ReadWrite |_| Some(0);
        /// Where in the image, x.
        tiled_x: u32 = bits(3, 0, 13);
        /// Where in the image, y.
        tiled_y: u32 = bits(3, 16, 29);
        /// Where in the image, z.
        tiled_z: u32 = bits(4, 0, 12);
        /// Width of the image, minus 1.
        width: u32 = bits(4, 16, 29);
        /// Height of the image, minus 1.
        height: u32 = bits(5, 0, 13);
        /// Depth of the image, minus 1.
        depth: u32 = bits(5, 16, 28);
        /// Bytes of an element.
        element_size: ElementSize = bits(6, 0, 2);
        /// How the image is swizzled.
        swizzle_mode: u32 = bits(6, 3, 7);
        /// 1D, 2D or 3D.
        dimension: u32 = bits(6, 9, 10);
        /// Levels of detail, minus 1.
        mip_max: u32 = bits(6, 16, 19);
        /// The level of detail.
        mip_id: u32 = bits(6, 20, 23);
        /// The linear side.
        linear_addr: u64 = wide(7, 64), ReadWrite |_| Some(0);
        /// Where in the linear side, x.
        linear_x: u32 = bits(9, 0, 13);
        /// Where in the linear side, y.
        linear_y: u32 = bits(9, 16, 29);
        /// Where in the linear side, z.
        linear_z: u32 = bits(10, 0, 12);
        /// Elements of a line of the linear side, minus 1.
        linear_pitch: u32 = bits(10, 16, 29);
        /// Elements of a slice of the linear side, minus 1.
        linear_slice_pitch: u32 = bits(11, 0, 27);
        /// Width of the window, minus 1.
        rect_x: u32 = bits(12, 0, 13);
        /// Height of the window, minus 1.
        rect_y: u32 = bits(12, 16, 29);
        /// Depth of the window, minus 1.
        rect_z: u32 = bits(13, 0, 12);
        /// Endian swap of the linear side.
        linear_sw: u32 = bits(13, 16, 17);
        /// GL2 policy of the linear side.
        linear_cache_policy: u32 = bits(13, 18, 20);
        /// Endian swap of the image.
        tile_sw: u32 = bits(13, 24, 25);
        /// GL2 policy of the image.
        tile_cache_policy: u32 = bits(13, 26, 28);
    }

    /// Copies a window between a compressed image and linear memory.
    1, 5 [19: true] COPY_TILED_SUB_WIND_DCC => CopyTiledSubWindDcc, dwords 17 {
        /// Protected memory.
        tmz: bool = bit(0, 18);
        /// The cache policies count.
        cpv: bool = bit(0, 28);
        /// From the image to the linear side.
        detile: bool = bit(0, 31);
        /// The image.
        tiled_addr: u64 = wide(1, 64), ReadWrite |_| Some(0);
        /// Where in the image, x.
        tiled_x: u32 = bits(3, 0, 13);
        /// Where in the image, y.
        tiled_y: u32 = bits(3, 16, 29);
        /// Where in the image, z.
        tiled_z: u32 = bits(4, 0, 12);
        /// Width of the image, minus 1.
        width: u32 = bits(4, 16, 29);
        /// Height of the image, minus 1.
        height: u32 = bits(5, 0, 13);
        /// Depth of the image, minus 1.
        depth: u32 = bits(5, 16, 28);
        /// Bytes of an element.
        element_size: ElementSize = bits(6, 0, 2);
        /// How the image is swizzled.
        swizzle_mode: u32 = bits(6, 3, 7);
        /// 1D, 2D or 3D.
        dimension: u32 = bits(6, 9, 10);
        /// Levels of detail, minus 1.
        mip_max: u32 = bits(6, 16, 19);
        /// The level of detail.
        mip_id: u32 = bits(6, 20, 23);
        /// The linear side.
        linear_addr: u64 = wide(7, 64), ReadWrite |_| Some(0);
        /// Where in the linear side, x.
        linear_x: u32 = bits(9, 0, 13);
        /// Where in the linear side, y.
        linear_y: u32 = bits(9, 16, 29);
        /// Where in the linear side, z.
        linear_z: u32 = bits(10, 0, 12);
        /// Elements of a line of the linear side, minus 1.
        linear_pitch: u32 = bits(10, 16, 29);
        /// Elements of a slice of the linear side, minus 1.
        linear_slice_pitch: u32 = bits(11, 0, 27);
        /// Width of the window, minus 1.
        rect_x: u32 = bits(12, 0, 13);
        /// Height of the window, minus 1.
        rect_y: u32 = bits(12, 16, 29);
        /// Depth of the window, minus 1.
        rect_z: u32 = bits(13, 0, 12);
        /// Endian swap of the linear side.
        linear_sw: u32 = bits(13, 16, 17);
        /// GL2 policy of the linear side.
        linear_cache_policy: u32 = bits(13, 18, 20);
        /// Endian swap of the image.
        tile_sw: u32 = bits(13, 24, 25);
        /// GL2 policy of the image.
        tile_cache_policy: u32 = bits(13, 26, 28);
        /// The metadata of the compressed image.
        meta_addr: u64 = wide(14, 64), ReadWrite |_| Some(0);
        /// Format of the compressed image.
        data_format: u32 = bits(16, 0, 6);
        /// No colour transform.
        color_transform_disable: bool = bit(16, 7);
        /// Alpha is in the high bits.
        alpha_is_on_msb: bool = bit(16, 8);
        /// Kind of number.
        number_type: u32 = bits(16, 9, 11);
        /// Colour, depth or stencil.
        surface_type: u32 = bits(16, 12, 13);
        /// Metadata in the last-level cache.
        meta_llc: bool = bit(16, 14);
        /// Largest compressed block.
        max_comp_block_size: u32 = bits(16, 24, 25);
        /// Largest uncompressed block.
        max_uncomp_block_size: u32 = bits(16, 26, 27);
        /// Writes are compressed.
        write_compress_enable: bool = bit(16, 28);
        /// Protected metadata.
        meta_tmz: bool = bit(16, 29);
        /// Metadata is aligned to pipes.
        pipe_aligned: bool = bit(16, 31);
    }

    /// Copies a window between images.
    1, 6 [19: false] COPY_T2T_SUB_WIND => CopyT2tSubWind, dwords 15 {
        /// Protected memory.
        tmz: bool = bit(0, 18);
        /// The cache policies count.
        cpv: bool = bit(0, 28);
        /// The source image.
        src_addr: u64 = wide(1, 64), Read |_| Some(0);
        /// x of the source.
        src_x: u32 = bits(3, 0, 13);
        /// y of the source.
        src_y: u32 = bits(3, 16, 29);
        /// z of the source.
        src_z: u32 = bits(4, 0, 12);
        /// Width of the source, minus 1.
        src_width: u32 = bits(4, 16, 29);
        /// Height of the source, minus 1.
        src_height: u32 = bits(5, 0, 13);
        /// Depth of the source, minus 1.
        src_depth: u32 = bits(5, 16, 28);
        /// Bytes of an element of the source.
        src_element_size: ElementSize = bits(6, 0, 2);
        /// How the image of the source is swizzled.
        src_swizzle_mode: u32 = bits(6, 3, 7);
        /// 1D, 2D or 3D of the source.
        src_dimension: u32 = bits(6, 9, 10);
        /// Levels of detail of the source, minus 1.
        src_mip_max: u32 = bits(6, 16, 19);
        /// Level of detail of the source.
        src_mip_id: u32 = bits(6, 20, 23);
        /// The destination image.
        dst_addr: u64 = wide(7, 64), Write |_| Some(0);
        /// x of the destination.
        dst_x: u32 = bits(9, 0, 13);
        /// y of the destination.
        dst_y: u32 = bits(9, 16, 29);
        /// z of the destination.
        dst_z: u32 = bits(10, 0, 12);
        /// Width of the destination, minus 1.
        dst_width: u32 = bits(10, 16, 29);
        /// Height of the destination, minus 1.
        dst_height: u32 = bits(11, 0, 13);
        /// Depth of the destination, minus 1.
        dst_depth: u32 = bits(11, 16, 28);
        /// Bytes of an element of the destination.
        dst_element_size: ElementSize = bits(12, 0, 2);
        /// How the image of the destination is swizzled.
        dst_swizzle_mode: u32 = bits(12, 3, 7);
        /// 1D, 2D or 3D of the destination.
        dst_dimension: u32 = bits(12, 9, 10);
        /// Levels of detail of the destination, minus 1.
        dst_mip_max: u32 = bits(12, 16, 19);
        /// Level of detail of the destination.
        dst_mip_id: u32 = bits(12, 20, 23);
        /// Width of the window, minus 1.
        rect_x: u32 = bits(13, 0, 13);
        /// Height of the window, minus 1.
        rect_y: u32 = bits(13, 16, 29);
        /// Depth of the window, minus 1.
        rect_z: u32 = bits(14, 0, 12);
        /// Endian swap of the destination.
        dst_sw: u32 = bits(14, 16, 17);
        /// GL2 policy of the write.
        dst_cache_policy: u32 = bits(14, 18, 20);
        /// Endian swap of the source.
        src_sw: u32 = bits(14, 24, 25);
        /// GL2 policy of the read.
        src_cache_policy: u32 = bits(14, 26, 28);
    }

    /// Copies a window between images of which one is compressed.
    1, 6 [19: true] COPY_T2T_SUB_WIND_DCC => CopyT2tSubWindDcc, dwords 18 {
        /// Protected memory.
        tmz: bool = bit(0, 18);
        /// The cache policies count.
        cpv: bool = bit(0, 28);
        /// Whether the compressed image is the destination.
        dcc_dir: bool = bit(0, 31);
        /// The source image.
        src_addr: u64 = wide(1, 64), Read |_| Some(0);
        /// x of the source.
        src_x: u32 = bits(3, 0, 13);
        /// y of the source.
        src_y: u32 = bits(3, 16, 29);
        /// z of the source.
        src_z: u32 = bits(4, 0, 12);
        /// Width of the source, minus 1.
        src_width: u32 = bits(4, 16, 29);
        /// Height of the source, minus 1.
        src_height: u32 = bits(5, 0, 13);
        /// Depth of the source, minus 1.
        src_depth: u32 = bits(5, 16, 28);
        /// Bytes of an element of the source.
        src_element_size: ElementSize = bits(6, 0, 2);
        /// How the image of the source is swizzled.
        src_swizzle_mode: u32 = bits(6, 3, 7);
        /// 1D, 2D or 3D of the source.
        src_dimension: u32 = bits(6, 9, 10);
        /// Levels of detail of the source, minus 1.
        src_mip_max: u32 = bits(6, 16, 19);
        /// Level of detail of the source.
        src_mip_id: u32 = bits(6, 20, 23);
        /// The destination image.
        dst_addr: u64 = wide(7, 64), Write |_| Some(0);
        /// x of the destination.
        dst_x: u32 = bits(9, 0, 13);
        /// y of the destination.
        dst_y: u32 = bits(9, 16, 29);
        /// z of the destination.
        dst_z: u32 = bits(10, 0, 12);
        /// Width of the destination, minus 1.
        dst_width: u32 = bits(10, 16, 29);
        /// Height of the destination, minus 1.
        dst_height: u32 = bits(11, 0, 13);
        /// Depth of the destination, minus 1.
        dst_depth: u32 = bits(11, 16, 28);
        /// Bytes of an element of the destination.
        dst_element_size: ElementSize = bits(12, 0, 2);
        /// How the image of the destination is swizzled.
        dst_swizzle_mode: u32 = bits(12, 3, 7);
        /// 1D, 2D or 3D of the destination.
        dst_dimension: u32 = bits(12, 9, 10);
        /// Levels of detail of the destination, minus 1.
        dst_mip_max: u32 = bits(12, 16, 19);
        /// Level of detail of the destination.
        dst_mip_id: u32 = bits(12, 20, 23);
        /// Width of the window, minus 1.
        rect_x: u32 = bits(13, 0, 13);
        /// Height of the window, minus 1.
        rect_y: u32 = bits(13, 16, 29);
        /// Depth of the window, minus 1.
        rect_z: u32 = bits(14, 0, 12);
        /// Endian swap of the destination.
        dst_sw: u32 = bits(14, 16, 17);
        /// GL2 policy of the write.
        dst_cache_policy: u32 = bits(14, 18, 20);
        /// Endian swap of the source.
        src_sw: u32 = bits(14, 24, 25);
        /// GL2 policy of the read.
        src_cache_policy: u32 = bits(14, 26, 28);
        /// The metadata of the compressed image.
        meta_addr: u64 = wide(15, 64), ReadWrite |_| Some(0);
        /// Format of the compressed image.
        data_format: u32 = bits(17, 0, 6);
        /// No colour transform.
        color_transform_disable: bool = bit(17, 7);
        /// Alpha is in the high bits.
        alpha_is_on_msb: bool = bit(17, 8);
        /// Kind of number.
        number_type: u32 = bits(17, 9, 11);
        /// Colour, depth or stencil.
        surface_type: u32 = bits(17, 12, 13);
        /// Metadata in the last-level cache.
        meta_llc: bool = bit(17, 14);
        /// Largest compressed block.
        max_comp_block_size: u32 = bits(17, 24, 25);
        /// Largest uncompressed block.
        max_uncomp_block_size: u32 = bits(17, 26, 27);
        /// Writes are compressed.
        write_compress_enable: bool = bit(17, 28);
        /// Protected metadata.
        meta_tmz: bool = bit(17, 29);
        /// Metadata is aligned to pipes.
        pipe_aligned: bool = bit(17, 31);
    }

    /// Copies a window between linear images, with wide dimensions.
    1, 36 COPY_LINEAR_SUB_WIND_LARGE => CopyLinearSubWindLarge, dwords 20 {
        /// Protected memory.
        tmz: bool = bit(0, 18);
        /// The cache policies count.
        cpv: bool = bit(0, 19);
        /// The source image.
        src_addr: u64 = wide(1, 64), Read |_| Some(0);
        /// x of the source.
        src_x: u32 = word(3);
        /// y of the source.
        src_y: u32 = word(4);
        /// z of the source.
        src_z: u32 = word(5);
        /// Elements of a line of the source, minus 1.
        src_pitch: u32 = word(6);
        /// Elements of a slice of the source, minus 1.
        src_slice_pitch: u64 = wide(7, 48);
        /// The destination image.
        dst_addr: u64 = wide(9, 64), Write |_| Some(0);
        /// x of the destination.
        dst_x: u32 = word(11);
        /// y of the destination.
        dst_y: u32 = word(12);
        /// z of the destination.
        dst_z: u32 = word(13);
        /// Elements of a line of the destination, minus 1.
        dst_pitch: u32 = word(14);
        /// Elements of a slice of the destination, minus 1.
        dst_slice_pitch: u64 = wide(15, 48);
        /// Endian swap of the destination.
        dst_sw: u32 = bits(16, 16, 17);
        /// GL2 policy of the write.
        dst_cache_policy: u32 = bits(16, 18, 20);
        /// Endian swap of the source.
        src_sw: u32 = bits(16, 24, 25);
        /// GL2 policy of the read.
        src_cache_policy: u32 = bits(16, 26, 28);
        /// Width of the window, minus 1.
        rect_x: u32 = word(17);
        /// Height of the window, minus 1.
        rect_y: u32 = word(18);
        /// Depth of the window, minus 1.
        rect_z: u32 = word(19);
    }

    /// Writes the data.
    2, 0 WRITE_LINEAR => WriteLinear, dwords 4 {
        /// Encrypted memory.
        encrypt: bool = bit(0, 16);
        /// Protected memory.
        tmz: bool = bit(0, 18);
        /// The cache policies count.
        cpv: bool = bit(0, 28);
        /// The destination.
        dst_addr: u64 = wide(1, 64), Write |p| Some(4 * p.data.len() as u64);
        /// Endian swap.
        sw: u32 = bits(3, 24, 25);
        /// GL2 policy.
        cache_policy: u32 = bits(3, 26, 28);
        + /// What is written, at least one dword.
        data counted bits (3, 0, 19), plus 1;
    }

    /// Writes the data to an image.
    2, 1 WRITE_TILED => WriteTiled, dwords 9 {
        /// Encrypted memory.
        encrypt: bool = bit(0, 16);
        /// Protected memory.
        tmz: bool = bit(0, 18);
        /// The cache policies count.
        cpv: bool = bit(0, 28);
        /// The image.
        dst_addr: u64 = wide(1, 64), Write |_| Some(0);
        /// Width of the image, minus 1.
        width: u32 = bits(3, 0, 13);
        /// Height of the image, minus 1.
        height: u32 = bits(4, 0, 13);
        /// Depth of the image, minus 1.
        depth: u32 = bits(4, 16, 28);
        /// Bytes of an element.
        element_size: ElementSize = bits(5, 0, 2);
        /// How the image is swizzled.
        swizzle_mode: u32 = bits(5, 3, 7);
        /// 1D, 2D or 3D.
        dimension: u32 = bits(5, 9, 10);
        /// Levels of detail, minus 1.
        mip_max: u32 = bits(5, 16, 19);
        /// Where in x.
        x: u32 = bits(6, 0, 13);
        /// Where in y.
        y: u32 = bits(6, 16, 29);
        /// Where in z.
        z: u32 = bits(7, 0, 12);
        /// Endian swap.
        sw: u32 = bits(7, 24, 25);
        /// GL2 policy.
        cache_policy: u32 = bits(7, 26, 28);
        + /// What is written, at least one dword.
        data counted bits (8, 0, 19), plus 1;
    }

    /// Goes on with another buffer and comes back; the kernel's ring.
    4, 0 INDIRECT => Indirect, dwords 6, kernel; check check_indirect {
        /// The address space.
        vmid: u32 = bits(0, 16, 19);
        /// With privileges.
        privileged: bool = bit(0, 31);
        /// The buffer, a multiple of 32.
        ib_base: u64 = wide(1, 64), Execute |p| Some(u64::from(p.ib_size) * 4);
        /// Its length in dwords.
        ib_size: u32 = bits(3, 0, 19);
        /// Where a preempted context is kept.
        csa_addr: u64 = wide(4, 64), ReadWrite |p| (p.csa_addr != 0).then_some(0);
    }

    /// Writes a dword when what came before has ended.
    5, 0 FENCE => Fence, dwords 4; check check_fence {
        /// Memory type of the page tables: 3 is uncached.
        mtype: u32 = bits(0, 16, 18);
        /// Coherent with other chips.
        gcc: bool = bit(0, 19);
        /// System memory.
        sys: bool = bit(0, 20);
        /// Snoops.
        snp: bool = bit(0, 22);
        /// The address is physical.
        gpa: bool = bit(0, 23);
        /// GL2 policy.
        l2_policy: u32 = bits(0, 24, 25);
        /// Last-level cache policy.
        llc_policy: u32 = bit(0, 26);
        /// The cache policies count.
        cpv: bool = bit(0, 28);
        /// Where to, a multiple of 4.
        addr: u64 = wide(1, 64), Write |_| Some(4);
        /// The fence value.
        data: u32 = word(3);
    }

    /// Raises an interrupt.
    6, 0 TRAP => Trap, dwords 2 {
        /// Goes with the interrupt.
        int_context: u32 = bits(1, 0, 27);
    }

    /// Signals or waits for a semaphore in memory.
    7, 0 SEM => Sem, dwords 3; check check_sem {
        /// Writes 1 instead of adding it.
        write_one: bool = bit(0, 29);
        /// Signals; else waits.
        signal: bool = bit(0, 30);
        /// Through the mailbox.
        mailbox: bool = bit(0, 31);
        /// The semaphore, a multiple of 8.
        addr: u64 = wide(1, 64), ReadWrite |_| Some(8);
    }

    /// Adds one to a counter in memory.
    7, 1 MEM_INCR => MemIncr, dwords 3 {
        /// GL2 policy.
        l2_policy: u32 = bits(0, 24, 25);
        /// Last-level cache policy.
        llc_policy: u32 = bit(0, 26);
        /// The cache policies count.
        cpv: bool = bit(0, 28);
        /// The counter.
        addr: u64 = wide(1, 64), ReadWrite |_| Some(0);
    }

    /// Waits until a dword of memory or a register compares.
    8, 0 POLL_REGMEM => PollRegmem, dwords 6; check check_poll {
        /// GL2 policy.
        cache_policy: u32 = bits(0, 20, 22);
        /// The cache policies count.
        cpv: bool = bit(0, 24);
        /// Flushes what the host wrote: `addr` has a register that is polled and one that is written.
        hdp_flush: bool = bit(0, 26);
        /// The comparison with the value.
        func: PollFunction = bits(0, 28, 30);
        /// Memory, not a register.
        mem_poll: bool = bit(0, 31);
        /// Memory, a multiple of 4; or a register's byte address.
        addr: u64 = wide(1, 64), Read |p| p.mem_poll.then_some(4);
        /// The right side of the comparison.
        value: u32 = word(3);
        /// Applied to what is polled.
        mask: u32 = word(4);
        /// Clocks between two reads.
        interval: u32 = bits(5, 0, 15);
        /// Reads at most; 0xfff is without end.
        retry_count: u32 = bits(5, 16, 27);
    }

    /// Writes a register's value to memory.
    8, 1 POLL_REG_WRITE_MEM => PollRegWriteMem, dwords 4 {
        /// GL2 policy.
        cache_policy: u32 = bits(0, 24, 26);
        /// The cache policies count.
        cpv: bool = bit(0, 28);
        /// The register, in dwords.
        reg_addr: u32 = bits(1, 2, 31);
        /// Where to.
        dst_addr: u64 = wide(2, 64), Write |_| Some(4);
    }

    /// Writes the dirty bits of pages to memory; the kernel.
    8, 2 POLL_DBIT_WRITE_MEM => PollDbitWriteMem, dwords 5, kernel {
        /// Which memory interface.
        ea: u32 = bits(0, 16, 17);
        /// GL2 policy.
        cache_policy: u32 = bits(0, 24, 26);
        /// The cache policies count.
        cpv: bool = bit(0, 28);
        /// Where to.
        dst_addr: u64 = wide(1, 64), Write |_| Some(0);
        /// The first page.
        start_page: u32 = bits(3, 4, 31);
        /// Pages.
        page_num: u32 = word(4);
    }

    /// Compares memory with a pattern or with other memory.
    8, 3 POLL_MEM_VERIFY => PollMemVerify, dwords 13 {
        /// GL2 policy.
        cache_policy: u32 = bits(0, 24, 26);
        /// The cache policies count.
        cpv: bool = bit(0, 28);
        /// Two ranges are compared; else one with the pattern.
        mode: bool = bit(0, 31);
        /// The pattern.
        pattern: u32 = word(1);
        /// The first range.
        cmp0_start: u64 = wide(2, 64), Read |p| Some(p.cmp0_end.saturating_sub(p.cmp0_start));
        /// Its end.
        cmp0_end: u64 = wide(4, 64);
        /// The second range.
        cmp1_start: u64 = wide(6, 64), Read |p| p.mode.then(|| p.cmp1_end.saturating_sub(p.cmp1_start));
        /// Its end.
        cmp1_end: u64 = wide(8, 64);
        /// Where the outcome goes.
        rec: u64 = wide(10, 64), Write |_| Some(0);
    }

    /// Drops page translations; the kernel.
    8, 4 VM_INVALIDATION => VmInvalidation, dwords 4, kernel {
        /// Invalidation engine of the graphics hub.
        gfx_eng_id: u32 = bits(0, 16, 20);
        /// Invalidation engine of the memory hub.
        mm_eng_id: u32 = bits(0, 24, 28);
        /// The request.
        request: u32 = word(1);
        /// The range, low part.
        range_lo: u32 = word(2);
        /// Address spaces whose answer is waited for.
        ack: u32 = bits(3, 0, 15);
        /// The range, high part.
        range_hi: u32 = bits(3, 16, 20);
    }

    /// Skips what follows unless a dword in memory is the reference.
    9, 0 COND_EXE => CondExe, dwords 5 {
        /// GL2 policy.
        cache_policy: u32 = bits(0, 24, 26);
        /// The cache policies count.
        cpv: bool = bit(0, 28);
        /// The dword.
        addr: u64 = wide(1, 64), Read |_| Some(4);
        /// What executes.
        reference: u32 = word(3);
        /// Dwords behind this packet that are skipped.
        exec_count: u32 = bits(4, 0, 13);
    }

    /// An atomic operation.
    10, 0 ATOMIC => Atomic, dwords 8; check check_atomic {
        /// Again until the comparison holds.
        looping: bool = bit(0, 16);
        /// Protected memory.
        tmz: bool = bit(0, 18);
        /// GL2 policy.
        cache_policy: u32 = bits(0, 20, 22);
        /// The cache policies count.
        cpv: bool = bit(0, 24);
        /// The operation.
        atomic_op: AtomicOp = bits(0, 25, 31);
        /// The memory, a multiple of the operation's width.
        addr: u64 = wide(1, 64), ReadWrite |p| Some(p.atomic_op.bytes());
        /// The operand.
        src_data: u64 = wide(3, 64);
        /// What a compare-and-swap compares with.
        cmp_data: u64 = wide(5, 64);
        /// Clocks between two rounds of a loop.
        loop_interval: u32 = bits(7, 0, 12);
    }

    /// Fills memory with a value.
    11, 0 CONST_FILL => ConstFill, dwords 5 {
        /// Endian swap.
        sw: u32 = bits(0, 16, 17);
        /// GL2 policy.
        cache_policy: u32 = bits(0, 24, 26);
        /// The cache policies count.
        cpv: bool = bit(0, 28);
        /// Width of the value.
        fillsize: FillSize = bits(0, 30, 31);
        /// The destination.
        dst_addr: u64 = wide(1, 64), Write |p| Some(u64::from(p.count) + 1);
        /// The value.
        src_data: u32 = word(3);
        /// Bytes, minus 1.
        count: u32 = bits(4, 0, 29);
    }

    /// Fills several ranges of memory.
    11, 1 DATA_FILL_MULTI => DataFillMulti, dwords 6 {
        /// GL2 policy.
        cache_policy: u32 = bits(0, 24, 26);
        /// The cache policies count.
        cpv: bool = bit(0, 28);
        /// Clears the memory log.
        memlog_clr: bool = bit(0, 31);
        /// Bytes from one range to the next.
        byte_stride: u32 = word(1);
        /// Ranges.
        dma_count: u32 = word(2);
        /// The first range.
        dst_addr: u64 = wide(3, 64), Write |_| Some(0);
        /// Length of a range.
        count: u32 = bits(5, 0, 25);
    }

    /// Writes page table entries; the kernel.
    12, 0 PTEPDE_GEN => PtepdeGen, dwords 10, kernel {
        /// GL2 policy.
        cache_policy: u32 = bits(0, 24, 26);
        /// The cache policies count.
        cpv: bool = bit(0, 28);
        /// The first entry.
        dst_addr: u64 = wide(1, 64), Write |p| Some((u64::from(p.count) + 1) * 8);
        /// Bits that every entry has.
        mask: u64 = wide(3, 64);
        /// The first entry's address.
        init: u64 = wide(5, 64);
        /// From one entry's address to the next.
        incr: u64 = wide(7, 64);
        /// Entries, minus 1.
        count: u32 = bits(9, 0, 18);
    }

    /// Copies page table entries; the kernel.
    12, 1 PTEPDE_COPY => PtepdeCopy, dwords 8, kernel {
        /// Protected memory.
        tmz: bool = bit(0, 18);
        /// The cache policies count.
        cpv: bool = bit(0, 28);
        /// With the mask.
        ptepde_op: bool = bit(0, 31);
        /// The source.
        src_addr: u64 = wide(1, 64), Read |p| Some((u64::from(p.count) + 1) * 8);
        /// The destination.
        dst_addr: u64 = wide(3, 64), Write |p| Some((u64::from(p.count) + 1) * 8);
        /// Bits that every entry gets.
        mask: u64 = wide(5, 64);
        /// Entries, minus 1.
        count: u32 = bits(7, 0, 18);
        /// GL2 policy of the write.
        dst_cache_policy: u32 = bits(7, 22, 24);
        /// GL2 policy of the read.
        src_cache_policy: u32 = bits(7, 29, 31);
    }

    /// Changes bits of page table entries; the kernel.
    12, 2 PTEPDE_RMW => PtepdeRmw, dwords 8, kernel {
        /// Memory type of the page tables: 3 is uncached.
        mtype: u32 = bits(0, 16, 18);
        /// Coherent with other chips.
        gcc: bool = bit(0, 19);
        /// System memory.
        sys: bool = bit(0, 20);
        /// Snoops.
        snp: bool = bit(0, 22);
        /// The address is physical.
        gpa: bool = bit(0, 23);
        /// GL2 policy.
        l2_policy: u32 = bits(0, 24, 25);
        /// Last-level cache policy.
        llc_policy: u32 = bit(0, 26);
        /// The cache policies count.
        cpv: bool = bit(0, 28);
        /// The first entry.
        addr: u64 = wide(1, 64), ReadWrite |p| Some(u64::from(p.num_of_pte) * 8);
        /// Bits that stay.
        mask: u64 = wide(3, 64);
        /// Bits that are set.
        value: u64 = wide(5, 64);
        /// Entries.
        num_of_pte: u32 = word(7);
    }

    /// Copies page table entries from the end; the kernel.
    12, 3 PTEPDE_COPY_BACKWARDS => PtepdeCopyBackwards, dwords 7, kernel {
        /// Bytes of an entry.
        pte_size: u32 = bits(0, 28, 29);
        /// Which way.
        direction: bool = bit(0, 30);
        /// With the masks.
        ptepde_op: bool = bit(0, 31);
        /// The source.
        src_addr: u64 = wide(1, 64), Read |_| Some(0);
        /// The destination.
        dst_addr: u64 = wide(3, 64), Write |_| Some(0);
        /// Bytes of the first transfer.
        mask_first_xfer: u32 = bits(5, 0, 7);
        /// Bytes of the last transfer.
        mask_last_xfer: u32 = bits(5, 8, 15);
        /// Entries.
        count: u32 = bits(6, 0, 16);
    }

    /// Sets the engine's time stamp.
    13, 0 TIMESTAMP_SET => TimestampSet, dwords 3, kernel {
        /// The value.
        init_data: u64 = wide(1, 64);
    }

    /// Writes the engine's time stamp.
    13, 1 TIMESTAMP_GET => TimestampGet, dwords 3 {
        /// GL2 policy.
        l2_policy: u32 = bits(0, 24, 25);
        /// Last-level cache policy.
        llc_policy: u32 = bit(0, 26);
        /// The cache policies count.
        cpv: bool = bit(0, 28);
        /// Where to, a multiple of 8.
        write_addr: u64 = va(1, 3), Write |_| Some(8);
    }

    /// Writes the counter of `gpu_counter_freq`.
    13, 2 TIMESTAMP_GET_GLOBAL => TimestampGetGlobal, dwords 3 {
        /// GL2 policy.
        l2_policy: u32 = bits(0, 24, 25);
        /// Last-level cache policy.
        llc_policy: u32 = bit(0, 26);
        /// The cache policies count.
        cpv: bool = bit(0, 28);
        /// Where to, a multiple of 8.
        write_addr: u64 = va(1, 3), Write |_| Some(8);
    }

    /// Writes a register; the kernel.
    14, 0 SRBM_WRITE => SrbmWrite, dwords 3, kernel {
        /// Bytes that are written.
        byte_en: u32 = bits(0, 28, 31);
        /// The register, in dwords.
        addr: u32 = bits(1, 0, 17);
        /// Which registers.
        apertureid: u32 = bits(1, 20, 31);
        /// The value.
        data: u32 = word(2);
    }

    /// Skips what follows on the devices that are not selected.
    15, 0 PRE_EXE => PreExe, dwords 2 {
        /// A bit for each device that executes them.
        dev_sel: u32 = bits(0, 16, 23);
        /// Dwords behind this packet.
        exec_count: u32 = bits(1, 0, 13);
    }

    /// Drops page translations of one address space; the kernel.
    16, 0 GPUVM_INV => GpuvmInv, dwords 4, kernel {
        /// Address spaces.
        per_vmid_inv_req: u32 = bits(1, 0, 15);
        /// How.
        flush_type: u32 = bits(1, 16, 18);
        /// Second-level page table entries.
        l2_ptes: bool = bit(1, 19);
        /// Second-level directory 0.
        l2_pde0: bool = bit(1, 20);
        /// Second-level directory 1.
        l2_pde1: bool = bit(1, 21);
        /// Second-level directory 2.
        l2_pde2: bool = bit(1, 22);
        /// First-level page table entries.
        l1_ptes: bool = bit(1, 23);
        /// Forgets the last fault.
        clr_protection_fault_status_addr: bool = bit(1, 24);
        /// Logged.
        log_request: bool = bit(1, 25);
        /// One page of 4 KiB.
        four_kilobytes: bool = bit(1, 26);
        /// Only the page.
        s: bool = bit(2, 0);
        /// The page, bits 42:12.
        page_va_lo: u32 = bits(2, 1, 31);
        /// The page, bits 47:43.
        page_va_hi: u32 = bits(3, 0, 5);
    }

    /// Writes back and invalidates the shader caches.
    17, 0 GCR_REQ => GcrReq, dwords 5 {
        /// Start of the range, a multiple of 128; 0 with `limit_va` 0 for everything.
        base_va: u64 = va48(1, 7);
        /// What is done to which cache.
        gcr_control: GcrCntl = span(2, 16, 19);
        /// End of the range.
        limit_va: u64 = va48(3, 7);
        /// The address space; the kernel's ring only.
        vmid: u32 = bits(4, 24, 27);
    }

    /// An interrupt for tests.
    32, 0 DUMMY_TRAP => DummyTrap, dwords 2 {
        /// Goes with the interrupt.
        int_context: u32 = bits(1, 0, 27);
    }
}

// What a row cannot say.

/// Where a window begins in a linear image, and the image's pitches.
struct Window {
    at: [u32; 3],
    pitch: u32,
    slice_pitch: u32,
}

impl CopyLinearSubWind {
    fn src_window(&self) -> Window {
        let at = [self.src_x, self.src_y, self.src_z];
        Window { at, pitch: self.src_pitch, slice_pitch: self.src_slice_pitch }
    }

    fn dst_window(&self) -> Window {
        let at = [self.dst_x, self.dst_y, self.dst_z];
        Window { at, pitch: self.dst_pitch, slice_pitch: self.dst_slice_pitch }
    }

    fn rect(&self) -> [u32; 3] {
        [self.rect_x, self.rect_y, self.rect_z]
    }
}

/// Bytes from the image's start to the window's end; the fields hold sizes minus one.
fn window(w: Window, rect: [u32; 3], element: ElementSize) -> u64 {
    let last = |i: usize| u64::from(w.at[i]) + u64::from(rect[i]);
    let elements = last(2) * (u64::from(w.slice_pitch) + 1) + last(1) * (u64::from(w.pitch) + 1) + last(0) + 1;
    elements << element.0
}

fn aligned(field: &'static str, value: u64, align: u64) -> Result<(), EncodeError> {
    if value.is_multiple_of(align) { Ok(()) } else { Err(EncodeError::Misaligned { field, value, align }) }
}

/// The kernel's ring packet clears bits 4:0 of the buffer's address.
fn check_indirect(p: &Indirect) -> Result<(), EncodeError> {
    aligned("ib_base", p.ib_base, 32)
}

fn check_fence(p: &Fence) -> Result<(), EncodeError> {
    aligned("addr", p.addr, 4)
}

fn check_sem(p: &Sem) -> Result<(), EncodeError> {
    aligned("addr", p.addr, 8)
}

fn check_poll(p: &PollRegmem) -> Result<(), EncodeError> {
    if p.mem_poll { aligned("addr", p.addr, 4) } else { Ok(()) }
}

fn check_atomic(p: &Atomic) -> Result<(), EncodeError> {
    aligned("addr", p.addr, p.atomic_op.bytes())
}
