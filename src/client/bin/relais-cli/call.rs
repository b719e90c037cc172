//! Calls at a terminal: to see that something rings, and to answer it. There is no sound and no picture.

use relais_client::ClientError;
use relais_client::core::StopReason;
use relais_client::driver::{Client, Update};
use relais_wire::calls::{CallCard, CallPhase, SeatState};
use relais_wire::ids::CallId;
use serde_json::json;

use crate::args::CallAct;
use crate::parse::thread_id;
use crate::show::{show, update_json};

/// Milliseconds within which the terminal comes back when the server says nothing.
const PATIENCE_MS: u64 = 500;

pub(crate) async fn call(client: &mut Client, json: bool, act: CallAct) -> Result<(), ClientError> {
    client.connect(PATIENCE_MS);
    let mut begun = false;
    let mut mine: Option<CallId> = None;
    loop {
        client.wait().await;
        for update in client.work().await? {
            match &update {
                Update::Stopped(StopReason::Closed(code)) => return Err(ClientError::Ended(*code)),
                Update::Online if !begun => {
                    begun = true;
                    mine = start(client, json, &act).await?;
                }
                // What ended while there was no connection is not told.
                Update::Online if mine.is_some() => {
                    let card = client.calls().await?.card;
                    if card.map(|card| card.call) != mine {
                        return client.disconnect().await;
                    }
                }
                Update::Rings(ring) if mine.is_none() => {
                    say(json, &update);
                    mine = answer(client, json, &act, ring.call).await?;
                    if mine.is_none() {
                        return client.disconnect().await;
                    }
                }
                Update::Call(card) if mine == Some(card.call) => {
                    say(json, &update);
                    if card.phase == CallPhase::Ended {
                        return client.disconnect().await;
                    }
                    if is_away(client, card) {
                        client.call_answer(card.call, has_camera(&act)).await?;
                    }
                }
                Update::RingStopped(_) | Update::CallMissed(_) => say(json, &update),
                _ => {}
            }
        }
    }
}

fn say(json: bool, update: &Update) {
    let value = update_json(update);
    show(json, &value, &value.to_string());
}

const fn has_camera(act: &CallAct) -> bool {
    match act {
        CallAct::Start { camera, .. } | CallAct::Answer { camera, .. } => *camera,
    }
}

async fn start(client: &mut Client, json: bool, act: &CallAct) -> Result<Option<CallId>, ClientError> {
    let CallAct::Start { thread, camera, yes } = act else { return Ok(None) };
    let started = client.call_start(thread_id(thread)?, None, (*camera, *yes)).await?;
    let Some(card) = started.card else {
        let warnings = json!({"event": "asks", "warnings": started.warnings});
        show(json, &warnings, &warnings.to_string());
        return Err(ClientError::NotPossible(
            "somebody is outside their hours or away: --yes rings all the same",
        ));
    };
    let value = json!({"event": "call", "card": card});
    show(json, &value, &value.to_string());
    Ok(Some(card.call))
}

/// The call this device is in then; none when it declined, or when somebody else was first.
async fn answer(
    client: &mut Client,
    json: bool,
    act: &CallAct,
    call: CallId,
) -> Result<Option<CallId>, ClientError> {
    let CallAct::Answer { camera, decline } = act else { return Ok(None) };
    client.call_rings(call).await?;
    if *decline {
        client.call_decline(call).await?;
        return Ok(None);
    }
    let card = client.call_answer(call, *camera).await?;
    let value = json!({"event": "call", "card": card});
    show(json, &value, &value.to_string());
    Ok(Some(call))
}

/// Whether this device has to say again that it is there: its connection was lost, or the server was restarted.
fn is_away(client: &Client, card: &CallCard) -> bool {
    card.seats.iter().any(|seat| seat.user == Some(client.user()) && seat.state == SeatState::Away)
}
