//! `kernels/src/asm/vadd_f32.s` written in Rust: y[i] = a[i] + b[i], i < n. Prints the listing.
//!
//! `cargo run -p isa --example vadd_f32`
use isa::Op::*;
use isa::WaveSize;
use isa::build::*;

/// The kernel; see the source in assembly for its arguments and registers.
pub fn vadd_f32() -> Result<Code, Faults> {
    let (kernarg, group, n) = (ss::<2>(0), s(15), s(10));
    let (inputs, y) = (ss::<4>(4), ss::<2>(8));
    let (a, b) = (inputs.part::<0, 2>(), inputs.part::<2, 2>());
    let (lane, sum, other) = (v(0), v(1), v(2));

    let mut k = Kernel::new(WaveSize::W32);
    let end = k.label();
    k.op(S_CLAUSE, 2);
    k.op(S_LOAD_B128, (inputs, kernarg, 0x00));
    k.op(S_LOAD_B64, (y, kernarg, 0x10));
    k.op(S_LOAD_B32, (n, kernarg, 0x18));
    k.op(V_AND_B32, (lane, 0x3ff, lane));
    k.op(S_LSHL_B32, (s(2), group, 8));
    k.delay_alu(Delay::on(Dep::Valu1).then(0, Dep::Salu1));
    k.op(V_ADD_NC_U32, (sum, s(2), lane));
    k.waitcnt(Wait::lgkm(0));
    // The source wants the long form; EXEC is written by both.
    k.emit(V_CMPX_GT_U32.on((n, sum)).e64());
    k.op(S_CBRANCH_EXECZ, end);
    // The slice's base in 64 bits: workgroup * 1024 bytes.
    k.op(S_LSHL_B32, (s(2), group, 10));
    k.op(S_LSHR_B32, (s(3), group, 22));
    k.op(V_LSHLREV_B32, (lane, 2, lane));
    for base in [a, b] {
        k.op(S_ADD_U32, (base.at::<0>(), base.at::<0>(), s(2)));
        k.op(S_ADDC_U32, (base.at::<1>(), base.at::<1>(), s(3)));
    }
    k.op(S_CLAUSE, 1);
    k.op(GLOBAL_LOAD_B32, (sum, lane, a));
    k.op(GLOBAL_LOAD_B32, (other, lane, b));
    k.op(S_ADD_U32, (y.at::<0>(), y.at::<0>(), s(2)));
    k.op(S_ADDC_U32, (y.at::<1>(), y.at::<1>(), s(3)));
    k.waitcnt(Wait::vm(0));
    k.op(V_ADD_F32, (sum, sum, other));
    k.op(GLOBAL_STORE_B32, (lane, sum, y));
    k.op(S_NOP, 0);
    k.sendmsg(Message::DeallocVgprs);
    k.bind(end);
    k.op(S_ENDPGM, ());
    k.code_end();
    k.finish()
}

#[allow(dead_code)]
fn main() -> Result<(), Faults> {
    let code = vadd_f32()?;
    println!("// {} VGPRs, {} SGPRs, {} bytes", code.vgprs, code.sgprs, code.words().len() * 4);
    for line in isa::disassemble_all(code.words(), WaveSize::W32) {
        match line.text {
            Ok(text) => println!("{:04x}  {text}", line.offset),
            Err(e) => println!("{:04x}  {e}", line.offset),
        }
    }
    Ok(())
}
