//! Which part of a file a request wants (RFC 9110 §14): one range of bytes. Several ranges at once, other units and
//! what cannot be read are answered with the whole file, as the RFC allows; a range that begins beyond the end is
//! refused with the length.
//!
//! Not known here: what is in a file, and who may read it.

use std::ops::Range;

use hyper::header::{HeaderMap, IF_RANGE, RANGE};

/// What to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// All of it.
    Whole,
    /// These bytes; never none.
    Part(Range<u64>),
    /// Nothing: the range begins beyond the end.
    Unsatisfiable,
}

/// What the headers of a request ask for of a file of `len` bytes with this entity tag, quotes included. A range
/// asked for under the condition of another tag, or of a date (files have none), is the whole file (§13.1.5).
pub(super) fn wanted(headers: &HeaderMap, len: u64, tag: &str) -> Wanted {
    let Some(range) = headers.get(RANGE).and_then(|value| value.to_str().ok()) else { return Wanted::Whole };
    let same = headers.get(IF_RANGE).is_none_or(|value| value.as_bytes() == tag.as_bytes());
    let span = range.strip_prefix("bytes=").filter(|_| same && headers.get_all(RANGE).iter().count() == 1);
    span.and_then(|span| part(span.trim(), len)).unwrap_or(Wanted::Whole)
}

/// `first-last`, `first-` or `-count`; `None` for anything else.
fn part(span: &str, len: u64) -> Option<Wanted> {
    let (first, last) = span.split_once('-')?;
    let range = if first.is_empty() {
        len.saturating_sub(number(last)?)..len
    } else {
        let first = number(first)?;
        let last = if last.is_empty() { u64::MAX } else { number(last)? };
        if last < first {
            return None;
        }
        first..last.saturating_add(1).min(len)
    };
    Some(if range.is_empty() { Wanted::Unsatisfiable } else { Wanted::Part(range) })
}

/// Digits only: `parse` alone would take a sign. A number too large for 64 bits is beyond every end.
fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use hyper::header::{HeaderMap, IF_RANGE, RANGE};
    use proptest::prelude::*;

    use super::{Wanted, wanted};

    const TAG: &str = "\"abc\"";

    fn of(range: &str, len: u64) -> Wanted {
        let mut headers = HeaderMap::new();
        headers.insert(RANGE, range.parse().unwrap());
        wanted(&headers, len, TAG)
    }

    #[test]
    fn one_range_is_cut_at_the_end_and_refused_beyond_it() {
        // RFC 9110 §14.1.2
        assert_eq!(wanted(&HeaderMap::new(), 1_000, TAG), Wanted::Whole);
        assert_eq!(of("bytes=0-499", 1_000), Wanted::Part(0..500));
        assert_eq!(of("bytes=500-", 1_000), Wanted::Part(500..1_000));
        assert_eq!(of("bytes=-500", 1_000), Wanted::Part(500..1_000));
        assert_eq!(of("bytes=-5000", 1_000), Wanted::Part(0..1_000));
        assert_eq!(of("bytes=900-5000", 1_000), Wanted::Part(900..1_000));
        assert_eq!(of("bytes=999-99999999999999999999999", 1_000), Wanted::Part(999..1_000));
        assert_eq!(of("bytes=1000-", 1_000), Wanted::Unsatisfiable);
        assert_eq!(of("bytes=99999999999999999999999-", 1_000), Wanted::Unsatisfiable);
        assert_eq!(of("bytes=-0", 1_000), Wanted::Unsatisfiable);
        assert_eq!(of("bytes=0-", 0), Wanted::Unsatisfiable);
    }

    #[test]
    fn what_is_no_single_range_is_the_whole_file() {
        let odd = [
            "bytes=0-1,5-6",
            "bytes=",
            "bytes=-",
            "bytes=5-4",
            "bytes=a-b",
            "bytes=+1-2",
            "items=0-1",
            "0-1",
        ];
        for range in odd {
            assert_eq!(of(range, 1_000), Wanted::Whole, "{range}");
        }
    }

    #[test]
    fn a_condition_that_does_not_hold_asks_for_the_whole_file() {
        // RFC 9110 §13.1.5
        let mut headers = HeaderMap::new();
        headers.insert(RANGE, "bytes=0-1".parse().unwrap());
        for (condition, wants) in [
            (TAG, Wanted::Part(0..2)),
            ("\"other\"", Wanted::Whole),
            ("W/\"abc\"", Wanted::Whole),
            ("Sat, 21 Nov 2026 12:00:00 GMT", Wanted::Whole),
        ] {
            headers.insert(IF_RANGE, condition.parse().unwrap());
            assert_eq!(wanted(&headers, 1_000, TAG), wants, "{condition}");
        }
    }

    proptest! {
        #[test]
        fn a_part_is_never_empty_and_never_beyond_the_end(span in "[0-9,-]{0,12}", len in 0_u64..5_000) {
            if let Wanted::Part(part) = of(&format!("bytes={span}"), len) {
                prop_assert!(part.start < part.end && part.end <= len);
            }
        }
    }
}
