//! Memory against what it should be, and what it looks like where it differs.

use super::causes::Cause;
use super::{Mismatch, Sign};

/// What a range of dwords should hold.
pub(super) enum Words {
    /// These.
    Exactly(Vec<u32>),
    /// Every number from the first on, once each, in any order.
    Tickets {
        /// The first.
        from: u32,
        /// How many.
        count: usize,
    },
}

impl Words {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Exactly(words) => words.len(),
            Self::Tickets { count, .. } => *count,
        }
    }

    /// Which of the dwords are not what they should be.
    fn wrong(&self, seen: &[u32]) -> Vec<usize> {
        match self {
            Self::Exactly(words) => (0..words.len()).filter(|&i| seen[i] != words[i]).collect(),
            Self::Tickets { from, count } => {
                let mut given = vec![false; *count];
                let mut again = |ticket: u32| {
                    let slot = given.get_mut(ticket.wrapping_sub(*from) as usize);
                    slot.is_none_or(|given| std::mem::replace(given, true))
                };
                (0..*count).filter(|&i| again(seen[i])).collect()
            }
        }
    }

    /// What stands at an index, for a message: of tickets, the lowest that nobody has.
    fn expected(&self, seen: &[u32], at: usize) -> u32 {
        match self {
            Self::Exactly(words) => words[at],
            Self::Tickets { from, count } => {
                let missing = (0..*count as u32).map(|i| from.wrapping_add(i)).find(|ticket| !seen.contains(ticket));
                missing.unwrap_or(*from)
            }
        }
    }
}

/// What explains a content beyond comparing it with images.
type Explain = Box<dyn Fn(&[u32]) -> Option<&'static Cause>>;

/// A range that the work should write.
pub(super) struct Want {
    /// By which packet or kernel, for messages.
    pub(super) what: &'static str,
    /// The first dword.
    pub(super) at: usize,
    /// What it should hold.
    pub(super) words: Words,
    /// What the run before should have left there.
    pub(super) stale: Option<Vec<u32>>,
    /// What it holds if this cause is the reason.
    pub(super) suspects: Vec<(&'static Cause, Vec<u32>)>,
    /// Asked where no image fits.
    pub(super) explain: Option<Explain>,
}

/// What was found.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Difference {
    pub(super) sign: Sign,
    pub(super) suspects: Vec<&'static Cause>,
    /// The range by name; none where only neighbours changed.
    pub(super) what: Option<&'static str>,
    pub(super) dword: usize,
    pub(super) expected: u32,
    pub(super) got: u32,
    pub(super) wrong: usize,
    pub(super) written: usize,
    pub(super) strayed: usize,
    /// What the content looks like, in words.
    pub(super) looks: String,
}

impl Difference {
    pub(super) fn mismatch(&self, area: &'static str, placement: crate::kmd::Placement, run: u32, va: u64) -> Mismatch {
        Mismatch {
            area,
            placement,
            run,
            dword: self.dword,
            va: if va == 0 { 0 } else { va + 4 * self.dword as u64 },
            expected: self.expected,
            got: self.got,
            wrong: self.wrong,
            written: self.written,
            strayed: self.strayed,
        }
    }
}

/// How far values are looked for beside their place, in dwords.
const SHIFT_MAX: isize = 64;

