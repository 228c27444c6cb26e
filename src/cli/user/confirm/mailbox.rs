//! A code goes into the mailbox as a task, and comes back from the person who can read it there.

use jiff::Timestamp;

use super::listen::{Answers, For, listen};
use crate::{
    app::{FirstUse, FirstUseError},
    auth::confirmation::LIFE,
    cli::{installation::Installation, terminal::Terminal},
    ports::FailureKind,
    state::{ConfirmationWay, User, UserName},
};

pub(super) async fn confirm(
    installation: &Installation,
    first_use: &FirstUse,
    user: &User,
    terminal: &mut Terminal,
) -> anyhow::Result<()> {
    let name = &user.name;
    let mailbox = installation.app()?.mailboxes.of(user).await?;
    let today = Timestamp::now().to_zoned(installation.zone()).date();
    let outcome = match first_use.send(mailbox.as_ref(), today, Timestamp::now()).await {
        Ok(()) => {
            terminal.say(format_args!(
                "a task with a code was saved in {}; ask the user to read it out. It is good for {} minutes",
                user.details.address,
                LIFE.as_mins()
            ));
            let way = For::Confirming(ConfirmationWay::Mailbox);
            listen(&mut Answers::open()?, first_use, user, way, terminal).await
        }
        // Signed in with a wrong password once is enough: nothing more is asked of this server.
        Err(FirstUseError::Mailbox(failure)) if failure.kind == FailureKind::Unauthorized => {
            return Err(installation.refused(user, failure, Timestamp::now())?.into());
        }
        Err(FirstUseError::Mailbox(failure)) => Err(not_delivered(name, failure)),
        Err(error) => Err(not_delivered(name, error)),
    };
    match first_use.withdraw(mailbox.as_ref(), Timestamp::now()).await {
        Ok(()) => {}
        Err(FirstUseError::Mailbox(failure)) => terminal.warn(format_args!(
            "the task with the (useless) code is still in the mailbox: {}; it goes with the next `pocketdocket user confirm {name}`",
            failure.chain(),
        )),
        Err(error) => return Err(error.into()),
    }
    outcome
}

fn not_delivered(name: &UserName, error: impl std::error::Error + Send + Sync + 'static) -> anyhow::Error {
    anyhow::Error::new(error).context(format!("no code reached the mailbox of `{name}`"))
}
