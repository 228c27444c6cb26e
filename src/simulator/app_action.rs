use rustls::pki_types::{CertificateDer, pem::PemObject as _};
use serde::Deserialize;

use super::{SimulatorError, authority::Registrations};

/// What an administrator can do to an app that comes by itself. As JSON: `{"action": "set-scope", "mailboxes": ["anna@…"]}`.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "action", rename_all = "kebab-case", deny_unknown_fields)]
pub enum AppAction {
    /// Registers one more certificate for it.
    AddCertificate {
        /// The certificate, as PEM.
        pem: String,
    },
    /// Takes every certificate away.
    RemoveCertificates,
    /// Consents to these application permissions, for every mailbox of the tenant, and to no others.
    SetRoles {
        /// Their names: `Tasks.ReadWrite.All`.
        roles: Vec<String>,
    },
    /// Lets it into these mailboxes by RBAC for Applications, and into no others.
    SetScope {
        /// Their addresses.
        mailboxes: Vec<String>,
    },
    /// Switches it off.
    Disable,
    /// Switches it on.
    Enable,
}

impl AppAction {
    pub(super) fn carry_out(
        &self,
        registrations: &mut Registrations,
        tenant: &str,
        client: &str,
    ) -> Result<(), SimulatorError> {
        match self {
            Self::AddCertificate { pem } => {
                let der = CertificateDer::from_pem_slice(pem.as_bytes()).map_err(|_| SimulatorError::NoCertificate)?;
                if !registrations.add_certificate(tenant, client, &der) {
                    return Err(SimulatorError::NoCertificate);
                }
            }
            Self::RemoveCertificates => registrations.remove_certificates(tenant, client),
            Self::SetRoles { roles } => registrations.set_roles(tenant, client, roles),
            Self::SetScope { mailboxes } => registrations.set_scope(tenant, client, mailboxes),
            Self::Disable => registrations.set_disabled(tenant, client, true),
            Self::Enable => registrations.set_disabled(tenant, client, false),
        }
        Ok(())
    }
}
