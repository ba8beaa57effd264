//! Words of stack that a frame takes: as the chain counts them, on the body after its blocks pay and its bulk operations pay.

use wasmparser::{BlockType, Operator};

use super::ends_block;

/// Words that paying for a block needs above what is on the stack.
const PAY_FOR_BLOCK: u32 = 2;
/// Words that paying for a bulk operation needs above its operands.
const PAY_FOR_BYTES: u32 = 3;

/// Parameters and results of a function type.
#[derive(Clone, Copy, Default)]
pub(crate) struct Arity {
    pub(crate) params: u32,
    pub(crate) results: u32,
}

/// Types and functions of a module, imported ones first.
#[derive(Default)]
pub(crate) struct Arities {
    pub(crate) types: Vec<Arity>,
    pub(crate) functions: Vec<u32>,
}

impl Arities {
    fn of_type(&self, index: u32) -> Arity {
        self.types.get(index as usize).copied().unwrap_or_default()
    }

    fn of_function(&self, index: u32) -> Arity {
        self.functions.get(index as usize).map(|ty| self.of_type(*ty)).unwrap_or_default()
    }

    fn of_block(&self, block: BlockType) -> Arity {
        match block {
            BlockType::Empty => Arity::default(),
            BlockType::Type(_) => Arity { params: 0, results: 1 },
            BlockType::FuncType(index) => self.of_type(index),
        }
    }

    /// The most values that are on the stack of a body at once. Code after a jump counts like any other.
    pub(crate) fn most_values(&self, body: &[Operator<'_>]) -> u32 {
        let mut stack = Stack::default();
        let mut begins_block = true;
        for op in body {
            if begins_block {
                stack.touch(PAY_FOR_BLOCK);
            }
            self.step(&mut stack, op);
            begins_block = ends_block(op);
        }
        stack.most
    }

    fn step(&self, stack: &mut Stack, op: &Operator<'_>) {
        use Operator::*;
        match op {
            Block { blockty } | Loop { blockty } => stack.open(self.of_block(*blockty)),
            If { blockty } => {
                stack.pop(1);
                stack.open(self.of_block(*blockty));
            }
            Else => stack.height = stack.open.last().copied().unwrap_or_default(),
            End => stack.height = stack.open.pop().unwrap_or(stack.height),
            Call { function_index } => stack.call(self.of_function(*function_index)),
            CallIndirect { type_index, .. } => {
                stack.pop(1);
                stack.call(self.of_type(*type_index));
            }
            MemoryCopy { .. } | MemoryFill { .. } => {
                stack.touch(PAY_FOR_BYTES);
                stack.pop(3);
            }
            Select | TypedSelect { .. } => stack.pop(2),
            Drop | LocalSet { .. } | GlobalSet { .. } | BrIf { .. } | BrTable { .. } => stack.pop(1),
            Nop | Unreachable | Return | Br { .. } | LocalTee { .. } | MemoryGrow { .. } => {}
            I32Const { .. } | I64Const { .. } | F32Const { .. } | F64Const { .. } => stack.push(1),
            LocalGet { .. } | GlobalGet { .. } | MemorySize { .. } => stack.push(1),
            op if is_store(op) => stack.pop(2),
            op if is_unary(op) => {}
            // Arithmetic and comparison of two operands.
            _ => stack.pop(1),
        }
    }
}

/// The operand stack as the chain follows it: a block's results are on it from the block's start.
#[derive(Default)]
struct Stack {
    height: u32,
    most: u32,
    open: Vec<u32>,
}

impl Stack {
    fn touch(&mut self, above: u32) {
        self.most = self.most.max(self.height + above);
    }

    fn push(&mut self, count: u32) {
        self.height += count;
        self.touch(0);
    }

    fn pop(&mut self, count: u32) {
        self.height = self.height.saturating_sub(count);
    }

    fn call(&mut self, arity: Arity) {
        self.push(arity.results);
        self.pop(arity.params);
    }

    fn open(&mut self, arity: Arity) {
        self.call(arity);
        self.open.push(self.height);
    }
}

fn is_store(op: &Operator<'_>) -> bool {
    use Operator::*;
    matches!(
        op,
        I32Store { .. }
            | I32Store8 { .. }
            | I32Store16 { .. }
            | I64Store { .. }
            | I64Store8 { .. }
            | I64Store16 { .. }
            | I64Store32 { .. }
            | F32Store { .. }
            | F64Store { .. }
    )
}

fn is_unary(op: &Operator<'_>) -> bool {
    use Operator::*;
    matches!(
        op,
        I32Load { .. }
            | I32Load8S { .. }
            | I32Load8U { .. }
            | I32Load16S { .. }
            | I32Load16U { .. }
            | I64Load { .. }
            | I64Load8S { .. }
            | I64Load8U { .. }
            | I64Load16S { .. }
            | I64Load16U { .. }
            | I64Load32S { .. }
            | I64Load32U { .. }
            | F32Load { .. }
            | F64Load { .. }
            | I32Eqz
            | I64Eqz
            | I32Clz
            | I32Ctz
            | I32Popcnt
            | I64Clz
            | I64Ctz
            | I64Popcnt
            | I32WrapI64
            | I64ExtendI32S
            | I64ExtendI32U
            | I32Extend8S
            | I32Extend16S
            | I64Extend8S
            | I64Extend16S
            | I64Extend32S
    )
}
