//! Who of a subscriber's pictures gets how much of its bandwidth: one pure function.
//!
//! Smallest pictures first, for everybody who is visible; then the shared screen, up to what is wanted of it; then who
//! is pinned or speaks; then the others, layer by layer. What does not fit is paused, and the reason is said: nobody
//! looks at a frozen picture and wonders.
//!
//! Two budgets keep it steady without a timer. What is being sent is kept as long as the *current* estimate carries it;
//! what is more than that must fit into the *least* estimate of the last seconds. A dip shorter than the window does
//! not make pictures come and go.
//!
//! Not known here: packets, tracks, where an estimate comes from.

use crate::layers::{Layer, PerLayer};

/// What a subscriber can take, in bits per second, voices already taken off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// The estimate of this moment: bounds everything that is sent.
    pub keep: u64,
    /// The least estimate of the last seconds: bounds what is sent more than before. Taken as `keep` where it is above.
    pub grow: u64,
}

/// How important a picture is to this subscriber. The least comes last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Rank {
    /// A shared screen: what it shows is being talked about.
    Screen,
    /// Pinned by the subscriber.
    Pinned,
    /// The one who speaks.
    Speaking,
    /// Everybody else.
    Other,
}

/// A picture that a subscriber's view has room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Want {
    /// How important it is.
    pub rank: Rank,
    /// Whether it is on the subscriber's screen at all.
    pub visible: bool,
    /// The highest layer that would be of use at its size.
    pub top: Layer,
    /// What each layer needs, in bits per second; `None` for layers that do not arrive. Never falls with the layer.
    pub rates: PerLayer<Option<u64>>,
    /// The layer it has been allotted so far.
    pub has: Option<Layer>,
}

/// Why a picture is not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Paused {
    /// The subscriber's view does not show it.
    Hidden,
    /// Nothing arrives from its publisher, or nothing small enough.
    Source,
    /// The subscriber's path does not carry it.
    Bandwidth,
}

/// What happens with a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Share {
    /// It is sent, up to this layer.
    Sent(Layer),
    /// It is not.
    Paused(Paused),
}

/// Shares a budget out. The answer has one [`Share`] for each want, in the same order.
#[must_use]
pub fn allocate(budget: Budget, wants: &[Want]) -> Vec<Share> {
    let mut rest = Rest { keep: budget.keep, grow: budget.grow.min(budget.keep) };
    let mut shares: Vec<Share> = wants.iter().map(at_first).collect();
    let mut order: Vec<usize> = (0..wants.len()).collect();
    // stable: among equals whoever came first in the view
    order.sort_by_key(|at| wants.get(*at).map(|want| want.rank));
    for at in &order {
        step(&mut rest, wants, &mut shares, *at);
    }
    for rank in [Rank::Screen, Rank::Pinned, Rank::Speaking, Rank::Other] {
        let of_rank = || order.iter().filter(|at| wants.get(**at).is_some_and(|want| want.rank == rank));
        // twice: from the lowest to the highest in two steps
        for _ in 1..Layer::ALL.len() {
            for at in of_rank() {
                step(&mut rest, wants, &mut shares, *at);
            }
        }
    }
    shares
}

/// The rate that is sent for a share.
#[must_use]
pub fn cost(share: Share, rates: &PerLayer<Option<u64>>) -> u64 {
    match share {
        Share::Sent(layer) => rates.get(layer).unwrap_or(0),
        Share::Paused(_) => 0,
    }
}

/// What would be sent to this subscriber if its path carried everything, in bits per second.
#[must_use]
pub fn wanted(wants: &[Want]) -> u64 {
    let tops = wants.iter().filter(|want| want.visible).map(|want| {
        let layers = Layer::ALL.into_iter().filter(|layer| *layer <= want.top);
        layers.filter_map(|layer| *want.rates.get(layer)).max().unwrap_or(0)
    });
    tops.fold(0, u64::saturating_add)
}

/// What is left of both budgets.
struct Rest {
    keep: u64,
    grow: u64,
}

fn at_first(want: &Want) -> Share {
    if !want.visible {
        Share::Paused(Paused::Hidden)
    } else if next(want, None).is_none() {
        Share::Paused(Paused::Source)
    } else {
        Share::Paused(Paused::Bandwidth)
    }
}

/// The next layer that arrives, above the one that is sent and not above the one of use.
fn next(want: &Want, sent: Option<Layer>) -> Option<(Layer, u64)> {
    let mut above = Layer::ALL.into_iter().filter(|layer| Some(*layer) > sent && *layer <= want.top);
    above.find_map(|layer| want.rates.get(layer).map(|bps| (layer, bps)))
}

