//! One slice of the vol surface: raw SVI, packed into a word.
//!
//! w(k) = a + b (rho (k - m) + sqrt((k - m)^2 + s^2)), total variance to expiry against k = ln(strike / forward).
//!
//! | bits, from the top | 40 | 40 | 24 | 32 | 40 | 48 | 32 |
//! |---|---|---|---|---|---|---|---|
//! | field | a | b | rho | m | s | forward | updated_at |
//! | unit | Q36 | Q36 | Q22 | Q28 | Q36 | micro-USD | s |

use maths::sqrt_u128;

/// A slice as stored. Signed fields are two's complement in their widths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slice {
    /// Level of variance [Q36], in [-4, 4)
    pub a: i64,
    /// Slope of the wings [Q36], in [0, 2]
    pub b: i64,
    /// Tilt [Q22], in (-1, 1)
    pub rho: i32,
    /// Centre [Q28], in [-4, 4)
    pub m: i32,
    /// Curvature [Q36], in (0, 4)
    pub s: i64,
    /// Forward at publication [micro-USD], in (0, 2^48)
    pub forward: u64,
    /// Time of publication [unix seconds]
    pub updated_at: u32,
}

/// Why a slice is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SliceError {
    /// A field is out of its range.
    Range,
    /// |rho| >= 1.
    Rho,
    /// s <= 0.
    Sigma,
    /// The least variance, a + b s sqrt(1 - rho^2), is negative.
    NegativeVariance,
    /// A wing is steeper than Lee's bound, b (1 + |rho|) <= 2.
    Wing,
}

const FOUR: i64 = 1 << 38;
const ONE_RHO: u32 = 1 << 22;
const FOUR_M: u32 = 1 << 30;

impl Slice {
    /// Checks every bound that a single slice must keep.
    ///
    /// # Errors
    /// The first bound that does not hold.
    pub fn check(&self) -> Result<(), SliceError> {
        let forward = self.forward > 0 && self.forward >> 48 == 0;
        let wide = self.a < -FOUR || self.a >= FOUR || self.b < 0 || self.s >= FOUR;
        if wide || self.m.unsigned_abs() >= FOUR_M || !forward {
            return Err(SliceError::Range);
        }
        if self.rho.unsigned_abs() >= ONE_RHO {
            return Err(SliceError::Rho);
        }
        if self.s <= 0 {
            return Err(SliceError::Sigma);
        }
        let (b, s) = (u128::from(self.b.unsigned_abs()), u128::from(self.s.unsigned_abs()));
        let rho = u128::from(self.rho.unsigned_abs());
        // Q36 times Q22 against 2.0 in Q58. b < 2^63 and 1 + |rho| < 2^23 in Q22 stay within 128 bits.
        if b.saturating_mul(rho.saturating_add(ONE_RHO.into())) > 1 << 59 {
            return Err(SliceError::Wing);
        }
        // sqrt(1 - rho^2) in Q22, from Q44; with b <= 2 and s < 4 the product is below 2^97.
        let root = sqrt_u128((1_u128 << 44).saturating_sub(rho.saturating_mul(rho)));
        let least = b.saturating_mul(s).saturating_mul(root) >> 58;
        let least = i64::try_from(least).unwrap_or(i64::MAX).saturating_add(self.a);
        if least < 0 { Err(SliceError::NegativeVariance) } else { Ok(()) }
    }

    /// The slice as a word.
    #[must_use]
    pub fn pack(&self) -> [u8; 32] {
        let fields = [
            (5, self.a),
            (5, self.b),
            (3, self.rho.into()),
            (4, self.m.into()),
            (5, self.s),
            (6, self.forward.cast_signed()),
            (4, self.updated_at.into()),
        ];
        let mut word = [0; 32];
        let mut rest = word.as_mut_slice();
        for (width, field) in fields {
            let bytes = field.to_be_bytes();
            let low = bytes.get(8_usize.saturating_sub(width)..).unwrap_or_default();
            if let Some((head, tail)) = core::mem::take(&mut rest).split_at_mut_checked(width) {
                head.copy_from_slice(low);
                rest = tail;
            }
        }
        word
    }

    /// The slice in a word that [`Slice::pack`] made.
    #[must_use]
    pub fn unpack(word: &[u8; 32]) -> Self {
        let mut rest = word.as_slice();
        let mut take = |width: usize| {
            let (field, tail) = rest.split_at_checked(width).unwrap_or_default();
            rest = tail;
            field.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte))
        };
        Self {
            a: signed(take(5), 40),
            b: signed(take(5), 40),
            rho: narrow(signed(take(3), 24)),
            m: narrow(signed(take(4), 32)),
            s: signed(take(5), 40),
            forward: take(6),
            updated_at: u32::try_from(take(4)).unwrap_or_default(),
        }
    }
}

/// The two's complement number of `width` bits.
fn signed(bits: u64, width: u32) -> i64 {
    let unused = 64_u32.saturating_sub(width);
    bits.unbounded_shl(unused).cast_signed().unbounded_shr(unused)
}

fn narrow(number: i64) -> i32 {
    i32::try_from(number).unwrap_or_default()
}
