//! What the operator, or the program around the core, changes while it runs.

use super::authenticate::{revoked_name, revoked_session};
use super::{Server, nonces};
use crate::auth::{Caps, Credentials, Ephemeral};
use crate::config::{Quotas, Redirect};
use crate::io::{AllocationId, CloseReason, Now, Revocation};
use crate::limits::REVOKED_S;
use crate::policy::Policy;
use crate::rates::Meter;
use crate::slots::Id;

impl Server {
    /// Takes other credentials. Allocations made with the old ones live on until they end or are revoked.
    pub fn set_credentials(&mut self, credentials: Credentials) {
        self.config.credentials = credentials;
        self.hashes = self.config.credentials.hashes(self.config.realm.as_str());
        self.nonces = nonces(&self.config, self.nonces.key());
    }

    /// Takes another policy. Permissions and channels that it does not allow end at once.
    pub fn set_policy(&mut self, policy: Policy) {
        for allocation in self.allocations.iter_mut() {
            let mut kept = Vec::new();
            allocation.permissions.retain(|ip, permission| {
                let grant = policy.judge_ip(*ip);
                kept.extend(grant.map(|grant| (*ip, permission.until_ms, grant)));
                grant.is_ok()
            });
            for (ip, until_ms, grant) in kept {
                allocation.permissions.insert(ip, crate::allocation::Permission { until_ms, grant });
            }
            allocation.retain_channels(|channel| policy.judge(channel.peer) == Ok(channel.route));
        }
        self.config.policy = policy;
    }

    /// Takes other quotas, for what is asked from now on.
    pub const fn set_quotas(&mut self, quotas: Quotas) {
        self.config.quotas = quotas;
    }

    /// Sends new clients to another server, or no longer.
    pub fn set_redirect(&mut self, redirect: Option<Redirect>) {
        self.config.redirect = redirect;
    }

    /// Refuses new allocations, or no longer; those that live go on.
    pub const fn set_draining(&mut self, draining: bool) {
        self.draining = draining;
    }

    /// Bounds what an allocation relays from now on. What `caps` leaves open is the server's own quota.
    pub fn set_caps(&mut self, now: Now, allocation: AllocationId, caps: Caps) {
        let quotas = self.config.quotas;
        let Some(allocation) = self.allocations.get_mut(allocation.0) else { return };
        let least = |cap: Option<u32>, quota: Option<u32>| [cap, quota].into_iter().flatten().min();
        allocation.meter = Meter::new(
            now.ms,
            least(caps.packets_per_s, quotas.packets_per_s),
            least(caps.bytes_per_s, quotas.bytes_per_s),
        );
        allocation.permissions_max =
            caps.permissions.map_or(quotas.permissions, |cap| cap.min(quotas.permissions));
    }

    /// Ends every allocation of a name or session at once, and makes the name worth nothing until it would have
    /// ended. Says how many ended.
    pub fn revoke(&mut self, now: Now, what: &Revocation) -> usize {
        let until = now.unix_s.saturating_add(REVOKED_S);
        match what {
            Revocation::Username(name) => {
                let ends = Ephemeral::parse(name).map_or(until, |name| name.expires_s);
                self.revoked.add(now.unix_s, &revoked_name(name), ends);
            }
            Revocation::Session(session) => {
                self.revoked.add(now.unix_s, &revoked_session(session), until);
            }
        }
        let hit: Vec<Id> = self
            .allocations
            .iter()
            .filter(|(_, allocation)| {
                let name = allocation.user.as_str();
                match what {
                    Revocation::Username(revoked) => name == revoked,
                    Revocation::Session(session) => {
                        Ephemeral::parse(name).and_then(|name| name.session) == Some(session)
                    }
                }
            })
            .map(|(id, _)| id)
            .collect();
        for id in &hit {
            self.end(*id, CloseReason::Revoked);
        }
        hit.len()
    }
}
