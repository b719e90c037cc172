//! Chains out of the store, link by link and several at once.
//!
//! Chains rest on each other: a unit on its administrators' keyring, that keyring on the unit above, a person's chain
//! on the administrators who reset it, and they on that person. There is an order in which all links were appended, so
//! there is one in which they can be verified again; nobody wrote it down. So each chain is taken in as far as it goes,
//! what it misses is begun, and a chain that waits for another's later links is tried again when that one has grown.
//!
//! Not known here: what the links say.

use std::collections::HashMap;

use relais_chain::ChainError;
use relais_store::facts::chain::{ChainId, Link};
use relais_store::reads::ChainLinks;
use relais_wire::ids::Seq;
use relais_wire::{ErrorCode, Refusal};

use super::context::Ctx;
use super::limits::LOADS_MAX;
use super::world::World;

/// Links read at once.
const LINKS_PAGE: u32 = 500;

/// A chain that is being taken in.
struct Opening {
    links: Vec<Link>,
    taken: usize,
}

/// How far one attempt came.
enum Step {
    /// To the end.
    Whole,
    /// To a link that is refused as long as other chains stand as they do.
    Waits { error: ChainError, grew: bool },
}

/// Loads chains and what they rest on; one that does not exist is noted as absent.
///
/// # Errors
/// The store's refusal; `internal` for a stored chain that does not verify.
pub(crate) async fn load(ctx: &Ctx<'_>, world: &mut World, wanted: Vec<ChainId>) -> Result<(), Refusal> {
    let mut open = wanted;
    let mut openings: HashMap<ChainId, Opening> = HashMap::new();
    // Attempts since anything moved: when every open chain waits, none ever goes on.
    let mut idle = 0;
    for _ in 0..LOADS_MAX {
        let Some(id) = open.pop() else { return Ok(()) };
        if !openings.contains_key(&id) && !begin(ctx, world, id, &mut openings).await? {
            idle = 0;
            continue;
        }
        let Some(opening) = openings.get_mut(&id) else { continue };
        match advance(world, id, opening) {
            Step::Whole => {
                openings.remove(&id);
                if let Some(chain) = world.loaded(id) {
                    ctx.app.state.chains.put(chain.clone());
                }
                idle = 0;
            }
            Step::Waits { error, grew } => {
                let missed = world.take_missed();
                let new: Vec<ChainId> =
                    missed.into_iter().filter(|id| !openings.contains_key(id) && !world.has(*id)).collect();
                idle = if grew || !new.is_empty() { 0 } else { idle + 1 };
                if idle > openings.len() {
                    tracing::error!(code = error.code(), "a stored chain does not verify");
                    return Err(Refusal::new(ErrorCode::Internal));
                }
                if new.is_empty() {
                    open.insert(0, id);
                } else {
                    open.push(id);
                    open.extend(new);
                }
            }
        }
    }
    Err(Refusal::new(ErrorCode::LimitReached))
}

/// Whether there is anything to take in: the chain is neither known already nor absent.
async fn begin(
    ctx: &Ctx<'_>,
    world: &mut World,
    id: ChainId,
    openings: &mut HashMap<ChainId, Opening>,
) -> Result<bool, Refusal> {
    if world.has(id) {
        return Ok(false);
    }
    if let Some(chain) = ctx.app.state.chains.get(id) {
        world.put(chain);
        return Ok(false);
    }
    let links = all_links(ctx, id).await?;
    if links.is_empty() {
        world.put_absent(id);
        return Ok(false);
    }
    openings.insert(id, Opening { links, taken: 0 });
    Ok(true)
}

fn advance(world: &mut World, id: ChainId, opening: &mut Opening) -> Step {
    let before = opening.taken;
    while let Some(link) = opening.links.get(opening.taken) {
        if let Err(error) = world.take_in(id, link.object.as_slice()) {
            return Step::Waits { error, grew: opening.taken > before };
        }
        opening.taken += 1;
    }
    Step::Whole
}

async fn all_links(ctx: &Ctx<'_>, chain: ChainId) -> Result<Vec<Link>, Refusal> {
    let mut all: Vec<Link> = Vec::new();
    loop {
        let after = all.last().map_or(Seq::ZERO, |link| link.n);
        let page = ctx.read(ChainLinks { chain, after, max: LINKS_PAGE }).await?;
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page);
    }
}
