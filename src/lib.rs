//! Direct amdgpu compute for RDNA3: ioctls, PM4, and a software Navi31 to run it on.

pub use kernels;
pub use pm4;

pub mod cpu;
pub mod kmd;
pub mod object;
pub mod ops;
pub mod soft;
