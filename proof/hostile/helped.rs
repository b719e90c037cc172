//! Lies that a member of the thread signs: the server alone cannot tell them.
//!
//! Not known here: how an attack is judged and printed.

use anyhow::{Context, Result};
use relais_chain::control::{Bearer, Control, EpochBody, Invitee, accept_statement};
use relais_chain::entry::{Anchor, EntryCore, Kind};
use relais_chain::hash::{self, LABEL_ACCEPT};
use relais_chain::keyring_body::{Reason, Recipient as Named};
use relais_chain::link::Author;
use relais_chain::party::{History, Party, ThreadRole, UserParty};
use relais_chain::unit::Standing;
use relais_chain::{Facts as _, Signed, sign};
use relais_client::driver::Client;
use relais_e2ee::body::Body;
use relais_e2ee::entropy::{SystemEntropy, draw};
use relais_e2ee::sealed::{EncKey, Recipient, SeedOf, seal_lying};
use relais_e2ee::secret::Seed;
use relais_e2ee::signing::SigningSecret;
use relais_e2ee::{message, thread};
use relais_wire::chains::SealedBox;
use relais_wire::ids::{KeyringId, MsgId, ThreadId};
use relais_wire::{Bin, Reply};

use super::entries::{about, append};
use super::liar::Lie;
use super::stage::{Seen, Stage, Whom};
use super::victim::texts;

/// Continues a thread behind the server's back.
struct Helper {
    author: Author,
    key: SigningSecret,
    core: EntryCore,
    entries: Vec<Signed>,
}

impl Helper {
    fn new(client: &mut Client, id: ThreadId) -> Result<Self> {
        let key = SigningSecret::from_seed(&client.dangerous_account().signing().seed());
        let (user, device) = (client.user(), client.device());
        let chain_seq = client.book().chains().user_chain(user).context("own chain")?.tail().seq();
        let author = Author { user, chain_seq, capacity: None };
        let state = client.thread(id).context("the thread")?.state();
        let core = state.draft(Kind::Priority, author, device, MsgId::from_bytes([0; 16]), 1);
        Ok(Self { author, key, core, entries: Vec::new() })
    }

    /// The core of the next entry.
    fn next(&self, kind: Kind) -> EntryCore {
        let ctrl_head = if kind.is_control() { self.core.ctrl_head } else { None };
        let msg_id = MsgId::from_bytes(draw(&mut SystemEntropy));
        EntryCore { kind, msg_id, author: self.author, ctrl_head, ..self.core.clone() }
    }

    fn take(&mut self, signed: Signed, is_control: bool) {
        let seq = self.core.anchor.seq + 1;
        let head = hash::head(&self.core.anchor.head, seq, &signed.entry_hash());
        self.core.anchor = Anchor { seq, head };
        self.core.aseq += 1;
        if is_control {
            self.core.ctrl_head = Some(head);
        }
        self.entries.push(signed);
    }

    fn control(&mut self, control: &Control) -> Result<MsgId> {
        let core = self.next(control.kind());
        self.take(sign::control(self.key.key(), &core, control)?, true);
        Ok(core.msg_id)
    }

    fn lie(self, thread: ThreadId) -> Lie {
        about(thread, true, move |entries| {
            for signed in &self.entries {
                append(entries, signed.core(), signed.payload().unwrap_or_default(), signed.sig());
            }
        })
    }
}

/// The next epoch of a thread for exactly its participants, and its boxes.
fn epoch(client: &Client, id: ThreadId) -> Result<thread::NewEpoch> {
    let roster = client.thread(id).context("the thread")?.state().roster();
    Ok(thread::next_epoch(id, roster, client.book().chains(), None, Reason::Routine, &mut SystemEntropy)?)
}

/// A box for a keyring: what is signed of it, and itself.
fn boxed(
    client: &Client,
    seed: &Seed,
    body: &EpochBody,
    id: ThreadId,
    keyring: KeyringId,
) -> Result<(Named, SealedBox)> {
    let chain = client.book().chains().keyring_chain(keyring).context("a known keyring")?;
    let key = EncKey::from_bytes(chain.key())?;
    let of = SeedOf::thread(id, body.epoch);
    let to = Recipient { keyring, generation: chain.generation() };
    let bytes = seal_lying(seed, of, to, &body.commit, &key, &mut SystemEntropy)?;
    let named = Named { keyring, generation: chain.generation(), box_hash: hash::box_hash(&bytes) };
    let sealed = SealedBox {
        scope: of.scope,
        id: of.id,
        generation: u32::try_from(body.epoch)?,
        recipient: keyring,
        recipient_generation: u32::try_from(chain.generation())?,
        bytes: Bin(bytes),
    };
    Ok((named, sealed))
}

