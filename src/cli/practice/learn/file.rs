use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{
    cli::{
        init::write_new,
        terminal::Terminal,
        trouble::{Exit, Refusal},
    },
    sources::learn::is_as_written,
};

/// The mapping file to be written, and what is there now.
pub(super) struct Target {
    path: PathBuf,
    edited: bool,
    is_there: bool,
}

impl Target {
    /// Looks at the file. One that somebody edited is not written over unless that was said.
    pub(super) fn new(path: PathBuf, overwrite: bool) -> Result<Self, Refusal> {
        let text = fs::read_to_string(&path).ok();
        let is_there = path.exists();
        let edited = is_there && !text.is_some_and(|text| is_as_written(&text));
        if edited && !overwrite {
            return Err(Refusal::usage(format!("`{}` was edited since learning wrote it", path.display()))
                .hint("`--overwrite` writes it anew and keeps a copy; `--mapping FILE` writes another file"));
        }
        Ok(Self { path, edited, is_there })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Where answers are kept that were given at the terminal.
    pub(super) fn answers(&self) -> PathBuf {
        self.path.with_extension("answers.toml")
    }

    /// Writes the mapping: all of it or nothing.
    pub(super) fn write(&self, mapping: &str, terminal: &mut Terminal) -> anyhow::Result<()> {
        if self.edited {
            let copy = self.copy()?;
            terminal.say(format_args!("kept the edited mapping as `{}`", copy.display()));
        }
        if self.is_there {
            replace(&self.path, mapping)?;
        } else {
            write_new(&self.path, mapping)?;
        }
        terminal.say(format_args!("wrote the mapping `{}`", self.path.display()));
        Ok(())
    }

    /// Keeps what was edited under a name that is free.
    fn copy(&self) -> anyhow::Result<PathBuf> {
        let text = fs::read_to_string(&self.path).map_err(|error| not_written(&self.path, error))?;
        let named = |number: u32| self.path.with_extension(format!("edited-{number}.toml"));
        let copy = (1..=999).map(named).find(|copy| !copy.exists()).unwrap_or_else(|| named(1000));
        write_new(&copy, &text)?;
        Ok(copy)
    }
}

/// Puts a text in the place of a file: whoever reads it meanwhile sees the old or the new one.
pub(super) fn replace(path: &Path, text: &str) -> anyhow::Result<()> {
    let beside = path.with_extension("new");
    fs::write(&beside, text).and_then(|()| fs::rename(&beside, path)).map_err(|error| not_written(path, error))?;
    Ok(())
}

fn not_written(path: &Path, error: std::io::Error) -> Refusal {
    Refusal::new(Exit::Usage, format!("could not write `{}`", path.display()))
        .because(error)
        .hint("run the command as an account that may write there")
}
