use sparkle_cpu::*;
use std::time::Instant;
unsafe extern "C" {
    fn madvise(p: *mut u8, len: usize, advice: i32) -> i32;
    fn aligned_alloc(align: usize, len: usize) -> *mut u8;
}
fn alloc(len: usize, v: f32, huge: bool) -> &'static mut [f32] {
    let bytes = (len * 4).next_multiple_of(2 << 20);
    unsafe {
        let p = aligned_alloc(2 << 20, bytes);
        madvise(p, bytes, if huge { 14 } else { 15 });
        let s = std::slice::from_raw_parts_mut(p.cast::<f32>(), len);
        s.fill(v);
        s
    }
}
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let threads: usize = args[1].parse().unwrap();
    let filter = args.get(2).cloned().unwrap_or_default();
    let engine = Engine::new(std::num::NonZeroUsize::new(threads), None).unwrap();
    let mut shapes: Vec<(String, Conv2dShape)> = vec![];
    let mut add = |n: &str, b, c, h, k, r: usize, s: usize, d: usize, g| {
        shapes
            .push((n.to_string(), Conv2dShape::new(b, c, h, h, k, r, r).pad(r / 2 * d).stride(s).dilation(d).groups(g)))
    };
    add("classic", 1, 64, 56, 64, 3, 1, 1, 1);
    add("l1.1x1", 1, 64, 56, 64, 1, 1, 1, 1);
    add("l1.up", 1, 64, 56, 256, 1, 1, 1, 1);
    add("l1.dn", 1, 256, 56, 64, 1, 1, 1, 1);
    add("l2.up", 1, 128, 28, 512, 1, 1, 1, 1);
    add("l2.dn", 1, 512, 28, 128, 1, 1, 1, 1);
    add("l3.up", 1, 256, 14, 1024, 1, 1, 1, 1);
    add("l3.dn", 1, 1024, 14, 256, 1, 1, 1, 1);
    add("l4.up", 1, 512, 7, 2048, 1, 1, 1, 1);
    add("l4.dn", 1, 2048, 7, 512, 1, 1, 1, 1);
    add("c1", 1, 3, 224, 64, 7, 2, 1, 1);
    add("l2.3x3s2", 1, 128, 56, 128, 3, 2, 1, 1);
    add("l2.sc", 1, 256, 56, 512, 1, 2, 1, 1);
    add("l3.3x3s2", 1, 256, 28, 256, 3, 2, 1, 1);
    add("l4.3x3s2", 1, 512, 14, 512, 3, 2, 1, 1);
    add("l2.3x3", 1, 128, 28, 128, 3, 1, 1, 1);
    add("l3.3x3", 1, 256, 14, 256, 3, 1, 1, 1);
    add("l4.3x3", 1, 512, 7, 512, 3, 1, 1, 1);
    add("l4.3x3n8", 8, 512, 7, 512, 3, 1, 1, 1);
    add("vgg64@224", 1, 64, 224, 64, 3, 1, 1, 1);
    add("vgg256@56", 1, 256, 56, 256, 3, 1, 1, 1);
    add("vgg512@28", 1, 512, 28, 512, 3, 1, 1, 1);
    add("vgg3-64", 1, 3, 224, 64, 3, 1, 1, 1);
    add("deeplab", 1, 2048, 33, 256, 3, 1, 12, 1);
    add("pw16-96", 1, 16, 112, 96, 1, 1, 1, 1);
    add("pw192-32", 1, 192, 28, 32, 1, 1, 1, 1);
    add("dw144", 1, 144, 56, 144, 3, 1, 1, 144);
    add("tiny", 1, 16, 8, 16, 1, 1, 1, 1);
    let mut rect = |n: &str, c, h, w, k| shapes.push((n.to_string(), Conv2dShape::new(1, c, h, w, k, 1, 1)));
    rect("t128x48x64", 128, 1, 48, 64);
    rect("t128x96x64", 128, 1, 96, 64);
    rect("t128x480x64", 128, 1, 480, 64);
    rect("t128x480x512", 128, 1, 480, 512);
    rect("t64x480x64", 64, 1, 480, 64);
    rect("t256x480x512", 256, 1, 480, 512);
    rect("t1024x480x512", 1024, 1, 480, 512);
    rect("t512x49x2048", 512, 7, 7, 2048);
    let mut peak = 0f64;
    for (name, shape) in shapes.into_iter().filter(|s| s.0.contains(&filter)) {
        let huge = args.len() > 3;
        let x = &*alloc(shape.input_len(), 0.5, huge);
        let w = vec![0.25f32; shape.weight_len()];
        let mut y = alloc(shape.output_len(), 0.0, huge);
        let mut line = format!("{name:10}");
        for algorithm in [Algorithm::Gemm, Algorithm::Winograd4] {
            let Ok(plan) = Conv2d::with(&engine, shape, algorithm) else { continue };
            let packed = plan.pack(&engine, &w).unwrap();
            let mut times = vec![];
            let begin = Instant::now();
            while times.len() < 5 || begin.elapsed().as_millis() < 150 {
                let t = Instant::now();
                plan.run_packed(&engine, &x, &packed, None, &mut y).unwrap();
                times.push(t.elapsed().as_secs_f64());
            }
            times.sort_by(f64::total_cmp);
            let g = |t: f64| shape.flops() as f64 / t / 1e9;
            line += &format!(
                "  {algorithm} {:7.1} (best {:7.1}, {:.1} us)",
                g(times[times.len() / 2]),
                g(times[0]),
                times[times.len() / 2] * 1e6
            );
            peak = peak.max(g(times[0]));
        }
        println!("{line}");
    }
}
