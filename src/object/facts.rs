//! A kernel's facts for the PM4 linter.

use pm4::submission::{Access, KernelFacts, PointerArg};

use super::{KernelInfo, ValueKind};

impl KernelInfo {
    /// What a linter may expect of a dispatch of this kernel, whose first instruction lies at `entry` and which was
    /// built for `target`.
    pub fn facts(&self, entry: u64, target: &str) -> KernelFacts {
        let pointers = self.args.iter().enumerate().filter(|(_, arg)| arg.kind == ValueKind::GlobalBuffer);
        KernelFacts {
            name: self.name.clone(),
            entry,
            target: Some(target.to_owned()),
            wave32: Some(self.wave_size == 32),
            vgprs: Some(self.vgprs),
            lds_bytes: Some(self.lds_bytes),
            scratch_bytes: Some(self.scratch_bytes),
            user_sgprs: Some(self.descriptor.user_sgprs()),
            kernarg_sgpr: self.descriptor.properties.kernarg_sgpr(),
            kernarg_bytes: self.kernarg_size,
            pointers: pointers
                .map(|(index, arg)| PointerArg {
                    name: arg.name.clone().unwrap_or_else(|| format!("argument {index}")),
                    offset: arg.offset,
                    access: match arg.access.as_deref() {
                        Some("read_only") => Access::R,
                        Some("write_only") => Access::W,
                        _ => Access::RW,
                    },
                })
                .collect(),
            max_threads: Some(self.max_workgroup_size),
            required_block: self.required_workgroup_size,
            problem: None,
        }
    }
}
