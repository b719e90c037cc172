//! Why a secret operation is refused: one flat list with stable numbers, continuing those of the chain crate.
//!
//! The numbers and names are part of the protocol (vectors and documents cite them); a number is never
//! reused. Hundreds tell the layer: 7xx primitives and boxes, 8xx account, 9xx content.
//!
//! Not known here: the bytes that were refused. An error carries no id, no key and no content, so it may be
//! logged.

use relais_chain::ChainError;

/// Why an operation with secrets is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum E2eeError {
    /// The public data is refused by the chain rules (1xx to 6xx).
    #[error("refused by the chain rules")]
    Chain(#[from] ChainError),

    /// A public key of a keyring that is not an X-Wing key.
    #[error("not an X-Wing public key")]
    BadEncKey,
    /// A box that this key does not open: another recipient, another context, or altered bytes.
    #[error("the box does not open")]
    BoxRejected,
    /// A box whose bytes are not those the signed link or epoch names.
    #[error("the box is not the one that was signed")]
    BoxHashMismatch,
    /// What came out of a box is not the seed that was committed to: different members were given different seeds.
    #[error("the seed is not the one committed to")]
    CommitMismatch,
    /// The public key of a generation is not the one its seed gives.
    #[error("the public key is not the seed's")]
    EncKeyMismatch,
    /// The box of the previous seed does not open with this seed.
    #[error("the box of the previous seed does not open")]
    PrevBoxRejected,
    /// The history before this generation or epoch was deliberately walled off.
    #[error("the history before this is walled off")]
    HistoryWalled,
    /// The generation or epoch is not among those held or reachable.
    #[error("no seed for this generation")]
    NoSeed,
    /// The box is missing for a recipient that needs it.
    #[error("a box is missing")]
    BoxMissing,
    /// A plaintext too long for its kind.
    #[error("too long for its kind")]
    TooLong,
    /// A ciphertext that does not decrypt in this context.
    #[error("the ciphertext does not decrypt")]
    DecryptFailed,
    /// The padding is not the one its length calls for.
    #[error("the padding is not canonical")]
    BadPadding,

    /// The password is wrong, or the server answered for another record.
    #[error("wrong password")]
    WrongPassword,
    /// The server's OPAQUE message cannot be read or is not an honest answer.
    #[error("the server's password answer is malformed")]
    OpaqueMalformed,
    /// The server's OPAQUE key is not the one pinned at registration.
    #[error("the server's password key changed")]
    ServerKeyChanged,
    /// No wrap of the kind that was asked for.
    #[error("no such wrap of the vault key")]
    WrapMissing,
    /// The wrap does not open with this key.
    #[error("the wrap of the vault key does not open")]
    WrapRejected,
    /// The vault does not open under its key, user and version.
    #[error("the vault does not open")]
    VaultRejected,
    /// The vault's content cannot be read by this version.
    #[error("the vault's content cannot be read")]
    VaultMalformed,
    /// The vault served is older than the one the user chain names.
    #[error("an older vault was served")]
    VaultRolledBack,
    /// The vault served is not the one the user chain names for its version.
    #[error("the vault is not the one signed")]
    VaultHashMismatch,
    /// The user chain served is shorter than, or not a continuation of, the one known.
    #[error("the user chain served is not this account's")]
    ForeignChain,
    /// The recovery code has another length or a character that is not in its alphabet.
    #[error("not a recovery code")]
    CodeMalformed,
    /// The recovery code's check characters do not fit: a typing mistake.
    #[error("the recovery code has a typing mistake")]
    CodeChecksum,
    /// A new password is shorter than 12 characters.
    #[error("the password is too short")]
    PasswordTooShort,
    /// The server announced another stretching of the password than the protocol's.
    #[error("the server asks for another password stretching")]
    KsfRefused,
    /// A ciphertext object does not open under this generation and version.
    #[error("the object does not open")]
    ObjectRejected,
    /// A ciphertext object's content cannot be read by this version.
    #[error("the object's content cannot be read")]
    ObjectMalformed,
    /// An object served is older than one already seen.
    #[error("an older object was served")]
    ObjectRolledBack,

    /// The message does not decrypt under its epoch.
    #[error("the message does not decrypt")]
    MessageRejected,
    /// A message body that this version cannot read.
    #[error("the message body cannot be read")]
    BodyMalformed,
    /// The content was erased: only its hash is left.
    #[error("the content was erased")]
    ContentErased,
    /// A chunk of a file that does not decrypt at its place: altered, moved, or of another file.
    #[error("a chunk of the file does not decrypt")]
    ChunkRejected,
    /// The file ended before its last chunk, or went on after it.
    #[error("the file is cut short or too long")]
    FileTruncated,
    /// The whole file's hash or size is not the one in the message.
    #[error("the file is not the one in the message")]
    FileHashMismatch,
    /// The streaming object was used after its end.
    #[error("used after its end")]
    Finished,
}

