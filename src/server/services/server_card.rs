//! What this server says of itself to anybody.
//!
//! Not known here: secrets.

use relais_wire::Refusal;
use relais_wire::directory::ServerCard;
use relais_wire::scalar::{Bin, Millis};

use super::context::Ctx;
use super::directory::units;
use super::opaque::OpaqueServer;

/// The server's card.
///
/// # Errors
/// The store's.
pub(crate) async fn get(ctx: &Ctx<'_>) -> Result<ServerCard, Refusal> {
    let settings = &ctx.app.settings;
    Ok(ServerCard {
        origin: settings.origin.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        opaque_key: Bin(OpaqueServer::of(ctx.app).public_key()),
        receipt_key: Bin(ctx.app.keys.receipt.verifying_key().to_bytes().to_vec()),
        open_registration: settings.open_registration,
        demo: settings.demo,
        root: units::root(ctx).await?,
        now: Millis::saturating(ctx.now_ms),
    })
}
