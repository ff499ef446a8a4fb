use sparkle_cpu::*;
fn main() {
    let a: Vec<usize> = std::env::args().skip(1).map(|a| a.parse().unwrap()).collect();
    let engine = Engine::new(std::num::NonZeroUsize::new(1), None).unwrap();
    let shape = Conv2dShape::new(a[0], a[1], a[2], a[2], a[3], a[4], a[4]).pad(a[4] / 2).stride(a[5]);
    let plan = Conv2d::with(&engine, shape, if a[6] == 1 { Algorithm::Winograd4 } else { Algorithm::Gemm }).unwrap();
    let x = vec![0.5f32; shape.input_len()];
    let w = vec![0.25f32; shape.weight_len()];
    let mut y = vec![0f32; shape.output_len()];
    let packed = plan.pack(&engine, &w).unwrap();
    let t = std::time::Instant::now();
    for _ in 0..a[7] {
        plan.run_packed(&engine, &x, &packed, None, &mut y).unwrap();
    }
    println!("{:.1}", shape.flops() as f64 * a[7] as f64 / t.elapsed().as_secs_f64() / 1e9);
}
