//! Which certificates of servers are accepted.
//!
//! What rustls accepts, and one case more, which OpenSSL accepts as well: a server that shows, as its
//! own, a certificate of an authority that the user trusts. Many a private server is set up with one
//! self-signed certificate that serves for both.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, OtherError, RootCertStore, SignatureScheme};

use crate::failure::{TransportError, TransportFailure};

#[derive(Debug)]
pub(crate) struct TrustVerifier {
    chains: Arc<WebPkiServerVerifier>,
    trusted: Vec<CertificateDer<'static>>,
}

impl TrustVerifier {
    /// Accepts what one of these certificates vouches for. Those that cannot be read are passed
    /// over; `None` where none is left.
    pub(crate) fn new(
        trusted: Vec<CertificateDer<'static>>,
        provider: Arc<CryptoProvider>,
    ) -> Result<Option<Self>, TransportError> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(trusted.iter().cloned());
        if roots.is_empty() {
            return Ok(None);
        }
        let chains = WebPkiServerVerifier::builder_with_provider(roots.into(), provider)
            .build()
            .map_err(|error| {
                TransportError::new(TransportFailure::Certificate, error.to_string())
            })?;
        Ok(Some(Self { chains, trusted }))
    }
}

impl ServerCertVerifier for TrustVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let verified = self.chains.verify_server_cert(
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        );
        match verified {
            // Dates are checked before this is found, the name is not.
            Err(error) if is_authority_as_server(&error) && self.trusted.contains(end_entity) => {
                verify_server_name(&ParsedCertificate::try_from(end_entity)?, server_name)?;
                Ok(ServerCertVerified::assertion())
            }
            verified => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.chains
            .verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.chains
            .verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.chains.supported_verify_schemes()
    }
}

/// Whether nothing is wrong with a certificate but that it is one of an authority.
fn is_authority_as_server(error: &rustls::Error) -> bool {
    let rustls::Error::InvalidCertificate(CertificateError::Other(OtherError(cause))) = error
    else {
        return false;
    };
    matches!(cause.downcast_ref(), Some(webpki::Error::CaUsedAsEndEntity))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair, date_time_ymd};
    use rustls::crypto::ring::default_provider;

    use super::*;

    /// A certificate of an authority for `localhost`, valid in the years from 2020 to 2030.
    fn authority() -> CertificateDer<'static> {
        let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2030, 1, 1);
        let key = KeyPair::generate().unwrap();
        params.self_signed(&key).unwrap().der().clone()
    }

    fn verify(
        trusted: &CertificateDer<'static>,
        shown: &CertificateDer<'static>,
        name: &'static str,
        year: u64,
    ) -> Result<(), rustls::Error> {
        let provider = Arc::new(default_provider());
        let verifier = TrustVerifier::new(vec![trusted.clone()], provider).unwrap();
        let now = UnixTime::since_unix_epoch(Duration::from_secs((year - 1970) * 31_557_600));
        let name = ServerName::try_from(name).unwrap();
        let verified = verifier
            .unwrap()
            .verify_server_cert(shown, &[], &name, &[], now);
        verified.map(drop)
    }

    #[test]
    fn an_authority_may_serve_under_its_own_certificate_if_it_is_trusted() {
        let own = authority();
        assert_eq!(verify(&own, &own, "localhost", 2025), Ok(()));
        assert!(verify(&own, &authority(), "localhost", 2025).is_err());
    }

    #[test]
    fn its_name_and_its_dates_count_nevertheless() {
        let own = authority();
        for (name, year, reason) in [
            ("elsewhere", 2025, "NotValidForName"),
            ("localhost", 2019, "NotValidYet"),
            ("localhost", 2031, "Expired"),
        ] {
            let error = verify(&own, &own, name, year).unwrap_err();
            let text = format!("{error:?}");
            assert!(text.contains(reason), "{name} in {year}: {text}");
        }
    }

    #[test]
    fn nobody_is_trusted_on_the_word_of_what_cannot_be_read() {
        let garbage = CertificateDer::from(vec![1, 2, 3]);
        let verifier = TrustVerifier::new(vec![garbage], default_provider().into());
        assert!(verifier.unwrap().is_none());
    }
}
