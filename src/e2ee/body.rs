//! What a message says: the plaintext inside a message entry.
//!
//! Strict positional MessagePack, 7 fields:
//! `[v=1, text, attachments, mentions, title|nil, patient|nil, reply_to|nil]`
//!
//! | field | form |
//! |---|---|
//! | text | str, may be empty when there is an attachment, a title or a patient reference |
//! | attachment | `[blob(16), FK(32), hash(32), size, name, media type]` |
//! | mentions | user ids, strictly ascending |
//! | title | str: the thread is renamed by this message |
//! | patient | `[org(16), file(16), label]` |
//! | reply_to | message id |
//!
//! Blobs of attachments are also named in the signed core, in ascending order, so that the server can keep
//! them as long as the message; a message whose body names others is refused.
//!
//! Not known here: who wrote it and how it is encrypted; see [`crate::message`].

use core::fmt;

use relais_chain::ChainError;
use relais_chain::codec::{Reader, Writer, ascending};
use relais_wire::ids::{BlobId, Bytes32, FileId, MsgId, OrgId, UserId};

use crate::error::E2eeError;
use crate::files::FileKey;
use crate::limits::{
    ATTACHMENTS_MAX, BODY_BYTES_MAX, FILE_NAME_BYTES_MAX, FILE_PLAIN_BYTES_MAX, MENTIONS_MAX,
    PATIENT_LABEL_BYTES_MAX, TEXT_BYTES_MAX, TITLE_BYTES_MAX,
};
use crate::secret::{Secret, SecretBytes};

/// A file in a message.
pub struct Attachment {
    /// The ciphertext blob.
    pub blob: BlobId,
    /// Its key.
    pub key: FileKey,
    /// SHA-256 of the ciphertext.
    pub hash: Bytes32,
    /// Plaintext bytes.
    pub size: u64,
    /// File name, without a path.
    pub name: String,
    /// Media type, such as `image/jpeg`.
    pub media_type: String,
}

/// A patient's file that a message is about.
pub struct PatientRef {
    /// The custodian organization.
    pub org: OrgId,
    /// The file.
    pub file: FileId,
    /// What the sender calls it; for readers who may not open the file.
    pub label: String,
}

/// What a message says.
#[derive(Default)]
pub struct Body {
    /// The text.
    pub text: String,
    /// Files.
    pub attachments: Vec<Attachment>,
    /// People mentioned.
    pub mentions: Vec<UserId>,
    /// A new title of the thread.
    pub title: Option<String>,
    /// What it is about.
    pub patient: Option<PatientRef>,
    /// The message it answers.
    pub reply_to: Option<MsgId>,
}

impl Body {
    /// Only a text.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// The blobs to name in the signed core.
    #[must_use]
    pub fn blobs(&self) -> Vec<BlobId> {
        self.attachments.iter().map(|file| file.blob).collect()
    }

    /// Encodes. Mentions are sorted and made unique here.
    ///
    /// # Errors
    /// [`E2eeError::TooLong`] above a bound; [`ChainError::NotNfc`] for text that is not in normal form C.
    pub fn encode(&self) -> Result<SecretBytes, E2eeError> {
        self.check()?;
        let mut mentions = self.mentions.clone();
        mentions.sort_unstable();
        mentions.dedup();
        let mut w = Writer::new();
        w.array(7).uint(1).str(&self.text).array(self.attachments.len());
        for file in &self.attachments {
            w.array(6).bin(file.blob.as_bytes()).bin(file.key.expose()).bin(file.hash.as_bytes());
            w.uint(file.size).str(&file.name).str(&file.media_type);
        }
        w.array(mentions.len());
        for user in &mentions {
            w.bin(user.as_bytes());
        }
        match &self.title {
            Some(title) => w.str(title),
            None => w.nil(),
        };
        match &self.patient {
            Some(patient) => {
                w.array(3).bin(patient.org.as_bytes()).bin(patient.file.as_bytes()).str(&patient.label)
            }
            None => w.nil(),
        };
        w.opt_bin(self.reply_to.as_ref().map(|id| &id.as_bytes()[..]));
        let bytes = SecretBytes::new(w.finish()?);
        if bytes.len() > BODY_BYTES_MAX { Err(E2eeError::TooLong) } else { Ok(bytes) }
    }

    /// Reads.
    ///
    /// # Errors
    /// [`E2eeError::BodyMalformed`].
    pub fn decode(bytes: &[u8]) -> Result<Self, E2eeError> {
        read(bytes).map_err(|_| E2eeError::BodyMalformed)
    }

    fn check(&self) -> Result<(), E2eeError> {
        let names_fit = self.attachments.iter().all(|file| {
            file.name.len() <= FILE_NAME_BYTES_MAX
                && file.media_type.len() <= FILE_NAME_BYTES_MAX
                && file.size <= FILE_PLAIN_BYTES_MAX
        });
        let fits = self.text.len() <= TEXT_BYTES_MAX
            && self.attachments.len() <= ATTACHMENTS_MAX
            && self.mentions.len() <= MENTIONS_MAX
            && self.title.as_ref().is_none_or(|title| title.len() <= TITLE_BYTES_MAX)
            && self.patient.as_ref().is_none_or(|it| it.label.len() <= PATIENT_LABEL_BYTES_MAX);
        if names_fit && fits { Ok(()) } else { Err(E2eeError::TooLong) }
    }
}

