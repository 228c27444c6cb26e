//! `practice probe` and `practice preview`: what the practice database holds, as we see it.

use super::{
    arguments::{Common, Practice},
    terminal::Terminal,
    trouble::Exit,
};
use crate::{
    config::Config,
    ports::Probe,
    sources::{self, Preview},
};

pub(super) fn run(common: &Common, command: &Practice, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    let config = Config::load(&common.config)?;
    let source = sources::open(&config.practice)?;
    let runtime = super::runtime()?;
    match command {
        Practice::Probe(as_json) => {
            let probe = runtime.block_on(source.probe())?;
            if as_json.json { terminal.json(&probe)? } else { show(&probe, terminal)? }
        }
        Practice::Preview { limit } => {
            let preview = runtime.block_on(Preview::take(source.as_ref()))?;
            terminal.line(preview.text(*limit).trim_end())?;
        }
    }
    Ok(Exit::Fine)
}

fn show(probe: &Probe, terminal: &mut Terminal) -> anyhow::Result<()> {
    terminal.line(format_args!("database  {}", probe.version))?;
    terminal.line(format_args!("schema    {}", probe.schema))?;
    terminal.line(format_args!("tables    {}", probe.tables.join(", ")))?;
    for remark in &probe.remarks {
        terminal.line(format_args!("remark    {remark}"))?;
    }
    if probe.writable {
        terminal.warn("the account can write to the practice database; one that can only read is enough, and safer");
    }
    Ok(())
}
