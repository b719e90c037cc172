//! Why a signed object is refused: one flat list with stable numbers.
//!
//! The numbers and names are part of the protocol (vectors and documents cite them); a number is never
//! reused. Hundreds tell the layer: 1xx encoding, 2xx keys and signatures, 3xx every chain of links,
//! 4xx keyrings and units, 5xx threads, 6xx the position in a thread (checked again at commit).
//!
//! Not known here: which bytes were refused. An error carries no id and no content, so it may be logged.

/// Why bytes are not an acceptable signed object, or not acceptable now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, thiserror::Error)]
#[repr(u16)]
pub enum ChainError {
    // 1xx: encoding
    /// The bytes end inside an item, or an array or string claims more than the bytes that are left.
    #[error("the bytes end inside an item")]
    Truncated = 101,
    /// Bytes follow the object.
    #[error("bytes follow the object")]
    TrailingBytes = 102,
    /// An integer is not in its shortest form.
    #[error("an integer is not in its shortest form")]
    NonShortestInt = 103,
    /// A length is not in its shortest form.
    #[error("a length is not in its shortest form")]
    NonShortestLength = 104,
    /// A float: no number of ours is one.
    #[error("a float")]
    Float = 105,
    /// A map: objects are positional.
    #[error("a map")]
    Map = 106,
    /// An extension type.
    #[error("an extension type")]
    Extension = 107,
    /// A signed or negative integer.
    #[error("a signed integer")]
    SignedInt = 108,
    /// A boolean; flags are the integers 0 and 1.
    #[error("a boolean")]
    Boolean = 109,
    /// The byte 0xc1, which `MessagePack` never uses.
    #[error("the reserved byte 0xc1")]
    ReservedByte = 110,
    /// An integer above 2^53-1.
    #[error("an integer above 2^53-1")]
    IntTooLarge = 111,
    /// Arrays nested deeper than 8.
    #[error("arrays nested deeper than 8")]
    TooDeep = 112,
    /// A string that is not UTF-8.
    #[error("a string that is not UTF-8")]
    NotUtf8 = 113,
    /// A string that is not in Unicode normal form C.
    #[error("a string that is not in normal form C")]
    NotNfc = 114,
    /// An item longer than its field allows, or an object longer than its kind allows.
    #[error("an item longer than its field allows")]
    TooLong = 115,
    /// An array with another number of fields than its object has.
    #[error("an array with another number of fields")]
    WrongArity = 116,
    /// An item of another type than the field has.
    #[error("an item of another type")]
    WrongType = 117,
    /// A fixed-length byte string of another length.
    #[error("a byte string of another length")]
    WrongLength = 118,
    /// An integer outside the range of its field, or a choice that does not exist.
    #[error("a value outside its field's range")]
    OutOfRange = 119,
    /// A list that must be strictly ascending holds something twice.
    #[error("an element twice in a set")]
    Duplicate = 120,
    /// A list that must be strictly ascending is not.
    #[error("a set that is not in ascending order")]
    Unsorted = 121,
    /// A list with more elements than allowed.
    #[error("a list with too many elements")]
    TooMany = 122,
    /// The version byte is not one this software knows.
    #[error("an unknown version")]
    UnknownVersion = 123,
    /// The kind is not one this software knows.
    #[error("an unknown kind")]
    UnknownKind = 124,
    /// The kind has a number but is not supported yet.
    #[error("a reserved kind that is not supported yet")]
    ReservedKind = 125,
    /// The payload was erased or withheld, and this kind cannot be checked without it.
    #[error("this kind needs its payload")]
    PayloadMissing = 126,

    // 2xx: keys and signatures
    /// A public key that is not the canonical encoding of a curve point.
    #[error("a public key that is not canonical")]
    KeyNotCanonical = 201,
    /// A public key of small order: it would "verify" signatures nobody made.
    #[error("a public key of small order")]
    KeySmallOrder = 202,
    /// The signature does not verify under the strict rule.
    #[error("the signature does not verify")]
    BadSignature = 203,
    /// The new key's own signature (proof of possession) does not verify.
    #[error("the new key did not sign")]
    BadProof = 204,
    /// The signer's chain is not known to the verifier, or has no such position.
    #[error("the signer's chain or position is not known")]
    UnknownSigner = 205,
    /// The key named has been replaced.
    #[error("the signing key has been replaced")]
    SupersededKey = 206,
    /// A later entry of the same author already used a newer key.
    #[error("an older key after a newer one")]
    KeyGoesBack = 207,
    /// The device was revoked.
    #[error("the device was revoked")]
    RevokedDevice = 208,

