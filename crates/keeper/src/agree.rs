//! One answer out of several.

use std::fmt::Debug;

use crate::chain::Fault;

/// The answer that at least `quorum` endpoints gave and more than gave any other. A contract's refusal is an answer.
///
/// # Errors
/// Too few answers, or answers that differ with none in front.
pub(crate) fn agree<T: Clone + Debug + PartialEq>(
    what: &'static str,
    answers: &[Result<T, Fault>],
    quorum: usize,
) -> Result<T, Fault> {
    let mut groups: Vec<(&Result<T, Fault>, usize)> = Vec::new();
    for answer in answers.iter().filter(|answer| answer.as_ref().err().is_none_or(Fault::is_answer)) {
        match groups.iter_mut().find(|(known, _)| *known == answer) {
            Some((_, count)) => *count = count.saturating_add(1),
            None => groups.push((answer, 1)),
        }
    }
    groups.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    match groups.as_slice() {
        [(one, first), (other, second), ..] if *first < quorum || first == second => {
            Err(Fault::Disagreement { what, one: shown(one), other: shown(other) })
        }
        [(answer, count), ..] if *count >= quorum => (*answer).clone(),
        groups => {
            let have = groups.first().map_or(0, |(_, count)| *count);
            let first = answers.iter().find_map(|answer| answer.as_ref().err());
            let first = first.map_or_else(|| "none is left".into(), ToString::to_string);
            Err(Fault::Quorum { what, have, want: quorum, of: answers.len(), first })
        }
    }
}

/// The greatest number that at least `quorum` reach, zero if there are fewer: a single one raises it only where one is enough, and lowers it only where
/// all are needed.
pub(crate) fn backed<'n>(numbers: impl Iterator<Item = &'n u64>, quorum: usize) -> u64 {
    let mut numbers: Vec<u64> = numbers.copied().collect();
    numbers.sort_unstable();
    numbers.iter().rev().nth(quorum.saturating_sub(1)).copied().unwrap_or_default()
}

fn shown<T: Debug>(answer: &Result<T, Fault>) -> String {
    let text = match answer {
        Ok(answer) => format!("{answer:?}"),
        Err(fault) => fault.to_string(),
    };
    text.chars().take(160).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lost<T>() -> Result<T, Fault> {
        Err(Fault::Unreachable("gone".into()))
    }

    #[test]
    fn a_quorum_that_agrees_is_enough() {
        assert_eq!(agree("x", &[Ok(1), Ok(1), Ok(2)], 2), Ok(1));
        assert_eq!(agree("x", &[Ok(1), lost(), Ok(1)], 2), Ok(1));
        assert_eq!(agree("x", &[Ok(7)], 1), Ok(7));
    }

    #[test]
    fn refusals_of_a_contract_count_as_answers() {
        let refused = || Err(Fault::Reverted(vec![1, 2, 3, 4].into()));
        assert_eq!(agree::<u8>("x", &[refused(), refused()], 2), refused());
        assert!(matches!(agree("x", &[refused(), Ok(1)], 2), Err(Fault::Disagreement { .. })));
    }

    #[test]
    fn two_that_differ_decide_nothing() {
        assert!(matches!(agree("x", &[Ok(1), Ok(2)], 1), Err(Fault::Disagreement { .. })));
        assert!(matches!(agree("x", &[Ok(1), Ok(2)], 2), Err(Fault::Disagreement { .. })));
        assert!(matches!(agree("x", &[Ok(1), Ok(1), Ok(2), Ok(2)], 2), Err(Fault::Disagreement { .. })));
    }

    #[test]
    fn a_number_is_what_a_quorum_reaches() {
        let of = |numbers: &[u64], quorum| backed(numbers.iter(), quorum);
        // One that is far above or far below the others changes nothing.
        assert_eq!([of(&[5, 900, 6], 2), of(&[6, 5, 0], 2), of(&[5, 6, 7], 2)], [6, 5, 6]);
        assert_eq!([of(&[5, 900], 2), of(&[5, 900], 1), of(&[5], 2), of(&[], 1)], [5, 900, 0, 0]);
    }

    #[test]
    fn too_few_say_how_many_and_why() {
        let error = agree("head", &[Ok(1), lost()], 2).expect_err("one of two");
        assert_eq!(error.to_string(), "1 of 2 endpoints answer for the head, 2 needed: unreachable: gone");
        assert!(agree::<u8>("head", &[], 1).is_err());
    }
}
