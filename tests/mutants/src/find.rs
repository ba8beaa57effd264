//! Where mutants are in a file, and what their places become.

use std::collections::HashMap;
use std::ops::Range;

use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Arm, BinOp, Block, Expr, ExprBinary, ExprMatch, ExprStruct, ExprUnary, File};

use crate::mutant::{Genre, Mutant};
use crate::weave::{Piece, Rewrite};

/// Why a mutant of what the compiler computes has no switch.
pub(crate) const IN_A_CONSTANT: &str = "in a constant";

pub(crate) struct Found {
    pub(crate) rewrites: Vec<Rewrite>,
    pub(crate) unviable: Vec<u32>,
    pub(crate) left: Vec<(u32, &'static str)>,
}

/// Finds the place of each of `mutants`, all of one file.
pub(crate) fn find(source: &str, file: &File, mutants: &[&Mutant]) -> Found {
    let mut finder = Finder {
        source,
        waiting: HashMap::new(),
        constant: false,
        rewrites: Vec::new(),
        unviable: Vec::new(),
        left: Vec::new(),
    };
    for mutant in mutants {
        finder.waiting.entry((mutant.genre, mutant.span.start)).or_default().push(mutant);
    }
    finder.visit_file(file);
    let Finder { waiting, rewrites, unviable, mut left, .. } = finder;
    left.extend(
        waiting.into_values().flatten().map(|mutant| (mutant.number, "in no place that a switch fits")),
    );
    Found { rewrites, unviable, left }
}

struct Finder<'a> {
    source: &'a str,
    /// By what they change and where.
    waiting: HashMap<(Genre, usize), Vec<&'a Mutant>>,
    /// What is computed here, the compiler computes.
    constant: bool,
    rewrites: Vec<Rewrite>,
    unviable: Vec<u32>,
    left: Vec<(u32, &'static str)>,
}

fn range(of: &impl Spanned) -> Range<usize> {
    of.span().byte_range()
}

fn text(text: impl Into<String>) -> Piece {
    Piece::Text(text.into())
}

/// Whether switch `number` is on.
fn is(number: u32) -> String {
    format!("::switch::is({number})")
}

fn numbers(mutants: &[&Mutant]) -> Vec<u32> {
    mutants.iter().map(|mutant| mutant.number).collect()
}

/// A chain of conditions: what each mutant makes of it, and what it is.
fn chain(mutants: &[&Mutant], changed: impl Fn(&str) -> String, original: Vec<Piece>) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for mutant in mutants {
        pieces.push(text(format!("if {} {{ ", is(mutant.number))));
        pieces.push(Piece::Own(mutant.number, vec![text(changed(&mutant.replacement))]));
        pieces.push(text(" } else "));
    }
    pieces.push(text("{ "));
    pieces.extend(original);
    pieces.push(text(" }"));
    pieces
}

/// Whether a condition binds what it matches, which only `&&` may join.
fn binds(condition: &Expr) -> bool {
    match condition {
        Expr::Let(_) => true,
        Expr::Binary(ExprBinary { left, op: BinOp::And(_), right, .. }) => binds(left) || binds(right),
        _ => false,
    }
}

enum Operation {
    /// Borrows its operands.
    Comparison,
    Lazy,
    Assignment,
    /// Takes its operands.
    Value,
}

fn operation(op: &BinOp) -> Operation {
    match op {
        BinOp::Eq(_) | BinOp::Ne(_) | BinOp::Lt(_) | BinOp::Le(_) | BinOp::Gt(_) | BinOp::Ge(_) => {
            Operation::Comparison
        }
        BinOp::And(_) | BinOp::Or(_) => Operation::Lazy,
        BinOp::Add(_) | BinOp::Sub(_) | BinOp::Mul(_) | BinOp::Div(_) | BinOp::Rem(_) => Operation::Value,
        BinOp::BitXor(_) | BinOp::BitAnd(_) | BinOp::BitOr(_) | BinOp::Shl(_) | BinOp::Shr(_) => {
            Operation::Value
        }
        _ => Operation::Assignment,
    }
}