/// Compares `seen` with `before`, what it held, where the wants have been fulfilled. `None` where all is as it should be.
pub(super) fn compare(before: &[u32], wants: &[Want], seen: &[u32]) -> Option<Difference> {
    let written: usize = wants.iter().map(|want| want.words.len()).sum();
    let mut inside = vec![false; before.len()];
    for want in wants {
        inside[want.at..want.at + want.words.len()].fill(true);
    }
    let strayed: Vec<usize> = (0..before.len()).filter(|&i| !inside[i] && seen[i] != before[i]).collect();
    let mut total = 0;
    let mut first: Option<(&Want, Vec<usize>)> = None;
    for want in wants {
        let wrong = want.words.wrong(&seen[want.at..want.at + want.words.len()]);
        total += wrong.len();
        if first.is_none() && !wrong.is_empty() {
            first = Some((want, wrong));
        }
    }
    let Some((want, wrong)) = first else {
        let &at = strayed.first()?;
        return Some(Difference {
            sign: Sign::Neighbour,
            suspects: Vec::new(),
            what: None,
            dword: at,
            expected: before[at],
            got: seen[at],
            wrong: 0,
            written,
            strayed: strayed.len(),
            looks: format!("dwords {} have changed, and none of them should", runs(&strayed)),
        });
    };
    let end = want.at + want.words.len();
    let here = &seen[want.at..end];
    let (sign, suspects, looks) = look(before, want, seen, &wrong);
    let expected = want.words.expected(here, wrong[0]);
    Some(Difference {
        sign,
        suspects,
        what: Some(want.what),
        dword: want.at + wrong[0],
        expected,
        got: here[wrong[0]],
        wrong: total,
        written,
        strayed: strayed.len(),
        looks,
    })
}

fn look(before: &[u32], want: &Want, seen: &[u32], wrong: &[usize]) -> (Sign, Vec<&'static Cause>, String) {
    let len = want.words.len();
    let (here, poison) = (&seen[want.at..want.at + len], &before[want.at..want.at + len]);
    let absolute = |list: &[usize]| runs(&list.iter().map(|i| want.at + i).collect::<Vec<_>>());
    let say = |sign, text: String| (sign, Vec::new(), text);
    if here == poison {
        return say(Sign::Untouched, "all of it still holds the poison".into());
    }
    if let Words::Exactly(words) = &want.words {
        let at_shift = |by: isize| {
            let start = want.at.checked_add_signed(by)?;
            (seen.get(start..start + len)? == words.as_slice()).then_some(by)
        };
        if let Some(by) = (1..=SHIFT_MAX).flat_map(|by| [by, -by]).find_map(at_shift) {
            return say(Sign::Shifted, format!("the values stand {by:+} dwords beside their place"));
        }
    }
    let fitting: Vec<&'static Cause> =
        want.suspects.iter().filter(|(_, image)| wrong.iter().all(|&i| image[i] == here[i])).map(|s| s.0).collect();
    let all = |f: &dyn Fn(usize) -> bool| wrong.iter().all(|&i| f(i));
    let by_image = !fitting.is_empty();
    if let Some(stale) = &want.stale
        && all(&|i| here[i] == stale[i])
    {
        return (Sign::Stale, fitting, "all that is wrong there is what the run before left".into());
    }
    if all(&|i| here[i] == 0) {
        let causes = if by_image { fitting } else { explained(want, here) };
        return (Sign::Zero, causes, format!("dwords {} are 0", absolute(wrong)));
    }
    if by_image {
        let sign = if fitting.iter().any(|cause| cause.code.starts_with("stale")) { Sign::Stale } else { Sign::Wrong };
        return (sign, fitting, "the values are those that this cause gives".into());
    }
    if let Words::Exactly(words) = &want.words
        && all(&|i| here[i] == words[i].swap_bytes())
    {
        return say(Sign::Swapped, "the bytes of each dword are in reverse order".into());
    }
    if all(&|i| here[i] == poison[i]) {
        let right = len - wrong.len();
        let text = format!("{right} of {len} dwords are right, and {} still hold the poison", absolute(wrong));
        return (Sign::Partial, explained(want, here), text);
    }
    (Sign::Wrong, explained(want, here), format!("wrong are dwords {}", absolute(wrong)))
}

fn explained(want: &Want, here: &[u32]) -> Vec<&'static Cause> {
    want.explain.as_ref().and_then(|explain| explain(here)).into_iter().collect()
}

