//! Where tests say how many cases a property has.

use std::ops::Range;

use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Expr, ExprCall, FieldValue, File, Member};

use crate::weave::{Piece, Rewrite};

/// The places, each with the number as `switch::cases` makes it.
pub(crate) fn find(file: &File) -> Vec<Rewrite> {
    let mut finder = Finder(Vec::new());
    finder.visit_file(file);
    finder.0
}

struct Finder(Vec<Rewrite>);

impl Finder {
    fn few(&mut self, number: &Expr) {
        let range: Range<usize> = number.span().byte_range();
        let begin = Piece::Text("::switch::cases(".to_owned());
        let pieces = vec![begin, Piece::Source(range.clone()), Piece::Text(")".to_owned())];
        self.0.push(Rewrite { range, pieces, mutants: Vec::new() });
    }
}

impl Visit<'_> for Finder {
    fn visit_field_value(&mut self, field: &FieldValue) {
        let named = matches!(&field.member, Member::Named(name) if name == "cases");
        if named && field.colon_token.is_some() && matches!(field.expr, Expr::Lit(_) | Expr::Path(_)) {
            self.few(&field.expr);
        }
        visit::visit_field_value(self, field);
    }

    fn visit_expr_call(&mut self, call: &ExprCall) {
        let name = match &*call.func {
            Expr::Path(path) => path.path.segments.last().map(|segment| segment.ident.to_string()),
            _ => None,
        };
        if let (Some("with_cases"), Some(number)) = (name.as_deref(), call.args.first()) {
            self.few(number);
        }
        visit::visit_expr_call(self, call);
    }
}
