//! Numbers of attributes, error codes and address families.

/// The type of an attribute (RFC 8489 §18.3, RFC 8656 §18). Below 0x8000 a receiver must understand it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AttributeType(pub u16);

impl AttributeType {
    /// The client's address in clear (RFC 8489 §14.1).
    pub const MAPPED_ADDRESS: Self = Self(0x0001);
    /// Who asks (RFC 8489 §14.3).
    pub const USERNAME: Self = Self(0x0006);
    /// HMAC-SHA1 over all before it (RFC 8489 §14.5).
    pub const MESSAGE_INTEGRITY: Self = Self(0x0008);
    /// Why a request was refused (RFC 8489 §14.8).
    pub const ERROR_CODE: Self = Self(0x0009);
    /// Attributes that were not understood (RFC 8489 §14.9).
    pub const UNKNOWN_ATTRIBUTES: Self = Self(0x000A);
    /// Number of a channel (RFC 8656 §18.1).
    pub const CHANNEL_NUMBER: Self = Self(0x000C);
    /// Seconds an allocation lives (RFC 8656 §18.2).
    pub const LIFETIME: Self = Self(0x000D);
    /// A peer, obfuscated (RFC 8656 §18.3).
    pub const XOR_PEER_ADDRESS: Self = Self(0x0012);
    /// What is relayed (RFC 8656 §18.4).
    pub const DATA: Self = Self(0x0013);
    /// Realm of a long-term credential (RFC 8489 §14.9).
    pub const REALM: Self = Self(0x0014);
    /// Nonce of the server (RFC 8489 §14.10).
    pub const NONCE: Self = Self(0x0015);
    /// The relayed address, obfuscated (RFC 8656 §18.5).
    pub const XOR_RELAYED_ADDRESS: Self = Self(0x0016);
    /// The family wanted (RFC 8656 §18.6).
    pub const REQUESTED_ADDRESS_FAMILY: Self = Self(0x0017);
    /// An even port, and perhaps the next one too (RFC 8656 §18.7).
    pub const EVEN_PORT: Self = Self(0x0018);
    /// The transport wanted between relay and peer (RFC 8656 §18.8).
    pub const REQUESTED_TRANSPORT: Self = Self(0x0019);
    /// Do not fragment what is sent to the peer (RFC 8656 §18.9).
    pub const DONT_FRAGMENT: Self = Self(0x001A);
    /// HMAC-SHA256 over all before it (RFC 8489 §14.6).
    pub const MESSAGE_INTEGRITY_SHA256: Self = Self(0x001C);
    /// The algorithm chosen by the client (RFC 8489 §14.12).
    pub const PASSWORD_ALGORITHM: Self = Self(0x001D);
    /// The user, hashed with the realm (RFC 8489 §14.4).
    pub const USERHASH: Self = Self(0x001E);
    /// The client's address, obfuscated (RFC 8489 §14.2).
    pub const XOR_MAPPED_ADDRESS: Self = Self(0x0020);
    /// A held port (RFC 8656 §18.10).
    pub const RESERVATION_TOKEN: Self = Self(0x0022);
    /// A second family wanted (RFC 8656 §18.11).
    pub const ADDITIONAL_ADDRESS_FAMILY: Self = Self(0x8000);
    /// Why one of two families is missing (RFC 8656 §18.12).
    pub const ADDRESS_ERROR_CODE: Self = Self(0x8001);
    /// The algorithms that the server knows (RFC 8489 §14.11).
    pub const PASSWORD_ALGORITHMS: Self = Self(0x8002);
    /// The domain of another server (RFC 8489 §14.16).
    pub const ALTERNATE_DOMAIN: Self = Self(0x8003);
    /// An ICMP error from the path to a peer (RFC 8656 §18.13).
    pub const ICMP: Self = Self(0x8004);
    /// Name of a program (RFC 8489 §14.14).
    pub const SOFTWARE: Self = Self(0x8022);
    /// Another server (RFC 8489 §14.15).
    pub const ALTERNATE_SERVER: Self = Self(0x8023);
    /// CRC-32 over all before it (RFC 8489 §14.7).
    pub const FINGERPRINT: Self = Self(0x8028);

    /// Whether a receiver that does not know it must refuse the message.
    #[must_use]
    pub const fn is_comprehension_required(self) -> bool {
        self.0 < 0x8000
    }
}

/// Why a request was refused (RFC 8489 §14.8, RFC 8656 §19).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u16)]
pub enum ErrorCode {
    /// Ask another server.
    TryAlternate = 300,
    /// The request is malformed.
    BadRequest = 400,
    /// No or wrong credentials.
    Unauthenticated = 401,
    /// Not allowed, whoever asks.
    Forbidden = 403,
    /// An attribute that must be understood is not.
    UnknownAttribute = 420,
    /// There is (or is not) an allocation for this 5-tuple.
    AllocationMismatch = 437,
    /// The nonce is no longer valid; the answer has a new one.
    StaleNonce = 438,
    /// This server has no address of the family.
    AddressFamilyNotSupported = 440,
    /// The allocation belongs to other credentials.
    WrongCredentials = 441,
    /// Only UDP is relayed.
    UnsupportedTransport = 442,
    /// The peer's family is not the allocation's.
    PeerAddressFamilyMismatch = 443,
    /// The user has enough allocations.
    AllocationQuotaReached = 486,
    /// Something failed here.
    ServerError = 500,
    /// Well-formed, but there is no room.
    InsufficientCapacity = 508,
}

impl ErrorCode {
    /// The four bytes at the start of ERROR-CODE: class and number.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 4] {
        let code = self as u16;
        let byte = |n: u16| u8::try_from(n).expect("a code is below 700, its parts fit a byte");
        [0, 0, byte(code / 100), byte(code % 100)]
    }
}

/// Family of an address, with its number in attributes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Family {
    /// IPv4.
    V4 = 1,
    /// IPv6.
    V6 = 2,
}

impl Family {
    /// The family with this number.
    #[must_use]
    pub const fn from_number(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::V4),
            2 => Some(Self::V6),
            _ => None,
        }
    }

    /// The family of an address.
    #[must_use]
    pub const fn of(ip: std::net::IpAddr) -> Self {
        match ip {
            std::net::IpAddr::V4(_) => Self::V4,
            std::net::IpAddr::V6(_) => Self::V6,
        }
    }
}
