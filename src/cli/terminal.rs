//! Where words go to and answers come from.

use std::{
    fmt,
    io::{self, BufRead as _, IsTerminal as _, Write as _},
};

use secrecy::SecretString;
use zeroize::Zeroizing;

use super::trouble::{Explanation, OutputError, Refusal};

/// The longest line that is read as an answer, in bytes.
const LONGEST_ANSWER: u64 = 4096;

/// The standard streams.
pub(super) struct Terminal {
    output: io::Stdout,
    messages: io::Stderr,
    answers: io::Stdin,
    colour: bool,
}

impl Terminal {
    pub(super) fn standard() -> Self {
        // https://no-color.org: any value but the empty one.
        let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let (output, messages, answers) = (io::stdout(), io::stderr(), io::stdin());
        let colour = messages.is_terminal() && !no_colour;
        Self { output, messages, answers, colour }
    }

    /// A line of data.
    pub(super) fn line(&mut self, text: impl fmt::Display) -> Result<(), OutputError> {
        Ok(writeln!(self.output, "{}", harmless(&text.to_string()))?)
    }

    /// A value as JSON, for scripts.
    pub(super) fn json(&mut self, value: &impl serde::Serialize) -> anyhow::Result<()> {
        let text = serde_json::to_string_pretty(value)?;
        Ok(self.line(text)?)
    }

    /// Data as it is: whoever makes it sees to it that it is harmless.
    pub(super) fn bytes(&mut self, data: &[u8]) -> Result<(), OutputError> {
        Ok(self.output.write_all(data).and_then(|()| self.output.flush())?)
    }

    /// A message. Nobody's trouble if nobody reads it.
    pub(super) fn say(&mut self, text: impl fmt::Display) {
        let _ = writeln!(self.messages, "{text}");
    }

    /// A warning.
    pub(super) fn warn(&mut self, text: impl fmt::Display) {
        let label = self.paint("warning:", "33");
        self.say(format_args!("{label} {}", harmless(&text.to_string())));
    }

    /// What went wrong and what to do about it.
    pub(super) fn trouble(&mut self, explanation: &Explanation) {
        let label = self.paint("error:", "31");
        self.say(format_args!("{label} {}", harmless(&explanation.what)));
        let _ = write!(self.messages, "{}", harmless(&explanation.rest()));
        if let Some(hint) = &explanation.hint {
            let label = self.paint("hint:", "36");
            self.say(format_args!("{label} {}", harmless(hint)));
        }
    }

    /// Asks for a line. The question is a message, so that the answer can be piped in.
    pub(super) fn ask(&mut self, question: &str, usual: Option<&str>) -> anyhow::Result<String> {
        let usual_shown = usual.map(|usual| format!(" [{usual}]")).unwrap_or_default();
        self.prompt(&format!("{question}{usual_shown}"));
        let Some(answer) = self.read_line()? else {
            return Err(Refusal::usage(format!("no answer to: {question}"))
                .hint("answer at a terminal, or see the command's `--help` for the way without questions")
                .into());
        };
        let answer = answer.trim();
        Ok(if answer.is_empty() { usual.unwrap_or_default().to_owned() } else { answer.to_owned() })
    }

    /// Asks yes or no; anything but a yes is a no.
    pub(super) fn confirms(&mut self, question: &str) -> anyhow::Result<bool> {
        let answer = self.ask(question, Some("no"))?.to_lowercase();
        Ok(matches!(answer.as_str(), "y" | "yes" | "j" | "ja"))
    }

    /// Refuses if there is nobody to ask.
    pub(super) fn needs_somebody(&self, other_way: &str) -> anyhow::Result<()> {
        if self.answers.is_terminal() {
            return Ok(());
        }
        Err(Refusal::usage("there is no terminal to ask at")
            .hint(format!("give it on standard input with `{other_way}`"))
            .into())
    }

    /// A question that somebody else reads the answer to.
    pub(super) fn prompt(&mut self, question: &str) {
        let _ = write!(self.messages, "{question}: ");
        let _ = self.messages.flush();
    }

    /// Asks for a secret without showing it.
    pub(super) fn ask_secret(&mut self, question: &str, other_way: &str) -> anyhow::Result<SecretString> {
        self.needs_somebody(other_way)?;
        self.prompt(question);
        Ok(SecretString::from(rpassword::read_password()?))
    }

    /// One line of standard input, without its end; `None` at its end.
    pub(super) fn read_line(&mut self) -> anyhow::Result<Option<Zeroizing<String>>> {
        let mut line = Zeroizing::new(String::new());
        let read = io::Read::take(self.answers.lock(), LONGEST_ANSWER)
            .read_line(&mut line)
            .map_err(|error| Refusal::usage("could not read standard input").because(error))?;
        let length = line.trim_end_matches(['\n', '\r']).len();
        line.truncate(length);
        Ok((read > 0).then_some(line))
    }

    /// The first line of standard input, as a secret.
    pub(super) fn read_secret(&mut self) -> anyhow::Result<SecretString> {
        match self.read_line()? {
            Some(line) if !line.is_empty() => Ok(SecretString::from(line.as_str().to_owned())),
            _ => Err(Refusal::usage("standard input holds no secret").hint("give it as the first line").into()),
        }
    }
}

impl Terminal {
    fn paint(&self, label: &str, colour: &str) -> String {
        if self.colour { format!("\u{1b}[1;{colour}m{label}\u{1b}[0m") } else { label.to_owned() }
    }
}

/// What comes from a database or a server may hold control sequences that a terminal would obey.
fn harmless(text: &str) -> String {
    text.chars()
        .map(|letter| if letter.is_control() && !matches!(letter, '\n' | '\t') { '\u{fffd}' } else { letter })
        .collect()
}
