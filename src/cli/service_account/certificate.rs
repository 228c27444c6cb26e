//! `service-account certificate`: what an app signs in with. One that is new waits beside the one in use, and takes over with
//! `service-account link`, once the provider took it.

mod registration;

use std::{fs, io::Read as _, path::Path, sync::Arc};

use jiff::Timestamp;
use secrecy::SecretString;
use serde::Serialize;
use zeroize::Zeroizing;

use super::{link, reaching};
use crate::{
    app::Mailboxes,
    auth::oauth::{
        Audience, TokenSource as _,
        certificate::{self, AppCertificate, Unfit, is_pem, make, pem, pfx},
    },
    cli::{
        arguments::AccountCertificate,
        init::write_new,
        installation::{Installation, who},
        show::{Clock, table},
        terminal::Terminal,
        trouble::{Exit, Refusal, tell_cause},
    },
    diagnosis::{Cause, of_account},
    ports::Failure,
    state::{AccountName, AuthMethod, KeptCertificate, Outside, ServiceAccount, UserDetails},
};

/// No certificate with its key is larger.
const LARGEST_FILE: u64 = 1024 * 1024;

pub(super) fn run(
    installation: &Installation,
    command: &AccountCertificate,
    terminal: &mut Terminal,
) -> anyhow::Result<()> {
    match command {
        AccountCertificate::Make { name, days, out } => {
            let account = app_account(installation, name)?;
            let certificate = make(&format!("Pocket Docket {name}"), Timestamp::now(), *days);
            let certificate = certificate.map_err(|why| unfit(name, why, "no certificate was made"))?;
            if let Some(out) = out {
                write_new(out, &certificate.pem())?;
            }
            keep(installation, &account, &certificate, terminal)?;
            terminal.say(format_args!(
                "made a key pair and a certificate for service account `{name}`; the private key is sealed in the ledger and nowhere else"
            ));
            match out {
                Some(out) => terminal.say(format_args!("wrote the certificate `{}`", out.display())),
                None => terminal.bytes(certificate.pem().as_bytes())?,
            }
            registration::steps(installation, &account, &certificate, out.as_deref(), terminal);
        }
        AccountCertificate::Import { name, file, key, passphrase_stdin } => {
            let account = app_account(installation, name)?;
            let certificate = read(name, file, key.as_deref(), *passphrase_stdin, terminal)?;
            let usable = certificate.usable(Timestamp::now());
            usable.map_err(|why| unfit(name, why, &format!("the certificate in `{}` was not kept", file.display())))?;
            keep(installation, &account, &certificate, terminal)?;
            terminal.say(format_args!(
                "kept the certificate {} for service account `{name}`, its private key sealed; delete the files that held it",
                certificate.listed_as()
            ));
            registration::steps(installation, &account, &certificate, None, terminal);
        }
        AccountCertificate::Show { name, pem, json } => show(installation, name, *pem, json.json, terminal)?,
    }
    Ok(())
}

/// Proves the newest certificate, and lets it take over. Whether the mailbox was reached that it was tried on, if it was tried on one.
pub(super) async fn prove(
    installation: &Installation,
    mailboxes: &Mailboxes,
    account: &ServiceAccount,
    tried_on: Option<&UserDetails>,
    terminal: &mut Terminal,
) -> anyhow::Result<bool> {
    let (ledger, name) = (&installation.ledger, &account.name);
    let certificates = ledger.certificates(name)?;
    let newest = certificates.last().ok_or_else(|| none_yet(name))?;
    let session = Arc::new(mailboxes.app_session(account, newest)?);
    let anybody = reaching(name, &account.details, &account.details.login);
    let taken = match mailboxes.mind_place(&anybody, Timestamp::now()).await {
        Ok(()) => session.access_token(Audience::GraphOfOthers, None).await.map(|_| ()),
        Err(failure) => Err(failure),
    };
    if let Err(failure) = taken {
        let failure = mailboxes.explained_by_place(&anybody, failure, Timestamp::now()).await;
        return Err(not_taken(installation, account, newest, failure, terminal)?.into());
    }
    let mut is_reached = true;
    if let Some(details) = tried_on {
        let mailbox = mailboxes.with_app(details, &session)?;
        is_reached = link::reach(installation, mailboxes, account, (details, mailbox.as_ref()), terminal).await?;
    }
    ledger.certificate_proven(name, &newest.thumbprint, &who(), Timestamp::now())?;
    let listed_as = certificate::listed_as(&newest.der);
    terminal
        .say(format_args!("the provider took the certificate {listed_as} of service account `{name}`: it is in use"));
    if newest.proven.is_none() && certificates.len() > 1 {
        terminal.say("the one before is forgotten here, with its key; remove it from the app registration");
    }
    Ok(is_reached)
}

