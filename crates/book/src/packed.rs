//! Fields packed one after the other, big-endian.

/// Takes big-endian fields off the front of packed bytes; past their end it reads zero.
#[derive(Debug)]
pub struct Reader<'a>(pub &'a [u8]);

impl Reader<'_> {
    /// The next `width` bytes, at most 8, as an unsigned number.
    #[inline(never)]
    pub fn take(&mut self, width: usize) -> u64 {
        let (field, rest) = self.0.split_at_checked(width).unwrap_or_default();
        self.0 = rest;
        field.iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
    }

    /// The next 8 bytes.
    pub fn u64(&mut self) -> u64 {
        self.take(8)
    }

    /// The next 4 bytes.
    pub fn u32(&mut self) -> u32 {
        u32::try_from(self.take(4)).unwrap_or_default()
    }

    /// The next 16 bytes, two's complement.
    pub fn i128(&mut self) -> i128 {
        (u128::from(self.take(8)) << 64 | u128::from(self.take(8))).cast_signed()
    }
}

/// Puts big-endian fields one after the other.
#[derive(Debug)]
pub struct Writer<'a>(pub &'a mut [u8]);

impl Writer<'_> {
    /// Appends `field`; what does not fit is dropped.
    pub fn put(&mut self, field: &[u8]) {
        let rest = core::mem::take(&mut self.0);
        if let Some((head, tail)) = rest.split_at_mut_checked(field.len()) {
            head.copy_from_slice(field);
            self.0 = tail;
        }
    }
}
