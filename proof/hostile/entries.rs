//! Lies about the entries of a thread.
//!
//! Not known here: how an attack is judged and printed.

use anyhow::{Context, Result, anyhow};
use relais_chain::control::{Control, Outcome};
use relais_chain::entry::{EntryCore, Kind, Priority};
use relais_chain::link::Author;
use relais_chain::{Signed, hash, sign};
use relais_e2ee::body::Body;
use relais_e2ee::entropy::{SystemEntropy, draw};
use relais_e2ee::signing::SigningSecret;
use relais_wire::ids::{MsgId, Seq, ThreadId};
use relais_wire::threads::{Entries, SignedEntry, StoredEntry};
use relais_wire::{Bin, Reply, Request};

use super::liar::Lie;
use super::stage::{Seen, Stage, Whom};
use super::victim::{Shown, texts};

/// Times a held message is waited for.
const TRIES: usize = 40;

fn signed(entry: &StoredEntry) -> Option<Signed> {
    let sig = <[u8; 64]>::try_from(entry.sig.as_slice()).ok()?;
    Some(Signed::whole(entry.core.0.clone(), entry.payload.as_ref()?.0.clone(), sig))
}

/// Makes length and head of a page fit its entries, and their numbers too where `numbers`: a liar is consistent.
fn reseal(page: &mut Entries, thread: ThreadId, numbers: bool) {
    let mut head = hash::head_zero(thread);
    let mut n = 0;
    for entry in &mut page.entries {
        n += 1;
        if let Some(signed) = signed(entry) {
            head = hash::head(&head, n, &signed.entry_hash());
        }
        if numbers {
            entry.n = Seq::new(n).unwrap_or(entry.n);
        }
    }
    page.head = head;
    page.len = Seq::new(n).unwrap_or(page.len);
}

/// Changes the entries of a thread as they are read from its beginning.
pub(super) fn about(
    thread: ThreadId,
    numbers: bool,
    mut change: impl FnMut(&mut Vec<StoredEntry>) + Send + 'static,
) -> Lie {
    Box::new(move |request, answer| {
        if let (Request::GetEntries(ask), Some(Ok(Reply::Entries(page)))) = (request, answer)
            && ask.thread == thread
            && ask.from.get() == 1
        {
            change(&mut page.entries);
            reseal(page, thread, numbers);
        }
    })
}

/// Adds an entry at the end.
pub(super) fn append(entries: &mut Vec<StoredEntry>, core: &[u8], payload: &[u8], sig: &[u8]) {
    let last = entries.last().cloned();
    entries.extend(last.map(|last| StoredEntry {
        core: Bin(core.to_vec()),
        payload: Some(Bin(payload.to_vec())),
        payload_hash: None,
        sig: Bin(sig.to_vec()),
        ..last
    }));
}

async fn read(stage: &mut Stage, whom: Whom, thread: ThreadId, lie: Lie, shown: &[&str]) -> Result<Seen> {
    let mut victim = stage.victim(whom).await?;
    victim.door.lie(lie).await;
    let read = victim.history(thread).await;
    Ok(Seen::of_entries(read, |entries| texts(entries) == shown))
}

/// The payload of a control entry is exchanged under its author's signature.
pub(super) async fn changed(stage: &mut Stage) -> Result<Seen> {
    let thread = stage.thread().await?;
    stage.ada.set_priority(thread, Priority::High).await?;
    let other = Control::Priority(Priority::Urgent).to_bytes()?;
    let mut victim = stage.victim(Whom::Ben).await?;
    let lie = about(thread, true, move |entries| {
        if let Some(entry) = entries.last_mut() {
            entry.payload = Some(Bin(other.clone()));
        }
    });
    victim.door.lie(lie).await;
    let read = victim.history(thread).await;
    Ok(Seen::of_entries(read, |_| victim.is_urgent(thread)))
}

/// Ada's name under an entry that a stranger's key signed: it closes the thread.
pub(super) async fn forged(stage: &mut Stage) -> Result<Seen> {
    let thread = stage.thread().await?;
    let (user, device) = (stage.ada.user(), stage.ada.device());
    let chain_seq = stage.ada.book().chains().user_chain(user).context("own chain")?.tail().seq();
    let author = Author { user, chain_seq, capacity: None };
    let state = stage.ada.thread(thread).context("the thread")?.state();
    let core = state.draft(Kind::Close, author, device, MsgId::from_bytes(draw(&mut SystemEntropy)), 1);
    let close = Control::Close {
        final_seq: state.head().n,
        final_head: state.head().head,
        outcome: Outcome::Done,
        reason: None,
    };
    let stranger = SigningSecret::random(&mut SystemEntropy);
    let forged = sign::control(stranger.key(), &core, &close)?;
    let mut victim = stage.victim(Whom::Ben).await?;
    let lie = about(thread, true, move |entries| {
        let last = entries.last().cloned();
        entries.extend(last.map(|last| StoredEntry {
            core: Bin(forged.core().to_vec()),
            payload: forged.payload().map(|payload| Bin(payload.to_vec())),
            sig: Bin(forged.sig().to_vec()),
            ..last
        }));
    });
    victim.door.lie(lie).await;
    let read = victim.history(thread).await;
    Ok(Seen::of_entries(read, |_| victim.is_closed(thread)))
}

/// Ada's message is left out; Ben wrote his without having seen it.
pub(super) async fn dropped(stage: &mut Stage) -> Result<Seen> {
    let thread = stage.thread().await?;
    stage.ben.open_thread(thread).await?;
    stage.say(Whom::Ada, thread, "no penicillin").await?;
    stage.say_unread(Whom::Ben, thread, "which antibiotic?").await?;
    let lie = about(thread, false, |entries| {
        if entries.len() > 1 {
            entries.remove(1);
        }
    });
    read(stage, Whom::Ben, thread, lie, &["which antibiotic?"]).await
}

