//! Files: encrypted before they leave, checked whole before they are shown.

use bytes::Bytes;
use relais_e2ee::E2eeError;
use relais_e2ee::body::Attachment;
use relais_e2ee::entropy::{SystemEntropy, draw};
use relais_e2ee::files::{Decryptor, Encryptor, FileKey, sealed_size};
use relais_e2ee::secret::SecretBytes;
use relais_wire::ids::BlobId;

use super::client::Client;
use crate::error::{ClientError, Hostile};

impl Client {
    /// Encrypts and uploads a file; the attachment goes into a message.
    ///
    /// # Errors
    /// [`ClientError::TooLarge`]; the server's refusals.
    pub async fn upload(
        &self,
        bytes: &[u8],
        name: &str,
        media_type: &str,
    ) -> Result<Attachment, ClientError> {
        let blob = BlobId::from_bytes(draw(&mut SystemEntropy));
        let key = FileKey::random(&mut SystemEntropy);
        let mut sealed = Vec::with_capacity(bytes.len() + 1_024);
        let mut encryptor = Encryptor::new(&key, blob);
        encryptor.push(bytes, &mut sealed).map_err(|_| ClientError::TooLarge)?;
        let seal = encryptor.finish(&mut sealed).map_err(|_| ClientError::TooLarge)?;
        let sealed = Bytes::from(sealed);
        self.rpc.patiently(|| self.rpc.http.upload(blob, sealed.clone())).await?;
        Ok(Attachment {
            blob,
            key,
            hash: seal.hash,
            size: seal.size,
            name: name.to_owned(),
            media_type: media_type.to_owned(),
        })
    }

    /// Downloads and decrypts a file of a message.
    ///
    /// # Errors
    /// [`Hostile::FileTampered`] when it is not the file that was sent; the server's refusals.
    pub async fn download(&self, file: &Attachment) -> Result<SecretBytes, ClientError> {
        let max = usize::try_from(sealed_size(file.size)).map_err(|_| ClientError::TooLarge)?;
        let sealed = match self.rpc.patiently(|| self.rpc.http.download(file.blob, max)).await {
            Err(ClientError::TooLarge) => return Err(Hostile::FileTampered.into()),
            other => other?,
        };
        let mut plain = SecretBytes::default();
        let tampered = |_: E2eeError| ClientError::from(Hostile::FileTampered);
        let mut decryptor = Decryptor::new(&file.key, file.blob, file.hash, file.size).map_err(tampered)?;
        decryptor.push(&sealed, &mut plain).map_err(tampered)?;
        decryptor.finish(&mut plain).map_err(tampered)?;
        Ok(plain)
    }
}
