use jiff::Timestamp;

use crate::{
    diagnosis::{Cause, Diagnosis},
    ports::{Failure, FailureKind},
};

/// Why a certificate, or its key, cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// The bytes are no certificate.
    #[error("the certificate cannot be read")]
    Certificate,
    /// The bytes are no private key.
    #[error("the private key cannot be read")]
    Key,
    /// The file is of another kind.
    #[error("it is neither PEM nor PFX (PKCS#12)")]
    File,
    /// There is no certificate in it.
    #[error("there is no certificate in it")]
    NoCertificate,
    /// There is no private key in it.
    #[error("there is no private key in it")]
    NoKey,
    /// The key in a PEM file is encrypted.
    #[error("the private key in it is encrypted, which is not read from PEM")]
    EncryptedKey,
    /// The passphrase does not open the file.
    #[error("the passphrase is wrong, or the file was changed")]
    Passphrase,
    /// It is protected in a way that is not known.
    #[error("it is protected in a way that is not known here")]
    Protection,
    /// The key is of another kind, for elliptic curves for instance.
    #[error("its key is no RSA key, and Entra takes RSA alone for this (PS256)")]
    NotRsa,
    /// The key is too short.
    #[error("its key has {0} bits, and at least 2048 are needed")]
    Short(usize),
    /// Key and certificate are of two pairs.
    #[error("the private key does not belong to the certificate")]
    NotItsKey,
    /// It is not valid yet.
    #[error("the certificate is valid from {0} on only")]
    NotYet(Timestamp),
    /// It is not valid any more.
    #[error("the certificate expired on {0}")]
    Expired(Timestamp),
    /// None could be made.
    #[error("no key pair could be made on this machine")]
    NotMade,
}

impl Unfit {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Certificate | Self::File | Self::NoCertificate => {
                "bring a PEM file with certificate and private key, or a PFX file; or let one be made here: `pocketdocket \
                 service-account certificate make NAME`"
            }
            Self::Key | Self::NoKey => {
                "add the private key: a PEM file with both, `--key FILE` beside the certificate, or a PFX file exported with its key"
            }
            Self::EncryptedKey => {
                "make a PFX file of the two and import that: `openssl pkcs12 -export -in certificate.pem -inkey key.pem -out app.pfx`"
            }
            Self::Passphrase => "give the passphrase that the file was exported with",
            Self::Protection => {
                "export it anew with AES-256 (Windows: \"AES256-SHA256\"; OpenSSL 3 and later do so unless `-legacy` is given)"
            }
            Self::NotRsa | Self::Short(_) | Self::Expired(_) => {
                "take another one: `pocketdocket service-account certificate make NAME`"
            }
            Self::NotItsKey => "bring the private key that this certificate was made with",
            Self::NotYet(_) => "check this machine's clock, or wait until then",
            Self::NotMade => "try again; if it stays, bring a certificate that was made elsewhere",
        }
    }

    /// The same as trouble of a sign-in that cannot begin.
    pub(super) fn failure(self, doing: &str) -> Failure {
        let cause = match self {
            Self::Expired(_) => Cause::CertificateExpired,
            Self::NotYet(_) => Cause::ClockSkew,
            _ => Cause::AppSecretExpired,
        };
        let evidence = vec![format!("{self}; nothing was sent")];
        Failure::new(FailureKind::Unauthorized, doing)
            .because(self)
            .diagnosed(Diagnosis { cause, evidence })
            .hint(self.hint())
    }
}
