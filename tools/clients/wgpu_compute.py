"""A compute shader through wgpu (WebGPU), whose answer is checked: a saxpy, and a histogram with atomics and shared memory.

Prints a line each; the exit code is 0 only when every line says `right`, and the adapter is a card of AMD's.
"""
import sys

import numpy as np
import wgpu

SAXPY = """
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<uniform> k: vec4<f32>;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if (id.x < arrayLength(&x)) { y[id.x] = k.x * x[id.x] + y[id.x]; }
}
"""
HISTOGRAM = """
@group(0) @binding(0) var<storage, read> x: array<u32>;
@group(0) @binding(1) var<storage, read_write> bins: array<atomic<u32>>;
var<workgroup> here: array<atomic<u32>, 32>;
@compute @workgroup_size(128)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(local_invocation_index) i: u32) {
    if (i < 32u) { atomicStore(&here[i], 0u); }
    workgroupBarrier();
    if (id.x < arrayLength(&x)) { atomicAdd(&here[x[id.x] % 32u], 1u); }
    workgroupBarrier();
    if (i < 32u) { atomicAdd(&bins[i], atomicLoad(&here[i])); }
}
"""


def run(device, code, groups, storage, uniform=None):
    """Runs `main` of `code` with these arrays as bindings 0, 1, …; what the last of them holds afterwards."""
    usage = wgpu.BufferUsage.STORAGE | wgpu.BufferUsage.COPY_SRC | wgpu.BufferUsage.COPY_DST
    buffers = [device.create_buffer_with_data(data=a, usage=usage) for a in storage]
    bound = list(buffers)
    if uniform is not None:
        bound.append(device.create_buffer_with_data(data=uniform, usage=wgpu.BufferUsage.UNIFORM))
    module = device.create_shader_module(code=code)
    pipeline = device.create_compute_pipeline(layout="auto", compute={"module": module, "entry_point": "main"})
    entries = [{"binding": n, "resource": {"buffer": b, "offset": 0, "size": b.size}} for n, b in enumerate(bound)]
    group = device.create_bind_group(layout=pipeline.get_bind_group_layout(0), entries=entries)
    encoder = device.create_command_encoder()
    work = encoder.begin_compute_pass()
    work.set_pipeline(pipeline)
    work.set_bind_group(0, group)
    work.dispatch_workgroups(groups, 1, 1)
    work.end()
    device.queue.submit([encoder.finish()])
    return np.frombuffer(device.queue.read_buffer(buffers[-1]), dtype=storage[-1].dtype)


def main():
    adapter = wgpu.gpu.request_adapter_sync(power_preference="high-performance")
    info = adapter.info
    print(f"adapter: {info['device']}, {info['backend_type']}, {info['description']}", flush=True)
    if not any(name in info["device"] for name in ("RADV", "NAVI31", "AMD")):
        print("this is not the card")
        return 1
    device = adapter.request_device_sync()
    rng = np.random.default_rng(1)
    wrong = 0

    def verdict(name, bad, count):
        nonlocal wrong
        print(f"{name}: {'right' if bad == 0 else f'{bad} of {count} wrong'}", flush=True)
        wrong += bad != 0

    x = rng.integers(-1000, 1000, 10007).astype(np.float32)
    y = rng.integers(-1000, 1000, 10007).astype(np.float32)
    got = run(device, SAXPY, (x.size + 63) // 64, [x, y], np.array([3, 0, 0, 0], np.float32))
    verdict("saxpy", int((got != 3 * x + y).sum()), x.size)

    x = rng.integers(0, 1 << 30, 50021).astype(np.uint32)
    got = run(device, HISTOGRAM, (x.size + 127) // 128, [x, np.zeros(32, np.uint32)])
    verdict("histogram", int((got != np.bincount(x % 32, minlength=32)).sum()), 32)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