impl<'a> Finder<'a> {
    fn take(&mut self, genre: Genre, start: usize) -> Vec<&'a Mutant> {
        let mutants = self.waiting.remove(&(genre, start)).unwrap_or_default();
        if self.constant {
            self.left.extend(numbers(&mutants).into_iter().map(|number| (number, IN_A_CONSTANT)));
            return Vec::new();
        }
        mutants
    }

    fn constant(&mut self, visit: impl FnOnce(&mut Self)) {
        let outer = std::mem::replace(&mut self.constant, true);
        visit(self);
        self.constant = outer;
    }

    fn rewrite(&mut self, range: Range<usize>, mutants: &[&Mutant], pieces: Vec<Piece>) {
        self.rewrites.push(Rewrite { range, pieces, mutants: numbers(mutants) });
    }

    fn function(&mut self, block: &Block) {
        let Some(first) = block.stmts.first() else { return };
        let mutants = self.take(Genre::FnValue, range(first).start);
        if mutants.is_empty() {
            return;
        }
        // What such a function returns is of the type of its body: it cannot return a second one at once.
        if mutants
            .iter()
            .any(|mutant| mutant.function.as_ref().is_some_and(|of| of.returns.contains("impl ")))
        {
            self.left.extend(
                numbers(&mutants).into_iter().map(|number| (number, "its type is what its body makes it")),
            );
            return;
        }
        let mut pieces = Vec::new();
        for mutant in &mutants {
            pieces.push(text(format!(" if {} {{ ", is(mutant.number))));
            pieces.push(Piece::Own(mutant.number, vec![text(format!("return {};", mutant.replacement))]));
            pieces.push(text(" }"));
        }
        let start = block.brace_token.span.open().byte_range().end;
        self.rewrite(start..start, &mutants, pieces);
    }

    fn binary(&mut self, binary: &ExprBinary) {
        let op = range(&binary.op);
        let mutants = self.take(Genre::BinaryOperator, op.start);
        if mutants.is_empty() {
            return;
        }
        if binds(&binary.left) || binds(&binary.right) {
            self.unviable.extend(numbers(&mutants));
            return;
        }
        let (left, right) = (Piece::Source(range(&*binary.left)), Piece::Source(range(&*binary.right)));
        let op = &self.source[op];
        let pieces = match operation(&binary.op) {
            Operation::Comparison => {
                let by = |op: &str| format!("*__l {op} *__r");
                let chain = chain(&mutants, by, vec![text(by(op))]);
                [vec![text("(match (&("), left, text("), &("), right, text(")) { (__l, __r) => ")], chain]
                    .concat_with(" })")
            }
            Operation::Value => {
                let by = |op: &str| format!("__l {op} __r");
                let chain = chain(&mutants, by, vec![text(by(op))]);
                [vec![text("(match ("), left, text(", "), right, text(") { (__l, __r) => ")], chain]
                    .concat_with(" })")
            }
            Operation::Assignment => {
                let place = &self.source[range(&*binary.left)];
                let by = |op: &str| format!("{place} {op} __r");
                let chain = chain(&mutants, by, vec![left, text(format!(" {op} __r"))]);
                [vec![text("(match ("), right, text(") { __r => ")], chain].concat_with(" })")
            }
            Operation::Lazy => match *mutants {
                // Whether the second operand counts is what the other operator turns round.
                [mutant] if matches!((op, &*mutant.replacement), ("&&", "||") | ("||", "&&")) => {
                    let when = if op == "&&" { "!=" } else { "==" };
                    let switch = is(mutant.number);
                    let counts = format!("; if __l {when} {switch} {{ ");
                    vec![text("({ let __l: bool = "), left, text(counts), right, text(" } else { __l } })")]
                }
                _ => {
                    self.left.extend(
                        numbers(&mutants).into_iter().map(|number| (number, "another lazy operator")),
                    );
                    return;
                }
            },
        };
        self.rewrite(range(binary), &mutants, pieces);
    }

    fn unary(&mut self, unary: &ExprUnary) {
        let op = range(&unary.op);
        let mutants = self.take(Genre::UnaryOperator, op.start);
        if mutants.is_empty() {
            return;
        }
        let by = |op: &str| format!("{op}__v");
        let chain = chain(&mutants, by, vec![text(by(&self.source[op]))]);
        let begin = vec![text("(match ("), Piece::Source(range(&*unary.expr)), text(") { __v => ")];
        self.rewrite(range(unary), &mutants, [begin, chain].concat_with(" })"));
    }

    /// Arms less one may not cover every value: what the compiler then says, it says of the whole.
    fn arms(&mut self, whole: &ExprMatch) {
        let starts = whole.arms.iter().map(|arm| (Genre::MatchArm, range(arm).start));
        let mutants: Vec<&Mutant> =
            starts.filter_map(|key| self.waiting.get(&key)).flatten().copied().collect();
        if !mutants.is_empty() {
            let range = range(whole);
            self.rewrite(range.clone(), &mutants, vec![Piece::Source(range)]);
        }
    }

    fn arm(&mut self, arm: &Arm) {
        let less = self.take(Genre::MatchArm, range(arm).start);
        let guard = arm.guard.as_ref().map(|(_, guard)| &**guard);
        let guards =
            guard.map(|guard| self.take(Genre::MatchArmGuard, range(guard).start)).unwrap_or_default();
        let mutants = [&less[..], &guards].concat();
        if mutants.is_empty() {
            return;
        }
        if guard.is_some_and(binds) {
            self.left.extend(numbers(&mutants).into_iter().map(|number| (number, "a guard that binds")));
            return;
        }
        let mut pieces = vec![text(" if ")];
        pieces.extend(less.iter().map(|mutant| text(format!("!{} && ", is(mutant.number)))));
        match guard {
            Some(guard) => {
                pieces.push(text("("));
                for mutant in &guards {
                    pieces.push(text(format!("if {} {{ {} }} else ", is(mutant.number), mutant.replacement)));
                }
                pieces.extend([text("{ "), Piece::Source(range(guard)), text(" }) ")]);
            }
            None => pieces.push(text("true ")),
        }
        let (start, end) = (range(&arm.pat).end, range(&arm.fat_arrow_token).start);
        self.rewrite(start..end, &mutants, pieces);
    }

    fn fields(&mut self, structure: &ExprStruct) {
        for field in &structure.fields {
            let mutants = self.take(Genre::StructField, range(field).start);
            let ([mutant], Some(rest)) = (&*mutants, &structure.rest) else { continue };
            let (path, member) = (&self.source[range(&structure.path)], &self.source[range(&field.member)]);
            let own = vec![
                text(format!("let __b: {path} = ")),
                Piece::Source(range(&**rest)),
                text(format!("; __b.{member}")),
            ];
            let pieces = vec![
                text(format!("{member}: if {} {{ ", is(mutant.number))),
                Piece::Own(mutant.number, own),
                text(" } else { "),
                Piece::Source(range(&field.expr)),
                text(" }"),
            ];
            self.rewrite(range(field), &mutants, pieces);
        }
    }
}

