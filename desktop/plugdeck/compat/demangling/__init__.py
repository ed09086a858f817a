"""Names as C++ and Rust write them, from the names that their compilers gave to the linker. Pure and bounded."""
