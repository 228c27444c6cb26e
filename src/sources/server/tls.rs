use std::{path::Path, sync::Arc};

use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};

use crate::ports::{Failure, FailureKind};

/// Whom to believe about a server's certificate: the authorities of a file, or else those that the operating system trusts.
/// Never a list that came with a library.
pub(in crate::sources) fn authorities(ca_file: Option<&Path>) -> Result<Vec<CertificateDer<'static>>, Failure> {
    let Some(file) = ca_file else {
        // A machine may hold certificates that cannot be read; those that can are enough, or the server is not believed.
        let found = rustls_native_certs::load_native_certs();
        if found.certs.is_empty() {
            let doing = "find the authorities that the operating system trusts";
            let failure = Failure::new(FailureKind::Setting, doing).hint(
                "install the system's certificates (`ca-certificates`), or set `ca_file` under [practice.server]",
            );
            return Err(match found.errors.into_iter().next() {
                Some(error) => failure.because(error),
                None => failure,
            });
        }
        return Ok(found.certs.into_iter().filter(usable).collect());
    };
    let refused = || {
        Failure::new(FailureKind::Setting, format!("use `{}`, the `ca_file` of the database server", file.display()))
            .hint("it holds the certificate of the authority that gave out the server's, in PEM form")
    };
    let certificates = CertificateDer::pem_file_iter(file)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| refused().because(error))?;
    if certificates.is_empty() { Err(refused().because("there is no certificate in it")) } else { Ok(certificates) }
}

/// Machines keep old certificates that TLS cannot use any more; those are no reason to believe none.
fn usable(certificate: &CertificateDer<'static>) -> bool {
    RootCertStore::empty().add(certificate.clone()).is_ok()
}

/// A TLS client that believes these authorities.
pub(in crate::sources) fn client_config(authorities: Vec<CertificateDer<'static>>) -> Result<ClientConfig, Failure> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(authorities);
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Failure::new(FailureKind::Setting, "prepare TLS").because(error))?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}
