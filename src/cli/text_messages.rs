//! `text-messages`: the gateway's secret, set, verified and kept; and a message that tries the way to a phone.

use std::time::Duration;

use jiff::Timestamp;
use secrecy::SecretString;

use super::{
    arguments::{Common, TextMessages},
    installation::{Installation, who},
    terminal::Terminal,
    trouble::{Exit, Refusal},
    user::unsent,
};
use crate::{
    app::{TEXT_GATEWAY_SECRET, text_allowance, text_gateway},
    auth::text_messages::{Delivery, Gateway},
    domain::MobileNumber,
};

/// How often, and after which pauses, the gateway is asked whether a message arrived.
const LOOKS: u32 = 20;
const BETWEEN_LOOKS: Duration = Duration::from_secs(3);
const TRIAL: &str = "Pocket Docket: somebody tries whether text messages arrive here. There is nothing to do.";

pub(super) fn run(common: &Common, command: &TextMessages, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    let installation = Installation::open(common)?;
    match command {
        TextMessages::Secret { secret_stdin, unverified } => {
            secret(&installation, *secret_stdin, *unverified, terminal)
        }
        TextMessages::Try { number } => try_out(&installation, number, terminal),
    }
}

/// A secret that the gateway does not take is not kept, unless somebody insists.
fn secret(installation: &Installation, stdin: bool, unverified: bool, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    let (settings, ledger) = (&installation.config.text_messages, &installation.ledger);
    settings.ready()?;
    let secret = if stdin {
        terminal.read_secret()?
    } else {
        let question = format!("Secret of the gateway of text messages, {}", settings.described());
        terminal.ask_secret(&question, "pocketdocket text-messages secret --secret-stdin")?
    };
    let gateway = Gateway::new(settings, secret.clone())?;
    let verified = if unverified {
        false
    } else {
        match super::runtime()?.block_on(gateway.verify()) {
            Ok(verified) => verified,
            Err(failure) => {
                let event =
                    format!("a new secret of the gateway of text messages was tried and not kept: {}", failure.chain());
                ledger.audit(&who(), None, &event, Timestamp::now())?;
                return Err(anyhow::Error::new(failure).context("the secret was not kept: the gateway did not take it"));
            }
        }
    };
    ledger.seal_secret(TEXT_GATEWAY_SECRET, &secret)?;
    let how = if verified { "verified and kept" } else { "kept, unverified:" };
    ledger.audit(&who(), None, &format!("{how} a secret of the gateway of text messages"), Timestamp::now())?;
    terminal.say(format_args!("{how} the secret of the gateway of text messages"));
    terminal.say("next: `pocketdocket text-messages try NUMBER`, with a phone of your own");
    Ok(Exit::Fine)
}

fn try_out(installation: &Installation, typed: &str, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    let number: MobileNumber =
        typed.parse().map_err(|error| Refusal::usage("that is no mobile number").because(error))?;
    let (config, ledger) = (&installation.config, &installation.ledger);
    let gateway = text_gateway(config, ledger)?;
    let now = Timestamp::now();
    let allowance = text_allowance(gateway.per_day());
    ledger.count_text_message(None, &number, allowance, &who(), now)?.map_err(|error| {
        Refusal::new(Exit::Passes, "no text message was sent").because(error).hint("wait until then")
    })?;
    let what = format!("no text message reached {number}");
    let delivery = super::runtime()?.block_on(async {
        let receipt = gateway.send(&number, &SecretString::from(TRIAL)).await?;
        ledger_note(installation, &number)?;
        terminal.say("the gateway took the message; asking whether it arrives");
        let mut delivery = Delivery::Waiting;
        for _ in 0..LOOKS {
            match gateway.delivery(&receipt).await {
                Ok(so_far) => delivery = so_far,
                // It was sent all the same.
                Err(failure) => {
                    terminal.warn(format_args!("whether it arrives is not known: {}", failure.chain()));
                    break;
                }
            }
            if !matches!(delivery, Delivery::Waiting | Delivery::Sent) {
                break;
            }
            tokio::time::sleep(BETWEEN_LOOKS).await;
        }
        anyhow::Ok(delivery)
    });
    let delivery = match delivery {
        Ok(delivery) => delivery,
        Err(error) => match error.downcast() {
            Ok(failure) => return Err(unsent(&what, failure, "NAME")),
            Err(error) => return Err(error),
        },
    };
    match (delivery, delivery.failure()) {
        (_, Some(failure)) => return Err(unsent(&what, failure, "NAME")),
        (Delivery::Delivered, _) => terminal.line(format_args!("arrived        {number}"))?,
        (Delivery::NotTold, _) => {
            terminal.line("taken          this gateway does not say whether it arrives; look at the phone")?;
        }
        _ => terminal.line("under way      the network has not said yet whether it arrived; look at the phone")?,
    }
    Ok(Exit::Fine)
}

fn ledger_note(installation: &Installation, number: &MobileNumber) -> anyhow::Result<()> {
    let event = format!("a text message was sent to {number}, to try the gateway");
    Ok(installation.ledger.audit(&who(), None, &event, Timestamp::now())?)
}