/// Raises one picture by one layer if that fits.
fn step(rest: &mut Rest, wants: &[Want], shares: &mut [Share], at: usize) {
    let (Some(want), Some(share)) = (wants.get(at), shares.get_mut(at)) else { return };
    let sent = match *share {
        Share::Sent(layer) => Some(layer),
        Share::Paused(Paused::Bandwidth) => None,
        Share::Paused(Paused::Hidden | Paused::Source) => return,
    };
    let Some((layer, bps)) = next(want, sent) else { return };
    let more = bps.saturating_sub(cost(*share, &want.rates));
    let keeps = want.has.is_some_and(|has| layer <= has);
    if more > rest.keep || (!keeps && more > rest.grow) {
        return;
    }
    rest.keep -= more;
    rest.grow = rest.grow.saturating_sub(more);
    *share = Share::Sent(layer);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Budget, Paused, Rank, Share, Want, allocate, cost, wanted};
    use crate::layers::{Layer, PerLayer};

    const RATES: PerLayer<Option<u64>> = PerLayer::new([Some(150), Some(500), Some(1_500)]);

    fn want(rank: Rank, top: Layer) -> Want {
        Want { rank, visible: true, top, rates: RATES, has: None }
    }

    fn steady(bps: u64) -> Budget {
        Budget { keep: bps, grow: bps }
    }

    #[test]
    fn everybody_who_is_visible_comes_before_anybody_is_large() {
        let wants = [
            want(Rank::Other, Layer::High),
            want(Rank::Pinned, Layer::High),
            want(Rank::Screen, Layer::High),
        ];
        let low = Share::Sent(Layer::Low);
        assert_eq!(allocate(steady(450), &wants), [low, low, low]);
        assert_eq!(
            allocate(steady(450 + 1_350), &wants),
            [low, low, Share::Sent(Layer::High)],
            "the screen first"
        );
        assert_eq!(allocate(steady(450 + 2_700), &wants)[1], Share::Sent(Layer::High), "then who is pinned");
    }

    #[test]
    fn what_does_not_fit_is_paused_and_says_why() {
        let hidden = Want { visible: false, ..want(Rank::Other, Layer::High) };
        let silent = Want { rates: PerLayer::default(), ..want(Rank::Other, Layer::High) };
        let too_large = Want { rates: PerLayer::new([None, None, Some(1)]), ..want(Rank::Other, Layer::Mid) };
        let wants =
            [want(Rank::Other, Layer::Low), want(Rank::Speaking, Layer::Low), hidden, silent, too_large];
        let paused = Share::Paused;
        assert_eq!(
            allocate(steady(200), &wants),
            [
                paused(Paused::Bandwidth),
                Share::Sent(Layer::Low),
                paused(Paused::Hidden),
                paused(Paused::Source),
                paused(Paused::Source)
            ]
        );
    }

    #[test]
    fn a_dip_takes_nothing_back_and_what_is_new_waits_for_the_window() {
        let mut one = [want(Rank::Other, Layer::High)];
        assert_eq!(allocate(Budget { keep: 2_000, grow: 400 }, &one), [Share::Sent(Layer::Low)]);
        one[0].has = Some(Layer::High);
        assert_eq!(allocate(Budget { keep: 2_000, grow: 400 }, &one), [Share::Sent(Layer::High)]);
        assert_eq!(
            allocate(Budget { keep: 1_000, grow: 400 }, &one),
            [Share::Sent(Layer::Mid)],
            "a real drop does"
        );
    }

    #[test]
    fn what_is_wanted_is_the_top_of_what_is_visible() {
        let hidden = Want { visible: false, ..want(Rank::Other, Layer::High) };
        assert_eq!(wanted(&[want(Rank::Other, Layer::Mid), hidden, want(Rank::Screen, Layer::High)]), 2_000);
    }

    fn any_want() -> impl Strategy<Value = Want> {
        let rank =
            prop_oneof![Just(Rank::Screen), Just(Rank::Pinned), Just(Rank::Speaking), Just(Rank::Other)];
        let layer = || prop::sample::select(Layer::ALL.to_vec());
        let rates =
            (prop::option::of(1..400_u64), prop::option::of(0..400_u64), prop::option::of(0..900_u64));
        (rank, any::<bool>(), layer(), rates, prop::option::of(layer())).prop_map(
            |(rank, visible, top, (low, mid, high), has)| {
                // rates never fall with the layer
                let mid = mid.map(|mid| mid + low.unwrap_or(0));
                let high = high.map(|high| high + mid.or(low).unwrap_or(0));
                Want { rank, visible, top, rates: PerLayer::new([low, mid, high]), has }
            },
        )
    }

    fn spent(shares: &[Share], wants: &[Want]) -> u64 {
        shares.iter().zip(wants).map(|(share, want)| cost(*share, &want.rates)).sum()
    }

    fn kept(shares: &[Share], wants: &[Want]) -> Vec<Want> {
        let has = |share: &Share| match share {
            Share::Sent(layer) => Some(*layer),
            Share::Paused(_) => None,
        };
        wants.iter().zip(shares).map(|(want, share)| Want { has: has(share), ..*want }).collect()
    }

    fn floor(want: &Want) -> Option<u64> {
        let useful = Layer::ALL.into_iter().filter(|layer| want.visible && *layer <= want.top);
        useful.filter_map(|layer| *want.rates.get(layer)).next()
    }

    proptest! {
        #[test]
        fn no_more_is_sent_than_there_is(keep in 0..5_000_u64, grow in 0..5_000_u64, wants in proptest::collection::vec(any_want(), 0..11)) {
            let shares = allocate(Budget { keep, grow }, &wants);
            prop_assert_eq!(shares.len(), wants.len());
            prop_assert!(spent(&shares, &wants) <= keep);
            if wants.iter().all(|want| want.has.is_none()) {
                prop_assert!(spent(&shares, &wants) <= grow, "what is new fits into the least");
            }
        }

        #[test]
        fn what_is_sent_is_visible_arrives_and_is_of_use(keep in 0..5_000_u64, wants in proptest::collection::vec(any_want(), 0..11)) {
            for (share, want) in allocate(steady(keep), &wants).into_iter().zip(&wants) {
                match share {
                    Share::Sent(layer) => prop_assert!(want.visible && layer <= want.top && want.rates.get(layer).is_some()),
                    Share::Paused(Paused::Hidden) => prop_assert!(!want.visible),
                    Share::Paused(Paused::Source) => prop_assert!(want.visible && floor(want).is_none()),
                    Share::Paused(Paused::Bandwidth) => prop_assert!(floor(want).is_some()),
                }
            }
        }

        #[test]
        fn everybody_gets_a_picture_while_the_smallest_fit(wants in proptest::collection::vec(any_want(), 0..11), more in 0..2_000_u64) {
            let floors: u64 = wants.iter().filter_map(floor).sum();
            let shares = allocate(steady(floors + more), &wants);
            prop_assert!(!shares.contains(&Share::Paused(Paused::Bandwidth)));
        }

        #[test]
        fn nobody_waits_while_somebody_less_important_is_sent_more(keep in 0..5_000_u64, wants in proptest::collection::vec(any_want(), 0..11)) {
            let wants: Vec<Want> = wants.into_iter().map(|want| Want { has: None, ..want }).collect();
            let shares = allocate(steady(keep), &wants);
            for (waits, _) in shares.iter().enumerate().filter(|(_, share)| **share == Share::Paused(Paused::Bandwidth)) {
                for (at, share) in shares.iter().enumerate().filter(|(at, _)| wants[*at].rank > wants[waits].rank) {
                    let (sent, floor) = (cost(*share, &wants[at].rates), floor(&wants[waits]).unwrap());
                    prop_assert!(sent < floor, "{sent} for one below, {floor} were enough");
                }
            }
        }

        #[test]
        fn asked_again_it_answers_the_same(keep in 0..5_000_u64, grow in 0..5_000_u64, wants in proptest::collection::vec(any_want(), 0..11)) {
            let budget = Budget { keep, grow };
            let first = allocate(budget, &wants);
            prop_assert_eq!(allocate(budget, &kept(&first, &wants)), first);
        }

        #[test]
        fn estimates_that_waver_above_what_is_sent_change_nothing(keep in 0..5_000_u64, wants in proptest::collection::vec(any_want(), 0..11), up in 0..2_000_u64) {
            let wants: Vec<Want> = wants.into_iter().map(|want| Want { has: None, ..want }).collect();
            let first = allocate(steady(keep), &wants);
            let wants = kept(&first, &wants);
            // the least of the window is what it was; the estimate of the moment goes anywhere above what is spent
            let now = Budget { keep: spent(&first, &wants) + up, grow: spent(&first, &wants) };
            prop_assert_eq!(allocate(now, &wants), first);
        }
    }
}
