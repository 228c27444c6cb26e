use std::path::PathBuf;

use clap::Args;

use crate::simulator::{ExtendedProtection, FaultRule, SignInOffer};

#[derive(Debug, Args)]
pub(in crate::cli) struct Simulator {
    /// Port on 127.0.0.1; 0 takes a free one
    #[arg(long, default_value_t = 0)]
    pub(in crate::cli) port: u16,
    /// A mailbox, by its address; may be given several times
    #[arg(long = "mailbox", value_name = "ADDRESS")]
    pub(in crate::cli) mailboxes: Vec<String>,
    /// Mailboxes, logins and files with passwords, from a TOML file
    #[arg(long = "mailboxes", value_name = "FILE")]
    pub(in crate::cli) mailboxes_file: Option<PathBuf>,
    /// Keep everything in this file; it is gone when the simulator stops otherwise
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) state: Option<PathBuf>,
    /// Behave as servers do that speak EWS and are not Microsoft's
    #[arg(long)]
    pub(in crate::cli) lenient: bool,
    /// Let something go wrong from the start, such as `busy,back-off-milliseconds=5000,operation=CreateItem,times=3`; may be given several times
    #[arg(long = "fault", value_name = "FAULT")]
    pub(in crate::cli) faults: Vec<FaultRule>,
    /// Refuse chunked requests, as some servers do
    #[arg(long)]
    pub(in crate::cli) refuse_chunked: bool,
    #[command(flatten)]
    pub(in crate::cli) sign_in: SimulatedSignIn,
}

/// How people and programs sign in at the simulator.
#[derive(Debug, Args)]
pub(in crate::cli) struct SimulatedSignIn {
    /// Listen with HTTPS, with a certificate of an authority that is made at the start
    #[arg(long)]
    pub(in crate::cli) https: bool,
    /// Write the certificate of that authority to this file, for clients to trust
    #[arg(long, value_name = "FILE", requires = "https")]
    pub(in crate::cli) ca_file_out: Option<PathBuf>,
    /// What EWS takes: passwords over Basic, Windows authentication, tokens of the sign-in authority
    #[arg(long, value_enum, default_value_t)]
    pub(in crate::cli) offer: SignInOffer,
    /// Whether Windows authentication has to be bound to the TLS connection
    #[arg(long, value_enum, default_value_t)]
    pub(in crate::cli) extended_protection: ExtendedProtection,
    /// Id of a program that may sign people in; may be given several times
    #[arg(long = "client-id", value_name = "ID")]
    pub(in crate::cli) clients: Vec<String>,
    /// An address that this program may be called back at, besides `http://localhost`; may be given several times
    #[arg(long = "redirect", value_name = "ADDRESS")]
    pub(in crate::cli) redirects: Vec<String>,
    /// A resource that tokens are given for, besides Exchange Online and Graph; may be given several times
    #[arg(long = "resource", value_name = "ADDRESS")]
    pub(in crate::cli) resources: Vec<String>,
    /// Lock an account after so many wrong passwords
    #[arg(long, value_name = "COUNT")]
    pub(in crate::cli) lock_after: Option<u32>,
    /// Open a locked account again after so many seconds
    #[arg(long, value_name = "SECONDS", requires = "lock_after")]
    pub(in crate::cli) lock_seconds: Option<u32>,
    /// The address that the outer world sees us come from, which echo services tell; may be given once for IPv4 and once for IPv6
    #[arg(long = "address", value_name = "ADDRESS")]
    pub(in crate::cli) addresses: Vec<std::net::IpAddr>,
    /// Let an account sign in from a network only, such as `sync@kanzlei.example=203.0.113.0/29`; may be given several times
    #[arg(long = "only-from", value_name = "LOGIN=NETWORK", value_parser = only_from)]
    pub(in crate::cli) only_from: Vec<(String, ipnet::IpNet)>,
    /// Revoke everything when a refresh token is used a second time
    #[arg(long)]
    pub(in crate::cli) no_refresh_reuse: bool,
}

fn only_from(text: &str) -> Result<(String, ipnet::IpNet), String> {
    let wrong = || format!("`{text}` is not `LOGIN=NETWORK`, such as `sync@kanzlei.example=203.0.113.0/29`");
    let (login, network) = text.rsplit_once('=').filter(|(login, _)| !login.is_empty()).ok_or_else(wrong)?;
    Ok((login.to_owned(), network.parse().map_err(|_| wrong())?))
}
