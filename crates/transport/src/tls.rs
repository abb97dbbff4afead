//! TLS settings, made when the first `https` target is met.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, SignatureScheme};

use crate::failure::{TransportError, TransportFailure};
use crate::trust::TrustVerifier;

/// Who is trusted, and who this client is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsSettings {
    /// Whether certificates and host names are checked.
    pub verifies: bool,
    /// A file of certificates (PEM) that are trusted in place of those of the system.
    pub ca_file: Option<PathBuf>,
    /// A file of this client's certificate chain, and one of its private key (both PEM; one file may
    /// hold both).
    pub client_identity: Option<(PathBuf, PathBuf)>,
    /// The name that the server is asked for (SNI) and that its certificate must hold, where that is
    /// not the host of the URL.
    pub server_name: Option<String>,
}

impl Default for TlsSettings {
    fn default() -> Self {
        Self {
            verifies: true,
            ca_file: None,
            client_identity: None,
            server_name: None,
        }
    }
}

/// A client configuration that costs nothing until a TLS connection is made: reading the system's
/// certificates takes longer than many a whole run.
#[derive(Debug)]
pub struct LazyTls {
    settings: TlsSettings,
    config: OnceLock<Result<Arc<ClientConfig>, TransportError>>,
}

impl LazyTls {
    /// TLS with these settings. Files are read when they are needed first.
    pub fn new(settings: TlsSettings) -> Self {
        Self {
            settings,
            config: OnceLock::new(),
        }
    }

    /// Certificates are checked against the system's store (or `SSL_CERT_FILE`/`SSL_CERT_DIR`).
    pub fn verifying() -> Self {
        Self::new(TlsSettings::default())
    }

    /// Neither certificates nor host names are checked.
    pub fn trusting_everything() -> Self {
        Self::new(TlsSettings {
            verifies: false,
            ..TlsSettings::default()
        })
    }

    /// Reads the files now, so that a bad one is found before the first request.
    ///
    /// # Errors
    /// A file that cannot be read, or holds nothing that fits; the message names it.
    pub fn prepare(&self) -> Result<(), TransportError> {
        self.config().map(drop)
    }

    pub(crate) fn config(&self) -> Result<Arc<ClientConfig>, TransportError> {
        self.config
            .get_or_init(|| build(&self.settings).map(Arc::new))
            .clone()
    }

    /// The name that is asked for and checked at a server of this host.
    pub(crate) fn server_name(&self, host: &str) -> Result<ServerName<'static>, TransportError> {
        let name = self.settings.server_name.as_deref().unwrap_or(host);
        ServerName::try_from(name.to_owned()).map_err(|_| {
            TransportError::new(
                TransportFailure::Tls,
                format!("`{name}` is not a name that a certificate can hold"),
            )
        })
    }
}

fn build(settings: &TlsSettings) -> Result<ClientConfig, TransportError> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| TransportError::new(TransportFailure::Tls, error.to_string()))?;
    let verifier: Arc<dyn ServerCertVerifier> = if settings.verifies {
        Arc::new(trust(settings.ca_file.as_deref(), provider)?)
    } else {
        Arc::new(NoVerification { provider })
    };
    let builder = builder
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    let Some((certificates_file, key_file)) = &settings.client_identity else {
        return Ok(builder.with_no_client_auth());
    };
    let certificates = certificates(certificates_file)?;
    let key = PrivateKeyDer::from_pem_file(key_file)
        .map_err(|error| unusable(key_file, "a private key", &error.to_string()))?;
    builder
        .with_client_auth_cert(certificates, key)
        .map_err(|error| {
            let message = format!(
                "the key in `{}` does not fit the certificate in `{}`: {error}",
                key_file.display(),
                certificates_file.display()
            );
            TransportError::new(TransportFailure::Certificate, message)
        })
}

fn trust(
    ca_file: Option<&Path>,
    provider: Arc<CryptoProvider>,
) -> Result<TrustVerifier, TransportError> {
    let Some(file) = ca_file else {
        let trusted = rustls_native_certs::load_native_certs().certs;
        return TrustVerifier::new(trusted, provider)?.ok_or_else(|| {
            TransportError::new(
                TransportFailure::Certificate,
                "this system has no certificate store; set `SSL_CERT_FILE`, or \
                 `AIPERF_HTTP_SSL_VERIFY=false` to skip the check",
            )
        });
    };
    let trusted = certificates(file)?;
    let reason = format!("{} unreadable", trusted.len());
    TrustVerifier::new(trusted, provider)?
        .ok_or_else(|| unusable(file, "a certificate to trust", &reason))
}

/// The certificates of a file, at least one.
fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, TransportError> {
    let fail = |error: pem::Error| unusable(file, "a certificate", &error.to_string());
    let found = CertificateDer::pem_file_iter(file)
        .map_err(fail)?
        .collect::<Result<Vec<_>, _>>()
        .map_err(fail)?;
    if found.is_empty() {
        return Err(unusable(file, "a certificate", "there is none in it"));
    }
    Ok(found)
}

fn unusable(file: &Path, wanted: &str, reason: &str) -> TransportError {
    TransportError::new(
        TransportFailure::Certificate,
        format!(
            "cannot read {wanted} (PEM) from `{}`: {reason}",
            file.display()
        ),
    )
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