impl<'a> Visit<'_> for Finder<'a> {
    fn visit_item_fn(&mut self, item: &syn::ItemFn) {
        self.function(&item.block);
        visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &syn::ImplItemFn) {
        self.function(&item.block);
        visit::visit_impl_item_fn(self, item);
    }

    fn visit_trait_item_fn(&mut self, item: &syn::TraitItemFn) {
        if let Some(block) = &item.default {
            self.function(block);
        }
        visit::visit_trait_item_fn(self, item);
    }

    fn visit_expr_binary(&mut self, binary: &ExprBinary) {
        self.binary(binary);
        visit::visit_expr_binary(self, binary);
    }

    fn visit_expr_unary(&mut self, unary: &ExprUnary) {
        self.unary(unary);
        visit::visit_expr_unary(self, unary);
    }

    fn visit_expr_match(&mut self, whole: &ExprMatch) {
        self.arms(whole);
        visit::visit_expr_match(self, whole);
    }

    fn visit_arm(&mut self, arm: &Arm) {
        self.arm(arm);
        visit::visit_arm(self, arm);
    }

    fn visit_expr_struct(&mut self, structure: &ExprStruct) {
        self.fields(structure);
        visit::visit_expr_struct(self, structure);
    }

    fn visit_item_const(&mut self, item: &syn::ItemConst) {
        self.constant(|finder| visit::visit_item_const(finder, item));
    }

    fn visit_impl_item_const(&mut self, item: &syn::ImplItemConst) {
        self.constant(|finder| visit::visit_impl_item_const(finder, item));
    }

    fn visit_item_static(&mut self, item: &syn::ItemStatic) {
        self.constant(|finder| visit::visit_item_static(finder, item));
    }

    fn visit_type(&mut self, of: &syn::Type) {
        self.constant(|finder| visit::visit_type(finder, of));
    }

    /// A kernel with every mutant in it is too much code to be copied wherever it is used.
    fn visit_attribute(&mut self, attribute: &syn::Attribute) {
        if let syn::Meta::List(list) = &attribute.meta
            && list.path.is_ident("inline")
            && list.tokens.to_string() == "always"
        {
            self.rewrite(range(list), &[], vec![text("inline")]);
        }
    }

    /// Nothing is computed in a pattern.
    fn visit_pat(&mut self, _: &syn::Pat) {}
}

trait ConcatWith {
    fn concat_with(self, end: &str) -> Vec<Piece>;
}

impl<const N: usize> ConcatWith for [Vec<Piece>; N] {
    fn concat_with(self, end: &str) -> Vec<Piece> {
        self.into_iter().flatten().chain([text(end)]).collect()
    }
}
