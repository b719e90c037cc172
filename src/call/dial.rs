//! Who is rung: the places and telephones that a list of callees comes to.
//!
//! Not known here: what becomes of them.

use std::collections::BTreeSet;

use relais_wire::UserId;

use crate::io::{Callee, Dot, Refused, Unanswered, Warning};
use crate::limits::{ACK_MS, PHONES_MAX, RING_MS, SEATS_MAX};
use crate::seat::{Outcome, Phone, PhoneState, Seat, SeatState};

/// New places, and whose devices ring until when.
pub(crate) struct Dialled {
    pub(crate) seats: Vec<Seat>,
    pub(crate) rings: Vec<(UserId, u64)>,
}

/// Those of whom the caller must know something first: outside their hours, or absent (AVL-01, AVL-02). Who is there
/// already is not rung.
pub(crate) fn warnings(callees: &[Callee], is_there: impl Fn(UserId) -> bool) -> Vec<Warning> {
    let warned = callees.iter().filter(|callee| !callee.phones.iter().all(|user| is_there(*user)));
    warned.filter_map(|callee| callee.dot.map(|dot| (callee, dot))).map(warning).collect()
}

const fn warning((callee, dot): (&Callee, Dot)) -> Warning {
    let offer = match dot {
        Dot::Red { .. } => callee.offer,
        Dot::Yellow { .. } => None,
    };
    Warning { party: callee.party, dot, offer }
}

/// Nobody is rung for two places: persons by name come before teams, and a team rings those of it who are left.
pub(crate) fn dial(
    now: u64,
    callees: &[Callee],
    seats: &[Seat],
    busy: &BTreeSet<UserId>,
) -> Result<Dialled, Refused> {
    if callees.len() > SEATS_MAX || callees.iter().any(|callee| callee.phones.len() > PHONES_MAX) {
        return Err(Refused::TooMany);
    }
    let until_ms = now.saturating_add(RING_MS);
    let mut dialled = Dialled { seats: Vec::new(), rings: Vec::new() };
    let mut taken: BTreeSet<UserId> = BTreeSet::new();
    let mut in_order: Vec<&Callee> = callees.iter().collect();
    in_order.sort_by_key(|callee| callee.party);
    for callee in in_order {
        let known = seats
            .iter()
            .any(|seat| seat.party == callee.party && (seat.present().is_some() || seat.is_ringing()));
        let free = |user: &UserId| !taken.contains(user) && !seats.iter().any(|seat| seat.holds(*user));
        let mut rung: Vec<UserId> = callee.phones.iter().copied().filter(free).collect();
        rung.sort_unstable();
        rung.dedup();
        let again = dialled.seats.iter().any(|seat| seat.party == callee.party);
        if known || again || rung.is_empty() {
            continue;
        }
        taken.extend(&rung);
        let state = match callee.dot {
            Some(Dot::Red { until_ms }) => SeatState::Out(Outcome::Absent { until_ms }),
            Some(Dot::Yellow { .. }) | None => {
                let live = rung.iter().filter(|user| !busy.contains(*user));
                dialled.rings.extend(live.map(|user| (*user, until_ms)));
                SeatState::Ringing {
                    until_ms,
                    phones: rung.iter().map(|user| phone(now, *user, busy)).collect(),
                }
            }
        };
        dialled.seats.push(Seat { party: callee.party, context: callee.context, rung, state });
    }
    Ok(dialled)
}

fn phone(now: u64, user: UserId, busy: &BTreeSet<UserId>) -> Phone {
    let state = if busy.contains(&user) {
        PhoneState::Silent(Unanswered::Busy)
    } else {
        PhoneState::Called { ack_by_ms: now.saturating_add(ACK_MS) }
    };
    Phone { user, state }
}
