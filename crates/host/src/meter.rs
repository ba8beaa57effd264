//! Metering: the program is rewritten so that it pays for each basic block before it runs, and for each frame's stack.
//!
//! Three globals are added and exported: ink left, stack words left, and why the program stopped. Body length and prices are those of the
//! original; what is added here costs nothing.

pub(crate) mod depth;
mod emit;

use wasm_encoder::reencode::{Reencode, RoundtripReencoder};
use wasm_encoder::{
    BlockType, CodeSection, ConstExpr, ExportKind, ExportSection, Function, FunctionSection, GlobalSection,
    GlobalType, Instruction, Module, TypeSection, ValType,
};
use wasmparser::{Operator, Parser, Payload, TypeRef};

use self::depth::{Arities, Arity};
use self::emit::{charge, enter, leave, pay_for_bytes, pay_for_growth};
use crate::error::DeployError;
use crate::price::{self, BLOCK};

/// Names of the added exports. Programs cannot use them: `stylus` is reserved.
pub(crate) const INK: &str = "stylus_ink_left";
pub(crate) const STACK: &str = "stylus_stack_left";
pub(crate) const STATUS: &str = "stylus_status";
/// Values of the status global.
pub(crate) const OUT_OF_INK: i32 = 1;
pub(crate) const OUT_OF_STACK: i32 = 2;

/// Words that a frame takes beyond its locals and operands. Parameters are operands of its caller.
const FRAME_WORDS: u32 = 4;

/// Whether a block ends with this instruction.
pub(crate) fn ends_block(op: &Operator<'_>) -> bool {
    use Operator::*;
    matches!(
        op,
        End | Else
            | Return
            | Loop { .. }
            | Br { .. }
            | BrIf { .. }
            | BrTable { .. }
            | If { .. }
            | Call { .. }
            | CallIndirect { .. }
    )
}

/// Indices of what is added to the module.
struct Added {
    ink: u32,
    stack: u32,
    status: u32,
    /// (i32) -> (i32): pays for a byte count and returns it.
    bytes: u32,
    /// (i32) -> (i32): pays for pages and returns them.
    grow: Option<u32>,
}

/// A body with what metering needs to know of it.
struct Body<'a> {
    locals: Vec<(u32, ValType)>,
    operators: Vec<Operator<'a>>,
    type_index: u32,
    frame_words: u32,
}

/// The metered module.
pub(crate) fn instrument(wasm: &[u8]) -> Result<Vec<u8>, DeployError> {
    Instrumenter::read(wasm).and_then(|instrumenter| instrumenter.write(wasm)).map_err(DeployError::Malformed)
}

#[derive(Default)]
struct Instrumenter<'a> {
    arities: Arities,
    results: Vec<Option<ValType>>,
    imports: u32,
    pay_import: Option<u32>,
    globals: u32,
    bodies: Vec<Body<'a>>,
}

impl<'a> Instrumenter<'a> {
    fn read(wasm: &'a [u8]) -> Result<Self, String> {
        let mut this = Self::default();
        for payload in Parser::new(0).parse_all(wasm) {
            let payload = payload.map_err(|error| error.to_string())?;
            this.payload(payload).map_err(|error| error.to_string())?;
        }
        Ok(this)
    }

