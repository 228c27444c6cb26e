//! A process of its own that is asked one line of JSON at a time and answers each with one.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use anyhow::Context;
use serde::{Serialize, de::DeserializeOwned};

/// This very program in another role.
pub(crate) struct Helper {
    process: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
}

impl Helper {
    pub(crate) fn start(role: &[&str]) -> anyhow::Result<Self> {
        let mut process = Command::new(std::env::current_exe()?)
            .args(role)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("start a helper process")?;
        let to = process.stdin.take().context("its input is a pipe")?;
        let from = BufReader::new(process.stdout.take().context("its output is a pipe")?);
        Ok(Self { process, to, from })
    }

    pub(crate) fn ask<A: DeserializeOwned>(&mut self, question: &impl Serialize) -> anyhow::Result<A> {
        writeln!(self.to, "{}", serde_json::to_string(question)?)?;
        let mut answer = String::new();
        self.from.read_line(&mut answer)?;
        serde_json::from_str(&answer).with_context(|| format!("a helper process answered `{}`", answer.trim_end()))
    }

    /// Lets it end in good order.
    pub(crate) fn end(self) -> anyhow::Result<()> {
        let Self { mut process, to, from } = self;
        drop(to);
        let ended = process.wait()?;
        drop(from);
        anyhow::ensure!(ended.success(), "a helper process ended with {ended}");
        Ok(())
    }
}

/// The helper's own side: the next question, `None` when nobody asks any more.
pub(crate) fn next<Q: DeserializeOwned>() -> anyhow::Result<Option<Q>> {
    let mut line = String::new();
    if std::io::stdin().read_line(&mut line)? == 0 {
        return Ok(None);
    }
    Ok(Some(serde_json::from_str(&line)?))
}

/// The helper's own side: its answer.
pub(crate) fn answer(answer: &impl Serialize) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", serde_json::to_string(answer)?)?;
    Ok(out.flush()?)
}
