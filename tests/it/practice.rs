//! Practice systems as firms have them: the built-in mappings and the templates, against databases of their shape. Every row is
//! either on a phone or listed with the reason.

#[cfg(target_os = "linux")]
mod account;
#[cfg(target_os = "linux")]
mod guide;
#[cfg(target_os = "linux")]
mod jlawyer;
#[cfg(target_os = "linux")]
mod large;
mod mistakes;
#[cfg(target_os = "linux")]
mod office;
mod preview;
#[cfg(target_os = "linux")]
mod small_practice;
#[cfg(target_os = "linux")]
mod sql_server;
#[cfg(target_os = "linux")]
mod suitecrm;
mod time_matters;