/// Refuses. A check that goes through here can be switched off by a proof that wants to see what it is worth
/// (feature `mutations`, never in a released program).
pub(crate) fn refuse(error: E2eeError) -> Result<(), E2eeError> {
    #[cfg(feature = "mutations")]
    if crate::mutations::is_off(error) {
        return Ok(());
    }
    Err(error)
}

impl E2eeError {
    /// Every error of this crate's own, ascending by number.
    pub const ALL: &'static [Self] = &[
        Self::BadEncKey,
        Self::BoxRejected,
        Self::BoxHashMismatch,
        Self::CommitMismatch,
        Self::EncKeyMismatch,
        Self::PrevBoxRejected,
        Self::HistoryWalled,
        Self::NoSeed,
        Self::BoxMissing,
        Self::TooLong,
        Self::DecryptFailed,
        Self::BadPadding,
        Self::WrongPassword,
        Self::OpaqueMalformed,
        Self::ServerKeyChanged,
        Self::WrapMissing,
        Self::WrapRejected,
        Self::VaultRejected,
        Self::VaultMalformed,
        Self::VaultRolledBack,
        Self::VaultHashMismatch,
        Self::ForeignChain,
        Self::CodeMalformed,
        Self::CodeChecksum,
        Self::ObjectRejected,
        Self::ObjectMalformed,
        Self::ObjectRolledBack,
        Self::PasswordTooShort,
        Self::KsfRefused,
        Self::MessageRejected,
        Self::BodyMalformed,
        Self::ContentErased,
        Self::ChunkRejected,
        Self::FileTruncated,
        Self::FileHashMismatch,
        Self::Finished,
    ];

    /// The stable number.
    #[must_use]
    pub const fn code(self) -> u16 {
        match self {
            Self::Chain(inner) => inner.code(),
            Self::BadEncKey => 701,
            Self::BoxRejected => 702,
            Self::BoxHashMismatch => 703,
            Self::CommitMismatch => 704,
            Self::EncKeyMismatch => 705,
            Self::PrevBoxRejected => 706,
            Self::HistoryWalled => 707,
            Self::NoSeed => 708,
            Self::BoxMissing => 709,
            Self::TooLong => 710,
            Self::DecryptFailed => 711,
            Self::BadPadding => 712,
            Self::WrongPassword => 801,
            Self::OpaqueMalformed => 802,
            Self::ServerKeyChanged => 803,
            Self::WrapMissing => 804,
            Self::WrapRejected => 805,
            Self::VaultRejected => 806,
            Self::VaultMalformed => 807,
            Self::VaultRolledBack => 808,
            Self::VaultHashMismatch => 809,
            Self::ForeignChain => 810,
            Self::CodeMalformed => 811,
            Self::CodeChecksum => 812,
            Self::ObjectRejected => 813,
            Self::ObjectMalformed => 814,
            Self::ObjectRolledBack => 815,
            Self::PasswordTooShort => 816,
            Self::KsfRefused => 817,
            Self::MessageRejected => 901,
            Self::BodyMalformed => 902,
            Self::ContentErased => 903,
            Self::ChunkRejected => 904,
            Self::FileTruncated => 905,
            Self::FileHashMismatch => 906,
            Self::Finished => 907,
        }
    }

    /// The stable name, as vectors and documents write it.
    #[must_use]
    pub fn name(self) -> String {
        if let Self::Chain(inner) = self { inner.name() } else { format!("{self:?}") }
    }
}
