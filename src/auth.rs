//! How a link signs in, and how its user confirms the first use.