/// The answer is served before the question.
pub(super) async fn reordered(stage: &mut Stage) -> Result<Seen> {
    let thread = stage.thread().await?;
    stage.say(Whom::Ada, thread, "stop it?").await?;
    stage.say(Whom::Ben, thread, "yes").await?;
    let lie = about(thread, true, |entries| {
        if entries.len() > 2 {
            entries.swap(1, 2);
        }
    });
    read(stage, Whom::Ben, thread, lie, &["yes", "stop it?"]).await
}

/// A message is served a second time.
pub(super) async fn replayed(stage: &mut Stage) -> Result<Seen> {
    let thread = stage.thread().await?;
    stage.say(Whom::Ada, thread, "give one dose").await?;
    let lie = about(thread, true, |entries| entries.extend(entries.last().cloned()));
    read(stage, Whom::Ben, thread, lie, &["give one dose", "give one dose"]).await
}

/// Two messages of the same moment are shown to one reader the other way round; a third that saw them follows.
pub(super) async fn thread_forked(stage: &mut Stage) -> Result<Seen> {
    let thread = stage.thread().await?;
    stage.ben.open_thread(thread).await?;
    stage.say(Whom::Ada, thread, "a").await?;
    stage.say_unread(Whom::Ben, thread, "b").await?;
    stage.say(Whom::Ada, thread, "c").await?;
    let lie = about(thread, true, |entries| {
        if entries.len() > 2 {
            entries.swap(1, 2);
        }
    });
    read(stage, Whom::Ben, thread, lie, &["b", "a", "c"]).await
}

/// A reader who saw two messages is served the thread as it was with one.
pub(super) async fn thread_rolled_back(stage: &mut Stage) -> Result<Seen> {
    let thread = stage.thread().await?;
    stage.say(Whom::Ada, thread, "10 mg").await?;
    stage.say(Whom::Ada, thread, "no: 1 mg").await?;
    let mut victim = stage.victim(Whom::Ben).await?;
    let honest = victim.history(thread).await;
    honest.and(victim.again().await).map_err(|failed| anyhow!("{failed:?}"))?;
    let lie = about(thread, true, |entries| entries.truncate(2));
    victim.door.lie(lie).await;
    let read = victim.history(thread).await;
    Ok(Seen::of_entries(read, |entries| texts(entries) == ["10 mg"]))
}

/// A message is held back and served after the closing of the thread.
pub(super) async fn after_close(stage: &mut Stage) -> Result<Seen> {
    let thread = stage.thread().await?;
    let mut held = stage.native_victim(Whom::Ben).await?;
    held.client()?.open_thread(thread).await?;
    held.door.liar.lock().await.hold = Box::new(|request| matches!(request, Request::Append(_)));
    held.client()?.send(thread, &Body::text("late"))?;
    let mut late = None;
    for _ in 0..TRIES {
        drop(held.client()?.flush(300).await);
        let heard = std::mem::take(&mut held.door.liar.lock().await.heard);
        late = heard.into_iter().find_map(|request| {
            let Request::Append(append) = request else { return None };
            append.entries.into_iter().next()
        });
        if late.is_some() {
            break;
        }
    }
    let late: SignedEntry = late.context("the held message")?;
    drop(held);
    stage.ada.close(thread).await?;
    let lie = about(thread, true, move |entries| {
        let last = entries.last().cloned();
        entries.extend(last.map(|last| StoredEntry {
            core: late.core.clone(),
            payload: Some(late.payload.clone()),
            sig: late.sig.clone(),
            ..last
        }));
    });
    read(stage, Whom::Ben, thread, lie, &["late"]).await
}

/// A member writes a ciphertext that is not the one its key gives, and signs it.
pub(super) async fn ciphertext(stage: &mut Stage) -> Result<Seen> {
    let thread = stage.thread().await?;
    stage.say(Whom::Ada, thread, "12 mg").await?;
    let account = stage.ada.dangerous_account();
    let key = account.signing().seed();
    let mut victim = stage.victim(Whom::Ben).await?;
    let lie = about(thread, true, move |entries| {
        let Some(entry) = entries.last_mut() else { return };
        let Some(payload) = entry.payload.as_mut() else { return };
        let Some(spoiled) = message_digit(&payload.0) else { return };
        let signing = SigningSecret::from_seed(&key);
        let Ok(core) = EntryCore::parse(&entry.core.0) else { return };
        let Ok(again) = sign::message(signing.key(), &core, spoiled) else { return };
        entry.payload = again.payload().map(|payload| Bin(payload.to_vec()));
        entry.sig = Bin(again.sig().to_vec());
    });
    victim.door.lie(lie).await;
    let read = victim.history(thread).await;
    Ok(Seen::of_entries(read, |entries| {
        let other = |text: &str| text != "12 mg" && text.ends_with(" mg");
        entries.iter().any(|entry| matches!(entry, Shown::Text(text) if other(text)))
    }))
}

/// The ciphertext with one bit of the text's first digit changed.
fn message_digit(ciphertext: &[u8]) -> Option<Vec<u8>> {
    let body = Body::text("12 mg").encode().ok()?;
    let at = body.windows(5).position(|window| window == b"12 mg")?;
    let mut spoiled = ciphertext.to_vec();
    *spoiled.get_mut(at)? ^= 1;
    Some(spoiled)
}
