//! TLS settings, made when the first `https` target is met.

use std::sync::{Arc, OnceLock};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

use crate::failure::{TransportError, TransportFailure};

/// A client configuration that costs nothing until a TLS connection is made: reading the system's
/// certificates takes longer than many a whole run.
#[derive(Debug)]
pub struct LazyTls {
    verifies: bool,
    config: OnceLock<Result<Arc<ClientConfig>, TransportError>>,
}

impl LazyTls {
    /// Certificates are checked against the system's store (or `SSL_CERT_FILE`/`SSL_CERT_DIR`).
    pub fn verifying() -> Self {
        Self {
            verifies: true,
            config: OnceLock::new(),
        }
    }

    /// Neither certificates nor host names are checked.
    pub fn trusting_everything() -> Self {
        Self {
            verifies: false,
            config: OnceLock::new(),
        }
    }

    pub(crate) fn config(&self) -> Result<Arc<ClientConfig>, TransportError> {
        self.config
            .get_or_init(|| build(self.verifies).map(Arc::new))
            .clone()
    }
}

fn build(verifies: bool) -> Result<ClientConfig, TransportError> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| TransportError::new(TransportFailure::Tls, error.to_string()))?;
    if !verifies {
        return Ok(builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(NoVerification { provider }))
            .with_no_client_auth());
    }
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        return Err(TransportError::new(
            TransportFailure::Certificate,
            "this system has no certificate store; set `SSL_CERT_FILE`, or \
             `AIPERF_HTTP_SSL_VERIFY=false` to skip the check",
        ));
    }
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

/// Accepts every certificate; signatures are still checked, so the handshake stays sound.
#[derive(Debug)]
struct NoVerification {
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for NoVerification {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}