fn none_yet(name: &AccountName) -> Refusal {
    Refusal::needs_person(format!("service account `{name}` has no certificate yet"))
        .hint(format!("`pocketdocket service-account certificate make {name}`"))
}

fn not_taken(
    installation: &Installation,
    account: &ServiceAccount,
    kept: &KeptCertificate,
    failure: Failure,
    terminal: &mut Terminal,
) -> anyhow::Result<Refusal> {
    let name = &account.name;
    let listed_as = certificate::listed_as(&kept.der);
    let event = format!("the certificate {listed_as} of service account `{name}` was tried: {}", failure.chain());
    installation.ledger.audit(&who(), None, &event, Timestamp::now())?;
    tell_cause(&failure, true, terminal);
    let exit = if failure.kind.passes() { Exit::Passes } else { Exit::NeedsPerson };
    let what = if failure.cause == Some(Cause::AddressNotAllowed) {
        format!("the certificate {listed_as} of service account `{name}` was not tried")
    } else if kept.proven.is_none() {
        format!(
            "the certificate {listed_as} of service account `{name}` does not take over: the provider did not take it"
        )
    } else {
        format!("the provider did not take the certificate {listed_as} of service account `{name}`")
    };
    let hint = failure.hint.clone().map_or_else(
        || format!("try again later: `pocketdocket service-account link {name}`"),
        |hint| of_account(&hint, name.as_str()),
    );
    Ok(Refusal::new(exit, what).because(failure).hint(hint))
}

/// The account, if it is one that signs in so.
fn app_account(installation: &Installation, name: &AccountName) -> anyhow::Result<ServiceAccount> {
    let account = installation.ledger.service_account(name)?;
    if account.details.method != AuthMethod::Certificate {
        return Err(Refusal::usage(format!("service account `{name}` signs in by {}", account.details.method))
            .hint(format!(
                "another way for everybody who goes through it: `pocketdocket service-account change {name} --method certificate \
                 --client-id ID --protocol graph`"
            ))
            .into());
    }
    Ok(account)
}

fn keep(
    installation: &Installation,
    account: &ServiceAccount,
    certificate: &AppCertificate,
    terminal: &mut Terminal,
) -> anyhow::Result<()> {
    let before = installation.ledger.certificates(&account.name)?;
    for old in before.iter().filter(|old| old.proven.is_none() && old.thumbprint != certificate.thumbprint()) {
        let listed_as = certificate::listed_as(&old.der);
        terminal.warn(format_args!("the certificate {listed_as} was never proven: it is forgotten for the new one"));
    }
    let kept = KeptCertificate {
        thumbprint: certificate.thumbprint(),
        der: certificate.der().to_vec(),
        not_after: certificate.not_after(),
        kept: Timestamp::now(),
        proven: None,
    };
    Ok(installation.ledger.keep_certificate(&account.name, &kept, certificate.key(), &who())?)
}

