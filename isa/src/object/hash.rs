//! Hash functions: of symbol names in dynamic hash tables, and XXH3, by which lld orders merged elements.

/// The System V ABI's hash of a name.
pub(super) fn sysv(name: &str) -> u32 {
    let mut h = 0u32;
    for c in name.bytes() {
        h = (h << 4).wrapping_add(u32::from(c));
        let g = h & 0xf000_0000;
        h ^= g >> 24;
        h &= !g;
    }
    h
}

/// The hash of `.gnu.hash`.
pub(super) fn gnu(name: &str) -> u32 {
    name.bytes().fold(5381u32, |h, c| h.wrapping_mul(33).wrapping_add(u32::from(c)))
}

/// XXH3's default secret (xxHash specification, XXH3 algorithm overview).
#[rustfmt::skip]
static SECRET: [u8; 192] = [
    0xb8, 0xfe, 0x6c, 0x39, 0x23, 0xa4, 0x4b, 0xbe, 0x7c, 0x01, 0x81, 0x2c, 0xf7, 0x21, 0xad, 0x1c,
    0xde, 0xd4, 0x6d, 0xe9, 0x83, 0x90, 0x97, 0xdb, 0x72, 0x40, 0xa4, 0xa4, 0xb7, 0xb3, 0x67, 0x1f,
    0xcb, 0x79, 0xe6, 0x4e, 0xcc, 0xc0, 0xe5, 0x78, 0x82, 0x5a, 0xd0, 0x7d, 0xcc, 0xff, 0x72, 0x21,
    0xb8, 0x08, 0x46, 0x74, 0xf7, 0x43, 0x24, 0x8e, 0xe0, 0x35, 0x90, 0xe6, 0x81, 0x3a, 0x26, 0x4c,
    0x3c, 0x28, 0x52, 0xbb, 0x91, 0xc3, 0x00, 0xcb, 0x88, 0xd0, 0x65, 0x8b, 0x1b, 0x53, 0x2e, 0xa3,
    0x71, 0x64, 0x48, 0x97, 0xa2, 0x0d, 0xf9, 0x4e, 0x38, 0x19, 0xef, 0x46, 0xa9, 0xde, 0xac, 0xd8,
    0xa8, 0xfa, 0x76, 0x3f, 0xe3, 0x9c, 0x34, 0x3f, 0xf9, 0xdc, 0xbb, 0xc7, 0xc7, 0x0b, 0x4f, 0x1d,
    0x8a, 0x51, 0xe0, 0x4b, 0xcd, 0xb4, 0x59, 0x31, 0xc8, 0x9f, 0x7e, 0xc9, 0xd9, 0x78, 0x73, 0x64,
    0xea, 0xc5, 0xac, 0x83, 0x34, 0xd3, 0xeb, 0xc3, 0xc5, 0x81, 0xa0, 0xff, 0xfa, 0x13, 0x63, 0xeb,
    0x17, 0x0d, 0xdd, 0x51, 0xb7, 0xf0, 0xda, 0x49, 0xd3, 0x16, 0x55, 0x26, 0x29, 0xd4, 0x68, 0x9e,
    0x2b, 0x16, 0xbe, 0x58, 0x7d, 0x47, 0xa1, 0xfc, 0x8f, 0xf8, 0xb8, 0xd1, 0x7a, 0xd0, 0x31, 0xce,
    0x45, 0xcb, 0x3a, 0x8f, 0x95, 0x16, 0x04, 0x28, 0xaf, 0xd7, 0xfb, 0xca, 0xbb, 0x4b, 0x40, 0x7e,
];

const PRIME32_1: u64 = 0x9e37_79b1;
const PRIME32_2: u64 = 0x85eb_ca77;
const PRIME32_3: u64 = 0xc2b2_ae3d;
const PRIME64_1: u64 = 0x9e37_79b1_85eb_ca87;
const PRIME64_2: u64 = 0xc2b2_ae3d_27d4_eb4f;
const PRIME64_3: u64 = 0x1656_67b1_9e37_79f9;
const PRIME64_4: u64 = 0x85eb_ca77_c2b2_ae63;
const PRIME64_5: u64 = 0x27d4_eb2f_1656_67c5;
const PRIME_MX1: u64 = 0x1656_6791_9e37_79f9;
const PRIME_MX2: u64 = 0x9fb2_1c65_1e98_df25;

fn r32(b: &[u8], at: usize) -> u64 {
    u64::from(u32::from_le_bytes([b[at], b[at + 1], b[at + 2], b[at + 3]]))
}

fn r64(b: &[u8], at: usize) -> u64 {
    r32(b, at) | r32(b, at + 4) << 32
}

fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    product as u64 ^ (product >> 64) as u64
}

