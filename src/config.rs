//! One TOML file, made of each room's own settings: load, validate, explain.
