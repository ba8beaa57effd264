//! What each kind of mutant makes of a piece of source.

use std::ops::Range;

use super::{Woven, fewer, weave};
use crate::mutant::{Genre, Mutant};

/// A mutant of the `nth` place, from 0, where `of` stands.
fn mutant(number: u32, genre: Genre, source: &str, of: &str, nth: usize, replacement: &str) -> Mutant {
    let (start, _) = source.match_indices(of).nth(nth).expect("a place");
    Mutant {
        number,
        package: String::new(),
        file: String::new(),
        what: String::new(),
        nth: 1,
        genre,
        span: Range { start, end: start + of.len() },
        replacement: replacement.to_owned(),
        function: None,
        line: 1,
        source: String::new(),
    }
}

fn woven(source: &str, mutants: &[Mutant]) -> Woven {
    weave(source, &mutants.iter().collect::<Vec<_>>()).expect("a source")
}

fn text(source: &str, mutants: &[Mutant]) -> String {
    let woven = woven(source, mutants);
    assert!(woven.left.is_empty() && woven.unviable.is_empty(), "{woven:?}");
    syn::parse_file(&woven.text).expect("a source again");
    woven.text
}

#[test]
fn a_function_returns_at_once() {
    let source = "fn f(x: u8) -> u8 { x }";
    let mutants =
        [mutant(1, Genre::FnValue, source, "x }", 0, "0"), mutant(2, Genre::FnValue, source, "x }", 0, "1")];
    assert_eq!(
        text(source, &mutants),
        "fn f(x: u8) -> u8 { if ::switch::is(1) { return 0; } if ::switch::is(2) { return 1; } x }"
    );
}

#[test]
fn operands_of_a_comparison_are_borrowed_and_appear_once() {
    let source = "fn f() -> bool { a[0] < b }";
    let mutants = [
        mutant(1, Genre::BinaryOperator, source, "<", 0, ">"),
        mutant(2, Genre::BinaryOperator, source, "<", 0, "<="),
    ];
    assert_eq!(
        text(source, &mutants),
        "fn f() -> bool { (match (&(a[0]), &(b)) { (__l, __r) => if ::switch::is(1) { *__l > *__r } \
         else if ::switch::is(2) { *__l <= *__r } else { *__l < *__r } }) }"
    );
}

#[test]
fn mutants_lie_within_mutants() {
    let source = "fn f() -> u8 { a + b * c }";
    let mutants = [
        mutant(1, Genre::BinaryOperator, source, "+", 0, "-"),
        mutant(2, Genre::BinaryOperator, source, "*", 0, "/"),
    ];
    assert_eq!(
        text(source, &mutants),
        "fn f() -> u8 { (match (a, (match (b, c) { (__l, __r) => if ::switch::is(2) { __l / __r } else { __l * __r } })) \
         { (__l, __r) => if ::switch::is(1) { __l - __r } else { __l + __r } }) }"
    );
}

#[test]
fn the_second_operand_of_a_lazy_operator_stays_lazy() {
    let source = "fn f() -> bool { a && b || c }";
    let mutants = [
        mutant(1, Genre::BinaryOperator, source, "&&", 0, "||"),
        mutant(2, Genre::BinaryOperator, source, "||", 0, "&&"),
    ];
    assert_eq!(
        text(source, &mutants),
        "fn f() -> bool { ({ let __l: bool = ({ let __l: bool = a; if __l != ::switch::is(1) { b } else { __l } }); \
         if __l == ::switch::is(2) { c } else { __l } }) }"
    );
}

#[test]
fn the_lazy_switch_is_the_other_operator() {
    for (l, r) in [(false, false), (false, true), (true, false), (true, true)] {
        let and = |on: bool| if l != on { r } else { l };
        let or = |on: bool| if l == on { r } else { l };
        assert_eq!([and(false), and(true), or(false), or(true)], [l && r, l || r, l || r, l && r]);
    }
}

