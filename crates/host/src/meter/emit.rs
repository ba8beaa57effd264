//! The instructions that metering adds.

use wasm_encoder::{BlockType, Function, Instruction, ValType};

use super::{Added, OUT_OF_INK, OUT_OF_STACK};

/// Pays `cost`, or stops for want of ink with none left.
pub(super) fn charge(function: &mut Function, added: &Added, cost: u64) {
    let cost = i64::try_from(cost).unwrap_or(i64::MAX);
    function.instruction(&Instruction::GlobalGet(added.ink));
    function.instruction(&Instruction::I64Const(cost));
    function.instruction(&Instruction::I64LtU);
    stop_if(function, added, OUT_OF_INK);
    function.instruction(&Instruction::GlobalGet(added.ink));
    function.instruction(&Instruction::I64Const(cost));
    function.instruction(&Instruction::I64Sub);
    function.instruction(&Instruction::GlobalSet(added.ink));
}

/// Takes a frame's words, or stops for want of stack.
pub(super) fn enter(function: &mut Function, added: &Added, words: u32) {
    function.instruction(&Instruction::GlobalGet(added.stack));
    function.instruction(&Instruction::I32Const(words as i32));
    function.instruction(&Instruction::I32LeU);
    stop_if(function, added, OUT_OF_STACK);
    shift_stack(function, added, words, &Instruction::I32Sub);
}

/// Gives a frame's words back.
pub(super) fn leave(function: &mut Function, added: &Added, words: u32) {
    shift_stack(function, added, words, &Instruction::I32Add);
}

fn shift_stack(function: &mut Function, added: &Added, words: u32, by: &Instruction<'_>) {
    function.instruction(&Instruction::GlobalGet(added.stack));
    function.instruction(&Instruction::I32Const(words as i32));
    function.instruction(by);
    function.instruction(&Instruction::GlobalSet(added.stack));
}

fn stop_if(function: &mut Function, added: &Added, status: i32) {
    let emptied = if status == OUT_OF_STACK { added.stack } else { added.ink };
    function.instruction(&Instruction::If(BlockType::Empty));
    if status == OUT_OF_STACK {
        function.instruction(&Instruction::I32Const(0));
    } else {
        function.instruction(&Instruction::I64Const(0));
    }
    function.instruction(&Instruction::GlobalSet(emptied));
    function.instruction(&Instruction::I32Const(status));
    function.instruction(&Instruction::GlobalSet(added.status));
    function.instruction(&Instruction::Unreachable);
    function.instruction(&Instruction::End);
}

/// 100 ink for each byte of a bulk memory operation.
pub(super) fn pay_for_bytes(added: &Added) -> Function {
    let mut function = Function::new([(1, ValType::I64)]);
    function.instruction(&Instruction::LocalGet(0));
    function.instruction(&Instruction::I64ExtendI32U);
    function.instruction(&Instruction::I64Const(100));
    function.instruction(&Instruction::I64Mul);
    function.instruction(&Instruction::LocalTee(1));
    function.instruction(&Instruction::GlobalGet(added.ink));
    function.instruction(&Instruction::I64GtU);
    stop_if(&mut function, added, OUT_OF_INK);
    function.instruction(&Instruction::GlobalGet(added.ink));
    function.instruction(&Instruction::LocalGet(1));
    function.instruction(&Instruction::I64Sub);
    function.instruction(&Instruction::GlobalSet(added.ink));
    function.instruction(&Instruction::LocalGet(0));
    function.instruction(&Instruction::End);
    function
}

/// `pay_for_memory_grow` before each `memory.grow`; a count beyond 16 bits is more than any program can pay for.
pub(super) fn pay_for_growth(pay: u32) -> Function {
    let mut function = Function::new([]);
    function.instruction(&Instruction::LocalGet(0));
    function.instruction(&Instruction::I32Const(i32::from(u16::MAX)));
    function.instruction(&Instruction::LocalGet(0));
    function.instruction(&Instruction::I32Const(i32::from(u16::MAX)));
    function.instruction(&Instruction::I32LtU);
    function.instruction(&Instruction::Select);
    function.instruction(&Instruction::Call(pay));
    function.instruction(&Instruction::LocalGet(0));
    function.instruction(&Instruction::End);
    function
}
