//! Prices: ink of instructions and host functions, gas of memory and of calling a program. All figures are the chain's.

use core::cmp::Ordering;

/// Ink in a gas.
pub(crate) const INK_PER_GAS: u64 = 10_000;
/// Entering a host function.
pub(crate) const HOSTIO: u64 = 8_400;
/// One pointer handed to the host.
pub(crate) const POINTER: u64 = 5_040;
/// Asking the EVM for something.
pub(crate) const EVM_API: u64 = 59_673;
/// A basic block.
pub(crate) const BLOCK: u64 = 2_450;
/// Words of stack at the start of a call.
pub(crate) const STACK_WORDS: u32 = 22_000;

/// Gas that starting any program costs when it is not cached, beside [`MIN_CACHED_INIT`].
pub(crate) const MIN_INIT: u64 = 69 * 128;
/// Gas that starting any program costs, cached or not.
pub(crate) const MIN_CACHED_INIT: u64 = 11 * 32;

/// Reading or forwarding `length` bytes from the program's memory.
pub(crate) fn read(length: u64) -> u64 {
    16_381 + 55 * length.saturating_sub(32)
}

/// Writing `length` bytes to the program's memory.
pub(crate) fn write(length: u64) -> u64 {
    POINTER + 30 * length.saturating_sub(32)
}

/// keccak256 of `length` bytes.
pub(crate) fn keccak(length: u64) -> u64 {
    121_800 + 21_000 * length.div_ceil(32).saturating_sub(2)
}

/// Gas floor of a call that returns `length` bytes: what memory of that size costs the EVM.
pub(crate) fn return_data_floor(length: usize) -> u64 {
    let words = (length as u64).div_ceil(32);
    3 * words + words * words / 512
}

/// Pages that a transaction has open, and the most it ever had.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Pages {
    pub(crate) open: u16,
    pub(crate) ever: u16,
}

impl Pages {
    pub(crate) const FREE: u16 = 2;
    pub(crate) const LIMIT: u16 = 128;
    pub(crate) const PAGE_GAS: u64 = 1_000;

    /// Opens `new` pages and returns their gas; more than 128 cost more than there is.
    pub(crate) fn grow(&mut self, new: u16) -> u64 {
        let before = *self;
        self.open = self.open.saturating_add(new);
        self.ever = self.ever.max(self.open);
        let beyond = |pages: u16| u64::from(pages.saturating_sub(Self::FREE));
        let linear = (beyond(self.open) - beyond(before.open)) * Self::PAGE_GAS;
        let ramp = Self::ramp(self.ever).saturating_sub(Self::ramp(before.ever));
        linear.saturating_add(ramp)
    }

    /// 31,874,000 to the power of the part of the limit that is used, rounded down; the chain's table is one less at its end.
    fn ramp(pages: u16) -> u64 {
        match pages.cmp(&Self::LIMIT) {
            Ordering::Less => 31_874_000_f64.powf(f64::from(pages) / 128.0) as u64,
            Ordering::Equal => 31_873_999,
            Ordering::Greater => u64::MAX,
        }
    }
}

/// Ink of an instruction, without the block that it may end. None for an instruction that no program may hold.
pub(crate) fn instruction(op: &wasmparser::Operator<'_>) -> Option<u64> {
    use wasmparser::Operator::*;
    Some(match op {
        Nop | Unreachable | Return | Block { .. } | Loop { .. } | Else | End => 1,
        I32Const { .. } | I64Const { .. } => 1,
        Drop => 9,
        Br { .. } | BrIf { .. } | If { .. } => 765,
        BrTable { targets } => 2_400 + 325 * u64::from(targets.len()),
        Select | TypedSelect { .. } => 1_250,
        Call { .. } => 3_800,
        CallIndirect { .. } => 13_610,
        LocalGet { .. } | LocalTee { .. } => 75,
        LocalSet { .. } => 210,
        GlobalGet { .. } => 225,
        GlobalSet { .. } => 575,
        I32Load { .. } | I32Load8S { .. } | I32Load8U { .. } | I32Load16S { .. } | I32Load16U { .. } => 670,
        I64Load { .. }
        | I64Load8S { .. }
        | I64Load8U { .. }
        | I64Load16S { .. }
        | I64Load16U { .. }
        | I64Load32S { .. }
        | I64Load32U { .. } => 680,
        I32Store { .. } | I32Store8 { .. } | I32Store16 { .. } => 825,
        I64Store { .. } | I64Store8 { .. } | I64Store16 { .. } | I64Store32 { .. } => 950,
        MemorySize { .. } => 3_000,
        MemoryGrow { .. } => 8_050,
        MemoryCopy { .. } | MemoryFill { .. } => 950,
        I32Eqz | I32Eq | I32Ne | I32LtS | I32LtU | I32GtS | I32GtU | I32LeS | I32LeU | I32GeS | I32GeU => 170,
        I64Eqz | I64Eq | I64Ne | I64LtS | I64LtU | I64GtS | I64GtU | I64LeS | I64LeU | I64GeS | I64GeU => 225,
        I32Clz | I32Ctz | I64Clz | I64Ctz => 210,
        I32Popcnt => 2_650,
        I64Popcnt => 6_000,
        I32Add | I32Sub | I32And | I32Or | I32Xor | I32Shl | I32ShrS | I32ShrU | I32Rotl | I32Rotr => 70,
        I64Add | I64Sub | I64And | I64Or | I64Xor | I64Shl | I64ShrS | I64ShrU | I64Rotl | I64Rotr => 100,
        I32Mul | I64Mul => 160,
        I32DivS | I32DivU | I32RemS | I32RemU => 1_120,
        I64DivS | I64DivU | I64RemS | I64RemU => 1_270,
        I32WrapI64 | I64ExtendI32S | I64ExtendI32U => 100,
        I32Extend8S | I32Extend16S | I64Extend8S | I64Extend16S | I64Extend32S => 100,
        // Accepted at activation, never affordable.
        F32Const { .. }
        | F64Const { .. }
        | F32Load { .. }
        | F64Load { .. }
        | F32Store { .. }
        | F64Store { .. } => u64::MAX / 4,
        _ => return None,
    })
}
