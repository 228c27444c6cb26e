//! `user set --mobile`: the number that text messages for a user go to. Where the one before confirmed the link, both the user and
//! whoever has that number are told.

use jiff::Timestamp;

use super::recover::tell;
use crate::{
    app::{FirstUse, NumberEntered, text_gateway},
    auth::mailbox_proof::Lost,
    cli::{
        installation::{Installation, who},
        terminal::Terminal,
        trouble::Refusal,
    },
    domain::MobileNumber,
    state::{ConfirmationWay, UserName},
};

pub(super) fn set(
    installation: &Installation,
    name: &UserName,
    typed: &str,
    terminal: &mut Terminal,
) -> anyhow::Result<()> {
    let user = installation.ledger.user(name)?;
    let settings = installation.config.confirmation.clone();
    let accepted = settings.accepts(ConfirmationWay::Text);
    let first_use = FirstUse::new(installation.ledger.clone(), settings, name.clone(), who());
    let number = match typed.trim() {
        "" => None,
        typed => Some(typed.parse::<MobileNumber>().map_err(|error| {
            Refusal::usage("that is no mobile number")
                .because(error)
                .hint(format!("`pocketdocket user set {name} --mobile \"+49 170 1234567\"`"))
        })?),
    };
    let entered = first_use.set_mobile(number.clone(), Timestamp::now())?;
    match (&entered, &number) {
        (NumberEntered::Same, _) => terminal.say("that is how it is already"),
        (_, Some(number)) => {
            terminal.say(format_args!("kept {number} for `{name}`; nothing is sent before somebody confirms by it"));
        }
        (_, None) => terminal.say(format_args!("forgot the mobile number of `{name}`")),
    }
    if !accepted && number.is_some() {
        terminal.say("text messages are not accepted yet: add `text` to `methods` in `[confirmation]`");
    }
    if let Some(moving) = installation.ledger.move_of(name)? {
        // The other way into the mailbox is confirmed by the same phone.
        let settings = installation.config.confirmation.clone();
        let door = FirstUse::new(installation.ledger.clone(), settings, moving.door, who());
        door.set_mobile(number, Timestamp::now())?;
    }
    if let NumberEntered::TakenBack { before } = entered {
        terminal.warn(format_args!("the number before confirmed the link of `{name}`; its sync stands still"));
        crate::cli::runtime()?.block_on(async {
            tell_number(installation, &first_use, &before, terminal).await;
            tell(installation, &first_use, &user, Lost::Number, terminal).await
        })?;
        terminal.say(format_args!("next: `pocketdocket user confirm {name}`, with the user at hand"));
    }
    Ok(())
}

/// Whoever has the number of before hears of it, as far as a gateway can tell them.
async fn tell_number(
    installation: &Installation,
    first_use: &FirstUse,
    before: &MobileNumber,
    terminal: &mut Terminal,
) {
    let now = Timestamp::now();
    let today = now.to_zoned(installation.zone()).date();
    let told = match text_gateway(&installation.config, &installation.ledger) {
        Ok(gateway) => first_use.tell_number(&gateway, before, today, now).await.map_err(anyhow::Error::new),
        Err(failure) => Err(failure.into()),
    };
    match told {
        Ok(_) => terminal.say(format_args!("{before} was told by a text message")),
        Err(error) => terminal.warn(format_args!("{before} could not be told: {error:#}")),
    }
}
