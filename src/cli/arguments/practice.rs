use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::Json;

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Practice {
    /// Connect and look around: version, rights, tables
    Probe(Json),
    /// Show rows as a phone would show them, and every row problem
    Preview {
        /// At most so many of each kind; 0 shows all
        #[arg(long, default_value_t = 10, value_name = "COUNT")]
        limit: usize,
    },
    /// Learn a Time Matters database: find by shape what is not publicly known, ask, and write the firm's mapping
    Learn(Learn),
    /// Give the password of the database server: set, verify, keep
    Password {
        /// Read the password from the first line of standard input
        #[arg(long)]
        password_stdin: bool,
        /// Keep the password without trying it
        #[arg(long)]
        unverified: bool,
    },
    /// Show who works in the firm, who has a link, and which link the others could have
    People(People),
    /// Make the database of a fictional firm, to rehearse with
    Sample {
        /// Where to; there must be no such file yet
        #[arg(value_name = "FILE")]
        database: PathBuf,
    },
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Learn {
    /// Take the answers from this TOML file and ask nothing
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) answers: Option<PathBuf>,
    /// Ask nothing and write a new file of answers: what is answered, and each open question with its candidates
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) write_answers: Option<PathBuf>,
    /// Write into this mapping file; otherwise the one that the configuration names
    #[arg(long, value_name = "FILE", conflicts_with = "write_answers")]
    pub(in crate::cli) mapping: Option<PathBuf>,
    /// Write over a mapping that somebody edited; a copy of it stays beside it
    #[arg(long, conflicts_with = "write_answers")]
    pub(in crate::cli) overwrite: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct People {
    /// Write the suggestions into this new file, a list for `user import`
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) csv: Option<PathBuf>,
    /// Suggest no link for this person any more; may be given several times
    #[arg(long, value_name = "ID", conflicts_with = "csv")]
    pub(in crate::cli) ignore: Vec<String>,
    /// Suggest a link for this person again; may be given several times
    #[arg(long, value_name = "ID", conflicts_with = "csv")]
    pub(in crate::cli) suggest: Vec<String>,
    #[command(flatten)]
    pub(in crate::cli) json: Json,
}
