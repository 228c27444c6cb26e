//! Seals secrets and clients' data: XChaCha20-Poly1305 under one master key, with what it belongs to as associated data.