fn read(
    name: &AccountName,
    file: &Path,
    key: Option<&Path>,
    passphrase_stdin: bool,
    terminal: &mut Terminal,
) -> anyhow::Result<AppCertificate> {
    let refused = |why| unfit(name, why, &format!("`{}` was not taken", file.display()));
    let mut bytes = contents(file)?;
    if is_pem(&bytes) {
        if let Some(key) = key {
            bytes.push(b'\n');
            let more = contents(key)?;
            bytes.extend_from_slice(&more);
        }
        return Ok(pem(&bytes).map_err(refused)?);
    }
    if key.is_some() {
        return Err(Refusal::usage(format!("`{}` is no PEM file, so its key is in it", file.display()))
            .hint("leave `--key` out, and give the passphrase of the PFX file")
            .into());
    }
    let passphrase: SecretString = if passphrase_stdin {
        terminal.read_secret()?
    } else {
        let other_way = format!("pocketdocket service-account certificate import {name} FILE --passphrase-stdin");
        terminal.ask_secret(&format!("Passphrase of `{}`", file.display()), &other_way)?
    };
    Ok(pfx(&bytes, &passphrase).map_err(refused)?)
}

/// What a file holds, if it is not larger than any such file is.
fn contents(file: &Path) -> anyhow::Result<Zeroizing<Vec<u8>>> {
    let not_read = |error: std::io::Error| {
        Refusal::usage(format!("`{}` was not read", file.display()))
            .because(error)
            .hint("give the file of a certificate")
    };
    let mut bytes = Zeroizing::new(Vec::new());
    let opened = fs::File::open(file).map_err(not_read)?;
    opened.take(LARGEST_FILE).read_to_end(&mut bytes).map_err(not_read)?;
    Ok(bytes)
}

fn unfit(name: &AccountName, why: Unfit, what: &str) -> Refusal {
    Refusal::needs_person(what).because(why).hint(why.hint().replace("NAME", name.as_str()))
}

#[derive(Serialize)]
struct Shown {
    account: AccountName,
    certificates: Vec<ShownCertificate>,
    outside: Option<Outside>,
}

#[derive(Serialize)]
struct ShownCertificate {
    #[serde(flatten)]
    kept: KeptCertificate,
    /// The SHA-1 thumbprint that the app registration lists it by.
    listed_as: String,
    in_use: bool,
}

fn show(
    installation: &Installation,
    name: &AccountName,
    as_pem: bool,
    as_json: bool,
    terminal: &mut Terminal,
) -> anyhow::Result<()> {
    let ledger = &installation.ledger;
    app_account(installation, name)?;
    let certificates = ledger.certificates(name)?;
    if as_pem {
        let newest = certificates.last().ok_or_else(|| none_yet(name))?;
        return Ok(terminal.bytes(certificate::pem_of(&newest.der).as_bytes())?);
    }
    let shown: Vec<ShownCertificate> = certificates
        .into_iter()
        .map(|kept| ShownCertificate {
            listed_as: certificate::listed_as(&kept.der),
            in_use: kept.proven.is_some(),
            kept,
        })
        .collect();
    let outside = ledger.outside(name)?;
    if as_json {
        return terminal.json(&Shown { account: name.clone(), certificates: shown, outside });
    }
    if shown.is_empty() {
        terminal.say(format_args!("there is none; `pocketdocket service-account certificate make {name}` makes one"));
        return Ok(());
    }
    let clock = Clock::of(installation);
    let rows = shown.iter().map(|one| {
        let state = if one.in_use { "in use" } else { "not proven yet" };
        [one.listed_as.clone(), clock.time(one.kept.not_after), state.to_owned()]
    });
    terminal.line(table(["CERTIFICATE", "ENDS", "STATE"], rows))?;
    if let Some(outside) = outside {
        terminal.line(format_args!("\noutside   {}", said(&outside, &clock)))?;
    }
    if shown.iter().any(|one| !one.in_use) {
        terminal.say(format_args!(
            "next: upload it to the app registration (`--pem` prints it), then `pocketdocket service-account link {name}`"
        ));
    }
    Ok(())
}

fn said(Outside { address, tried, reached }: &Outside, clock: &Clock) -> String {
    match tried {
        None => format!("{address}, not tried yet"),
        Some(at) if reached.is_empty() => format!("{address}, refused as it must be ({})", clock.time(*at)),
        Some(at) => format!("{address}: reaches its {} ({})", reached.join(" and "), clock.time(*at)),
    }
}
