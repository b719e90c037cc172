//! Everything the relay refuses, each with the answer it gets, if any. Counters are kept by the same names.

use thiserror::Error;

use crate::wire::ErrorCode;

macro_rules! refusals {
    ($($(#[doc = $doc:literal])+ $name:ident = $text:literal $(=> $code:ident)?;)+) => {
        /// Why something was not done. [`Self::code`] says what the sender is told; those without a code are met
        /// with silence. Every one is counted.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
        #[repr(u8)]
        pub enum Refusal {
            $($(#[doc = $doc])+ #[error($text)] $name,)+
        }

        impl Refusal {
            /// Every one, in the order of the counters.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The answer, if there is one.
            #[must_use]
            pub const fn code(self) -> Option<ErrorCode> {
                match self {
                    $(Self::$name => refusals!(@code $($code)?),)+
                }
            }

            /// A short name for metrics: words joined by underscores.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name),)+
                }
            }
        }
    };
    (@code) => { None };
    (@code $code:ident) => { Some(ErrorCode::$code) };
}

refusals! {
    // Silence.
    /// First byte of neither STUN nor a channel.
    NotOurs = "neither STUN nor channel data";
    /// Bytes that are no STUN message.
    Malformed = "malformed";
    /// FINGERPRINT does not fit.
    BadFingerprint = "wrong fingerprint";
    /// Longer than any request.
    Oversize = "longer than any request";
    /// A class that a client does not send for this method, or a method that is not known.
    Unexpected = "not what a client sends";
    /// An attribute stood after the integrity attribute and was not looked at.
    AfterIntegrity = "attribute after integrity";
    /// An answer would have been longer than three times the question (to somebody who has not proven anything).
    Amplification = "the answer would amplify";
    /// The prefix has had its unauthenticated answers for now.
    BudgetSpent = "unauthenticated answers spent";
    /// Data, or a request in progress, without an allocation.
    NoAllocation = "no allocation";
    /// A channel that is not bound.
    NoChannel = "channel not bound";
    /// A peer without a permission.
    NoPermission = "no permission";
    /// Data for, or from, a peer or port that the policy does not allow.
    PeerDenied = "peer or port not allowed";
    /// A Send indication without a peer or data, or with something that must be understood and is not.
    BadIndication = "unusable indication";
    /// More packets or bytes than the allocation may relay.
    OverRate = "over the allocation's rate";
    /// A relay socket that is no longer in use.
    StaleRelay = "relay is gone";
    /// A payload too long for the form in which it would go on.
    TooLong = "payload too long";
    // Answers.
    /// Another server should be asked.
    TryAlternate = "ask another server" => TryAlternate;
    /// An attribute is missing, malformed, or does not go with another one.
    BadAttribute = "attribute missing, malformed or contradictory" => BadRequest;
    /// Credentials without one of their parts.
    HalfCredentials = "credentials without one of their parts" => BadRequest;
    /// What the client says was offered is not what was offered (RFC 8489 §9.2.4).
    BidDown = "algorithms were not offered like this" => BadRequest;
    /// No integrity attribute.
    NoCredentials = "no credentials" => Unauthenticated;
    /// Integrity that no key of this user makes; or nobody has this name.
    WrongIntegrity = "wrong integrity" => Unauthenticated;
    /// The credential's time is over.
    CredentialExpired = "credential expired" => Unauthenticated;
    /// The credential was revoked.
    Revoked = "credential revoked" => Unauthenticated;
    /// This server takes SHA-256 only.
    WeakIntegrity = "SHA-256 is required" => Unauthenticated;
    /// The nonce is too old, or of another address, or not of this server.
    StaleNonce = "stale nonce" => StaleNonce;
    /// The peer may not be reached by anybody.
    PeerForbidden = "peer not allowed" => Forbidden;
    /// An attribute that must be understood is not.
    UnknownAttribute = "unknown attribute" => UnknownAttribute;
    /// Allocate where there is an allocation, or another request where there is none.
    Mismatch = "allocation mismatch" => AllocationMismatch;
    /// No address of the family.
    FamilyUnsupported = "address family not supported" => AddressFamilyNotSupported;
    /// The allocation belongs to somebody else.
    WrongCredentials = "wrong credentials" => WrongCredentials;
    /// Something other than UDP was wanted.
    TransportUnsupported = "unsupported transport" => UnsupportedTransport;
    /// The peer's family is not the allocation's.
    FamilyMismatch = "peer address family mismatch" => PeerAddressFamilyMismatch;
    /// The user has enough allocations.
    UserQuota = "the user's allocations" => AllocationQuotaReached;
    /// The client's prefix has enough allocations.
    PrefixQuota = "the prefix's allocations" => AllocationQuotaReached;
    /// The server has enough allocations.
    TotalQuota = "the server's allocations" => InsufficientCapacity;
    /// The allocation has enough permissions.
    PermissionQuota = "the allocation's permissions" => InsufficientCapacity;
    /// The allocation has enough channels.
    ChannelQuota = "the allocation's channels" => InsufficientCapacity;
    /// The number is no channel.
    ChannelRange = "no channel number" => BadRequest;
    /// The channel or the peer is bound otherwise.
    ChannelTaken = "channel or peer bound otherwise" => BadRequest;
    /// No port could be bound, or none is free.
    NoPort = "no port" => InsufficientCapacity;
    /// The reservation is not known, or not this user's.
    NoReservation = "no such reservation" => InsufficientCapacity;
    /// No new allocations: the server is about to stop.
    Draining = "draining" => InsufficientCapacity;
}

/// Refuses. A check that goes through here can be switched off by a test that wants to see what it is worth (feature
/// `mutations`, never in a released program).
pub(crate) fn refuse(why: Refusal) -> Result<(), Refusal> {
    #[cfg(feature = "mutations")]
    if crate::mutations::is_off(why) {
        return Ok(());
    }
    Err(why)
}

/// Refuses unless it holds.
pub(crate) fn require(holds: bool, why: Refusal) -> Result<(), Refusal> {
    if holds { Ok(()) } else { refuse(why) }
}
