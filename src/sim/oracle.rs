//! What must be true when all is quiet.

use std::collections::{BTreeMap, BTreeSet};

use relais_store::facts::stream::{StreamBody, StreamPage};
use relais_store::reads::{StreamAfter, ThreadPage};
use relais_store::{Store as _, StreamId};
use relais_wire::{MsgId, Seq, ThreadId, UserId};

use crate::device::{Device, seal};
use crate::guard;
use crate::world::World;

/// Who wrote a message, on which device, as which of its messages.
type Draft = (UserId, usize, usize);

/// Asserts everything.
///
/// # Panics
/// With what is not so.
pub fn assert_holds(world: &World) {
    guard::assert_clean();
    assert!(world.server.is_up(), "the server does not come up again");
    assert!(
        world.env.violations.is_empty(),
        "a device saw what no server may do: {:?}",
        world.env.violations
    );
    let mut drafts: BTreeMap<ThreadId, Vec<Draft>> = BTreeMap::new();
    let mut ids: BTreeMap<ThreadId, Vec<MsgId>> = BTreeMap::new();
    for thread in &world.threads {
        let entries = thread_entries(world, *thread);
        ids.insert(*thread, entries.iter().map(|(id, _)| *id).collect());
        drafts.insert(*thread, entries.into_iter().filter_map(|(_, draft)| draft).collect());
    }
    for device in &world.devices {
        // Nothing here earns being sent away for good but a revocation.
        let sent_away = device.stopped.filter(|_| !world.server.revoked.contains(&device.session));
        assert_eq!(sent_away, None, "device {} was told never to come back", device.index);
        assert_sent(device, &drafts);
        if device.stopped.is_none() {
            for context in [None, device.disk.focus] {
                assert_seen(world, device, StreamId::new(device.user, context));
            }
        }
    }
    for (thread, streams) in &world.server.threads {
        let expected = ids.get(thread).map(Vec::as_slice).unwrap_or_default();
        for stream in streams {
            assert_told(world, *stream, expected);
        }
    }
}

/// Each message that was acknowledged, and each that was written by a device that may still send, is in its
/// thread once, in the order of writing.
fn assert_sent(device: &Device, drafts: &BTreeMap<ThreadId, Vec<Draft>>) {
    assert!(device.disk.refused.is_empty(), "messages refused for good: {:?}", device.disk.refused);
    for (thread, written) in &device.disk.written {
        let there = drafts.get(thread).map(Vec::as_slice).unwrap_or_default();
        let mine: Vec<usize> =
            there.iter().filter(|(_, by, _)| *by == device.index).map(|(_, _, n)| *n).collect();
        let acknowledged = device.disk.acknowledged.get(thread).map_or(0, Vec::len);
        let least = if device.stopped.is_none() { written.len() } else { acknowledged };
        assert!(mine.len() >= least, "device {}: {} of {least} messages are there", device.index, mine.len());
        let in_order: Vec<usize> = (0..mine.len()).collect();
        assert_eq!(mine, in_order, "device {}: messages lost, doubled or out of order", device.index);
    }
}

/// A device has applied exactly what its stream has since its snapshot.
fn assert_seen(world: &World, device: &Device, stream: StreamId) {
    let index = device.index;
    let view =
        device.disk.views.get(&stream.context).expect("a followed stream has a view when all is quiet");
    let (numbers, kept): (Vec<u64>, Vec<MsgId>) = stream_entries(world, stream).into_iter().unzip();
    let head = numbers.last().copied().unwrap_or(0);
    assert_eq!(view.cursor.seq.get(), head, "device {index} is not at the head of a stream");
    let since: Vec<(u64, MsgId)> = numbers.into_iter().zip(kept).filter(|(n, _)| *n > view.base).collect();
    assert!(since == view.entries, "device {index} has applied other entries than the stream holds");
}

/// A stream holds each entry of a thread once, in the thread's order.
fn assert_told(world: &World, stream: StreamId, expected: &[MsgId]) {
    let wanted: BTreeSet<&MsgId> = expected.iter().collect();
    let told = stream_entries(world, stream).into_iter().map(|(_, id)| id).filter(|id| wanted.contains(id));
    assert!(told.eq(expected.iter().copied()), "a stream holds other entries of a thread than the thread");
}

fn stream_entries(world: &World, stream: StreamId) -> Vec<(u64, MsgId)> {
    let mut out: Vec<(u64, MsgId)> = Vec::new();
    loop {
        let after = Seq::new(out.last().map_or(0, |(n, _)| *n)).expect("small numbers");
        let page = world.server.store().read_blocking(StreamAfter { stream, after, max: 200 });
        let Ok(StreamPage::Entries { entries, head }) = page else { return out };
        for entry in &entries {
            assert_eq!(entry.seq.get(), out.last().map_or(0, |(n, _)| *n) + 1, "a hole in a stream");
            if let StreamBody::Entry(body) = &entry.body {
                out.push((entry.seq.get(), body.msg_id));
            }
        }
        if entries.is_empty() || out.last().is_some_and(|(n, _)| *n >= head.get()) {
            return out;
        }
    }
}

/// The number of the thread that an entry stands in.
pub fn thread_of(world: &World, id: MsgId) -> Option<usize> {
    world
        .threads
        .iter()
        .position(|thread| thread_entries(world, *thread).iter().any(|(entry, _)| *entry == id))
}

/// Ids of a thread's entries, and who wrote them as which of their messages.
fn thread_entries(world: &World, thread: ThreadId) -> Vec<(MsgId, Option<Draft>)> {
    let mut out = Vec::new();
    let mut after = Seq::ZERO;
    loop {
        let page = world.server.store().read_blocking(ThreadPage::After(thread, after, 200));
        let entries = page.expect("reads do not fail here");
        let Some(last) = entries.last() else { return out };
        after = last.n;
        // The first one is the thread's `create`.
        for entry in entries.iter().filter(|entry| entry.n.get() > 1) {
            let sealed =
                entry.payload.as_ref().map(|payload| payload.as_slice().to_vec()).unwrap_or_default();
            // An epoch says nothing.
            if sealed.is_empty() {
                out.push((entry.msg_id, None));
                continue;
            }
            let text = String::from_utf8(seal(&sealed)).expect("simulated messages are text");
            let mut words = text.split_whitespace().skip(1).filter_map(|word| word.parse::<usize>().ok());
            let (device, n) = (words.next().expect("the device"), words.next().expect("the number"));
            out.push((entry.msg_id, Some((entry.author, device, n))));
        }
    }
}