/// A member makes an epoch that somebody outside the thread can read.
pub(super) async fn ghost_reader(stage: &mut Stage) -> Result<Seen> {
    let id = stage.thread().await?;
    let ghost = stage.ada.keyrings().0;
    let made = epoch(&stage.ada, id)?;
    let mut body = made.body;
    let (named, _) = boxed(&stage.ada, &made.seed, &body, id, ghost)?;
    body.recipients.push(named);
    body.recipients.sort_by_key(|recipient| recipient.keyring);
    let mut helper = Helper::new(&mut stage.ada, id)?;
    helper.control(&Control::Epoch(body))?;
    let mut victim = stage.victim(Whom::Ben).await?;
    victim.door.lie(helper.lie(id)).await;
    let read = victim.history(id).await;
    let reads = victim.seals_to(id, ghost).await?;
    Ok(Seen::of_entries(read, |_| reads))
}

/// A member boxes one reader another seed than it commits to, and writes to that reader alone.
pub(super) async fn wrong_commit(stage: &mut Stage) -> Result<Seen> {
    let id = stage.thread().await?;
    let inbox = stage.ben.keyrings().1;
    let made = epoch(&stage.ada, id)?;
    let (mut body, other) = (made.body, Seed::random(&mut SystemEntropy));
    let (named, sealed) = boxed(&stage.ada, &other, &body, id, inbox)?;
    for recipient in body.recipients.iter_mut().filter(|recipient| recipient.keyring == inbox) {
        *recipient = named;
    }
    let number = body.epoch;
    let mut helper = Helper::new(&mut stage.ada, id)?;
    helper.control(&Control::Epoch(body))?;
    helper.core.epoch = number;
    let core = helper.next(Kind::Message);
    let told = message::seal(helper.key.key(), core, &other, &Body::text("only to you"))?;
    helper.take(told, false);
    let mut entries = helper.lie(id);
    let lie: Lie = Box::new(move |request, answer| {
        entries(request, answer);
        if let Some(Ok(Reply::Boxes(served))) = answer {
            served.boxes = vec![sealed.clone()];
        }
    });
    let mut victim = stage.victim(Whom::Ben).await?;
    victim.door.lie(lie).await;
    let read = victim.history(id).await;
    Ok(Seen::of_entries(read, |entries| texts(entries) == ["only to you"]))
}

/// An invitation for whoever holds its key is accepted by somebody who does not.
pub(super) async fn invite_forged(stage: &mut Stage) -> Result<Seen> {
    let id = stage.thread().await?;
    let (mallory, inbox) = (stage.mallory.user(), stage.mallory.keyrings().1);
    let own = stage.mallory.book().chains().user(mallory).context("own chain")?;
    let invitation = SigningSecret::random(&mut SystemEntropy);
    let mut helper = Helper::new(&mut stage.ada, id)?;
    let invitee = Invitee::Bearer { key: invitation.public(), standing: Standing::Patient };
    let history = History::FromJoin;
    let invite = helper.control(&Control::Invite { invitee, history, expires_ms: None })?;
    let party = UserParty {
        user: mallory,
        keyring: inbox,
        as_org: None,
        role: ThreadRole::Member,
        standing: Standing::Patient,
        team: None,
    };
    let stranger = SigningSecret::random(&mut SystemEntropy);
    let proof = stranger.sign(LABEL_ACCEPT, &accept_statement(id, invite, mallory, &own.root));
    let bearer = Some(Box::new(Bearer { party: Party::User(party), root: own.root, proof }));
    // From here on the newcomer writes.
    helper.key = SigningSecret::from_seed(&stage.mallory.dangerous_account().signing().seed());
    let chain = stage.mallory.book().chains().user_chain(mallory).context("own chain")?;
    helper.author = Author { user: mallory, chain_seq: chain.tail().seq(), capacity: None };
    helper.core.device = stage.mallory.device();
    helper.core.aseq = 1;
    helper.control(&Control::Accept { invite, bearer })?;
    let mut victim = stage.victim(Whom::Ben).await?;
    victim.door.lie(helper.lie(id)).await;
    let read = victim.history(id).await;
    Ok(Seen::of_entries(read, |_| victim.takes_part(id, mallory)))
}