    // 3xx: chains of links
    /// The link names another type of chain.
    #[error("a link of another type of chain")]
    WrongChainType = 301,
    /// The link names another chain.
    #[error("a link of another chain")]
    WrongChain = 302,
    /// The previous hash is not this chain's head: somebody else's link came first, or the chain was forked.
    #[error("the previous hash is not the head")]
    PrevMismatch = 303,
    /// The position is not the next one.
    #[error("the position is not the next one")]
    SeqMismatch = 304,
    /// The first link is of a kind that cannot be first, or a first link came later.
    #[error("a first link where none may be, or none where one must be")]
    MisplacedRoot = 305,
    /// The signer may not sign this.
    #[error("the signer may not sign this")]
    NotAuthorized = 306,
    /// The capacity named (a keyring and a position in it) is not known to the verifier.
    #[error("the capacity named is not known")]
    UnknownCapacity = 307,
    /// The signer does not hold, or no longer holds, the capacity named.
    #[error("the signer does not hold the capacity named")]
    CapacityNotHeld = 308,
    /// The capacity names a position older than one already relied on.
    #[error("the capacity names a position that is too old")]
    StaleCapacity = 309,
    /// The chain is full.
    #[error("the chain is full")]
    ChainFull = 310,
    /// A generation or version that is not the next one.
    #[error("a generation or version that is not the next one")]
    WrongGeneration = 311,
    /// A signing key that this chain already used.
    #[error("a signing key used before")]
    KeyReused = 312,
    /// The device is already on the chain.
    #[error("the device is already on the chain")]
    DeviceExists = 313,
    /// The device is not on the chain.
    #[error("the device is not on the chain")]
    DeviceUnknown = 314,
    /// A reset needs two different approvers.
    #[error("a reset needs two different approvers")]
    ApprovalsMissing = 315,
    /// The hash named for another object is not that object's.
    #[error("the hash named is not that object's")]
    HashMismatch = 316,
    /// The pinned head is not on the chain that was served: it was forked or rolled back.
    #[error("the pinned head is not on this chain")]
    PinMismatch = 317,

    // 4xx: keyrings and units
    /// A recipient keyring is not known to the verifier.
    #[error("a recipient keyring is not known")]
    UnknownKeyring = 401,
    /// A keyring of this kind may not be a recipient here.
    #[error("a keyring of this kind may not be a recipient here")]
    RecipientKind = 402,
    /// The recipients are not exactly the members.
    #[error("the recipients are not exactly the members")]
    RecipientsMismatch = 403,
    /// A recipient is named at a generation that is not its current one.
    #[error("a recipient at a stale generation")]
    StaleGeneration = 404,
    /// A recipient is named at a generation that does not exist.
    #[error("a recipient at a generation that does not exist")]
    UnknownGeneration = 405,
    /// A recipient is named at an older generation than before.
    #[error("a recipient at an older generation than before")]
    GenerationGoesBack = 406,
    /// The keyring is already a member.
    #[error("already a member")]
    AlreadyMember = 407,
    /// The keyring is not a member.
    #[error("not a member")]
    NotMember = 408,
    /// The last member, or the last keeper, cannot go.
    #[error("the last member cannot go")]
    LastMember = 409,
    /// The kind of keyring does not have this act.
    #[error("this kind of keyring does not have this act")]
    NotForThisKind = 410,
    /// The signer does not hold the seed, so cannot have boxed it.
    #[error("the signer does not hold the seed")]
    NotSeedHolder = 411,
    /// The box of the previous seed is missing or present where it must not be.
    #[error("the previous seed's box is missing or misplaced")]
    PrevBox = 412,
    /// The unit is not known to the verifier.
    #[error("the unit is not known")]
    UnknownUnit = 413,
    /// The root unit has no parent and gets none; a unit cannot be its own ancestor.
    #[error("the parent is not possible")]
    ParentImpossible = 414,
    /// The member was attested already, or is not attested.
    #[error("attested already, or not attested")]
    AttestationState = 415,

