//! An Exchange of our own on loopback: for the demo, for tests, and for trying the product without a server.
