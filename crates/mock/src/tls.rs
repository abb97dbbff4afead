//! Certificates made at the start, and the settings of TLS that use them.

use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio_rustls::TlsAcceptor;

use crate::error::MockError;
use crate::options::{MockOptions, TlsOptions};

/// What accepts TLS connections as the options say, having written the files they ask for.
pub(crate) fn acceptor(options: &MockOptions, tls: &TlsOptions) -> Result<TlsAcceptor, MockError> {
    let authority = authority().map_err(refused)?;
    if let Some(path) = &tls.ca_file {
        write(path, &authority.pem())?;
    }
    let (chain, key) = server_identity(&authority, &options.host).map_err(refused)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(refused)?;
    let builder = match &tls.client_identity_file {
        None => builder.with_no_client_auth(),
        Some(path) => {
            write(path, &client_identity(&authority).map_err(refused)?)?;
            let mut roots = RootCertStore::empty();
            roots.add(authority.der().clone()).map_err(refused)?;
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
                .build()
                .map_err(refused)?;
            builder.with_client_cert_verifier(verifier)
        }
    };
    let mut config = builder.with_single_cert(chain, key).map_err(refused)?;
    if options.http2 {
        config.alpn_protocols.push(b"h2".to_vec());
    }
    config.alpn_protocols.push(b"http/1.1".to_vec());
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn authority() -> Result<CertifiedIssuer<'static, KeyPair>, rcgen::Error> {
    let mut params = CertificateParams::new(Vec::new())?;
    params
        .distinguished_name
        .push(DnType::CommonName, "aiperf mock server CA");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    CertifiedIssuer::self_signed(params, KeyPair::generate()?)
}

type Identity = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

fn server_identity(
    authority: &CertifiedIssuer<'_, KeyPair>,
    host: &str,
) -> Result<Identity, Box<dyn std::error::Error>> {
    let mut names = ["localhost", "127.0.0.1", "::1"]
        .map(str::to_owned)
        .to_vec();
    // An unspecified address is nobody's name.
    let is_name = host
        .parse::<IpAddr>()
        .map_or(true, |ip| !ip.is_unspecified());
    if is_name && !names.iter().any(|name| name == host) {
        names.push(host.to_owned());
    }
    let mut params = CertificateParams::new(names)?;
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let key = KeyPair::generate()?;
    let certificate = params.signed_by(&key, authority)?;
    let key = PrivateKeyDer::from_pem_slice(key.serialize_pem().as_bytes())?;
    Ok((vec![certificate.der().clone()], key))
}

/// A certificate for clients and its key, in PEM.
fn client_identity(authority: &CertifiedIssuer<'_, KeyPair>) -> Result<String, rcgen::Error> {
    let mut params = CertificateParams::new(Vec::new())?;
    params
        .distinguished_name
        .push(DnType::CommonName, "aiperf mock client");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let key = KeyPair::generate()?;
    let certificate = params.signed_by(&key, authority)?;
    Ok(certificate.pem() + &key.serialize_pem())
}

fn write(path: &Path, text: &str) -> Result<(), MockError> {
    std::fs::write(path, text)
        .map_err(|error| MockError::Tls(format!("`{}`: {error}", path.display())))
}

fn refused(error: impl std::fmt::Display) -> MockError {
    MockError::Tls(error.to_string())
}
