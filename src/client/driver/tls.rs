//! Who is trusted to vouch for servers: the system's roots, and one more where the caller names it.

use std::path::Path;
use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;

use crate::error::ClientError;

/// The TLS configuration of all connections.
pub(crate) fn config(extra_root: Option<&Path>) -> Result<Arc<ClientConfig>, ClientError> {
    let mut roots = RootCertStore::empty();
    for root in rustls_native_certs::load_native_certs().certs {
        // A root that does not parse vouches for nobody; the others still do.
        roots.add(root).ok();
    }
    if let Some(path) = extra_root {
        let unreadable = |_| ClientError::Storage("the root certificate cannot be read");
        for root in CertificateDer::pem_file_iter(path).map_err(unreadable)? {
            roots
                .add(root.map_err(unreadable)?)
                .map_err(|_| ClientError::Storage("not a root certificate"))?;
        }
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|_| ClientError::Platform)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}