fn read(bytes: &[u8]) -> Result<Body, ChainError> {
    let mut r = Reader::new(bytes, BODY_BYTES_MAX)?;
    r.array(7)?;
    if r.uint()? != 1 {
        return Err(ChainError::UnknownVersion);
    }
    let text = r.str(TEXT_BYTES_MAX)?.to_owned();
    let attachments = r.each(ATTACHMENTS_MAX, read_attachment)?;
    let mentions = r.each(MENTIONS_MAX, |r| r.fixed().map(UserId::from_bytes))?;
    ascending(&mentions, |user| *user)?;
    let title = r.opt(|r| r.str(TITLE_BYTES_MAX).map(ToOwned::to_owned))?;
    let patient = r.opt(read_patient)?;
    let reply_to = r.opt(|r| r.fixed().map(MsgId::from_bytes))?;
    r.end()?;
    Ok(Body { text, attachments, mentions, title, patient, reply_to })
}

fn read_attachment(r: &mut Reader<'_>) -> Result<Attachment, ChainError> {
    r.array(6)?;
    Ok(Attachment {
        blob: BlobId::from_bytes(r.fixed()?),
        key: Secret::from_bytes(r.fixed()?),
        hash: Bytes32::from_bytes(r.fixed()?),
        size: r.uint_max(FILE_PLAIN_BYTES_MAX)?,
        name: r.str(FILE_NAME_BYTES_MAX)?.to_owned(),
        media_type: r.str(FILE_NAME_BYTES_MAX)?.to_owned(),
    })
}

fn read_patient(r: &mut Reader<'_>) -> Result<PatientRef, ChainError> {
    r.array(3)?;
    Ok(PatientRef {
        org: OrgId::from_bytes(r.fixed()?),
        file: FileId::from_bytes(r.fixed()?),
        label: r.str(PATIENT_LABEL_BYTES_MAX)?.to_owned(),
    })
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Body")
            .field("text_bytes", &self.text.len())
            .field("attachments", &self.attachments.len())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Attachment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attachment").field("size", &self.size).finish_non_exhaustive()
    }
}

impl fmt::Debug for PatientRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PatientRef(…)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use relais_chain::ChainError;
    use relais_wire::ids::{BlobId, Bytes32, FileId, MsgId, OrgId, UserId};

    use super::{Attachment, Body, PatientRef};
    use crate::error::E2eeError;
    use crate::secret::Secret;

    fn full() -> Body {
        Body {
            text: "Contrôle à 14 h".to_owned(),
            attachments: vec![Attachment {
                blob: BlobId::from_bytes([1; 16]),
                key: Secret::from_bytes([2; 32]),
                hash: Bytes32::from_bytes([3; 32]),
                size: 1_000_000,
                name: "radio.jpg".to_owned(),
                media_type: "image/jpeg".to_owned(),
            }],
            mentions: vec![
                UserId::from_bytes([9; 16]),
                UserId::from_bytes([8; 16]),
                UserId::from_bytes([9; 16]),
            ],
            title: Some("Suivi".to_owned()),
            patient: Some(PatientRef {
                org: OrgId::from_bytes([4; 16]),
                file: FileId::from_bytes([5; 16]),
                label: "M. D.".to_owned(),
            }),
            reply_to: Some(MsgId::from_bytes([6; 16])),
        }
    }

    #[test]
    fn every_field_comes_back() {
        let bytes = full().encode().unwrap();
        let body = Body::decode(&bytes).unwrap();
        assert_eq!(body.text, full().text);
        assert_eq!(body.blobs(), full().blobs());
        assert!(body.attachments[0].key.same(&full().attachments[0].key));
        assert_eq!(body.mentions, [UserId::from_bytes([8; 16]), UserId::from_bytes([9; 16])]);
        assert_eq!(body.title, full().title);
        assert_eq!(body.patient.as_ref().unwrap().label, "M. D.");
        assert_eq!(body.reply_to, full().reply_to);
        assert_eq!(body.encode().unwrap(), bytes);
    }

    #[test]
    fn bounds_are_kept_both_ways() {
        let long = Body::text("x".repeat(crate::limits::TEXT_BYTES_MAX + 1));
        assert_eq!(long.encode().unwrap_err(), E2eeError::TooLong);
        let composed = Body::text("e\u{301}").encode().unwrap_err();
        assert_eq!(composed, E2eeError::Chain(ChainError::NotNfc));
        let bytes = full().encode().unwrap();
        for end in 0..bytes.len() {
            assert_eq!(Body::decode(&bytes[..end]).unwrap_err(), E2eeError::BodyMalformed);
        }
        let mut newer = bytes.to_vec();
        newer[1] = 2;
        assert_eq!(Body::decode(&newer).unwrap_err(), E2eeError::BodyMalformed);
    }

    #[test]
    fn debug_shows_no_content() {
        let shown = format!("{:?} {:?}", full(), full().attachments);
        assert!(!shown.contains("Contr") && !shown.contains("radio"), "{shown}");
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            if let Ok(body) = Body::decode(&bytes) {
                prop_assert_eq!(body.encode().unwrap().to_vec(), bytes);
            }
        }
    }
}
