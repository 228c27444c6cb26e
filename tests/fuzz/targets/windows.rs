#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| pocketdocket_fuzz::windows(data));