/// Ascending indices as ranges, the first few.
fn runs(list: &[usize]) -> String {
    const SHOWN: usize = 4;
    let mut ranges: Vec<(usize, usize)> = Vec::new();
    for &i in list {
        match ranges.last_mut() {
            Some((_, end)) if *end == i => *end += 1,
            _ => ranges.push((i, i + 1)),
        }
    }
    let shown = ranges.iter().take(SHOWN).map(|&(start, end)| match end - start {
        1 => start.to_string(),
        _ => format!("{start}..{end}"),
    });
    let mut text = shown.collect::<Vec<_>>().join(", ");
    if ranges.len() > SHOWN {
        text += &format!(" and {} more ranges", ranges.len() - SHOWN);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::causes;
    use super::*;

    fn want(words: &[u32]) -> Want {
        Want {
            what: "a packet",
            at: 8,
            words: Words::Exactly(words.to_vec()),
            stale: Some(vec![77; words.len()]),
            suspects: vec![(&causes::STALE_ARGS, words.iter().map(|w| w + 1).collect())],
            explain: None,
        }
    }

    const WORDS: [u32; 4] = [0x1111_2200, 0x3333_4400, 0x5555_6600, 0x7777_8800];

    /// The poisoned memory with `change` made to it, compared.
    fn after(change: impl Fn(&mut Vec<u32>)) -> Option<Difference> {
        let before: Vec<u32> = (0..32).map(|i| 0x5a00_0000 | i).collect();
        let mut seen = before.clone();
        change(&mut seen);
        compare(&before, &[want(&WORDS)], &seen)
    }

    #[test]
    fn what_is_right_is_no_difference_and_each_kind_of_wrong_is_told_apart() {
        assert_eq!(after(|m| m[8..12].copy_from_slice(&WORDS)), None);
        let sign = |change: &dyn Fn(&mut Vec<u32>)| after(change).unwrap().sign;
        assert_eq!(sign(&|_| {}), Sign::Untouched);
        assert_eq!(sign(&|m| m[8..10].copy_from_slice(&WORDS[..2])), Sign::Partial);
        assert_eq!(sign(&|m| m[9..13].copy_from_slice(&WORDS)), Sign::Shifted);
        assert_eq!(sign(&|m| m[7..11].copy_from_slice(&WORDS)), Sign::Shifted);
        assert_eq!(sign(&|m| m[8..12].fill(0)), Sign::Zero);
        assert_eq!(sign(&|m| m[8..12].fill(77)), Sign::Stale);
        assert_eq!(sign(&|m| m[8..12].copy_from_slice(&WORDS.map(u32::swap_bytes))), Sign::Swapped);
        assert_eq!(sign(&|m| m[8..12].fill(5)), Sign::Wrong);
        let stray = after(|m| {
            m[8..12].copy_from_slice(&WORDS);
            m[12] = 1;
            m[20] = 1;
        });
        let stray = stray.unwrap();
        assert_eq!((stray.sign, stray.dword, stray.strayed, stray.wrong), (Sign::Neighbour, 12, 2, 0));
        let suspect = after(|m| m[8..12].copy_from_slice(&WORDS.map(|w| w + 1))).unwrap();
        assert_eq!((suspect.sign, suspect.suspects[0].code), (Sign::Stale, "stale-args"));
        let one = after(|m| {
            m[8..12].copy_from_slice(&WORDS);
            m[10] = 9;
        });
        let one = one.unwrap();
        assert_eq!((one.dword, one.expected, one.got, one.wrong, one.written), (10, WORDS[2], 9, 1, 4));
    }

    #[test]
    fn tickets_are_right_in_any_order_and_wrong_when_one_is_given_twice() {
        let want =
            || Want { words: Words::Tickets { from: 100, count: 4 }, suspects: vec![], stale: None, ..want(&[0; 4]) };
        let before = vec![0x5a00_0000; 16];
        let seen = |tickets: [u32; 4]| {
            let mut seen = before.clone();
            seen[8..12].copy_from_slice(&tickets);
            compare(&before, &[want()], &seen)
        };
        assert_eq!(seen([103, 100, 102, 101]), None);
        let twice = seen([103, 100, 102, 100]).unwrap();
        assert_eq!((twice.sign, twice.dword, twice.expected, twice.got), (Sign::Wrong, 11, 101, 100));
        assert_eq!(seen([103, 100, 102, 104]).unwrap().wrong, 1);
    }
}
