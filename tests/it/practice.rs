//! Practice systems as firms have them: the built-in mappings and the templates, against databases of their shape. Every row is
//! either on a phone or listed with the reason.

mod mistakes;
mod preview;
mod time_matters;
