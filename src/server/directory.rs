//! Which shards a user has sockets on, and the bounded channels to them.
//!
//! The map is reached through closures only: no guard ever leaves this module, so none can cross an `await`.
//!
//! Not known here: sessions, cursors, lanes.

use std::sync::Arc;
use std::time::Duration;

use dashmap::DashMap;
use relais_hub::Recipient;
use relais_wire::CloseCode;
use relais_wire::ids::{DeviceId, OrgId, Seq, SessionId, UserId};
use tokio::sync::mpsc;

use crate::deliver::{Delivery, End, Hint};
use crate::metrics::Metrics;

/// Messages waiting for one shard. A shard takes thousands per millisecond; more than this means that it is
/// stuck, and then sessions are better served from the store.
pub const SHARD_QUEUE: usize = 16_384;

/// Shards at most: a user's set of shards is one 64-bit mask.
pub const SHARDS_MAX: usize = 64;

/// Streams whose deliveries were lost to a full channel that are remembered for one shard, and ends of sessions.
/// Beyond it streams are found at the next entry or heartbeat, and sessions end at their next request or page.
pub const LOST_MAX: usize = 65_536;

/// Time a scrape waits for the shards.
const PUBLISH_PATIENCE: Duration = Duration::from_secs(1);

/// What a shard is told from outside.
#[derive(Clone, Debug)]
pub enum ToShard {
    /// A committed event, with its recipients on this shard.
    Deliver(relais_hub::Delivery),
    /// A hint for the users of it that have sockets here.
    Hint(Arc<Hint>),
    /// Sockets of a user end.
    End(End),
    /// Publish the counters, then drop this.
    Publish(mpsc::Sender<()>),
    /// The server goes away.
    Drain {
        /// Milliseconds within which the last client is sent away.
        spread_ms: u64,
    },
}

/// What a shard's channel could not take and the shard must learn all the same.
#[derive(Debug, Default)]
struct Lost {
    /// Streams that have grown, with their heads.
    heads: DashMap<(UserId, Option<OrgId>), Seq>,
    /// Sessions that have ended.
    ends: DashMap<(UserId, Option<SessionId>), CloseCode>,
}

/// Routes from users to shards. Cloning gives another handle to the same routes.
#[derive(Clone, Debug)]
pub struct Directory {
    shards: Arc<[mpsc::Sender<ToShard>]>,
    users: Arc<DashMap<UserId, u64>>,
    /// How many sockets each device has; more than one while connections overlap.
    devices: Arc<DashMap<(UserId, DeviceId), u32>>,
    lost: Arc<[Lost]>,
}

impl Directory {
    /// Makes the channels of `shards` shards (at least one, at most [`SHARDS_MAX`]) and returns their ends.
    #[must_use]
    pub fn new(shards: usize) -> (Self, Vec<mpsc::Receiver<ToShard>>) {
        let (senders, receivers): (Vec<_>, Vec<_>) =
            (0..shards.clamp(1, SHARDS_MAX)).map(|_| mpsc::channel(SHARD_QUEUE)).unzip();
        let lost = senders.iter().map(|_| Lost::default()).collect();
        (Self { shards: senders.into(), users: Arc::default(), devices: Arc::default(), lost }, receivers)
    }

    /// A shard has its first socket of a user.
    pub fn join(&self, user: UserId, shard: usize) {
        *self.users.entry(user).or_insert(0) |= bit(shard);
    }

    /// A shard has no socket of a user any more.
    pub fn leave(&self, user: UserId, shard: usize) {
        self.users.remove_if_mut(&user, |_, mask| {
            *mask &= !bit(shard);
            *mask == 0
        });
    }

    /// Whether a user has a socket.
    pub(crate) fn is_online(&self, user: UserId) -> bool {
        self.users.contains_key(&user)
    }

    /// A device has one socket more, whose session is proved.
    pub fn opened(&self, user: UserId, device: DeviceId) {
        let mut sockets = self.devices.entry((user, device)).or_insert(0);
        *sockets = sockets.saturating_add(1);
    }

    /// A device has one socket less.
    pub fn closed(&self, user: UserId, device: DeviceId) {
        self.devices.remove_if_mut(&(user, device), |_, sockets| {
            *sockets = sockets.saturating_sub(1);
            *sockets == 0
        });
    }

    /// Whether a device has a socket.
    pub(crate) fn has_socket(&self, user: UserId, device: DeviceId) -> bool {
        self.devices.contains_key(&(user, device))
    }

