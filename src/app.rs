//! Composition root: configuration in, wired parts out.
