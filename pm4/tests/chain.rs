//! Padding, and streams cut into indirect buffers.

use pm4::submission::Ring;
use pm4::*;

/// Packets of 2, 3 and 5 dwords, `n` of each, that can be told apart.
fn sample(ring: Ring, n: u32) -> Stream {
    let mut s = Stream::on(ring);
    for i in 0..n {
        s.push(PfpSyncMe { dummy: i }).unwrap();
        s.push(SetShReg { offset: 0x240, values: vec![i], ..Default::default() }).unwrap();
        s.push(DispatchDirect { dim_x: i, ..Default::default() }).unwrap();
    }
    s
}

/// What a command processor executes: the packets of the pieces, found through the chain, without padding.
fn executed(pieces: &[Vec<u32>], vas: &[u64]) -> Vec<u32> {
    let (mut out, mut piece) = (Vec::new(), 0);
    'pieces: loop {
        for item in decode(&pieces[piece]) {
            match item.packet.as_ref().expect("whole packets") {
                Packet::Nop(_) => {}
                Packet::IndirectBuffer(p) if p.chain => {
                    assert_eq!(item.offset + item.words.len(), pieces[piece].len(), "the chain ends its piece");
                    piece = vas.iter().position(|&va| va == p.ib_base).expect("a piece's address");
                    assert_eq!(p.ib_size as usize, pieces[piece].len());
                    continue 'pieces;
                }
                _ => out.extend_from_slice(item.words),
            }
        }
        return out;
    }
}

#[test]
fn pieces_execute_as_the_whole() {
    for ring in [Ring::Gfx, Ring::Compute] {
        for n in [0, 1, 7, 40] {
            let s = sample(ring, n);
            for max_dw in [16, 17, 24, 64, 1 << 19] {
                let segments = s.segments(max_dw).unwrap();
                let vas: Vec<u64> = (0..segments.count() as u64).map(|i| 0xffff_8000_0000_0000 + 0x1000 * i).collect();
                let pieces = segments.link(&vas).unwrap();
                for (i, piece) in pieces.iter().enumerate() {
                    assert!(piece.len() <= max_dw && piece.len() % 8 == 0, "{} of {max_dw}", piece.len());
                    assert_eq!(segments.len_dw(i), Some(piece.len()));
                }
                assert_eq!(executed(&pieces, &vas), s.dwords());
                for dword in 0..s.len_dw() {
                    let (piece, at) = segments.locate(dword).unwrap();
                    assert_eq!(pieces[piece][at], s.dwords()[dword]);
                }
                assert_eq!(segments.locate(s.len_dw()), None);
            }
        }
    }
}

/// Dwords set by hand: two packets, a filler, the chain (CHAIN is bit 20, VALID bit 23 and the compute engine's).
#[test]
fn a_chain_is_the_last_four_dwords() {
    for (ring, last) in [(Ring::Compute, 0x0090_0008), (Ring::Gfx, 0x0010_0008)] {
        let mut s = Stream::on(ring);
        s.push(PfpSyncMe { dummy: 1 }).unwrap();
        s.push(DispatchDirect { dim_x: 2, ..Default::default() }).unwrap();
        s.push(PfpSyncMe { dummy: 3 }).unwrap();
        s.push(PfpSyncMe { dummy: 4 }).unwrap();
        let pieces = s.segments(8).err().map(|e| e.code());
        // 2 + 5 dwords do not fit 8 beside a chain, and neither does the dispatch alone.
        assert_eq!(pieces, Some("pm4-invalid"));
        let mut s = Stream::on(ring);
        for dummy in 1..=5 {
            s.push(PfpSyncMe { dummy }).unwrap();
        }
        let segments = s.segments(8).unwrap();
        assert_eq!(segments.count(), 2);
        let pieces = segments.link(&[0x1_0000, 0xffff_8001_0000_2000]).unwrap();
        assert_eq!(pieces[0], [0xc000_4200, 1, 0xc000_4200, 2, 0xc002_3f00, 0x0000_2000, 0xffff_8001, last]);
        assert_eq!(pieces[1], [0xc000_4200, 3, 0xc000_4200, 4, 0xc000_4200, 5, 0xc000_1000, 0]);
    }
}

#[test]
fn what_may_be_skipped_stays_in_one_piece() {
    let mut s = Stream::new();
    s.push(PfpSyncMe { dummy: 0 }).unwrap();
    let inside = |s: &mut Stream| -> Result<(), EncodeError> {
        for i in 0..6 {
            s.set_sh(reg::compute_user_data(2 * i).unwrap(), i)?;
        }
        Ok(())
    };
    s.conditional(0x1000, inside).unwrap();
    let at = 2..2 + 5 + 18;
    assert_eq!(s.dwords()[at.start + 4], 18, "COND_EXEC counts what it may skip");
    for max_dw in [24, 32, 40] {
        let segments = s.segments(max_dw).unwrap();
        let piece = segments.locate(at.start).unwrap().0;
        assert!(at.clone().all(|d| segments.locate(d).unwrap().0 == piece));
    }
    assert!(s.segments(16).is_err());
    // A range beyond the end, and a stream that chains by itself.
    let mut s = sample(Ring::Compute, 9);
    s.push(CondExec { address: 0x1000, exec_count: 8, ..Default::default() }).unwrap();
    assert!(s.segments(64).is_err());
    let mut s = sample(Ring::Compute, 9);
    s.push(IndirectBuffer { ib_base: 0x1000, ib_size: 8, chain: true, ..Default::default() }).unwrap();
    assert!(s.segments(64).is_err());
}

#[test]
fn links_are_checked() {
    let s = sample(Ring::Compute, 9);
    let segments = s.segments(64).unwrap();
    let code = |vas: &[u64]| segments.link(vas).err().map(|e| e.code());
    assert_eq!(segments.count(), 2);
    assert_eq!(code(&[0x1000, 0x2000]), None);
    assert_eq!(code(&[0x1000]), Some("pm4-invalid"));
    assert_eq!(code(&[0x1000, 0x2010]), Some("pm4-misaligned"));
    assert_eq!(code(&[0x1000, 0x0001_0000_0000_0000]), Some("pm4-invalid"));
    assert!(s.segments(7).is_err());
    assert!(s.segments(1 << 20).is_err());
}

#[test]
fn a_dma_stream_is_one_piece_of_zeros_at_its_end() {
    let mut s = Stream::on(Ring::Sdma);
    s.push_dwords(&[6, 1, 2]);
    let segments = s.segments(16).unwrap();
    assert_eq!(segments.link(&[0x1_0000]).unwrap(), [[6, 1, 2, 0, 0, 0, 0, 0]]);
    assert_eq!(segments.link(&[0x1_0020]).unwrap_err().code(), "pm4-misaligned");
    s.push_dwords(&[0; 16]);
    assert!(s.segments(16).is_err());
    assert_eq!(s.finish().unwrap().len(), 24);
}

#[test]
fn padding_is_what_the_ring_asks_for() {
    for ring in Ring::ALL {
        let mut s = Stream::on(ring);
        assert_eq!(s.pad().unwrap().len_dw(), 0);
        s.push_dwords(if ring == Ring::Sdma { &[0] } else { &[0xffff_1000] });
        assert_eq!(s.pad().unwrap().len_dw(), 8);
    }
}
