//! The gfx target in an AMDGPU ELF header's `e_flags`.

/// `EF_AMDGPU_MACH`: the bits of `e_flags` that name the target (LLVM `BinaryFormat/ELF.h`).
pub const EF_AMDGPU_MACH: u32 = 0xff;

/// `EF_AMDGPU_MACH_AMDGCN_*` and the target's name, from gfx9 on (LLVM "User Guide for AMDGPU Backend", ELF header).
const MACH: &[(u8, &str)] = &[
    (0x2c, "gfx900"),
    (0x2d, "gfx902"),
    (0x2e, "gfx904"),
    (0x2f, "gfx906"),
    (0x30, "gfx908"),
    (0x31, "gfx909"),
    (0x32, "gfx90c"),
    (0x33, "gfx1010"),
    (0x34, "gfx1011"),
    (0x35, "gfx1012"),
    (0x36, "gfx1030"),
    (0x37, "gfx1031"),
    (0x38, "gfx1032"),
    (0x39, "gfx1033"),
    (0x3d, "gfx1035"),
    (0x3e, "gfx1034"),
    (0x3f, "gfx90a"),
    (0x40, "gfx940"),
    (0x41, "gfx1100"),
    (0x42, "gfx1013"),
    (0x43, "gfx1150"),
    (0x44, "gfx1103"),
    (0x45, "gfx1036"),
    (0x46, "gfx1101"),
    (0x47, "gfx1102"),
    (0x48, "gfx1200"),
    (0x4a, "gfx1151"),
    (0x4b, "gfx941"),
    (0x4c, "gfx942"),
    (0x4e, "gfx1201"),
    (0x51, "gfx9-generic"),
    (0x52, "gfx10-1-generic"),
    (0x53, "gfx10-3-generic"),
    (0x54, "gfx11-generic"),
    (0x55, "gfx1152"),
    (0x59, "gfx12-generic"),
];

/// The target's name, such as `gfx1100`; a machine number outside the table reads `EF_AMDGPU_MACH 0x..`.
pub fn target_name(e_flags: u32) -> String {
    let mach = (e_flags & EF_AMDGPU_MACH) as u8;
    match MACH.iter().find(|(m, _)| *m == mach) {
        Some((_, name)) => (*name).to_string(),
        None => format!("EF_AMDGPU_MACH {mach:#04x}"),
    }
}

/// Version of a generic target in `e_flags` (`EF_AMDGPU_GENERIC_VERSION`), of code objects of version 6; 0 for others.
pub(super) fn generic_version(e_flags: u32) -> u8 {
    (e_flags >> 24) as u8
}

/// Whether code for `object` runs on `device`: the same target, or the generic target of its family.
pub(super) fn runs_on(object: &str, device: &str) -> bool {
    object == device || (object == "gfx11-generic" && device.len() == 7 && device.starts_with("gfx11"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_have_the_names_of_llvm() {
        let header = "/usr/include/llvm-19/llvm/BinaryFormat/ELF.h";
        let Ok(text) = std::fs::read_to_string(header) else {
            skip::skip!("{header} is not installed");
            return;
        };
        let mut seen = 0;
        for line in text.lines() {
            let Some(rest) = line.trim().strip_prefix("EF_AMDGPU_MACH_AMDGCN_GFX") else { continue };
            let Some((name, value)) = rest.split_once('=') else { continue };
            let value = value.trim().trim_end_matches(',').trim_start_matches("0x");
            let (name, mach) = (name.trim().to_lowercase(), u32::from_str_radix(value, 16).unwrap());
            if ["9", "10", "11", "12"].iter().any(|family| name.starts_with(family)) {
                assert_eq!(target_name(mach), format!("gfx{}", name.replace('_', "-")));
                seen += 1;
            }
        }
        assert!(seen > 20, "only {seen} targets found in {header}");
    }

    #[test]
    fn a_generic_target_serves_its_family_only() {
        assert!(runs_on("gfx1100", "gfx1100") && runs_on("gfx11-generic", "gfx1103"));
        assert!(!runs_on("gfx1101", "gfx1100") && !runs_on("gfx11-generic", "gfx1030"));
    }
}