    /// Users that have a socket.
    #[must_use]
    pub fn users_online(&self) -> usize {
        self.users.len()
    }

    /// Streams of a shard's users whose deliveries its channel could not take, with their heads.
    pub(crate) fn take_lost(&self, shard: usize) -> Vec<(UserId, Option<OrgId>, Seq)> {
        let Some(lost) = self.lost.get(shard) else { return Vec::new() };
        drain(&lost.heads).into_iter().map(|((user, context), head)| (user, context, head)).collect()
    }

    /// Ends of a shard's sessions that its channel could not take.
    pub(crate) fn take_lost_ends(&self, shard: usize) -> Vec<End> {
        let Some(lost) = self.lost.get(shard) else { return Vec::new() };
        let end = |((user, session), code)| End { user, session, code };
        drain(&lost.ends).into_iter().map(end).collect()
    }

    /// Every shard publishes its counters; returns when all have, or when one takes too long.
    pub(crate) async fn publish(&self) {
        let (published, mut all) = mpsc::channel(1);
        for shard in &*self.shards {
            // A shard that is stuck shows its older counters.
            drop(shard.try_send(ToShard::Publish(published.clone())));
        }
        drop(published);
        // Nothing is ever sent: the channel closes when the last shard has dropped its end.
        drop(tokio::time::timeout(PUBLISH_PATIENCE, all.recv()).await);
    }

    /// Every shard begins to send its clients away.
    pub(crate) async fn drain(&self, spread_ms: u64) {
        for shard in &*self.shards {
            // A shard that has ended has no clients.
            drop(shard.send(ToShard::Drain { spread_ms }).await);
        }
    }

    /// One message for each shard and run of entries with the same body.
    pub(crate) fn deliver(&self, metrics: &Metrics, deliveries: &[Delivery]) {
        let same = |a: &Delivery, b: &Delivery| a.kind == b.kind && a.body.as_ptr() == b.body.as_ptr();
        for run in deliveries.chunk_by(same) {
            let Some(Delivery { kind, body, .. }) = run.first() else { continue };
            let masks: Vec<u64> = run.iter().map(|delivery| self.mask(delivery.user)).collect();
            for (shard, (sender, lost)) in self.shards.iter().zip(&*self.lost).enumerate() {
                let here = run.iter().zip(&masks).filter(|(_, mask)| **mask & bit(shard) != 0);
                let to: Vec<Recipient> = here.map(|(delivery, _)| recipient(delivery)).collect();
                if to.is_empty() {
                    continue;
                }
                let message = relais_hub::Delivery { kind: *kind, body: body.clone(), to };
                if let Err(error) = sender.try_send(ToShard::Deliver(message)) {
                    metrics.hint_dropped();
                    remember_heads(&lost.heads, error.into_inner());
                }
            }
        }
    }

    pub(crate) fn hint(&self, metrics: &Metrics, hint: &Arc<Hint>) {
        let mask = hint.users.iter().fold(0, |mask, user| mask | self.mask(*user));
        self.send(metrics, mask, ToShard::Hint(Arc::clone(hint)));
    }

    pub(crate) fn end(&self, metrics: &Metrics, end: End) {
        let mask = self.mask(end.user);
        for (shard, (sender, lost)) in self.shards.iter().zip(&*self.lost).enumerate() {
            if mask & bit(shard) != 0 && sender.try_send(ToShard::End(end)).is_err() {
                metrics.hint_dropped();
                if lost.ends.len() < LOST_MAX {
                    lost.ends.insert((end.user, end.session), end.code);
                }
            }
        }
    }

    fn mask(&self, user: UserId) -> u64 {
        self.users.get(&user).map_or(0, |mask| *mask)
    }

    fn send(&self, metrics: &Metrics, mask: u64, message: ToShard) {
        for (shard, sender) in self.shards.iter().enumerate() {
            if mask & bit(shard) != 0 && sender.try_send(message.clone()).is_err() {
                metrics.hint_dropped();
            }
        }
    }
}

fn recipient(delivery: &Delivery) -> Recipient {
    Recipient { user: delivery.user, context: delivery.context, seq: delivery.seq }
}

fn drain<K: Copy + Eq + core::hash::Hash, V: Copy>(lost: &DashMap<K, V>) -> Vec<(K, V)> {
    let mut taken = Vec::new();
    lost.retain(|key, value| {
        taken.push((*key, *value));
        false
    });
    taken
}