#[test]
fn a_condition_that_binds_can_only_be_joined_by_and() {
    let source = "fn f() { if let Some(x) = y && x > 0 && z {} }";
    let mutants = [
        mutant(1, Genre::BinaryOperator, source, "&&", 0, "||"),
        mutant(2, Genre::BinaryOperator, source, "&&", 1, "||"),
    ];
    let mut woven = woven(source, &mutants);
    woven.unviable.sort_unstable();
    assert_eq!((woven.text.as_str(), woven.unviable), (source, vec![1, 2]));
}

#[test]
fn an_assignment_keeps_the_mutants_of_its_place() {
    let source = "fn f() { a[i - 1] += b; }";
    let mutants = [
        mutant(1, Genre::BinaryOperator, source, "+=", 0, "-="),
        mutant(2, Genre::BinaryOperator, source, "- ", 0, "+"),
    ];
    assert_eq!(
        text(source, &mutants),
        "fn f() { (match (b) { __r => if ::switch::is(1) { a[i - 1] -= __r } else \
         { a[(match (i, 1) { (__l, __r) => if ::switch::is(2) { __l + __r } else { __l - __r } })] += __r } }); }"
    );
}

#[test]
fn a_sign_less() {
    let source = "fn f() -> bool { !a }";
    let mutants = [mutant(1, Genre::UnaryOperator, source, "!", 0, "")];
    assert_eq!(
        text(source, &mutants),
        "fn f() -> bool { (match (a) { __v => if ::switch::is(1) { __v } else { !__v } }) }"
    );
}

#[test]
fn an_arm_less_and_a_guard_of_its_own() {
    let source = "fn f() { match x { 1 => a, n if n > 2 => b, _ => c } }";
    let mutants = [
        mutant(1, Genre::MatchArm, source, "1 =>", 0, ""),
        mutant(2, Genre::MatchArmGuard, source, "n > 2", 0, "true"),
        mutant(3, Genre::BinaryOperator, source, "> 2", 0, "<"),
    ];
    assert_eq!(
        text(source, &mutants),
        "fn f() { match x { 1 if !::switch::is(1) && true => a, n if (if ::switch::is(2) { true } else \
         { (match (&(n), &(2)) { (__l, __r) => if ::switch::is(3) { *__l < *__r } else { *__l > *__r } }) }) => b, _ => c } }"
    );
}

#[test]
fn a_field_comes_from_the_rest() {
    let source = "fn f() -> S { S { a, ..s } }";
    let mutants = [mutant(1, Genre::StructField, source, "a,", 0, "")];
    assert_eq!(
        text(source, &mutants),
        "fn f() -> S { S { a: if ::switch::is(1) { let __b: S = s; __b.a } else { a }, ..s } }"
    );
}

#[test]
fn what_the_compiler_computes_has_no_switch() {
    let source = "const A: u8 = 1 + 2; fn f() -> [u8; 3 + 4] { const B: u8 = 5 + 6; [0; 7] }";
    let mutants = [0, 1, 2].map(|nth| mutant(1, Genre::BinaryOperator, source, "+", nth, "-"));
    let woven = woven(source, &mutants);
    assert_eq!((woven.text.as_str(), woven.left.len()), (source, 3));
}

#[test]
fn a_place_is_known_by_where_it_is_in_the_woven_text() {
    let source = "fn f() -> u8 { a + b }";
    let woven = woven(source, &[mutant(7, Genre::BinaryOperator, source, "+", 0, "-")]);
    let own = woven.places.iter().find(|place| place.own).expect("a place");
    assert_eq!((&woven.text[own.range.clone()], &own.mutants[..]), ("__l - __r", &[7][..]));
}

#[test]
fn kernels_are_not_copied_wherever_they_are_used() {
    assert_eq!(
        text("#[inline(always)] fn f() {} #[inline(never)] fn g() {}", &[]),
        "#[inline] fn f() {} #[inline(never)] fn g() {}"
    );
}

#[test]
fn a_runner_may_have_few_cases() {
    let source =
        "fn f() { let c = Config { cases: 30_000, ..d }; TestRunner::new(Config::with_cases(MANY)); }";
    assert_eq!(
        fewer(source).expect("a source"),
        "fn f() { let c = Config { cases: ::switch::cases(30_000), ..d }; \
         TestRunner::new(Config::with_cases(::switch::cases(MANY))); }"
    );
}
