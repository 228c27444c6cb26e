//! Practice databases on real servers: what each type of column becomes, one consistent and read-only look, the way in, and
//! what happens when the server is away. Each test has a server of its own.

mod behaviour;
mod installation;
mod mysql_types;
mod postgres_types;
pub(crate) mod practice;
pub(crate) mod sqlserver;
