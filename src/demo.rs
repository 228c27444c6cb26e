//! A sample law firm, a simulated Exchange and the real engine between them.
