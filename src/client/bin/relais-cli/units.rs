//! Units, organizations and their people.

use relais_chain::unit::Standing;
use relais_client::ClientError;
use relais_client::driver::Client;
use relais_client::driver::rekey::Renewed;
use relais_wire::Private;
use relais_wire::account::Locale;
use relais_wire::ids::{UnitId, UserId};
use serde_json::{Value, json};

use crate::args::{Team, Unit};
use crate::parse::{id, keyring_id, people, person};
use crate::show::show;

pub(crate) async fn unit(client: &mut Client, json: bool, act: Unit) -> Result<(), ClientError> {
    match act {
        Unit::Create { name, parent, own_name } => {
            let parent = parent.map(|text| id(&text, UnitId::parse_hex)).transpose()?;
            let unit = client.create_unit(parent, &name, &own_name).await?.to_hex();
            show(json, &json!({"unit": unit}), &unit);
        }
        Unit::Show { unit } => {
            let card = client.unit(id(&unit, UnitId::parse_hex)?).await?;
            let members: Vec<Value> = card
                .members
                .iter()
                .map(|person| json!({"user": person.user.to_hex(), "name": person.name.as_str()}))
                .collect();
            let value = json!({"unit": card.unit.to_hex(), "org": card.org.to_hex(), "name": card.name.as_str(), "members": members});
            show(json, &value, &value.to_string());
        }
        Unit::Invite { unit, email } => {
            let unit = id(&unit, UnitId::parse_hex)?;
            let made = client.invite(Some(unit), email.map(Private), Locale::Fr).await?;
            let token = hex::encode(made.token.as_slice());
            show(json, &json!({"token": token, "invite": made.invite.to_hex()}), &token);
        }
        Unit::Join { token } => {
            let token =
                hex::decode(token.trim()).map_err(|_| ClientError::NotPossible("a token is hexadecimal"))?;
            client.accept_invite(token).await?;
        }
        Unit::Suspend { user } => client.set_suspended(id(&user, UserId::parse_hex)?, true).await?,
        Unit::Readmit { user } => client.set_suspended(id(&user, UserId::parse_hex)?, false).await?,
        Unit::Attest { unit } => {
            let unit = id(&unit, UnitId::parse_hex)?;
            let waiting = client.pending(unit).await?;
            let members: Vec<(UserId, Private, Standing)> = waiting
                .into_iter()
                .map(|member| (member.user, member.name, Standing::Professional))
                .collect();
            client.attest(unit, &members).await?;
            show(json, &json!({"attested": members.len()}), &format!("{} signed", members.len()));
        }
    }
    Ok(())
}

pub(crate) async fn team(client: &mut Client, json: bool, act: Team) -> Result<(), ClientError> {
    match act {
        Team::Create { unit, name, managers, members } => {
            let unit = id(&unit, UnitId::parse_hex)?;
            let team =
                client.create_team(unit, &name, &people(&managers)?, &people(&members)?).await?.to_hex();
            show(json, &json!({"team": team}), &team);
        }
        Team::Add { keyring, user, keeper } => {
            let user = person(client, &user).await?;
            client.add_to_keyring(keyring_id(&keyring)?, user, keeper).await?;
        }
        Team::Remove { keyring, user } => {
            let user = person(client, &user).await?;
            let renewed = client.remove_from_keyring(keyring_id(&keyring)?, user).await?;
            tell(json, &keyring, renewed);
        }
        Team::Renew { keyrings } => {
            let keyrings = keyrings.iter().map(|text| keyring_id(text)).collect::<Result<Vec<_>, _>>()?;
            for (keyring, renewed) in client.rotate_due(&keyrings).await? {
                tell(json, &keyring.to_hex(), renewed);
            }
        }
    }
    Ok(())
}

fn tell(json: bool, keyring: &str, renewed: Renewed) {
    let text = match renewed {
        Renewed::Here => "keys renewed",
        Renewed::ElsewhereFirst => "keys renewed by somebody else just before",
        Renewed::NotDue => "nothing to renew",
        Renewed::NotOurs => "the next member online renews the keys",
    };
    show(json, &json!({"keyring": keyring, "outcome": format!("{renewed:?}").to_lowercase()}), text);
}