    fn payload(&mut self, payload: Payload<'a>) -> Result<(), Box<dyn std::error::Error>> {
        match payload {
            Payload::TypeSection(types) => {
                for ty in types.into_iter_err_on_gc_types() {
                    let ty = ty?;
                    let (params, results) = (ty.params().len() as u32, ty.results().len() as u32);
                    self.arities.types.push(Arity { params, results });
                    let result = ty.results().first().map(|ty| RoundtripReencoder.val_type(*ty));
                    self.results.push(result.transpose()?);
                }
            }
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    let import = import?;
                    if import.name == "pay_for_memory_grow" {
                        self.pay_import = Some(self.imports);
                    }
                    let TypeRef::Func(ty) = import.ty else { return Err("imports functions only".into()) };
                    self.arities.functions.push(ty);
                    self.imports += 1;
                }
            }
            Payload::FunctionSection(functions) => {
                for function in functions {
                    self.arities.functions.push(function?);
                }
            }
            Payload::GlobalSection(globals) => self.globals = globals.count(),
            Payload::CodeSectionEntry(body) => {
                let body = self.read_body(&body)?;
                self.bodies.push(body);
            }
            _ => {}
        }
        Ok(())
    }

    fn read_body(&self, body: &wasmparser::FunctionBody<'a>) -> Result<Body<'a>, Box<dyn std::error::Error>> {
        let type_index = self.arities.functions[self.imports as usize + self.bodies.len()];
        let mut locals = Vec::new();
        let mut words = FRAME_WORDS;
        for group in body.get_locals_reader()? {
            let (count, ty) = group?;
            locals.push((count, RoundtripReencoder.val_type(ty)?));
            words += count;
        }
        let operators: Vec<_> = body.get_operators_reader()?.into_iter().collect::<Result<_, _>>()?;
        let frame_words = words + self.arities.most_values(&operators);
        Ok(Body { locals, operators, type_index, frame_words })
    }

    fn write(&self, wasm: &[u8]) -> Result<Vec<u8>, String> {
        let functions = self.imports + self.bodies.len() as u32;
        let added = Added {
            ink: self.globals,
            stack: self.globals + 1,
            status: self.globals + 2,
            bytes: functions,
            grow: self.pay_import.map(|_| functions + 1),
        };
        let mut module = Module::new();
        let mut written = Written::default();
        for payload in Parser::new(0).parse_all(wasm) {
            let payload = payload.map_err(|error| error.to_string())?;
            if let Some((id, _)) = payload.as_section() {
                self.fill(&mut module, &mut written, id, &added)?;
            }
            self.section(&mut module, &mut written, payload, wasm, &added)?;
        }
        self.fill(&mut module, &mut written, u8::MAX, &added)?;
        Ok(module.finish())
    }

    /// Writes added sections that the program has none of, before the first section that must come after them.
    fn fill(
        &self,
        module: &mut Module,
        written: &mut Written,
        next: u8,
        added: &Added,
    ) -> Result<(), String> {
        // Order of sections: 1 type 2 import 3 function 4 table 5 memory 6 global 7 export 9 element 10 code 11 data.
        if next > 6 && !written.globals {
            module.section(&globals(GlobalSection::new()));
            written.globals = true;
        }
        if next > 7 && !written.exports {
            module.section(&exports(ExportSection::new(), added));
            written.exports = true;
        }
        Ok(())
    }

    fn section(
        &self,
        module: &mut Module,
        written: &mut Written,
        payload: Payload<'_>,
        wasm: &[u8],
        added: &Added,
    ) -> Result<(), String> {
        let mut same = RoundtripReencoder;
        let text = |error: wasm_encoder::reencode::Error| error.to_string();
        match payload {
            Payload::TypeSection(section) => {
                let mut types = TypeSection::new();
                same.parse_type_section(&mut types, section).map_err(text)?;
                types.ty().function([ValType::I32], [ValType::I32]);
                module.section(&types);
            }
            Payload::FunctionSection(section) => {
                let mut functions = FunctionSection::new();
                same.parse_function_section(&mut functions, section).map_err(text)?;
                functions.function(self.results.len() as u32);
                if added.grow.is_some() {
                    functions.function(self.results.len() as u32);
                }
                module.section(&functions);
            }
            Payload::GlobalSection(section) => {
                let mut section_ = GlobalSection::new();
                same.parse_global_section(&mut section_, section).map_err(text)?;
                module.section(&globals(section_));
                written.globals = true;
            }
            Payload::ExportSection(section) => {
                let mut kept = ExportSection::new();
                for export in section {
                    let export = export.map_err(|error| error.to_string())?;
                    if matches!(export.name, "user_entrypoint" | "memory") {
                        kept.export(export.name, same.export_kind(export.kind).map_err(text)?, export.index);
                    }
                }
                module.section(&exports(kept, added));
                written.exports = true;
            }
            Payload::CodeSectionStart { .. } => {
                let mut code = CodeSection::new();
                for body in &self.bodies {
                    code.function(&self.body(body, added).map_err(|error| error.to_string())?);
                }
                code.function(&pay_for_bytes(added));
                if let Some(pay) = self.pay_import {
                    code.function(&pay_for_growth(pay));
                }
                module.section(&code);
            }
            Payload::CodeSectionEntry(_) | Payload::CustomSection(_) => {}
            other => {
                if let Some((id, range)) = other.as_section() {
                    module.section(&wasm_encoder::RawSection {
                        id,
                        data: &wasm[range.start as usize..range.end as usize],
                    });
                }
            }
        }
        Ok(())
    }

    fn body(&self, body: &Body<'_>, added: &Added) -> Result<Function, Box<dyn std::error::Error>> {
        let mut same = RoundtripReencoder;
        let mut function = Function::new(body.locals.iter().copied());
        enter(&mut function, added, body.frame_words);
        let result = self.results[body.type_index as usize];
        function.instruction(&Instruction::Block(result.map_or(BlockType::Empty, BlockType::Result)));
        let mut rest = body.operators.as_slice();
        while !rest.is_empty() {
            let length = rest.iter().position(ends_block).map_or(rest.len(), |at| at + 1);
            let (block, after) = rest.split_at(length);
            let cost = block.iter().filter_map(|op| self.cost(op)).fold(0, u64::saturating_add);
            charge(&mut function, added, cost.saturating_add(BLOCK));
            for op in block {
                self.instruction(&mut function, &mut same, op, added, body.frame_words)?;
            }
            rest = after;
        }
        leave(&mut function, added, body.frame_words);
        function.instruction(&Instruction::End);
        Ok(function)
    }

    fn cost(&self, op: &Operator<'_>) -> Option<u64> {
        let parameters = match op {
            Operator::CallIndirect { type_index, .. } => {
                650 * u64::from(self.arities.types[*type_index as usize].params)
            }
            _ => 0,
        };
        Some(price::instruction(op)? + parameters)
    }

    fn instruction(
        &self,
        function: &mut Function,
        same: &mut RoundtripReencoder,
        op: &Operator<'_>,
        added: &Added,
        words: u32,
    ) -> Result<(), Box<dyn std::error::Error>> {
        match op {
            Operator::Return => leave(function, added, words),
            Operator::MemoryCopy { .. } | Operator::MemoryFill { .. } => {
                function.instruction(&Instruction::Call(added.bytes));
            }
            Operator::MemoryGrow { .. } => {
                if let Some(grow) = added.grow {
                    function.instruction(&Instruction::Call(grow));
                }
            }
            _ => {}
        }
        function.instruction(&same.instruction(op.clone())?);
        Ok(())
    }
}

#[derive(Default)]
struct Written {
    globals: bool,
    exports: bool,
}

fn globals(mut section: GlobalSection) -> GlobalSection {
    let ty = |val_type| GlobalType { val_type, mutable: true, shared: false };
    section.global(ty(ValType::I64), &ConstExpr::i64_const(0));
    section.global(ty(ValType::I32), &ConstExpr::i32_const(0));
    section.global(ty(ValType::I32), &ConstExpr::i32_const(0));
    section
}

fn exports(mut section: ExportSection, added: &Added) -> ExportSection {
    section.export(INK, ExportKind::Global, added.ink);
    section.export(STACK, ExportKind::Global, added.stack);
    section.export(STATUS, ExportKind::Global, added.status);
    section
}
