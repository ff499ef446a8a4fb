//! What can go wrong in a check: a call that fails, a wait that does not end, a wrong answer.

use ash::vk;

/// A result whose error ends the check.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a check failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A Vulkan call returned an error, or a success code that the specification does not allow there.
    #[error("{call} returned {result:?} ({})", result.as_raw())]
    Call {
        /// The Vulkan function.
        call: &'static str,
        /// What it returned.
        result: vk::Result,
    },
    /// A Vulkan call reported success and answered something that cannot be.
    #[error("{call} answered {answer}")]
    Answer {
        /// The Vulkan function.
        call: &'static str,
        /// What it answered and why that cannot be.
        answer: String,
    },
    /// The device or the driver did not finish in time.
    #[error("{what} not finished after {seconds} s")]
    Timeout {
        /// What was waited for.
        what: String,
        /// How long.
        seconds: u64,
    },
    /// The device's answer differs from the CPU's.
    #[error("{0}")]
    Wrong(String),
    /// The driver or the command line does not have what was asked for.
    #[error("{0}")]
    Missing(String),
}

impl Error {
    /// Whether the device can no longer be trusted to finish or forget its work, so that nothing of it may be destroyed.
    pub fn loses_device(&self) -> bool {
        match self {
            Error::Timeout { .. } => true,
            Error::Call { result, .. } => *result == vk::Result::ERROR_DEVICE_LOST,
            _ => false,
        }
    }
}

/// Names the call in the error of a Vulkan result.
pub trait Named<T> {
    /// The value, or an error that says which call failed.
    fn named(self, call: &'static str) -> Result<T>;
}

impl<T> Named<T> for std::result::Result<T, vk::Result> {
    fn named(self, call: &'static str) -> Result<T> {
        self.map_err(|result| Error::Call { call, result })
    }
}

/// A handle from a Vulkan result; a null handle with a success code is an error too.
pub fn handle<H: vk::Handle + Copy>(call: &'static str, result: std::result::Result<H, vk::Result>) -> Result<H> {
    let handle = result.named(call)?;
    if handle.as_raw() == 0 {
        return Err(Error::Answer { call, answer: "a null handle with VK_SUCCESS".into() });
    }
    Ok(handle)
}
