//! The shape of an organization's tree, which no single chain shows.
//!
//! Not known here: who may move a unit.

use std::collections::HashMap;

use relais_chain::ChainError;
use relais_chain::limits::ANCESTRY_MAX;
use relais_store::reads::{UnitById, UnitsOf};
use relais_wire::Refusal;
use relais_wire::ids::UnitId;

use super::context::Ctx;
use super::refuse;

/// Units read at once.
const UNITS_PAGE: u32 = 1_000;

/// Refuses a move that would put something below the unit deeper than a walk upwards goes. A unit's chain shows only
/// what is above it.
///
/// # Errors
/// `chain refused` with [`ChainError::ParentImpossible`]; the store's refusal.
pub(crate) async fn check_move(ctx: &Ctx<'_>, unit: UnitId, parent: UnitId) -> Result<(), Refusal> {
    // A unit that is not stored is refused by its chain.
    let Some(row) = ctx.read(UnitById(unit)).await? else { return Ok(()) };
    let mut parents: HashMap<UnitId, Option<UnitId>> = HashMap::new();
    let mut after = None;
    loop {
        let page = ctx.read(UnitsOf { org: row.org, after, max: UNITS_PAGE }).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.unit);
        parents.extend(page.iter().map(|row| (row.unit, row.parent)));
    }
    let below = parents.keys().filter_map(|lower| distance(&parents, *lower, unit)).max().unwrap_or(0);
    let above = levels(&parents, parent);
    // The unit itself is a level too.
    if above + 1 + below > ANCESTRY_MAX {
        return Err(refuse::chain(ChainError::ParentImpossible));
    }
    Ok(())
}

/// Steps upwards from one unit to another that is above it, or is it.
fn distance(parents: &HashMap<UnitId, Option<UnitId>>, from: UnitId, to: UnitId) -> Option<usize> {
    upwards(parents, from).position(|unit| unit == to)
}

/// Levels down to a unit, its own among them.
fn levels(parents: &HashMap<UnitId, Option<UnitId>>, unit: UnitId) -> usize {
    upwards(parents, unit).count()
}

fn upwards(parents: &HashMap<UnitId, Option<UnitId>>, unit: UnitId) -> impl Iterator<Item = UnitId> {
    core::iter::successors(Some(unit), |unit| parents.get(unit).copied().flatten()).take(ANCESTRY_MAX + 1)
}