fn remember_heads(lost: &DashMap<(UserId, Option<OrgId>), Seq>, message: ToShard) {
    let ToShard::Deliver(delivery) = message else { return };
    for Recipient { user, context, seq } in delivery.to {
        if lost.len() < LOST_MAX {
            let mut head = lost.entry((user, context)).or_insert(seq);
            *head = (*head).max(seq);
        }
    }
}

fn bit(shard: usize) -> u64 {
    u32::try_from(shard).ok().and_then(|shard| 1_u64.checked_shl(shard)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use relais_wire::CloseCode;
    use relais_wire::ids::{Seq, SessionId, UserId};

    use super::{Directory, SHARD_QUEUE, ToShard};
    use crate::deliver::{Delivery, End};
    use crate::metrics::Metrics;

    fn entry(user: UserId) -> Delivery {
        Delivery { user, context: None, seq: Seq::ZERO.next(), kind: 1, body: Bytes::from_static(&[0x80]) }
    }

    #[test]
    fn an_entry_reaches_the_shards_of_its_user_and_no_other() {
        let (directory, mut shards) = Directory::new(3);
        let (ada, ben) = (UserId::from_bytes([1; 16]), UserId::from_bytes([2; 16]));
        directory.join(ada, 0);
        directory.join(ada, 2);
        directory.join(ben, 1);
        let metrics = Metrics::default();
        directory.deliver(&metrics, &[entry(ada)]);
        let got: Vec<bool> = shards.iter_mut().map(|shard| shard.try_recv().is_ok()).collect();
        assert_eq!(got, [true, false, true]);
        directory.leave(ada, 0);
        directory.deliver(&metrics, &[entry(ada)]);
        let got: Vec<bool> = shards.iter_mut().map(|shard| shard.try_recv().is_ok()).collect();
        assert_eq!(got, [false, false, true]);
        directory.leave(ada, 2);
        assert_eq!(directory.users_online(), 1);
    }

    #[test]
    fn a_body_shared_by_many_travels_once_to_each_shard() {
        let (directory, mut shards) = Directory::new(2);
        let users: Vec<UserId> = (1..=4).map(|n| UserId::from_bytes([n; 16])).collect();
        for (shard, user) in [0, 0, 1, 1].into_iter().zip(&users) {
            directory.join(*user, shard);
        }
        let body = Bytes::from(vec![0x80]);
        let all: Vec<Delivery> =
            users.iter().map(|user| Delivery { body: body.clone(), ..entry(*user) }).collect();
        directory.deliver(&Metrics::default(), &all);
        for shard in &mut shards {
            let Ok(ToShard::Deliver(delivery)) = shard.try_recv() else { panic!("nothing came") };
            assert_eq!((delivery.to.len(), delivery.body.as_ptr()), (2, body.as_ptr()));
            assert!(shard.try_recv().is_err());
        }
    }

    #[test]
    fn a_stuck_shard_loses_hints_and_blocks_nobody() {
        let (directory, mut shards) = Directory::new(1);
        let ada = UserId::from_bytes([1; 16]);
        directory.join(ada, 0);
        let metrics = Metrics::default();
        for _ in 0..SHARD_QUEUE + 7 {
            directory.deliver(&metrics, &[entry(ada)]);
        }
        assert!(metrics.render().contains("relais_hints_dropped_total 7"));
        assert!(matches!(shards[0].try_recv(), Ok(ToShard::Deliver(_))));
        assert_eq!(directory.take_lost(0), [(ada, None, Seq::ZERO.next())]);
        assert!(directory.take_lost(0).is_empty());
    }

    #[test]
    fn a_session_ends_although_its_shard_was_stuck() {
        let (directory, _shards) = Directory::new(1);
        let ada = UserId::from_bytes([1; 16]);
        directory.join(ada, 0);
        let metrics = Metrics::default();
        for _ in 0..SHARD_QUEUE {
            directory.deliver(&metrics, &[entry(ada)]);
        }
        let session = Some(SessionId::from_bytes([9; 16]));
        directory.end(&metrics, End { user: ada, session, code: CloseCode::Revoked });
        let lost: Vec<_> =
            directory.take_lost_ends(0).into_iter().map(|end| (end.user, end.session)).collect();
        assert_eq!(lost, [(ada, session)]);
        assert!(directory.take_lost_ends(0).is_empty());
    }
}