fn avalanche(mut h: u64) -> u64 {
    h ^= h >> 37;
    h = h.wrapping_mul(PRIME_MX1);
    h ^ h >> 32
}

fn avalanche_xxh64(mut h: u64) -> u64 {
    h ^= h >> 33;
    h = h.wrapping_mul(PRIME64_2);
    h ^= h >> 29;
    h = h.wrapping_mul(PRIME64_3);
    h ^ h >> 32
}

fn mix16(input: &[u8], at: usize, secret: usize) -> u64 {
    fold(r64(input, at) ^ r64(&SECRET, secret), r64(input, at + 8) ^ r64(&SECRET, secret + 8))
}

/// XXH3 of 64 bits with seed 0 and the default secret.
pub(super) fn xxh3(b: &[u8]) -> u64 {
    let n = b.len();
    match n {
        0 => avalanche_xxh64(r64(&SECRET, 56) ^ r64(&SECRET, 64)),
        1..=3 => {
            let bytes = u64::from(b[0]) << 16 | u64::from(b[n / 2]) << 24 | u64::from(b[n - 1]) | (n as u64) << 8;
            avalanche_xxh64(bytes ^ r32(&SECRET, 0) ^ r32(&SECRET, 4))
        }
        4..=8 => {
            let input = r32(b, n - 4) | r32(b, 0) << 32;
            let mut h = input ^ r64(&SECRET, 8) ^ r64(&SECRET, 16);
            h ^= h.rotate_left(49) ^ h.rotate_left(24);
            h = h.wrapping_mul(PRIME_MX2);
            h ^= (h >> 35).wrapping_add(n as u64);
            h = h.wrapping_mul(PRIME_MX2);
            h ^ h >> 28
        }
        9..=16 => {
            let low = r64(b, 0) ^ r64(&SECRET, 24) ^ r64(&SECRET, 32);
            let high = r64(b, n - 8) ^ r64(&SECRET, 40) ^ r64(&SECRET, 48);
            let sum = (n as u64).wrapping_add(low.swap_bytes()).wrapping_add(high);
            avalanche(sum.wrapping_add(fold(low, high)))
        }
        17..=128 => {
            let mut acc = (n as u64).wrapping_mul(PRIME64_1);
            for k in (0..=(n - 1) / 32).rev() {
                acc = acc.wrapping_add(mix16(b, 16 * k, 32 * k));
                acc = acc.wrapping_add(mix16(b, n - 16 * (k + 1), 32 * k + 16));
            }
            avalanche(acc)
        }
        129..=240 => {
            let mut acc = (n as u64).wrapping_mul(PRIME64_1);
            for k in 0..8 {
                acc = acc.wrapping_add(mix16(b, 16 * k, 16 * k));
            }
            acc = avalanche(acc);
            for k in 8..n / 16 {
                acc = acc.wrapping_add(mix16(b, 16 * k, 16 * (k - 8) + 3));
            }
            avalanche(acc.wrapping_add(mix16(b, n - 16, 136 - 17)))
        }
        _ => long(b),
    }
}

fn accumulate(acc: &mut [u64; 8], b: &[u8], at: usize, secret: usize) {
    for k in 0..8 {
        let v = r64(b, at + 8 * k);
        let key = v ^ r64(&SECRET, secret + 8 * k);
        acc[k ^ 1] = acc[k ^ 1].wrapping_add(v);
        acc[k] = acc[k].wrapping_add((key & 0xffff_ffff).wrapping_mul(key >> 32));
    }
}

fn long(b: &[u8]) -> u64 {
    const STRIPE: usize = 64;
    const STRIPES: usize = (SECRET.len() - STRIPE) / 8;
    const LAST: usize = SECRET.len() - STRIPE;
    let mut acc = [PRIME32_3, PRIME64_1, PRIME64_2, PRIME64_3, PRIME64_4, PRIME32_2, PRIME64_5, PRIME32_1];
    for stripe in 0..(b.len() - 1) / STRIPE {
        let k = stripe % STRIPES;
        accumulate(&mut acc, b, stripe * STRIPE, 8 * k);
        if k == STRIPES - 1 {
            for (k, a) in acc.iter_mut().enumerate() {
                *a = (*a ^ *a >> 47 ^ r64(&SECRET, LAST + 8 * k)).wrapping_mul(PRIME32_1);
            }
        }
    }
    accumulate(&mut acc, b, b.len() - STRIPE, LAST - 7);
    let mut h = (b.len() as u64).wrapping_mul(PRIME64_1);
    for k in 0..4 {
        let (low, high) = (r64(&SECRET, 11 + 16 * k), r64(&SECRET, 11 + 16 * k + 8));
        h = h.wrapping_add(fold(acc[2 * k] ^ low, acc[2 * k + 1] ^ high));
    }
    avalanche(h)
}
