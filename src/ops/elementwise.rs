//! The first lessons: adding two vectors, filling one.

use std::sync::Arc;

use kernels::{Dispatch, PlanArg, Role, elementwise};

use crate::cpu;
use crate::error::Error;
use crate::exec::{AnyBuffer, Buffer, Device, Grid, Inner, Launch, Step, StepArg, Usage};

/// `y[i] = a[i] + b[i]`, f32.
///
/// ```
/// use std::time::Duration;
/// use sparkle_pm4::{Deadline, Device, ops};
///
/// let device = Device::emulated()?;
/// let (a, b) = (device.upload(&[1.0f32, 2.0, 3.0])?, device.upload(&[10.0f32, 20.0, 30.0])?);
/// let mut y = device.zeros::<f32>(3)?;
/// let fence = device.queue()?.launch(&ops::VectorAdd, (&a, &b, &mut y))?;
/// fence.wait(Deadline::after(Duration::from_secs(10)))?;
/// assert_eq!(y.read()?, [11.0, 22.0, 33.0]);
/// # Ok::<(), sparkle_pm4::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct VectorAdd;

/// `y[i] = value`, any dword.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fill(pub u32);

fn steps(device: &Device, dispatch: &Dispatch, buffer: impl Fn(Role) -> Option<StepArg>) -> Result<Vec<Step>, Error> {
    let Inner::Gpu(gpu) = &device.inner else { return Err(Error::NeedsGpu { what: "a kernel" }) };
    let args = dispatch.args.iter().map(|arg| match arg {
        PlanArg::Buffer(role) => match buffer(*role) {
            Some(arg) => Ok(arg),
            None => super::plain_arg(dispatch.kernel, arg),
        },
        _ => super::plain_arg(dispatch.kernel, arg),
    });
    let args = args.collect::<Result<_, Error>>()?;
    Ok(vec![Step::new(gpu.in_tree(dispatch.kernel)?, Grid::Groups(dispatch.grid), dispatch.kernel.workgroup, args)])
}

/// The arguments of [`VectorAdd`].
type Add<'a> = (&'a Buffer<f32>, &'a Buffer<f32>, &'a mut Buffer<f32>);

fn same_length(args: &Add<'_>) -> Result<usize, Error> {
    let want = args.2.len();
    for (tensor, buffer) in [("a", args.0), ("b", args.1)] {
        if buffer.len() != want {
            return Err(Error::Length { tensor, want, got: buffer.len() });
        }
    }
    Ok(want)
}

impl<'a> Launch<Add<'a>> for VectorAdd {
    fn run_on_cpu(&self, _: &cpu::Engine, args: &Add<'a>) -> Result<(), Error> {
        same_length(args)?;
        let (a, b, y) = (args.0.raw(), args.1.raw(), args.2.raw());
        let ran = a.with_host(|a: &[f32]| {
            b.with_host(|b: &[f32]| {
                y.with_host_mut(|y: &mut [f32]| y.iter_mut().zip(a.iter().zip(b)).for_each(|(y, (a, b))| *y = a + b))
            })
        });
        ran.flatten().flatten().ok_or(Error::OtherDevice { what: "a buffer" })
    }

    fn steps(&self, device: &Device, args: &Add<'a>) -> Result<Vec<Step>, Error> {
        let n = same_length(args)?;
        if n == 0 {
            return Ok(Vec::new());
        }
        steps(device, &elementwise::vadd_f32(n)?, |role| {
            let (buffer, usage) = match role {
                Role::Input => (args.0, Usage::Read),
                Role::Addend => (args.1, Usage::Read),
                Role::Output => (&*args.2, Usage::Write),
                _ => return None,
            };
            Some(StepArg::Buffer(Arc::clone(buffer.raw()), usage))
        })
    }
}

impl<'a> Launch<(&'a mut Buffer<u32>,)> for Fill {
    fn run_on_cpu(&self, _: &cpu::Engine, args: &(&'a mut Buffer<u32>,)) -> Result<(), Error> {
        let ran = args.0.raw().with_host_mut(|y: &mut [u32]| y.fill(self.0));
        ran.ok_or(Error::OtherDevice { what: "a buffer" })
    }

    fn steps(&self, device: &Device, args: &(&'a mut Buffer<u32>,)) -> Result<Vec<Step>, Error> {
        if args.0.is_empty() {
            return Ok(Vec::new());
        }
        steps(device, &elementwise::fill_u32(args.0.len(), self.0)?, |role| {
            (role == Role::Output).then(|| StepArg::Buffer(Arc::clone(args.0.raw()), Usage::Write))
        })
    }
}
