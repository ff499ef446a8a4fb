//! What the card tells about itself.

use nix::errno::Errno;

use super::{Call, cs, get};
use crate::kmd::uapi;
use crate::soft::arena::Heap;
use crate::soft::identity::{self, GDS_BYTES, GWS, OA};
use crate::soft::sched::Engine;

/// Video memory that a driver doesn't offer.
const RESERVED: u64 = 8 << 20;

impl Call<'_> {
    pub(super) fn info(&self, arg: &mut [u8]) -> Result<i32, Errno> {
        let info: uapi::Info = get(arg);
        if info.return_size == 0 || info.return_pointer == 0 {
            return Err(Errno::EINVAL);
        }
        let answer = |bytes: &[u8]| {
            self.client.write(info.return_pointer, &bytes[..bytes.len().min(info.return_size as usize)]).map(|()| 0)
        };
        let (vram, vram_used) = self.card.arena.usage(Heap::Vram);
        let visible = self.card.visible_vram();
        let visible_used = self.card.arena.visible_usage(visible);
        let (gtt, gtt_used) = self.card.arena.usage(Heap::Gtt);
        let heap = |total: u64, used: u64| uapi::HeapInfo {
            total_heap_size: total,
            usable_heap_size: total,
            heap_usage: used.min(total),
            max_allocation: total * 3 / 4,
        };
        let part = self.card.part();
        match info.query {
            uapi::INFO_ACCEL_WORKING => answer(&1u32.to_ne_bytes()),
            uapi::INFO_HW_IP_INFO if info.args[0] < uapi::HW_IP_NUM => match info.args[1] {
                0 => answer(bytemuck::bytes_of(&part.hw_ip(info.args[0]))),
                _ => Err(Errno::EINVAL),
            },
            uapi::INFO_HW_IP_COUNT if info.args[0] < uapi::HW_IP_NUM => {
                answer(&u32::from(part.hw_ip(info.args[0]).available_rings != 0).to_ne_bytes())
            }
            uapi::INFO_TIMESTAMP => answer(&identity::timestamp().to_ne_bytes()),
            uapi::INFO_FW_VERSION => {
                let firmware = part.firmware(info.args[0], info.args[2]).ok_or(Errno::EINVAL)?;
                answer(bytemuck::bytes_of(&firmware))
            }
            uapi::INFO_NUM_BYTES_MOVED | uapi::INFO_NUM_EVICTIONS | uapi::INFO_NUM_VRAM_CPU_PAGE_FAULTS => {
                answer(&0u64.to_ne_bytes())
            }
            uapi::INFO_VRAM_USAGE => answer(&vram_used.min(vram).to_ne_bytes()),
            uapi::INFO_VIS_VRAM_USAGE => answer(&visible_used.to_ne_bytes()),
            uapi::INFO_GTT_USAGE => answer(&gtt_used.min(gtt).to_ne_bytes()),
            uapi::INFO_VRAM_GTT => answer(bytemuck::bytes_of(&uapi::InfoVramGtt {
                // The driver keeps 8 MiB for its page tables out of this answer.
                vram_size: vram.saturating_sub(RESERVED),
                vram_cpu_accessible_size: visible.saturating_sub(RESERVED),
                gtt_size: gtt,
            })),
            uapi::INFO_READ_MMR_REG => {
                let [first, count, ..] = info.args;
                if count > 128 || info.return_size / 4 < count {
                    return Err(Errno::EINVAL);
                }
                let values: Option<Vec<u32>> = {
                    let busy = self.card.is_busy();
                    (0..count).map(|i| part.register(first.wrapping_add(i), busy)).collect()
                };
                answer(bytemuck::cast_slice(&values.ok_or(Errno::EFAULT)?))
            }
            uapi::INFO_DEV_INFO => answer(bytemuck::bytes_of(&part.device())),
            uapi::INFO_MEMORY => answer(bytemuck::bytes_of(&uapi::MemoryInfo {
                vram: heap(vram, vram_used),
                cpu_accessible_vram: heap(visible, visible_used),
                gtt: heap(gtt, gtt_used),
            })),
            uapi::INFO_VRAM_LOST_COUNTER => answer(&self.card.resets().lost().to_ne_bytes()),
            uapi::INFO_MAX_IBS => {
                let mut most = [0u32; uapi::HW_IP_NUM as usize];
                most[uapi::HW_IP_GFX as usize] = cs::max_ibs(Engine::Gfx);
                most[uapi::HW_IP_COMPUTE as usize] = cs::max_ibs(Engine::Compute);
                most[uapi::HW_IP_DMA as usize] = cs::max_ibs(Engine::Sdma);
                answer(bytemuck::cast_slice(&most))
            }
            uapi::INFO_GDS_CONFIG => answer(bytemuck::bytes_of(&uapi::InfoGds {
                gds_gfx_partition_size: GDS_BYTES as u32,
                gds_total_size: GDS_BYTES as u32,
                gws_per_gfx_partition: GWS as u32,
                oa_per_gfx_partition: OA as u32,
                ..Default::default()
            })),
            uapi::INFO_SENSOR => {
                let value = part.sensor(info.args[0], self.card.pstate(), self.card.is_busy()).ok_or(Errno::EINVAL)?;
                answer(&value.to_ne_bytes())
            }
            // Without video engines no codec is valid.
            uapi::INFO_VIDEO_CAPS => match info.args[0] {
                uapi::INFO_VIDEO_CAPS_DECODE | uapi::INFO_VIDEO_CAPS_ENCODE => {
                    answer(bytemuck::bytes_of(&uapi::InfoVideoCaps::default()))
                }
                _ => Err(Errno::EINVAL),
            },
            uapi::INFO_VCE_CLOCK_TABLE => answer(bytemuck::bytes_of(&uapi::InfoVceClockTable::default())),
            uapi::INFO_RAS_ENABLED_FEATURES => answer(&0u64.to_ne_bytes()),
            uapi::INFO_VBIOS => match info.args[0] {
                // There is none to read, but it has a name.
                uapi::INFO_VBIOS_SIZE => answer(&0u32.to_ne_bytes()),
                uapi::INFO_VBIOS_INFO => {
                    let mut vbios = uapi::InfoVbios::default();
                    let fill = |out: &mut [u8], text: &str| out[..text.len()].copy_from_slice(text.as_bytes());
                    fill(&mut vbios.name, "sparkle-pm4 software device");
                    fill(&mut vbios.vbios_pn, "SPARKLE-PM4");
                    fill(&mut vbios.vbios_ver_str, env!("CARGO_PKG_VERSION"));
                    answer(bytemuck::bytes_of(&vbios))
                }
                _ => Err(Errno::EINVAL),
            },
            uapi::INFO_GPUVM_FAULT => answer(bytemuck::bytes_of(&self.card.last_fault())),
            _ => Err(Errno::EINVAL),
        }
    }
}