    // 5xx: threads
    /// The entry belongs to another thread.
    #[error("an entry of another thread")]
    WrongThread = 501,
    /// `create` came twice, or something came before it.
    #[error("a thread starts with create, once")]
    MisplacedCreate = 502,
    /// The author takes no part in the thread.
    #[error("the author takes no part in the thread")]
    NotParticipant = 503,
    /// The author's role or the policy does not allow it.
    #[error("the author's role or the policy does not allow it")]
    Forbidden = 504,
    /// The policy may only be tightened.
    #[error("the policy may only be tightened")]
    PolicyLoosened = 505,
    /// The policy does not allow this kind of content.
    #[error("the policy does not allow this kind of content")]
    KindNotAllowed = 506,
    /// The party already takes part or is invited.
    #[error("the party already takes part")]
    AlreadyParticipant = 507,
    /// The party named does not take part.
    #[error("the party named does not take part")]
    UnknownParty = 508,
    /// A thread always keeps an owner.
    #[error("a thread keeps an owner")]
    LastOwner = 509,
    /// The party's keyrings are not those its own chain names.
    #[error("the party's keyrings are not its own")]
    PartyKeyrings = 510,
    /// No such invitation, or it was used, declined or withdrawn.
    #[error("no open invitation")]
    NoInvitation = 511,
    /// The invitation has expired.
    #[error("the invitation has expired")]
    InvitationExpired = 512,
    /// The invitation key did not sign the acceptance.
    #[error("the invitation key did not sign")]
    BadInvitationProof = 513,
    /// The team's triage state does not allow it: taken by somebody else, or nothing to give back.
    #[error("the triage state does not allow it")]
    TriageState = 514,
    /// The user named can not be made responsible.
    #[error("the user named cannot be made responsible")]
    NotAssignable = 515,
    /// The epoch's number is not the next one.
    #[error("the epoch is not the next one")]
    WrongEpochNumber = 516,
    /// The recipients are not exactly the keyrings of the participants.
    #[error("the recipients are not exactly the participants")]
    EpochRecipients = 517,
    /// History must be walled off: `prev_box` must be nil.
    #[error("this epoch must start a new history")]
    HistoryWall = 518,
    /// `final_seq` or `final_head` is not the head the closing entry anchors to.
    #[error("the closing entry names another head")]
    FinalMismatch = 519,
    /// A control field on a message, or none on a control entry.
    #[error("the control head is missing or misplaced")]
    CtrlHeadMisplaced = 520,
    /// `on_behalf` is not supported yet.
    #[error("acting on behalf of somebody is not supported yet")]
    DelegationUnsupported = 521,
    /// A direct thread has two users and nothing that changes that.
    #[error("a direct thread does not have this act")]
    NotInDirect = 522,
    /// The thread has as many parties, writers or invitations as it can hold.
    #[error("the thread is full")]
    ThreadFull = 523,
    /// A notified keyring is no recipient.
    #[error("a notified keyring is no recipient")]
    NotifyUnknown = 524,
    /// A snapshot does not have the digest it was pinned with, or holds contradictions.
    #[error("the snapshot is not the one pinned")]
    BadSnapshot = 525,
    /// The entry's id was used before in this thread.
    #[error("the entry's id was used before")]
    MsgIdReused = 526,

    // 6xx: position in a thread
    /// The thread is closed: it is immutable.
    #[error("the thread is closed")]
    Closed = 601,
    /// The entry was written under an epoch that is not the current one.
    #[error("the epoch is not the current one")]
    StaleEpoch = 602,
    /// Participants changed: a new epoch must come before a message.
    #[error("a new epoch must come first")]
    EpochDue = 603,
    /// The control entry does not name the last control entry.
    #[error("the control head is not the last control entry")]
    StaleCtrlHead = 604,
    /// The closing entry does not anchor to the current head.
    #[error("the anchor is not the current head")]
    StaleAnchor = 605,
    /// The anchor names a head that this thread never had: somebody was shown a fork.
    #[error("the anchor names a head this thread never had")]
    AnchorMismatch = 606,
    /// The anchor is at or after the entry's own position.
    #[error("the anchor is in the future")]
    AnchorAhead = 607,
    /// The head at the anchor's position is not known to the verifier.
    #[error("the head at the anchor is not known")]
    AnchorUnknown = 608,
    /// The author's counter is at or below the last one: a replay.
    #[error("the author's counter was used before")]
    AseqReplayed = 609,
    /// The author's counter skips: an entry is missing.
    #[error("the author's counter skips an entry")]
    AseqGap = 610,
    /// The entry was checked against a state that has changed since; check it again.
    #[error("the state moved on; check again")]
    Moved = 611,
    /// The entry's position is not the next one.
    #[error("the position is not the next one")]
    WrongPosition = 612,
    /// The head computed is not the head that was told.
    #[error("the head is not the one told")]
    HeadMismatch = 613,
}

/// Refuses. A check that goes through here can be switched off by a proof that wants to see what it is worth
/// (feature `mutations`, never in a released program).
pub(crate) fn refuse(error: ChainError) -> Result<(), ChainError> {
    #[cfg(feature = "mutations")]
    if crate::mutations::is_off(error) {
        return Ok(());
    }
    Err(error)
}

impl ChainError {
    /// The stable number.
    #[must_use]
    pub const fn code(self) -> u16 {
        self as u16
    }

    /// The stable name, as vectors and documents write it.
    #[must_use]
    pub fn name(self) -> String {
        format!("{self:?}")
    }
}
