//! Threads, teams and their keys among real clients and a real server: what people do to who takes part, and what
//! their clients do without being asked.
//!
//! Not known here: lies; see [`crate::hostile`].

mod keys;
mod people;
mod ward;

use std::future::Future;
use std::path::Path;
use std::pin::Pin;

use anyhow::Result;

use ward::Ward;

type Run = for<'a> fn(&'a mut Ward) -> Pin<Box<dyn Future<Output = Result<String>> + 'a>>;

struct Scene {
    claim: &'static str,
    run: Run,
}

macro_rules! scenes {
    ($($claim:literal, $run:path;)*) => {
        &[$(Scene { claim: $claim, run: |ward| Box::pin($run(ward)) }),*]
    };
}

const SCENES: &[Scene] = scenes![
    "a removal is followed by one rotation, by whoever is online", keys::removal_is_followed_by_one_rotation;
    "two who renew at once end as one", keys::two_at_once_end_as_one;
    "a request for a box is answered by whoever is online", keys::request_for_a_box_is_answered;
    "two people write to each other directly, with files", people::direct_thread;
    "guests from outside accept or decline", people::guests;
    "whoever bears a token joins by it, once", people::bearer_of_a_token;
    "a team's managers take, assign and give back", people::triage;
];

/// Plays every scene. Answers whether each claim held.
///
/// # Errors
/// The server could not be started.
#[expect(clippy::print_stdout, reason = "the table is what the proof is for")]
pub async fn prove(server: &Path) -> Result<bool> {
    let mut ward = Ward::open(server).await?;
    let mut held = 0;
    for scene in SCENES {
        let result = (scene.run)(&mut ward).await;
        held += usize::from(result.is_ok());
        match result {
            Ok(seen) => println!("{:<62}yes  {seen}", scene.claim),
            Err(error) => println!("{:<62}NO   {error:#}", scene.claim),
        }
    }
    println!("claims: {}, held: {held}", SCENES.len());
    Ok(held == SCENES.len())
}
